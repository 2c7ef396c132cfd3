/*
 * A plan in, its events out, with the pod run on this machine: decode the pod,
 * make the run's folder and a first sandbox that is held back, begin, start the initContainers one by one and the containers
 * together, hand on what they say, judge. Invariant: after EVENT_RUN_STARTED
 * there is always an EVENT_RUN_FINISHED, nothing of ours runs any more, and the
 * folder is gone.
 */
#include "engine/runtime/host.h"

#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/runtime/artifact.h"
#include "engine/runtime/limits.h"
#include "engine/runtime/machine.h"
#include "engine/runtime/podman_engine.h"

static const char images_note[] =
    "images are not used on this machine: the steps run with its own programs";
static const char no_sandbox_note[] =
    "no sandbox: the steps run with all rights of this user; /data, /tmp and "
    "other folders of the plan are not at their places but in the run's own "
    "folder, where the steps start";

static int emit(struct host *host, struct event event, struct error *error)
{
    event.time = clock_now();
    return event_emit(host->sink, &event, error);
}

static int emit_started(struct host *host, struct error *error)
{
    const struct runtime_options *options = host->options;
    static const char *const sandboxes[] = {
        [SANDBOX_BUBBLEWRAP] = "bubblewrap",
        [SANDBOX_NONE] = "none",
        [SANDBOX_CONTAINER] = "container",
    };
    struct value *data = value_make_map(host->arena);
    const struct engine *engine = host->podman.setup.engine;
    value_set_string(host->arena, data, "sandbox",
                     engine ? engine->name : sandboxes[options->sandbox]);
    value_set_string(host->arena, data, "engine",
                     engine ? engine->program : NULL);
    value_set_string(host->arena, data, "network",
                     options->network_none ? "none" : "host");
    value_set(host->arena, data, "uid",
              value_make_int(host->arena, (int64_t)getuid()));
    value_set_string(host->arena, data, "folder", host->folder.path);
    return emit(host, (struct event){.kind = EVENT_RUN_STARTED, .data = data},
                error);
}

static int emit_notes(struct host *host, struct error *error)
{
    struct event note = {.kind = EVENT_NOTE, .text = images_note};
    if (host->podman.setup.engine)
        return podman_run_begin(&host->podman, error);
    if (value_count(host->plan->images) > 0 && emit(host, note, error) != 0)
        return -1;
    note.text = no_sandbox_note;
    return host->setup.bubblewrap ? 0 : emit(host, note, error);
}

/* What the sandbox or the engine needs, and whether it is there. */
static int find_engine(struct host *host, struct error *error)
{
    struct podman_setup *setup = &host->podman.setup;
    if (host->options->sandbox != SANDBOX_CONTAINER)
        return pod_require_commands(host->pod, error);
    setup->pod = host->pod;
    setup->folder = &host->folder;
    setup->run_id = host->plan->run_id;
    setup->network_none = host->options->network_none;
    setup->pull = host->options->pull;
    if (host->options->kubeconfig)
        setup->kubeconfig =
            arena_format(host->arena, "%s/kubeconfig", host->folder.path);
    return podman_run_prepare(&host->podman, host->options->engine, error);
}

/* Whether one of the steps waits for `assay resume`. */
static bool may_pause(const struct value *steps)
{
    for (size_t i = 0; i < value_count(steps); i++) {
        const struct value *step = value_item(steps, i);
        if (value_bool_or(value_get(step, "paused"), false) ||
            may_pause(value_get(step, "steps")))
            return true;
    }
    return false;
}

static bool may_leave_files(const struct value *steps)
{
    for (size_t i = 0; i < value_count(steps); i++) {
        const struct value *step = value_item(steps, i);
        if (value_get(step, "artifacts") ||
            may_leave_files(value_get(step, "steps")))
            return true;
    }
    return false;
}

/* The state of the steps is a folder of ours when others look at it: `resume`, the
 * collector of files, a second container. */
static void place_state(const struct host *host)
{
    struct pod *pod = host->pod;
    const struct value *steps = value_get(host->plan->run, "steps");
    bool alone = host->setup.bubblewrap && pod->container_count == 1 &&
                 !may_pause(steps) && !may_leave_files(steps);
    for (size_t i = 0; alone && i < pod->volume_count; i++) {
        struct pod_volume *volume = &pod->volumes[i];
        volume->inside = volume->empty && volume->name &&
                         strcmp(volume->name, ARTIFACT_VOLUME) == 0;
    }
}

/* In the keeper, while we look at the machine. */
static int make_folder(const void *context, struct error *error)
{
    const struct host *host = context;
    bool pauses = may_pause(value_get(host->plan->run, "steps"));
    return run_folder_make(host->arena, &host->folder, host->pod,
                           pauses ? host->plan->token : NULL,
                           !host->setup.bubblewrap, error);
}

