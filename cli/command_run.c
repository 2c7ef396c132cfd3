/*
 * `assay run FILE`: prepare, then hand the plan to the runtime and connect the sinks:
 * the history first (what is shown is already recorded), then the view, then the
 * verdict, which becomes the exit code. A failure before the run starts is recorded
 * too, as a run with the status error.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/connection.h"
#include "cli/following.h"
#include "cli/prepare.h"
#include "cli/print.h"
#include "cli/store.h"
#include "engine/base/clock.h"
#include "engine/kube/kube.h"
#include "engine/runtime/runtime.h"

enum where { PLACE_HOST, PLACE_KUBERNETES };

struct run {
    struct request request;
    struct connection_request cluster;
    const char *runtime, *sandbox, *network, *expose;
    const char *security, *keep, *service_account, *start_timeout;
    const char *database, *output_word;
    bool detach;
    enum where where;
    struct following_options look;
    struct runtime_options host_options;
    struct runtime_kubernetes_options kubernetes_options;

    struct history *history;
    struct connection connection;
    struct preparation preparation;
};

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

static int check_host(struct run *run, struct error *error)
{
    bool none;
    const char *other = run->security          ? "security"
                        : run->keep            ? "keep"
                        : run->service_account ? "service-account"
                        : run->start_timeout   ? "start-timeout"
                        : run->detach          ? "detach"
                                               : NULL;
    if (other)
        return error_set(error, ERROR_USAGE, "--%s is for --runtime kubernetes",
                         other);
    if (check_word("sandbox", run->sandbox, "bubblewrap", "none", &none,
                   error) < 0)
        return -1;
    run->host_options.sandbox = none ? SANDBOX_NONE : SANDBOX_BUBBLEWRAP;
    if (check_word("network", run->network, "host", "none", &none, error) < 0)
        return -1;
    run->host_options.network_none = none;
    if (run->expose && strcmp(run->expose, "kubeconfig") != 0)
        return error_set(error, ERROR_USAGE,
                         "--expose: expected kubeconfig, found '%.100s'",
                         run->expose);
    return 0;
}

/* The place of a word in a list of three, the default for NULL; -1. */
static int choose(const char *option, const char *word,
                  const char *const words[3], struct error *error)
{
    for (int i = 0; i < 3; i++)
        if (!word || strcmp(word, words[i]) == 0)
            return i;
    return error_set(error, ERROR_USAGE,
                     "--%s: expected %s, %s or %s, found '%.100s'", option,
                     words[0], words[1], words[2], word);
}

static int check_kubernetes(struct run *run, struct error *error)
{
    static const char *const securities[] = {"auto", "baseline", "restricted"};
    static const char *const keeps[] = {"failed", "always", "never"};
    struct runtime_kubernetes_options *options = &run->kubernetes_options;
    const char *other = run->sandbox   ? "sandbox"
                        : run->network ? "network"
                        : run->expose  ? "expose"
                                       : NULL;
    if (other)
        return error_set(error, ERROR_USAGE,
                         "--%s is for --runtime host; in a cluster the pod has "
                         "its own, and rights come by --service-account",
                         other);
    int security = choose("security", run->security, securities, error);
    int keep = choose("keep", run->keep, keeps, error);
    if (security < 0 || keep < 0)
        return -1;
    options->security = (enum runtime_security)security;
    options->keep = (enum runtime_keep)keep;
    options->service_account = run->service_account;
    options->detach = run->detach;
    if (!run->start_timeout)
        return 0;
    if (duration_parse(run->start_timeout, &options->start_timeout, error) <
            0 ||
        options->start_timeout <= 0) {
        *error = (struct error){0};
        return error_set(error, ERROR_USAGE,
                         "--start-timeout: expected a duration such as 90s, "
                         "found '%.100s'",
                         run->start_timeout);
    }
    return 0;
}

static int check_options(struct run *run, struct error *error)
{
    if (!run->runtime || run->runtime[0] == '\0')
        run->runtime = getenv("ASSAY_RUNTIME");
    if (!run->runtime || run->runtime[0] == '\0')
        run->runtime =
            connection_is_configured(&run->cluster) ? "kubernetes" : NULL;
    if (!run->runtime)
        return error_set(error, ERROR_USAGE,
                         "there is no kubeconfig, so there is no cluster to "
                         "run in: give --runtime host (this machine, in a "
                         "sandbox), or --kubeconfig FILE");
    bool host = strcmp(run->runtime, "host") == 0;
    if (!host && strcmp(run->runtime, "kubernetes") != 0)
        return error_set(error, ERROR_USAGE,
                         "unknown runtime '%.100s': this version has 'host' "
                         "and 'kubernetes'",
                         run->runtime);
    run->where = host ? PLACE_HOST : PLACE_KUBERNETES;
    int result = host ? check_host(run, error) : check_kubernetes(run, error);
    return result < 0
               ? -1
               : output_parse(run->output_word, &run->look.output, error);
}

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

