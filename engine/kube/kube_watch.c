/*
 * A path in, the changes of its objects out. Follows client-go's reflector: a
 * watch from the last version seen, over ends of the connection; when the
 * server has forgotten that version (410), a list, compared with what is known,
 * so that no deletion is missed. The first watch asks for no version: the server
 * then begins with all objects that are there.
 *
 *   WATCH  -- end, failure --> WATCH (from the last version)
 *   WATCH  -- 410, or nothing was seen yet --> LIST --> WATCH
 *   WATCH  -- 403 --> LIST --> LIST ...   (polling)
 *
 * Invariant: `known` holds the uid and name of every object that was handed on
 * and not handed on as deleted.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/kube/limits.h"
#include "engine/kube/transfer.h"

#define POLL_LEAST (1 * CLOCK_SECOND)
#define POLL_MOST  (5 * CLOCK_SECOND)

struct known_object {
    char *uid, *name;
    bool listed; /* by the list under way */
};

struct kube_watch {
    struct kube_task task; /* first */
    struct kube_watch_setup setup;
    struct arena *arena; /* of the setup */
    char *version;       /* the last one seen; NULL: none */
    struct text line;    /* of a watch; a list as a whole */
    struct known_object *known;
    size_t known_count;
    bool listing;   /* what is under way, or next, is a list */
    bool polling;   /* only lists are allowed */
    bool refreshed; /* the credentials, since the last good answer */
    bool expired;   /* the server said 410 in the stream */
    int64_t begun;
    int64_t backoff, poll;
    int64_t blind;
    struct error refusal;
};

/* --- what is known --------------------------------------------------------- */

static void set_version(struct kube_watch *watch, const struct value *object)
{
    const char *version =
        value_string(value_path(object, "metadata.resourceVersion"));
    if (!version || !*version || strcmp(version, "0") == 0)
        return;
    memory_free(watch->version);
    watch->version = memory_copy(version, strlen(version));
}

static const char *uid_of(const struct value *object)
{
    const char *uid = value_string(value_path(object, "metadata.uid"));
    return uid ? uid : "";
}

static struct known_object *find_known(struct kube_watch *watch,
                                       const char *uid)
{
    for (size_t i = 0; i < watch->known_count; i++)
        if (strcmp(watch->known[i].uid, uid) == 0)
            return &watch->known[i];
    return NULL;
}

static int add_known(struct kube_watch *watch, const struct value *object,
                     struct error *error)
{
    const char *uid = uid_of(object);
    const char *name = value_string(value_path(object, "metadata.name"));
    if (watch->known_count == KUBE_OBJECTS_LIMIT)
        return error_set(error, ERROR_REMOTE, "cannot %s: more than %d objects",
                         watch->setup.what, KUBE_OBJECTS_LIMIT);
    if (!name)
        name = "";
    watch->known = memory_resize(watch->known, watch->known_count + 1,
                                 sizeof *watch->known);
    watch->known[watch->known_count++] = (struct known_object){
        memory_copy(uid, strlen(uid)), memory_copy(name, strlen(name)), true};
    return 0;
}

static void drop_known(struct kube_watch *watch, struct known_object *known)
{
    memory_free(known->uid);
    memory_free(known->name);
    *known = watch->known[--watch->known_count];
}

/* --- handing on ------------------------------------------------------------ */

static int hand_on(struct kube_watch *watch, enum kube_change change,
                   const struct value *object, struct error *error)
{
    struct known_object *known = find_known(watch, uid_of(object));
    if (change == KUBE_DELETED) {
        if (known)
            drop_known(watch, known);
    } else if (known) {
        known->listed = true;
        change = KUBE_MODIFIED;
    } else {
        change = KUBE_ADDED;
        if (add_known(watch, object, error) < 0)
            return -1;
    }
    return watch->setup.take(watch->setup.context, change, object, error);
}

/* An object that went while nobody looked. */
static int hand_on_gone(struct kube_watch *watch, struct known_object *known,
                        struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *metadata = value_make_map(arena);
    value_set_string(arena, metadata, "name", known->name);
    value_set_string(arena, metadata, "uid", known->uid);
    struct value *object = value_make_map(arena);
    value_set(arena, object, "metadata", metadata);
    return hand_on(watch, KUBE_DELETED, object, error);
}

