/*
 * In: a regular expression. Out: whether a text matches. The expression is read
 * into a tree, the tree is written as a small program, and all threads of the
 * program advance together over the text (Thompson 1968, Pike's machine without
 * captures), so that no input makes it slow. A program has at most
 * PATTERN_PROGRAM_LIMIT instructions; targets always lie inside it.
 *
 *   alternation = sequence ("|" sequence)*
 *   sequence    = (atom quantifier?)*
 *   quantifier  = ("*" | "+" | "?" | "{" n ("," m?)? "}") "?"?
 *   atom        = character | "." | class | escape | "^" | "$" | group
 *   group       = "(" ("?:" | "?<name>" | "?P<name>")? alternation ")"
 */
#include "engine/schema/pattern.h"

#include <stdint.h>
#include <string.h>

#include "engine/schema/limits.h"

struct range {
    uint32_t low, high;
};

struct class
{
    struct range *ranges;
    size_t count;
    bool inverted;
};

enum node_kind {
    NODE_EMPTY,
    NODE_CLASS,
    NODE_START,
    NODE_END,
    NODE_BOUNDARY,
    NODE_INSIDE,
    NODE_SEQUENCE,
    NODE_EITHER,
    NODE_REPEAT,
};

struct node {
    enum node_kind kind;
    struct class class;
    struct node *left, *right;
    unsigned least, greatest; /* repeat */
};

enum { UNBOUNDED = PATTERN_REPEAT_LIMIT + 1, LAST_CODE = 0x10FFFF };

enum operation {
    OPERATION_CLASS,
    OPERATION_START,
    OPERATION_END,
    OPERATION_BOUNDARY,
    OPERATION_INSIDE, /* of a word or of what is between words */
    OPERATION_SPLIT,
    OPERATION_MATCH,
};

struct instruction {
    enum operation operation;
    unsigned next, other; /* other: the second way of a split */
    struct class class;
};

struct pattern {
    struct instruction *program;
    unsigned count;
    unsigned start;
};

struct parser {
    struct arena *arena;
    const char *at, *end;
    unsigned nesting;
    struct error *error;
};

