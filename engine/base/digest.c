#include "engine/base/digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>

#include "engine/base/memory.h"

struct digest_stream {
    EVP_MD_CTX *context;
};

/* What OpenSSL refuses here is a lack of memory or a broken library. */
static void must(int good)
{
    assert(good == 1);
    (void)good;
}

struct digest digest_compute(const void *bytes, size_t length)
{
    struct digest digest;
    _Static_assert(sizeof digest.bytes == SHA256_DIGEST_LENGTH, "sha256");
    must(SHA256(bytes, length, digest.bytes) != NULL);
    return digest;
}

void digest_print(const struct digest *digest, char hex[65])
{
    for (size_t i = 0; i < sizeof digest->bytes; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest->bytes[i]);
}

struct digest_stream *digest_stream_new(void)
{
    struct digest_stream *stream = memory_allocate(sizeof *stream);
    stream->context = EVP_MD_CTX_new();
    must(EVP_DigestInit_ex(stream->context, EVP_sha256(), NULL));
    return stream;
}

void digest_stream_free(struct digest_stream *stream)
{
    if (!stream)
        return;
    EVP_MD_CTX_free(stream->context);
    memory_free(stream);
}

void digest_stream_add(struct digest_stream *stream, const void *bytes,
                       size_t length)
{
    must(EVP_DigestUpdate(stream->context, bytes, length));
}

struct digest digest_stream_end(struct digest_stream *stream)
{
    struct digest digest;
    must(EVP_DigestFinal_ex(stream->context, digest.bytes, NULL));
    return digest;
}
