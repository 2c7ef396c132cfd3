#pragma once
/*
 * Signatures made by `ssh-keygen -Y sign` and `git commit -S`, in the form of
 * PROTOCOL.sshsig of OpenSSH. What is checked here is the mathematics and the
 * purpose; whether the key is trusted is decided in authenticate.h.
 */
#include "marketplace/ssh_key.h"

struct sshsig {
    struct ssh_key key;
    char fingerprint[SSH_FINGERPRINT];
    struct wire namespace_name; /* what the signature is for */
    struct wire hash;           /* "sha256" or "sha512" */
    struct wire signature;
};

/* Reads an armored signature. Its parts live in `arena`. ERROR_TRUST. */
int sshsig_parse(struct arena *arena, const char *armor, size_t length,
                 struct sshsig *signature, struct error *error) MUST_CHECK;

/* Checks that it was made for `namespace_name`; ERROR_TRUST "wrong-namespace".
 */
int sshsig_check_namespace(const struct sshsig *signature,
                           const char *namespace_name,
                           struct error *error) MUST_CHECK;

/* Checks that it signs `message`; ERROR_TRUST "signature-invalid". */
int sshsig_verify(const struct sshsig *signature, struct wire message,
                  struct error *error) MUST_CHECK;
