/* Any bytes as an armored signature, as the raw bytes of a commit, and as the
 * binary form inside the armor. Nothing made here may ever be a good signature.
 */
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "marketplace/authenticate.h"
#include "marketplace/commit.h"
#include "marketplace/limits.h"
#include "marketplace/sshsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_armor(const char *armor, size_t length)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    static const unsigned char message[] = "another message";
    const struct wire signed_bytes = {message, sizeof message - 1};
    struct sshsig signature;
    struct error error = {0};
    if (sshsig_parse(arena, armor, length, &signature, &error) < 0) {
        if (error.kind != ERROR_TRUST)
            abort();
        return;
    }
    if (!ssh_fingerprint_is_valid(signature.fingerprint))
        abort();
    if (sshsig_verify(&signature, signed_bytes, &error) == 0)
        abort();
}

/* The input as what stands inside the armor. */
static void try_blob(const uint8_t *data, size_t size)
{
    CLEANUP(text_free) struct text text = {0};
    unsigned char line[72];
    text_append_string(&text, "-----BEGIN SSH SIGNATURE-----\n");
    for (size_t at = 0; at < size; at += 48) {
        size_t step = size - at < 48 ? size - at : 48;
        int length = EVP_EncodeBlock(line, data + at, (int)step);
        text_append(&text, (const char *)line, (size_t)length);
        text_append_character(&text, '\n');
    }
    text_append_string(&text, "-----END SSH SIGNATURE-----\n");
    try_armor(text.data, text.length);
}

static void try_commit(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct commit_parts parts;
    struct error error = {0};
    char signer[SSH_FINGERPRINT];
    if (commit_split(arena, (const char *)data, size, &parts, &error) == 0 &&
        (parts.payload_length > size ||
         (parts.signature && parts.signature_length > size)))
        abort();
    authenticate_guess(arena, (struct wire){data, size}, signer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > SIGNATURE_TEXT_LIMIT)
        return 0;
    try_armor((const char *)data, size);
    try_blob(data, size);
    try_commit(data, size);
    return 0;
}
