#pragma once
/*
 * The binary form of SSH (RFC 4251, section 5), read with bounds: a view
 * into bytes that belong to someone else, which shrinks as it is read.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"

struct wire {
    const unsigned char *bytes;
    size_t length;
};

enum { WIRE_WORD = 64 }; /* room for a word printed for a message */

/* Takes a number of 32 bits, or a string, off the front. -1: cut short. */
int wire_take_number(struct wire *wire, uint32_t *number) MUST_CHECK;
int wire_take_string(struct wire *wire, struct wire *string) MUST_CHECK;

/* Takes a positive multiple precision integer of at most `limit` bytes, without
 * its sign byte. -1: cut short, zero, negative, not minimal or too large. */
int wire_take_integer(struct wire *wire, size_t limit,
                      struct wire *magnitude) MUST_CHECK;

bool wire_is(const struct wire *wire, const char *text);
bool wire_equal(const struct wire *a, const struct wire *b);

/* The beginning of the bytes as printable ASCII, '?' for anything else. */
const char *wire_word(const struct wire *wire, char word[WIRE_WORD]);

/* The bytes of a base64 text without line ends: not empty, padded, no bits left
 * over, so that each has one form. They live in `arena`. -1: it is none. */
int wire_decode(struct arena *arena, const char *text, size_t length,
                struct wire *bytes) MUST_CHECK;
