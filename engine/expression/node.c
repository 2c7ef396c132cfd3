/*
 * Making nodes and asking what they are without resolving them.
 */
#include "engine/expression/node.h"

#include <string.h>

const struct value none_value = {.kind = VALUE_NULL};

static const struct expression none_node = {
    .kind = NODE_VALUE,
    .value = &none_value,
};

struct expression *node_make(struct arena *arena, enum node_kind kind,
                             size_t offset)
{
    struct expression *node = arena_allocate(arena, sizeof *node);
    node->kind = kind;
    node->offset = (uint32_t)offset;
    return node;
}

const struct expression *node_of_value(struct arena *arena,
                                       const struct value *value, size_t offset)
{
    struct expression *node = node_make(arena, NODE_VALUE, offset);
    node->value = value;
    return node;
}

struct expression *node_of_name(struct arena *arena, const char *name,
                                size_t length, size_t offset)
{
    struct expression *node = node_make(arena, NODE_NAME, offset);
    node->name = arena_copy(arena, name, length);
    node->length = length;
    return node;
}

struct expression *node_of_call(struct arena *arena, const char *name,
                                const struct argument *arguments, size_t count,
                                size_t offset)
{
    struct expression *node = node_make(arena, NODE_CALL, offset);
    node->name = name;
    node->length = strlen(name);
    node->arguments = arguments;
    node->count = count;
    return node;
}

static const struct argument *
arguments_at(struct arena *arena, const struct expression *call, size_t offset)
{
    struct argument *copy =
        arena_allocate(arena, (call->count + 1) * sizeof *copy);
    for (size_t i = 0; i < call->count; i++)
        copy[i] = (struct argument){
            node_at(arena, call->arguments[i].expression, offset),
            call->arguments[i].spread,
        };
    return copy;
}

const struct expression *
node_at(struct arena *arena, const struct expression *expression, size_t offset)
{
    if (expression->kind == NODE_VALUE)
        return expression;
    struct expression *copy = node_make(arena, expression->kind, offset);
    *copy = *expression;
    copy->offset = (uint32_t)offset;
    switch (expression->kind) {
    case NODE_VALUE:
    case NODE_NAME:
        break;
    case NODE_CALL:
        copy->arguments = arguments_at(arena, expression, offset);
        break;
    case NODE_PROPERTY:
        copy->operand = node_at(arena, expression->operand, offset);
        break;
    case NODE_NOT:
        copy->negated = node_at(arena, expression->negated, offset);
        break;
    case NODE_BINARY:
        copy->left = node_at(arena, expression->left, offset);
        copy->right = node_at(arena, expression->right, offset);
        break;
    case NODE_CONDITIONAL:
        copy->condition = node_at(arena, expression->condition, offset);
        copy->yes = node_at(arena, expression->yes, offset);
        copy->no = node_at(arena, expression->no, offset);
        break;
    }
    return copy;
}

bool expression_is_static(const struct expression *expression)
{
    return expression->kind == NODE_VALUE;
}

const struct expression *expression_none(void)
{
    return &none_node;
}

const struct expression *expression_of_value(struct arena *arena,
                                             const struct value *value)
{
    if (!value || value->kind == VALUE_NULL)
        return &none_node;
    return node_of_value(arena, value, 0);
}

const struct expression *expression_of_string(struct arena *arena,
                                              const char *string)
{
    return node_of_value(arena, value_make_string(arena, string), 0);
}

const struct expression *expression_of_name(struct arena *arena,
                                            const char *name)
{
    return node_of_name(arena, name, strlen(name), 0);
}

/* `.*` with white space around the dot, which is how a name may be written. */
static bool has_wildcard(const char *name, size_t length)
{
    return memchr(name, '*', length) != NULL;
}

bool node_is_wildcard(const struct expression *expression)
{
    if (expression->kind == NODE_NAME)
        return has_wildcard(expression->name, expression->length);
    if (!node_is(expression, "_wc", 2))
        return false;
    const struct expression *list = expression->arguments[0].expression;
    return list->kind == NODE_NAME || node_is_wildcard(list);
}

/* Depth is that of the tree, which the parser and resolving bound. */
void node_visit(const struct expression *node, node_visitor *found,
                void *context)
{
    switch (node->kind) {
    case NODE_VALUE:
    case NODE_NAME:
        break;
    case NODE_CALL:
        for (size_t i = 0; i < node->count; i++)
            node_visit(node->arguments[i].expression, found, context);
        break;
    case NODE_PROPERTY:
        node_visit(node->operand, found, context);
        break;
    case NODE_NOT:
        node_visit(node->negated, found, context);
        break;
    case NODE_BINARY:
        node_visit(node->left, found, context);
        node_visit(node->right, found, context);
        break;
    case NODE_CONDITIONAL:
        node_visit(node->condition, found, context);
        node_visit(node->yes, found, context);
        node_visit(node->no, found, context);
        break;
    }
    found(context, node);
}

struct name_visit {
    void (*found)(void *context, const char *name, size_t length);
    void *context;
};

static void visit_name(void *context, const struct expression *node)
{
    const struct name_visit *visit = context;
    if (node->kind == NODE_NAME)
        visit->found(visit->context, node->name, node->length);
}

void expression_visit_names(const struct expression *expression,
                            void (*found)(void *context, const char *name,
                                          size_t length),
                            void *context)
{
    struct name_visit visit = {found, context};
    node_visit(expression, visit_name, &visit);
}

struct reference_visit {
    void (*found)(void *context, const struct expression_reference *call);
    void *context;
};

static void visit_call(void *context, const struct expression *node)
{
    const struct reference_visit *visit = context;
    struct expression_reference call = {node->name, node->length, node->offset,
                                        true};
    if (node->kind == NODE_CALL)
        visit->found(visit->context, &call);
}

void expression_visit_calls(
    const struct expression *expression,
    void (*found)(void *context, const struct expression_reference *call),
    void *context)
{
    struct reference_visit visit = {found, context};
    node_visit(expression, visit_call, &visit);
}

static void visit_reference(void *context, const struct expression *node)
{
    const struct reference_visit *visit = context;
    struct expression_reference reference = {
        node->name, node->length, node->offset, node->kind == NODE_CALL};
    if (node->kind == NODE_CALL || node->kind == NODE_NAME)
        visit->found(visit->context, &reference);
}

void expression_visit_references(
    const struct expression *expression,
    void (*found)(void *context, const struct expression_reference *reference),
    void *context)
{
    struct reference_visit visit = {found, context};
    node_visit(expression, visit_reference, &visit);
}
