/*
 * Events in, events out, files moved on the way. The folder that the files come
 * from belongs to the steps as much as to the entrypoint, so nothing in it is
 * believed: the file's name is one part, it is opened without following a link,
 * has to be a regular file with no second name, and what is read is what counts,
 * not the size that was said. The name that the user will see is only data here;
 * it is checked so that it may become a path when somebody fetches the file.
 * Invariant: whatever is wrong with a file is a note, and the run goes on.
 */
#include "engine/runtime/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/beneath.h"
#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/runtime/limits.h"
#include "engine/runtime/sandbox.h"

static const char files_folder[] = "artifacts";

/* One file on its way. */
struct passage {
    struct artifact_collector *collector;
    const struct event *event;
    const struct value *name;
    int folder; /* that the file lies in; -1: it could not be opened */
    const char *file;
};

static int emit_note(struct artifact_collector *collector, const char *text,
                     struct error *error)
{
    struct event note = {
        .kind = EVENT_NOTE, .exit_code = -1, .time = clock_now(), .text = text};
    return event_emit(collector->next, &note, error);
}

/* Says that the file of `passage` was not kept; a run says so at most
 * ARTIFACT_NOTE_LIMIT times. */
static int refuse(const struct passage *passage, const char *why,
                  struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct artifact_collector *collector = passage->collector;
    size_t length = passage->name->string.length;
    if (collector->notes > ARTIFACT_NOTE_LIMIT)
        return 0;
    if (collector->notes++ == ARTIFACT_NOTE_LIMIT)
        return emit_note(collector,
                         "more artifacts were not kept; no further notes about "
                         "them",
                         error);
    const char *text = arena_format(
        arena, "artifact '%.*s'%s of step %s was not kept: %s",
        length < 200 ? (int)length : 200, passage->name->string.bytes,
        length < 200 ? "" : "...", passage->event->step, why);
    return emit_note(collector, text, error);
}

/* A limit of the run was reached: told once. */
static int refuse_more(struct artifact_collector *collector, const char *text,
                       struct error *error)
{
    if (collector->full)
        return 0;
    collector->full = true;
    return emit_note(collector, text, error);
}

/* The file as the steps left it, or why it cannot be. */
static int open_file(const struct passage *passage, struct stat *status,
                     const char **why)
{
    /* Not blocked by a FIFO, and no terminal is taken over. */
    int file = beneath_open(passage->folder, passage->file,
                            O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (file < 0) {
        *why = errno == ELOOP ? "it is a symbolic link" : strerror(errno);
        return -1;
    }
    if (fstat(file, status) != 0)
        *why = strerror(errno);
    else if (!S_ISREG(status->st_mode))
        *why = "it is no regular file";
    else if (status->st_nlink > 1)
        *why = "it has other names (hard links)";
    else
        return file;
    close(file);
    return -1;
}

static int emit_kept(const struct passage *passage,
                     const struct artifact_kept *kept, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *data = value_make_map(arena);
    value_set(arena, data, "name", value_copy(arena, passage->name));
    value_set(arena, data, "size", value_make_int(arena, kept->size));
    value_set_string(arena, data, "digest", kept->digest);
    struct event event = *passage->event;
    event.data = data;
    return event_emit(passage->collector->next, &event, error);
}

static int keep(const struct passage *passage, struct error *error)
{
    struct artifact_collector *collector = passage->collector;
    struct stat status;
    const char *why = NULL;
    CLEANUP(descriptor) int file = open_file(passage, &status, &why);
    if (file < 0)
        return refuse(passage, why, error);
    if (status.st_size > collector->limits.file)
        return refuse(passage, "it is too large", error);
    if (status.st_size > collector->limits.run - collector->bytes)
        return refuse_more(collector,
                           "the artifacts of this run are too large together: "
                           "further ones are not kept",
                           error);
    struct error failure = {0};
    struct artifact_kept kept = {0};
    const struct value *compress = value_get(passage->event->data, "compress");
    int64_t room = collector->limits.run - collector->bytes;
    if (collector->store->keep(
            collector->store, file,
            room < collector->limits.file ? room : collector->limits.file,
            value_bool_or(compress, false), &kept, &failure) != 0)
        return refuse(passage, failure.text, error);
    collector->count++;
    collector->bytes += kept.size;
    return emit_kept(passage, &kept, error);
}

static int check(const struct passage *passage, struct error *error)
{
    struct artifact_collector *collector = passage->collector;
    const struct value *name = passage->name;
    const char *fault =
        event_artifact_fault(name->string.bytes, name->string.length);
    if (fault) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        return refuse(passage, arena_format(arena, "its name %s", fault),
                      error);
    }
    if (collector->count >= collector->limits.count) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        return refuse_more(collector,
                           arena_format(arena,
                                        "artifacts beyond %zu are not kept",
                                        collector->limits.count),
                           error);
    }
    return keep(passage, error);
}

