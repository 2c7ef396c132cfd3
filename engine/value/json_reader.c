/*
 * JSON text (RFC 8259) -> a tree of values: recursive descent, one function for
 * each production of the grammar. Nothing beyond the RFC is read: no comments,
 * no trailing commas, no byte order mark.
 *
 * `at` only moves forward. Lines end between the parts of the grammar only, and
 * characters of several bytes stand in strings only; both are counted there, so that
 * a mark costs nothing more.
 */
#include <stdio.h>
#include <string.h>

#include "engine/base/cleanup.h"
#include "engine/base/number.h"
#include "engine/base/utf8.h"
#include "engine/value/limits.h"
#include "engine/value/value.h"

struct reader {
    struct arena *arena;
    const char *start;
    const char *at;
    const char *end;
    const char *line; /* its start */
    uint32_t line_number;
    size_t continued; /* bytes of it up to `at` that begin no character */
    size_t nodes;
    size_t depth;
    const char
        *bytes; /* of the string read last: in the text, or in `decoded` */
    size_t length;
    struct text decoded;
    struct error *error;
};

static struct value *read_value(struct reader *reader);

/* The mark of `to`, which is on the line of `at`, with nothing between them but
 * characters of one byte. */
static struct mark mark_at(const struct reader *reader, const char *to)
{
    return (struct mark){
        .line = reader->line_number,
        .column =
            (uint32_t)((size_t)(to - reader->line) - reader->continued) + 1,
        .offset = (uint32_t)(to - reader->start),
    };
}

static int fail(struct reader *reader, const char *at, const char *problem)
{
    struct mark mark = mark_at(reader, at);
    error_set(reader->error, ERROR_INPUT, "%s", problem);
    return error_place(reader->error, NULL, mark);
}

static void fail_limit(struct reader *reader, int limit, const char *what)
{
    char problem[80];
    snprintf(problem, sizeof problem, "more than %d %s", limit, what);
    fail(reader, reader->at, problem);
}

/* "expected X, found Y" at the next character. */
static int fail_expected(struct reader *reader, const char *expected)
{
    char problem[160];
    uint32_t code = 0;
    size_t left = (size_t)(reader->end - reader->at);
    size_t size = utf8_decode(reader->at, left, &code);
    char found[32] = "the end of the text";
    if (left > 0 && size > 0 && code >= 0x20 && code != 0x7F)
        snprintf(found, sizeof found, "'%.*s'", (int)size, reader->at);
    else if (left > 0)
        snprintf(found, sizeof found, "byte 0x%02x",
                 (unsigned)(unsigned char)*reader->at);
    snprintf(problem, sizeof problem, "expected %s, found %s", expected, found);
    return fail(reader, reader->at, problem);
}

static void skip_space(struct reader *reader)
{
    const char *at = reader->at;
    for (; at < reader->end; at++) {
        if (*at == '\n') {
            reader->line = at + 1;
            reader->line_number++;
            reader->continued = 0;
            while (reader->end - at > 8 && memcmp(at + 1, "        ", 8) == 0)
                at += 8;
        } else if (*at != ' ' && *at != '\t' && *at != '\r') {
            break;
        }
    }
    reader->at = at;
}

static char peek(const struct reader *reader)
{
    return reader->at < reader->end ? *reader->at : '\0';
}

static bool accept(struct reader *reader, char character)
{
    if (reader->at == reader->end || *reader->at != character)
        return false;
    reader->at++;
    return true;
}

/* Four hex digits at `at`. */
static bool read_hex(const struct reader *reader, const char *at,
                     uint32_t *code)
{
    uint64_t number = 0;
    if (reader->end - at < 4 || !number_parse_unsigned(at, 4, 16, &number))
        return false;
    *code = (uint32_t)number;
    return true;
}

/* \uXXXX, or two of them that are a surrogate pair; `at` is after the \u. */
static int read_unicode(struct reader *reader)
{
    const char *escape = reader->at - 2;
    uint32_t code = 0;
    uint32_t low = 0;
    char bytes[4];
    if (!read_hex(reader, reader->at, &code))
        return fail(reader, escape, "'\\u' needs four hex digits");
    reader->at += 4;
    if (code >= 0xD800 && code <= 0xDBFF && reader->end - reader->at >= 6 &&
        memcmp(reader->at, "\\u", 2) == 0 &&
        read_hex(reader, reader->at + 2, &low) && low >= 0xDC00 &&
        low <= 0xDFFF) {
        reader->at += 6;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    if (code >= 0xD800 && code <= 0xDFFF)
        return fail(reader, escape,
                    "half of a surrogate pair: not a character");
    text_append(&reader->decoded, bytes, utf8_encode(code, bytes));
    return 0;
}

/* What follows a backslash. */
static int read_escape(struct reader *reader)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    char letter = peek(reader);
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);
    if (letter != 'u' && !found)
        return fail(reader, reader->at - 1,
                    "unknown escape: expected one of \\\" \\\\ \\/ \\b \\f \\n "
                    "\\r \\t \\u");
    reader->at++;
    if (!found)
        return read_unicode(reader);
    text_append_character(&reader->decoded, bytes[found - letters]);
    return 0;
}

