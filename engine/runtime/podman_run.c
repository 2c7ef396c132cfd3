/*
 * Units in, notes about their images and failures of the engine out. An image is
 * asked for when the first container of it starts, and once more when the engine
 * did not have it then and has pulled it: when that container speaks or has ended.
 */
#include "engine/runtime/podman_run.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/runtime/podman_engine.h"
#include "engine/runtime/sandbox.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The inspection of an image; a new one when there is none. */
static size_t find_inspection(struct podman_run *run, const char *reference,
                              const char *container)
{
    for (size_t i = 0; i < run->count; i++)
        if (strcmp(run->inspections[i].reference, reference) == 0)
            return i;
    run->inspections[run->count] = (struct podman_inspection){
        .container = container,
        .reference = reference,
        .process = {-1, -1, -1, -1},
    };
    return run->count++;
}

void podman_run_open(struct podman_run *run, struct arena *arena,
                     const char *engine, struct event_sink *sink)
{
    struct error ignored = {0};
    run->arena = arena;
    run->sink = sink;
    run->setup.engine = engine_find(arena, engine, &ignored);
}

int podman_run_prepare(struct podman_run *run, const char *engine,
                       struct error *error)
{
    const struct pod *pod = run->setup.pod;
    size_t count = pod->container_count;
    if (!run->setup.engine)
        run->setup.engine = engine_find(run->arena, engine, error);
    if (!run->setup.engine)
        return -1;
    run->inspections =
        arena_allocate(run->arena, count * sizeof *run->inspections);
    run->inspected_by =
        arena_allocate(run->arena, count * sizeof *run->inspected_by);
    run->variables = engine_variables(run->arena, NULL, 0);
    for (size_t i = 0; i < count; i++) {
        const struct podman_command *command =
            podman_command_make(run->arena, &run->setup, i, error);
        if (!command)
            return -1;
        run->inspected_by[i] =
            find_inspection(run, command->image, pod->containers[i].name);
        if (podman_must_not_be_root(pod, &pod->containers[i]))
            run->inspections[run->inspected_by[i]].not_root = true;
    }
    return 0;
}

/* Gives the emptyDirs to the group, as the kubelet does. Another user than root
 * cannot; the folders are open to all users of the container anyway. */
static int give_to_group(struct podman_run *run, struct error *error)
{
    const struct pod *pod = run->setup.pod;
    int64_t group = value_int_or(
        value_path(pod->specification, "securityContext.fsGroup"), -1);
    if (group < 0 || group > INT32_MAX || getuid() != 0)
        return 0;
    for (size_t i = 0; i < pod->volume_count; i++) {
        const char *path = sandbox_folder(
            run->arena, run->setup.folder->volumes, pod, &pod->volumes[i]);
        if (pod->volumes[i].empty && chown(path, (uid_t)-1, (gid_t)group) != 0)
            return error_set_system(error, "cannot give '%s' to a group", path);
    }
    return 0;
}

int podman_run_begin(struct podman_run *run, struct error *error)
{
    const char **notes =
        podman_notes(run->arena, run->setup.engine, run->setup.pod);
    for (size_t i = 0; notes[i]; i++) {
        struct event note = {
            .kind = EVENT_NOTE, .time = clock_now(), .text = notes[i]};
        if (event_emit(run->sink, &note, error) != 0)
            return -1;
    }
    return give_to_group(run, error);
}

/* Whether the unit's image has to be there by now, if it ever is. */
static bool has_image(const struct unit *unit)
{
    return unit->spoke || unit->ended;
}

/* Asks when it is time to: at first beside the start, later for certain. */
static void ask(struct podman_run *run, struct podman_inspection *inspection,
                const struct unit *unit)
{
    bool running = inspection->process.pid > 0;
    if (inspection->told || running || !unit->started ||
        (inspection->asked && (inspection->final || !has_image(unit))))
        return;
    inspection->final = has_image(unit);
    podman_inspection_start(inspection, run->setup.engine, run->variables);
}

/* One round over all images; with `wait` until all have answered. */
static int visit(struct podman_run *run, bool wait, struct error *error)
{
    for (size_t i = 0; i < run->unit_count; i++) {
        struct podman_inspection *inspection =
            &run->inspections[run->inspected_by[i]];
        if (podman_inspection_take(inspection, wait, run->sink, error) != 0)
            return -1;
        ask(run, inspection, &run->units[i]);
    }
    return 0;
}

static int turn(void *context, struct pollfd *slots, struct error *error)
{
    struct podman_run *run = context;
    int count = 0;
    if (visit(run, false, error) != 0)
        return -1;
    for (size_t i = 0; i < run->count; i++)
        if (run->inspections[i].process.pid > 0 && count < WATCH_GUEST_SLOTS)
            slots[count++] = (struct pollfd){
                .fd = run->inspections[i].process.output, .events = POLLIN};
    return count;
}

struct watch_guest podman_run_guest(struct podman_run *run)
{
    return (struct watch_guest){run->setup.engine ? turn : NULL, run};
}

/* The engine's own words in what a client has said: the line of the error; or
 * NULL when it was not the engine that failed. */
static const char *find_words(struct arena *arena, const char *complaint)
{
    static const char *const marks[] = {"Error: ", "docker: "};
    const char *found = NULL;
    for (size_t i = 0; !found && i < LENGTH(marks); i++) {
        found = strstr(complaint, marks[i]);
        if (found)
            found += strlen(marks[i]);
    }
    /* Line ends were escaped. */
    const char *end = found ? strstr(found, "\\x0a") : NULL;
    return end ? arena_copy(arena, found, (size_t)(end - found)) : found;
}

const char *podman_run_failure(struct podman_run *run,
                               const struct ending *ending)
{
    if (!run->setup.engine || !ending->ended || ending->done ||
        ending->killed || ending->code < ENGINE_FAILED ||
        ending->code > ENGINE_NOT_FOUND)
        return NULL;
    return find_words(run->arena, ending->complaint);
}

static int check_start(struct podman_run *run, const struct ending *ending,
                       size_t index, struct error *error)
{
    const char *words = podman_run_failure(run, ending);
    if (!words || run->units[index].warned)
        return 0;
    return error_set(
        error, ERROR_SYSTEM,
        "%s cannot start container '%s' of the image '%.160s': %.600s",
        run->setup.engine->name, ending->name,
        run->inspections[run->inspected_by[index]].reference, words);
}

int podman_run_conclude(struct podman_run *run, const struct ending *endings,
                        struct error *error)
{
    if (!run->setup.engine)
        return 0;
    /* Twice: what had no answer at first is asked for again. */
    for (int i = 0; i < 3; i++)
        if (visit(run, true, error) != 0)
            return -1;
    for (size_t i = 0; i < run->unit_count; i++)
        if (check_start(run, &endings[i], i, error) != 0)
            return -1;
    return 0;
}

void podman_run_close(struct podman_run *run)
{
    for (size_t i = 0; i < run->count; i++)
        podman_inspection_close(&run->inspections[i]);
}
