#pragma once
/* SHA-256 (FIPS 180-4), by OpenSSL. */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/cleanup.h"

struct digest {
    unsigned char bytes[32];
};

/* The digest of `length` bytes. */
struct digest digest_compute(const void *bytes, size_t length);

/* 64 lower-case hex digits and a NUL. */
void digest_print(const struct digest *digest, char hex[65]);

/* Whether `text` is the name of a digest: DIGEST_PREFIX and 64 lower-case hex
 * digits. NULL is none. */
#define DIGEST_PREFIX "sha256:"
bool digest_is_name(const char *text);

/* The digest of bytes that come in pieces. The caller frees it. */
struct digest_stream;
struct digest_stream *digest_stream_new(void);
void digest_stream_free(struct digest_stream *stream);
DEFINE_CLEANUP(struct digest_stream *, digest_stream_free);
void digest_stream_add(struct digest_stream *stream, const void *bytes,
                       size_t length);

/* The digest of all that was added; nothing may be added after it. */
struct digest digest_stream_end(struct digest_stream *stream);
