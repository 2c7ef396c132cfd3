/* Literal blocks, for the quick YAML reader (yaml_block.c). */
#include "engine/value/yaml_block_part.h"

/* The lines of a literal block. */
struct literal {
    size_t indent;
    size_t length;   /* of the text, without the last line's break */
    size_t breaks;   /* line breaks that follow the last line with text */
    const char *end; /* the line after the block */
};

static size_t count_spaces(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && *at == ' ')
        at++;
    return (size_t)(at - start);
}

/* Finds the indentation: that of the first line with text. False when an empty
 * line before it has more, or there is no such line, or a tab is in it. */
static bool find_indent(const struct yaml_block *block, const char *at,
                        size_t parent, struct literal *literal)
{
    size_t most = 0;
    while (at < block->end) {
        size_t spaces = count_spaces(at, block->end);
        at += spaces;
        if (at == block->end)
            return false;
        if (*at != '\n') {
            literal->indent = spaces;
            return *at != '\t' && spaces > parent && spaces >= most;
        }
        most = spaces > most ? spaces : most;
        at++;
    }
    return false;
}

/* Measures the block; false at a tab in the indentation. */
static bool measure_literal(const struct yaml_block *block, const char *at,
                            struct literal *literal)
{
    literal->end = at;
    while (at < block->end) {
        size_t spaces = count_spaces(at, block->end);
        const char *text = at + spaces;
        bool empty =
            yaml_block_ends_line(block, text) && spaces <= literal->indent;
        if (!empty && spaces < literal->indent)
            return *text != '\t';
        const char *end = yaml_block_line_end(block, text);
        size_t broken = end < block->end;
        if (empty) {
            literal->breaks += broken;
        } else {
            literal->length +=
                literal->breaks + (size_t)(end - at) - literal->indent;
            literal->breaks = broken;
        }
        at = end + broken;
        literal->end = at;
    }
    return true;
}

static char *copy_literal(const struct yaml_block *block, const char *at,
                          const struct literal *literal, size_t length)
{
    char *bytes = arena_allocate(block->arena, length + 1);
    size_t count = 0;
    while (count < length) {
        const char *end = yaml_block_line_end(block, at);
        if ((size_t)(end - at) > literal->indent) {
            size_t part = (size_t)(end - at) - literal->indent;
            memcpy(bytes + count, at + literal->indent, part);
            count += part;
        }
        if (count < length) {
            bytes[count++] = '\n';
            at = end + 1;
        }
    }
    return bytes;
}

struct value *yaml_block_literal(struct yaml_block *block, ptrdiff_t parent)
{
    struct mark mark = yaml_block_mark(block);
    struct literal literal = {0};
    char chomping = '\0';
    block->at++;
    if (block->at < block->end && (*block->at == '-' || *block->at == '+'))
        chomping = *block->at++;
    yaml_block_skip_spaces(block);
    if (block->at == block->end || *block->at != '\n')
        return NULL;
    const char *first = block->at + 1;
    if (!find_indent(block, first, (size_t)parent, &literal) ||
        !measure_literal(block, first, &literal))
        return NULL;
    size_t length = literal.length;
    if (chomping != '-')
        length += chomping == '+' ? literal.breaks : literal.breaks > 0;
    if (length > VALUE_SCALAR_LIMIT)
        return NULL;
    const char *bytes = copy_literal(block, first, &literal, length);
    for (const char *at = block->at; at < literal.end; at++) {
        at = memchr(at, '\n', (size_t)(literal.end - at));
        if (!at)
            break;
        block->number++;
        block->line = at + 1;
    }
    block->at = literal.end;
    return yaml_block_add_text(block, mark, STYLE_LITERAL, bytes, length);
}
