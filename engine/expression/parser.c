/*
 * Tokens -> tree, by precedence climbing; each rule reads as much as binds
 * tighter than its threshold:
 *
 *   expression = segment { operator expression(of its priority)
 *                        | "." property
 *                        | "?" expression(0) ":" expression(0) }
 *   segment    = "(" expression ")" | value | name | name "(" arguments ")"
 *              | "!" segment { "." property } | "-" expression
 *   arguments  = [ expression [ "..." ] { "," expression [ "..." ] } ]
 *
 * `?:` is only read at the lowest threshold, and `-x` is `0 - x` with x all that
 * follows. A variable `a.*.b` becomes the call _wc(a,"_.value.b").
 *
 * Invariant: parser->token is the next token that no rule has taken.
 */
#include <stdint.h>
#include <string.h>

#include "engine/expression/lexer.h"
#include "engine/expression/limits.h"

struct parser {
    struct lexer *lexer;
    struct arena *arena;
    struct token token;
    size_t fixed; /* the offset of all nodes, or SIZE_MAX */
    size_t depth;
};

static const struct expression *parse_expression(struct parser *parser,
                                                 int threshold);

static void advance(struct parser *parser)
{
    parser->token = lexer_next(parser->lexer);
}

static size_t place(const struct parser *parser, size_t offset)
{
    return parser->fixed == SIZE_MAX ? offset : parser->fixed;
}

static void *refuse(struct parser *parser, const char *expected)
{
    const struct token *token = &parser->token;
    int shown =
        token->end - token->start > 40 ? 40 : (int)(token->end - token->start);
    size_t at = place(parser, token->start);
    struct error *error = parser->lexer->error;
    if (token->kind == TOKEN_END || token->kind == TOKEN_BLOCK_CLOSE)
        fail_at(error, at, "the expression ends too early, expected %s",
                expected);
    else if (token->kind == TOKEN_BLOCK_TRIM)
        fail_at(error, at,
                "'-}}' trims white space in if, else and end blocks only, "
                "expected '}}'");
    else if (token->kind != TOKEN_FAILED)
        fail_at(error, at, "expected %s, found '%.*s'", expected, shown,
                parser->lexer->text + token->start);
    return NULL;
}

/* The node, one level above its deepest part; NULL when that is too deep. What
 * walks a tree later needs no more stack than this allows. */
static const struct expression *above(struct parser *parser,
                                      struct expression *node,
                                      const struct expression *left,
                                      const struct expression *right)
{
    uint32_t depth = left->depth > right->depth ? left->depth : right->depth;
    node->depth = depth + 1;
    if (node->depth <= EXPRESSION_DEPTH_LIMIT)
        return node;
    fail_at(parser->lexer->error, node->offset,
            "the expression is nested too deeply, expected at most %d levels",
            EXPRESSION_DEPTH_LIMIT);
    return NULL;
}

static bool accept(struct parser *parser, enum token_kind kind)
{
    if (parser->token.kind != kind)
        return false;
    advance(parser);
    return true;
}

static const struct expression *binary(struct parser *parser, size_t offset,
                                       enum operator_id operator,
                                       const struct expression * left,
                                       const struct expression *right)
{
    struct expression *node =
        node_make(parser->arena, NODE_BINARY, place(parser, offset));
    node->operator= operator;
    node->left = left;
    node->right = right;
    return above(parser, node, left, right);
}

/* `tail` is ".b.c" or empty. */
static const struct expression *wildcard(struct parser *parser,
                                         const struct expression *list,
                                         const char *tail, size_t length)
{
    static const char item[] = "_.value";
    char *path = arena_allocate(parser->arena, sizeof item + length);
    memcpy(path, item, sizeof item - 1);
    memcpy(path + sizeof item - 1, tail, length);
    const struct value *text =
        value_make_bytes(parser->arena, path, sizeof item - 1 + length);
    struct argument *arguments =
        arena_allocate(parser->arena, 2 * sizeof *arguments);
    arguments[0].expression = list;
    arguments[1].expression = node_of_value(parser->arena, text, list->offset);
    struct expression *call =
        node_of_call(parser->arena, "_wc", arguments, 2, list->offset);
    return above(parser, call, list, list);
}

/* The byte after the next `.*` that is a whole part of a name, or NULL. */
static const char *find_wildcard(const char *name, size_t length)
{
    for (size_t i = 0; i + 1 < length; i++)
        if (name[i] == '.' && name[i + 1] == '*' &&
            (i + 2 == length || name[i + 2] == '.'))
            return name + i + 2;
    return NULL;
}

