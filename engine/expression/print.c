/*
 * Tree -> text. Reading the text again gives a tree of the same meaning, and the
 * same text: parentheses stand where the parser would group otherwise.
 *
 * Values as operands that JSON cannot tell apart are printed as calls: int() of
 * large integers (a number that is read is a float, with another text), json()
 * of a null inside data (a null that is read is none).
 */
#include <math.h>
#include <string.h>

#include "engine/expression/convert.h"

static void print(struct text *text, const struct expression *node);

/* From here on the text of a float differs from that of an integer. */
static bool is_large(int64_t integer)
{
    return integer >= 1000000 || integer <= -1000000;
}

static bool reads_back(const struct value *value)
{
    if (value->kind == VALUE_INT)
        return !is_large(value->integer);
    if (value->kind == VALUE_FLOAT) /* -0 reads as 0 minus 0 */
        return isfinite(value->number) &&
               (value->number < 0 || !signbit(value->number));
    if (value->kind != VALUE_LIST)
        return true;
    for (size_t i = 0; i < value->list.count; i++)
        if (!reads_back(value->list.items[i]))
            return false;
    return true;
}

static bool is_printed_as_call(const struct value *value)
{
    return (value->kind == VALUE_NULL && !is_none(value)) || !reads_back(value);
}

/* A value within an expression that goes on being calculated. */
static void print_operand_value(struct text *text, const struct value *value)
{
    if (value->kind == VALUE_NULL && !is_none(value)) {
        text_append_string(text, "json(\"null\")");
        return;
    }
    if (reads_back(value)) {
        value_append_json(text, value);
        return;
    }
    if (value->kind != VALUE_LIST) {
        text_append_string(text,
                           value->kind == VALUE_INT ? "int(\"" : "float(\"");
        value_append_text(text, value);
        text_append_string(text, "\")");
        return;
    }
    text_append_string(text, "list(");
    for (size_t i = 0; i < value->list.count; i++) {
        if (i > 0)
            text_append_character(text, ',');
        print_operand_value(text, value->list.items[i]);
    }
    text_append_character(text, ')');
}

static void print_part(struct text *text, const struct expression *node)
{
    if (node->kind == NODE_VALUE)
        print_operand_value(text, node->value);
    else
        print(text, node);
}

/* `-5` reads as a minus before all that follows. */
static bool is_negative(const struct expression *node)
{
    if (node->kind != NODE_VALUE)
        return false;
    if (node->value->kind == VALUE_INT)
        return node->value->integer < 0;
    return node->value->kind == VALUE_FLOAT && node->value->number < 0 &&
           isfinite(node->value->number);
}

static void print_inside(struct text *text, const struct expression *node,
                         bool parentheses)
{
    if (parentheses)
        text_append_character(text, '(');
    print_part(text, node);
    if (parentheses)
        text_append_character(text, ')');
}

/* The type that an operand has once it is read again: a number that is written is
 * a float. */
static enum static_type type_when_read(const struct expression *node)
{
    bool literal = node->kind == NODE_VALUE && node->value->kind == VALUE_INT &&
                   !is_large(node->value->integer);
    return literal ? TYPE_FLOAT : node_type(node);
}

/* Whether an operand is not what the parser makes of it without parentheses.
 * `least`: the priority that needs none. Sums whose kind changes on the way, from
 * numbers to texts, are shown in parentheses all the same. */
static bool in_parentheses(const struct expression *operand, int least)
{
    if (operand->kind == NODE_CONDITIONAL || is_negative(operand))
        return true;
    if (operand->kind != NODE_BINARY)
        return false;
    return operator_table[operand->operator].priority < least ||
           (operand->operator== OPERATOR_ADD &&
            node_type(operand) != type_when_read(operand->left));
}

/* Operators group to the left; a && (b && c) is a && b && c, and so with ||. */
static bool right_in_parentheses(const struct expression *node)
{
    const struct expression *right = node->right;
    int priority = operator_table[node->operator].priority;
    bool chain = priority == PRIORITY_LOGIC && right->kind == NODE_BINARY &&
                 right->operator== node->operator;
    return in_parentheses(right, chain ? priority : priority + 1);
}

static void print_binary(struct text *text, const struct expression *node)
{
    print_inside(
        text, node->left,
        in_parentheses(node->left, operator_table[node->operator].priority));
    text_append_string(text, operator_table[node->operator].text);
    print_inside(text, node->right, right_in_parentheses(node));
}

