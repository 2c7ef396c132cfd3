#pragma once
/*
 * What a step leaves for later ones (docs/steps.md): small files in one folder, whose
 * texts belong to the nearest step around the leaf, or itself, that has an id; and a
 * folder for each such step. Kept in step->outputs as "key=text\0", and in the state
 * folder for later containers.
 */
#include "engine/entrypoint/instructions.h"

struct outputs {
    const char *folder;  /* where steps write; NULL: nowhere */
    const char *results; /* the folder of the steps' folders */
    const char *state;   /* NULL: no later container needs them */
    const char *token;   /* seals what is kept there */
    size_t total;        /* bytes that are kept of all steps */
};

/* Empties the folder, making it when it is missing. ERROR_SYSTEM when a file of an
 * earlier step would stay. */
int outputs_clear(const struct outputs *outputs, struct error *error);

/* Takes the files into step->outputs in place of those of an earlier attempt.
 * Appends to `left_out` what cannot be kept, and why. */
int outputs_take(struct outputs *outputs, struct step *step,
                 struct text *left_out, struct error *error);

/* Reads what earlier containers have kept; what is unusable is left out. */
void outputs_load(struct outputs *outputs, struct instructions *instructions);

/* Forgets them all. */
void outputs_free(struct instructions *instructions);

/* The text of an output of the step with an id, valid UTF-8 in `arena`; NULL when
 * it was not written. The last leaf that wrote it counts. */
const char *outputs_find(struct arena *arena,
                         const struct instructions *instructions,
                         const struct step *holder, const char *key,
                         size_t length);

/* The nearest step around `step`, or itself, that has an id; NULL: none. */
const struct step *outputs_holder(const struct step *step);

/* The folder of a step, which is made when missing. NULL with the error set. */
const char *outputs_results(struct arena *arena, const struct outputs *outputs,
                            const struct step *step, struct error *error);