/* What makes the folder, and what is left to do when this process is killed. */
static int start_keeper(struct host *host, struct error *error)
{
    const struct engine *engine = host->podman.setup.engine;
    struct keeper_task task = {
        .folder = host->folder.path,
        .make = make_folder,
        .context = host,
        .plain = host->options->sandbox == SANDBOX_NONE,
    };
    if (engine) {
        task.program = engine->program;
        task.arguments =
            podman_removal_make(host->arena, engine, host->plan->run_id, 0,
                                host->pod->container_count);
        task.variables = host->podman.variables;
        task.unowned =
            podman_folder_removal_make(host->arena, engine, host->folder.path);
    }
    return keeper_start(&host->keeper, &task, error);
}

/* The kubeconfig for the steps: a file of the sandbox, or one on disk. */
static int set_kubeconfig(struct host *host, struct error *error)
{
    const char *text = host->options->kubeconfig;
    host->setup.kubeconfig = text;
    if (!text || host->setup.bubblewrap)
        return 0;
    host->setup.kubeconfig =
        arena_format(host->arena, "%s/kubeconfig", host->folder.path);
    /* The steps of a container may be another user; the folder is closed. */
    mode_t mode = host->podman.setup.engine ? 0444 : 0400;
    return run_folder_write(host->setup.kubeconfig, text, strlen(text), mode,
                            error);
}

static int find_sandbox(struct host *host, struct error *error)
{
    const struct runtime_options *options = host->options;
    bool sandboxed = options->sandbox == SANDBOX_BUBBLEWRAP;
    if (options->sandbox == SANDBOX_NONE && options->network_none)
        return error_set(error, ERROR_USAGE,
                         "without a sandbox the network cannot be taken away");
    if (!sandboxed)
        return 0;
    host->setup.bubblewrap = process_find(host->arena, "bwrap");
    if (!host->setup.bubblewrap)
        return error_set(error, ERROR_SYSTEM,
                         "bubblewrap (bwrap) is not installed; install it "
                         "(Debian, Ubuntu: 'apt-get install bubblewrap') or "
                         "run without isolation: --sandbox none");
    return 0;
}

static int prepare(struct host *host, struct error *error)
{
    if (find_sandbox(host, error) != 0)
        return -1;
    host->pod = pod_decode(host->arena, host->plan, error);
    if (!host->pod)
        return -1;
    place_state(host);
    /* The keeper makes the folder: it does not outlive this process. */
    if (find_engine(host, error) != 0 || start_keeper(host, error) != 0)
        return -1;
    if (host->setup.bubblewrap)
        host->setup.machine = machine_read(host->arena, "");
    if (keeper_wait(&host->keeper, error) != 0 ||
        set_kubeconfig(host, error) != 0)
        return -1;
    host->setup.pod = host->pod;
    host->setup.podman = host->podman.setup;
    host->setup.folder = &host->folder;
    host->setup.keeper = &host->keeper;
    host->setup.network_none = host->options->network_none;
    struct event_sink *containers =
        &artifact_collect(host->arena, host->pod, &host->folder,
                          host->options->artifacts, &host->outcome->sink)
             ->sink;
    size_t count = host->pod->container_count;
    host->units = arena_allocate(host->arena, count * sizeof *host->units);
    for (size_t i = 0; i < count; i++, host->unit_count++)
        host->units[i] = unit_make(
            host->pod, i, host->plan->token,
            host->plan->bare && i + 1 == count ? host->plan : NULL, containers);
    host->podman.units = host->units;
    host->podman.unit_count = host->unit_count;
    host->watch.guest = podman_run_guest(&host->podman);
    host->memory_kills = host_memory_kills();
    return 0;
}

/* What can be done before the run has begun: an engine of containers tells of what it
 * does. A first sandbox is made meanwhile. */
static int prepare_early(struct host *host, struct error *error)
{
    if (host->options->sandbox == SANDBOX_CONTAINER)
        return 0;
    if (prepare(host, error) != 0)
        return -1;
    return host->setup.bubblewrap && host->unit_count > 0
               ? unit_start(&host->units[0], &host->setup, error)
               : 0;
}

static int begin(struct host *host, struct error *error)
{
    const struct runtime_options *options = host->options;
    if (options->begin && options->begin(options->begin_context, error) != 0)
        return -1;
    return emit_started(host, error);
}

/* The rest, after prepare_early. */
static int prepare_late(struct host *host, struct error *error)
{
    if (host->options->sandbox == SANDBOX_CONTAINER &&
        prepare(host, error) != 0)
        return -1;
    return emit_notes(host, error);
}

/* Whether steps may follow an abort. */
static bool has_after(const struct plan *plan)
{
    const struct value *steps = value_get(plan->run, "steps");
    for (size_t i = 0; i < value_count(steps); i++)
        if (value_bool_or(value_get(value_item(steps, i), "after"), false))
            return true;
    return false;
}

