#pragma once
/*
 * A container that runs its image's own command: no entrypoint reports of its step.
 * It is the last container of a plan (plan->bare), and its step the last leaf. What
 * is known of the container becomes the events of the step, and of the groups around
 * it that end with it. Behind other containers it starts only when those have passed.
 */
#include <stdint.h>

#include "engine/plan/plan.h"
#include "engine/runtime/outcome.h"

/* The ref of the step, or NULL. Lives as long as the plan. */
const char *bare_step(const struct plan *plan);

/* What an exit code means for the step. */
enum status bare_status(const struct plan *plan, int code);

/* Emits the start of the step and of the groups around it. */
int bare_begin(const struct plan *plan, struct event_sink *sink,
               struct error *error) MUST_CHECK;

struct bare_ending {
    enum status status;
    int code; /* -1: none */
    int64_t duration;
};

/* Emits the end of the step, then of the groups. A group that was begun and whose
 * end never ran (STATUS_SKIPPED) has failed. */
int bare_end(const struct plan *plan, const struct outcome *outcome,
             struct bare_ending ending, struct event_sink *sink,
             struct error *error) MUST_CHECK;
