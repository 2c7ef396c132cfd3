/*
 * The plan's objects in, keys with bytes out. Kubernetes keeps data of a
 * ConfigMap as text in `data` and as base64 in `binaryData`; that of a Secret as
 * base64 in `data` and, before it was created, as text in `stringData`, which
 * wins. base64: RFC 4648, strict but for the padding's spare bits.
 */
#include "engine/runtime/object.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/base64.h"
#include "engine/runtime/limits.h"
#include "engine/value/value.h"

#define ENTRYPOINT_PREFIX "assay-entrypoint-"
#define ENTRYPOINT_KEY    "entrypoint"

static const struct {
    const char *member;
    enum object_kind kind;
    bool encoded; /* in base64 */
} sources[] = {
    {"data", OBJECT_CONFIG_MAP, false},
    {"binaryData", OBJECT_CONFIG_MAP, true},
    {"data", OBJECT_SECRET, true},
    {"stringData", OBJECT_SECRET, false},
};

const char *object_kind_name(enum object_kind kind)
{
    return kind == OBJECT_SECRET ? "Secret" : "ConfigMap";
}

static struct object_entry *find_entry(const struct object *object,
                                       const char *key)
{
    for (size_t i = 0; i < object->count; i++)
        if (strcmp(object->entries[i].key, key) == 0)
            return &object->entries[i];
    return NULL;
}

const struct object_entry *object_get(const struct object *object,
                                      const char *key)
{
    return find_entry(object, key);
}

/* Adds an entry, or replaces the one of that key. */
static void add_entry(struct arena *arena, struct object *object,
                      struct object_entry entry)
{
    struct object_entry *entries = object->entries;
    struct object_entry *found = find_entry(object, entry.key);
    if (!found) {
        size_t size = object->count * sizeof *entries;
        object->entries =
            arena_grow(arena, entries, size, size + sizeof *entries);
        found = &object->entries[object->count++];
    }
    *found = entry;
}

static int add_source(struct arena *arena, struct object *object,
                      const struct value *map, bool encoded,
                      struct error *error)
{
    for (size_t i = 0; i < value_count(map); i++) {
        const struct member *member = &map->map.members[i];
        const struct value *value = member->value;
        if (!value_is(value, VALUE_STRING))
            return error_set(
                error, ERROR_SYSTEM, "%s '%s': '%s' is not a string",
                object_kind_name(object->kind), object->name, member->name);
        struct object_entry entry = {.key = member->name,
                                     .bytes = value->string.bytes,
                                     .length = value->string.length};
        if (encoded)
            entry.bytes = base64_decode(arena, value->string.bytes,
                                        value->string.length, &entry.length);
        if (!entry.bytes)
            return error_set(error, ERROR_SYSTEM, "%s '%s': '%s' is not base64",
                             object_kind_name(object->kind), object->name,
                             member->name);
        add_entry(arena, object, entry);
    }
    return 0;
}

static int compare_entries(const void *a, const void *b)
{
    const struct object_entry *left = a;
    const struct object_entry *right = b;
    return strcmp(left->key, right->key);
}

/* The ConfigMap of the entrypoint program is not among the plan's objects. */
static struct object *make_entrypoint(struct arena *arena, const char *name)
{
    struct object *object = arena_allocate(arena, sizeof *object);
    object->kind = OBJECT_CONFIG_MAP;
    object->name = name;
    size_t length = 0;
    const void *bytes = plan_entrypoint(&length);
    add_entry(arena, object,
              (struct object_entry){ENTRYPOINT_KEY, bytes, length});
    return object;
}

struct object *object_find(struct arena *arena, const struct plan *plan,
                           enum object_kind kind, const char *name,
                           struct error *error)
{
    const struct value *found =
        kind == OBJECT_SECRET ? plan->secret : plan->config_map;
    const char *own = value_string(value_path(found, "metadata.name"));
    if (!own || strcmp(own, name) != 0) {
        bool program =
            kind == OBJECT_CONFIG_MAP &&
            strncmp(name, ENTRYPOINT_PREFIX, sizeof ENTRYPOINT_PREFIX - 1) == 0;
        return program ? make_entrypoint(arena, name) : NULL;
    }
    struct object *object = arena_allocate(arena, sizeof *object);
    object->kind = kind;
    object->name = own;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        const struct value *map = value_get(found, sources[i].member);
        if (sources[i].kind == kind && value_is(map, VALUE_MAP) &&
            add_source(arena, object, map, sources[i].encoded, error) != 0)
            return NULL;
    }
    if (object->count > 0)
        qsort(object->entries, object->count, sizeof *object->entries,
              compare_entries);
    return object;
}
