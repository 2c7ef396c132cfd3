#pragma once
/* SHA-256 (FIPS 180-4), by OpenSSL. */
#include <stddef.h>

struct digest {
    unsigned char bytes[32];
};

/* The digest of `length` bytes. */
struct digest digest_compute(const void *bytes, size_t length);

/* 64 lower-case hex digits and a NUL. */
void digest_print(const struct digest *digest, char hex[65]);
