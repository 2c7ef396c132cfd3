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
    size_t length;    /* bytes of the source from the mark on; 0: not known */
};

/* What is known of a code wherever it is reported. */
struct diagnostic_code {
    const char *code;
    enum severity severity;
    const char *title;   /* a few words */
    const char *meaning; /* a sentence or two, as Markdown */
    const char *remedy;  /* what to do */
    const char *example; /* YAML that has the problem; a comment when no small
                            text can have it */
};

/* All codes, in the order of their families; ends with code NULL. */
const struct diagnostic_code *diagnostics_codes(void);

/* The row of `code`, or NULL. */
const struct diagnostic_code *diagnostics_code_find(const char *code);

/* "error", "warning", "note". */
const char *diagnostics_severity_name(enum severity severity);

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
    size_t dropped;     /* beyond DIAGNOSTICS_LIMIT */
    size_t errors;      /* of severity error, the dropped ones included */
    bool allow_unknown; /* unknown fields (E110) are warnings */
};

/* An empty list; `file` must live as long as the arena. */
struct diagnostics diagnostics_make(struct arena *arena, const char *file);

/* Adds one; `code` is a literal, `hint` may be NULL and is copied. Always
 * returns -1, as error_set does. */
int diagnostics_add(struct diagnostics *list, enum severity severity,
                    const char *code, struct mark mark, const char *hint,
                    const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Says how far the finding that was added last reaches from its mark. */
void diagnostics_extend(struct diagnostics *list, size_t length);

/* How many findings of this severity are in the list. */
size_t diagnostics_count(const struct diagnostics *list,
                         enum severity severity);

/* Takes out the warnings and notes with one of the codes (NULL ends them). */
void diagnostics_remove(struct diagnostics *list, const char *const *codes);

/* The text that the mark points into; NULL: the document's own. */
const struct diagnostics_source *
diagnostics_source_of(const struct diagnostics *list, struct mark mark);

/* Adds an error value (from a parser that stops at the first problem). */
int diagnostics_add_error(struct diagnostics *list, const char *code,
                          const struct error *error);

/* Sorts by source (the document first), then file, place, code and text; equal
 * ones once. The order does not depend on that of arrival. */
void diagnostics_sort(struct diagnostics *list);

/* The candidate nearest to `name` (at most a third of its letters differ), or
 * NULL. `candidates` ends with NULL; letter case counts half. */
const char *diagnostics_nearest(const char *name,
                                const char *const *candidates);
