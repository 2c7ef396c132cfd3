/*
 * JSON in an expression, and the text of json() -> values. Its own reader, as
 * the language differs from RFC 8259: it stops after one value, all numbers are
 * floats, of equal names the last wins, texts may run over lines. Text that is
 * not UTF-8 and lone surrogates become U+FFFD, so that every value is UTF-8.
 */
#include <string.h>

#include "engine/base/number.h"
#include "engine/base/utf8.h"
#include "engine/expression/lexer.h"
#include "engine/expression/limits.h"

struct reader {
    struct arena *arena;
    struct error *error;
    const char *text;
    size_t length;
    size_t at;
    size_t offset; /* of text[0] in what the user wrote */
    size_t depth;
    size_t nodes;
};

static const uint32_t replacement = 0xFFFD;

static void *refuse(struct reader *reader, const char *what)
{
    fail_at(reader->error, reader->offset + reader->at, "%s", what);
    return NULL;
}

static bool hex_digits(const char *text, size_t length, uint32_t *code)
{
    uint64_t digits;
    if (length < 4 || !number_parse_unsigned(text, 4, 16, &digits))
        return false;
    *code = (uint32_t)digits;
    return true;
}

/* The code after `\u`; a pair of surrogates is one code. Bytes used, or 0. */
static size_t read_code(const char *text, size_t length, uint32_t *code)
{
    if (!hex_digits(text, length, code))
        return 0;
    if (*code < 0xD800 || *code > 0xDFFF)
        return 4;
    uint32_t low;
    bool pair = *code < 0xDC00 && length >= 10 && text[4] == '\\' &&
                text[5] == 'u' && hex_digits(text + 6, length - 6, &low) &&
                low >= 0xDC00 && low <= 0xDFFF;
    if (!pair) {
        *code = replacement;
        return 4;
    }
    *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
    return 10;
}

/* One escape after the backslash. Bytes used, or 0. */
static size_t read_escape(const char *text, size_t length, char quote,
                          uint32_t *code)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (length == 0)
        return 0;
    if (text[0] == 'u') {
        size_t used = read_code(text + 1, length - 1, code);
        return used > 0 ? used + 1 : 0;
    }
    if (text[0] == '\'' && quote == '\'') {
        *code = '\'';
        return 1;
    }
    const char *letter = memchr(letters, text[0], sizeof letters - 1);
    if (!letter)
        return 0;
    *code = (unsigned char)meanings[letter - letters];
    return 1;
}

static bool is_control(char character)
{
    return (unsigned char)character < 0x20 && !strchr("\n\r\t", character);
}

/* A byte that is not UTF-8 counts as U+FFFD. */
static size_t read_character(const char *from, size_t left, uint32_t *code)
{
    size_t used = utf8_decode(from, left, code);
    if (used > 0)
        return used;
    *code = replacement;
    return 1;
}

/* The bytes from reader->at to `end` without their escapes, as a new text. */
static const char *read_text(struct reader *reader, size_t end, char quote,
                             size_t *length)
{
    /* U+FFFD takes three bytes where one stood. */
    char *made = arena_allocate(reader->arena, 3 * (end - reader->at) + 1);
    size_t count = 0;
    while (reader->at < end) {
        const char *from = reader->text + reader->at;
        size_t left = end - reader->at;
        uint32_t code;
        size_t used;
        if (*from == '\\') {
            used = read_escape(from + 1, left - 1, quote, &code);
            if (used == 0)
                return refuse(reader, "the text has an unknown escape, "
                                      "expected \\n, \\t, \\\\, \\uXXXX");
            used++;
        } else if (is_control(*from)) {
            return refuse(reader, "the text has a control character, "
                                  "expected \\uXXXX");
        } else {
            used = read_character(from, left, &code);
        }
        reader->at += used;
        count += utf8_encode(code, made + count);
    }
    *length = count;
    return made;
}

/* A double-quoted text. */
static const char *read_string(struct reader *reader, size_t *length)
{
    size_t end = reader->at + 1;
    while (end < reader->length && reader->text[end] != '"')
        end += reader->text[end] == '\\' ? 2 : 1;
    if (end >= reader->length)
        return refuse(reader, "the text is not closed, expected '\"'");
    reader->at++;
    const char *bytes = read_text(reader, end, '"', length);
    reader->at = end + 1;
    return bytes;
}

static void skip_digits(struct reader *reader)
{
    while (reader->at < reader->length && reader->text[reader->at] >= '0' &&
           reader->text[reader->at] <= '9')
        reader->at++;
}

static bool skip_one(struct reader *reader, const char *characters)
{
    if (reader->at >= reader->length || reader->text[reader->at] == '\0' ||
        !strchr(characters, reader->text[reader->at]))
        return false;
    reader->at++;
    return true;
}

/* Most numbers: so few digits that they are exact, and nothing else. */
static bool read_digits(const char *text, size_t length, double *number)
{
    uint64_t whole = 0;
    if (length > 15)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        whole = whole * 10 + (uint64_t)(text[i] - '0');
    }
    *number = (double)whole;
    return true;
}

