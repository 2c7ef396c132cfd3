#pragma once
/*
 * What the parts of the quick YAML reader share: the position, and the classes of
 * characters. Columns count from 0 here; the end of the text is in column -1. A
 * character that is not ASCII stands only where nothing follows in its line that
 * has a mark, so that bytes can be counted for characters.
 *
 * A function that returns NULL or false has met something that is not read here.
 */
#include <string.h>

#include "engine/value/limits.h"
#include "engine/value/value.h"

struct yaml_block {
    struct arena *arena;
    const char *start;
    const char *end;
    const char *at;   /* the next character */
    const char *line; /* the beginning of its line */
    uint32_t number;  /* of that line, from 1 */
    size_t depth;
    size_t nodes;
    bool plain_booleans;
};

/* Classes of bytes. */
enum {
    YAML_KEY_FIRST = 1,  /* begins a key */
    YAML_KEY = 2,        /* goes on with it */
    YAML_PLAIN_STOP = 4, /* ends a plain scalar, or may end it */
    YAML_NOT_PLAIN = 8,  /* begins something else than a plain scalar */
    YAML_ITEM = 16,      /* of a plain scalar in brackets */
    YAML_TEXT = 32,      /* ASCII that a text may hold */
};

extern const unsigned char yaml_block_classes[256];

static inline bool yaml_is(char byte, unsigned class)
{
    return (yaml_block_classes[(unsigned char)byte] & class) != 0;
}

static inline ptrdiff_t yaml_block_column(const struct yaml_block *block)
{
    return block->at == block->end ? -1 : block->at - block->line;
}

static inline struct mark yaml_block_mark(const struct yaml_block *block)
{
    return (struct mark){.line = block->number,
                         .column = (uint32_t)(block->at - block->line) + 1,
                         .offset = (uint32_t)(block->at - block->start)};
}

static inline bool yaml_block_ends_line(const struct yaml_block *block,
                                        const char *at)
{
    return at == block->end || *at == '\n';
}

/* Whether a space or the end of the line is at `at`. */
static inline bool yaml_block_is_apart(const struct yaml_block *block,
                                       const char *at)
{
    return yaml_block_ends_line(block, at) || *at == ' ';
}

static inline void yaml_block_skip_spaces(struct yaml_block *block)
{
    while (block->at < block->end && *block->at == ' ')
        block->at++;
}

static inline const char *yaml_block_line_end(const struct yaml_block *block,
                                              const char *at)
{
    const char *found = memchr(at, '\n', (size_t)(block->end - at));
    return found ? found : block->end;
}

/* Whether an item of a block list begins here. */
static inline bool yaml_block_at_item(const struct yaml_block *block)
{
    return block->at < block->end && *block->at == '-' &&
           yaml_block_is_apart(block, block->at + 1);
}

/* A node of the tree; NULL: one too many. */
static inline struct value *
yaml_block_add(struct yaml_block *block, struct mark mark, struct value content)
{
    if (++block->nodes > VALUE_NODES_LIMIT)
        return NULL;
    struct value *value = arena_allocate(block->arena, sizeof *value);
    *value = content;
    value->mark = mark;
    return value;
}

static inline struct value *
yaml_block_add_text(struct yaml_block *block, struct mark mark,
                    enum value_style style, const char *bytes, size_t length)
{
    if (length > VALUE_SCALAR_LIMIT)
        return NULL;
    return yaml_block_add(block, mark,
                          (struct value){.kind = VALUE_STRING,
                                         .style = style,
                                         .string = {bytes, length}});
}

/* Whether libyaml takes every character of the text, and none of them is a line
 * break other than LF or turns the text around it (yaml_turning.h). */
bool yaml_block_is_text(const char *at, const char *end);

/* The value of a scalar without quotes. */
struct value *yaml_block_add_plain(struct yaml_block *block, struct mark mark,
                                   const char *bytes, size_t length);

/* The scalar that begins here, of one line. The position goes behind it. */
struct value *yaml_block_plain(struct yaml_block *block);
struct value *yaml_block_quoted(struct yaml_block *block);

/* The literal block whose bar is here, in a map or list whose column is
 * `parent`. The position goes to the line behind it. */
struct value *yaml_block_literal(struct yaml_block *block, ptrdiff_t parent);
