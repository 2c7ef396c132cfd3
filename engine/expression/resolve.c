/*
 * Tree and names -> tree in which everything known is calculated. One walk from
 * the leaves up: a node whose parts are known becomes a value, a name or call
 * becomes its answer, which is walked in turn, and the rest is copied with its
 * resolved parts (or shared, when nothing changed).
 *
 * Invariant: an answer that is a value ends the walk; its text is never parsed.
 * Depth, steps and memory are counted, so that names that refer to each other
 * and growing texts end with an error.
 */
#include <stdio.h>
#include <string.h>

#include "engine/expression/evaluation.h"

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

static const struct expression *made(struct evaluation *evaluation,
                                     const struct expression *node,
                                     const struct value *value)
{
    return value ? node_of_value(evaluation->arena, value, node->offset) : NULL;
}

/* What is behind `path` ("b.c") in a known value; NULL with the error set. */
static const struct value *walk_path(struct arena *arena,
                                     const struct value *value,
                                     const char *path, size_t length,
                                     struct error *error)
{
    const char *end = path + length;
    while (value && path <= end) {
        const char *dot = memchr(path, '.', (size_t)(end - path));
        const char *stop = dot ? dot : end;
        const struct value *key =
            value_make_bytes(arena, path, (size_t)(stop - path));
        value = value_at(arena, value, key, error);
        path = stop + 1;
    }
    return value;
}

/* Counts the characters that looking into a text passes. */
static int spend_on_text(struct evaluation *evaluation,
                         const struct expression *node,
                         const struct value *value)
{
    size_t length = value->kind == VALUE_STRING ? value->string.length : 0;
    return evaluation_spend(evaluation, node, length / 64);
}

/* The answer for the beginning of a name, with the rest looked up in it. NULL
 * when it is not there: the name is not known then. */
static const struct expression *with_path(struct evaluation *evaluation,
                                          const struct expression *node,
                                          const struct expression *answer,
                                          size_t known)
{
    if (known == node->length)
        return node_at(evaluation->arena, answer, node->offset);
    struct error ignored = {0};
    const char *path = node->name + known + 1;
    size_t length = node->length - known - 1;
    if (answer->kind == NODE_VALUE) {
        if (spend_on_text(evaluation, node, answer->value) < 0)
            return NULL;
        return made(evaluation, node,
                    walk_path(evaluation->arena, answer->value, path, length,
                              &ignored));
    }
    struct expression *property =
        node_make(evaluation->arena, NODE_PROPERTY, node->offset);
    property->operand = node_at(evaluation->arena, answer, node->offset);
    property->name = path;
    property->length = length;
    return property;
}

/* Asks for the whole name, then for its beginnings. NULL: not known here, or
 * the error is set. */
static const struct expression *ask_name(struct evaluation *evaluation,
                                         const struct expression_names *names,
                                         const struct expression *node,
                                         struct error *error)
{
    size_t length = node->length;
    while (length > 0) {
        const struct expression *answer = NULL;
        int known = names->name(names->context, evaluation->arena, node->name,
                                length, &answer, error);
        if (known > 0)
            answer = with_path(evaluation, node, answer, length);
        if (known > 0 && answer)
            return answer;
        do
            length--;
        while (length > 0 && node->name[length] != '.');
    }
    return NULL;
}

static const struct expression *find_name(struct evaluation *evaluation,
                                          const struct expression *node)
{
    const struct expression_names *names = evaluation->names;
    struct error error;
    error.kind = ERROR_NONE; /* not all of it: names are many, errors few */
    error.place.file[0] = '\0';
    error.place.mark = (struct mark){0};
    for (; names; names = names->next) {
        const struct expression *answer =
            names->name ? ask_name(evaluation, names, node, &error) : NULL;
        if (answer)
            return answer;
    }
    if (error_is_set(evaluation->error))
        return NULL;
    if (error_is_set(&error)) {
        *evaluation->error = error;
        evaluation->error->place.mark.offset = node->offset;
        return NULL;
    }
    return node;
}

