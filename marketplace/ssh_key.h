#pragma once
/*
 * Public keys of SSH (RFC 4253, 5656, 8332, 8709): read, named, and used to
 * check a signature. Ed25519, ECDSA on P-256, RSA of 2048 to 8192 bits with
 * SHA-2.
 */
#include "engine/base/error.h"
#include "marketplace/wire.h"

enum ssh_key_kind { SSH_KEY_ED25519, SSH_KEY_P256, SSH_KEY_RSA };

enum { SSH_FINGERPRINT = 52 }; /* "SHA256:", 43 characters, NUL */

/* A view into the bytes that it was read from. */
struct ssh_key {
    enum ssh_key_kind kind;
    struct wire blob;     /* the whole key, as it is hashed and compared */
    struct wire point;    /* Ed25519 and P-256 */
    struct wire modulus;  /* RSA */
    struct wire exponent; /* RSA */
};

/* Reads a key. ERROR_TRUST: another type, another size, or not well formed. */
int ssh_key_parse(struct wire blob, struct ssh_key *key,
                  struct error *error) MUST_CHECK;

/* "SHA256:<base64 without padding>" of the key, as ssh-keygen -l prints it. */
void ssh_key_fingerprint(const struct wire *blob, char text[SSH_FINGERPRINT]);

/* Whether `text` has the form that ssh_key_fingerprint prints. */
bool ssh_fingerprint_is_valid(const char *text);

/* Checks `signature` (string algorithm, string bytes) over `message`.
 * ERROR_TRUST: an algorithm that does not belong to the key, or it does not
 * match. */
int ssh_key_verify(const struct ssh_key *key, struct wire signature,
                   struct wire message, struct error *error) MUST_CHECK;
