#pragma once
/*
 * The container's standard output: output of the steps, masked, and control lines
 * that begin at the start of a line (docs/entrypoint.md).
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/error.h"
#include "engine/entrypoint/instructions.h"
#include "engine/entrypoint/mask.h"

struct output {
    int descriptor;
    const char *token;
    struct mask *mask;
    bool inside_line; /* the last byte written was no newline */
    struct text buffer;
};

/* A file that is kept: what the workflow calls it, and where it waits. */
struct output_file {
    const char *name, *file;
    int64_t size;
    bool compress; /* the reader does so while storing it */
};

/* Output of the running step. -1: the reader has gone, or another failure. */
int output_write(struct output *output, const char *bytes, size_t length,
                 struct error *error);

/* The end of a step's output: what was held back goes out. */
int output_finish(struct output *output, struct error *error);

/* Control lines, after the end of a step's output. `reason` may be NULL; it is
 * masked too; `event` of a mark is a word that says all. */
int output_start(struct output *output, const struct step *step, int attempt,
                 struct error *error);
int output_end(struct output *output, const struct step *step,
               const char *reason, struct error *error);
int output_mark(struct output *output, const char *event,
                const struct step *step, struct error *error);
int output_artifact(struct output *output, const struct step *step,
                    const struct output_file *file, struct error *error);
int output_done(struct output *output, enum step_status status,
                struct error *error);

/* A line of our own in the step's log ("assay: ..."), after what it printed. */
int output_say(struct output *output, const char *text, struct error *error);
