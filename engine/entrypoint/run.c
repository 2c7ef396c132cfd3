/*
 * The walk over the step tree. Every step goes pending -> running -> an end, or from
 * pending to an end (skipped, aborted); each end is written to the output, to the
 * shared state and to the termination message before the next step begins.
 * A group may span containers: each one walks from the root, passes over what has
 * ended, goes into groups that are running, and stops before the first leaf that
 * belongs to a later container.
 */
#include "engine/entrypoint/run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/entrypoint/limits.h"
#include "engine/entrypoint/names.h"
#include "engine/entrypoint/process.h"
#include "engine/entrypoint/verdict.h"

enum walk { WALK_ON, WALK_LATER, WALK_FAILED };

enum { EXIT_ABORTED_STEP = 137 };

static const char run_aborted[] = "the run was aborted";

static enum walk walk_list(struct run *run, struct step *steps, size_t count,
                           struct error *error);

/* --- ends ------------------------------------------------------------------ */

static int end_step(struct run *run, struct step *step, enum step_status status,
                    const char *reason, struct error *error)
{
    step->status = status;
    if (step->started > 0)
        step->duration = clock_monotonic() - step->started;
    if (output_end(run->output, step, reason, error) < 0 ||
        state_save(run->state, false, error) < 0)
        return -1;
    return state_report(run->state, NULL, error);
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

/* --- time ------------------------------------------------------------------ */

static int64_t own_deadline(const struct step *step)
{
    if (step->timeout == 0 || step->started == 0)
        return 0;
    int64_t deadline;
    if (__builtin_add_overflow(step->started, step->timeout, &deadline))
        return 0;
    return deadline;
}

/* The group around `step` whose time is over first; NULL when none has a limit. */
static struct step *limiting_group(const struct step *step)
{
    struct step *first = NULL;
    for (struct step *group = step->parent; group; group = group->parent)
        if (own_deadline(group) > 0 &&
            (!first || own_deadline(group) < own_deadline(first)))
            first = group;
    return first;
}

static bool is_over(const struct step *group)
{
    return group && own_deadline(group) <= clock_monotonic();
}

/* Marks the groups from `step` up to `group`, whose time is over. */
static void cut_groups(struct step *step, const struct step *group)
{
    for (struct step *each = step->parent; each; each = each->parent) {
        each->cut = true;
        if (each == group)
            break;
    }
}

/* --- aborts ---------------------------------------------------------------- */

static void abort_steps(struct run *run)
{
    if (run->aborted == ABORT_NOTHING)
        run->aborted = ABORT_STEPS;
}

/* The run was told to stop, so many times more. */
static void take_stops(struct run *run, unsigned stops)
{
    bool again = stops > 1 || run->aborted != ABORT_NOTHING;
    run->aborted = again ? ABORT_ALL : ABORT_STEPS;
}

/* Whether an abort leaves it the chance to run: what `after` cleans up. */
static bool outlives_abort(const struct run *run, const struct step *step)
{
    while (step->parent)
        step = step->parent;
    return run->aborted == ABORT_STEPS && step->after;
}

/* --- leaves ---------------------------------------------------------------- */

/* What one attempt needs, and what came of it. */
struct attempt {
    struct arena *arena;
    struct names names;
    struct variables variables;
    struct process process;
    struct process_result result;
    char reason[320];
};

static int make_variables(struct run *run, const struct step *step,
                          struct attempt *attempt, struct error *error)
{
    attempt->variables = variables_make(attempt->arena, run->environment);
    attempt->names.variables = &attempt->variables;
    for (size_t i = 0; i < step->variable_count; i++) {
        const struct instruction_variable *variable = &step->variables[i];
        const char *value;
        if (variable->variable) {
            value = environment_taken(run->environment, variable->variable);
            if (!value) /* an optional reference to nothing */
                continue;
        } else {
            value = names_text(attempt->arena, &attempt->names,
                               &variable->value, error);
        }
        if (!value)
            return error_context(error, "variable '%.100s'", variable->name);
        variables_set(&attempt->variables, variable->name, value);
    }
    return 0;
}

/* A script that holds a secret, or is too long for an argument, goes through a
 * file in memory: arguments are seen by everyone on the machine. */
static int make_script(struct attempt *attempt, const struct mask *mask,
                       const char *text, struct error *error)
{
    static const char header[] = "set -e\n";
    struct arena *arena = attempt->arena;
    char *script = arena_format(arena, "%s%s", header, text);
    size_t length = strlen(script);
    char **arguments = arena_allocate(arena, 4 * sizeof *arguments);
    attempt->process.arguments = arguments;
    arguments[0] = arena_string(arena, "/bin/sh");
    arguments[1] = arena_string(arena, "-c");
    arguments[2] = script;
    if (length < ENTRYPOINT_SCRIPT_ARGUMENT_LIMIT &&
        !mask_finds(mask, script, length))
        return 0;
    int file = memfd_create("script", MFD_CLOEXEC);
    if (file < 0 || file_write_all(file, script, length) < 0)
        return error_set_system(error, "cannot hold the script in memory");
    attempt->process.script = file;
    arguments[1] = arena_format(arena, "/proc/self/fd/%d", file);
    arguments[2] = NULL;
    return 0;
}

static int make_command(const struct step *step, struct attempt *attempt,
                        struct error *error)
{
    struct value *list = value_make_list(attempt->arena);
    for (size_t i = 0; i < step->command_count; i++)
        if (names_arguments(attempt->arena, &attempt->names, &step->command[i],
                            list, error) < 0)
            return error_context(error, "command[%zu]", i);
    size_t count = value_count(list);
    if (count == 0 || count > ENTRYPOINT_ARGUMENTS_LIMIT)
        return error_set(error, ERROR_INPUT, "the command is empty");
    char **arguments =
        arena_allocate(attempt->arena, (count + 1) * sizeof *arguments);
    for (size_t i = 0; i < count; i++)
        arguments[i] =
            arena_string(attempt->arena, value_string(value_item(list, i)));
    attempt->process.arguments = arguments;
    return 0;
}

/* Everything that is evaluated before the process starts. */
static int make_process(struct run *run, const struct step *step,
                        struct attempt *attempt, struct error *error)
{
    if (make_variables(run, step, attempt, error) < 0)
        return -1;
    attempt->process.variables = attempt->variables.items;
    if (step->directory.bytes) {
        const char *folder = names_text(attempt->arena, &attempt->names,
                                        &step->directory, error);
        if (!folder)
            return error_context(error, "workingDir");
        attempt->process.folder = folder[0] ? folder : NULL;
    }
    if (!step->shell.bytes)
        return make_command(step, attempt, error);
    const char *text =
        names_text(attempt->arena, &attempt->names, &step->shell, error);
    if (!text)
        return error_context(error, "shell");
    return make_script(attempt, run->output->mask, text, error);
}

static int64_t leaf_deadline(const struct step *step, int64_t now)
{
    const struct step *group = limiting_group(step);
    int64_t deadline = group ? own_deadline(group) : 0;
    int64_t own;
    if (step->timeout > 0 &&
        !__builtin_add_overflow(now, step->timeout, &own) &&
        (deadline == 0 || own < deadline))
        deadline = own;
    return deadline;
}

/* The same words in every C library. */
static const char *signal_word(int number)
{
    static const char *const words[] = {
        [SIGHUP] = "hangup",
        [SIGINT] = "interrupted",
        [SIGQUIT] = "quit",
        [SIGILL] = "illegal instruction",
        [SIGTRAP] = "trap",
        [SIGABRT] = "aborted itself",
        [SIGBUS] = "bus error",
        [SIGFPE] = "arithmetic error",
        [SIGKILL] = "killed",
        [SIGSEGV] = "segmentation fault",
        [SIGPIPE] = "nobody read its output",
        [SIGTERM] = "terminated",
        [SIGXCPU] = "processor time used up",
        [SIGXFSZ] = "file too large",
    };
    bool known = number > 0 && (size_t)number < sizeof words / sizeof *words &&
                 words[number];
    return known ? words[number] : "unnamed";
}

/* What an exit code does not say by itself. */
static void explain_exit(const struct step *step, struct attempt *attempt)
{
    const struct process_result *result = &attempt->result;
    char *reason = attempt->reason;
    size_t size = sizeof attempt->reason;
    int number = result->code - 128;
    if (result->trouble[0])
        snprintf(reason, size, "%s", result->trouble);
    else if (result->code == 0 && step->negative)
        snprintf(reason, size, "it was expected to fail");
    else if (step->shell.bytes && number > 0 && number < 32)
        snprintf(reason, size, "a command ended by signal %d (%s)%s", number,
                 signal_word(number),
                 number == SIGKILL ? ": out of memory?" : "");
}

/* The status that the end of the process means; the reason for people. */
static enum step_status judge(struct run *run, struct step *step,
                              struct attempt *attempt)
{
    const struct process_result *result = &attempt->result;
    struct step *group = limiting_group(step);
    char limit[CLOCK_TEXT];
    step->exit_code = result->code;
    switch (result->end) {
    case PROCESS_EXITED:
        explain_exit(step, attempt);
        break;
    case PROCESS_KILLED:
        snprintf(attempt->reason, sizeof attempt->reason,
                 "killed by signal %d (%s)%s", result->signal,
                 signal_word(result->signal),
                 result->signal == SIGKILL ? ": out of memory?" : "");
        if (result->signal != SIGKILL && result->signal != SIGTERM)
            break;
        abort_steps(run);
        return STEP_ABORTED;
    case PROCESS_DEADLINE:
        duration_print(is_over(group) ? group->timeout : step->timeout, limit);
        snprintf(attempt->reason, sizeof attempt->reason,
                 "longer than the timeout of %s%s", limit,
                 is_over(group) ? " of its group" : "");
        if (is_over(group))
            cut_groups(step, group);
        return STEP_TIMEOUT;
    case PROCESS_STOPPED:
        snprintf(attempt->reason, sizeof attempt->reason, "%s", run_aborted);
        step->exit_code = EXIT_ABORTED_STEP;
        take_stops(run, result->stops);
        return STEP_ABORTED;
    }
    enum step_status status = verdict_of_exit(step, result->code);
    if (status == STEP_PASSED)
        attempt->reason[0] = '\0';
    return status;
}

/* One attempt; the step's status is set. */
static int run_attempt(struct run *run, struct step *step,
                       struct attempt *attempt, struct error *error)
{
    struct error wrong = {0};
    attempt->process.signals = run->signals;
    attempt->process.script = -1;
    attempt->process.deadline = leaf_deadline(step, clock_monotonic());
    if (make_process(run, step, attempt, &wrong) < 0) {
        step->status = STEP_FAILED;
        step->exit_code = -1;
        snprintf(attempt->reason, sizeof attempt->reason, "%.250s", wrong.text);
        return output_say(run->output, wrong.text, error);
    }
    int result =
        process_run(&attempt->process, run->output, &attempt->result, error);
    if (attempt->process.script >= 0)
        close(attempt->process.script);
    if (result < 0)
        return -1;
    step->status = judge(run, step, attempt);
    return 0;
}

/* Whether a further attempt is to be made. 1, 0, -1. */
static int wants_more(struct run *run, const struct step *step,
                      const struct attempt *attempt, int number,
                      struct error *error)
{
    if (run->aborted != ABORT_NOTHING || number > step->retries ||
        is_over(limiting_group(step)))
        return 0;
    struct names names = attempt->names;
    names.variables = &attempt->variables;
    names.self = step->status;
    names.until = true;
    int done =
        names_condition(&names, step->until ? step->until : "passed", error);
    return done < 0 ? -1 : !done;
}

static int run_leaf(struct run *run, struct step *step, struct error *error)
{
    char reason[320] = "";
    step->started = clock_monotonic();
    for (int number = 1;; number++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct attempt attempt = {.arena = arena};
        attempt.names.instructions = run->instructions;
        attempt.names.environment = run->environment;
        attempt.names.step = step;
        step->status = STEP_RUNNING;
        if (output_start(run->output, step, number, error) < 0 ||
            state_save(run->state, false, error) < 0 ||
            run_attempt(run, step, &attempt, error) < 0)
            return -1;
        memcpy(reason, attempt.reason, sizeof reason);
        struct error wrong = {0};
        int more = wants_more(run, step, &attempt, number, &wrong);
        if (more < 0) {
            step->status = STEP_FAILED;
            snprintf(reason, sizeof reason, "retry.until: %.200s", wrong.text);
        }
        if (more <= 0)
            break;
    }
    return end_step(run, step, step->status, reason, error);
}

/* --- groups and the walk --------------------------------------------------- */

static enum walk run_group(struct run *run, struct step *group,
                           struct error *error)
{
    if (group->status == STEP_PENDING) {
        group->status = STEP_RUNNING;
        group->started = clock_monotonic();
        if (output_start(run->output, group, 1, error) < 0)
            return WALK_FAILED;
    }
    enum walk walk = walk_list(run, group->children, group->child_count, error);
    if (walk != WALK_ON)
        return walk;
    enum step_status status = verdict_of_group(group);
    char reason[128] = "", limit[CLOCK_TEXT];
    if (group->cut && status != STEP_ABORTED) {
        status = STEP_TIMEOUT;
        if (own_deadline(group) > 0) {
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

/* Waits out the delay. WALK_ON with the run aborted when told to stop. */
static enum walk wait_delay(struct run *run, struct step *step,
                            struct error *error)
{
    if (step->delay == 0)
        return WALK_ON;
    int64_t now = clock_monotonic(), until;
    if (__builtin_add_overflow(now, step->delay, &until))
        until = INT64_MAX;
    const struct step *group = limiting_group(step);
    if (group && own_deadline(group) < until)
        until = own_deadline(group);
    int waited = process_sleep(run->signals, until, error);
    if (waited == 0)
        take_stops(run, 1);
    return waited < 0 ? WALK_FAILED : WALK_ON;
}

/* Ends a pending step that is not to run, or says (1) that it is. */
static int admit(struct run *run, struct step *step, struct error *error)
{
    bool aborted = run->aborted != ABORT_NOTHING;
    if (aborted && !outlives_abort(run, step))
        return end_unstarted(run, step, STEP_ABORTED, run_aborted, error);
    struct step *group = limiting_group(step);
    if (is_over(group)) {
        cut_groups(step, group);
        return end_unstarted(run, step, STEP_SKIPPED,
                             "the time of its group is over", error);
    }
    struct names names = {
        .instructions = run->instructions,
        .environment = run->environment,
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

static enum walk walk_step(struct run *run, struct step *step,
                           struct error *error)
{
    if (verdict_is_final(step->status))
        return WALK_ON;
    const struct step *leaf = first_open_leaf(step);
    if (leaf && leaf->container > run->state->container)
        return WALK_LATER;
    if (step->status == STEP_PENDING) {
        int admitted = admit(run, step, error);
        if (admitted <= 0)
            return admitted < 0 ? WALK_FAILED : WALK_ON;
        if (step->delay > 0) {
            if (wait_delay(run, step, error) == WALK_FAILED)
                return WALK_FAILED;
            /* Time has passed: the run may be aborted, the group's time over. */
            admitted = admit(run, step, error);
            if (admitted <= 0)
                return admitted < 0 ? WALK_FAILED : WALK_ON;
        }
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
    abort_steps(run);
    for (struct step *step = instructions_first(run->instructions); step;
         step = instructions_next(run->instructions, step, true))
        if (!step->group && step->status == STEP_RUNNING)
            step->status = STEP_PENDING;
}
