/*
 * First the objects that are there (when the watch is from no version), held as
 * they were at the beginning; then the journal from a number on. A change that
 * makes an object fit the selectors is an ADDED, one after which it fits no more
 * a DELETED. A feed that the journal has overtaken ends with a 410.
 */
#include "tests/kube/change_feed.h"

#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "tests/kube/limits.h"
#include "tests/kube/status.h"
#include "tests/kube/table.h"

struct change_feed {
    struct feed feed; /* first */
    struct arena *arena;
    struct change_feed_options options;
    struct selector labels, fields;
    struct object **initial;
    size_t initial_count, initial_told;
    int64_t version; /* of what was told */
    uint64_t next;   /* number of the next change */
    int64_t end, bookmark_at, bookmark_pause;
    bool started;
};

static bool fits(const struct change_feed *watch, const struct object *object)
{
    const struct change_feed_options *options = &watch->options;
    return object && object->resource == options->resource &&
           (options->namespace_name[0] == '\0' ||
            strcmp(object->namespace_name, options->namespace_name) == 0) &&
           selector_fits_labels(&watch->labels, object->value) &&
           selector_fits_fields(&watch->fields, object->value);
}

static void tell(struct text *out, const char *type, const struct value *value)
{
    text_append_format(out, "{\"type\":\"%s\",\"object\":", type);
    value_write_json(out, value, JSON_COMPACT);
    text_append_string(out, "}\n");
}

/* An object in the form that the client wants. */
static void tell_object(const struct change_feed *watch, struct text *out,
                        const char *type, const struct object *object)
{
    if (!watch->options.tables) {
        tell(out, type, object->value);
        return;
    }
    CLEANUP(arena_free) struct arena *arena = arena_new();
    tell(out, type,
         table_make(arena, object->resource,
                    (const struct object *const[]){object}, 1));
}

static void tell_bookmark(struct change_feed *watch, struct text *out,
                          bool initial_end)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct resource *resource = watch->options.resource;
    struct value *object = value_make_map(arena);
    struct value *metadata = value_make_map(arena);
    value_set_string(arena, object, "kind", resource->kind);
    value_set_string(arena, object, "apiVersion",
                     discovery_api_version(arena, resource));
    value_set(arena, object, "metadata", metadata);
    value_set_string(arena, metadata, "resourceVersion",
                     arena_format(arena, "%lld", (long long)watch->version));
    value_set(arena, metadata, "creationTimestamp", value_make_null(arena));
    if (initial_end) {
        struct value *annotations = value_make_map(arena);
        value_set_string(arena, annotations, "k8s.io/initial-events-end",
                         "true");
        value_set(arena, metadata, "annotations", annotations);
    }
    tell(out, "BOOKMARK", object);
}

static void tell_expired(struct change_feed *watch, struct text *out,
                         int64_t oldest)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    tell(
        out, "ERROR",
        status_make_expired(
            arena, arena_format(arena, "too old resource version: %lld (%lld)",
                                (long long)watch->version, (long long)oldest)));
}

/* One change as the selectors see it. */
static void tell_change(const struct change_feed *watch, struct text *out,
                        const struct change *change)
{
    bool after = change->kind != CHANGE_DELETED && fits(watch, change->object);
    bool before = fits(watch, change->before);
    if (after)
        tell_object(watch, out, before ? "MODIFIED" : "ADDED", change->object);
    else if (before)
        tell_object(watch, out, "DELETED", change->object);
}

static enum feed_state tell_initial(struct change_feed *watch, struct text *out)
{
    while (watch->initial_told < watch->initial_count) {
        if (out->length > FEED_STEP)
            return FEED_MORE;
        tell_object(watch, out, "ADDED", watch->initial[watch->initial_told++]);
    }
    if (!watch->started && watch->options.initial_end)
        tell_bookmark(watch, out, true);
    watch->started = true;
    return FEED_IDLE;
}

static enum feed_state tell_changes(struct change_feed *watch,
                                    const struct store *store, struct text *out)
{
    if (watch->options.expired || watch->next < store->first) {
        tell_expired(watch, out, store->floor);
        return FEED_END;
    }
    while (watch->next < store->next) {
        if (out->length > FEED_STEP)
            return FEED_MORE;
        const struct change *change = store_change(store, watch->next++);
        watch->version = change->object->version;
        tell_change(watch, out, change);
    }
    return FEED_IDLE;
}

static enum feed_state fill(struct feed *feed, struct cluster *cluster,
                            struct text *out)
{
    struct change_feed *watch = (struct change_feed *)feed;
    if (tell_initial(watch, out) == FEED_MORE)
        return FEED_MORE;
    enum feed_state state = tell_changes(watch, &cluster->store, out);
    if (state != FEED_IDLE)
        return state;
    int64_t now = clock_monotonic();
    if (watch->options.bookmarks &&
        (now >= watch->bookmark_at || now >= watch->end)) {
        tell_bookmark(watch, out, false);
        watch->bookmark_at = now + watch->bookmark_pause;
    }
    if (now >= watch->end)
        return FEED_END;
    feed->due = watch->end;
    if (watch->options.bookmarks && watch->bookmark_at < watch->end)
        feed->due = watch->bookmark_at;
    return FEED_IDLE;
}

static void close_feed(struct feed *feed)
{
    struct change_feed *watch = (struct change_feed *)feed;
    for (size_t i = 0; i < watch->initial_count; i++)
        object_release(watch->initial[i]);
    arena_free(watch->arena);
}

static void hold_initial(struct change_feed *watch, const struct store *store)
{
    watch->initial = arena_allocate(watch->arena, (store->count + 1) *
                                                      sizeof(struct object *));
    for (size_t i = 0; i < store->count; i++)
        if (fits(watch, store->items[i]))
            watch->initial[watch->initial_count++] =
                object_hold(store->items[i]);
}

struct feed *change_feed_open(const struct cluster *cluster,
                              const struct change_feed_options *options,
                              struct error *error)
{
    struct arena *arena = arena_new();
    struct change_feed *watch = arena_allocate(arena, sizeof *watch);
    const struct store *store = &cluster->store;
    watch->arena = arena;
    watch->feed = (struct feed){.fill = fill, .close = close_feed};
    watch->options = *options;
    watch->options.namespace_name =
        arena_string(arena, options->namespace_name);
    watch->options.labels = watch->options.fields = NULL;
    if (selector_parse(arena, options->labels, &watch->labels, error) < 0 ||
        selector_parse(arena, options->fields, &watch->fields, error) < 0) {
        arena_free(arena);
        return NULL;
    }
    int64_t now = clock_monotonic();
    watch->end = now + options->timeout;
    watch->bookmark_pause = cluster->bookmarks;
    watch->bookmark_at = now + cluster->bookmarks;
    watch->version = options->version;
    if (options->version < 0) {
        hold_initial(watch, store);
        watch->version = store->version;
    }
    watch->next =
        watch->version < store->floor ? 0 : store_seek(store, watch->version);
    watch->options.expired |= watch->version < store->floor;
    return &watch->feed;
}