/* One code point; bytes that are not UTF-8 stand for themselves. */
static uint32_t next_code(const char **at, const char *end)
{
    unsigned char first = (unsigned char)*(*at)++;
    size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
    if (more == 0 || (size_t)(end - *at) < more)
        return first;
    uint32_t code = first & (0x3FU >> more);
    for (; more > 0; more--)
        code = code << 6 | ((unsigned char)*(*at)++ & 0x3F);
    return code;
}

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
    {'d', 1, {{'0', '9'}}                                    },
    {'w', 4, {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
    {'s', 2, {{'\t', '\r'}, {' ', ' '}}                      },
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

/* Writes the program backwards, each part with the place that follows it. */
struct writer {
    struct arena *arena;
    struct pattern *pattern;
    unsigned work;
    bool full;
};

static unsigned emit(struct writer *writer, struct instruction instruction)
{
    struct pattern *pattern = writer->pattern;
    if (pattern->count >= PATTERN_PROGRAM_LIMIT) {
        writer->full = true;
        return 0;
    }
    size_t size = sizeof *pattern->program;
    if ((pattern->count & (pattern->count - 1)) == 0)
        pattern->program =
            arena_grow(writer->arena, pattern->program, pattern->count * size,
                       (pattern->count ? 2 * pattern->count : 1) * size);
    pattern->program[pattern->count] = instruction;
    return pattern->count++;
}

static unsigned write_node(struct writer *writer, const struct node *node,
                           unsigned next);

static unsigned write_repeat(struct writer *writer, const struct node *node,
                             unsigned next)
{
    unsigned end = next;
    if (node->greatest == UNBOUNDED) {
        unsigned split = emit(writer, (struct instruction){
                                          .operation = OPERATION_SPLIT,
                                          .other = next,
                                      });
        unsigned body = write_node(writer, node->left, split);
        writer->pattern->program[split].next = body;
        next = split;
    }
    for (unsigned i = node->least;
         node->greatest != UNBOUNDED && i < node->greatest && !writer->full;
         i++)
        next = emit(writer, (struct instruction){
                                .operation = OPERATION_SPLIT,
                                .next = write_node(writer, node->left, next),
                                .other = end,
                            });
    for (unsigned i = 0; i < node->least && !writer->full; i++)
        next = write_node(writer, node->left, next);
    return next;
}

/* Returns where `node` starts, with `next` after it. */
static unsigned write_node(struct writer *writer, const struct node *node,
                           unsigned next)
{
    /* Parts that emit nothing can be repeated too: they count as well. */
    if (++writer->work > 10 * PATTERN_PROGRAM_LIMIT)
        writer->full = true;
    if (writer->full)
        return 0;
    struct instruction instruction = {.next = next, .class = node->class};
    switch (node->kind) {
    case NODE_EMPTY:
        return next;
    case NODE_SEQUENCE:
        return write_node(writer, node->left,
                          write_node(writer, node->right, next));
    case NODE_EITHER:
        instruction.operation = OPERATION_SPLIT;
        instruction.next = write_node(writer, node->left, next);
        instruction.other = write_node(writer, node->right, next);
        return emit(writer, instruction);
    case NODE_REPEAT:
        return write_repeat(writer, node, next);
    case NODE_CLASS:
        instruction.operation = OPERATION_CLASS;
        return emit(writer, instruction);
    case NODE_START:
        instruction.operation = OPERATION_START;
        return emit(writer, instruction);
    case NODE_END:
        instruction.operation = OPERATION_END;
        return emit(writer, instruction);
    case NODE_BOUNDARY:
        instruction.operation = OPERATION_BOUNDARY;
        return emit(writer, instruction);
    case NODE_INSIDE:
        instruction.operation = OPERATION_INSIDE;
        return emit(writer, instruction);
    }
    return next;
}

struct pattern *pattern_compile(struct arena *arena, const char *text,
                                size_t length, struct error *error)
{
    struct parser parser = {arena, text, text + length, 0, error};
    if (length > PATTERN_BYTES_LIMIT)
        return fail(&parser, "the pattern is longer than 1000 bytes");
    struct node *tree = read_alternation(&parser);
    if (!tree)
        return NULL;
    if (parser.at < parser.end)
        return fail(&parser, "a ')' has no group");
    struct pattern *pattern = arena_allocate(arena, sizeof *pattern);
    struct writer writer = {arena, pattern, 0, false};
    unsigned match =
        emit(&writer, (struct instruction){.operation = OPERATION_MATCH});
    pattern->start = write_node(&writer, tree, match);
    if (writer.full)
        return fail(&parser, "the pattern repeats too much");
    return pattern;
}

/* The threads that wait for the next character, each place at most once. */
struct threads {
    const struct pattern *pattern;
    unsigned count;
    unsigned round; /* of `seen` */
    unsigned waiting[PATTERN_PROGRAM_LIMIT];
    unsigned todo[PATTERN_PROGRAM_LIMIT]; /* places still to be followed */
    unsigned seen[PATTERN_PROGRAM_LIMIT];
};

/* What surrounds the place between two characters. */
struct gap {
    bool first, last, boundary;
};

static bool passes(enum operation operation, const struct gap *gap)
{
    return operation == OPERATION_START      ? gap->first
           : operation == OPERATION_END      ? gap->last
           : operation == OPERATION_BOUNDARY ? gap->boundary
                                             : !gap->boundary;
}

static void visit(struct threads *threads, unsigned *todo, unsigned place)
{
    if (threads->seen[place] == threads->round)
        return;
    threads->seen[place] = threads->round;
    threads->todo[(*todo)++] = place;
}

/* Adds the threads that are reached from `place` without a character. True when
 * one of them has matched. */
static bool follow(struct threads *threads, unsigned place,
                   const struct gap *gap)
{
    unsigned todo = 0;
    visit(threads, &todo, place);
    while (todo > 0) {
        unsigned here = threads->todo[--todo];
        const struct instruction *at = &threads->pattern->program[here];
        if (at->operation == OPERATION_MATCH)
            return true;
        if (at->operation == OPERATION_CLASS) {
            threads->waiting[threads->count++] = here;
        } else if (at->operation == OPERATION_SPLIT) {
            visit(threads, &todo, at->next);
            visit(threads, &todo, at->other);
        } else if (passes(at->operation, gap)) {
            visit(threads, &todo, at->next);
        }
    }
    return false;
}

static bool class_has(const struct class *class, uint32_t code)
{
    for (size_t i = 0; i < class->count; i++)
        if (code >= class->ranges[i].low && code <= class->ranges[i].high)
            return !class->inverted;
    return class->inverted;
}

static bool is_word(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
           (code >= 'a' && code <= 'z') || code == '_';
}

/* Moves the threads that accept `code`, and starts one more. */
static bool step(struct threads *now, struct threads *later, uint32_t code,
                 const struct gap *gap)
{
    later->count = 0;
    later->round++;
    for (unsigned i = 0; i < now->count; i++) {
        const struct instruction *at = &now->pattern->program[now->waiting[i]];
        if (class_has(&at->class, code) && follow(later, at->next, gap))
            return true;
    }
    return follow(later, later->pattern->start, gap);
}

bool pattern_match(const struct pattern *pattern, const char *text,
                   size_t length)
{
    const char *at = text, *end = text + length;
    bool next_word = length > 0 && is_word((unsigned char)*at);
    struct threads sets[2];
    for (unsigned i = 0; i < 2; i++) {
        sets[i].pattern = pattern;
        sets[i].count = 0;
        sets[i].round = 1;
        memset(sets[i].seen, 0, pattern->count * sizeof *sets[i].seen);
    }
    struct threads *now = &sets[0], *later = &sets[1];
    struct gap gap = {true, length == 0, next_word};
    if (follow(now, pattern->start, &gap))
        return true;
    while (at < end) {
        uint32_t code = next_code(&at, end);
        bool word = is_word(code);
        next_word = at < end && is_word((unsigned char)*at);
        gap = (struct gap){false, at == end, word != next_word};
        if (step(now, later, code, &gap))
            return true;
        struct threads *swap = now;
        now = later;
        later = swap;
    }
    return false;
}
