/*
 * The low functions of OpenSSL, which are linked into this program: they need
 * nothing of the rest of that library, which takes 2 ms to load (CMakeLists.txt).
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* for new programs: in favour of the rest */
#include "engine/base/digest.h"

#include <assert.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"

struct digest_stream {
    SHA256_CTX context;
};

/* They have no way to fail. */
static void must(int good)
{
    assert(good == 1);
    (void)good;
}

struct digest digest_compute(const void *bytes, size_t length)
{
    CLEANUP(digest_stream_free)
    struct digest_stream *stream = digest_stream_new();
    digest_stream_add(stream, bytes, length);
    return digest_stream_end(stream);
}

void digest_print(const struct digest *digest, char hex[65])
{
    for (size_t i = 0; i < sizeof digest->bytes; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest->bytes[i]);
}

bool digest_is_name(const char *text)
{
    const size_t start = sizeof DIGEST_PREFIX - 1;
    return text && strncmp(text, DIGEST_PREFIX, start) == 0 &&
           strlen(text + start) == 64 &&
           strspn(text + start, "0123456789abcdef") == 64;
}

struct digest_stream *digest_stream_new(void)
{
    struct digest_stream *stream = memory_allocate(sizeof *stream);
    must(SHA256_Init(&stream->context));
    return stream;
}

void digest_stream_free(struct digest_stream *stream)
{
    memory_free(stream);
}

void digest_stream_add(struct digest_stream *stream, const void *bytes,
                       size_t length)
{
    must(SHA256_Update(&stream->context, bytes, length));
}

struct digest digest_stream_end(struct digest_stream *stream)
{
    struct digest digest;
    _Static_assert(sizeof digest.bytes == SHA256_DIGEST_LENGTH, "sha256");
    must(SHA256_Final(digest.bytes, &stream->context));
    return digest;
}
