#pragma once
/* Text -> tokens, one at a time, and the JSON that stands within it. */
#include "engine/expression/node.h"

enum token_kind {
    TOKEN_END,
    TOKEN_FAILED, /* the error is set */
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_COLON,
    TOKEN_QUESTION,
    TOKEN_NOT,
    TOKEN_SPREAD,
    TOKEN_OPERATOR,
    TOKEN_VALUE,
    TOKEN_NAME,
    TOKEN_PROPERTY,
    TOKEN_BLOCK_CLOSE, /* `}}`, in a template only */
    TOKEN_BLOCK_TRIM,  /* `-}}`, in a template only */
};

struct token {
    enum token_kind kind;
    enum operator_id operator;
    size_t start; /* bytes of the text */
    size_t end;
    const struct value *value;
    const char *name; /* of a name or property: within the text */
    size_t length;
};

struct lexer {
    struct arena *arena;
    struct error *error;
    const char *text;
    size_t length;
    size_t at;
    bool template;
};

struct token lexer_next(struct lexer *lexer);

/* Sets the error (ERROR_INPUT) at `offset`; always returns -1. */
int fail_at(struct error *error, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One JSON value at the start of `length` bytes, as the language reads it: all
 * numbers are floats, the last of two equal names wins, texts may hold newlines
 * and tabs, what is not UTF-8 becomes U+FFFD. *used: its bytes. NULL with the
 * error set; `offset` is where it stands. A null in it is a value. */
const struct value *literal_read(struct arena *arena, const char *text,
                                 size_t length, size_t *used, size_t offset,
                                 struct error *error);

/* The text between single quotes -> its value. */
const struct value *literal_read_quoted(struct arena *arena, const char *text,
                                        size_t length, size_t offset,
                                        struct error *error);

/* A parser of one expression inside a larger text: reads from lexer->at and
 * leaves in *last the token that follows. `fixed`: every node's offset, or
 * SIZE_MAX. */
const struct expression *parse_tokens(struct lexer *lexer, size_t fixed,
                                      struct token *last);
