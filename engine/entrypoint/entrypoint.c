/*
 * Start and end of the program: what makes it safe (no core dumps, no secrets in
 * its environment, the reaper of all that the steps start), then the turn, then
 * the steps, then the end that others can see.
 */
#include "engine/entrypoint/entrypoint.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/entrypoint/limits.h"
#include "engine/entrypoint/run.h"
#include "engine/entrypoint/verdict.h"

enum exit_code {
    EXIT_PASSED = 0,
    EXIT_FAILED = 1,
    EXIT_ABORTED = 137,
    EXIT_UNUSABLE = 155,
    EXIT_INTERNAL = 190,
};

struct options {
    const char *run, *container, *state, *termination;
    const char *pod, *outputs, *results;
    bool version, chained;
};

static int read_options(int count, char **arguments, struct options *options,
                        struct error *error)
{
    const struct {
        const char *name;
        const char **target;
    } known[] = {
        {"--run", &options->run},
        {"--container", &options->container},
        {"--state", &options->state},
        {"--termination", &options->termination},
        {"--pod", &options->pod},
        {"--outputs", &options->outputs},
        {"--results", &options->results},
    };
    for (int i = 1; i < count; i++) {
        size_t row = 0;
        if (strcmp(arguments[i], "--version") == 0) {
            options->version = true;
            return 0;
        }
        if (strcmp(arguments[i], "--chained") == 0) {
            options->chained = true;
            continue;
        }
        while (row < sizeof known / sizeof *known &&
               strcmp(known[row].name, arguments[i]) != 0)
            row++;
        if (row == sizeof known / sizeof *known || i + 1 == count)
            return error_set(error, ERROR_INPUT,
                             "expected --run FILE --container N --state FOLDER "
                             "[--termination FILE] [--chained], found '%.100s'",
                             arguments[i]);
        *known[row].target = arguments[++i];
    }
    if (!options->run || !options->container || !options->state)
        return error_set(error, ERROR_INPUT,
                         "expected --run, --container and --state");
    return 0;
}

static int read_number(const char *text, size_t limit, size_t *number,
                       struct error *error)
{
    char *end;
    assert(text);
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value >= limit)
        return error_set(error, ERROR_INPUT,
                         "--container: expected a number below %zu, found "
                         "'%.100s'",
                         limit, text);
    *number = value;
    return 0;
}

static struct mask *make_mask(struct arena *arena,
                              const struct instructions *instructions,
                              const struct environment *environment)
{
    struct mask *mask = mask_make(arena);
    for (size_t i = 0; i < instructions->secret_count; i++) {
        const char *value =
            environment_taken(environment, instructions->secrets[i].variable);
        if (value)
            mask_add(mask, value, strlen(value));
    }
    return mask;
}

/* Steps have outputs where the folder above is there: the pod's volume. */
static struct outputs make_outputs(const struct options *options,
                                   const char *token,
                                   const struct instructions *instructions)
{
    char above[4096];
    const char *slash = strrchr(options->outputs, '/');
    int length = slash ? (int)(slash - options->outputs) : 0;
    snprintf(above, sizeof above, "%.*s", length, options->outputs);
    return (struct outputs){
        .folder =
            access(slash ? above : ".", F_OK) == 0 ? options->outputs : NULL,
        .results = options->results,
        .token = token,
        .state = instructions->container_count > 1 ? options->state : NULL,
    };
}

static int exit_code_of(enum step_status status)
{
    if (status == STEP_ABORTED)
        return EXIT_ABORTED;
    return status == STEP_PASSED ? EXIT_PASSED : EXIT_FAILED;
}

/* Steps, from the turn to the last line. The exit code, or -1. */
static int carry_out(struct run *run, struct error *error)
{
    bool died = false;
    if (state_claim(run->state, error) < 0)
        return -1;
    int turn = state_wait(run->state, run->signals, error);
    if (turn < 0 || state_load(run->state, &died, error) < 0)
        return -1;
    outputs_load(&run->outputs, run->instructions);
    bool aborted = run_was_aborted(run);
    if (died || turn != TURN_TAKEN || aborted)
        run_adopt(run);
    /* Our own signal, which may still come, would pass for a second wish. */
    run->signals->owed = turn == TURN_TAKEN && aborted && run->state->owed;
    if (turn == TURN_MISSED)
        run->aborted = ABORT_ALL;
    int walked = run_steps(run, error);
    outputs_free(run->instructions);
    if (walked < 0)
        return -1;
    enum step_status status = verdict_of_run(run->instructions);
    if (state_finish(run->state, run->signals->told > 0, error) < 0 ||
        state_report(run->state, NULL, error) < 0 ||
        output_done(run->output, status, error) < 0)
        return -1;
    return exit_code_of(status);
}

/* Reads what there is to do and does it. */
static int work(struct arena *arena, const struct options *options,
                struct environment *environment, struct state *state,
                struct error *error)
{
    size_t length;
    const char *text =
        file_read(arena, options->run, ENTRYPOINT_RUN_LIMIT, &length, error);
    struct instructions *instructions =
        text ? instructions_decode(arena, text, length, error) : NULL;
    if (!instructions)
        return error_context(error, "%.200s", options->run);
    if (read_number(options->container, instructions->container_count,
                    &state->container, error) < 0)
        return -1;
    state->instructions = instructions;
    state->token = environment->token;
    struct output output = {
        .descriptor = STDOUT_FILENO,
        .token = environment->token,
        .mask = make_mask(arena, instructions, environment),
    };
    struct signals signals = {.descriptor = -1};
    struct run run = {
        .instructions = instructions,
        .environment = environment,
        .output = &output,
        .state = state,
        .outputs = make_outputs(options, environment->token, instructions),
        .pod = options->pod,
        .signals = &signals,
    };
    if (signals_open(&signals, error) < 0)
        return -1;
    int code = carry_out(&run, error);
    text_free(&output.buffer);
    mask_drop(output.mask);
    return code;
}

static int fail(struct state *state, const struct error *error)
{
    static const struct instructions nothing = {0};
    struct error ignored = {0};
    fprintf(stderr, "assay-entrypoint: %s\n", error->text);
    if (!state->instructions)
        state->instructions = &nothing;
    if (state_report(state, error->text, &ignored) < 0)
        fprintf(stderr, "assay-entrypoint: %s\n", ignored.text);
    return error->kind == ERROR_INPUT ? EXIT_UNUSABLE : EXIT_INTERNAL;
}

int entrypoint_main(int count, char **arguments, char **variables)
{
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct options options = {
        .pod = "/.assay/pod",
        .outputs = "/testkube/outputs",
        .results = "/data/.steps",
    };
    struct environment environment;
    struct state state = {.turn = -1, .journal = -1};
    if (read_options(count, arguments, &options, &error) < 0)
        return fail(&state, &error);
    if (options.version) {
        static const char version[] = "assay-entrypoint 1\n";
        return file_write_all(STDOUT_FILENO, version, strlen(version)) == 0
                   ? EXIT_PASSED
                   : EXIT_INTERNAL;
    }
    state.folder = options.state;
    state.termination = options.termination;
    if (environment_take(arena, variables, &environment, &error) < 0)
        return fail(&state, &error);
    int code = work(arena, &options, &environment, &state, &error);
    if (code < 0)
        return fail(&state, &error);
    /* The next of a chain starts after a 0 only; the last one tells the verdict. */
    return options.chained ? EXIT_PASSED : code;
}
