#pragma once
/* base64 with the standard alphabet (RFC 4648 section 4). */
#include <stddef.h>

#include "engine/base/arena.h"

/* The text of `length` bytes, padded, on one line. Lives in `arena`. */
char *base64_encode(struct arena *arena, const char *bytes, size_t length);

/* The bytes of a text, NUL-terminated beyond `*decoded`. Strict: padded, on one
 * line, each value written in one way only. NULL: it is no base64. Lives in
 * `arena`. */
char *base64_decode(struct arena *arena, const char *text, size_t length,
                    size_t *decoded);