static const struct expression *resolve_name(struct evaluation *evaluation,
                                             const struct expression *node)
{
    const struct expression *answer = find_name(evaluation, node);
    if (!answer || answer == node || answer->kind == NODE_VALUE)
        return answer;
    bool itself = answer->kind == NODE_NAME && answer->length == node->length &&
                  memcmp(answer->name, node->name, node->length) == 0;
    if (itself)
        return node;
    return resolve_node(evaluation, answer);
}

static bool is_static(const struct expression *node)
{
    return node->kind == NODE_VALUE;
}

static const struct expression *resolve_not(struct evaluation *evaluation,
                                            const struct expression *node)
{
    const struct expression *inner = resolve_node(evaluation, node->negated);
    if (!inner)
        return NULL;
    if (is_static(inner))
        return made(
            evaluation, node,
            value_make_bool(evaluation->arena, !value_is_true(inner->value)));
    if (inner == node->negated)
        return node;
    struct expression *copy =
        node_make(evaluation->arena, NODE_NOT, node->offset);
    copy->negated = inner;
    return copy;
}

static const struct expression *with_operands(struct evaluation *evaluation,
                                              const struct expression *node,
                                              const struct expression *left,
                                              const struct expression *right)
{
    if (left == node->left && right == node->right)
        return node;
    struct expression *copy =
        node_make(evaluation->arena, NODE_BINARY, node->offset);
    copy->operator= node->operator;
    copy->left = left;
    copy->right = right;
    return copy;
}

/* `&&` and `||` give one of their operands. A known left one decides, and the
 * other is not looked at; a known right one only between truth values. */
static const struct expression *resolve_logic(struct evaluation *evaluation,
                                              const struct expression *node)
{
    bool settles = node->operator== OPERATOR_OR;
    const struct expression *left = resolve_node(evaluation, node->left);
    if (!left)
        return NULL;
    if (is_static(left) && value_is_true(left->value) == settles)
        return left;
    const struct expression *right = resolve_node(evaluation, node->right);
    if (!right || is_static(left))
        return right;
    /* (x || known) || right: the known one decides too, or is never the result. */
    while (left->kind == NODE_BINARY && left->operator== node->operator&&
                                        is_static(left->right)) {
        if (value_is_true(left->right->value) == settles)
            return left;
        left = left->left;
    }
    if (is_static(right) && right->value->kind == VALUE_BOOL &&
        node_type(left) == TYPE_BOOL)
        return right->value->boolean == settles ? right : left;
    return with_operands(evaluation, node, left, right);
}

static const struct expression *resolve_binary(struct evaluation *evaluation,
                                               const struct expression *node)
{
    if (operator_table[node->operator].priority == PRIORITY_LOGIC)
        return resolve_logic(evaluation, node);
    const struct expression *left = resolve_node(evaluation, node->left);
    const struct expression *right =
        left ? resolve_node(evaluation, node->right) : NULL;
    if (!right)
        return NULL;
    if (is_static(left) && is_static(right))
        return made(
            evaluation, node,
            operator_apply(evaluation, node, left->value, right->value));
    return with_operands(evaluation, node, left, right);
}

static const struct expression *
resolve_conditional(struct evaluation *evaluation,
                    const struct expression *node)
{
    const struct expression *condition =
        resolve_node(evaluation, node->condition);
    if (!condition)
        return NULL;
    if (is_static(condition))
        return resolve_node(
            evaluation, value_is_true(condition->value) ? node->yes : node->no);
    const struct expression *yes = resolve_node(evaluation, node->yes);
    const struct expression *no =
        yes ? resolve_node(evaluation, node->no) : NULL;
    if (!no)
        return NULL;
    if (condition == node->condition && yes == node->yes && no == node->no)
        return node;
    struct expression *copy =
        node_make(evaluation->arena, NODE_CONDITIONAL, node->offset);
    copy->condition = condition;
    copy->yes = yes;
    copy->no = no;
    return copy;
}

