/*
 * The walk over the step tree. Every step goes pending -> running -> an end, or from
 * pending to an end (skipped, aborted); each end is written to the output, to the
 * shared state and to the termination message before the next step begins.
 * A group may span containers: each one walks from the root, passes over what has
 * ended, goes into groups that are running, and stops before the first leaf that
 * belongs to a later container.
 */
#include "engine/entrypoint/run.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/entrypoint/deadline.h"
#include "engine/entrypoint/leaf.h"
#include "engine/entrypoint/names.h"
#include "engine/entrypoint/pause.h"
#include "engine/entrypoint/process.h"
#include "engine/entrypoint/verdict.h"

enum walk { WALK_ON, WALK_LATER, WALK_FAILED };

static const char run_aborted[] = "the run was aborted";

static enum walk walk_list(struct run *run, struct step *steps, size_t count,
                           struct error *error);

/* --- ends ------------------------------------------------------------------ */

static int end_step(struct run *run, struct step *step, enum step_status status,
                    const char *reason, struct error *error)
{
    step->status = status;
    if (step->started > 0)
        step->duration = clock_monotonic() - step->started - step->held;
    if (output_end(run->output, step, reason, error) < 0 ||
        state_note(run->state, step, error) < 0)
        return -1;
    return state_report_end(run->state, step, error);
}

/* Ends a step that has not begun, and everything under it. */
static int end_unstarted(struct run *run, struct step *step,
                         enum step_status status, const char *reason,
                         struct error *error)
{
    for (size_t i = 0; i < step->child_count; i++)
        if (!verdict_is_final(step->children[i].status) &&
            end_unstarted(run, &step->children[i], status, NULL, error) < 0)
            return -1;
    return end_step(run, step, status, reason, error);
}

/* --- aborts ---------------------------------------------------------------- */

void run_abort(struct run *run, unsigned stops)
{
    bool again = stops > 1 || (stops == 1 && run->aborted != ABORT_NOTHING);
    if (again)
        run->aborted = ABORT_ALL;
    else if (run->aborted == ABORT_NOTHING)
        run->aborted = ABORT_STEPS;
}

/* Whether an abort leaves it the chance to run: what `after` cleans up. */
static bool outlives_abort(const struct run *run, const struct step *step)
{
    while (step->parent)
        step = step->parent;
    return run->aborted == ABORT_STEPS && step->after;
}

/* --- groups and the walk --------------------------------------------------- */

static enum walk run_group(struct run *run, struct step *group,
                           struct error *error)
{
    if (group->status == STEP_PENDING) {
        group->status = STEP_RUNNING;
        group->started = clock_monotonic();
        if (output_start(run->output, group, 1, error) < 0 ||
            state_note(run->state, group, error) < 0)
            return WALK_FAILED;
    }
    enum walk walk = walk_list(run, group->children, group->child_count, error);
    if (walk != WALK_ON)
        return walk;
    enum step_status status = verdict_of_group(group);
    char reason[128] = "", limit[CLOCK_TEXT];
    if (group->cut && status != STEP_ABORTED) {
        status = STEP_TIMEOUT;
        if (deadline_of(group) > 0) {
            duration_print(group->timeout, limit);
            snprintf(reason, sizeof reason, "longer than the timeout of %s",
                     limit);
        }
    }
    return end_step(run, group, status, reason, error) < 0 ? WALK_FAILED
                                                           : WALK_ON;
}

/* The first leaf under `step` (or itself) that has not ended; NULL: none. */
static const struct step *first_open_leaf(const struct step *step)
{
    if (verdict_is_final(step->status))
        return NULL;
    if (!step->group)
        return step;
    for (size_t i = 0; i < step->child_count; i++) {
        const struct step *leaf = first_open_leaf(&step->children[i]);
        if (leaf)
            return leaf;
    }
    return NULL;
}

static int run_leaf(struct run *run, struct step *step, struct error *error)
{
    char reason[LEAF_REASON] = "";
    if (leaf_run(run, step, reason, error) < 0)
        return -1;
    return end_step(run, step, step->status, reason, error);
}

/* Waits until somebody resumes the step. The groups around it get the time back,
 * also in later containers. The run is aborted when we are told to stop. */
