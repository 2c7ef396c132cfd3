/*
 * A value -> YAML in the layout of Testkube's library (go-yaml 3), because texts
 * are compared and hashed: levels of four spaces, lists set in below their key,
 * what stands in a list two columns behind its dash, keys in natural order, texts
 * of several lines as literal blocks, floats as templates show them.
 *
 * Invariant: a text is quoted whenever a reader of YAML 1.1 or 1.2 could take it
 * for something else.
 */
#include "engine/expression/yaml_layout.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/utf8.h"
#include "engine/expression/convert.h"
#include "engine/expression/limits.h"

enum { LEVEL = 4, IN_LIST = 2 };

/* --- scalars --- */

/* What the characters of a text allow. */
struct shape {
    bool plain;   /* without quotes */
    bool single;  /* in single quotes */
    bool literal; /* as a block */
    bool lines;   /* more than one */
};

static bool is_printable(uint32_t code)
{
    return code == '\n' || (code >= 0x20 && code <= 0x7E) ||
           (code >= 0xA0 && code <= 0xD7FF) ||
           (code >= 0xE000 && code <= 0xFFFD && code != 0xFEFF) ||
           code >= 0x10000;
}

static bool is_break(uint32_t code)
{
    return code == '\n' || code == '\r' || code == 0x85 || code == 0x2028 ||
           code == 0x2029;
}

static bool is_blank_or_end(const char *bytes, size_t length, size_t at)
{
    return at >= length || strchr(" \t\r\n", bytes[at]);
}

/* Whether the character at `at` would mean something without quotes. */
static bool is_indicator(const char *bytes, size_t length, size_t at)
{
    char letter = bytes[at];
    bool alone = is_blank_or_end(bytes, length, at + 1);
    if (at == 0 && memchr("#,[]{}&*!|>'\"%@`", letter, 16))
        return true;
    if (at == 0 && (letter == '-' || letter == '?') && alone)
        return true;
    if (letter == ':')
        return alone;
    return letter == '#' && at > 0 && is_blank_or_end(bytes, length, at - 1);
}

static void look_at(struct shape *shape, const char *bytes, size_t length,
                    size_t at, uint32_t code)
{
    char before = at > 0 ? bytes[at - 1] : '\0';
    if (is_indicator(bytes, length, at))
        shape->plain = false;
    if (!is_printable(code)) {
        shape->plain = shape->single = false;
        shape->literal &= code == '\t';
    }
    if (is_break(code)) {
        shape->lines = true;
        shape->plain = false;
        shape->single &= before != ' ';
        shape->literal &= before != ' ' && code == '\n';
    }
}

static struct shape shape_of(const char *bytes, size_t length)
{
    struct shape shape = {true, true, true, false};
    size_t used = 1;
    for (size_t at = 0; at < length; at += used) {
        uint32_t code = 0;
        used = utf8_decode(bytes + at, length - at, &code);
        used = used > 0 ? used : 1;
        look_at(&shape, bytes, length, at, code);
    }
    bool marker = length >= 3 && (memcmp(bytes, "---", 3) == 0 ||
                                  memcmp(bytes, "...", 3) == 0);
    if (length == 0 || marker || bytes[0] == ' ' || bytes[length - 1] == ' ')
        shape.plain = false;
    if (length > 0 && bytes[length - 1] == ' ')
        shape.literal = false;
    return shape;
}

/* [-+] digits {:[0-5]digit} with at least one of these, [. digits] */
bool yaml_layout_is_base60(const char *bytes, size_t length)
{
    const char *at = bytes + (length > 0 && strchr("+-", bytes[0]));
    const char *end = bytes + length;
    size_t groups = 0;
    if (at >= end || !isdigit((unsigned char)*at))
        return false;
    at += strspn(at, "0123456789_");
    for (; at < end && *at == ':'; groups++) {
        size_t digits = strspn(++at, "0123456789");
        if (digits < 1 || digits > 2 || (digits == 2 && *at > '5'))
            return false;
        at += digits;
    }
    if (at < end && *at == '.') {
        at++;
        at += strspn(at, "0123456789_");
    }
    return groups > 0 && at == end;
}

/* As dates of YAML begin: 2024-1. Quotes do no harm to what is none. */
static bool is_like_date(const char *bytes)
{
    return strspn(bytes, "0123456789") == 4 && bytes[4] == '-' &&
           isdigit((unsigned char)bytes[5]);
}

