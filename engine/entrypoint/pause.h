#pragma once
/* Waiting until somebody lets a paused step go on (docs/entrypoint.md). */
#include <stdbool.h>
#include <stddef.h>

#include "engine/entrypoint/signals.h"

struct pause {
    const char *state; /* folder: a file resume-<ref> with the token */
    const char *pod;   /* folder: a file annotations, when there is one */
    const char *token;
    const char *ref;
    struct signals *signals;
};

/* Waits. 1: resumed; 0: told to stop. Removes the file, which holds the token, before
 * anything else runs. */
int pause_wait(const struct pause *pause, struct error *error);

/* Whether annotations, as a downward API volume writes them, resume the step: a
 * line assay.dev/resume.<ref>="true". */
bool pause_is_resumed_by(const char *annotations, size_t length,
                         const char *ref);
