/*
 * `assay run FILE`: prepare, then hand the plan to the runtime and connect the sinks:
 * the history first (what is shown is already recorded), then the view, then the
 * verdict, which becomes the exit code. A failure before the run starts is recorded
 * too, as a run with the status error.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/prepare.h"
#include "cli/print.h"
#include "cli/store.h"
#include "engine/base/clock.h"
#include "engine/kube/kube.h"
#include "engine/report/report.h"
#include "engine/runtime/runtime.h"

struct run {
    struct request request;
    const char *runtime, *sandbox, *network, *expose, *kubeconfig, *context;
    const char *database, *output_word;
    bool quiet, no_color, raw;
    enum output output;
    struct runtime_options runtime_options;

    struct history *history;
    struct preparation preparation;
};

/* Folds the events into the state that decides the exit code. */
struct verdict {
    struct event_sink sink;
    struct run_state *state;
};

static int verdict_handle(struct event_sink *sink, const struct event *event,
                          struct error *error)
{
    struct verdict *verdict = (struct verdict *)sink;
    if (event->kind == EVENT_OUTPUT)
        return 0;
    return event_apply(verdict->state, event, error);
}

static int abort_pipe[2] = {-1, -1};

static void on_signal(int number)
{
    (void)number;
    char wish = 'a';
    ssize_t ignored = write(abort_pipe[1], &wish, 1);
    (void)ignored;
}

/* Ctrl-C, a terminal that closes and `kill` abort the run in order. */
static int catch_signals(struct error *error)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    if (pipe2(abort_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_set_system(error, "cannot make a pipe");
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    return 0;
}

static int check_word(const char *option, const char *word, const char *first,
                      const char *second, bool *is_second, struct error *error)
{
    *is_second = word && strcmp(word, second) == 0;
    if (!word || *is_second || strcmp(word, first) == 0)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "--%s: expected %s or %s, found '%.100s'", option, first,
                     second, word);
}

static int check_options(struct run *run, struct error *error)
{
    bool none;
    if (!run->runtime || run->runtime[0] == '\0')
        run->runtime = getenv("ASSAY_RUNTIME");
    if (!run->runtime || run->runtime[0] == '\0')
        return error_set(error, ERROR_USAGE,
                         "no runtime chosen: give --runtime host (this "
                         "machine, in a sandbox) or set ASSAY_RUNTIME");
    if (strcmp(run->runtime, "host") != 0)
        return error_set(error, ERROR_USAGE,
                         "unknown runtime '%.100s': this version has 'host'",
                         run->runtime);
    if (check_word("sandbox", run->sandbox, "bubblewrap", "none", &none,
                   error) < 0)
        return -1;
    run->runtime_options.sandbox = none ? SANDBOX_NONE : SANDBOX_BUBBLEWRAP;
    if (check_word("network", run->network, "host", "none", &none, error) < 0)
        return -1;
    run->runtime_options.network_none = none;
    if (run->expose && strcmp(run->expose, "kubeconfig") != 0)
        return error_set(error, ERROR_USAGE,
                         "--expose: expected kubeconfig, found '%.100s'",
                         run->expose);
    return output_parse(run->output_word, &run->output, error);
}

/* The part of the user's kubeconfig that the steps get: one context. */
static int expose_kubeconfig(struct run *run, struct error *error)
{
    if (!run->expose)
        return 0;
    struct arena *arena = run->preparation.arena;
    struct kube_config_sources sources =
        store_kubeconfig(arena, run->kubeconfig);
    const struct value *config = kube_config_read(arena, &sources, error);
    const struct value *reduced =
        config ? kube_config_reduce(arena, config, run->context, error) : NULL;
    if (!reduced)
        return error_context(error, "--expose kubeconfig");
    CLEANUP(text_free) struct text text = {0};
    value_write_yaml(&text, reduced);
    run->runtime_options.kubeconfig =
        arena_copy(arena, text_string(&text), text.length);
    return 0;
}

