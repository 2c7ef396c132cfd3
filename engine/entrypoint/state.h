#pragma once
/*
 * What the containers of a pod share: the status of all steps in
 * <folder>/journal, whose turn it is by locks on <folder>/turn-<n>, and the
 * termination message of this container (docs/entrypoint.md).
 */
#include <stdbool.h>

#include "engine/entrypoint/instructions.h"
#include "engine/entrypoint/signals.h"

struct state {
    const char *folder;
    const char *termination; /* path; NULL: none */
    const char *token;       /* seals what is written there */
    const struct instructions *instructions;
    size_t container;
    int turn;        /* descriptor that holds the lock of our turn */
    size_t sequence; /* of the next line of the journal */
    int journal;     /* descriptor; -1: not yet open */
    bool cut;        /* the report has grown too long for all steps */
    bool again;      /* this container has been started before */
    bool owed; /* a container that runs beside this one was told to abort */
};

/* Takes the lock of this container's turn; others wait for it to be free. */
int state_claim(struct state *state, struct error *error);

/* What came of waiting for the turn. */
enum state_turn {
    TURN_TAKEN,
    TURN_ABORTED, /* ours, but we were told to abort meanwhile */
    TURN_MISSED,  /* told to abort, and the container before has not ended */
};

/* Waits until the container before this one has ended. When we are told to stop the
 * wait lasts 15 s more, or 60 s when `after` steps may still run. The second time ends
 * it. An enum state_turn, or -1. */
int state_wait(const struct state *state, struct signals *signals,
               struct error *error);

/* Reads the journal into the steps, and who was told to abort. *died: a container before this one, or this one
 * when it was started before, ended without having finished, or lines are missing. */
int state_load(struct state *state, bool *died, struct error *error);

/* Adds to the journal: the status of a step, or that this container has finished, and
 * whether it was told to abort. */
int state_note(struct state *state, const struct step *step,
               struct error *error);
int state_finish(struct state *state, bool told, struct error *error);

/* Writes the termination message: the steps of this container, what matters
 * first, in at most 4096 bytes; `reason` (NULL: none) for a failure of ours. */
int state_report(struct state *state, const char *reason, struct error *error);

/* The same after the end of a step, when that changes it. */
int state_report_end(struct state *state, const struct step *step,
                     struct error *error);

/* The same as text; whether all steps fitted. */
bool state_print_report(struct text *text, const struct state *state,
                        const char *reason);
