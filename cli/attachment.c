/*
 * An id in, the rest of the run out: the record says where the run is and how far
 * it was written. A run on this machine is followed by its record (control.c); for
 * one in a cluster the cluster has everything else. Such a run without a record here is
 * looked for in the namespace that the options say. A run that another process
 * follows is left to it; it may only be told to end.
 */
#include "cli/attachment.h"

#include <string.h>

#include "cli/command.h"
#include "cli/control.h"
#include "cli/print.h"
#include "cli/store.h"
#include "engine/runtime/runtime.h"

struct attachment {
    const struct attachment_request *request;
    struct arena *arena;
    struct history *history;
    char id[40];
    const struct run_state *state; /* of the record; new when there is none */
    bool owned;                    /* by another process */
    struct connection connection;
};

/* Adds up the recorded output by step. */
struct counter {
    struct event_sink sink; /* first */
    struct arena *arena;
    struct runtime_recorded *steps;
    size_t count;
};

static int count_bytes(struct event_sink *sink, const struct event *event,
                       struct error *error)
{
    struct counter *counter = (struct counter *)sink;
    const char *step = event->step ? event->step : "";
    (void)error;
    if (event->kind != EVENT_OUTPUT)
        return 0;
    for (size_t i = 0; i < counter->count; i++)
        if (strcmp(counter->steps[i].step, step) == 0) {
            counter->steps[i].bytes += event->length;
            return 0;
        }
    size_t size = counter->count * sizeof *counter->steps;
    counter->steps = arena_grow(counter->arena, counter->steps, size,
                                size + sizeof *counter->steps);
    counter->steps[counter->count++] = (struct runtime_recorded){
        arena_string(counter->arena, step), event->length};
    return 0;
}

/* Whether the text may be a whole id of a run that is not recorded here. */
static bool is_whole_id(const char *text)
{
    return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

static int find_run(struct attachment *attachment, struct error *error)
{
    const char *name = attachment->request->run;
    struct error missing = {0};
    if (history_find(attachment->history, name, attachment->id, &missing) < 0) {
        if (!is_whole_id(name)) {
            *error = missing;
            return -1;
        }
        memcpy(attachment->id, name, strlen(name) + 1);
        attachment->state = event_state_make(attachment->arena, name);
        return 0;
    }
    attachment->state = history_load(attachment->history, attachment->arena,
                                     attachment->id, error);
    if (!attachment->state ||
        history_is_owned(attachment->history, attachment->id,
                         &attachment->owned, error) < 0)
        return -1;
    return 0;
}

static bool is_here(const struct attachment *attachment)
{
    const char *runtime = value_string_at(attachment->state->data, "runtime");
    return attachment->state->queued != 0 &&
           !(runtime && strcmp(runtime, "kubernetes") == 0);
}

/* Follows it with the record as it is. */
static int follow(struct attachment *attachment, struct error *error)
{
    const struct attachment_request *request = attachment->request;
    struct arena *arena = attachment->arena;
    const struct run_state *state = attachment->state;
    struct counter counter = {{count_bytes}, arena, NULL, 0};
    if (state->queued != 0 &&
        history_read_log(attachment->history, attachment->id, NULL,
                         &counter.sink, error) < 0)
        return print_error(error);
    struct following following;
    if (following_open(&following, arena, attachment->history, attachment->id,
                       &request->look, error) < 0)
        return print_error(error);
    /* What is recorded already is shown, but not recorded again. */
    int result = 0;
    if (state->queued != 0)
        result = history_replay(attachment->history, attachment->id,
                                &following.shown.sink, error);
    int descriptor = result < 0 ? -1 : following_catch_signals(false, error);
    struct runtime_record record = {state, counter.steps, counter.count};
    struct runtime_kubernetes_options options = {
        .client = attachment->connection.client,
        .context = kube_access_context(attachment->connection.access),
        .server = kube_access_server(attachment->connection.access),
        .namespace_name = attachment->connection.namespace_name,
        .abort = request->abort,
        .abort_descriptor = descriptor,
    };
    struct runtime_kubernetes_result outcome = {0};
    result =
        descriptor < 0
            ? -1
            : runtime_kubernetes_attach(attachment->id, &options, &record,
                                        &following.fan.sink, &outcome, error);
    if (error_is_set(&outcome.leftover))
        print_note(outcome.leftover.text);
    int code = following_end(&following, result, error);
    following_close(&following);
    return code;
}

/* A run that has ended needs nothing but to be told so. */
static int tell_end(const struct attachment *attachment)
{
    CLEANUP(text_free) struct text text = {0};
    const struct run_state *state = attachment->state;
    CLEANUP(text_free) struct text why = {0};
    report_why(&why, state);
    text_append_format(&text, "run %s has ended: %s%s%s\n", attachment->id,
                       event_status_name(state->status), why.length ? ": " : "",
                       text_string(&why));
    if (attachment->request->look.output == OUTPUT_TEXT)
        print_text(&text);
    else
        output_print(report_run_value(attachment->arena, state),
                     attachment->request->look.output);
    return exit_of_status(state->status);
}

/* Another process follows the run and records its end. */
static int leave_to_owner(struct attachment *attachment, struct error *error)
{
    struct runtime_kubernetes_options options = {
        .client = attachment->connection.client,
        .namespace_name = attachment->connection.namespace_name,
        .abort_descriptor = -1,
    };
    if (!attachment->request->abort) {
        error_set(error, ERROR_USAGE,
                  "run %s is followed by another process: `assay show %.8s` "
                  "tells how far it is",
                  attachment->id, attachment->id);
        return print_error(error);
    }
    if (runtime_kubernetes_stop(attachment->id, &options, error) < 0)
        return print_error(error);
    print_note("the run was told to end; the process that follows it records "
               "its end");
    return EXIT_PASSED;
}

static int carry_out(struct attachment *attachment)
{
    struct error error = {0};
    if (find_run(attachment, &error) < 0)
        return print_error(&error);
    if (event_status_is_final(attachment->state->status))
        return tell_end(attachment);
    if (is_here(attachment))
        return control_follow(attachment->history, attachment->id,
                              attachment->request->abort,
                              &attachment->request->look);
    if (connection_open_recorded(attachment->arena,
                                 &attachment->request->cluster,
                                 attachment->state->environment, attachment->id,
                                 &attachment->connection, &error) < 0)
        return print_error(&error);
    return attachment->owned ? leave_to_owner(attachment, &error)
                             : follow(attachment, &error);
}

int attachment_run(const struct attachment_request *request)
{
    struct error error = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(history_close)
    struct history *history = store_open(request->database, true, &error);
    if (!history)
        return print_error(&error);
    struct error minor = {0};
    if (store_reconcile(history, &minor) < 0)
        print_note(minor.text);
    struct attachment attachment = {
        .request = request, .arena = arena, .history = history};
    int code = carry_out(&attachment);
    if (attachment.connection.client)
        kube_client_close(attachment.connection.client);
    return code;
}