static int64_t deadline_of(const struct plan *plan)
{
    static const char *const places[] = {
        "spec.activeDeadlineSeconds",
        "spec.template.spec.activeDeadlineSeconds"};
    int64_t deadline = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int64_t seconds = value_int_or(value_path(plan->job, places[i]), 0);
        if (seconds > 0 && seconds < INT64_MAX / CLOCK_SECOND &&
            (deadline == 0 || seconds < deadline))
            deadline = seconds;
    }
    return deadline * CLOCK_SECOND;
}

/* What is known of the run before it starts: docs/history.md. */
static const struct value *describe(const struct run *run)
{
    const struct preparation *preparation = &run->preparation;
    struct arena *arena = preparation->arena;
    struct value *data = value_make_map(arena);
    const struct workflow *workflow = preparation->workflow;
    value_set_string(arena, data, "workflow", workflow ? workflow->name : NULL);
    value_set_string(arena, data, "file", run->request.file);
    if (workflow) {
        value_set_string(arena, data, "digest", workflow->digest);
        value_set(arena, data, "parameters",
                  workflow_parameters(arena, workflow));
    }
    value_set_string(arena, data, "runtime", run->runtime);
    if (preparation->plan) {
        value_set(arena, data, "images",
                  value_copy(arena, preparation->plan->images));
        value_set(
            arena, data, "steps",
            value_copy(arena, value_get(preparation->plan->run, "steps")));
    }
    value_set_string(arena, data, "assay", ASSAY_VERSION);
    return data;
}

static int finish_with_error(struct event_sink *sink, const char *reason,
                             struct error *error)
{
    struct event event = {
        .kind = EVENT_RUN_FINISHED,
        .status = STATUS_ERROR,
        .time = clock_now(),
        .text = reason,
    };
    return event_emit(sink, &event, error);
}

static int emit_queued(const struct run *run, struct event_sink *sink,
                       struct error *error)
{
    struct event event = {
        .kind = EVENT_RUN_QUEUED,
        .time = clock_now(),
        .data = describe(run),
    };
    return event_emit(sink, &event, error);
}

/* The record of a run that could not be prepared. */
static void record_failure(const struct run *run, const struct error *cause)
{
    const struct diagnostics *found = &run->preparation.diagnostics;
    const char *reason = cause->text;
    for (size_t i = 0; i < found->count && !error_is_set(cause); i++)
        if (found->items[i].severity == SEVERITY_ERROR) {
            reason =
                arena_format(run->preparation.arena, "%s:%u:%u: %s",
                             run->request.file, found->items[i].mark.line,
                             found->items[i].mark.column, found->items[i].text);
            break;
        }
    struct error error = {0};
    struct event_sink *sink =
        history_sink(run->history, run->preparation.run_id, &error);
    if (!sink || emit_queued(run, sink, &error) < 0 ||
        finish_with_error(sink, reason, &error) < 0)
        print_error(&error);
}

/* The run itself, with its sinks; the state tells the verdict. */
static int execute(struct run *run, struct event_sink *view,
                   struct run_state *state, struct error *error)
{
    struct verdict verdict = {{verdict_handle}, state};
    struct event_sink *record =
        history_sink(run->history, run->preparation.run_id, error);
    if (!record)
        return -1;
    struct event_sink *sinks[] = {record, &verdict.sink, view};
    struct event_fan fan = event_fan_make(sinks, view ? 3 : 2);
    if (emit_queued(run, &fan.sink, error) < 0)
        return -1;
    const struct plan *plan = run->preparation.plan;
    run->runtime_options.deadline = deadline_of(plan);
    run->runtime_options.abort_descriptor = abort_pipe[0];
    int result =
        runtime_host_run(plan, &run->runtime_options, &fan.sink, error);
    if (result == 0 || event_status_is_final(state->status))
        return result;
    struct error second = {0};
    if (finish_with_error(&fan.sink, error->text, &second) < 0)
        print_error(&second);
    return result;
}