static const struct expression *resolve_property(struct evaluation *evaluation,
                                                 const struct expression *node)
{
    struct arena *arena = evaluation->arena;
    const struct expression *operand = resolve_node(evaluation, node->operand);
    if (!operand)
        return NULL;
    if (is_static(operand)) {
        if (spend_on_text(evaluation, node, operand->value) < 0)
            return NULL;
        const struct value *value = walk_path(arena, operand->value, node->name,
                                              node->length, evaluation->error);
        if (!value)
            return evaluation_fail(evaluation, node, "'.%.*s'",
                                   (int)(node->length > 40 ? 40 : node->length),
                                   node->name);
        return made(evaluation, node, value);
    }
    if (operand == node->operand)
        return node;
    struct expression *copy = node_make(arena, NODE_PROPERTY, node->offset);
    copy->operand = operand;
    copy->name = node->name;
    copy->length = node->length;
    return copy;
}

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
        unknown |= !is_static(known);
        if (!is_static(known) || (argument->spread && is_none(known->value)))
            continue;
        if (!argument->spread)
            return known;
        if (known->value->kind != VALUE_LIST)
            return evaluation_fail(evaluation, known,
                                   "only a list can be spread with '...'");
        if (known->value->list.count > 0)
            return made(evaluation, node, known->value->list.items[0]);
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
    if (function->type == TYPE_FLOAT && !is_static(inner))
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
        *unknown += !is_static(resolved);
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
        return made(evaluation, node, function->value(&call));
    const struct expression *result = function->expand(&call);
    if (!result || is_static(result))
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
        if (is_static(answer))
            return answer;
        return resolve_node(evaluation,
                            node_at(evaluation->arena, answer, node->offset));
    }
    return node;
}

static const struct expression *resolve_call(struct evaluation *evaluation,
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

const struct expression *resolve_node(struct evaluation *evaluation,
                                      const struct expression *node)
{
    static const struct expression *(*const resolvers[])(
        struct evaluation *, const struct expression *) = {
        [NODE_NAME] = resolve_name,
        [NODE_CALL] = resolve_call,
        [NODE_PROPERTY] = resolve_property,
        [NODE_NOT] = resolve_not,
        [NODE_BINARY] = resolve_binary,
        [NODE_CONDITIONAL] = resolve_conditional,
    };
    if (node->kind == NODE_VALUE)
        return node;
    if (evaluation->depth >= EXPRESSION_RESOLVE_DEPTH_LIMIT)
        return evaluation_fail(evaluation, node,
                               "too deep: does a name refer to itself?");
    if (evaluation_spend(evaluation, node, 1) < 0)
        return NULL;
    evaluation->depth++;
    const struct expression *resolved = resolvers[node->kind](evaluation, node);
    evaluation->depth--;
    return resolved;
}

const struct expression *
expression_resolve(struct arena *arena, const struct expression *expression,
                   const struct expression_names *names, struct error *error)
{
    struct evaluation evaluation = {
        .arena = arena,
        .names = names,
        .error = error,
        .used_before = arena_used(arena),
    };
    return resolve_node(&evaluation, expression);
}

static bool first_argument(const struct expression *call,
                           struct expression_reference *reference)
{
    for (size_t i = 0; i < call->count; i++)
        if (expression_first_name(call->arguments[i].expression, reference))
            return true;
    return false;
}

bool expression_first_name(const struct expression *node,
                           struct expression_reference *reference)
{
    bool call = node->kind == NODE_CALL;
    switch (node->kind) {
    case NODE_VALUE:
        return false;
    case NODE_PROPERTY:
        return expression_first_name(node->operand, reference);
    case NODE_NOT:
        return expression_first_name(node->negated, reference);
    case NODE_BINARY:
        return expression_first_name(node->left, reference) ||
               expression_first_name(node->right, reference);
    case NODE_CONDITIONAL:
        return expression_first_name(node->condition, reference) ||
               expression_first_name(node->yes, reference) ||
               expression_first_name(node->no, reference);
    case NODE_CALL:
    case NODE_NAME:
        break;
    }
    if (call && function_find(node->name, node->length))
        return first_argument(node, reference);
    *reference = (struct expression_reference){node->name, node->length,
                                               node->offset, call};
    return true;
}
