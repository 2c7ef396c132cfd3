/*
 * Values -> texts, numbers and truth.
 *
 * Floats have two texts. In a text (templates, ==, join) they have the fewest
 * digits with an exponent when it is below -4 or at least 6 (1e+06); printed as
 * part of an expression or JSON they are plain from 1e-6 up to 1e21 (1000000).
 */
#include "engine/expression/convert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/base/number.h"
#include "engine/base/utf8.h"

bool value_is_true(const struct value *value)
{
    static const char *const no[] = {"", "false", "0", "off"};
    switch (value->kind) {
    case VALUE_NULL:
        return !is_none(value);
    case VALUE_BOOL:
        return value->boolean;
    case VALUE_INT:
        return value->integer != 0;
    case VALUE_FLOAT:
        return value->number != 0;
    case VALUE_STRING:
        for (size_t i = 0; i < sizeof no / sizeof *no; i++)
            if (value->string.length == strlen(no[i]) &&
                memcmp(value->string.bytes, no[i], strlen(no[i])) == 0)
                return false;
        return true;
    case VALUE_LIST:
    case VALUE_MAP:
        return value_count(value) > 0;
    }
    return false;
}

/* The words that are numbers; "nan" has no sign. */
static bool parse_word(const char *text, double *number)
{
    bool negative = text[0] == '-';
    const char *word = text + (text[0] == '-' || text[0] == '+');
    if (strcasecmp(text, "nan") == 0)
        *number = (double)NAN;
    else if (strcasecmp(word, "inf") == 0 || strcasecmp(word, "infinity") == 0)
        *number = negative ? -(double)INFINITY : (double)INFINITY;
    else
        return false;
    return true;
}

static int text_to_number(const char *text, size_t length, double *number,
                          struct error *error)
{
    if (number_parse_float(text, length, number))
        return 0;
    if (length == strlen(text) && parse_word(text, number))
        return 0;
    int shown = length > 40 ? 40 : (int)length;
    return error_set(error, ERROR_INPUT, "'%.*s' is not a number", shown, text);
}

int value_to_number(const struct value *value, double *number,
                    struct error *error)
{
    switch (value->kind) {
    case VALUE_INT:
        *number = (double)value->integer;
        return 0;
    case VALUE_FLOAT:
        *number = value->number;
        return 0;
    case VALUE_STRING:
        return text_to_number(value->string.bytes, value->string.length, number,
                              error);
    case VALUE_LIST:
        if (value->list.count == 1)
            return value_to_number(value->list.items[0], number, error);
        break;
    case VALUE_NULL:
        *number = 0;
        if (is_none(value))
            return 0;
        break;
    case VALUE_BOOL:
    case VALUE_MAP:
        break;
    }
    return error_set(error, ERROR_INPUT, "expected a number, found %s",
                     value_kind_name(value->kind));
}

int float_to_int(double number, int64_t *integer, struct error *error)
{
    if (!(number >= -0x1p63 && number < 0x1p63))
        return error_set(error, ERROR_INPUT,
                         "%g is out of the range of whole numbers", number);
    *integer = (int64_t)number;
    return 0;
}

int value_to_int(const struct value *value, int64_t *integer,
                 struct error *error)
{
    if (value->kind == VALUE_INT) {
        *integer = value->integer;
        return 0;
    }
    double number = 0;
    if (value_to_number(value, &number, error) < 0)
        return -1;
    return float_to_int(number, integer, error);
}

/* d.ddde+XX */
static void append_exponent(struct text *text, const char *digits, size_t count,
                            int exponent)
{
    text_append(text, digits, 1);
    if (count > 1) {
        text_append_character(text, '.');
        text_append(text, digits + 1, count - 1);
    }
    text_append_format(text, "e%c%02d", exponent < 0 ? '-' : '+',
                       exponent < 0 ? -exponent : exponent);
}

static void append_plain(struct text *text, const char *digits, size_t count,
                         int exponent)
{
    if (exponent < 0)
        text_append_string(text, "0.");
    for (int i = exponent + 1; i < 0; i++)
        text_append_character(text, '0');
    for (int i = 0; i < (int)count || i <= exponent; i++) {
        if (i > 0 && i == exponent + 1)
            text_append_character(text, '.');
        text_append_character(text, i < (int)count ? digits[i] : '0');
    }
}

/* d.ddde+XX of a number: its digits without zeros at either end. */
struct decimal {
    char digits[NUMBER_TEXT];
    size_t count;
    int exponent;
};

/* Takes them from what the one printer of floats has printed, without sign. */
static void read_decimal(const char *at, struct decimal *decimal)
{
    char *digits = decimal->digits;
    size_t count = 0;
    int exponent = -1;
    bool point = false;
    for (; *at != '\0' && *at != 'e'; at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        if (count > 0 || *at != '0')
            digits[count++] = *at;
        if (count > 0 && !point)
            exponent++;
        if (count == 0 && point)
            exponent--;
    }
    if (*at == 'e') {
        int shift = 0;
        for (const char *digit = at + 2; *digit != '\0'; digit++)
            shift = 10 * shift + (*digit - '0');
        exponent += at[1] == '-' ? -shift : shift;
    }
    while (count > 1 && digits[count - 1] == '0')
        count--;
    decimal->count = count;
    decimal->exponent = exponent;
}