/* The folder that the entrypoint puts the files into. */
static int open_files(const struct artifact_collector *collector)
{
    CLEANUP(descriptor)
    int state =
        open(collector->state, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return state < 0
               ? -1
               : beneath_open(state, files_folder, O_RDONLY | O_DIRECTORY, 0);
}

/* One artifact. Whatever becomes of it, its file makes room. */
static int collect(struct artifact_collector *collector,
                   const struct event *event, struct error *error)
{
    struct passage passage = {
        .collector = collector,
        .event = event,
        .name = value_get(event->data, "name"),
        .file = value_string_at(event->data, "file"),
    };
    if (!event->step || !value_is(passage.name, VALUE_STRING) || !passage.file)
        return 0;
    if (strchr(passage.file, '/') || passage.file[0] == '.')
        return refuse(&passage, "its file is not where it should be", error);
    CLEANUP(descriptor) int folder = open_files(collector);
    if (folder < 0)
        return refuse(&passage, strerror(errno), error);
    passage.folder = folder;
    int result = check(&passage, error);
    unlinkat(folder, passage.file, 0);
    return result;
}

static int handle(struct event_sink *sink, const struct event *event,
                  struct error *error)
{
    struct artifact_collector *collector = (struct artifact_collector *)sink;
    if (event->kind != EVENT_ARTIFACT)
        return event_emit(collector->next, event, error);
    if (!collector->store || !collector->state)
        return refuse_more(collector, collector->refusal, error);
    return collect(collector, event, error);
}

static struct artifact_collector *make(struct arena *arena,
                                       struct event_sink *next)
{
    struct artifact_collector *collector =
        arena_allocate(arena, sizeof *collector);
    collector->sink.handle = handle;
    collector->next = next;
    collector->limits = (struct artifact_limits){
        ARTIFACT_COUNT_LIMIT, ARTIFACT_FILE_LIMIT, ARTIFACT_RUN_LIMIT};
    return collector;
}

struct artifact_collector *artifact_collect(struct arena *arena,
                                            const struct pod *pod,
                                            const struct run_folder *folder,
                                            struct artifact_store *store,
                                            struct event_sink *next)
{
    struct artifact_collector *collector = make(arena, next);
    collector->store = store;
    collector->refusal = "artifacts are not kept: this run has no store";
    for (size_t i = 0; i < pod->volume_count; i++)
        if (pod->volumes[i].empty &&
            strcmp(pod->volumes[i].name, ARTIFACT_VOLUME) == 0)
            collector->state =
                sandbox_folder(arena, folder->volumes, pod, &pod->volumes[i]);
    return collector;
}

struct artifact_collector *artifact_refuse(struct arena *arena,
                                           const char *refusal, bool told,
                                           struct event_sink *next)
{
    struct artifact_collector *collector = make(arena, next);
    collector->refusal = refusal;
    collector->full = told;
    return collector;
}