/* The list is complete: everything in it, then what is no longer there. */
static int take_list(struct kube_watch *watch, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error damage = {0};
    const struct value *list = value_read_json(arena, text_string(&watch->line),
                                               watch->line.length, &damage);
    if (!list)
        return 1;
    for (size_t i = 0; i < watch->known_count; i++)
        watch->known[i].listed = false;
    const struct value *items = value_get(list, "items");
    for (size_t i = 0; i < value_count(items); i++)
        if (hand_on(watch, KUBE_MODIFIED, value_item(items, i), error) < 0)
            return -1;
    for (size_t i = watch->known_count; i-- > 0;)
        if (!watch->known[i].listed &&
            hand_on_gone(watch, &watch->known[i], error) < 0)
            return -1;
    set_version(watch, list);
    watch->blind = 0;
    watch->backoff = 0;
    watch->refreshed = false;
    return 0;
}

static const struct {
    const char *type;
    enum kube_change change;
} types[] = {
    {"ADDED", KUBE_ADDED},
    {"MODIFIED", KUBE_MODIFIED},
    {"DELETED", KUBE_DELETED},
};

/* One line of the stream. A line that is damaged ends the stream: 1. */
static int take_line(struct kube_watch *watch, const char *line, size_t length,
                     struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error damage = {0};
    if (length == 0)
        return 0;
    const struct value *event = value_read_json(arena, line, length, &damage);
    const char *type = value_string_at(event, "type");
    const struct value *object = value_get(event, "object");
    if (!type || !object)
        return 1;
    if (strcmp(type, "ERROR") == 0) {
        watch->expired = value_int_or(value_get(object, "code"), 0) == 410;
        return 1;
    }
    watch->blind = 0;
    watch->backoff = 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(type, types[i].type) == 0 &&
            hand_on(watch, types[i].change, object, error) < 0)
            return -1;
    set_version(watch, object); /* a BOOKMARK has nothing else */
    return 0;
}

static int take(struct kube_task *task, const char *bytes, size_t length,
                struct error *error)
{
    struct kube_watch *watch = (struct kube_watch *)task;
    if (length > KUBE_LINE_LIMIT - watch->line.length)
        return error_set(error, ERROR_REMOTE,
                         "cannot %s: a line has more than %d bytes",
                         watch->setup.what, KUBE_LINE_LIMIT);
    if (watch->listing) {
        text_append(&watch->line, bytes, length);
        return 0;
    }
    const char *end;
    while ((end = memchr(bytes, '\n', length))) {
        size_t part = (size_t)(end - bytes);
        text_append(&watch->line, bytes, part);
        int result = take_line(watch, text_string(&watch->line),
                               watch->line.length, error);
        text_clear(&watch->line);
        if (result != 0)
            return -1; /* with `error` unset: begin again */
        bytes += part + 1;
        length -= part + 1;
    }
    text_append(&watch->line, bytes, length);
    return 0;
}

/* --- beginning and ending -------------------------------------------------- */

static const char *make_path(struct arena *arena,
                             const struct kube_watch *watch)
{
    const char *path = watch->setup.path, *query = watch->setup.query;
    if (watch->listing)
        return arena_format(arena, "%s?limit=%d&%s", path, KUBE_OBJECTS_LIMIT,
                            query);
    const char *version = watch->version;
    return arena_format(
        arena,
        "%s?watch=true&allowWatchBookmarks=true&timeoutSeconds=%d%s%s&%s", path,
        (int)(KUBE_WATCH_TIME / CLOCK_SECOND),
        version ? "&resourceVersion=" : "",
        version ? kube_escape(arena, version) : "", query);
}