static bool means_another_type(const char *bytes, size_t length)
{
    return !value_yaml_is_string(bytes, length) ||
           yaml_layout_is_base60(bytes, length) || is_like_date(bytes) ||
           (length == 2 && memcmp(bytes, "<<", 2) == 0) ||
           (length == 1 && bytes[0] == '=');
}

static void append_escape(struct text *text, uint32_t code)
{
    static const char codes[] = "\0\a\b\t\n\v\f\r\x1b\"\\";
    static const char letters[] = "0abtnvfre\"\\";
    const char *known =
        code < 0x80 ? memchr(codes, (int)code, sizeof codes - 1) : NULL;
    if (known)
        text_append_format(text, "\\%c", letters[known - codes]);
    else
        text_append_format(text,
                           code < 0x100     ? "\\x%02X"
                           : code < 0x10000 ? "\\u%04X"
                                            : "\\U%08X",
                           code);
}

static void append_double_quoted(struct text *text, const char *bytes,
                                 size_t length)
{
    size_t used = 1;
    text_append_character(text, '"');
    for (size_t at = 0; at < length; at += used) {
        uint32_t code = 0;
        used = utf8_decode(bytes + at, length - at, &code);
        used = used > 0 ? used : 1;
        if (!is_printable(code) || is_break(code) || code == '"' ||
            code == '\\')
            append_escape(text, code);
        else
            text_append(text, bytes + at, used);
    }
    text_append_character(text, '"');
}

static void append_single_quoted(struct text *text, const char *bytes,
                                 size_t length)
{
    text_append_character(text, '\'');
    for (size_t at = 0; at < length; at++) {
        if (bytes[at] == '\'')
            text_append_character(text, '\'');
        text_append_character(text, bytes[at]);
    }
    text_append_character(text, '\'');
}

static void append_spaces(struct text *text, size_t count)
{
    text_append_format(text, "%*s", (int)count, "");
}

/* |, how deep it is when that cannot be seen, and what becomes of the last
 * newlines; then the lines. */
static void append_literal(struct text *text, const char *bytes, size_t length,
                           size_t indent)
{
    text_append_character(text, '|');
    if (bytes[0] == ' ' || bytes[0] == '\n' || bytes[0] == '\t')
        text_append_format(text, "%d", LEVEL);
    if (bytes[length - 1] != '\n')
        text_append_character(text, '-');
    else if (length == 1 || bytes[length - 2] == '\n')
        text_append_character(text, '+');
    const char *end = bytes + length;
    while (bytes < end) {
        const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t width = (size_t)((stop ? stop : end) - bytes);
        text_append_character(text, '\n');
        if (width > 0)
            append_spaces(text, indent);
        text_append(text, bytes, width);
        bytes += width + 1;
    }
}

static void append_string(struct text *text, const char *bytes, size_t length,
                          size_t indent)
{
    struct shape shape = shape_of(bytes, length);
    bool key = indent == 0;
    if (shape.lines && shape.literal && !key)
        append_literal(text, bytes, length, indent);
    else if (shape.lines || means_another_type(bytes, length) ||
             (!shape.plain && !shape.single))
        append_double_quoted(text, bytes, length);
    else if (shape.plain)
        text_append(text, bytes, length);
    else
        append_single_quoted(text, bytes, length);
}

static void append_float(struct text *text, double number)
{
    struct value value = {.kind = VALUE_FLOAT, .number = number};
    if (isnan(number))
        text_append_string(text, ".nan");
    else if (isinf(number))
        text_append_string(text, number < 0 ? "-.inf" : ".inf");
    else
        value_append_text(text, &value);
}

/* --- the order of keys --- */

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

/* Bytes of letters beyond ASCII count as letters. */
static bool is_letter(char letter)
{
    return isalpha((unsigned char)letter) || (unsigned char)letter >= 0x80;
}

/* Runs of digits by their value: shorter is less, without leading zeros. */
static int compare_digits(const char *a, size_t a_length, const char *b,
                          size_t b_length)
{
    const char *a_run = a, *b_run = b;
    while (a_length > 1 && *a == '0') {
        a++;
        a_length--;
    }
    while (b_length > 1 && *b == '0') {
        b++;
        b_length--;
    }
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    int order = memcmp(a, b, a_length);
    if (order != 0)
        return order;
    size_t zeros_a = (size_t)(a - a_run), zeros_b = (size_t)(b - b_run);
    return zeros_a < zeros_b ? -1 : zeros_a > zeros_b;
}

