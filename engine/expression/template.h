#pragma once
/* The inside of a template: a list of texts, expressions and choices. */
#include "engine/expression/node.h"

struct segment;

struct branch {
    const struct expression *condition; /* NULL: else */
    const struct segment *first;
    const struct branch *next;
};

/* One of: a text (bytes), an expression, a choice (branches). */
struct segment {
    const char *bytes;
    size_t length;
    const struct expression *expression;
    const struct branch *branches;
    const struct segment *next;
};

struct expression_template {
    const struct segment *first;
    bool blocks; /* uses `{{ if }}` */
    bool sole;   /* one expression and blank texts around it */
};

/* A list being made: each new element goes to *last. */
struct segments {
    struct arena *arena;
    const struct segment **last;
};

/* The new last segment, empty. */
struct segment *segments_add(struct segments *list);

enum block_keyword {
    KEYWORD_NONE,
    KEYWORD_IF,
    KEYWORD_ELSE_IF,
    KEYWORD_ELSE,
    KEYWORD_END,
};

struct block_start {
    enum block_keyword keyword;
    bool trim;  /* `{{-` */
    size_t end; /* after the keyword */
};

/* What the `{{` at `at` begins. A word is a keyword only where it could be no
 * expression, or nothing but the name of a variable: else and end alone in the
 * braces, if before white space and an operand. */
struct block_start block_start_read(const char *text, size_t length, size_t at);

/* expression_template_print; `every_brace`: also a lone { is escaped. */
void template_print(struct text *text,
                    const struct expression_template *template,
                    bool every_brace);

/* The same for one expression as the block of a template. */
void template_print_expression(struct text *text,
                               const struct expression *expression,
                               bool every_brace);
