/*
 * One run from its reference to its exit code: prepare, then hand the plan to the
 * runtime and connect the sinks: the history first (what is shown is already
 * recorded), then the view, then the verdict, which becomes the exit code. On this
 * machine the history is opened while the sandbox is being made, and the run recorded
 * before anything begins in it. A failure before the run starts is recorded too, as a
 * run with the status error.
 */
#include "cli/running.h"

#include "cli/background.h"
#include "cli/command.h"
#include "cli/print.h"
#include "cli/store.h"
#include "engine/base/clock.h"

/* The part of the user's kubeconfig that the steps get: one context. */
static int expose_kubeconfig(struct run *run, struct error *error)
{
    if (!run->expose)
        return 0;
    struct arena *arena = run->preparation.arena;
    struct kube_config_sources sources =
        store_kubeconfig(arena, run->cluster.kubeconfig);
    const struct value *config = kube_config_read(arena, &sources, error);
    const struct value *reduced =
        config ? kube_config_reduce(arena, config, run->cluster.context, error)
               : NULL;
    if (!reduced)
        return error_context(error, "--expose kubeconfig");
    CLEANUP(text_free) struct text text = {0};
    value_write_yaml(&text, reduced);
    run->host_options.kubeconfig =
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
    value_set_string(arena, data, "file",
                     preparation->document.file ? preparation->document.file
                                                : run->request.file);
    if (preparation->document.origin)
        value_set(arena, data, "source",
                  value_copy(arena, preparation->document.origin));
    if (workflow) {
        value_set_string(arena, data, "digest", workflow->digest);
        value_set(arena, data, "parameters",
                  workflow_parameters(arena, workflow));
        struct value *spliced = value_make_list(arena);
        for (size_t i = 0; i < workflow->parameter_count; i++)
            if (workflow->parameters[i].splice)
                value_append(
                    arena, spliced,
                    value_make_string(arena, workflow->parameters[i].name));
        if (value_count(spliced) > 0)
            value_set(arena, data, "spliced", spliced);
        struct value *templates = workflow_templates_used(arena, workflow);
        if (templates)
            value_set(arena, data, "templates", templates);
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
static void record_failure(struct run *run, const struct error *cause)
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
    if (!run->history)
        run->history = run_open_history(run->database, &error);
    struct event_sink *sink =
        run->history
            ? history_sink(run->history, run->preparation.run_id, &error)
            : NULL;
    if (!sink || emit_queued(run, sink, &error) < 0 ||
        finish_with_error(sink, reason, &error) < 0)
        print_error(&error);
}

/* Opens the way to where the run is to go. */
static int connect_run(struct run *run, struct error *error)
{
    if (run->place == PLACE_HOST)
        return expose_kubeconfig(run, error);
    if (run->preparation.plan->workspace && run->detach)
        return error_set(error, ERROR_USAGE,
                         "a Job for each step needs a process that starts one "
                         "after the other: leave out --detach, or say "
                         "--isolation pod");
    if (!run->cluster.namespace_name)
        run->cluster.namespace_name = value_string(value_path(
            run->preparation.workflow->resolved, "spec.job.namespace"));
    return connection_open(run->preparation.arena, &run->cluster,
                           &run->connection, error);
}

/* How long a pod may take to start, as the workflow says it; 0: it does not. */
static int64_t start_time_of(const struct workflow *workflow)
{
    const char *text = value_string(
        value_path(workflow->resolved, "spec.timeouts.initialization"));
    struct error ignored = {0};
    int64_t time = 0;
    return text && duration_parse(text, &time, &ignored) == 0 && time > 0 ? time
                                                                          : 0;
}

static int run_in_cluster(struct run *run, struct following *following,
                          struct error *error)
{
    const struct connection *connection = &run->connection;
    struct runtime_kubernetes_options *options = &run->kubernetes_options;
    struct runtime_kubernetes_result outcome;
    if (options->start_timeout == 0)
        options->start_timeout = start_time_of(run->preparation.workflow);
    options->client = connection->client;
    options->namespace_name = connection->namespace_name;
    options->context = kube_access_context(connection->access);
    options->server = kube_access_server(connection->access);
    int result = runtime_kubernetes_run(run->preparation.plan, options,
                                        &following->fan.sink, &outcome, error);
    if (error_is_set(&outcome.leftover))
        print_note(outcome.leftover.text);
    return result;
}

static int run_on_host(struct run *run, struct event_sink *sink,
                       struct error *error)
{
    struct store_artifacts artifacts;
    if (store_artifacts_open(&artifacts, run->database, true, error) < 0)
        return -1;
    run->host_options.artifacts = &artifacts.store;
    int result = runtime_host_run(run->preparation.plan, &run->host_options,
                                  sink, error);
    store_artifacts_close(&artifacts);
    return result;
}

/* What is gathered becomes visible to `assay logs` and `assay attach`. */
static int rest(void *context, struct error *error)
{
    const struct run *run = context;
    return history_flush(run->history, error);
}

/* The run and who follows it. */
struct execution {
    struct run *run;
    struct following *following;
    bool opened;   /* `following` is */
    bool recorded; /* the run is */
};

/* Nothing of the run happens before this. */
static int begin(void *context, struct error *error)
{
    struct execution *execution = context;
    struct run *run = execution->run;
    struct following *following = execution->following;
    if (!run->history)
        run->history = run_open_history(run->database, error);
    if (!run->history ||
        following_open(following, run->preparation.arena, run->history,
                       run->preparation.run_id, &run->look, error) < 0)
        return -1;
    execution->opened = true;
    if (emit_queued(run, &following->fan.sink, error) < 0)
        return -1;
    execution->recorded = true;
    return 0;
}

/* The run itself; the state tells the verdict. */
static int execute(struct execution *execution, struct error *error)
{
    struct run *run = execution->run;
    struct following *following = execution->following;
    struct event_sink *sink = &following->fan.sink;
    struct runtime_options *options = &run->host_options;
    int descriptor = following_catch_signals(true, error);
    if (descriptor < 0)
        return -1;
    options->deadline = deadline_of(run->preparation.plan);
    options->abort_descriptor = descriptor;
    options->begin = begin;
    options->begin_context = execution;
    options->rest = rest;
    options->rest_context = run;
    run->kubernetes_options.deadline = options->deadline;
    run->kubernetes_options.abort_descriptor = descriptor;
    if (run->place == PLACE_KUBERNETES)
        return begin(execution, error) < 0
                   ? -1
                   : run_in_cluster(run, following, error);
    int result = run_on_host(run, sink, error);
    if (result == 0 || !execution->recorded ||
        event_status_is_final(following->state->status))
        return result;
    struct error second = {0};
    if (finish_with_error(sink, error->text, &second) < 0)
        print_error(&second);
    return result;
}

/* What --detach says of a run that goes on in a cluster. */
static void tell_id(const struct run *run)
{
    CLEANUP(text_free) struct text text = {0};
    text_append_format(&text, "%s\n", run->preparation.run_id);
    if (run->look.output == OUTPUT_TEXT)
        print_text(&text);
}

int run_carry_out(struct run *run, struct error *error)
{
    struct following following = {0};
    struct execution execution = {.run = run, .following = &following};
    int result = execute(&execution, error);
    if (!execution.opened)
        return run->look.watcher ? exit_of_error(error) : print_error(error);
    int code = following_end(&following, result, error);
    following_close(&following);
    if (run->connection.client)
        kube_client_close(TAKE(run->connection.client));
    if (!run->detach || run->place != PLACE_KUBERNETES || error_is_set(error))
        return code;
    tell_id(run);
    return EXIT_PASSED;
}

struct history *run_open_history(const char *database, struct error *error)
{
    struct history *history = store_open(database, true, error);
    /* Other runs' records must not keep this one from running. */
    struct error minor = {0};
    if (history && store_reconcile(history, &minor) < 0) {
        error_context(&minor, "earlier runs were not looked after");
        print_note(minor.text);
    }
    return history;
}

int run_prepare(struct run *run, struct arena *arena, bool *ready)
{
    struct error error = {0};
    int result = prepare(arena, &run->request, &run->preparation, &error);
    if (result == 0)
        result = connect_run(run, &error);
    int code = prepare_report(&run->preparation, &error);
    *ready = result == 0;
    if (result < 0 &&
        (code == EXIT_REFUSED ||
         (code != EXIT_USAGE && run->preparation.document.source)))
        record_failure(run, &error);
    return code;
}

int run_reference(struct run *run)
{
    struct error error = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    bool ready;
    int code = run_prepare(run, arena, &ready);
    if (ready && run->detach && run->place == PLACE_HOST) {
        if (!run->history)
            run->history = run_open_history(run->database, &error);
        code = run->history ? background_start(run) : print_error(&error);
    } else if (ready) {
        code = run_carry_out(run, &error);
    }
    history_close(run->history);
    return code;
}
