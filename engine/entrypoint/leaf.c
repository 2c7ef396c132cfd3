/*
 * An attempt: texts are evaluated, a process runs (or files are kept, or nothing is
 * to be done), its end is judged, and what it left for later steps is taken.
 */
#include "engine/entrypoint/leaf.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/entrypoint/artifacts.h"
#include "engine/entrypoint/deadline.h"
#include "engine/entrypoint/limits.h"
#include "engine/entrypoint/names.h"
#include "engine/entrypoint/process.h"
#include "engine/entrypoint/shell.h"
#include "engine/entrypoint/verdict.h"

enum { EXIT_ABORTED_STEP = 137 };

/* What one attempt needs, and what came of it. */
struct attempt {
    struct arena *arena;
    struct names names;
    struct variables variables;
    struct process process;
    struct artifacts artifacts;
    struct process_result result;
    char reason[LEAF_REASON];
};

/* Sets one variable of the step. One that may refer to nothing, and does, is left
 * out. */
static int set_variable(struct run *run, struct attempt *attempt,
                        const struct instruction_variable *variable,
                        struct error *error)
{
    const char *value;
    if (variable->variable) {
        value = environment_taken(run->environment, variable->variable);
        if (!value)
            return 0;
    } else {
        value = names_text(attempt->arena, &attempt->names, &variable->value,
                           error);
    }
    if (!value)
        return error_context(error, "variable '%.100s'", variable->name);
    variables_set(&attempt->variables, variable->name, value);
    return 0;
}

static bool is_template(const struct instruction_variable *variable)
{
    return !variable->variable && variable->value.template;
}

/* Whether a later variable of the same name takes the place of this one. */
static bool is_replaced(const struct step *step, size_t index)
{
    for (size_t i = index + 1; i < step->variable_count; i++)
        if (strcmp(step->variables[i].name, step->variables[index].name) == 0)
            return true;
    return false;
}

/* What is written comes before what is computed from it, whatever the order of
 * the list: a variable that a step sets anew stands behind those of its group. */
static int make_variables(struct run *run, const struct step *step,
                          struct attempt *attempt, struct error *error)
{
    attempt->variables = variables_make(attempt->arena, run->environment);
    attempt->names.variables = &attempt->variables;
    for (size_t i = 0; i < step->variable_count; i++)
        if (!is_template(&step->variables[i]) &&
            set_variable(run, attempt, &step->variables[i], error) < 0)
            return -1;
    for (size_t i = 0; i < step->variable_count; i++)
        if (is_template(&step->variables[i]) && !is_replaced(step, i) &&
            set_variable(run, attempt, &step->variables[i], error) < 0)
            return -1;
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
    char **arguments = arena_allocate(arena, 5 * sizeof *arguments);
    const char *more = shell_choose(text);
    attempt->process.arguments = arguments;
    *arguments++ = arena_string(arena, more ? more : "/bin/sh");
    if (more)
        *arguments++ = arena_string(arena, "--posix");
    arguments[0] = arena_string(arena, "-c");
    arguments[1] = script;
    if (length < ENTRYPOINT_SCRIPT_ARGUMENT_LIMIT &&
        !mask_finds(mask, script, length))
        return 0;
    int file = memfd_create("script", MFD_CLOEXEC);
    if (file < 0 || file_write_all(file, script, length) < 0)
        return error_set_system(error, "cannot hold the script in memory");
    attempt->process.script = file;
    arguments[0] = arena_format(arena, "/proc/self/fd/%d", file);
    arguments[1] = NULL;
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
    if (step->idle)
        return 0;
    if (step->directory.bytes) {
        const char *folder = names_text(attempt->arena, &attempt->names,
                                        &step->directory, error);
        if (!folder)
            return error_context(error, "workingDir");
        attempt->process.folder = folder[0] ? folder : NULL;
    }
    if (step->artifacts)
        return artifacts_plan(attempt->arena, &attempt->names, step,
                              attempt->process.folder, &attempt->artifacts,
                              error);
    if (!step->shell.bytes)
        return make_command(step, attempt, error);
    const char *text =
        names_text(attempt->arena, &attempt->names, &step->shell, error);
    if (!text)
        return error_context(error, "shell");
    return make_script(attempt, run->output->mask, text, error);
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
    struct step *group = deadline_group(step);
    char limit[CLOCK_TEXT];
    bool ran = !step->idle && !step->artifacts;
    step->exit_code = ran ? result->code : -1;
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
        run_abort(run, 0);
        return STEP_ABORTED;
    case PROCESS_DEADLINE:
        duration_print(deadline_is_over(group) ? group->timeout : step->timeout,
                       limit);
        snprintf(attempt->reason, sizeof attempt->reason,
                 "longer than the timeout of %s%s", limit,
                 deadline_is_over(group) ? " of its group" : "");
        if (deadline_is_over(group))
            deadline_cut(step, group);
        return STEP_TIMEOUT;
    case PROCESS_STOPPED:
        snprintf(attempt->reason, sizeof attempt->reason,
                 "the run was aborted");
        step->exit_code = EXIT_ABORTED_STEP;
        run_abort(run, result->stops);
        return STEP_ABORTED;
    }
    enum step_status status = verdict_of_exit(step, result->code);
    if (status == STEP_PASSED)
        attempt->reason[0] = '\0';
    return status;
}