static bool has_space(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (strchr(" \t\r\n\f", name[i]))
            return true;
    return false;
}

static const struct expression *variable(struct parser *parser,
                                         const struct token *token)
{
    const char *end = token->name + token->length;
    const char *star = find_wildcard(token->name, token->length);
    /* White space is part of a name, which nobody knows by then. */
    if (star && has_space(token->name, token->length))
        star = NULL;
    size_t head = star ? (size_t)(star - token->name) - 2 : token->length;
    const struct expression *node = node_of_name(
        parser->arena, token->name, head, place(parser, token->start));
    while (star && node) {
        const char *next = find_wildcard(star, (size_t)(end - star));
        const char *stop = next ? next - 2 : end;
        node = wildcard(parser, node, star, (size_t)(stop - star));
        star = next;
    }
    return node;
}

static int add_argument(struct parser *parser, struct expression *call,
                        struct argument **arguments, size_t *room)
{
    const struct expression *expression =
        parse_expression(parser, PRIORITY_LOWEST);
    if (!expression)
        return -1;
    if (call->count == *room) {
        size_t wanted = *room ? 2 * *room : 4;
        *arguments =
            arena_grow(parser->arena, *arguments, *room * sizeof **arguments,
                       wanted * sizeof **arguments);
        *room = wanted;
    }
    if (call->depth < expression->depth)
        call->depth = expression->depth;
    (*arguments)[call->count].expression = expression;
    (*arguments)[call->count++].spread = accept(parser, TOKEN_SPREAD);
    return 0;
}

static const struct expression *call(struct parser *parser,
                                     const struct token *name)
{
    struct argument *arguments = NULL;
    size_t room = 0;
    struct expression *node = node_of_name(
        parser->arena, name->name, name->length, place(parser, name->start));
    node->kind = NODE_CALL;
    advance(parser);
    if (parser->token.kind != TOKEN_CLOSE) {
        do {
            if (add_argument(parser, node, &arguments, &room) < 0)
                return NULL;
        } while (accept(parser, TOKEN_COMMA));
    }
    node->arguments = arguments;
    if (!accept(parser, TOKEN_CLOSE))
        return refuse(parser, "',' or ')'");
    return above(parser, node, node, node);
}

static const struct expression *minus(struct parser *parser)
{
    size_t start = parser->token.start;
    advance(parser);
    const struct expression *operand =
        parse_expression(parser, PRIORITY_LOWEST);
    if (!operand)
        return NULL;
    if (operand->kind == NODE_VALUE && operand->value->kind == VALUE_FLOAT)
        return node_of_value(
            parser->arena,
            value_make_float(parser->arena, 0 - operand->value->number),
            place(parser, start));
    const struct expression *zero =
        node_of_value(parser->arena, value_make_float(parser->arena, 0),
                      place(parser, start));
    return binary(parser, start, OPERATOR_SUBTRACT, zero, operand);
}

static const struct expression *negation(struct parser *parser)
{
    size_t start = parser->token.start;
    advance(parser);
    const struct expression *operand =
        parse_expression(parser, PRIORITY_HIGHEST);
    if (!operand)
        return NULL;
    struct expression *node =
        node_make(parser->arena, NODE_NOT, place(parser, start));
    node->negated = operand;
    return above(parser, node, operand, operand);
}

static const struct expression *parentheses(struct parser *parser)
{
    advance(parser);
    const struct expression *inner = parse_expression(parser, PRIORITY_LOWEST);
    if (inner && !accept(parser, TOKEN_CLOSE))
        return refuse(parser, "')'");
    return inner;
}

static const struct expression *parse_segment(struct parser *parser)
{
    struct token token = parser->token;
    if (token.kind == TOKEN_OPEN)
        return parentheses(parser);
    if (token.kind == TOKEN_NOT)
        return negation(parser);
    if (token.kind == TOKEN_OPERATOR && token.operator== OPERATOR_SUBTRACT)
        return minus(parser);
    if (token.kind == TOKEN_VALUE) {
        advance(parser);
        return node_of_value(parser->arena, token.value,
                             place(parser, token.start));
    }
    if (token.kind != TOKEN_NAME)
        return refuse(parser, "a value, a name or '('");
    advance(parser);
    if (parser->token.kind == TOKEN_OPEN)
        return call(parser, &token);
    return variable(parser, &token);
}

