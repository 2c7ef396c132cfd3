/*
 * A tree of values -> YAML in block style, as kubectl lays it out: two spaces a
 * level, the items of a list in the column of their key.
 *
 * Every scalar must read back as the same value under YAML 1.1 and 1.2 and under
 * the looser rules of well-known readers. So a string is plain only when no reader
 * could take it for something else; when in doubt it is quoted. Texts of several
 * lines are literal blocks unless white space at their end would be lost on people.
 */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "engine/base/number.h"
#include "engine/base/utf8.h"
#include "engine/value/value.h"

enum {
    INDENTATION = 2,
    KEY_LONGEST = 1000, /* a key of more characters than 1024 needs '? ' */
};

struct writer {
    struct text *text;
    size_t column; /* indentation of the collection being written */
};

static void write_node(struct writer *writer, const struct value *value,
                       bool in_map);

static void write_spaces(struct writer *writer, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_append_character(writer->text, ' ');
}

/* Whether YAML readers accept this character unescaped, and people see it. */
static bool is_printable(uint32_t code)
{
    if (code < 0xA0)
        return code >= 0x20 && code < 0x7F;
    return code != 0x2028 && code != 0x2029 && code != 0xFEFF &&
           code != 0xFFFE && code != 0xFFFF &&
           !(code >= 0x202A && code <= 0x202E) &&
           !(code >= 0x2066 && code <= 0x2069);
}

/* Whether all characters are printable; *lines: some are line feeds. */
static bool all_printable(const char *bytes, size_t length, bool *lines)
{
    *lines = false;
    for (size_t at = 0; at < length;) {
        uint32_t code = 0;
        size_t size = utf8_decode(bytes + at, length - at, &code);
        if (code == '\n' && size == 1)
            *lines = true;
        else if (size == 0 || (!is_printable(code) && code != '\t'))
            return false;
        at += size;
    }
    return true;
}

/* Words that are null, a boolean or a number for some reader, in any case. */
static bool is_word(const char *bytes, size_t length)
{
    static const char *const words[] = {
        "~",  "null", "y",    "n",     "yes",   "no",   "true", "false",
        "on", "off",  ".inf", "+.inf", "-.inf", ".nan", "=",    "<<",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == length &&
            strncasecmp(words[i], bytes, length) == 0)
            return true;
    return false;
}

/* Numbers, dates and times of day in all their notations have only these
 * characters, and a digit or nothing but signs and points. */
static bool looks_like_number(const char *bytes, size_t length)
{
    static const char allowed[] = "0123456789abcdefABCDEFxXoO_:.+-TtZz ";
    bool digit = false;
    bool letter = false;
    if (memchr("+-.0123456789", bytes[0], 13) == NULL)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\0' || !strchr(allowed, bytes[i]))
            return false;
        bool is_digit = bytes[i] >= '0' && bytes[i] <= '9';
        digit = digit || is_digit;
        letter = letter || (!is_digit && !strchr("_:.+- ", bytes[i]));
    }
    return digit || !letter;
}

/* Whether a text without line breaks and control characters can stand plain. */
static bool is_plain(const char *bytes, size_t length)
{
    if (length == 0 || is_word(bytes, length) ||
        looks_like_number(bytes, length))
        return false;
    if (strchr("?:,[]{}#&*!|>'\"%@` ", bytes[0]))
        return false;
    if (bytes[0] == '-' && (length == 1 || bytes[1] == ' '))
        return false;
    if (length >= 3 &&
        (memcmp(bytes, "---", 3) == 0 || memcmp(bytes, "...", 3) == 0))
        return false;
    if (bytes[length - 1] == ' ' || bytes[length - 1] == ':')
        return false;
    for (size_t i = 0; i + 1 < length; i++)
        if ((bytes[i] == ':' && bytes[i + 1] == ' ') ||
            (bytes[i] == ' ' && bytes[i + 1] == '#'))
            return false;
    return true;
}

static void write_escape(struct text *text, uint32_t code)
{
    static const char bytes[] = "\"\\\t\n\r\x1b";
    static const char letters[] = "\"\\tnre";
    const char *found =
        code == 0 || code >= 0x80 ? NULL : strchr(bytes, (int)code);
    if (found)
        text_append_format(text, "\\%c", letters[found - bytes]);
    else if (code < 0x100)
        text_append_format(text, "\\x%02x", code);
    else
        text_append_format(text, "\\u%04x", code);
}

static void write_double_quoted(struct text *text, const char *bytes,
                                size_t length)
{
    text_append_character(text, '"');
    for (size_t at = 0; at < length;) {
        uint32_t code = 0xFFFD;
        size_t size = utf8_decode(bytes + at, length - at, &code);
        if (size == 0)
            text_append_string(text, "\xEF\xBF\xBD");
        else if (is_printable(code) && code != '"' && code != '\\')
            text_append(text, bytes + at, size);
        else
            write_escape(text, code);
        at += size > 0 ? size : 1;
    }
    text_append_character(text, '"');
}

static void write_single_quoted(struct text *text, const char *bytes,
                                size_t length)
{
    text_append_character(text, '\'');
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\'')
            text_append_character(text, '\'');
        text_append_character(text, bytes[i]);
    }
    text_append_character(text, '\'');
}

/* A string on one line. */
static void write_flow(struct text *text, const char *bytes, size_t length)
{
    bool lines = false;
    bool printable = all_printable(bytes, length, &lines) && !lines &&
                     memchr(bytes, '\t', length) == NULL;
    bool escapes = memchr(bytes, '"', length) || memchr(bytes, '\\', length);
    if (printable && is_plain(bytes, length))
        text_append(text, bytes, length);
    else if (printable && escapes)
        write_single_quoted(text, bytes, length);
    else
        write_double_quoted(text, bytes, length);
}