static int run_prepared(struct run *run)
{
    struct error error = {0};
    struct arena *arena = run->preparation.arena;
    const char *id = run->preparation.run_id;
    struct run_state *state = event_state_make(arena, id);
    struct report_options look = {
        .color = print_colours(stdout, run->no_color),
        .quiet = run->quiet,
        .raw = run->raw,
    };
    CLEANUP(report_live_free) struct report_live *live = NULL;
    CLEANUP(report_ndjson_free) struct report_ndjson *ndjson = NULL;
    struct event_sink *view = NULL;
    if (run->output == OUTPUT_TEXT) {
        live = report_live_new(stdout, id, &look);
        view = report_live_sink(live);
    } else if (run->output == OUTPUT_NDJSON) {
        ndjson = report_ndjson_new(stdout, id);
        view = report_ndjson_sink(ndjson);
    }
    if (catch_signals(&error) < 0)
        return print_error(&error);
    int result = execute(run, view, state, &error);
    fflush(stdout);
    int code = exit_of_status(state->status);
    if (result < 0) {
        /* The view has told the reason with the verdict: say it once. */
        int failure = live && event_status_is_final(state->status)
                          ? exit_of_error(&error)
                          : print_error(&error);
        return code == EXIT_PASSED ? failure : code;
    }
    if (run->output == OUTPUT_JSON || run->output == OUTPUT_YAML)
        output_print(report_run_value(arena, state), run->output);
    return code;
}

static int run_file(struct run *run)
{
    struct error error = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(history_close)
    struct history *history = store_open(run->database, true, &error);
    if (!history)
        return print_error(&error);
    run->history = history;
    /* Other runs' records must not keep this one from running. */
    struct error minor = {0};
    if (history_reconcile(history, &minor) < 0) {
        error_context(&minor, "earlier runs were not looked after");
        print_note(minor.text);
    }
    int result = prepare(arena, &run->request, &run->preparation, &error);
    if (result == 0)
        result = expose_kubeconfig(run, &error);
    int code = prepare_report(&run->preparation, &error);
    if (result < 0) {
        if (code != EXIT_USAGE && run->preparation.document.source)
            record_failure(run, &error);
        return code;
    }
    return run_prepared(run);
}

int command_run(int count, char **arguments)
{
    struct run run = {0};
    const struct option options[] = {
        REQUEST_OPTIONS(&run.request),
        {"runtime",                                 'r', OPTION_TEXT, &run.runtime, "host",
                        "where to run; also ASSAY_RUNTIME"},
        {"sandbox",                              0, OPTION_TEXT, &run.sandbox, "KIND",
                        "bubblewrap (default), or none: recorded"},
        {"network",                                   0, OPTION_TEXT, &run.network, "KIND",
                        "host (default), or none: no network in the sandbox"},
        {"expose",                                         0, OPTION_TEXT, &run.expose, "kubeconfig",
                        "give the steps a kubeconfig of the current context"},
        {"kubeconfig",           0, OPTION_TEXT, &run.kubeconfig, "FILE",
                        "the kubeconfig to expose"},
        {"context",                             0, OPTION_TEXT, &run.context, "NAME",
                        "the context to expose"},
        {"db", 0, OPTION_TEXT, &run.database, "FILE", "the history to write"},
        {"output",                                 'o', OPTION_TEXT, &run.output_word, "FORM",
                        "text (default), ndjson (events), json or yaml (the result)"},
        {"quiet",                              'q', OPTION_FLAG, &run.quiet, NULL, "only the last line"},
        {"raw",                                   0, OPTION_FLAG, &run.raw, NULL,
                        "output of steps as it is, control characters and all"},
        {"no-color",                                         0, OPTION_FLAG, &run.no_color, NULL, "no colours"},
        {0},
    };
    struct error error = {0};
    bool help;
    int rest;
    if (options_read(options, count, arguments, &rest, &help, &error) < 0)
        return print_error(&error);
    if (help) {
        options_help("run FILE [options]",
                     "Runs a workflow (`-` is standard input) and records it.\n"
                     "Ctrl-C aborts in order, twice at once.",
                     options);
        return EXIT_PASSED;
    }
    if (rest != 1)
        error_set(&error, ERROR_USAGE, "expected one file, found %d", rest);
    else
        check_options(&run, &error);
    if (error_is_set(&error))
        return print_error(&error);
    run.request.file = arguments[0];
    return run_file(&run);
}
