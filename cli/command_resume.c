/*
 * `assay resume ID [STEP]`: lets a paused step go on. The record says which steps are
 * paused and where the run is; when the record says that the step goes on, it does. A
 * run in a cluster that nobody follows has a record that stands still: its step is to be
 * named, and is only told.
 */
#include <poll.h>
#include <string.h>

#include "cli/command.h"
#include "cli/connection.h"
#include "cli/options.h"
#include "cli/print.h"
#include "cli/store.h"
#include "engine/base/clock.h"
#include "engine/runtime/runtime.h"

/* How long the step may take to go on before that is told; in a cluster, where it is
 * the kubelet that brings the word. */
#define PATIENCE         (5 * CLOCK_SECOND)
#define CLUSTER_PATIENCE (180 * CLOCK_SECOND)

enum { PAUSE = 20 }; /* milliseconds between two looks */

struct resumption {
    struct history *history;
    struct arena *arena;
    char id[40];
    const struct run_state *state;
    struct connection_request cluster;
    bool remote; /* in a cluster */
    bool owned;  /* another process writes the record */
};

/* The ref of the step with that id, anywhere in the tree of run.json; NULL. */
static const char *ref_of_id(const struct value *steps, const char *id)
{
    for (size_t i = 0; i < value_count(steps); i++) {
        const struct value *step = value_item(steps, i);
        const char *own = value_string_at(step, "id");
        if (own && strcmp(own, id) == 0)
            return value_string_at(step, "ref");
        const char *found = ref_of_id(value_get(step, "steps"), id);
        if (found)
            return found;
    }
    return NULL;
}

/* Appends "2 Name, 3.1 Other": the steps that are paused; how many. */
static size_t list_paused(const struct run_state *state, struct text *text)
{
    size_t count = 0;
    for (size_t i = 0; i < state->step_count; i++) {
        const struct step_state *step = &state->steps[i];
        if (step->status != STATUS_PAUSED)
            continue;
        text_append_format(text, "%s%s%s%s", count++ ? ", " : "", step->ref,
                           step->name[0] ? " " : "", step->name);
    }
    return count;
}

static bool is_meant(const struct step_state *step, const char *ref,
                     const char *name)
{
    return (ref && strcmp(step->ref, ref) == 0) ||
           strcmp(step->ref, name) == 0 || strcmp(step->name, name) == 0;
}

/* The paused step of that ref, id or name (NULL: the only one). Of several steps of
 * one name the first that is paused. */
static const struct step_state *choose_step(const struct resumption *resumption,
                                            const char *name,
                                            struct error *error)
{
    const struct run_state *state = resumption->state;
    CLEANUP(text_free) struct text paused = {0};
    size_t count = list_paused(state, &paused);
    const char *ref =
        name ? ref_of_id(value_get(state->data, "steps"), name) : NULL;
    const struct step_state *other = NULL;
    for (size_t i = 0; i < state->step_count; i++) {
        const struct step_state *step = &state->steps[i];
        if (name && !is_meant(step, ref, name))
            continue;
        if (step->status == STATUS_PAUSED && (name || count == 1))
            return step;
        other = step;
    }
    if (name && other && resumption->remote && !resumption->owned)
        return other;
    if (name && !other)
        error_set(error, ERROR_USAGE,
                  "run %s has no step '%.100s': `assay show %.8s` lists them",
                  resumption->id, name, resumption->id);
    else if (count == 0)
        error_set(error, ERROR_USAGE, "nothing is paused in run %s%s",
                  resumption->id,
                  resumption->remote && !resumption->owned
                      ? " as far as it is recorded, and nobody follows it: "
                        "name the step"
                      : "");
    else if (name)
        error_set(error, ERROR_USAGE,
                  "step '%.100s' is not paused, but %s; paused: %.200s", name,
                  event_status_name(other->status), text_string(&paused));
    else
        error_set(error, ERROR_USAGE,
                  "several steps are paused, name one of them: %.300s",
                  text_string(&paused));
    return NULL;
}

static int load(struct resumption *resumption, struct error *error)
{
    resumption->state = history_load(resumption->history, resumption->arena,
                                     resumption->id, error);
    return resumption->state ? 0 : -1;
}

static int find(struct resumption *resumption, const char *name,
                struct error *error)
{
    if (history_find(resumption->history, name, resumption->id, error) < 0 ||
        load(resumption, error) < 0)
        return -1;
    const struct run_state *state = resumption->state;
    const char *runtime = value_string_at(state->data, "runtime");
    resumption->remote = runtime && strcmp(runtime, "kubernetes") == 0;
    if (history_is_owned(resumption->history, resumption->id,
                         &resumption->owned, error) < 0)
        return -1;
    if (event_status_is_final(state->status))
        return error_set(error, ERROR_USAGE, "run %s has ended: %s",
                         resumption->id, event_status_name(state->status));
    return 0;
}

