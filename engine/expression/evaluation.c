/*
 * What resolving costs, and how it fails. Steps and memory are counted, so that names
 * that refer to each other and growing texts end with an error.
 */
#include "engine/expression/evaluation.h"

#include <stdio.h>

void *evaluation_fail(struct evaluation *evaluation,
                      const struct expression *node, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (error_is_set(evaluation->error))
        error_context(evaluation->error, "%s", text);
    else
        error_set(evaluation->error, ERROR_INPUT, "%s", text);
    evaluation->error->place.mark.offset = node->offset;
    return NULL;
}

int evaluation_spend(struct evaluation *evaluation,
                     const struct expression *node, size_t steps)
{
    evaluation->steps += steps;
    size_t used = arena_used(evaluation->arena) - evaluation->used_before;
    if (evaluation->steps <= EXPRESSION_STEPS_LIMIT &&
        used <= EXPRESSION_MEMORY_LIMIT)
        return 0;
    evaluation_fail(evaluation, node, "the expression takes too much %s",
                    used > EXPRESSION_MEMORY_LIMIT ? "memory" : "work");
    return -1;
}

const struct expression *evaluation_made(struct evaluation *evaluation,
                                         const struct expression *node,
                                         const struct value *value)
{
    return value ? node_of_value(evaluation->arena, value, node->offset) : NULL;
}
