#pragma once
/*
 * A small process beside a run that outlives an engine that is killed: it ends
 * what bubblewrap could not be told to end in its first milliseconds, or the
 * containers of an engine, and removes the run's folder. It may begin with making that
 * folder, while the engine does something else. In every other run it does nothing more
 * and is gone at the end.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "engine/base/cleanup.h"
#include "engine/base/error.h"

struct keeper {
    pid_t pid;  /* 0: none was started */
    int socket; /* its end tells that the engine is gone; -1: it was dismissed */
};

/* What it does when the engine is dead. */
struct keeper_task {
    const char *folder;                                    /* is removed */
    int (*make)(const void *context, struct error *error); /* its first act; or
                                                            * NULL */
    const void *context;
    bool plain; /* no sandbox: the programs end what they have started, so
                          * they get a moment for that */
    const char *program; /* a command that ends what else runs; NULL: none */
    const char *const *arguments, *const *variables; /* of it; end with NULL */
    const char *const *unowned; /* arguments of the program that remove a folder
                                 * with files of other users; or NULL */
};

/* Starts the keeper. ERROR_SYSTEM. */
int keeper_start(struct keeper *keeper, const struct keeper_task *task,
                 struct error *error) MUST_CHECK;

/* Waits for the end of task->make. -1 with its error. */
int keeper_wait(const struct keeper *keeper, struct error *error) MUST_CHECK;

/* From now on it also ends what writes to `output`, the pipe of a process that
 * may not exist yet. */
void keeper_watch(const struct keeper *keeper, int output);

/* The run has ended in order: the keeper leaves. All three may be called twice, or
 * without a keeper; keeper_stop waits until it is gone. */
void keeper_dismiss(struct keeper *keeper);
void keeper_stop(struct keeper *keeper);

/* The run has ended, but what it has started may still be about to begin: the keeper
 * does what it does when the engine is dead. */
void keeper_leave_to(struct keeper *keeper);