static const struct expression *property(struct parser *parser,
                                         const struct expression *operand)
{
    struct expression *node = node_make(parser->arena, NODE_PROPERTY,
                                        place(parser, parser->token.start));
    node->name =
        arena_copy(parser->arena, parser->token.name, parser->token.length);
    node->length = parser->token.length;
    node->operand = operand;
    advance(parser);
    return above(parser, node, operand, operand);
}

static const struct expression *conditional(struct parser *parser,
                                            const struct expression *condition)
{
    struct expression *node = node_make(parser->arena, NODE_CONDITIONAL,
                                        place(parser, parser->token.start));
    node->condition = condition;
    advance(parser);
    node->yes = parse_expression(parser, PRIORITY_LOGIC);
    if (!node->yes)
        return NULL;
    if (!accept(parser, TOKEN_COLON))
        return refuse(parser, "':' of '?:' (put && and || in parentheses)");
    node->no = parse_expression(parser, PRIORITY_LOGIC);
    if (!node->no)
        return NULL;
    bool first = node->yes->depth > node->no->depth;
    return above(parser, node, condition, first ? node->yes : node->no);
}

static const struct expression *infix(struct parser *parser,
                                      const struct expression *left)
{
    struct token token = parser->token;
    advance(parser);
    const struct expression *right =
        parse_expression(parser, operator_table[token.operator].priority);
    if (!right)
        return NULL;
    return binary(parser, token.start, token.operator, left, right);
}

/* What may follow `left`; the same node when nothing of it does. */
static const struct expression *
extend(struct parser *parser, const struct expression *left, int threshold)
{
    const struct token *token = &parser->token;
    if (token->kind == TOKEN_QUESTION && threshold < PRIORITY_LOGIC)
        return conditional(parser, left);
    if (token->kind == TOKEN_OPERATOR &&
        operator_table[token->operator].priority > threshold)
        return infix(parser, left);
    if (token->kind == TOKEN_PROPERTY)
        return property(parser, left);
    return left;
}

static const struct expression *parse_expression(struct parser *parser,
                                                 int threshold)
{
    if (parser->depth >= EXPRESSION_DEPTH_LIMIT)
        return refuse(parser, "fewer nested parentheses");
    parser->depth++;
    const struct expression *node = parse_segment(parser);
    for (const struct expression *before = NULL; node && node != before;) {
        before = node;
        node = extend(parser, before, threshold);
    }
    parser->depth--;
    return node;
}

const struct expression *parse_tokens(struct lexer *lexer, size_t fixed,
                                      struct token *last)
{
    struct parser parser = {
        .lexer = lexer, .arena = lexer->arena, .fixed = fixed};
    advance(&parser);
    const struct expression *node =
        parser.token.kind == TOKEN_END || parser.token.kind == TOKEN_BLOCK_CLOSE
            ? expression_none()
            : parse_expression(&parser, PRIORITY_LOWEST);
    enum token_kind end = parser.token.kind;
    if (node && end != TOKEN_END && end != TOKEN_BLOCK_CLOSE &&
        end != TOKEN_BLOCK_TRIM)
        return refuse(&parser, "an operator or the end of the expression");
    *last = parser.token;
    return node;
}

static const struct expression *parse(struct lexer *lexer, size_t fixed)
{
    size_t at = fixed == SIZE_MAX ? EXPRESSION_BYTES_LIMIT : fixed;
    if (lexer->length > EXPRESSION_BYTES_LIMIT) {
        fail_at(lexer->error, at,
                "the expression has %zu bytes, expected at most %d",
                lexer->length, EXPRESSION_BYTES_LIMIT);
        return NULL;
    }
    struct token last;
    const struct expression *node = parse_tokens(lexer, fixed, &last);
    if (!node && fixed != SIZE_MAX)
        lexer->error->place.mark.offset = (uint32_t)fixed;
    return node;
}

struct expression *expression_parse(struct arena *arena, const char *text,
                                    size_t length, struct error *error)
{
    struct lexer lexer = {
        .arena = arena, .error = error, .text = text, .length = length};
    const struct expression *node = parse(&lexer, SIZE_MAX);
    if (!node)
        return NULL;
    struct expression *made = node_make(arena, node->kind, node->offset);
    *made = *node;
    return made;
}

const struct expression *parse_inner(struct arena *arena, const char *text,
                                     size_t length, size_t offset,
                                     struct error *error)
{
    struct lexer lexer = {
        .arena = arena, .error = error, .text = text, .length = length};
    return parse(&lexer, offset);
}
