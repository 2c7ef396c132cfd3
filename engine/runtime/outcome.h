#pragma once
/*
 * What is known of a run's steps, and the verdict. Stands between the containers
 * and the reader of events: repeated ends are dropped, ends that were lost are
 * made up from the termination messages, steps that nobody ended are aborted.
 * The verdict is never better than the evidence. Pure but for the clock.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/event/event.h"
#include "engine/plan/plan.h"

struct outcome_step {
    const char *ref;
    const char *name; /* as the user wrote it, or the ref */
    bool group, top;
    bool counts; /* neither it nor a group around it is optional */
    bool blamed; /* it counts, and no group around it wants failures */
    bool negative;
    bool started, finished, paused;
    enum status status;
    int exit_code;
};

/* Hand events to `sink`; lives as long as its arena. */
struct outcome {
    struct event_sink sink; /* first: events of the containers come in here */
    struct event_sink *next;
    struct arena *arena;
    struct outcome_step *steps; /* depth first, in file order */
    size_t count, capacity;
    const char *lost; /* name of a counting step whose end nobody reported */
};

/* How a container ended. */
struct ending {
    const char *name; /* of the container */
    bool done;        /* it said so, with `said` */
    enum status said;
    bool ended;            /* false: it was never started */
    int code;              /* as a shell has it: 128 + signal */
    bool killed;           /* by this runtime */
    bool out_of_memory;    /* the kernel ended something for lack of memory */
    const char *complaint; /* what it printed on its standard error, or "" */
};

struct verdict {
    enum status status;
    const char *reason; /* NULL when passed */
};

/* The outcome of a plan whose steps have not begun. */
struct outcome *outcome_make(struct arena *arena, const struct plan *plan,
                             struct event_sink *next);

/* Emits what a termination message (docs/entrypoint.md) knows and the stream
 * did not tell. A message that cannot be read says nothing. */
int outcome_take_message(struct outcome *outcome, const char *message,
                         size_t length, struct error *error) MUST_CHECK;

/* Ends all steps that have not ended, as aborted, for `reason`. A run that has
 * such a step among those that count cannot pass. */
int outcome_close(struct outcome *outcome, const char *reason,
                  struct error *error) MUST_CHECK;

/* Why a container ended without `done`; NULL when it said `done`. */
const char *outcome_explain(struct arena *arena, const struct ending *ending);

/* The worst of the containers. A container that never started counts only when
 * no other says more. */
struct verdict outcome_judge(const struct outcome *outcome,
                             const struct ending *endings, size_t count);
