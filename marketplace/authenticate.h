#pragma once
/*
 * Whether a commit may be trusted: signed, for git, by a key that the user
 * named, at this time. Each refusal is ERROR_TRUST and begins with its name:
 * unsigned, signature-malformed, signature-unsupported, wrong-namespace,
 * unauthorized-signer, key-expired, key-not-yet-valid, signature-invalid
 * (docs/trust.md).
 */
#include "marketplace/marketplace.h"
#include "marketplace/ssh_key.h"

struct authentication {
    char signer[SSH_FINGERPRINT]; /* "" when nothing is known of a signer */
    const char *principals;       /* who that is; NULL: not said */
};

/* Judges the raw bytes of a commit. With trust of first use every commit is
 * good, and `signer` stays empty. Reads the file of allowed signers, if one is
 * named. `now` in nanoseconds since 1970 UTC. */
int authenticate_commit(struct arena *arena, const struct marketplace *market,
                        struct wire commit, int64_t now,
                        struct authentication *result,
                        struct error *error) MUST_CHECK;

/* The fingerprint of the key that really signed the commit, whoever that is; ""
 * when it is not signed or the signature is not good. For a hint. */
void authenticate_guess(struct arena *arena, struct wire commit,
                        char signer[SSH_FINGERPRINT]);
