/*
 * An expression that can be parsed -> what in it is probably not meant. The traps
 * of the language are where it groups otherwise than a reader would, and a tree no
 * longer shows whether parentheses were written: so the tokens are looked at, group
 * by group of parentheses. What is compared and what is constant is seen in the
 * tree.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/expression/convert.h"
#include "engine/expression/lexer.h"
#include "engine/expression/limits.h"
#include "engine/expression/template.h"

struct lint {
    struct lexer lexer;
    void (*found)(void *context, const struct expression_finding *finding);
    void *context;
    bool compares; /* the expression has == or != */
};

static void report(const struct lint *lint, const char *code, size_t offset,
                   const char *hint, const char *text)
{
    struct expression_finding finding = {code, offset, text, hint};
    lint->found(lint->context, &finding);
}

/* --- how it groups: tokens --- */

/* What stands between two parentheses, or commas, so far. */
struct group {
    enum operator_id logic; /* && or ||, once there was one */
    bool has_logic;
    bool question; /* `?` */
    bool colon;    /* and its `:` */
    bool operand;  /* something stands on the left */
    bool minus;    /* a minus without one, and nothing behind its operand yet */
    size_t minus_at;
};

enum { GROUPS = EXPRESSION_DEPTH_LIMIT + 2 };

static void end_minus(const struct lint *lint, struct group *group)
{
    if (group->minus)
        report(lint, "W412", group->minus_at,
               "write the number in parentheses: (-3) + 5",
               "this minus takes in all that follows: -3 + 5 is -(3 + 5)");
    group->minus = false;
}

static void see_logic(const struct lint *lint, struct group *group,
                      const struct token *token)
{
    if (group->colon)
        report(lint, "W411", token->start,
               "put the choice, or its last branch, in parentheses",
               "the whole choice before it is the left side of this operator: "
               "a ? b : c && d is (a ? b : c) && d");
    else if (group->has_logic && group->logic != token->operator)
        report(lint, "W410", token->start, "put one of them in parentheses",
               "&& and || have one level and group from the left: a || b && c "
               "is (a || b) && c");
    group->has_logic = true;
    group->logic = token->operator;
}

static void see_operator(struct lint *lint, struct group *group,
                         const struct token *token)
{
    if (!group->operand) { /* only a minus can be here */
        if (!group->minus)
            group->minus_at = token->start;
        group->minus = true;
        return;
    }
    end_minus(lint, group);
    group->operand = false;
    lint->compares |= token->operator>= OPERATOR_EQUAL && token->operator<=
                      OPERATOR_DIFFERENT;
    if (operator_table[token->operator].priority == PRIORITY_LOGIC)
        see_logic(lint, group, token);
}

static void see_question(const struct lint *lint, struct group *group,
                         const struct token *token)
{
    end_minus(lint, group);
    if (group->question)
        report(lint, "W411", token->start,
               "put the inner choice in parentheses: a ? b : (c ? d : e)",
               "choices group from the left: a ? b : c ? d : e is "
               "(a ? b : c) ? d : e");
    group->question = true;
    group->colon = group->has_logic = group->operand = false;
}

/* Up to the token that ends the expression; the lexer is behind it then. */
static enum token_kind scan(struct lint *lint)
{
    struct group groups[GROUPS]; /* each is set when it is entered */
    size_t depth = 0;
    groups[0] = (struct group){0};
    for (;;) {
        struct token token = lexer_next(&lint->lexer);
        struct group *group = &groups[depth];
        switch (token.kind) {
        case TOKEN_OPEN:
            if (++depth == GROUPS)
                return TOKEN_FAILED;
            groups[depth] = (struct group){0};
            break;
        case TOKEN_CLOSE:
            if (depth == 0)
                return TOKEN_FAILED;
            groups[--depth].operand = true;
            break;
        case TOKEN_COMMA:
            *group = (struct group){0};
            break;
        case TOKEN_QUESTION:
            see_question(lint, group, &token);
            break;
        case TOKEN_COLON:
            group->colon = true;
            group->minus = group->operand = false;
            break;
        case TOKEN_OPERATOR:
            see_operator(lint, group, &token);
            break;
        case TOKEN_VALUE:
        case TOKEN_NAME:
            group->operand = true;
            break;
        case TOKEN_NOT:
        case TOKEN_SPREAD:
        case TOKEN_PROPERTY:
            break;
        case TOKEN_END:
        case TOKEN_FAILED:
        case TOKEN_BLOCK_CLOSE:
        case TOKEN_BLOCK_TRIM:
            return token.kind;
        }
    }
}

/* --- what is compared: the tree --- */

static bool is_number(const struct expression *node)
{
    return node->kind == NODE_VALUE &&
           (node->value->kind == VALUE_FLOAT || node->value->kind == VALUE_INT);
}

static bool is_text(const struct expression *node)
{
    return node->kind == NODE_VALUE && node->value->kind == VALUE_STRING;
}

/* Whether the text of a number is not the one that was written: 1e+06. */
static bool is_large(const struct expression *node)
{
    CLEANUP(text_free) struct text shown = {0};
    CLEANUP(text_free) struct text written = {0};
    if (!is_number(node))
        return false;
    value_append_text(&shown, node->value);
    value_append_json(&written, node->value);
    return strcmp(text_string(&shown), text_string(&written)) != 0;
}

