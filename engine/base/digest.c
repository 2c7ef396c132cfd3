#include "engine/base/digest.h"

#include <assert.h>
#include <openssl/sha.h>
#include <stdio.h>

struct digest digest_compute(const void *bytes, size_t length)
{
    struct digest digest;
    _Static_assert(sizeof digest.bytes == SHA256_DIGEST_LENGTH, "sha256");
    const unsigned char *made = SHA256(bytes, length, digest.bytes);
    assert(made);
    (void)made;
    return digest;
}

void digest_print(const struct digest *digest, char hex[65])
{
    for (size_t i = 0; i < sizeof digest->bytes; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest->bytes[i]);
}
