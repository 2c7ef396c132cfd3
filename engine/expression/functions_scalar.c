/*
 * Functions on one value: casts, rounding, lengths, JSON.
 */
#include <math.h>
#include <string.h>

#include "engine/base/utf8.h"
#include "engine/expression/evaluation.h"
#include "engine/expression/lexer.h"

const struct value *function_string(struct call *call)
{
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; i < call->count; i++) {
        value_append_text(&text, call->values[i]);
        if (text.length > EXPRESSION_STRING_LIMIT)
            break;
    }
    return call_string(call, &text);
}

static int number_of(struct call *call, double *number)
{
    if (value_to_number(call->values[0], number, call->evaluation->error) == 0)
        return 0;
    call_fail(call, "the argument");
    return -1;
}

const struct value *function_int(struct call *call)
{
    int64_t integer;
    if (call_int(call, 0, &integer) < 0)
        return NULL;
    return value_make_int(call->arena, integer);
}

const struct value *function_float(struct call *call)
{
    double number;
    if (number_of(call, &number) < 0)
        return NULL;
    return value_make_float(call->arena, number);
}

const struct value *function_bool(struct call *call)
{
    return value_make_bool(call->arena, value_is_true(call->values[0]));
}

static const struct value *rounded(struct call *call,
                                   double (*round_off)(double))
{
    double number;
    int64_t integer;
    if (number_of(call, &number) < 0)
        return NULL;
    if (float_to_int(round_off(number), &integer, call->evaluation->error) < 0)
        return call_fail(call, "the argument");
    return value_make_int(call->arena, integer);
}

const struct value *function_floor(struct call *call)
{
    return rounded(call, floor);
}

const struct value *function_ceil(struct call *call)
{
    return rounded(call, ceil);
}

/* Halves go away from zero. */
const struct value *function_round(struct call *call)
{
    return rounded(call, round);
}

/* Bytes of a text. */
const struct value *function_len(struct call *call)
{
    const struct value *value = call->values[0];
    if (value->kind == VALUE_STRING)
        return value_make_int(call->arena, (int64_t)value->string.length);
    if (value->kind == VALUE_LIST || value->kind == VALUE_MAP)
        return value_make_int(call->arena, (int64_t)value_count(value));
    return call_fail(call, "expected a text, list or map, found %s",
                     value_kind_name(value->kind));
}

static bool is_blank(uint32_t code)
{
    static const uint32_t blanks[] = {' ',    0x85,   0xA0,   0x1680, 0x2028,
                                      0x2029, 0x202F, 0x205F, 0x3000};
    if ((code >= '\t' && code <= '\r') || (code >= 0x2000 && code <= 0x200A))
        return true;
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++)
        if (code == blanks[i])
            return true;
    return false;
}

const struct value *function_trim(struct call *call)
{
    const struct value *value = call->values[0];
    if (value->kind != VALUE_STRING)
        return call_fail(call, "expected a text, found %s",
                         value_kind_name(value->kind));
    const char *bytes = value->string.bytes;
    size_t length = value->string.length;
    if (evaluation_spend(call->evaluation, call->node, length / 64) < 0)
        return NULL;
    uint32_t code;
    size_t used;
    while ((used = utf8_decode(bytes, length, &code)) > 0 && is_blank(code)) {
        bytes += used;
        length -= used;
    }
    while (length > 0) {
        size_t start = length - 1;
        while (start > 0 && utf8_continues(bytes[start]))
            start--;
        if (utf8_decode(bytes + start, length - start, &code) == 0 ||
            !is_blank(code))
            break;
        length = start;
    }
    return value_make_bytes(call->arena, bytes, length);
}

const struct value *function_json(struct call *call)
{
    const struct value *value = call->values[0];
    if (value->kind != VALUE_STRING)
        return call_fail(call, "expected a text, found %s",
                         value_kind_name(value->kind));
    const char *bytes = value->string.bytes;
    size_t length = value->string.length;
    if (evaluation_spend(call->evaluation, call->node, length / 16) < 0)
        return NULL;
    struct error error = {0};
    size_t used;
    const struct value *read =
        literal_read(call->arena, bytes, length, &used, 0, &error);
    if (!read)
        return call_fail(call, "byte %u: %.150s", error.place.mark.offset,
                         error.text);
    while (used < length && strchr(" \t\r\n", bytes[used]) && bytes[used])
        used++;
    if (used < length)
        return call_fail(call, "byte %zu: text after the end of the value",
                         used);
    return read;
}

const struct value *function_tojson(struct call *call)
{
    CLEANUP(text_free) struct text text = {0};
    value_append_json(&text, call->values[0]);
    return call_string(call, &text);
}
