/*
 * The table of docs/steps.md. "Failed" here is every way of not having passed:
 * failed, timeout, aborted. Skipped counts as passed.
 */
#include "engine/entrypoint/verdict.h"

#include <string.h>

static bool has_failed(const struct step *step)
{
    return !step->optional &&
           (step->status == STEP_FAILED || step->status == STEP_TIMEOUT ||
            step->status == STEP_ABORTED);
}

bool verdict_failed_before(const struct step *step,
                           const struct instructions *instructions)
{
    for (; step; step = step->parent) {
        const struct step *siblings =
            step->parent ? step->parent->children : instructions->steps;
        for (size_t i = 0; i < step->position; i++)
            if (has_failed(&siblings[i]))
                return true;
    }
    return false;
}

enum step_status verdict_of_exit(const struct step *step, int code)
{
    return (code == 0) != step->negative ? STEP_PASSED : STEP_FAILED;
}

enum step_status verdict_of_group(const struct step *group)
{
    bool failed = false;
    for (size_t i = 0; i < group->child_count; i++) {
        if (group->children[i].status == STEP_ABORTED)
            return STEP_ABORTED;
        failed = failed || has_failed(&group->children[i]);
    }
    return failed == group->negative ? STEP_PASSED : STEP_FAILED;
}

enum step_status verdict_of_run(const struct instructions *instructions)
{
    enum step_status status = STEP_PASSED;
    for (size_t i = 0; i < instructions->step_count; i++) {
        if (instructions->steps[i].status == STEP_ABORTED)
            return STEP_ABORTED;
        if (has_failed(&instructions->steps[i]))
            status = STEP_FAILED;
    }
    return status;
}

const char *verdict_condition(const struct step *step)
{
    for (; step; step = step->parent)
        if (step->condition)
            return step->condition;
    return "passed";
}

bool verdict_is_final(enum step_status status)
{
    return status != STEP_PENDING && status != STEP_RUNNING;
}

static const char *const names[] = {
    [STEP_PENDING] = "pending", [STEP_RUNNING] = "running",
    [STEP_PASSED] = "passed",   [STEP_FAILED] = "failed",
    [STEP_TIMEOUT] = "timeout", [STEP_SKIPPED] = "skipped",
    [STEP_ABORTED] = "aborted",
};

const char *verdict_name(enum step_status status)
{
    return names[status];
}

int verdict_parse(const char *name)
{
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}
