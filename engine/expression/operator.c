/*
 * Operators: their table, and what they give for two known values. `&&`, `||`
 * and `?:` choose an operand and are in resolve.c.
 */
#include <math.h>
#include <string.h>

#include "engine/expression/evaluation.h"

const struct operator_entry operator_table[OPERATORS] = {
    [OPERATOR_POWER] = {"**", 4, TYPE_FLOAT},
    [OPERATOR_MULTIPLY] = {"*", 3, TYPE_FLOAT},
    [OPERATOR_DIVIDE] = {"/", 3, TYPE_FLOAT},
    [OPERATOR_MODULO] = {"%", 3, TYPE_FLOAT},
    [OPERATOR_ADD] = {"+", 2, TYPE_ANY}, /* see node_type */
    [OPERATOR_SUBTRACT] = {"-", 2, TYPE_FLOAT},
    [OPERATOR_EQUAL] = {"==", 1, TYPE_BOOL},
    [OPERATOR_SAME] = {"=", 1, TYPE_BOOL},
    [OPERATOR_NOT_EQUAL] = {"!=", 1, TYPE_BOOL},
    [OPERATOR_DIFFERENT] = {"<>", 1, TYPE_BOOL},
    [OPERATOR_LESS_EQUAL] = {"<=", 1, TYPE_BOOL},
    [OPERATOR_GREATER_EQUAL] = {">=", 1, TYPE_BOOL},
    [OPERATOR_LESS] = {"<", 1, TYPE_BOOL},
    [OPERATOR_GREATER] = {">", 1, TYPE_BOOL},
    [OPERATOR_AND] = {"&&", PRIORITY_LOGIC, TYPE_ANY},
    [OPERATOR_OR] = {"||", PRIORITY_LOGIC, TYPE_ANY},
};

static enum static_type binary_type(const struct expression *node)
{
    enum static_type left = node_type(node->left);
    enum static_type right = node_type(node->right);
    if (node->operator== OPERATOR_AND || node->operator== OPERATOR_OR)
        return left == right ? left : TYPE_ANY;
    if (node->operator!= OPERATOR_ADD)
        return operator_table[node->operator].type;
    if (left == TYPE_STRING || right == TYPE_STRING)
        return TYPE_STRING;
    return left != TYPE_ANY || right != TYPE_ANY ? TYPE_FLOAT : TYPE_ANY;
}

static enum static_type value_type(const struct value *value)
{
    switch (value->kind) {
    case VALUE_BOOL:
        return TYPE_BOOL;
    case VALUE_INT:
        return TYPE_INT;
    case VALUE_FLOAT:
        return TYPE_FLOAT;
    case VALUE_STRING:
        return TYPE_STRING;
    case VALUE_NULL:
    case VALUE_LIST:
    case VALUE_MAP:
        break;
    }
    return TYPE_ANY;
}

enum static_type node_type(const struct expression *node)
{
    switch (node->kind) {
    case NODE_VALUE:
        return value_type(node->value);
    case NODE_CALL: {
        const struct function *function =
            function_find(node->name, node->length);
        return function ? function->type : TYPE_ANY;
    }
    case NODE_NOT:
        return TYPE_BOOL;
    case NODE_BINARY:
        return binary_type(node);
    case NODE_CONDITIONAL:
        return node_type(node->yes) == node_type(node->no)
                   ? node_type(node->yes)
                   : TYPE_ANY;
    case NODE_NAME:
    case NODE_PROPERTY:
        break;
    }
    return TYPE_ANY;
}

static const struct value *concatenate(struct evaluation *evaluation,
                                       const struct expression *node,
                                       const struct value *left,
                                       const struct value *right)
{
    size_t first;
    size_t second;
    const char *head = value_to_text(evaluation->arena, left, &first);
    const char *tail = value_to_text(evaluation->arena, right, &second);
    if (first + second > EXPRESSION_STRING_LIMIT)
        return evaluation_fail(evaluation, node,
                               "the text has more than %d bytes",
                               EXPRESSION_STRING_LIMIT);
    if (evaluation_spend(evaluation, node, (first + second) / 64) < 0)
        return NULL;
    char *bytes = arena_allocate(evaluation->arena, first + second + 1);
    memcpy(bytes, head, first);
    memcpy(bytes + first, tail, second);
    struct value *value = value_make_null(evaluation->arena);
    value->kind = VALUE_STRING;
    value->string.bytes = bytes;
    value->string.length = first + second;
    return value;
}

static bool same_text(struct evaluation *evaluation, const struct value *left,
                      const struct value *right)
{
    if (left == right)
        return true;
    size_t first;
    size_t second;
    const char *a = value_to_text(evaluation->arena, left, &first);
    const char *b = value_to_text(evaluation->arena, right, &second);
    evaluation->steps += first / 64; /* a limit that the next node meets */
    return first == second && memcmp(a, b, first) == 0;
}

static bool compare(enum operator_id operator, double left, double right)
{
    return operator== OPERATOR_LESS       ? left < right :
           operator== OPERATOR_LESS_EQUAL ? left <= right
           :
           operator== OPERATOR_GREATER_EQUAL ? left >= right
                                             : left> right;
}

static double calculate(enum operator_id operator, double left, double right)
{
    return operator== OPERATOR_ADD      ? left + right :
           operator== OPERATOR_SUBTRACT ? left - right
           :
           operator== OPERATOR_MULTIPLY ? left * right
           :
           operator== OPERATOR_DIVIDE ? left / right
           :
           operator== OPERATOR_MODULO ? fmod(left, right)
                                      : pow(left, right);
}

static const struct value *apply_numbers(struct evaluation *evaluation,
                                         const struct expression *node,
                                         double left, double right)
{
    enum operator_id operator= node->operator;
    if (operator_table[operator].type == TYPE_BOOL)
        return value_make_bool(evaluation->arena,
                               compare(operator, left, right));
    bool zero = right == 0;
    if (zero && operator== OPERATOR_DIVIDE)
        return evaluation_fail(evaluation, node, "division by zero");
    if (zero && operator== OPERATOR_MODULO)
        return evaluation_fail(evaluation, node, "remainder of zero");
    /* Adding 0 makes 0 of -0, which could not be read back. */
    return value_make_float(evaluation->arena,
                            calculate(operator, left, right) + 0.0);
}

const struct value *operator_apply(struct evaluation *evaluation,
                                   const struct expression *node,
                                   const struct value *left,
                                   const struct value *right)
{
    enum operator_id operator= node->operator;
    if (operator== OPERATOR_ADD &&(left->kind == VALUE_STRING ||
                                   right->kind == VALUE_STRING))
        return concatenate(evaluation, node, left, right);
    bool same = operator== OPERATOR_EQUAL || operator== OPERATOR_SAME;
    if (same || operator== OPERATOR_NOT_EQUAL || operator== OPERATOR_DIFFERENT)
        return value_make_bool(evaluation->arena,
                               same_text(evaluation, left, right) == same);
    double first;
    double second;
    if (value_to_number(left, &first, evaluation->error) < 0 ||
        value_to_number(right, &second, evaluation->error) < 0)
        return evaluation_fail(evaluation, node, "operator '%s'",
                               operator_table[operator].text);
    return apply_numbers(evaluation, node, first, second);
}