static int wait_paused(struct run *run, struct step *step, struct error *error)
{
    const struct pause pause = {
        .state = run->state->folder,
        .pod = run->pod,
        .token = run->output->token,
        .ref = step->ref,
        .signals = run->signals,
    };
    int64_t begin = clock_monotonic();
    unsigned told = run->signals->told;
    if (output_mark(run->output, "pause", step, error) < 0)
        return -1;
    int resumed = pause_wait(&pause, error);
    if (resumed < 0)
        return -1;
    deadline_hold(step, clock_monotonic() - begin);
    for (struct step *group = step->parent; group; group = group->parent)
        if (state_note(run->state, group, error) < 0)
            return -1;
    if (resumed == 0)
        run_abort(run, run->signals->told - told);
    return resumed == 0 ? 0 : output_mark(run->output, "resume", step, error);
}

/* Waits out the delay, or until the time of a group is over. */
static int wait_delay(struct run *run, struct step *step, struct error *error)
{
    int64_t now = clock_monotonic(), until;
    if (__builtin_add_overflow(now, step->delay, &until))
        until = INT64_MAX;
    const struct step *group = deadline_group(step);
    if (group && deadline_of(group) < until)
        until = deadline_of(group);
    unsigned told = run->signals->told;
    int waited = process_sleep(run->signals, until, error);
    if (waited == 0)
        run_abort(run, run->signals->told - told);
    return waited < 0 ? -1 : 0;
}

/* Ends a pending step that is not to run, or says (1) that it is. */
static int admit(struct run *run, struct step *step, struct error *error)
{
    bool aborted = run->aborted != ABORT_NOTHING;
    if (aborted && !outlives_abort(run, step))
        return end_unstarted(run, step, STEP_ABORTED, run_aborted, error);
    struct step *group = deadline_group(step);
    if (deadline_is_over(group)) {
        deadline_cut(step, group);
        return end_unstarted(run, step, STEP_SKIPPED,
                             "the time of its group is over", error);
    }
    struct names names = {
        .instructions = run->instructions,
        .environment = run->environment,
        .outputs = &run->outputs,
        .step = step,
        .aborted = aborted,
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct variables variables = variables_make(arena, run->environment);
    names.variables = &variables;
    struct error wrong = {0};
    int holds = names_condition(&names, verdict_condition(step), &wrong);
    if (holds < 0)
        return end_unstarted(run, step, STEP_FAILED, wrong.text, error);
    if (holds)
        return 1;
    return aborted ? end_unstarted(run, step, STEP_ABORTED, run_aborted, error)
                   : end_unstarted(run, step, STEP_SKIPPED, NULL, error);
}

/* What comes before a step begins: 1 when it is to begin now, 0 when it has ended
 * without beginning. */
static int begin_step(struct run *run, struct step *step, struct error *error)
{
    int admitted = admit(run, step, error);
    if (admitted <= 0 || (!step->paused && step->delay == 0))
        return admitted;
    if (step->paused && wait_paused(run, step, error) < 0)
        return -1;
    bool waits = run->aborted == ABORT_NOTHING || outlives_abort(run, step);
    if (step->delay > 0 && waits && wait_delay(run, step, error) < 0)
        return -1;
    /* Time has passed: the run may be aborted, the group's time over. */
    return admit(run, step, error);
}

static enum walk walk_step(struct run *run, struct step *step,
                           struct error *error)
{
    if (verdict_is_final(step->status))
        return WALK_ON;
    const struct step *leaf = first_open_leaf(step);
    if (leaf && leaf->container > run->state->container)
        return WALK_LATER;
    if (step->status == STEP_PENDING) {
        int begun = begin_step(run, step, error);
        if (begun <= 0)
            return begun < 0 ? WALK_FAILED : WALK_ON;
    }
    if (step->group)
        return run_group(run, step, error);
    return run_leaf(run, step, error) < 0 ? WALK_FAILED : WALK_ON;
}

static enum walk walk_list(struct run *run, struct step *steps, size_t count,
                           struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        enum walk walk = walk_step(run, &steps[i], error);
        if (walk != WALK_ON)
            return walk;
    }
    return WALK_ON;
}

int run_steps(struct run *run, struct error *error)
{
    enum walk walk = walk_list(run, run->instructions->steps,
                               run->instructions->step_count, error);
    return walk == WALK_FAILED ? -1 : 0;
}

bool run_was_aborted(const struct run *run)
{
    for (const struct step *step = instructions_first(run->instructions); step;
         step = instructions_next(run->instructions, step, true))
        if (step->status == STEP_ABORTED)
            return true;
    return false;
}

void run_adopt(struct run *run)
{
    run_abort(run, 0);
    for (struct step *step = instructions_first(run->instructions); step;
         step = instructions_next(run->instructions, step, true))
        if (!step->group && step->status == STEP_RUNNING)
            step->status = STEP_PENDING;
}
