#pragma once
/*
 * run.json decoded (docs/entrypoint.md): the step tree with room for what becomes of
 * each step. Lives in the arena it was decoded into.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/value/value.h"

enum step_status {
    STEP_PENDING,
    STEP_RUNNING,
    STEP_PASSED,
    STEP_FAILED,
    STEP_TIMEOUT,
    STEP_SKIPPED,
    STEP_ABORTED,
};

/* Text as it is, or a template that is evaluated before each attempt. */
struct instruction_text {
    const char *bytes; /* NULL: absent */
    size_t length;
    bool template;
};

struct instruction_variable {
    const char *name;
    struct instruction_text value;
    const char *variable; /* of the container, instead of a value; or NULL */
};

/* Files that a leaf keeps, instead of running a process. */
struct instruction_artifacts {
    struct instruction_text *paths;
    size_t path_count;
    struct instruction_text archive; /* the name of one tar of all */
};

struct step {
    const char *ref, *id, *name; /* id may be NULL */
    const char *condition;       /* NULL: the group's, else `passed` */
    bool negative, optional, group;
    bool after;  /* of the top level: runs after an abort too, if always */
    bool paused; /* stops before it begins, until resumed */
    bool idle;   /* a leaf without a process */
    int64_t timeout, delay; /* nanoseconds; 0: none */
    int retries;            /* further attempts */
    const char *until;      /* NULL: passed */
    size_t container;       /* of a leaf */
    struct instruction_text shell;
    struct instruction_text *command;
    size_t command_count;
    struct instruction_text directory;
    struct instruction_artifacts *artifacts; /* NULL: none */
    struct instruction_variable *variables;
    size_t variable_count;
    struct step *children;
    size_t child_count;
    struct step *parent; /* NULL at the top */
    size_t position;     /* among its siblings */
    size_t number;       /* in file order, from 0 */

    enum step_status status;
    int exit_code;    /* -1: no process ran */
    int64_t started;  /* monotonic; shared between containers of a node */
    int64_t held;     /* nanoseconds since then in which a step was paused */
    int64_t duration; /* nanoseconds, without the time held */
    bool cut;         /* a group: its time, or that of one around it, is over */
    size_t kept;      /* artifacts so far, over all attempts */
    struct text outputs; /* of the last attempt: outputs.h */
};

struct instruction_secret {
    const char *name;     /* secret.<name> in templates */
    const char *variable; /* ASSAY_... of the container */
};

struct instructions {
    struct step *steps; /* the top level */
    size_t step_count;
    size_t total; /* steps and groups in all */
    size_t container_count;
    bool *beside;         /* which of them run while the one before does */
    struct step **by_ref; /* all, sorted */
    struct step **by_id;  /* those with an id, sorted */
    size_t id_count;
    struct instruction_secret *secrets;
    size_t secret_count;
};

/* Decodes `text`. NULL with ERROR_INPUT that names the step and the member. */
struct instructions *instructions_decode(struct arena *arena, const char *text,
                                         size_t length, struct error *error);

/* The step of a ref, or NULL. */
struct step *instructions_find_ref(const struct instructions *instructions,
                                   const char *ref, size_t length);

/* The step of an id, or else of a ref; NULL: none. */
struct step *instructions_find(const struct instructions *instructions,
                               const char *name, size_t length);

/* The step after `step` in file order, depth first: into groups, or over them.
 * NULL after the last. `instructions_first` is the first. */
struct step *instructions_first(const struct instructions *instructions);
struct step *instructions_next(const struct instructions *instructions,
                               const struct step *step, bool into);
