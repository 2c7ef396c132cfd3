#pragma once
/*
 * Runs for people and programs: the live view, lines of JSON, and the pages of
 * `assay show` and `assay history`. Everything is made from events and states, so
 * that live and stored runs look alike. Text goes where the caller says, a FILE or
 * a struct text; what came from outside is escaped.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/event/event.h"
#include "engine/value/value.h"

/* {0} is plain UTF-8 text without colour. */
struct report_options {
    bool color; /* colour beside the words, never instead of them */
    bool ascii; /* marks of ASCII characters only */
    bool quiet; /* live: only the last line */
    bool raw;   /* live: output as it is, neither escaped nor indented */
};

/* The live view of the run `id` on `out`: a line for each step that starts or
 * ends, its output as it comes, indented and escaped, and a last line with the
 * verdict and why. Memory stays small however long lines and output are. The
 * caller frees it and keeps `out`; a failed write is ERROR_SYSTEM. */
struct report_live;
struct report_live *report_live_new(FILE *out, const char *id,
                                    const struct report_options *options);
void report_live_free(struct report_live *live);
DEFINE_CLEANUP(struct report_live *, report_live_free);

/* The sink; belongs to `live`. */
struct event_sink *report_live_sink(struct report_live *live);

/* Each event of the run `id` as one line of JSON on `out`: `run`, then the members
 * of event_encode, and the output as `text`, in pieces of at most 64 KiB, with
 * U+FFFD for bytes that are not UTF-8. The caller frees it and keeps `out`. */
struct report_ndjson;
struct report_ndjson *report_ndjson_new(FILE *out, const char *id);
void report_ndjson_free(struct report_ndjson *ndjson);
DEFINE_CLEANUP(struct report_ndjson *, report_ndjson_free);
struct event_sink *report_ndjson_sink(struct report_ndjson *ndjson);

/* Appends the page of one run: what ran, when, its verdict and why, parameters,
 * notes, and a table of its steps. */
void report_run(struct text *text, const struct run_state *state,
                const struct report_options *options);

/* One run of a list. Times are 0 when not yet. */
struct report_row {
    const char *id;
    const char *workflow;
    const char *runtime;
    const char *digest;
    enum status status;
    int64_t queued, started, finished;
};

/* Appends a table of runs, in the order given: ID (its first 8 characters, or as
 * many as tell these rows apart), WORKFLOW, STATUS, RUNTIME, STARTED, DURATION. */
void report_list(struct text *text, const struct report_row *rows, size_t count,
                 const struct report_options *options);

/* The same as values with stable names (docs/history.md). Live in `arena`. */
struct value *report_run_value(struct arena *arena,
                               const struct run_state *state);
struct value *report_list_value(struct arena *arena,
                                const struct report_row *rows, size_t count);

/* The artifacts of a run, or of one step (event_choose_artifacts), as a list of
 * {step, name, size, digest, replaced}, in the order in which they came. Lives in
 * `arena`. */
struct value *report_artifacts_value(struct arena *arena,
                                     const struct run_state *state,
                                     const char *step);

/* Appends the same as a table: STEP, NAME, SIZE, DIGEST (its first digits). */
void report_artifacts(struct text *text, const struct run_state *state,
                      const char *step, const struct report_options *options);

/* Appends why the run is not passed, in one escaped line: its reason, or else
 * the first step that made it fail. Nothing when there is nothing to say. */
void report_why(struct text *text, const struct run_state *state);
