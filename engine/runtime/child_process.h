#pragma once
/*
 * A child process that cannot outlive this one: a session of its own, no
 * descriptors but the given ones, default signals, no core dump, and SIGKILL
 * when the thread that started it ends.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "engine/base/arena.h"
#include "engine/base/cleanup.h"
#include "engine/base/error.h"

struct keeper;

struct process_setup {
    const char *program;          /* path */
    const char *const *arguments; /* argv; ends with NULL */
    const char *const *variables; /* the whole environment; ends with NULL */
    const char *folder;           /* the working folder; NULL: the root */
    const int
        *descriptors; /* become 3, 4, ... in the child; stay the caller's */
    size_t descriptor_count;
    int death;                   /* the signal when we die; 0: SIGKILL */
    const struct keeper *keeper; /* told of it before it exists; or NULL */
};

/* All descriptors belong to the process and are closed by process_close; -1:
 * closed. `output` and `complaints` (standard output and error) do not block. */
struct process {
    pid_t pid;
    int handle; /* a pidfd: readable when the process has ended */
    int output;
    int complaints;
};

/* The path of the program of that name in $PATH or /usr/bin, or NULL. Lives in
 * `arena`. */
const char *process_find(struct arena *arena, const char *name);

/* For a forked process that goes its own way: `input` becomes its standard input,
 * everything else is closed (standard output and error lead nowhere); it has a
 * session of its own and ignores what a terminal or a user may send. */
void process_isolate(int input);

/* Starts a process. A program that cannot be executed ends with 127 and says
 * so on its standard error. ERROR_SYSTEM. */
int process_start(const struct process_setup *setup, struct process *process,
                  struct error *error) MUST_CHECK;

/* Sends a signal through a pidfd; -1 does nothing. False: it is not allowed. */
bool process_signal(int handle, int signal);

/* A pidfd of a process that is not our child; -1 when it is gone. */
int process_open(pid_t pid);

/* Whether the process has a handler for `signal` by now, or blocks it: what is
 * pid 1 in its namespace does not get it before. */
bool process_expects(pid_t pid, int signal);

/* Reads the status of a process that has ended, as waitpid gives it. */
int process_reap(struct process *process);

/* Closes what is open. The process must have been reaped. */
void process_close(struct process *process);