/* One character of several bytes, or one that must not be there. */
static int read_character(struct reader *reader)
{
    uint32_t code = 0;
    size_t size =
        utf8_decode(reader->at, (size_t)(reader->end - reader->at), &code);
    if (size == 0)
        return fail(reader, reader->at, "not valid UTF-8");
    if (code < 0x20)
        return fail(reader, reader->at,
                    "a control character in a string: write it as an "
                    "escape such as \\n or \\u0001");
    reader->at += size;
    reader->continued += size - 1;
    return 0;
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* The same of eight bytes at once: what is zero or less after the subtraction has
 * its highest bit set. */
static bool are_plain(const char *bytes)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    uint64_t control = word - ones * 0x20;
    uint64_t quote = (word ^ ones * '"') - ones;
    uint64_t slash = (word ^ ones * '\\') - ones;
    return ((word | control | quote | slash) & ones * 0x80) == 0;
}

/* Moves over characters that stand for themselves. */
static int read_run(struct reader *reader)
{
    for (;;) {
        const char *at = reader->at;
        while (reader->end - at >= 8 && are_plain(at))
            at += 8;
        while (at < reader->end && is_plain((unsigned char)*at))
            at++;
        reader->at = at;
        if (at == reader->end || *at == '"' || *at == '\\')
            return 0;
        if (read_character(reader))
            return -1;
    }
}

/* A string into reader->bytes; `at` is on its quote. */
static int read_string(struct reader *reader, size_t limit, const char *what)
{
    struct mark quote = mark_at(reader, reader->at);
    bool escaped = false;
    reader->at++;
    text_clear(&reader->decoded);
    for (;;) {
        reader->bytes = reader->at;
        if (read_run(reader))
            return -1;
        reader->length = (size_t)(reader->at - reader->bytes);
        if (reader->decoded.length + reader->length > limit) {
            error_set(reader->error, ERROR_INPUT, "a %s of more than %zu bytes",
                      what, limit);
            return error_place(reader->error, NULL, quote);
        }
        if (!escaped && accept(reader, '"'))
            return 0;
        text_append(&reader->decoded, reader->bytes, reader->length);
        if (accept(reader, '"')) {
            reader->bytes = text_string(&reader->decoded);
            reader->length = reader->decoded.length;
            return 0;
        }
        if (!accept(reader, '\\'))
            return fail(reader, reader->end, "a string is not closed");
        escaped = true;
        if (read_escape(reader))
            return -1;
    }
}

static size_t skip_digits(struct reader *reader)
{
    const char *from = reader->at;
    while (peek(reader) >= '0' && peek(reader) <= '9')
        reader->at++;
    return (size_t)(reader->at - from);
}

/* Moves over a number; -1 when it has not the form that JSON wants. */
static int scan_number(struct reader *reader, bool *whole)
{
    *whole = true;
    accept(reader, '-');
    bool zero = peek(reader) == '0';
    size_t digits = skip_digits(reader);
    if (digits == 0)
        return fail_expected(reader, "a digit");
    if (zero && digits > 1)
        return fail(reader, reader->at - 1, "a number with a leading zero");
    if (accept(reader, '.')) {
        *whole = false;
        if (skip_digits(reader) == 0)
            return fail_expected(reader, "a digit after the point");
    }
    if (peek(reader) == 'e' || peek(reader) == 'E') {
        *whole = false;
        reader->at++;
        if (peek(reader) == '+' || peek(reader) == '-')
            reader->at++;
        if (skip_digits(reader) == 0)
            return fail_expected(reader, "a digit of the exponent");
    }
    return 0;
}

static struct value *read_number(struct reader *reader)
{
    const char *from = reader->at;
    bool whole = false;
    if (scan_number(reader, &whole))
        return NULL;
    size_t length = (size_t)(reader->at - from);
    bool negative = *from == '-';
    uint64_t magnitude = 0;
    int64_t integer = 0;
    double number = 0;
    if (whole &&
        number_parse_unsigned(from + negative, length - negative, 10,
                              &magnitude) &&
        number_apply_sign(magnitude, negative, &integer) &&
        !(negative && integer == 0))
        return value_make_int(reader->arena, integer);
    if (number_parse_float(from, length, &number))
        return value_make_float(reader->arena, number);
    fail(reader, from, "a number too large for a 64-bit float");
    return NULL;
}

