#pragma once
/* Waits for running containers: hands on their output, ends them when the user
 * or the clock says so. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"
#include "engine/runtime/unit.h"

struct pollfd;

/* Somebody who has other things to do while units run. `turn` is called before
 * each wait: it fills `slots` (WATCH_GUEST_SLOTS at most) with what it waits for,
 * and returns how many, or -1 to end everything. */
enum { WATCH_GUEST_SLOTS = 128 };
struct watch_guest {
    int (*turn)(void *context, struct pollfd *slots, struct error *error);
    void *context;
};

enum watch_cause { WATCH_NONE, WATCH_ABORTED, WATCH_DEADLINE };

/* Starts as {.abort_descriptor = ..., .deadline = ..., .grace = ...}; may be used for several
 * groups of units, one after another. */
struct watch {
    int abort_descriptor;     /* -1: none */
    int64_t deadline;         /* by clock_monotonic; 0: none */
    int64_t grace;            /* from being told to end to SIGKILL */
    struct watch_guest guest; /* or nobody */
    enum watch_cause cause;   /* why the units were told to end */
    unsigned wishes;          /* of the user to abort */
    int (*rest)(void *context, struct error *error); /* of runtime_options */
    void *rest_context;
    int64_t rest_at; /* when it is due; 0: no output came */
    int64_t kill_at; /* by clock_monotonic; 0: not yet */
};

/* Returns when all started units have ended and all their output was handed on.
 * -1 when a sink failed; everything has then been killed. */
int watch_run(struct watch *watch, struct unit *units, size_t count,
              struct error *error) MUST_CHECK;
