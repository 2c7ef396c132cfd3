#pragma once
/* Carries out the steps of one container, in file order. */
#include "engine/entrypoint/environment.h"
#include "engine/entrypoint/output.h"
#include "engine/entrypoint/state.h"

struct run {
    struct instructions *instructions;
    struct environment *environment;
    struct output *output;
    struct state *state;
    int signals;  /* signalfd */
    bool aborted; /* from now on everything is aborted */
};

/* Walks the tree from the first step that has not ended, until the steps of this
 * container are done. -1 for a failure of ours: the output or the state cannot be
 * written, a process cannot be made. */
int run_steps(struct run *run, struct error *error);

/* Whether a container before this one had to abort a step. */
bool run_was_aborted(const struct run *run);

/* A container before this one died or aborted: what it had begun counts as aborted. */
void run_adopt(struct run *run);