static int begin(struct kube_task *task, struct error *error)
{
    struct kube_watch *watch = (struct kube_watch *)task;
    if (task->easy && clock_monotonic() < task->heard + KUBE_WATCH_QUIET) {
        task->due = task->heard + KUBE_WATCH_QUIET;
        return 0;
    }
    /* Not even a bookmark: the path to the server may be dead. */
    transfer_cancel(task);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    /* Objects are known, but not since which version: only a list can tell. */
    if (watch->polling || watch->expired ||
        (!watch->version && watch->begun != 0))
        watch->listing = true;
    watch->expired = false;
    watch->begun = clock_monotonic();
    text_clear(&watch->line);
    struct kube_request request = {
        .method = "GET",
        .path = make_path(arena, watch),
        .stream = !watch->listing,
        .time = watch->listing ? KUBE_CALL_TIME
                               : KUBE_WATCH_TIME + KUBE_WATCH_PAUSE * 30,
    };
    if (!watch->listing)
        task->due = watch->begun + KUBE_WATCH_QUIET;
    return transfer_send(task, &request, error);
}

/* Not sooner than a while after the last beginning. */
static void begin_again(struct kube_watch *watch)
{
    int64_t now = clock_monotonic();
    int64_t next = watch->begun + KUBE_WATCH_PAUSE;
    watch->task.due = next > now ? next : now;
}

/* The list has come; what follows it. */
static int end_list(struct kube_watch *watch, struct error *error)
{
    int result = take_list(watch, error);
    if (result < 0)
        return -1;
    int64_t now = clock_monotonic();
    if (result > 0) {
        watch->task.due = transfer_next(&watch->backoff, -1);
    } else if (watch->polling) {
        watch->task.due = now + watch->poll;
        watch->poll = watch->poll * 2 < POLL_MOST ? watch->poll * 2 : POLL_MOST;
    } else {
        watch->listing = false;
        watch->task.due = now;
    }
    return 0;
}

/* A refusal: whether another way is left. */
static int refuse(struct kube_watch *watch, const struct kube_answer *answer,
                  struct error *error)
{
    int64_t now = clock_monotonic();
    if (answer->status == 410) {
        watch->expired = true;
        begin_again(watch);
        return 0;
    }
    if (answer->status == 401 && !watch->refreshed) {
        watch->refreshed = true;
        watch->task.due = now;
        return access_refresh(watch->task.client->access, true, error) < 0 ? -1
                                                                           : 0;
    }
    if (answer->status == 403 && !watch->polling) {
        watch->polling = true;
        watch->poll = POLL_LEAST;
        watch->task.due = now;
        return 0;
    }
    kube_status_explain(watch->setup.what, answer, &watch->refusal);
    return 0;
}

static int done(struct kube_task *task, const struct kube_answer *answer,
                struct error *error)
{
    struct kube_watch *watch = (struct kube_watch *)task;
    bool good = answer->status >= 200 && answer->status <= 299;
    if (good && watch->listing && !answer->failure)
        return end_list(watch, error);
    if (good && !watch->listing) {
        /* An end, clean or not: the server ends every watch after a while. */
        watch->refreshed = false;
        begin_again(watch);
        return 0;
    }
    if (!good && !transfer_may_retry(answer))
        return refuse(watch, answer, error);
    if (watch->blind == 0)
        watch->blind = clock_monotonic();
    task->due = transfer_next(&watch->backoff, answer->retry_after);
    return 0;
}

struct kube_watch *kube_watch_start(struct kube_client *client,
                                    const struct kube_watch_setup *setup)
{
    struct kube_watch *watch = memory_allocate(sizeof *watch);
    watch->arena = arena_new();
    watch->setup = *setup;
    watch->setup.path = arena_string(watch->arena, setup->path);
    watch->setup.query = arena_string(watch->arena, setup->query);
    watch->setup.what = arena_string(watch->arena, setup->what);
    watch->task.begin = begin;
    watch->task.take = take;
    watch->task.done = done;
    watch->task.due = clock_monotonic();
    transfer_add(client, &watch->task);
    return watch;
}

void kube_watch_free(struct kube_watch *watch)
{
    transfer_remove(&watch->task);
    while (watch->known_count > 0)
        drop_known(watch, &watch->known[0]);
    memory_free(watch->known);
    memory_free(watch->version);
    text_free(&watch->line);
    arena_free(watch->arena);
    memory_free(watch);
}

const struct error *kube_watch_refusal(const struct kube_watch *watch)
{
    return error_is_set(&watch->refusal) ? &watch->refusal : NULL;
}

int64_t kube_watch_blind(const struct kube_watch *watch)
{
    return watch->blind;
}