/* What the leaf is there for. */
static int do_work(struct run *run, struct step *step, struct attempt *attempt,
                   struct error *error)
{
    if (step->idle)
        return 0;
    if (step->artifacts) {
        attempt->artifacts.state = run->state->folder;
        attempt->artifacts.number = &step->kept;
        attempt->artifacts.process = &attempt->process;
        attempt->artifacts.output = run->output;
        return artifacts_keep(&attempt->artifacts, step, &attempt->result,
                              error);
    }
    int result =
        process_run(&attempt->process, run->output, &attempt->result, error);
    if (attempt->process.script >= 0)
        close(attempt->process.script);
    return result;
}

/* Files of outputs that cannot be kept are named in the log. */
static int take_outputs(struct run *run, struct step *step, struct error *error)
{
    CLEANUP(text_free) struct text left_out = {0}, line = {0};
    if (outputs_take(&run->outputs, step, &left_out, error) < 0)
        return -1;
    if (left_out.length == 0)
        return 0;
    text_append_format(&line, "outputs left out: %s", text_string(&left_out));
    return output_say(run->output, text_string(&line), error);
}

/* One attempt; the step's status is set. */
static int run_attempt(struct run *run, struct step *step,
                       struct attempt *attempt, struct error *error)
{
    struct error wrong = {0};
    attempt->process.signals = run->signals;
    attempt->process.script = -1;
    attempt->process.deadline = deadline_of_attempt(step, clock_monotonic());
    if (outputs_clear(&run->outputs, &wrong) < 0 ||
        make_process(run, step, attempt, &wrong) < 0) {
        step->status = STEP_FAILED;
        step->exit_code = -1;
        snprintf(attempt->reason, sizeof attempt->reason, "%.250s", wrong.text);
        return output_say(run->output, wrong.text, error);
    }
    if (do_work(run, step, attempt, error) < 0 ||
        take_outputs(run, step, error) < 0)
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
        deadline_is_over(deadline_group(step)))
        return 0;
    struct names names = attempt->names;
    names.variables = &attempt->variables;
    names.self = step->status;
    names.until = true;
    int done =
        names_condition(&names, step->until ? step->until : "passed", error);
    return done < 0 ? -1 : !done;
}

int leaf_run(struct run *run, struct step *step, char reason[LEAF_REASON],
             struct error *error)
{
    step->started = clock_monotonic();
    for (int number = 1;; number++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct attempt attempt = {.arena = arena};
        attempt.names.instructions = run->instructions;
        attempt.names.environment = run->environment;
        attempt.names.outputs = &run->outputs;
        attempt.names.step = step;
        step->status = STEP_RUNNING;
        if (output_start(run->output, step, number, error) < 0 ||
            (number == 1 && state_note(run->state, step, error) < 0) ||
            run_attempt(run, step, &attempt, error) < 0)
            return -1;
        memcpy(reason, attempt.reason, LEAF_REASON);
        struct error wrong = {0};
        int more = wants_more(run, step, &attempt, number, &wrong);
        if (more < 0) {
            step->status = STEP_FAILED;
            snprintf(reason, LEAF_REASON, "retry.until: %.200s", wrong.text);
        }
        if (more <= 0)
            return 0;
    }
}
