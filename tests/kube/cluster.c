/*
 * One loop: each change of the store is shown to all who act, which makes further
 * changes, until there are none; then what is due. Everybody acts on what the
 * store holds, so that the order does not matter.
 */
#include "tests/kube/cluster.h"

#include <string.h>

#include "engine/base/clock.h"
#include "tests/kube/admission.h"
#include "tests/kube/job_controller.h"
#include "tests/kube/lifecycle.h"
#include "tests/kube/limits.h"
#include "tests/kube/moment.h"
#include "tests/kube/node.h"
#include "tests/kube/tree.h"

#define MILLISECONDS(number) ((number)*CLOCK_MILLISECOND)

static const struct {
    const char *name;
    struct rhythm rhythm;
} rhythms[] = {
    {"fast", {.retry = MILLISECONDS(100)}},
    /* Measured on a node of Kubernetes 1.32. */
    {"real",
     {.sandbox = MILLISECONDS(850),
      .start = MILLISECONDS(80),
      .notice = MILLISECONDS(920),
      .job = MILLISECONDS(1000),
      .retry = MILLISECONDS(10000)}},
};

enum { NAME_LIMIT = 230 };

#define BOOKMARK_PAUSE (60 * CLOCK_SECOND)

const struct rhythm *cluster_rhythm(const char *name)
{
    for (size_t i = 0; i < sizeof rhythms / sizeof *rhythms; i++)
        if (strcmp(rhythms[i].name, name) == 0)
            return &rhythms[i].rhythm;
    return NULL;
}

void cluster_open(struct cluster *cluster)
{
    *cluster = (struct cluster){.rhythm = &rhythms[0].rhythm,
                                .bookmarks = BOOKMARK_PAUSE};
    store_open(&cluster->store);
}

/* The namespaces of the beginning; the store grows meanwhile. */
static void furnish_all(struct cluster *cluster)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct resource *namespaces = discovery_find("", "v1", "namespaces");
    const struct store *store = &cluster->store;
    const char **names =
        arena_allocate(arena, (store->count + 1) * sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < store->count; i++)
        if (store->items[i]->resource == namespaces)
            names[count++] = arena_string(arena, store->items[i]->name);
    for (size_t i = 0; i < count; i++)
        admission_furnish(cluster, names[i]);
}

int cluster_start(struct cluster *cluster, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct resource *nodes = discovery_find("", "v1", "nodes");
    cluster->node = node_open(error);
    if (!cluster->node)
        return -1;
    if (!store_find(&cluster->store, nodes, "", NODE_NAME))
        store_put(&cluster->store, nodes, node_describe(arena));
    furnish_all(cluster);
    cluster->seen = cluster->store.next;
    return 0;
}

void cluster_close(struct cluster *cluster)
{
    node_close(cluster->node);
    store_close(&cluster->store);
    rules_clear(&cluster->rules);
    timers_free(&cluster->timers);
}

static void take_changes(struct cluster *cluster)
{
    struct store *store = &cluster->store;
    if (cluster->seen < store->first)
        cluster->seen = store->first;
    while (cluster->seen < store->next) {
        struct change change = *store_change(store, cluster->seen++);
        object_hold(change.object);
        node_take(cluster, &change);
        job_controller_take(cluster, &change);
        lifecycle_collect(cluster, &change);
        if (change.kind == CHANGE_ADDED &&
            strcmp(change.object->resource->kind, "Namespace") == 0)
            admission_furnish(cluster, change.object->name);
        object_release(change.object);
        if (cluster->seen < store->first)
            cluster->seen = store->first;
    }
}

void cluster_settle(struct cluster *cluster)
{
    char uid[TIMER_UID];
    take_changes(cluster);
    node_step(cluster);
    take_changes(cluster);
    while (timers_take(&cluster->timers, clock_monotonic(), uid)) {
        job_controller_sync(cluster, uid);
        take_changes(cluster);
    }
}

int64_t cluster_due(const struct cluster *cluster)
{
    int64_t node = node_due(cluster->node);
    int64_t timer = timers_next(&cluster->timers);
    if (node == 0 || (timer > 0 && timer < node))
        return timer;
    return node;
}

/* The oldest events go when there are too many. */
static void prune_events(struct store *store, const struct resource *events)
{
    struct object *oldest = NULL;
    size_t count = 0;
    for (size_t i = 0; i < store->count; i++) {
        if (store->items[i]->resource != events)
            continue;
        count++;
        if (!oldest || store->items[i]->version < oldest->version)
            oldest = store->items[i];
    }
    if (count >= STORE_EVENTS_LIMIT)
        store_remove(store, oldest);
}

static struct value *make_reference(struct arena *arena,
                                    const struct object *about,
                                    const char *field)
{
    struct value *map = value_make_map(arena);
    value_set_string(arena, map, "apiVersion",
                     discovery_api_version(arena, about->resource));
    value_set_string(arena, map, "fieldPath", field);
    value_set_string(arena, map, "kind", about->resource->kind);
    value_set_string(arena, map, "name", about->name);
    value_set_string(arena, map, "namespace", about->namespace_name);
    value_set_string(arena, map, "resourceVersion",
                     arena_format(arena, "%lld", (long long)about->version));
    value_set_string(arena, map, "uid", about->uid);
    return map;
}

void cluster_tell(struct cluster *cluster, const struct object *about,
                  const struct happening *happening, const char *message)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct resource *events = discovery_find("", "v1", "events");
    struct value *event = value_make_map(arena);
    struct value *metadata = tree_map(arena, event, "metadata");
    struct value *source = tree_map(arena, event, "source");
    const char *now = moment_print(arena, clock_now());
    value_set_string(arena, event, "apiVersion", "v1");
    value_set_string(arena, event, "kind", "Event");
    value_set_string(
        arena, metadata, "name",
        arena_format(arena, "%.*s.%016llx", NAME_LIMIT, about->name,
                     (unsigned long long)clock_now() +
                         (unsigned long long)cluster->event_count++));
    value_set_string(arena, metadata, "namespace", about->namespace_name);
    value_set(arena, event, "involvedObject",
              make_reference(arena, about, happening->field));
    value_set_string(arena, event, "reason", happening->reason);
    value_set_string(arena, event, "message", message);
    value_set_string(arena, event, "type", happening->type);
    value_set_string(arena, source, "component", happening->component);
    value_set_string(arena, event, "reportingComponent", happening->component);
    value_set_string(arena, event, "reportingInstance", "");
    value_set_string(arena, event, "firstTimestamp", now);
    value_set_string(arena, event, "lastTimestamp", now);
    value_set(arena, event, "count", value_make_int(arena, 1));
    value_set(arena, event, "eventTime", value_make_null(arena));
    prune_events(&cluster->store, events);
    store_put(&cluster->store, events, event);
}
