#pragma once
/*
 * What is wrong with a document that a user wrote: all of it, not only the first
 * thing, in a list whose memory belongs to an arena. Codes: E1xx schema, E2xx
 * expression, E3xx semantics, W4xx lint, S5xx security (docs/diagnostics.md).
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

enum { DIAGNOSTICS_LIMIT = 1000 }; /* a list; later ones are only counted */

struct diagnostic {
    enum severity severity;
    const char *code; /* "E101" */
    const char *file;
    struct mark mark; /* line 0: the file as a whole */
    const char *text; /* what is wrong: expected and found */
    const char *hint; /* how to mend it; NULL when there is nothing to say */
};

/* A text that marks point into. */
struct diagnostics_source {
    const char *file, *text;
    size_t length;
};

struct diagnostics {
    struct arena *arena;
    const char *file; /* given to the diagnostics that are added from now on */
    const struct diagnostics_source *sources; /* of marks with a source; [0] */
    size_t source_count;                      /* is not used */
    struct diagnostic *items;
    size_t count;
    size_t dropped; /* beyond DIAGNOSTICS_LIMIT */
    size_t errors;  /* of severity error, the dropped ones included */
};

/* An empty list; `file` must live as long as the arena. */
struct diagnostics diagnostics_make(struct arena *arena, const char *file);

/* Adds one; `code` is a literal, `hint` may be NULL and is copied. Always
 * returns -1, as error_set does. */
int diagnostics_add(struct diagnostics *list, enum severity severity,
                    const char *code, struct mark mark, const char *hint,
                    const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* The text that the mark points into; NULL: the document's own. */
const struct diagnostics_source *
diagnostics_source_of(const struct diagnostics *list, struct mark mark);

/* Adds an error value (from a parser that stops at the first problem). */
int diagnostics_add_error(struct diagnostics *list, const char *code,
                          const struct error *error);

/* Sorts by file order of arrival, then place, then code; equal ones once. */
void diagnostics_sort(struct diagnostics *list);

/* The candidate nearest to `name` (at most a third of its letters differ), or
 * NULL. `candidates` ends with NULL; letter case counts half. */
const char *diagnostics_nearest(const char *name,
                                const char *const *candidates);
