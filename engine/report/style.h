#pragma once
/* How things look: marks, colours, escaped text and tables. Private to report. */
#include "engine/report/report.h"

/* The mark of a status: one column wide. */
const char *style_mark(enum status status,
                       const struct report_options *options);

/* Appends `word` in the colour of the status, when colour is asked for. */
void style_colored(struct text *text, enum status status, const char *word,
                   const struct report_options *options);

/* Appends text from outside on one line; NULL is nothing. */
void style_escape(struct text *text, const char *string);

/* Appends a duration for people. */
void style_duration(struct text *text, int64_t duration);

/* Appends a number of bytes for people: "999 B", "1.2 MB". */
void style_size(struct text *text, int64_t bytes);

/* Appends "3 artifacts, 1.2 MB: `assay artifacts ID`"; nothing when none. */
void style_artifacts(struct text *text, const struct run_state *state);

/* Time from start (or, failing that, queueing) to the end; -1: not over. */
int64_t style_span(int64_t queued, int64_t started, int64_t finished);

/* A string member, or "". */
const char *style_member(const struct value *map, const char *name);

/* Where the run takes place: "host, sandbox bubblewrap, network host" or
 * "kubernetes, namespace default, job assay-...". Nothing when not known. */
void style_place(struct text *text, const struct run_state *state);

/* Rows of cells whose columns stand under each other. */
struct cell {
    const char *text; /* escaped already */
    int status;       /* enum status + 1: in its colour; 0: plain */
};
struct table {
    struct arena *arena;
    size_t columns;
    struct cell *cells;
    size_t count, capacity;
};

/* Adds the next cell, with a copy of the text; rows fill up by themselves. */
void table_add(struct table *table, const char *escaped, int status);

/* Appends the rows, two spaces between columns and none at the end of a line. */
void table_print(struct text *text, const struct table *table,
                 const struct report_options *options);
