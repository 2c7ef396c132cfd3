/*
 * In: a regular expression. Out: its tree. Recursive descent; the depth is bounded
 * by PATTERN_NESTING_LIMIT, the tree's size by PATTERN_BYTES_LIMIT.
 *
 *   alternation = sequence ("|" sequence)*
 *   sequence    = (atom quantifier?)*
 *   quantifier  = ("*" | "+" | "?" | "{" n ("," m?)? "}") "?"?
 *   atom        = character | "." | class | escape | "^" | "$" | group
 *   group       = "(" ("?:" | "?<name>" | "?P<name>")? alternation ")"
 *
 * A brace that begins no quantifier is a character.
 */
#include <string.h>

#include "engine/schema/pattern_tree.h"

enum { LAST_CODE = 0x10FFFF };

struct parser {
    struct arena *arena;
    const char *at, *end;
    unsigned nesting;
    struct error *error;
};

static bool take(struct parser *parser, const char *token)
{
    size_t length = strlen(token);
    if ((size_t)(parser->end - parser->at) < length ||
        memcmp(parser->at, token, length) != 0)
        return false;
    parser->at += length;
    return true;
}

static bool at_any(const struct parser *parser, const char *characters)
{
    return parser->at < parser->end && *parser->at != '\0' &&
           strchr(characters, *parser->at);
}

static struct node *make_node(struct parser *parser, enum node_kind kind)
{
    struct node *node = arena_allocate(parser->arena, sizeof *node);
    node->kind = kind;
    return node;
}

static void add_range(struct parser *parser, struct class *class, uint32_t low,
                      uint32_t high)
{
    size_t size = sizeof *class->ranges;
    class->ranges = arena_grow(parser->arena, class->ranges,
                               class->count * size, (class->count + 1) * size);
    class->ranges[class->count++] = (struct range){low, high};
}

static void *fail(struct parser *parser, const char *problem)
{
    error_set(parser->error, ERROR_INPUT, "%s", problem);
    return NULL;
}

