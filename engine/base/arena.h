#pragma once
/*
 * An arena holds everything that belongs to one document, plan or message and is
 * freed at once. There is no free of a single piece. Not for two threads.
 */
#include <stddef.h>

#include "engine/base/cleanup.h"

struct arena;

/* An empty arena; the caller frees it. */
struct arena *arena_new(void);
void arena_free(struct arena *arena);
DEFINE_CLEANUP(struct arena *, arena_free);

/* Zeroed, aligned for any type, never NULL; lives as long as `arena`. */
void *arena_allocate(struct arena *arena, size_t size)
    __attribute__((returns_nonnull));

/* Grows a piece that came from this arena (NULL, 0 for a first one) from
 * `old_size` to `new_size` bytes; the new part is zeroed. In place when it is
 * the arena's last piece, so appending to one array is linear. */
void *arena_grow(struct arena *arena, void *piece, size_t old_size,
                 size_t new_size);

/* A NUL-terminated copy of `length` bytes. */
char *arena_copy(struct arena *arena, const char *bytes, size_t length);

/* A copy of a C string. */
char *arena_string(struct arena *arena, const char *string);

/* printf into the arena. */
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes handed out so far; for limits and tests. */
size_t arena_used(const struct arena *arena);
