#pragma once
/* The signals by which this container is told to end its steps. */
#include <stdbool.h>

#include "engine/base/error.h"

struct signals {
    int descriptor; /* a signalfd: SIGCHLD, SIGTERM, SIGINT, SIGQUIT */
    unsigned told;  /* how often we were told to stop, so far */
    bool owed;      /* one is on its way that tells nothing new */
};

/* Blocks them; from now on they are read from the descriptor. 0, or -1. */
int signals_open(struct signals *signals, struct error *error);

/* How often we were told to stop since the last look, without waiting: once for each
 * SIGTERM or SIGINT but the one that is owed, twice for SIGQUIT, since nobody is
 * there any more who could ask again. */
unsigned signals_take(struct signals *signals);
