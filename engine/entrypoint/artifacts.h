#pragma once
/*
 * Files that a step leaves to be kept (docs/entrypoint.md): those that patterns name
 * are copied into the state folder, where the reader of the control lines takes them.
 */
#include "engine/entrypoint/names.h"
#include "engine/entrypoint/process.h"

struct artifacts {
    const char *folder;  /* absolute and clean: relative patterns begin here */
    struct value *paths; /* patterns: strings */
    const char *archive; /* the name of one tar of all; NULL: each file alone */
    /* For artifacts_keep, by its caller: */
    const char *state; /* folder */
    size_t *number;    /* counts the files of the leaf, over attempts */
    const struct process *process; /* its deadline and signals */
    struct output *output;
};

/* Evaluates what the step says. `folder` is its working directory, or NULL. */
int artifacts_plan(struct arena *arena, const struct names *names,
                   const struct step *step, const char *folder,
                   struct artifacts *artifacts, struct error *error);

/* Keeps them. The result is an exit with 0, or with 1 when some could not be kept
 * (result->trouble says how many; the output names each), or what interrupted it. */
int artifacts_keep(const struct artifacts *artifacts, const struct step *step,
                   struct process_result *result, struct error *error);

/* Whether a name may leave the pod: relative, clean, UTF-8 without control
 * characters. */
bool artifacts_name_is_safe(const char *name);