/* \d \w \s, in a class or alone; the capital letter is the complement. */
static const struct shorthand {
    char letter;
    size_t count;
    struct range ranges[4];
} shorthands[] = {
    {'d', 1, {{'0', '9'}}},
    {'w', 4, {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
    {'s', 2, {{'\t', '\r'}, {' ', ' '}}},
};

static const struct shorthand *find_shorthand(char letter, bool *inverted)
{
    for (size_t i = 0; i < sizeof shorthands / sizeof *shorthands; i++) {
        *inverted = shorthands[i].letter - 'a' + 'A' == letter;
        if (*inverted || shorthands[i].letter == letter)
            return &shorthands[i];
    }
    return NULL;
}

static void add_shorthand(struct parser *parser, struct class *class,
                          const struct shorthand *shorthand, bool inverted)
{
    uint32_t low = 0;
    for (size_t i = 0; i < shorthand->count; i++) {
        struct range range = shorthand->ranges[i];
        if (!inverted)
            add_range(parser, class, range.low, range.high);
        else if (range.low > low)
            add_range(parser, class, low, range.low - 1);
        low = range.high + 1;
    }
    if (inverted)
        add_range(parser, class, low, LAST_CODE);
}

static int read_hex(struct parser *parser, unsigned digits, uint32_t *code)
{
    *code = 0;
    for (; digits > 0; digits--) {
        static const char hex[] = "0123456789abcdef0123456789ABCDEF";
        const char *found = at_any(parser, hex) ? strchr(hex, *parser->at) : 0;
        if (!found) {
            fail(parser, "expected hexadecimal digits after '\\x' or '\\u'");
            return -1;
        }
        *code = *code << 4 | (uint32_t)((found - hex) & 15);
        parser->at++;
    }
    return 0;
}

/* The character of an escape, after the backslash. */
static int read_escape(struct parser *parser, uint32_t *code)
{
    static const char names[] = "nrtfv0", codes[] = "\n\r\t\f\v";
    if (parser->at == parser->end) {
        fail(parser, "the pattern ends in a backslash");
        return -1;
    }
    *code = next_code(&parser->at, parser->end);
    if (*code == 'x' || *code == 'u')
        return read_hex(parser, *code == 'x' ? 2 : 4, code);
    const char *found = *code && *code < 128 ? strchr(names, (int)*code) : NULL;
    if (found) {
        *code = (unsigned char)codes[found - names];
        return 0;
    }
    bool letter = (*code >= '1' && *code <= '9') ||
                  (*code >= 'a' && *code <= 'z') ||
                  (*code >= 'A' && *code <= 'Z');
    if (letter) {
        error_set(parser->error, ERROR_INPUT, "'\\%c' is not supported",
                  (char)*code);
        return -1;
    }
    return 0;
}

/* One character of a class, or a shorthand, which is then added at once. */
static int read_member(struct parser *parser, struct class *class,
                       bool *shorthand, uint32_t *code)
{
    *shorthand = false;
    if (!take(parser, "\\")) {
        *code = next_code(&parser->at, parser->end);
        return 0;
    }
    bool inverted = false;
    const struct shorthand *found = parser->at < parser->end
                                        ? find_shorthand(*parser->at, &inverted)
                                        : NULL;
    if (found) {
        parser->at++;
        add_shorthand(parser, class, found, inverted);
        *shorthand = true;
        return 0;
    }
    if (take(parser, "b")) {
        *code = '\b';
        return 0;
    }
    return read_escape(parser, code);
}

static struct node *read_class(struct parser *parser)
{
    struct node *node = make_node(parser, NODE_CLASS);
    node->class.inverted = take(parser, "^");
    while (!take(parser, "]")) {
        uint32_t low, high;
        bool shorthand;
        if (parser->at == parser->end)
            return fail(parser, "a class has no ']'");
        if (read_member(parser, &node->class, &shorthand, &low) < 0)
            return NULL;
        if (shorthand)
            continue;
        high = low;
        if (parser->end - parser->at >= 2 && parser->at[0] == '-' &&
            parser->at[1] != ']') {
            parser->at++;
            if (read_member(parser, &node->class, &shorthand, &high) < 0)
                return NULL;
            if (shorthand || high < low)
                return fail(parser, "a range in a class ends before it begins");
        }
        add_range(parser, &node->class, low, high);
    }
    return node;
}

static struct node *make_single(struct parser *parser, uint32_t code)
{
    struct node *node = make_node(parser, NODE_CLASS);
    add_range(parser, &node->class, code, code);
    return node;
}

static struct node *read_backslash(struct parser *parser)
{
    bool inverted = false;
    const struct shorthand *shorthand =
        parser->at < parser->end ? find_shorthand(*parser->at, &inverted)
                                 : NULL;
    if (shorthand) {
        struct node *node = make_node(parser, NODE_CLASS);
        parser->at++;
        add_shorthand(parser, &node->class, shorthand, inverted);
        return node;
    }
    if (take(parser, "b"))
        return make_node(parser, NODE_BOUNDARY);
    if (take(parser, "B"))
        return make_node(parser, NODE_INSIDE);
    uint32_t code;
    return read_escape(parser, &code) < 0 ? NULL : make_single(parser, code);
}

static struct node *read_alternation(struct parser *parser);

static struct node *read_group(struct parser *parser)
{
    bool named = take(parser, "?P<");
    if (!named && parser->end - parser->at > 2 && parser->at[2] != '=' &&
        parser->at[2] != '!')
        named = take(parser, "?<");
    if (named) {
        const char *close =
            memchr(parser->at, '>', (size_t)(parser->end - parser->at));
        if (!close)
            return fail(parser, "the name of a group has no '>'");
        parser->at = close + 1;
    } else if (!take(parser, "?:") && at_any(parser, "?")) {
        return fail(parser, "'(?' is supported as '(?:' and '(?<name>' only");
    }
    if (++parser->nesting > PATTERN_NESTING_LIMIT)
        return fail(parser, "groups are nested too deeply");
    struct node *node = read_alternation(parser);
    parser->nesting--;
    if (node && !take(parser, ")"))
        return fail(parser, "a group has no ')'");
    return node;
}

static struct node *read_atom(struct parser *parser)
{
    if (take(parser, "\\"))
        return read_backslash(parser);
    if (take(parser, "["))
        return read_class(parser);
    if (take(parser, "("))
        return read_group(parser);
    if (take(parser, "^"))
        return make_node(parser, NODE_START);
    if (take(parser, "$"))
        return make_node(parser, NODE_END);
    if (take(parser, ".")) {
        struct node *node = make_single(parser, '\n');
        node->class.inverted = true;
        return node;
    }
    if (at_any(parser, "*+?"))
        return fail(parser, "there is nothing to repeat before a quantifier");
    return make_single(parser, next_code(&parser->at, parser->end));
}

static bool read_number(struct parser *parser, unsigned *number)
{
    if (!at_any(parser, "0123456789"))
        return false;
    for (*number = 0; at_any(parser, "0123456789"); parser->at++)
        if (*number <= PATTERN_REPEAT_LIMIT)
            *number = *number * 10 + (unsigned)(*parser->at - '0');
    return true;
}

/* {n}, {n,}, {n,m}; anything else after a brace makes it a plain character. */
static bool read_braces(struct parser *parser, unsigned *least,
                        unsigned *greatest)
{
    const char *start = parser->at;
    if (take(parser, "{") && read_number(parser, least)) {
        *greatest = *least;
        if (take(parser, ",") && !read_number(parser, greatest))
            *greatest = UNBOUNDED;
        if (take(parser, "}"))
            return true;
    }
    parser->at = start;
    return false;
}

static struct node *read_quantified(struct parser *parser)
{
    struct node *atom = read_atom(parser);
    unsigned least = 0, greatest = UNBOUNDED;
    if (!atom)
        return NULL;
    if (take(parser, "+"))
        least = 1;
    else if (take(parser, "?"))
        greatest = 1;
    else if (!take(parser, "*") && !read_braces(parser, &least, &greatest))
        return atom;
    if (least > PATTERN_REPEAT_LIMIT || greatest > UNBOUNDED ||
        greatest < least)
        return fail(parser, "a repetition is larger than 1000 or ends before "
                            "it begins");
    take(parser, "?"); /* lazy: which one matters for captures only */
    if (at_any(parser, "*+?"))
        return fail(parser, "there is nothing to repeat before a quantifier");
    struct node *node = make_node(parser, NODE_REPEAT);
    node->left = atom;
    node->least = least;
    node->greatest = greatest;
    return node;
}

static struct node *join(struct parser *parser, enum node_kind kind,
                         struct node *left, struct node *right)
{
    struct node *node = make_node(parser, kind);
    node->left = left;
    node->right = right;
    return node;
}

static struct node *read_sequence(struct parser *parser)
{
    struct node *sequence = make_node(parser, NODE_EMPTY);
    while (parser->at < parser->end && !at_any(parser, "|)")) {
        struct node *next = read_quantified(parser);
        if (!next)
            return NULL;
        sequence = join(parser, NODE_SEQUENCE, sequence, next);
    }
    return sequence;
}

static struct node *read_alternation(struct parser *parser)
{
    struct node *node = read_sequence(parser);
    while (node && take(parser, "|")) {
        struct node *other = read_sequence(parser);
        node = other ? join(parser, NODE_EITHER, node, other) : NULL;
    }
    return node;
}

struct node *pattern_read(struct arena *arena, const char *text, size_t length,
                          struct error *error)
{
    struct parser parser = {arena, text, text + length, 0, error};
    if (length > PATTERN_BYTES_LIMIT)
        return fail(&parser, "the pattern is longer than 1000 bytes");
    struct node *tree = read_alternation(&parser);
    if (tree && parser.at < parser.end)
        return fail(&parser, "a ')' has no group");
    return tree;
}
