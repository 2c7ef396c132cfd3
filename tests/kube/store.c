/*
 * A sorted array of objects, and a ring of changes. Every change has the next
 * version, so the journal is sorted by version too. Each version of an object
 * has an arena of its own and is counted, so that memory is bounded by what is
 * stored and by the journal, however long the server runs.
 */
#include "tests/kube/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "tests/kube/limits.h"
#include "tests/kube/moment.h"

struct object *object_hold(struct object *object)
{
    object->holders++;
    return object;
}

void object_release(struct object *object)
{
    if (object && --object->holders == 0)
        arena_free(object->arena);
}

static int compare(const struct object *a, const struct object *b)
{
    if (a->resource != b->resource)
        return a->resource < b->resource ? -1 : 1;
    int order = strcmp(a->namespace_name, b->namespace_name);
    return order ? order : strcmp(a->name, b->name);
}

/* The place of the object, or where it would be. */
static size_t find_place(const struct store *store, const struct object *wanted,
                         bool *found)
{
    size_t low = 0, high = store->count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(store->items[middle], wanted);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct object *store_find(const struct store *store,
                          const struct resource *resource,
                          const char *namespace_name, const char *name)
{
    const struct object wanted = {
        .resource = resource, .namespace_name = namespace_name, .name = name};
    bool found;
    size_t place = find_place(store, &wanted, &found);
    return found ? store->items[place] : NULL;
}

struct object *store_find_uid(const struct store *store, const char *uid)
{
    for (size_t i = 0; i < store->count; i++)
        if (strcmp(store->items[i]->uid, uid) == 0)
            return store->items[i];
    return NULL;
}

static void forget_oldest(struct store *store)
{
    struct change *change =
        &store->changes[store->first++ % STORE_CHANGES_LIMIT];
    store->floor = change->object->version;
    store->change_bytes -= arena_used(change->object->arena);
    object_release(change->object);
    object_release(change->before);
}

void store_forget(struct store *store)
{
    while (store->first < store->next)
        forget_oldest(store);
}

/* Holds both versions. */
static void note_change(struct store *store, enum change_kind kind,
                        struct object *after, struct object *before)
{
    store->change_bytes += arena_used(after->arena);
    while (store->next - store->first >= STORE_CHANGES_LIMIT ||
           (store->change_bytes > STORE_CHANGES_BYTES &&
            store->first < store->next))
        forget_oldest(store);
    store->changes[store->next++ % STORE_CHANGES_LIMIT] = (struct change){
        kind, object_hold(after), before ? object_hold(before) : NULL};
}

const struct change *store_change(const struct store *store, uint64_t number)
{
    assert(number >= store->first && number < store->next);
    return &store->changes[number % STORE_CHANGES_LIMIT];
}

uint64_t store_seek(const struct store *store, int64_t version)
{
    uint64_t low = store->first, high = store->next;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (store_change(store, middle)->object->version <= version)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const char *make_uid(struct arena *arena)
{
    char digits[33];
    random_hex(digits, 32);
    return arena_format(arena, "%.8s-%.4s-4%.3s-a%.3s-%.12s", digits,
                        digits + 8, digits + 13, digits + 17, digits + 20);
}

/* A copy of `value` with the next version, which nobody holds yet. */
static struct object *make_object(struct store *store,
                                  const struct resource *resource,
                                  const struct value *value)
{
    struct arena *arena = arena_new();
    struct object *object = arena_allocate(arena, sizeof *object);
    object->arena = arena;
    object->resource = resource;
    object->value = value_copy(arena, value);
    object->version = ++store->version;
    struct value *metadata = value_get(object->value, "metadata");
    if (!value_get(metadata, "uid"))
        value_set_string(arena, metadata, "uid", make_uid(arena));
    if (!value_get(metadata, "creationTimestamp"))
        value_set_string(arena, metadata, "creationTimestamp",
                         moment_print(arena, clock_now()));
    value_set_string(arena, metadata, "resourceVersion",
                     arena_format(arena, "%lld", (long long)object->version));
    const char *namespace_name = value_string_at(metadata, "namespace");
    object->namespace_name = namespace_name ? namespace_name : "";
    object->name = value_string_at(metadata, "name");
    object->uid = value_string_at(metadata, "uid");
    return object;
}

/* Whether the two differ in nothing but what the store sets. */
static bool is_same(const struct object *known, const struct value *value)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *copy = value_copy(arena, value);
    struct value *metadata = value_get(copy, "metadata");
    for (const char *const *name =
             (const char *const[]){"resourceVersion", "uid",
                                   "creationTimestamp", NULL};
         *name; name++)
        value_set_string(
            arena, metadata, *name,
            value_string(value_path(
                known->value, arena_format(arena, "metadata.%s", *name))));
    return value_equal(known->value, copy);
}

static void insert(struct store *store, size_t place, struct object *object)
{
    if (store->count == store->capacity) {
        store->capacity = store->capacity ? store->capacity * 2 : 64;
        store->items = memory_resize(store->items, store->capacity,
                                     sizeof(struct object *));
    }
    memmove(store->items + place + 1, store->items + place,
            (store->count - place) * sizeof(struct object *));
    store->items[place] = object;
    store->count++;
}

struct object *store_put(struct store *store, const struct resource *resource,
                         const struct value *value)
{
    const struct value *metadata = value_get(value, "metadata");
    const char *namespace_name = value_string_at(metadata, "namespace");
    const struct object wanted = {.resource = resource,
                                  .namespace_name =
                                      namespace_name ? namespace_name : "",
                                  .name = value_string_at(metadata, "name")};
    assert(wanted.name);
    bool found;
    size_t place = find_place(store, &wanted, &found);
    struct object *before = found ? store->items[place] : NULL;
    if (before && is_same(before, value))
        return before;
    if (!before && (store->count >= STORE_OBJECTS_LIMIT ||
                    store->bytes >= STORE_BYTES_LIMIT))
        return NULL;
    struct object *object = make_object(store, resource, value);
    object_hold(object);
    store->bytes += arena_used(object->arena);
    note_change(store, before ? CHANGE_MODIFIED : CHANGE_ADDED, object, before);
    if (before) {
        store->bytes -= arena_used(before->arena);
        store->items[place] = object;
        object_release(before);
    } else {
        insert(store, place, object);
    }
    return object;
}

void store_remove(struct store *store, struct object *object)
{
    bool found;
    size_t place = find_place(store, object, &found);
    assert(found && store->items[place] == object);
    struct object *gone = make_object(store, object->resource, object->value);
    object_hold(gone);
    note_change(store, CHANGE_DELETED, gone, object);
    store->count--;
    memmove(store->items + place, store->items + place + 1,
            (store->count - place) * sizeof(struct object *));
    store->bytes -= arena_used(object->arena);
    object_release(object);
    object_release(gone);
}

void store_close(struct store *store)
{
    store_forget(store);
    for (size_t i = 0; i < store->count; i++)
        object_release(store->items[i]);
    memory_free(store->items);
    memory_free(store->changes);
    *store = (struct store){0};
}
