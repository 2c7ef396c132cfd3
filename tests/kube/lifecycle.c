/*
 * Deletion in, objects gone out. An object with a deletionTimestamp stays until
 * it has no finalizers and, for a pod, until the node has ended its processes.
 * Dependents follow their last owner (Background), or hold it back (Foreground).
 */
#include "tests/kube/lifecycle.h"

#include <string.h>

#include "engine/base/clock.h"
#include "tests/kube/limits.h"
#include "tests/kube/moment.h"
#include "tests/kube/node.h"
#include "tests/kube/tree.h"

#define FOREGROUND "foregroundDeletion"

static bool is_kind(const struct object *object, const char *kind)
{
    return strcmp(object->resource->kind, kind) == 0;
}

static bool is_owned_by(const struct object *object, const char *uid)
{
    return tree_entry(value_path(object->value, "metadata.ownerReferences"),
                      "uid", uid) != NULL;
}

bool lifecycle_settle(struct cluster *cluster, struct object *object)
{
    const struct value *metadata = value_get(object->value, "metadata");
    if (!value_get(metadata, "deletionTimestamp") ||
        value_count(value_get(metadata, "finalizers")) > 0 ||
        (is_kind(object, "Pod") && node_holds(cluster->node, object->uid)))
        return false;
    store_remove(&cluster->store, object);
    return true;
}

static struct object *change_finalizers(struct cluster *cluster,
                                        struct object *object, const char *name,
                                        bool add)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *draft = value_copy(arena, object->value);
    struct value *metadata = value_get(draft, "metadata");
    struct value *list =
        tree_without(arena, value_get(metadata, "finalizers"), name);
    if (add)
        value_append(arena, list, value_make_string(arena, name));
    if (value_count(list) > 0)
        value_set(arena, metadata, "finalizers", list);
    else
        tree_drop(arena, metadata, "finalizers");
    return store_put(&cluster->store, object->resource, draft);
}

struct object *lifecycle_add_finalizer(struct cluster *cluster,
                                       struct object *object, const char *name)
{
    return change_finalizers(cluster, object, name, true);
}

struct object *lifecycle_drop_finalizer(struct cluster *cluster,
                                        struct object *object, const char *name)
{
    if (!tree_holds(value_path(object->value, "metadata.finalizers"), name))
        return object;
    object = change_finalizers(cluster, object, name, false);
    return lifecycle_settle(cluster, object) ? NULL : object;
}

/* Takes the owner out of the object's ownerReferences. */
static struct object *drop_owner(struct cluster *cluster, struct object *object,
                                 const char *uid)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *draft = value_copy(arena, object->value);
    struct value *metadata = value_get(draft, "metadata");
    const struct value *owners = value_get(metadata, "ownerReferences");
    struct value *rest = value_make_list(arena);
    for (size_t i = 0; i < value_count(owners); i++) {
        struct value *owner = value_item(owners, i);
        const char *found = value_string_at(owner, "uid");
        if (!found || strcmp(found, uid) != 0)
            value_append(arena, rest, owner);
    }
    if (value_count(rest) > 0)
        value_set(arena, metadata, "ownerReferences", rest);
    else
        tree_drop(arena, metadata, "ownerReferences");
    return store_put(&cluster->store, object->resource, draft);
}

/* Calls for each object that has the owner; the store may change meanwhile. */
static void visit_dependents(struct cluster *cluster, const char *uid,
                             void (*visit)(struct cluster *cluster,
                                           struct object *object,
                                           const char *uid))
{
    const struct store *store = &cluster->store;
    for (size_t i = store->count; i-- > 0;) {
        if (i >= store->count || !is_owned_by(store->items[i], uid))
            continue;
        struct object *held = object_hold(store->items[i]);
        visit(cluster, store->items[i], uid);
        object_release(held);
    }
}

static void orphan(struct cluster *cluster, struct object *object,
                   const char *uid)
{
    drop_owner(cluster, object, uid);
}

/* An owner has gone: the dependent goes too unless it has another one. */
static void collect(struct cluster *cluster, struct object *object,
                    const char *uid)
{
    const struct value *owners =
        value_path(object->value, "metadata.ownerReferences");
    for (size_t i = 0; i < value_count(owners); i++) {
        const char *other = value_string_at(value_item(owners, i), "uid");
        if (other && store_find_uid(&cluster->store, other)) {
            drop_owner(cluster, object, uid);
            return;
        }
    }
    lifecycle_delete(cluster, object, PROPAGATION_BACKGROUND, -1);
}

static void collect_first(struct cluster *cluster, struct object *object,
                          const char *uid)
{
    (void)uid;
    if (!value_path(object->value, "metadata.deletionTimestamp"))
        lifecycle_delete(cluster, object, PROPAGATION_FOREGROUND, -1);
}

static bool has_dependents(const struct store *store, const char *uid)
{
    for (size_t i = 0; i < store->count; i++)
        if (is_owned_by(store->items[i], uid))
            return true;
    return false;
}

