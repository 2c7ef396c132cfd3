#pragma once
/* Carries out the steps of one container, in file order. */
#include "engine/entrypoint/environment.h"
#include "engine/entrypoint/output.h"
#include "engine/entrypoint/outputs.h"
#include "engine/entrypoint/state.h"

/* How much of what has not begun is aborted. */
enum run_abort {
    ABORT_NOTHING,
    ABORT_STEPS, /* all but the `after` steps that hold in any case */
    ABORT_ALL,   /* told twice */
};

struct run {
    struct instructions *instructions;
    struct environment *environment;
    struct output *output;
    struct state *state;
    struct signals *signals;
    enum run_abort aborted;
    struct outputs outputs;
    const char *pod; /* folder of a downward API volume */
};

/* Walks the tree from the first step that has not ended, until the steps of this
 * container are done. -1 for a failure of ours: the output or the state cannot be
 * written, a process cannot be made. */
int run_steps(struct run *run, struct error *error);

/* From now on steps are aborted; told to stop so many times (0: it is no signal). A
 * second one leaves nothing. */
void run_abort(struct run *run, unsigned stops);

/* Whether a container before this one aborted a step. */
bool run_was_aborted(const struct run *run);

/* A container before this one died or aborted: what it had begun counts as aborted. */
void run_adopt(struct run *run);
