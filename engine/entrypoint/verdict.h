#pragma once
/* What steps mean (docs/steps.md), as pure functions over the tree. */
#include "engine/entrypoint/instructions.h"

/* Whether something that counts before the step on its path has failed. */
bool verdict_failed_before(const struct step *step,
                           const struct instructions *instructions);

/* The status of a leaf whose process ended with `code`. */
enum step_status verdict_of_exit(const struct step *step, int code);

/* The status of a group whose children have all ended. */
enum step_status verdict_of_group(const struct step *group);

/* The status of the run so far: passed, failed or aborted. */
enum step_status verdict_of_run(const struct instructions *instructions);

/* The condition that holds for a step: its own, that of the nearest group with
 * one, or "passed". */
const char *verdict_condition(const struct step *step);

bool verdict_is_final(enum step_status status);

/* "passed"; and back: -1 for no such word. */
const char *verdict_name(enum step_status status);
int verdict_parse(const char *name);