/* Item 2 before item 10; signs before letters, but behind a number letters
 * before signs. */
static int compare_keys(const void *left, const void *right)
{
    const struct member *a = *(const struct member *const *)left;
    const struct member *b = *(const struct member *const *)right;
    size_t shortest = a->length < b->length ? a->length : b->length;
    size_t at = 0;
    while (at < shortest && a->name[at] == b->name[at])
        at++;
    if (at == shortest)
        return a->length < b->length ? -1 : a->length > b->length;
    char first = a->name[at], second = b->name[at];
    bool behind_digit = at > 0 && is_digit(a->name[at - 1]);
    if (is_letter(first) != is_letter(second))
        return is_letter(first) == behind_digit ? -1 : 1;
    if (is_letter(first))
        return (unsigned char)first < (unsigned char)second ? -1 : 1;
    size_t start = at;
    while (start > 0 && is_digit(a->name[start - 1]))
        start--;
    size_t a_digits = strspn(a->name + start, "0123456789");
    size_t b_digits = strspn(b->name + start, "0123456789");
    bool differ = is_digit(first) || is_digit(second);
    if (differ && a_digits > 0 && b_digits > 0)
        return compare_digits(a->name + start, a_digits, b->name + start,
                              b_digits);
    return (unsigned char)first < (unsigned char)second ? -1 : 1;
}

/* --- lists and maps --- */

/* Where the next level begins: `indent` is the column of this one, or -1. */
static size_t deeper(long indent, bool in_list)
{
    if (indent < 0)
        return 0;
    if (in_list)
        return (size_t)indent + IN_LIST;
    return LEVEL * (((size_t)indent + LEVEL) / LEVEL);
}

static void append_node(struct text *text, const struct value *value,
                        long indent, bool in_list);

static void append_list(struct text *text, const struct value *list,
                        long indent, bool in_list)
{
    size_t column = deeper(indent, in_list);
    for (size_t i = 0; i < list->list.count; i++) {
        if (i > 0)
            append_spaces(text, column);
        text_append_string(text, "- ");
        append_node(text, list->list.items[i], (long)column, true);
    }
}

static void append_member(struct text *text, const struct member *member,
                          size_t column)
{
    const struct value *value = member->value;
    append_string(text, member->name, member->length, 0);
    text_append_character(text, ':');
    bool below = (value->kind == VALUE_LIST || value->kind == VALUE_MAP) &&
                 value_count(value) > 0;
    if (below) {
        text_append_character(text, '\n');
        append_spaces(text, deeper((long)column, false));
    } else {
        text_append_character(text, ' ');
    }
    append_node(text, value, (long)column, false);
}

static void append_map(struct text *text, const struct value *map, long indent,
                       bool in_list)
{
    size_t column = deeper(indent, in_list);
    size_t count = map->map.count;
    const struct member **order =
        memory_resize(NULL, count, sizeof(struct member *));
    for (size_t i = 0; i < count; i++)
        order[i] = &map->map.members[i];
    qsort(order, count, sizeof *order, compare_keys);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            append_spaces(text, column);
        append_member(text, order[i], column);
    }
    memory_free(order);
}

static void append_scalar(struct text *text, const struct value *value,
                          size_t column)
{
    if (value->kind == VALUE_STRING)
        append_string(text, value->string.bytes, value->string.length, column);
    else if (value->kind == VALUE_FLOAT)
        append_float(text, value->number);
    else if (value->kind == VALUE_NULL)
        text_append_string(text, "null");
    else
        value_append_text(text, value);
    text_append_character(text, '\n');
}

/* One value and the end of its line. Depth is that of the value, which its maker
 * has bounded. */
static void append_node(struct text *text, const struct value *value,
                        long indent, bool in_list)
{
    bool list = value->kind == VALUE_LIST, map = value->kind == VALUE_MAP;
    if (text->length > EXPRESSION_STRING_LIMIT)
        return;
    if ((list || map) && value_count(value) == 0)
        text_append_string(text, list ? "[]\n" : "{}\n");
    else if (list)
        append_list(text, value, indent, in_list);
    else if (map)
        append_map(text, value, indent, in_list);
    else
        append_scalar(text, value,
                      indent < 0 ? LEVEL : deeper(indent, in_list));
}

void yaml_layout_append(struct text *text, const struct value *value)
{
    append_node(text, value, -1, false);
}
