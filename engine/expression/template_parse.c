/*
 * Template text -> segments.
 *
 *   template = { text | "{{" expression "}}" | choice }
 *   choice   = "{{" if expression "}}" template
 *              { "{{" else if expression "}}" template }
 *              [ "{{" else "}}" template ] "{{" end "}}"
 *
 * Before the first `{{ if }}`, else and end are names of variables, as in the
 * language that this one extends. In the braces of a choice `{{-` and `-}}` take
 * away the white space before and after, as in Go templates; `{{- x }}` of an
 * expression is minus x.
 */
#include <stdint.h>
#include <string.h>

#include "engine/expression/lexer.h"
#include "engine/expression/limits.h"
#include "engine/expression/template.h"

struct template_parser {
    struct lexer lexer;
    struct arena *arena;
    struct expression_template *template;
    size_t depth;
    bool trim;                /* white space at lexer.at goes away */
    struct block_start start; /* the keyword that ended a list of segments */
    size_t start_at;
};

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r' ||
           character == '\n';
}

static size_t skip_blank(const char *text, size_t length, size_t at)
{
    while (at < length && is_blank(text[at]))
        at++;
    return at;
}

static bool has_word(const char *text, size_t length, size_t at,
                     const char *word)
{
    size_t width = strlen(word);
    return length - at >= width && memcmp(text + at, word, width) == 0;
}

static bool closes(const char *text, size_t length, size_t at)
{
    at = skip_blank(text, length, at);
    return has_word(text, length, at, "}}") ||
           has_word(text, length, at, "-}}");
}

/* Whether white space and the beginning of an operand stand at `at`. */
static bool operand_follows(const char *text, size_t length, size_t at)
{
    size_t next = skip_blank(text, length, at);
    if (next == at || next == length || has_word(text, length, next, "!="))
        return false;
    char first = text[next];
    return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
           (first >= '0' && first <= '9') ||
           (first != '\0' && strchr("_\"'[{!(", first));
}

struct block_start block_start_read(const char *text, size_t length, size_t at)
{
    static const struct block_start none = {.keyword = KEYWORD_NONE};
    at += strlen("{{");
    bool trim = has_word(text, length, at, "-");
    at = skip_blank(text, length, at + trim);
    if (has_word(text, length, at, "if") &&
        operand_follows(text, length, at + 2))
        return (struct block_start){KEYWORD_IF, trim, at + 2};
    if (has_word(text, length, at, "end") && closes(text, length, at + 3))
        return (struct block_start){KEYWORD_END, trim, at + 3};
    if (!has_word(text, length, at, "else"))
        return none;
    size_t end = at + strlen("else");
    if (closes(text, length, end))
        return (struct block_start){KEYWORD_ELSE, trim, end};
    size_t next = skip_blank(text, length, end);
    if (next == end || !has_word(text, length, next, "if") ||
        (!closes(text, length, next + 2) &&
         !operand_follows(text, length, next + 2)))
        return none;
    return (struct block_start){KEYWORD_ELSE_IF, trim, next + 2};
}

struct segment *segments_add(struct segments *list)
{
    struct segment *segment = arena_allocate(list->arena, sizeof *segment);
    *list->last = segment;
    list->last = &segment->next;
    return segment;
}

/* The text up to `end`, where `trim` says whether white space before it goes. */
static void add_text(struct template_parser *parser, struct segments *list,
                     size_t end, bool trim)
{
    const char *text = parser->lexer.text;
    size_t start = parser->lexer.at;
    if (parser->trim)
        start = skip_blank(text, end, start);
    parser->trim = false;
    parser->lexer.at = end;
    while (trim && end > start && is_blank(text[end - 1]))
        end--;
    if (end == start)
        return;
    struct segment *segment = segments_add(list);
    segment->bytes = arena_copy(parser->arena, text + start, end - start);
    segment->length = end - start;
}

/* The expression after lexer.at and the end of its block; NULL on error. */
static const struct expression *block(struct template_parser *parser, size_t at,
                                      bool may_trim)
{
    struct token last;
    const struct expression *expression =
        parse_tokens(&parser->lexer, SIZE_MAX, &last);
    if (!expression)
        return NULL;
    parser->trim = last.kind == TOKEN_BLOCK_TRIM;
    if (last.kind == TOKEN_END)
        fail_at(parser->lexer.error, at,
                "the block that begins here is not closed, expected '}}'");
    else if (parser->trim && !may_trim)
        fail_at(parser->lexer.error, last.start,
                "'-}}' trims white space in if, else and end blocks only, "
                "expected '}}'");
    else
        return expression;
    return NULL;
}

static int add_block(struct template_parser *parser, struct segments *list)
{
    size_t at = parser->lexer.at;
    parser->lexer.at = at + strlen("{{");
    const struct expression *expression = block(parser, at, false);
    if (!expression)
        return -1;
    if (expression != expression_none())
        segments_add(list)->expression = expression;
    return 0;
}

static int add_choice(struct template_parser *parser, struct segments *list);

/* Segments up to the end of the text or a keyword that ends the list: it is in
 * parser->start then. */