/* Seconds that the pod has to end; an end that was set before can only come
 * nearer. */
static int64_t find_grace(const struct object *object, int64_t grace)
{
    const struct value *value = object->value;
    int64_t own = value_int_or(
        value_path(value, "spec.terminationGracePeriodSeconds"), 30);
    int64_t set = value_int_or(
        value_path(value, "metadata.deletionGracePeriodSeconds"), -1);
    const char *phase = value_string(value_path(value, "status.phase"));
    bool ended = phase && (strcmp(phase, "Succeeded") == 0 ||
                           strcmp(phase, "Failed") == 0);
    if (!is_kind(object, "Pod") || ended || !value_path(value, "spec.nodeName"))
        return 0;
    int64_t wanted = grace >= 0 ? grace : own;
    return set >= 0 && set < wanted ? set : wanted;
}

/* Notes in the metadata that the object is to go. */
static struct object *mark(struct cluster *cluster, struct object *object,
                           int64_t grace)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *draft = value_copy(arena, object->value);
    struct value *metadata = value_get(draft, "metadata");
    value_set_string(arena, metadata, "deletionTimestamp",
                     moment_print(arena, clock_now() + grace * CLOCK_SECOND));
    value_set(arena, metadata, "deletionGracePeriodSeconds",
              value_make_int(arena, grace));
    return store_put(&cluster->store, object->resource, draft);
}

/* A namespace takes everything in it along. */
static void empty_namespace(struct cluster *cluster, const char *name)
{
    const struct store *store = &cluster->store;
    for (size_t i = store->count; i-- > 0;)
        if (i < store->count &&
            strcmp(store->items[i]->namespace_name, name) == 0)
            lifecycle_delete(cluster, store->items[i], PROPAGATION_BACKGROUND,
                             0);
}

bool lifecycle_delete(struct cluster *cluster, struct object *object,
                      enum propagation propagation, int64_t grace)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *uid = arena_string(arena, object->uid);
    if (propagation == PROPAGATION_DEFAULT)
        propagation = is_kind(object, "Job") ? PROPAGATION_ORPHAN
                                             : PROPAGATION_BACKGROUND;
    if (is_kind(object, "Namespace"))
        empty_namespace(cluster, arena_string(arena, object->name));
    if (propagation == PROPAGATION_ORPHAN)
        visit_dependents(cluster, uid, orphan);
    if (propagation == PROPAGATION_FOREGROUND &&
        has_dependents(&cluster->store, uid))
        object = lifecycle_add_finalizer(cluster, object, FOREGROUND);
    int64_t seconds = find_grace(object, grace);
    object = mark(cluster, object, seconds);
    if (seconds == 0)
        node_forget(cluster, uid);
    if (lifecycle_settle(cluster, object))
        return true;
    if (propagation == PROPAGATION_FOREGROUND)
        visit_dependents(cluster, uid, collect_first);
    return !store_find_uid(&cluster->store, uid);
}

/* An owner that waits for its dependents goes after the last of them. */
static void release_owner(struct cluster *cluster, const char *uid)
{
    struct object *owner = store_find_uid(&cluster->store, uid);
    if (owner &&
        tree_holds(value_path(owner->value, "metadata.finalizers"),
                   FOREGROUND) &&
        !has_dependents(&cluster->store, uid))
        lifecycle_drop_finalizer(cluster, owner, FOREGROUND);
}

/* An object whose owners are all unknown is collected. */
static void check_owners(struct cluster *cluster, const struct object *object)
{
    const struct value *owners =
        value_path(object->value, "metadata.ownerReferences");
    struct object *now = store_find_uid(&cluster->store, object->uid);
    for (size_t i = 0; i < value_count(owners); i++) {
        const char *uid = value_string_at(value_item(owners, i), "uid");
        const struct object *owner =
            uid ? store_find_uid(&cluster->store, uid) : NULL;
        if (owner &&
            (strcmp(owner->namespace_name, object->namespace_name) == 0 ||
             owner->namespace_name[0] == '\0'))
            return;
    }
    if (value_count(owners) > 0 && now &&
        !value_path(now->value, "metadata.deletionTimestamp"))
        lifecycle_delete(cluster, now, PROPAGATION_BACKGROUND, -1);
}

void lifecycle_collect(struct cluster *cluster, const struct change *change)
{
    const struct value *owners =
        value_path(change->object->value, "metadata.ownerReferences");
    if (change->kind == CHANGE_ADDED)
        check_owners(cluster, change->object);
    if (change->kind != CHANGE_DELETED)
        return;
    visit_dependents(cluster, change->object->uid, collect);
    for (size_t i = 0; i < value_count(owners); i++) {
        const char *uid = value_string_at(value_item(owners, i), "uid");
        if (uid)
            release_owner(cluster, uid);
    }
}
