#pragma once
/*
 * A small process beside a run that outlives an engine that is killed: it ends
 * what bubblewrap could not be told to end in its first milliseconds, and removes
 * the run's folder. In every other run it does nothing and is gone at the end.
 */
#include <sys/types.h>

#include "engine/base/cleanup.h"
#include "engine/base/error.h"

struct keeper {
    pid_t pid; /* 0: none was started */
    int pipe;  /* its end tells that the engine is gone */
};

/* Starts the keeper of the folder `path`. ERROR_SYSTEM. */
int keeper_start(struct keeper *keeper, const char *path,
                 struct error *error) MUST_CHECK;

/* From now on it also ends what writes to `output`, the pipe of a process that
 * may not exist yet. */
void keeper_watch(const struct keeper *keeper, int output);

/* The run has ended in order: the keeper leaves. May be called twice. */
void keeper_stop(struct keeper *keeper);