static struct value *read_list(struct reader *reader)
{
    struct value *list = value_make_list(reader->arena);
    reader->at++;
    skip_space(reader);
    if (accept(reader, ']'))
        return list;
    for (;;) {
        struct value *item = read_value(reader);
        if (!item)
            return NULL;
        value_append(reader->arena, list, item);
        skip_space(reader);
        if (accept(reader, ']'))
            return list;
        if (!accept(reader, ',')) {
            fail_expected(reader, "',' or ']'");
            return NULL;
        }
    }
}

/* A name, the colon and the value. */
static int read_member(struct reader *reader, struct value *map)
{
    skip_space(reader);
    if (peek(reader) != '"')
        return fail_expected(reader, "a name in double quotes");
    struct mark mark = mark_at(reader, reader->at);
    if (read_string(reader, VALUE_NAME_LIMIT, "name"))
        return -1;
    /* The value comes later: its own strings take the place of the name. */
    size_t number = value_count(map);
    value_set_bytes(reader->arena, map, reader->bytes, reader->length, NULL)
        ->mark = mark;
    if (value_count(map) == number) {
        int length = reader->length < 80 ? (int)reader->length : 80;
        error_set(reader->error, ERROR_INPUT, "the name '%.*s' is given twice",
                  length, reader->bytes);
        return error_place(reader->error, NULL, mark);
    }
    skip_space(reader);
    if (!accept(reader, ':'))
        return fail_expected(reader, "':'");
    struct value *item = read_value(reader);
    map->map.members[number].value = item;
    return item ? 0 : -1;
}

static struct value *read_map(struct reader *reader)
{
    struct value *map = value_make_map(reader->arena);
    reader->at++;
    skip_space(reader);
    if (accept(reader, '}'))
        return map;
    for (;;) {
        if (read_member(reader, map))
            return NULL;
        skip_space(reader);
        if (accept(reader, '}'))
            return map;
        if (!accept(reader, ',')) {
            fail_expected(reader, "',' or '}'");
            return NULL;
        }
    }
}

static bool accept_word(struct reader *reader, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length ||
        memcmp(reader->at, word, length) != 0)
        return false;
    reader->at += length;
    return true;
}

static struct value *read_scalar(struct reader *reader)
{
    char first = peek(reader);
    if (first == '"') {
        if (read_string(reader, VALUE_SCALAR_LIMIT, "string"))
            return NULL;
        return value_make_bytes(reader->arena, reader->bytes, reader->length);
    }
    if (first == '-' || (first >= '0' && first <= '9'))
        return read_number(reader);
    if (accept_word(reader, "null"))
        return value_make_null(reader->arena);
    if (accept_word(reader, "true"))
        return value_make_bool(reader->arena, true);
    if (accept_word(reader, "false"))
        return value_make_bool(reader->arena, false);
    fail_expected(reader, "a value");
    return NULL;
}

static struct value *read_value(struct reader *reader)
{
    skip_space(reader);
    struct mark mark = mark_at(reader, reader->at);
    char first = peek(reader);
    bool nested = first == '[' || first == '{';
    if (++reader->nodes > VALUE_NODES_LIMIT) {
        fail_limit(reader, VALUE_NODES_LIMIT, "values in one text");
        return NULL;
    }
    if (nested && ++reader->depth > VALUE_DEPTH_LIMIT) {
        fail_limit(reader, VALUE_DEPTH_LIMIT, "levels of lists and maps");
        return NULL;
    }
    struct value *value = first == '['   ? read_list(reader)
                          : first == '{' ? read_map(reader)
                                         : read_scalar(reader);
    if (nested)
        reader->depth--;
    if (value)
        value->mark = mark;
    return value;
}

struct value *value_read_json(struct arena *arena, const char *text,
                              size_t length, struct error *error)
{
    if (length > VALUE_BYTES_LIMIT) {
        error_set(error, ERROR_INPUT,
                  "the text has %zu bytes; at most %d are read", length,
                  (int)VALUE_BYTES_LIMIT);
        return NULL;
    }
    struct reader reader = {.arena = arena,
                            .start = text,
                            .at = text,
                            .end = text + length,
                            .line = text,
                            .line_number = 1,
                            .error = error};
    struct value *value = read_value(&reader);
    if (value) {
        skip_space(&reader);
        if (reader.at < reader.end) {
            fail_expected(&reader, "nothing after the value");
            value = NULL;
        }
    }
    text_free(&reader.decoded);
    return value;
}
