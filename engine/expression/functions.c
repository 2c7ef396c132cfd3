/*
 * The table of the library, and how functions read their arguments.
 */
#include <stdio.h>
#include <string.h>

#include "engine/expression/evaluation.h"

/* any() is in resolve.c: it does not wait for all of its arguments. */
static const struct function functions[] = {
    {"string", 0, ANY_NUMBER, TYPE_STRING, function_string, NULL},
    {"int", 1, 1, TYPE_INT, function_int, NULL},
    {"float", 1, 1, TYPE_FLOAT, function_float, NULL},
    {"bool", 1, 1, TYPE_BOOL, function_bool, NULL},
    {"list", 0, ANY_NUMBER, TYPE_ANY, function_list, NULL},
    {"join", 1, 2, TYPE_STRING, function_join, NULL},
    {"split", 1, 2, TYPE_ANY, function_split, NULL},
    {"trim", 1, 1, TYPE_STRING, function_trim, NULL},
    {"len", 1, 1, TYPE_INT, function_len, NULL},
    {"floor", 1, 1, TYPE_INT, function_floor, NULL},
    {"ceil", 1, 1, TYPE_INT, function_ceil, NULL},
    {"round", 1, 1, TYPE_INT, function_round, NULL},
    {"at", 2, 2, TYPE_ANY, function_at, NULL},
    {"chunk", 2, 2, TYPE_ANY, function_chunk, NULL},
    {"range", 1, 2, TYPE_ANY, function_range, NULL},
    {"map", 2, 2, TYPE_ANY, NULL, function_map},
    {"_wc", 2, 2, TYPE_ANY, NULL, function_map},
    {"filter", 2, 2, TYPE_ANY, function_filter, NULL},
    {"entries", 1, 1, TYPE_ANY, function_entries, NULL},
    {"eval", 1, 1, TYPE_ANY, NULL, function_eval},
    {"json", 1, 1, TYPE_ANY, function_json, NULL},
    {"tojson", 1, 1, TYPE_STRING, function_tojson, NULL},
    {"yaml", 1, 1, TYPE_ANY, function_yaml, NULL},
    {"toyaml", 1, 1, TYPE_STRING, function_toyaml, NULL},
    {"jq", 2, 2, TYPE_ANY, function_jq, NULL},
    {"shellquote", 0, ANY_NUMBER, TYPE_STRING, function_shellquote, NULL},
    {"shellparse", 1, 1, TYPE_ANY, function_shellparse, NULL},
    {"relpath", 1, 2, TYPE_STRING, NULL, function_relpath},
    {"abspath", 1, 2, TYPE_STRING, NULL, function_abspath},
    {"makepath", 2, 2, TYPE_STRING, function_makepath, NULL},
    {"date", 0, 1, TYPE_STRING, function_date, NULL},
};

const struct function *function_find(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (functions[i].name[0] == name[0] &&
            strlen(functions[i].name) == length &&
            memcmp(functions[i].name, name, length) == 0)
            return &functions[i];
    return NULL;
}

enum expression_function expression_function_of(const char *name, size_t length)
{
    static const struct {
        const char *name;
        enum expression_function function;
    } special[] = {
        {"jq", FUNCTION_BEFORE_RUN},     {"yaml", FUNCTION_BEFORE_RUN},
        {"toyaml", FUNCTION_BEFORE_RUN}, {"file", FUNCTION_IN_RUN},
        {"glob", FUNCTION_IN_RUN},       {"any", FUNCTION_ANYWHERE},
    };
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (strlen(special[i].name) == length &&
            memcmp(special[i].name, name, length) == 0)
            return special[i].function;
    return function_find(name, length) ? FUNCTION_ANYWHERE : FUNCTION_UNKNOWN;
}

void *call_fail(struct call *call, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int length = (int)(call->node->length > 40 ? 40 : call->node->length);
    return evaluation_fail(call->evaluation, call->node, "%.*s(): %s", length,
                           call->node->name, text);
}

const char *call_text(struct call *call, size_t index, size_t *length)
{
    const char *text = value_to_text(call->arena, call->values[index], length);
    if (evaluation_spend(call->evaluation, call->node, *length / 64) < 0)
        return NULL;
    return text;
}

int call_int(struct call *call, size_t index, int64_t *integer)
{
    if (value_to_int(call->values[index], integer, call->evaluation->error) ==
        0)
        return 0;
    call_fail(call, "argument %zu", index + 1);
    return -1;
}

const struct value *call_string(struct call *call, const struct text *text)
{
    if (text->length > EXPRESSION_STRING_LIMIT)
        return call_fail(call, "the text has more than %d bytes",
                         EXPRESSION_STRING_LIMIT);
    if (evaluation_spend(call->evaluation, call->node, text->length / 64) < 0)
        return NULL;
    return value_make_bytes(call->arena, text_string(text), text->length);
}
