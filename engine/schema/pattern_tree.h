#pragma once
/* The tree of a pattern, between its reader and the writer of its program. */
#include <stdint.h>

#include "engine/schema/limits.h"
#include "engine/schema/pattern.h"

struct range {
    uint32_t low, high;
};

struct class
{
    struct range *ranges;
    size_t count;
    bool inverted;
};

enum node_kind {
    NODE_EMPTY,
    NODE_CLASS,
    NODE_START,
    NODE_END,
    NODE_BOUNDARY,
    NODE_INSIDE,
    NODE_SEQUENCE,
    NODE_EITHER,
    NODE_REPEAT,
};

struct node {
    enum node_kind kind;
    struct class class;
    struct node *left, *right;
    unsigned least, greatest; /* repeat */
};

enum { UNBOUNDED = PATTERN_REPEAT_LIMIT + 1 }; /* repetitions */

/* One code point; bytes that are not UTF-8 stand for themselves. */
static inline uint32_t next_code(const char **at, const char *end)
{
    unsigned char first = (unsigned char)*(*at)++;
    size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
    if (more == 0 || (size_t)(end - *at) < more)
        return first;
    uint32_t code = first & (0x3FU >> more);
    for (; more > 0; more--)
        code = code << 6 | ((unsigned char)*(*at)++ & 0x3F);
    return code;
}

/* Reads a pattern into a tree in `arena`; NULL with ERROR_INPUT. */
struct node *pattern_read(struct arena *arena, const char *text, size_t length,
                          struct error *error);
