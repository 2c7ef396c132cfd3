#pragma once
/*
 * One process and everything it starts: run, read, end. When process_run returns
 * none of them is left.
 */
#include "engine/entrypoint/output.h"
#include "engine/entrypoint/signals.h"

struct process {
    char **arguments;   /* NULL at the end; argv[0] is looked up in PATH */
    char **variables;   /* the whole environment */
    const char *folder; /* working directory, made when missing; NULL: ours */
    int script;         /* a descriptor the program may read; -1: none */
    int64_t deadline;   /* monotonic; 0: none */
    struct signals *signals;
};

enum process_end {
    PROCESS_EXITED, /* code is its exit code */
    PROCESS_KILLED, /* by a signal of its own; code is 128 + it */
    PROCESS_DEADLINE,
    PROCESS_STOPPED, /* we were told to stop, or could not write its output */
};

struct process_result {
    enum process_end end;
    int code;
    int signal;
    unsigned stops;    /* how often we were told to stop */
    char trouble[320]; /* why it could not be started; "" when it was */
};

/* Runs it. -1 only for failures of ours, such as fork; a program that cannot be
 * started is an exit with 126 or 127 and a line in the output. */
int process_run(const struct process *process, struct output *output,
                struct process_result *result, struct error *error);

/* Waits until `until` (monotonic). 1: the time has come; 0: told to stop. */
int process_sleep(struct signals *signals, int64_t until, struct error *error);
