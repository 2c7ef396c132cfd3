#pragma once
/*
 * Secrets replaced in a stream, also where one is split over several pieces. What
 * could still become a secret is held back; everything else goes out at once.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/text.h"

struct mask;

/* An empty mask; lives in `arena`. */
struct mask *mask_make(struct arena *arena);

/* Adds a word, its base64 and percent-encoded forms, the same without newlines at
 * its end, and each longer line of several; "" is ignored. */
void mask_add(struct mask *mask, const char *word, size_t length);

/* Whether there is nothing to replace. */
bool mask_is_empty(const struct mask *mask);

/* Appends to `out` what can go out of `bytes` and of what was held back. */
void mask_push(struct mask *mask, const char *bytes, size_t length,
               struct text *out);

/* Appends what is held back: the stream has ended. */
void mask_finish(struct mask *mask, struct text *out);

/* Forgets what is held back: the stream was given up. */
void mask_drop(struct mask *mask);

/* Whether the bytes hold a secret. */
bool mask_finds(const struct mask *mask, const char *bytes, size_t length);
