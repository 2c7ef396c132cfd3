#pragma once
/* Private: what the files that check one document share. */
#include "engine/workflow/private.h"

/* The names that a document itself brings. */
struct document_names {
    struct arena *arena;
    struct value *parameters; /* a map, whose names count; NULL: not made yet */
    struct value *steps;      /* their ids, in the same way */
    bool open;                /* templates may bring steps */
};

struct check {
    const struct value *document;
    const char *source;
    size_t source_length;
    size_t located; /* bytes that were scanned for places: bounded */
    struct diagnostics *diagnostics;
    struct document_names names;
};

/* The place of a byte of a text; once that has taken too much work, the text's. */
struct mark check_locate(struct check *check, const struct value *text,
                         size_t offset);

/* A name or call of the expressions in `text`: when nobody can ever answer it, it
 * is reported at its place (E202, E205, E206). */
void check_reference(struct check *check, const struct value *text,
                     const struct expression_reference *reference);
