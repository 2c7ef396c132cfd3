/*
 * The order of checks: there is a signature, it is an SSH signature, it is well
 * formed, made for git, by a key that is trusted now, and it matches. The key
 * is looked up before it is used, so that only keys that the user named reach
 * the arithmetic. Time is this machine's: the date in a commit is written by
 * its author.
 */
#include "marketplace/authenticate.h"

#include <string.h>

#include "engine/base/file.h"
#include "marketplace/allowed_signers.h"
#include "marketplace/commit.h"
#include "marketplace/limits.h"
#include "marketplace/sshsig.h"

static const char git_namespace[] = "git";

/* Finds the signature; ERROR_TRUST "unsigned". */
static int read_signature(struct arena *arena, struct wire commit,
                          struct commit_parts *parts, struct sshsig *signature,
                          struct error *error)
{
    if (commit_split(arena, (const char *)commit.bytes, commit.length, parts,
                     error) < 0)
        return -1;
    if (!parts->signature)
        return error_set(error, ERROR_TRUST,
                         "unsigned: the commit carries no signature");
    if (strncmp(parts->signature, "-----BEGIN PGP", 14) == 0 ||
        strncmp(parts->signature, "-----BEGIN SIGNED", 17) == 0)
        return error_set(error, ERROR_TRUST,
                         "signature-unsupported: the commit is signed with "
                         "OpenPGP or X.509, expected an SSH signature");
    return sshsig_parse(arena, parts->signature, parts->signature_length,
                        signature, error);
}

static int check_fingerprints(const struct marketplace *market,
                              const struct sshsig *signature,
                              struct error *error)
{
    for (size_t i = 0; i < market->signer_count; i++)
        if (strcmp(market->signers[i], signature->fingerprint) == 0)
            return 0;
    return error_set(error, ERROR_TRUST,
                     "unauthorized-signer: the key %s is not among the %zu "
                     "trusted ones",
                     signature->fingerprint, market->signer_count);
}

static int check_file(struct arena *arena, const char *file, int64_t now,
                      const struct sshsig *signature,
                      struct authentication *result, struct error *error)
{
    struct allowed_signers signers;
    size_t length;
    const char *text =
        file_read(arena, file, MARKETPLACE_FILE_LIMIT, &length, error);
    if (!text ||
        allowed_signers_parse(arena, file, text, length, &signers, error) < 0)
        return error_context(error, "allowed signers");
    const struct allowed_signer *found = allowed_signers_find(
        &signers, &signature->key.blob, git_namespace, now, error);
    if (!found)
        return -1;
    result->principals = found->principals;
    return 0;
}

int authenticate_commit(struct arena *arena, const struct marketplace *market,
                        struct wire commit, int64_t now,
                        struct authentication *result, struct error *error)
{
    struct commit_parts parts;
    struct sshsig signature;
    *result = (struct authentication){0};
    if (market->tofu)
        return 0;
    if (read_signature(arena, commit, &parts, &signature, error) < 0 ||
        sshsig_check_namespace(&signature, git_namespace, error) < 0)
        return -1;
    int trusted = market->allowed_signers
                      ? check_file(arena, market->allowed_signers, now,
                                   &signature, result, error)
                      : check_fingerprints(market, &signature, error);
    struct wire payload = {(const unsigned char *)parts.payload,
                           parts.payload_length};
    if (trusted < 0 || sshsig_verify(&signature, payload, error) < 0)
        return -1;
    memcpy(result->signer, signature.fingerprint, sizeof result->signer);
    return 0;
}

void authenticate_guess(struct arena *arena, struct wire commit,
                        char signer[SSH_FINGERPRINT])
{
    struct error ignored = {0};
    struct commit_parts parts;
    struct sshsig signature;
    signer[0] = '\0';
    if (read_signature(arena, commit, &parts, &signature, &ignored) < 0 ||
        sshsig_check_namespace(&signature, git_namespace, &ignored) < 0)
        return;
    struct wire payload = {(const unsigned char *)parts.payload,
                           parts.payload_length};
    if (sshsig_verify(&signature, payload, &ignored) == 0)
        memcpy(signer, signature.fingerprint, SSH_FINGERPRINT);
}