static int add_segments(struct template_parser *parser, struct segments *list)
{
    const struct lexer *lexer = &parser->lexer;
    for (;;) {
        const char *from = lexer->text + lexer->at;
        const char *found = memmem(from, lexer->length - lexer->at, "{{", 2);
        size_t at = found ? (size_t)(found - lexer->text) : lexer->length;
        struct block_start start = {.keyword = KEYWORD_NONE};
        if (found)
            start = block_start_read(lexer->text, lexer->length, at);
        if (start.keyword > KEYWORD_IF && !parser->template->blocks)
            start = (struct block_start){.keyword = KEYWORD_NONE};
        add_text(parser, list, at, start.trim);
        parser->start = start;
        parser->start_at = at;
        if (!found || start.keyword > KEYWORD_IF)
            return 0;
        if (start.keyword == KEYWORD_IF ? add_choice(parser, list) < 0
                                        : add_block(parser, list) < 0)
            return -1;
    }
}

/* The condition of if or else if. */
static const struct expression *condition(struct template_parser *parser)
{
    size_t at = parser->start_at;
    parser->lexer.at = parser->start.end;
    const struct expression *expression = block(parser, at, true);
    if (expression != expression_none())
        return expression;
    fail_at(parser->lexer.error, at, "the block has no condition");
    return NULL;
}

/* The rest of the braces of else or end. */
static void finish_braces(struct template_parser *parser)
{
    struct lexer *lexer = &parser->lexer;
    lexer->at = skip_blank(lexer->text, lexer->length, parser->start.end);
    parser->trim = lexer->text[lexer->at] == '-';
    lexer->at += parser->trim ? strlen("-}}") : strlen("}}");
}

static int check_keyword(struct template_parser *parser, size_t opened,
                         bool had_else)
{
    struct error *error = parser->lexer.error;
    if (parser->start.keyword == KEYWORD_NONE)
        return fail_at(error, opened,
                       "'{{ if }}' is not closed, expected '{{ end }}'");
    if (had_else && parser->start.keyword != KEYWORD_END)
        return fail_at(error, parser->start_at,
                       "a second '{{ else }}', expected '{{ end }}'");
    return 0;
}

static int add_branches(struct template_parser *parser, struct segment *choice)
{
    const struct branch **last = &choice->branches;
    size_t opened = parser->start_at;
    bool had_else = false;
    while (parser->start.keyword != KEYWORD_END) {
        struct branch *branch = arena_allocate(parser->arena, sizeof *branch);
        *last = branch;
        last = &branch->next;
        had_else = parser->start.keyword == KEYWORD_ELSE;
        if (had_else)
            finish_braces(parser);
        else
            branch->condition = condition(parser);
        if (!had_else && !branch->condition)
            return -1;
        struct segments list = {parser->arena, &branch->first};
        if (add_segments(parser, &list) < 0 ||
            check_keyword(parser, opened, had_else) < 0)
            return -1;
    }
    finish_braces(parser);
    return 0;
}

static int add_choice(struct template_parser *parser, struct segments *list)
{
    if (parser->depth >= EXPRESSION_BLOCK_DEPTH_LIMIT)
        return fail_at(parser->lexer.error, parser->start_at,
                       "'{{ if }}' is nested too deeply, expected at most %d "
                       "levels",
                       EXPRESSION_BLOCK_DEPTH_LIMIT);
    parser->template->blocks = true;
    parser->depth++;
    int result = add_branches(parser, segments_add(list));
    parser->depth--;
    return result;
}

static bool is_blank_text(const struct segment *segment)
{
    return segment->bytes &&
           skip_blank(segment->bytes, segment->length, 0) == segment->length;
}

static bool is_sole(const struct expression_template *template)
{
    size_t expressions = 0;
    for (const struct segment *at = template->first; at; at = at->next) {
        if (at->branches || (at->bytes && !is_blank_text(at)) ||
            (at->expression && node_is_wildcard(at->expression)))
            return false;
        expressions += at->expression != NULL;
    }
    return expressions == 1;
}

struct expression_template *expression_template_parse(struct arena *arena,
                                                      const char *text,
                                                      size_t length,
                                                      struct error *error)
{
    struct expression_template *template =
        arena_allocate(arena, sizeof *template);
    struct template_parser parser = {
        .lexer = {.arena = arena,
                  .error = error,
                  .text = text,
                  .length = length,
                  .template = true},
        .arena = arena,
        .template = template,
    };
    if (length > EXPRESSION_TEMPLATE_BYTES_LIMIT) {
        fail_at(error, 0, "the template has %zu bytes, expected at most %d",
                length, EXPRESSION_TEMPLATE_BYTES_LIMIT);
        return NULL;
    }
    struct segments list = {arena, &template->first};
    if (add_segments(&parser, &list) < 0)
        return NULL;
    if (parser.start.keyword != KEYWORD_NONE) {
        fail_at(error, parser.start_at, "'{{ %s }}' without '{{ if ... }}'",
                parser.start.keyword == KEYWORD_END ? "end" : "else");
        return NULL;
    }
    template->sole = is_sole(template);
    return template;
}
