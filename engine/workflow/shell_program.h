#pragma once
/*
 * Private: what lints know of programs by their names.
 */
#include <stdbool.h>

enum shell_role {
    SHELL_WRAPS = 1,   /* runs the program that its operands name */
    SHELL_FETCHES = 2, /* gives what it has downloaded */
    SHELL_RUNS = 4,    /* runs a script that it is given */
    SHELL_ASKS = 8,    /* asks the cluster */
};

struct shell_program {
    const char *name;
    unsigned roles;
    const char *installs[3]; /* commands with which it downloads programs */
};

/* The name of a program without its folder. */
const char *shell_program_name(const char *word);

/* What is known of the program of that name; an entry without a role when that is
 * nothing. Never NULL. */
const struct shell_program *shell_program_find(const char *name);

/* Whether the program downloads others when its first operand is this one. */
bool shell_program_installs(const struct shell_program *program,
                            const char *operand);
