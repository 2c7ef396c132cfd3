#pragma once
/*
 * A command of the program: one row of the table in commands.c, one file. The only
 * layer that prints and decides the exit code.
 */
#include "engine/base/diagnostics.h"
#include "engine/base/error.h"
#include "engine/event/event.h"

struct command {
    const char *name;
    int (*run)(int count, char **arguments); /* after the name; the exit code */
    const char *arguments;                   /* for the usage line */
    const char *help;                        /* one line */
};

/* The commands; ends with a row whose name is NULL. */
extern const struct command commands[];

int command_run(int count, char **arguments);
int command_validate(int count, char **arguments);
int command_plan(int count, char **arguments);
int command_resolve(int count, char **arguments);
int command_history(int count, char **arguments);
int command_show(int count, char **arguments);
int command_logs(int count, char **arguments);
int command_artifacts(int count, char **arguments);
int command_attach(int count, char **arguments);
int command_resume(int count, char **arguments);
int command_abort(int count, char **arguments);
int command_doctor(int count, char **arguments);
int command_eval(int count, char **arguments);
int command_marketplace(int count, char **arguments);
int command_version(int count, char **arguments);
int command_help(int count, char **arguments);

/* Exit codes: the contract (docs/exit-codes in the manual page). */
enum exit_code {
    EXIT_PASSED = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_DOCUMENT = 3,
    EXIT_REFUSED = 4,
    EXIT_NOT_RUN = 5,
    EXIT_DEADLINE = 6,
    EXIT_ABORTED = 130,
};

int exit_of_error(const struct error *error);
int exit_of_status(enum status status);

/* 4 when a finding of a security code (S5xx) is an error, else 3. */
int exit_of_diagnostics(const struct diagnostics *diagnostics);
