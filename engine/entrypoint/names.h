#pragma once
/* What templates and conditions in the pod may name (docs/entrypoint.md). */
#include "engine/entrypoint/environment.h"
#include "engine/entrypoint/outputs.h"
#include "engine/expression/expression.h"

struct names {
    const struct instructions *instructions;
    const struct environment *environment;
    const struct variables *variables; /* of the step so far; NULL: none */
    const struct outputs *outputs;     /* of steps; NULL: none */
    const struct step *step;           /* the one asked about */
    enum step_status self;             /* its status, for self.* */
    bool aborted; /* the run: it has neither passed nor failed */
    bool until;   /* status, passed and failed are about the step itself */
};

/* Evaluates a condition. 1, 0, or -1 with the error set. */
int names_condition(const struct names *names, const char *condition,
                    struct error *error);

/* Evaluates a text; NULL with the error set. Lives in `arena`. */
const char *names_text(struct arena *arena, const struct names *names,
                       const struct instruction_text *text,
                       struct error *error);

/* Evaluates one element of a command: a single block whose value is a list
 * gives its items, one without a value none. Appends to the string list. */
int names_arguments(struct arena *arena, const struct names *names,
                    const struct instruction_text *text, struct value *list,
                    struct error *error);
