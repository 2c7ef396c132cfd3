/*
 * Tree and names -> tree in which everything known is calculated. One walk from
 * the leaves up: a node whose parts are known becomes a value, a name or call
 * becomes its answer, which is walked in turn, and the rest is copied with its
 * resolved parts (or shared, when nothing changed).
 *
 * Invariant: an answer that is a value ends the walk; its text is never parsed.
 */
#include <string.h>

#include "engine/expression/evaluation.h"

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
        return evaluation_made(evaluation, node,
                               walk_path(evaluation->arena, answer->value, path,
                                         length, &ignored));
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

static const struct expression *resolve_not(struct evaluation *evaluation,
                                            const struct expression *node)
{
    const struct expression *inner = resolve_node(evaluation, node->negated);
    if (!inner)
        return NULL;
    if (node_is_known(inner))
        return evaluation_made(
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
    if (node_is_known(left) && value_is_true(left->value) == settles)
        return left;
    const struct expression *right = resolve_node(evaluation, node->right);
    if (!right || node_is_known(left))
        return right;
    /* (x || known) || right: the known one decides too, or is never the result. */
    while (left->kind == NODE_BINARY && left->operator== node->operator&&
                                        node_is_known(left->right)) {
        if (value_is_true(left->right->value) == settles)
            return left;
        left = left->left;
    }
    if (node_is_known(right) && right->value->kind == VALUE_BOOL &&
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
    if (node_is_known(left) && node_is_known(right))
        return evaluation_made(
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
    if (node_is_known(condition))
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
    if (node_is_known(operand)) {
        if (spend_on_text(evaluation, node, operand->value) < 0)
            return NULL;
        const struct value *value = walk_path(arena, operand->value, node->name,
                                              node->length, evaluation->error);
        if (!value)
            return evaluation_fail(evaluation, node, "'.%.*s'",
                                   (int)(node->length > 40 ? 40 : node->length),
                                   node->name);
        return evaluation_made(evaluation, node, value);
    }
    if (operand == node->operand)
        return node;
    struct expression *copy = node_make(arena, NODE_PROPERTY, node->offset);
    copy->operand = operand;
    copy->name = node->name;
    copy->length = node->length;
    return copy;
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
