/*
 * Call -> what it gives. Arguments first; when all of them are known, a function of
 * the library is carried out, and any other is asked of the names. any() alone looks
 * at its arguments one by one.
 */
#include <string.h>

#include "engine/expression/evaluation.h"

/* any(): the first argument that is known, whatever it is; the rest is not
 * looked at. A spread list gives its first item. */
static const struct expression *resolve_any(struct evaluation *evaluation,
                                            const struct expression *node)
{
    struct argument *arguments = arena_allocate(
        evaluation->arena, (node->count + 1) * sizeof *arguments);
    bool unknown = false;
    for (size_t i = 0; i < node->count; i++) {
        const struct argument *argument = &node->arguments[i];
        const struct expression *known =
            resolve_node(evaluation, argument->expression);
        if (!known)
            return NULL;
        arguments[i] = (struct argument){known, argument->spread};
        unknown |= !node_is_known(known);
        if (!node_is_known(known) ||
            (argument->spread && is_none(known->value)))
            continue;
        if (!argument->spread)
            return known;
        if (known->value->kind != VALUE_LIST)
            return evaluation_fail(evaluation, known,
                                   "only a list can be spread with '...'");
        if (known->value->list.count > 0)
            return evaluation_made(evaluation, node,
                                   known->value->list.items[0]);
    }
    if (!unknown)
        return expression_none();
    struct expression *copy =
        node_make(evaluation->arena, NODE_CALL, node->offset);
    *copy = *node;
    copy->arguments = arguments;
    return copy;
}

/* A cast of what has the type already is the thing itself; only a sum may turn
 * out to be another type than it seems. */
static bool is_needless_cast(const struct expression *node,
                             const struct function *function)
{
    static const char *const casts[] = {"string", "bool", "int", "float"};
    if (node->count != 1 || node->arguments[0].spread)
        return false;
    const struct expression *inner = node->arguments[0].expression;
    if (node_type(inner) != function->type)
        return false;
    if (function->type == TYPE_FLOAT && !node_is_known(inner))
        return false;
    for (size_t i = 0; i < sizeof casts / sizeof *casts; i++)
        if (strcmp(function->name, casts[i]) == 0)
            return true;
    return false;
}

/* Resolved arguments; *unknown: how many are not static. */
static const struct expression *with_arguments(struct evaluation *evaluation,
                                               const struct expression *node,
                                               size_t *unknown)
{
    struct argument *copies = NULL;
    for (size_t i = 0; i < node->count; i++) {
        const struct argument *argument = &node->arguments[i];
        const struct expression *resolved =
            resolve_node(evaluation, argument->expression);
        if (!resolved)
            return NULL;
        *unknown += !node_is_known(resolved);
        if (!copies && resolved == argument->expression)
            continue;
        if (!copies) {
            copies =
                arena_allocate(evaluation->arena, node->count * sizeof *copies);
            memcpy(copies, node->arguments, node->count * sizeof *copies);
        }
        copies[i].expression = resolved;
    }
    if (!copies)
        return node;
    struct expression *copy =
        node_make(evaluation->arena, NODE_CALL, node->offset);
    *copy = *node;
    copy->arguments = copies;
    return copy;
}

/* Values of the static arguments with lists spread; NULL on error. */
static const struct value **spread(struct evaluation *evaluation,
                                   const struct expression *node, size_t *count)
{
    size_t room = 1;
    for (size_t i = 0; i < node->count; i++) {
        const struct value *value = node->arguments[i].expression->value;
        if (!node->arguments[i].spread)
            room++;
        else if (value->kind == VALUE_LIST)
            room += value->list.count;
        else if (!is_none(value))
            return evaluation_fail(evaluation, node->arguments[i].expression,
                                   "only a list can be spread with '...', "
                                   "found %s",
                                   value_kind_name(value->kind));
    }
    const struct value **values =
        arena_allocate(evaluation->arena, room * sizeof(struct value *));
    for (size_t i = 0; i < node->count; i++) {
        const struct value *value = node->arguments[i].expression->value;
        if (!node->arguments[i].spread)
            values[(*count)++] = value;
        else
            for (size_t j = 0; j < value_count(value); j++)
                values[(*count)++] = value->list.items[j];
    }
    return values;
}

static const struct expression *call_library(struct evaluation *evaluation,
                                             const struct expression *node,
                                             const struct function *function)
{
    struct call call = {
        .evaluation = evaluation, .arena = evaluation->arena, .node = node};
    call.values = spread(evaluation, node, &call.count);
    if (!call.values || evaluation_spend(evaluation, node, call.count / 4) < 0)
        return NULL;
    if (call.count < function->least || call.count > function->most)
        return evaluation_fail(
            evaluation, node, "%s() has %zu arguments, expected %zu%s",
            function->name, call.count,
            call.count < function->least ? function->least : function->most,
            function->least < function->most
                ? call.count < function->least ? " or more" : " at most"
                : "");
    if (function->value)
        return evaluation_made(evaluation, node, function->value(&call));
    const struct expression *result = function->expand(&call);
    if (!result || node_is_known(result))
        return result;
    return resolve_node(evaluation, result);
}

static const struct expression *call_names(struct evaluation *evaluation,
                                           const struct expression *node)
{
    const struct expression_names *names = evaluation->names;
    struct expression_call call = {.name = node->name, .length = node->length};
    if (!names)
        return node;
    call.arguments = spread(evaluation, node, &call.count);
    if (!call.arguments)
        return NULL;
    for (; names; names = names->next) {
        const struct expression *answer = NULL;
        if (!names->call)
            continue;
        int known = names->call(names->context, evaluation->arena, &call,
                                &answer, evaluation->error);
        if (known < 0) {
            evaluation->error->place.mark.offset = node->offset;
            return NULL;
        }
        if (known == 0)
            continue;
        if (node_is_known(answer))
            return answer;
        return resolve_node(evaluation,
                            node_at(evaluation->arena, answer, node->offset));
    }
    return node;
}

const struct expression *resolve_call(struct evaluation *evaluation,
                                      const struct expression *node)
{
    if (node->length == 3 && memcmp(node->name, "any", 3) == 0)
        return resolve_any(evaluation, node);
    size_t unknown = 0;
    node = with_arguments(evaluation, node, &unknown);
    if (!node)
        return NULL;
    const struct function *function = function_find(node->name, node->length);
    if (function && is_needless_cast(node, function))
        return node->arguments[0].expression;
    if (unknown > 0)
        return node;
    return function ? call_library(evaluation, node, function)
                    : call_names(evaluation, node);
}