/* Opens the way to where the run is to go. */
static int connect_run(struct run *run, struct error *error)
{
    if (run->where == PLACE_HOST)
        return expose_kubeconfig(run, error);
    return connection_open(run->preparation.arena, &run->cluster,
                           &run->connection, error);
}

static int run_in_cluster(struct run *run, struct following *following,
                          struct error *error)
{
    const struct connection *connection = &run->connection;
    struct runtime_kubernetes_options *options = &run->kubernetes_options;
    struct runtime_kubernetes_result outcome;
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

/* The run itself; the state tells the verdict. */
static int execute(struct run *run, struct following *following,
                   struct error *error)
{
    struct event_sink *sink = &following->fan.sink;
    int descriptor = following_catch_signals(error);
    if (descriptor < 0 || emit_queued(run, sink, error) < 0)
        return -1;
    const struct plan *plan = run->preparation.plan;
    run->host_options.deadline = deadline_of(plan);
    run->host_options.abort_descriptor = descriptor;
    run->kubernetes_options.deadline = run->host_options.deadline;
    run->kubernetes_options.abort_descriptor = descriptor;
    if (run->where == PLACE_KUBERNETES)
        return run_in_cluster(run, following, error);
    int result = runtime_host_run(plan, &run->host_options, sink, error);
    if (result == 0 || event_status_is_final(following->state->status))
        return result;
    struct error second = {0};
    if (finish_with_error(sink, error->text, &second) < 0)
        print_error(&second);
    return result;
}

static int run_prepared(struct run *run)
{
    struct error error = {0};
    struct arena *arena = run->preparation.arena;
    const char *id = run->preparation.run_id;
    struct following following;
    if (following_open(&following, arena, run->history, id, &run->look,
                       &error) < 0)
        return print_error(&error);
    int result = execute(run, &following, &error);
    int code = following_end(&following, result, &error);
    following_close(&following);
    if (result < 0 || !run->detach)
        return code;
    if (run->look.output == OUTPUT_TEXT) {
        CLEANUP(text_free) struct text text = {0};
        text_append_format(&text, "%s\n", id);
        print_text(&text);
    }
    return EXIT_PASSED;
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
        result = connect_run(run, &error);
    int code = prepare_report(&run->preparation, &error);
    if (result < 0) {
        if (code == EXIT_REFUSED ||
            (code != EXIT_USAGE && run->preparation.document.source))
            record_failure(run, &error);
        return code;
    }
    code = run_prepared(run);
    if (run->connection.client)
        kube_client_close(run->connection.client);
    return code;
}

int command_run(int count, char **arguments)
{
    struct run run = {0};
    const struct option options[] = {
        REQUEST_OPTIONS(&run.request),
        {"runtime", 'r', OPTION_TEXT, &run.runtime, "WHERE",
         "host (this machine) or kubernetes; also ASSAY_RUNTIME"},
        CONNECTION_OPTIONS(&run.cluster),
        {"service-account", 0, OPTION_TEXT, &run.service_account, "NAME",
         "kubernetes: the rights of the steps; its token is mounted"},
        {"security", 0, OPTION_TEXT, &run.security, "LEVEL",
         "kubernetes: auto (default), baseline or restricted"},
        {"detach", 0, OPTION_FLAG, &run.detach, NULL,
         "kubernetes: print the id and leave; `assay attach ID`"},
        {"keep", 0, OPTION_TEXT, &run.keep, "WHEN",
         "kubernetes: keep the Job when failed (default), always or never"},
        {"start-timeout", 0, OPTION_TEXT, &run.start_timeout, "TIME",
         "kubernetes: how long the pod may take to start (5m)"},
        {"sandbox", 0, OPTION_TEXT, &run.sandbox, "KIND",
         "host: bubblewrap (default), or none: recorded"},
        {"network", 0, OPTION_TEXT, &run.network, "KIND",
         "host: host (default), or none: no network in the sandbox"},
        {"expose", 0, OPTION_TEXT, &run.expose, "kubeconfig",
         "host: give the steps a kubeconfig of the context"},
        {"db", 0, OPTION_TEXT, &run.database, "FILE", "the history to write"},
        FOLLOWING_OPTIONS(&run.look, &run.output_word),
        {0},
    };
    struct error error = {0};
    bool help;
    int rest;
    if (options_read(options, count, arguments, &rest, &help, &error) < 0)
        return print_error(&error);
    if (help) {
        options_help("run REF [options]",
                     "Runs a workflow and records it. REF is a file, `-` "
                     "(standard input), or\n"
                     "[MARKETPLACE/]NAME[@sha256:HEX].\n"
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