static void see_comparison(void *context, const struct expression *node)
{
    const struct lint *lint = context;
    if (node->kind != NODE_BINARY ||
        node->operator<OPERATOR_EQUAL || node->operator> OPERATOR_DIFFERENT)
        return;
    const struct expression *left = node->left, *right = node->right;
    bool mixed = (is_number(left) && is_text(right)) ||
                 (is_text(left) && is_number(right));
    bool numbers = is_number(left) && is_number(right);
    if (mixed)
        report(lint, "W413", left->offset, "write both in the same way",
               "a number is compared with a text: both are compared as texts");
    else if (!numbers && (is_large(left) || is_large(right)))
        report(lint, "W413", is_large(left) ? left->offset : right->offset,
               "write it in quotes, or compare with - and == 0",
               "values are compared as texts, and this number's text is not "
               "what is written here: 1000000 is '1e+06'");
}

static void see_tree(struct lint *lint, size_t start)
{
    struct lexer lexer = lint->lexer;
    struct token last;
    lexer.at = start;
    const struct expression *tree = parse_tokens(&lexer, SIZE_MAX, &last);
    if (tree)
        node_visit(tree, see_comparison, lint);
}

/* --- conditions --- */

/* Functions whose result is not of the expression alone, or that take long. */
static void see_call(void *context, const struct expression_reference *call)
{
    static const char *const names[] = {"date", "eval",   "jq",    "map",
                                        "_wc",  "filter", "range", "yaml"};
    bool *unsure = context;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        *unsure |= strlen(names[i]) == call->length &&
                   memcmp(names[i], call->name, call->length) == 0;
}

static bool is_name(const struct expression *node, const char *name)
{
    return node->kind == NODE_NAME && node->length == strlen(name) &&
           memcmp(node->name, name, node->length) == 0;
}

/* Whether it is false whatever the unknown names in it are. Depth is that of the
 * tree, which the parser bounds. */
static bool is_never_true(const struct expression *node)
{
    if (node->kind == NODE_VALUE)
        return !value_is_true(node->value);
    if (node->kind == NODE_NAME)
        return is_name(node, "never");
    if (node->kind == NODE_NOT)
        return is_name(node->negated, "always");
    if (node->kind != NODE_BINARY)
        return false;
    bool left = is_never_true(node->left), right = is_never_true(node->right);
    if (node->operator== OPERATOR_AND)
        return left || right;
    return node->operator== OPERATOR_OR && left && right;
}

static void see_condition(const struct lint *lint,
                          const struct expression *condition)
{
    struct error error = {0};
    bool unsure = false;
    bool plain = condition->kind == NODE_VALUE;
    expression_visit_calls(condition, see_call, &unsure);
    if (unsure)
        return;
    condition = expression_resolve(lint->lexer.arena, condition, NULL, &error);
    if (!condition)
        return;
    bool alone = condition->kind == NODE_NAME; /* `never`, on purpose */
    bool truth = expression_truth(condition);
    if (!expression_is_static(condition) &&
        (alone || !is_never_true(condition)))
        return;
    if (!truth)
        report(lint, "W414", 0, "remove what it guards, or say when it is true",
               "this condition is never true");
    else if (!plain)
        report(lint, "W414", 0, "leave it out, or say when it is not true",
               "this condition is always true");
}

void expression_lint(const char *text, size_t length, bool is_condition,
                     void (*found)(void *context,
                                   const struct expression_finding *finding),
                     void *context)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct lint lint = {
        .lexer = {.arena = arena,
                  .error = &error,
                  .text = text,
                  .length = length},
        .found = found,
        .context = context,
    };
    const struct expression *tree =
        expression_parse(arena, text, length, &error);
    if (!tree)
        return;
    scan(&lint);
    if (lint.compares)
        see_tree(&lint, 0);
    lint.lexer.at = 0;
    if (is_condition && lexer_next(&lint.lexer).kind != TOKEN_END)
        see_condition(&lint, tree);
}

/* One block; false when it cannot be read on from here. */
static bool see_block(struct lint *lint, size_t at)
{
    struct lexer *lexer = &lint->lexer;
    struct block_start start = block_start_read(lexer->text, lexer->length, at);
    if (start.keyword == KEYWORD_ELSE || start.keyword == KEYWORD_END) {
        lexer->at = start.end;
        return true;
    }
    size_t inside = start.keyword == KEYWORD_NONE ? at + 2 : start.end;
    if (start.keyword == KEYWORD_NONE && inside < lexer->length &&
        lexer->text[inside] == '-')
        report(lint, "W412", inside,
               "'-' trims white space in if, else and end blocks only; write "
               "{{ x }}, or {{ (0 - x) }} for the number",
               "this is a minus: {{- x }} is 0 - x");
    lexer->at = inside;
    lint->compares = false;
    enum token_kind end = scan(lint);
    size_t next = lexer->at;
    if (lint->compares)
        see_tree(lint, inside);
    lexer->at = next;
    return end == TOKEN_BLOCK_CLOSE || end == TOKEN_BLOCK_TRIM;
}

void expression_template_lint(
    const char *text, size_t length,
    void (*found)(void *context, const struct expression_finding *finding),
    void *context)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct lint lint = {
        .lexer = {.arena = arena,
                  .error = &error,
                  .text = text,
                  .length = length,
                  .template = true},
        .found = found,
        .context = context,
    };
    while (length <= EXPRESSION_TEMPLATE_BYTES_LIMIT) {
        const char *from = text + lint.lexer.at;
        const char *next = memmem(from, length - lint.lexer.at, "{{", 2);
        if (!next || !see_block(&lint, (size_t)(next - text)))
            return;
    }
}