static int tell_cluster(const struct resumption *resumption, const char *ref,
                        struct error *error)
{
    struct connection connection = {0};
    int result = connection_open_recorded(
        resumption->arena, &resumption->cluster, resumption->state->environment,
        resumption->id, &connection, error);
    struct runtime_kubernetes_options options = {
        .client = connection.client,
        .namespace_name = connection.namespace_name,
        .abort_descriptor = -1,
    };
    if (result == 0)
        result =
            runtime_kubernetes_resume(resumption->id, ref, &options, error);
    if (connection.client)
        kube_client_close(connection.client);
    return result;
}

/* The place of the run decides how it is told. */
static int tell(const struct resumption *resumption, const char *ref,
                struct error *error)
{
    const struct run_state *state = resumption->state;
    const char *folder = value_string_at(state->environment, "folder");
    if (resumption->remote)
        return tell_cluster(resumption, ref, error);
    if (!folder)
        return error_set(error, ERROR_USAGE,
                         "run %s is not on this machine, so it cannot be "
                         "resumed from here",
                         resumption->id);
    return runtime_resume(folder, ref, error);
}

/* Until the record says that the step is not paused any more. */
static bool wait_until_it_goes_on(struct resumption *resumption,
                                  const char *ref, int pauses)
{
    int64_t end =
        clock_monotonic() + (resumption->remote ? CLUSTER_PATIENCE : PATIENCE);
    while (clock_monotonic() < end) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error ignored = {0};
        const struct run_state *state =
            history_load(resumption->history, arena, resumption->id, &ignored);
        const struct step_state *step =
            state ? event_find_step(state, ref) : NULL;
        if (!step || step->status != STATUS_PAUSED || step->pauses != pauses)
            return step != NULL;
        poll(NULL, 0, PAUSE);
    }
    return false;
}

/* What the user is told of the step. */
static void print_step(const struct resumption *resumption,
                       const struct step_state *step, const char *what)
{
    CLEANUP(text_free) struct text text = {0};
    text_append_format(&text, "run %s: step ", resumption->id);
    text_append_escaped(&text, step->ref, strlen(step->ref), false);
    text_append_string(&text, step->name[0] ? " " : "");
    text_append_escaped(&text, step->name, strlen(step->name), false);
    text_append_format(&text, " %s\n", what);
    print_text(&text);
}

static int resume(const char *database,
                  const struct connection_request *cluster, const char *run,
                  const char *name)
{
    struct error error = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(history_close)
    struct history *history = store_open_reconciled(database, &error);
    struct resumption resumption = {
        .history = history, .arena = arena, .cluster = *cluster};
    if (!history || find(&resumption, run, &error) < 0)
        return print_error(&error);
    const struct step_state *step = choose_step(&resumption, name, &error);
    if (!step || tell(&resumption, step->ref, &error) < 0)
        return print_error(&error);
    if (resumption.remote && !resumption.owned) {
        print_step(&resumption, step, "was told to go on");
        return EXIT_PASSED;
    }
    bool goes_on = wait_until_it_goes_on(&resumption, step->ref, step->pauses);
    if (!resumption.remote)
        runtime_resume_end(
            value_string_at(resumption.state->environment, "folder"),
            step->ref);
    if (!goes_on) {
        error_set(&error, ERROR_SYSTEM,
                  "step '%s' was told to go on, but does not say that it does",
                  step->ref);
        return print_error(&error);
    }
    print_step(&resumption, step, "goes on");
    return EXIT_PASSED;
}

int command_resume(int count, char **arguments)
{
    const char *database = NULL;
    struct connection_request cluster = {0};
    const struct option options[] = {
        CONNECTION_OPTIONS(&cluster),
        {"db", 0, OPTION_TEXT, &database, "FILE", "the history to read"},
        {0},
    };
    struct error error = {0};
    static const struct command_help help = {
        .usage = "resume ID [STEP] [options]",
        .text = "Lets a paused step go on. ID is an id, the beginning of one, "
                "or `latest`; STEP\n"
                "the step's number, id or name, and may be left out when only "
                "one is paused.\nOf a run in a cluster that no process follows "
                "it must be named.",
    };
    int code;
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    if (count < 1 || count > 2) {
        error_set(&error, ERROR_USAGE,
                  "expected an id (or 'latest'), and perhaps a step");
        return print_error(&error);
    }
    return resume(database, &cluster, arguments[0],
                  count == 2 ? arguments[1] : NULL);
}