/* Whether a text can be a literal block: its last line with content does not end
 * in white space, which readers treat differently and editors remove. */
static bool is_literal(const char *bytes, size_t length)
{
    bool lines = false;
    if (!all_printable(bytes, length, &lines) || !lines)
        return false;
    while (length > 0 && bytes[length - 1] == '\n')
        length--;
    return length > 0 && bytes[length - 1] != ' ' && bytes[length - 1] != '\t';
}

/* A first line that begins with white space, or is empty, hides the
 * indentation, so it is said. */
static bool needs_indicator(const char *bytes)
{
    return strchr(" \t\n", bytes[0]) != NULL;
}

static void write_literal(struct writer *writer, const char *bytes,
                          size_t length)
{
    struct text *text = writer->text;
    size_t column = writer->column + INDENTATION;
    const char *end = bytes + length;
    text_append_character(text, '|');
    if (needs_indicator(bytes))
        text_append_format(text, "%d", (int)INDENTATION);
    if (end[-1] != '\n')
        text_append_character(text, '-');
    else if (length >= 2 && end[-2] == '\n')
        text_append_character(text, '+');
    while (bytes < end) {
        const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t line = (size_t)((stop ? stop : end) - bytes);
        text_append_character(text, '\n');
        if (line > 0)
            write_spaces(writer, column);
        text_append(text, bytes, line);
        bytes += line + 1;
    }
}

static void write_float(struct text *text, double number)
{
    char digits[NUMBER_TEXT];
    if (isnan(number) || isinf(number)) {
        text_append_string(text, isnan(number) ? ".nan"
                                 : number > 0  ? ".inf"
                                               : "-.inf");
        return;
    }
    size_t length = number_print_float(number, digits);
    char *exponent = memchr(digits, 'e', length);
    size_t mantissa = exponent ? (size_t)(exponent - digits) : length;
    bool zero = number == 0.0 && signbit(number);
    /* From 2^53 on the fewest digits may be those of another integer. */
    bool large = fabs(number) >= 0x1p53;
    text_append(text, digits, mantissa);
    if (((exponent || large) && !memchr(digits, '.', mantissa)) || zero)
        text_append_string(text, ".0"); /* YAML 1.1 wants a point */
    text_append(text, digits + mantissa, length - mantissa);
}

static void write_scalar(struct writer *writer, const struct value *value)
{
    char digits[NUMBER_TEXT];
    switch (value->kind) {
    case VALUE_NULL:
        text_append_string(writer->text, "null");
        break;
    case VALUE_BOOL:
        text_append_string(writer->text, value->boolean ? "true" : "false");
        break;
    case VALUE_INT:
        text_append(writer->text, digits,
                    number_print_int(value->integer, digits));
        break;
    case VALUE_FLOAT:
        write_float(writer->text, value->number);
        break;
    case VALUE_STRING:
        if (is_literal(value->string.bytes, value->string.length))
            write_literal(writer, value->string.bytes, value->string.length);
        else
            write_flow(writer->text, value->string.bytes, value->string.length);
        break;
    case VALUE_LIST:
        text_append_string(writer->text, "[]");
        break;
    case VALUE_MAP:
        text_append_string(writer->text, "{}");
        break;
    }
}

/* A key and what stands between it and its value. */
static void write_key(struct writer *writer, const struct member *member)
{
    struct text *text = writer->text;
    CLEANUP(text_free) struct text key = {0};
    write_flow(&key, member->name, member->length);
    if (key.length > KEY_LONGEST)
        text_append_string(text, "? ");
    text_append(text, key.data, key.length);
    if (key.length > KEY_LONGEST) {
        text_append_character(text, '\n');
        write_spaces(writer, writer->column);
    }
    text_append_character(text, ':');
}

/* Members and items: the first one continues the line that is begun. */
static void write_members(struct writer *writer, const struct value *map)
{
    for (size_t i = 0; i < map->map.count; i++) {
        if (i > 0) {
            text_append_character(writer->text, '\n');
            write_spaces(writer, writer->column);
        }
        write_key(writer, &map->map.members[i]);
        write_node(writer, map->map.members[i].value, true);
    }
}

static void write_items(struct writer *writer, const struct value *list)
{
    for (size_t i = 0; i < list->list.count; i++) {
        if (i > 0) {
            text_append_character(writer->text, '\n');
            write_spaces(writer, writer->column);
        }
        text_append_character(writer->text, '-');
        write_node(writer, list->list.items[i], false);
    }
}

/* A node after 'key:' or '-'. */
static void write_node(struct writer *writer, const struct value *value,
                       bool in_map)
{
    size_t column = writer->column;
    if (value_count(value) == 0) {
        text_append_character(writer->text, ' ');
        write_scalar(writer, value);
        return;
    }
    bool map = value->kind == VALUE_MAP;
    if (map || !in_map)
        writer->column += INDENTATION;
    if (in_map) {
        text_append_character(writer->text, '\n');
        write_spaces(writer, writer->column);
    } else {
        text_append_character(writer->text, ' ');
    }
    (map ? write_members : write_items)(writer, value);
    writer->column = column;
}

void value_write_yaml(struct text *text, const struct value *value)
{
    struct writer writer = {.text = text};
    bool block = value->kind == VALUE_STRING &&
                 is_literal(value->string.bytes, value->string.length);
    if (value_count(value) > 0)
        (value->kind == VALUE_MAP ? write_members : write_items)(&writer,
                                                                 value);
    else if (block && needs_indicator(value->string.bytes))
        /* Readers disagree on what the indicator of a root means. */
        write_double_quoted(text, value->string.bytes, value->string.length);
    else
        write_scalar(&writer, value);
    text_append_character(text, '\n');
}