/* Starts the units from `first`, and waits for them. */
static int run_units(struct host *host, size_t first, size_t count,
                     struct error *error)
{
    for (size_t i = first; i < first + count; i++) {
        struct unit *unit = &host->units[i];
        if (!unit->started && unit_start(unit, &host->setup, error) != 0)
            return -1;
        unit_release(unit);
        /* What starts after the wish to abort knows of it by the state. */
        unit->told = host->watch.kill_at != 0;
    }
    return watch_run(&host->watch, host->units + first, count, error);
}

/* Whether a container that follows `index` is not to start: after a wish to abort,
 * unless it may hold `after` steps, or after a failure that the next one could not
 * judge itself. */
static bool is_end(const struct host *host, size_t index)
{
    const struct pod *pod = host->pod;
    const struct watch *watch = &host->watch;
    bool judges = pod->staged && !pod->containers[index + 1].image_command;
    bool aborted =
        watch->cause != WATCH_NONE &&
        (!has_after(host->plan) || clock_monotonic() >= watch->kill_at);
    return aborted || (host->units[index].code != 0 && !judges);
}

/* All containers in their order, until one is the end. */
static int run_pod(struct host *host, struct error *error)
{
    size_t initial = host->pod->initial_count;
    for (size_t i = 0; i < initial; i++) {
        if (run_units(host, i, 1, error) != 0)
            return -1;
        if (is_end(host, i))
            return 0;
    }
    return run_units(host, initial, host->unit_count - initial, error);
}

/* In a rootless engine's containers other users may own what is in the folder. */
static int remove_folder(struct host *host, struct error *error)
{
    const struct engine *engine = host->podman.setup.engine;
    const char **arguments =
        engine
            ? podman_folder_removal_make(host->arena, engine, host->folder.path)
            : NULL;
    struct error ignored = {0};
    if (!arguments)
        return run_folder_remove(&host->folder, error);
    if (folder_remove(host->folder.path, &ignored) == 0)
        return 0;
    return engine_run(engine, arguments, error);
}

/* Ends what still runs and removes the folder. */
static int clear_away(struct host *host, struct error *failure)
{
    bool cut = false;
    podman_run_close(&host->podman);
    for (size_t i = 0; i < host->unit_count; i++) {
        const struct unit *unit = &host->units[i];
        unit_close(&host->units[i]);
        if (error_is_set(&unit->leftover))
            *failure = unit->leftover;
        cut = cut || (unit->engine && (unit->warned || unit->killed));
    }
    /* A client that was cut off may leave a container that is still being made,
     * which its engine does not know any more. */
    if (cut)
        keeper_leave_to(&host->keeper);
    int result = error_is_set(failure) ? -1 : 0;
    if (remove_folder(host, failure) != 0)
        result = -1;
    keeper_dismiss(&host->keeper);
    return result;
}

static int clean_up(struct host *host, struct error *error)
{
    struct error failure = {0};
    if (clear_away(host, &failure) == 0)
        return 0;
    return emit(host,
                (struct event){.kind = EVENT_NOTE,
                               .text = arena_string(host->arena, failure.text)},
                error);
}

int runtime_host_run(const struct plan *plan,
                     const struct runtime_options *options,
                     struct event_sink *sink, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct host host = {
        .plan = plan, .options = options, .arena = arena, .sink = sink};
    host.folder = run_folder_choose(arena);
    host.outcome = outcome_make(arena, plan, sink);
    host.watch.abort_descriptor = options->abort_descriptor;
    host.watch.rest = options->rest;
    host.watch.rest_context = options->rest_context;
    host.watch.grace = has_after(plan) ? HOST_GRACE_AFTER : HOST_GRACE;
    if (options->deadline > 0)
        host.watch.deadline = clock_monotonic() + options->deadline;
    if (options->sandbox == SANDBOX_CONTAINER)
        podman_run_open(&host.podman, arena, options->engine,
                        &host.outcome->sink);
    struct error refusal = {0}, ignored = {0};
    int result = prepare_early(&host, error);
    if (begin(&host, &refusal) != 0) {
        clear_away(&host, &ignored);
        keeper_stop(&host.keeper);
        *error = refusal;
        return -1;
    }
    struct verdict verdict = {0};
    if (result == 0)
        result = prepare_late(&host, error);
    if (result == 0)
        result = run_pod(&host, error);
    if (result == 0)
        result = host_conclude(&host, &verdict, error);
    if (clean_up(&host, error) != 0)
        result = -1;
    if (result != 0)
        verdict = (struct verdict){STATUS_ERROR, error->text};
    struct error late = {0};
    int told = emit(&host,
                    (struct event){.kind = EVENT_RUN_FINISHED,
                                   .status = verdict.status,
                                   .text = verdict.reason},
                    &late);
    keeper_stop(&host.keeper);
    return told == 0 ? result : error_set(error, late.kind, "%s", late.text);
}
