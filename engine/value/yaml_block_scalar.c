/* Scalars of one line, for the quick YAML reader (yaml_block.c). */
#include "engine/base/utf8.h"
#include "engine/value/yaml_block_part.h"
#include "engine/value/yaml_scalar.h"

#define LETTER    (YAML_KEY_FIRST | YAML_KEY | YAML_ITEM | YAML_TEXT)
#define INDICATOR (YAML_NOT_PLAIN | YAML_TEXT)
#define FOUR(first)                                                            \
    [(first)] = LETTER, [(first) + 1] = LETTER, [(first) + 2] = LETTER,        \
    [(first) + 3] = LETTER

const unsigned char yaml_block_classes[256] = {
    [' '] = YAML_TEXT,
    ['\t'] = YAML_TEXT | YAML_PLAIN_STOP | YAML_NOT_PLAIN,
    ['\n'] = YAML_TEXT | YAML_PLAIN_STOP | YAML_NOT_PLAIN,
    ['!'] = INDICATOR,
    ['"'] = INDICATOR,
    ['#'] = INDICATOR | YAML_PLAIN_STOP,
    ['$'] = YAML_TEXT,
    ['%'] = INDICATOR,
    ['&'] = INDICATOR,
    ['\''] = INDICATOR,
    ['('] = YAML_TEXT,
    [')'] = YAML_TEXT,
    ['*'] = INDICATOR,
    ['+'] = YAML_TEXT | YAML_ITEM,
    [','] = INDICATOR,
    ['-'] = YAML_TEXT | YAML_KEY | YAML_ITEM,
    ['.'] = YAML_TEXT | YAML_KEY | YAML_ITEM,
    ['/'] = LETTER,
    FOUR('0'),
    FOUR('4'),
    ['8'] = LETTER,
    ['9'] = LETTER,
    [':'] = INDICATOR | YAML_PLAIN_STOP,
    [';'] = YAML_TEXT,
    ['<'] = YAML_TEXT,
    ['='] = YAML_TEXT | YAML_ITEM,
    ['>'] = INDICATOR,
    ['?'] = INDICATOR,
    ['@'] = INDICATOR,
    FOUR('A'),
    FOUR('E'),
    FOUR('I'),
    FOUR('M'),
    FOUR('Q'),
    FOUR('U'),
    ['Y'] = LETTER,
    ['Z'] = LETTER,
    ['['] = INDICATOR,
    ['\\'] = YAML_TEXT,
    [']'] = INDICATOR,
    ['^'] = YAML_TEXT,
    ['_'] = LETTER,
    ['`'] = INDICATOR,
    FOUR('a'),
    FOUR('e'),
    FOUR('i'),
    FOUR('m'),
    FOUR('q'),
    FOUR('u'),
    ['y'] = LETTER,
    ['z'] = LETTER,
    ['{'] = INDICATOR,
    ['|'] = INDICATOR,
    ['}'] = INDICATOR,
    ['~'] = YAML_TEXT,
};

bool yaml_block_is_text(const char *at, const char *end)
{
    while (at < end) {
        uint32_t code = 0;
        if (yaml_is(*at, YAML_TEXT)) {
            at++;
            continue;
        }
        size_t size = utf8_decode(at, (size_t)(end - at), &code);
        if (size < 2 || code < 0xA0 || (code >= 0x2028 && code <= 0x202E) ||
            (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF ||
            code == 0xFFFE || code == 0xFFFF)
            return false;
        at += size;
    }
    return true;
}

struct value *yaml_block_add_plain(struct yaml_block *block, struct mark mark,
                                   const char *bytes, size_t length)
{
    struct value content = {.kind = VALUE_STRING, .style = STYLE_PLAIN};
    if (length > VALUE_SCALAR_LIMIT)
        return NULL;
    yaml_scalar_resolve(bytes, length, &content);
    if (content.kind == VALUE_BOOL && block->plain_booleans &&
        !strchr("tTfF", *bytes))
        content.kind = VALUE_STRING;
    if (content.kind == VALUE_STRING) {
        content.string.bytes = arena_copy(block->arena, bytes, length);
        content.string.length = length;
    }
    return yaml_block_add(block, mark, content);
}

struct value *yaml_block_plain(struct yaml_block *block)
{
    struct mark mark = yaml_block_mark(block);
    const char *start = block->at, *at = start;
    if (yaml_is(*at, YAML_NOT_PLAIN) || yaml_block_at_item(block))
        return NULL;
    for (;; at++) {
        while (at < block->end && !yaml_is(*at, YAML_PLAIN_STOP))
            at++;
        if (yaml_block_ends_line(block, at) || (*at == '#' && at[-1] == ' '))
            break;
        if (*at == '\t' || (*at == ':' && yaml_block_is_apart(block, at + 1)))
            return NULL;
    }
    block->at = at;
    while (at[-1] == ' ')
        at--;
    return yaml_block_add_plain(block, mark, start, (size_t)(at - start));
}

static struct value *read_single_quoted(struct yaml_block *block)
{
    struct mark mark = yaml_block_mark(block);
    const char *start = block->at + 1, *end = yaml_block_line_end(block, start);
    const char *at = memchr(start, '\'', (size_t)(end - start));
    while (at && at + 1 < end && at[1] == '\'')
        at = memchr(at + 2, '\'', (size_t)(end - at - 2));
    if (!at)
        return NULL;
    char *bytes = arena_allocate(block->arena, (size_t)(at - start) + 1);
    size_t length = 0;
    for (const char *from = start; from < at; from++) {
        bytes[length++] = *from;
        from += *from == '\'';
    }
    block->at = at + 1;
    return yaml_block_add_text(block, mark, STYLE_SINGLE_QUOTED, bytes, length);
}

/* What stands for `\` and `letter`; NUL: nothing that is read here. */
static char unescape(char letter)
{
    switch (letter) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case '"':
    case '\\':
    case '/':
        return letter;
    default:
        return '\0';
    }
}

static struct value *read_double_quoted(struct yaml_block *block)
{
    struct mark mark = yaml_block_mark(block);
    const char *start = block->at + 1, *end = yaml_block_line_end(block, start);
    const char *at = start;
    while (at < end && *at != '"')
        at += *at == '\\' ? 2 : 1;
    if (at >= end)
        return NULL;
    char *bytes = arena_allocate(block->arena, (size_t)(at - start) + 1);
    size_t length = 0;
    for (const char *from = start; from < at; from++) {
        char byte = *from == '\\' ? unescape(*++from) : *from;
        if (byte == '\0')
            return NULL;
        bytes[length++] = byte;
    }
    block->at = at + 1;
    return yaml_block_add_text(block, mark, STYLE_DOUBLE_QUOTED, bytes, length);
}

struct value *yaml_block_quoted(struct yaml_block *block)
{
    return *block->at == '"' ? read_double_quoted(block)
                             : read_single_quoted(block);
}