static bool is_compound(const struct expression *node)
{
    return node->kind == NODE_BINARY || node->kind == NODE_CONDITIONAL;
}

/* What the parser does not read as a branch without parentheses. */
static bool branch_in_parentheses(const struct expression *node)
{
    return node->kind == NODE_CONDITIONAL ||
           (node->kind == NODE_BINARY &&
            operator_table[node->operator].priority <= PRIORITY_LOGIC);
}

static void print_conditional(struct text *text, const struct expression *node)
{
    const struct expression *condition = node->condition;
    print_inside(text, condition,
                 is_negative(condition) ||
                     (condition->kind == NODE_CONDITIONAL &&
                      is_negative(condition->no)));
    text_append_string(text, " ? ");
    print_inside(text, node->yes, branch_in_parentheses(node->yes));
    text_append_string(text, " : ");
    print_inside(text, node->no, branch_in_parentheses(node->no));
}

/* `1...` would be a number with a bad end, `true...` a variable. */
static bool spread_in_parentheses(const struct expression *node)
{
    if (node->kind == NODE_VALUE)
        return node->value->kind < VALUE_STRING &&
               !is_printed_as_call(node->value);
    return node->kind == NODE_NOT || is_compound(node);
}

/* `null.*` is a variable's; the call that it becomes would be of a value. */
static bool print_as_wildcard(struct text *text, const struct expression *node)
{
    static const char *const words[] = {"null", "true", "false"};
    static const char item[] = "_.value";
    if (!node_is(node, "_wc", 2))
        return false;
    const struct expression *list = node->arguments[0].expression;
    const struct expression *path = node->arguments[1].expression;
    bool word = false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        word = word ||
               (list->kind == NODE_NAME && list->length == strlen(words[i]) &&
                memcmp(list->name, words[i], list->length) == 0);
    if (!word || path->kind != NODE_VALUE || !value_string(path->value) ||
        strncmp(value_string(path->value), item, sizeof item - 1) != 0)
        return false;
    text_append(text, list->name, list->length);
    text_append_string(text, ".*");
    text_append_string(text, value_string(path->value) + sizeof item - 1);
    return true;
}

static void print_call(struct text *text, const struct expression *node)
{
    if (print_as_wildcard(text, node))
        return;
    text_append(text, node->name, node->length);
    text_append_character(text, '(');
    for (size_t i = 0; i < node->count; i++) {
        if (i > 0)
            text_append_character(text, ',');
        const struct argument *argument = &node->arguments[i];
        print_inside(text, argument->expression,
                     argument->spread &&
                         spread_in_parentheses(argument->expression));
        if (argument->spread)
            text_append_string(text, "...");
    }
    text_append_character(text, ')');
}

/* Whether it is printed as one name. */
static bool is_path(const struct expression *node)
{
    while (node->kind == NODE_PROPERTY && node->name[0] != '*')
        node = node->operand;
    return node->kind == NODE_NAME && !memchr(node->name, '*', node->length);
}

/* A number would take the dot for its own, a variable the `*`, and `true` would become
 * a variable; a name that has a `*` and is no wildcard (for the blanks in it) would
 * become another name. */
static void print_property(struct text *text, const struct expression *node)
{
    const struct expression *operand = node->operand;
    bool word =
        operand->kind == NODE_VALUE && operand->value->kind < VALUE_STRING;
    bool star = (node->name[0] == '*' && is_path(operand)) ||
                (operand->kind == NODE_NAME && !is_path(operand));
    print_inside(text, operand,
                 word || star || is_compound(operand) ||
                     operand->kind == NODE_NOT);
    text_append_character(text, '.');
    text_append(text, node->name, node->length);
}

static void print(struct text *text, const struct expression *node)
{
    switch (node->kind) {
    case NODE_VALUE:
        value_append_json(text, node->value);
        break;
    case NODE_NAME:
        text_append(text, node->name, node->length);
        break;
    case NODE_CALL:
        print_call(text, node);
        break;
    case NODE_PROPERTY:
        print_property(text, node);
        break;
    case NODE_NOT:
        text_append_character(text, '!');
        print_inside(text, node->negated,
                     is_compound(node->negated) || is_negative(node->negated));
        break;
    case NODE_BINARY:
        print_binary(text, node);
        break;
    case NODE_CONDITIONAL:
        print_conditional(text, node);
        break;
    }
}

void expression_print(struct text *text, const struct expression *expression)
{
    print(text, expression);
}