/* [-] (0 | 1-9 digits) [. digits] [e [+-] digits] */
static struct value *read_number(struct reader *reader)
{
    size_t start = reader->at;
    skip_one(reader, "-");
    if (!skip_one(reader, "0")) {
        if (!skip_one(reader, "123456789"))
            return refuse(reader, "expected a digit");
        skip_digits(reader);
    }
    if (skip_one(reader, ".")) {
        if (!skip_one(reader, "0123456789"))
            return refuse(reader, "expected a digit after the decimal point");
        skip_digits(reader);
    }
    if (skip_one(reader, "eE")) {
        skip_one(reader, "+-");
        if (!skip_one(reader, "0123456789"))
            return refuse(reader, "expected a digit in the exponent");
        skip_digits(reader);
    }
    double number;
    const char *digits = reader->text + start;
    size_t length = reader->at - start;
    if (!read_digits(digits, length, &number) &&
        !number_parse_float(digits, length, &number)) {
        reader->at = start;
        return refuse(reader, "the number is too large");
    }
    return value_make_float(reader->arena, number);
}

static void skip_space(struct reader *reader)
{
    while (skip_one(reader, " \t\r\n"))
        ;
}

static struct value *read_value(struct reader *reader);

static struct value *read_list(struct reader *reader)
{
    struct value *list = value_make_list(reader->arena);
    reader->at++;
    skip_space(reader);
    if (skip_one(reader, "]"))
        return list;
    do {
        struct value *item = read_value(reader);
        if (!item)
            return NULL;
        value_append(reader->arena, list, item);
        skip_space(reader);
    } while (skip_one(reader, ","));
    if (!skip_one(reader, "]"))
        return refuse(reader, "expected ',' or ']' in the list");
    return list;
}

static struct value *read_map(struct reader *reader)
{
    struct value *map = value_make_map(reader->arena);
    reader->at++;
    skip_space(reader);
    if (skip_one(reader, "}"))
        return map;
    do {
        skip_space(reader);
        if (reader->at >= reader->length || reader->text[reader->at] != '"')
            return refuse(reader, "expected a name in double quotes");
        size_t length;
        const char *name = read_string(reader, &length);
        if (!name)
            return NULL;
        skip_space(reader);
        if (!skip_one(reader, ":"))
            return refuse(reader, "expected ':' after the name");
        struct value *item = read_value(reader);
        if (!item)
            return NULL;
        value_set_bytes(reader->arena, map, name, length, item);
        skip_space(reader);
    } while (skip_one(reader, ","));
    if (!skip_one(reader, "}"))
        return refuse(reader, "expected ',' or '}' in the map");
    return map;
}

static struct value *read_word(struct reader *reader)
{
    static const char *const words[] = {"null", "false", "true"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if (reader->length - reader->at < length ||
            memcmp(reader->text + reader->at, words[i], length) != 0)
            continue;
        reader->at += length;
        return i == 0 ? value_make_null(reader->arena)
                      : value_make_bool(reader->arena, i == 2);
    }
    return refuse(reader, "expected a value: a number, a text in double "
                          "quotes, true, false, null, a list or a map");
}

static struct value *read_bracket(struct reader *reader)
{
    if (reader->depth >= EXPRESSION_LITERAL_DEPTH_LIMIT)
        return refuse(reader, "lists and maps are nested too deeply");
    reader->depth++;
    struct value *value =
        reader->text[reader->at] == '[' ? read_list(reader) : read_map(reader);
    reader->depth--;
    return value;
}

static struct value *read_value(struct reader *reader)
{
    if (++reader->nodes > EXPRESSION_LITERAL_NODES_LIMIT)
        return refuse(reader, "the value has too many parts");
    skip_space(reader);
    char first = reader->at < reader->length ? reader->text[reader->at] : '\0';
    if (first == '[' || first == '{')
        return read_bracket(reader);
    if (first == '-' || (first >= '0' && first <= '9'))
        return read_number(reader);
    if (first != '"')
        return read_word(reader);
    size_t length;
    const char *bytes = read_string(reader, &length);
    return bytes ? value_make_bytes(reader->arena, bytes, length) : NULL;
}

const struct value *literal_read(struct arena *arena, const char *text,
                                 size_t length, size_t *used, size_t offset,
                                 struct error *error)
{
    struct reader reader = {.arena = arena,
                            .error = error,
                            .text = text,
                            .length = length,
                            .offset = offset};
    struct value *value = read_value(&reader);
    *used = reader.at;
    return value;
}

const struct value *literal_read_quoted(struct arena *arena, const char *text,
                                        size_t length, size_t offset,
                                        struct error *error)
{
    struct reader reader = {.arena = arena,
                            .error = error,
                            .text = text,
                            .length = length,
                            .offset = offset};
    size_t count;
    const char *bytes = read_text(&reader, length, '\'', &count);
    return bytes ? value_make_bytes(arena, bytes, count) : NULL;
}
