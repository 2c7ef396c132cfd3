#pragma once
/*
 * The variables of the container, read once and wiped: what is ours never reaches a
 * step as such, nor /proc/<pid>/environ.
 */
#include "engine/entrypoint/instructions.h"

struct environment {
    const char *token;
    char **base;  /* what every step inherits: NAME=value, NULL at the end */
    char **taken; /* ASSAY_NAME=value of the container, NULL at the end */
};

/* Takes `variables` (the program's own environ) over. ERROR_INPUT when the token
 * is missing or malformed. */
int environment_take(struct arena *arena, char **variables,
                     struct environment *environment, struct error *error);

/* The value of ASSAY_<...>, or NULL. Belongs to the environment. */
const char *environment_taken(const struct environment *environment,
                              const char *name);

/* A list of variables for one step, growing. Lives in `arena`. */
struct variables {
    struct arena *arena;
    char **items; /* NULL at the end */
    size_t count, capacity;
};

/* The base and CI=1. */
struct variables variables_make(struct arena *arena,
                                const struct environment *environment);

/* Sets one, in place of an earlier one of the name. */
void variables_set(struct variables *variables, const char *name,
                   const char *value);

/* The value, or NULL. */
const char *variables_get(const struct variables *variables, const char *name,
                          size_t length);