static void append_float(struct text *text, double number)
{
    if (isnan(number)) {
        text_append_string(text, "NaN");
        return;
    }
    if (isinf(number)) {
        text_append_string(text, number < 0 ? "-Inf" : "+Inf");
        return;
    }
    char printed[NUMBER_TEXT];
    struct decimal decimal;
    number_print_float(number, printed);
    bool negative = printed[0] == '-';
    if (negative)
        text_append_character(text, '-');
    read_decimal(printed + negative, &decimal);
    if (decimal.count == 0)
        text_append_character(text, '0');
    else if (decimal.exponent < -4 || decimal.exponent >= 6)
        append_exponent(text, decimal.digits, decimal.count, decimal.exponent);
    else
        append_plain(text, decimal.digits, decimal.count, decimal.exponent);
}

static void append_list(struct text *text, const struct value *list)
{
    for (size_t i = 0; i < list->list.count; i++) {
        if (i > 0)
            text_append_character(text, ',');
        value_append_text(text, list->list.items[i]);
    }
}

void value_append_text(struct text *text, const struct value *value)
{
    char printed[NUMBER_TEXT];
    switch (value->kind) {
    case VALUE_NULL:
        if (!is_none(value))
            text_append_string(text, "null");
        break;
    case VALUE_BOOL:
        text_append_string(text, value->boolean ? "true" : "false");
        break;
    case VALUE_INT:
        text_append(text, printed, number_print_int(value->integer, printed));
        break;
    case VALUE_FLOAT:
        append_float(text, value->number);
        break;
    case VALUE_STRING:
        text_append(text, value->string.bytes, value->string.length);
        break;
    case VALUE_LIST:
        append_list(text, value);
        break;
    case VALUE_MAP:
        value_append_json(text, value);
        break;
    }
}

const char *value_to_text(struct arena *arena, const struct value *value,
                          size_t *length)
{
    size_t unused;
    if (!length)
        length = &unused;
    if (value->kind == VALUE_STRING) {
        *length = value->string.length;
        return value->string.bytes;
    }
    CLEANUP(text_free) struct text text = {0};
    value_append_text(&text, value);
    *length = text.length;
    return arena_copy(arena, text_string(&text), text.length);
}

void value_append_json(struct text *text, const struct value *value)
{
    value_write_json(text, value, JSON_SORT | JSON_HTML_SAFE);
}

struct value *value_share(struct arena *arena, const struct value *value)
{
    if (is_none(value))
        return value_make_null(arena);
    struct value *copy = arena_allocate(arena, sizeof *copy);
    *copy = *value;
    return copy;
}

static const struct value *character_at(struct arena *arena,
                                        const struct value *value,
                                        int64_t index, size_t *count)
{
    const char *bytes = value->string.bytes;
    size_t left = value->string.length;
    for (*count = 0; left > 0; ++*count) {
        uint32_t code;
        size_t used = utf8_decode(bytes, left, &code);
        used = used > 0 ? used : 1;
        if (index >= 0 && *count == (size_t)index)
            return value_make_bytes(arena, bytes, used);
        bytes += used;
        left -= used;
    }
    return NULL;
}

/* A part of a list or text by its index from 0. */
static const struct value *part_at(struct arena *arena,
                                   const struct value *value,
                                   const struct value *key, struct error *error)
{
    int64_t index = 0;
    if (value_to_int(key, &index, error) < 0) {
        error_context(error, "the index of a %s", value_kind_name(value->kind));
        return NULL;
    }
    const struct value *part = NULL;
    size_t count = value_count(value);
    if (value->kind == VALUE_STRING)
        part = character_at(arena, value, index, &count);
    else if (index >= 0 && (uint64_t)index < count)
        part = value->list.items[index];
    if (!part)
        error_set(error, ERROR_INPUT,
                  "index %lld is out of bounds, the %s has %zu",
                  (long long)index, value->kind == VALUE_LIST ? "list" : "text",
                  count);
    return part;
}

const struct value *value_at(struct arena *arena, const struct value *value,
                             const struct value *key, struct error *error)
{
    if (value->kind == VALUE_LIST || value->kind == VALUE_STRING)
        return part_at(arena, value, key, error);
    if (value->kind != VALUE_MAP) {
        error_set(error, ERROR_INPUT,
                  "expected a list, a map or a text to look into, found %s",
                  is_none(value) ? "none" : value_kind_name(value->kind));
        return NULL;
    }
    size_t length;
    const char *name = value_to_text(arena, key, &length);
    const struct value *found = value_get_bytes(value, name, length);
    return found ? found : &none_value;
}

bool expression_truth(const struct expression *expression)
{
    return expression->kind == NODE_VALUE && value_is_true(expression->value);
}

const struct value *expression_value(struct arena *arena,
                                     const struct expression *expression)
{
    (void)arena;
    return expression->kind == NODE_VALUE ? expression->value : NULL;
}

char *expression_text(struct arena *arena, const struct expression *expression)
{
    if (expression->kind != NODE_VALUE)
        return NULL;
    size_t length;
    const char *text = value_to_text(arena, expression->value, &length);
    return arena_copy(arena, text, length);
}
