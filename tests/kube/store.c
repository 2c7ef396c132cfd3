/*
 * Files of objects in, a sorted array out. Each object gets what a real server
 * would have given it: namespace, uid, resourceVersion, creationTimestamp. A name
 * is there once in its namespace.
 */
#include "tests/kube/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/diagnostics.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "tests/kube/limits.h"

static int compare_stored(const void *left, const void *right)
{
    const struct stored *a = left, *b = right;
    if (a->resource != b->resource)
        return a->resource < b->resource ? -1 : 1;
    int order = strcmp(a->namespace_name, b->namespace_name);
    return order ? order : strcmp(a->name, b->name);
}

struct stored *store_find(const struct store *store,
                          const struct resource *resource,
                          const char *namespace_name, const char *name)
{
    const struct stored wanted = {resource, namespace_name, name, NULL};
    return store->count ? bsearch(&wanted, store->items, store->count,
                                  sizeof wanted, compare_stored)
                        : NULL;
}

/* Sets a member of the metadata unless it is there. */
static void default_metadata(struct store *store, struct value *metadata,
                             const char *name, const char *text)
{
    if (!value_get(metadata, name))
        value_set_string(store->arena, metadata, name, text);
}

/* Gives the object what a server adds. */
static struct value *complete(struct store *store, struct value *object)
{
    struct arena *arena = store->arena;
    struct value *metadata = value_get(object, "metadata");
    store->version++;
    default_metadata(store, metadata, "uid",
                     arena_format(arena, "00000000-0000-4000-8000-%012lld",
                                  (long long)store->version));
    default_metadata(store, metadata, "creationTimestamp",
                     "2026-01-01T00:00:00Z");
    value_set_string(arena, metadata, "resourceVersion",
                     arena_format(arena, "%lld", (long long)store->version));
    return object;
}

static void insert(struct store *store, const struct resource *resource,
                   const char *namespace_name, struct value *object)
{
    struct stored made = {
        resource, namespace_name,
        value_string_at(value_get(object, "metadata"), "name"),
        complete(store, object)};
    store->items =
        arena_grow(store->arena, store->items, store->count * sizeof made,
                   (store->count + 1) * sizeof made);
    size_t at = store->count++;
    for (; at > 0 && compare_stored(&store->items[at - 1], &made) > 0; at--)
        store->items[at] = store->items[at - 1];
    store->items[at] = made;
}

static void insert_namespace(struct store *store, const char *name)
{
    const struct resource *resource = discovery_find("", "v1", "namespaces");
    if (store_find(store, resource, "", name))
        return;
    struct value *object = value_make_map(store->arena);
    struct value *metadata = value_make_map(store->arena);
    struct value *status = value_make_map(store->arena);
    value_set_string(store->arena, object, "apiVersion", "v1");
    value_set_string(store->arena, object, "kind", "Namespace");
    value_set(store->arena, object, "metadata", metadata);
    value_set_string(store->arena, metadata, "name", name);
    value_set(store->arena, object, "status", status);
    value_set_string(store->arena, status, "phase", "Active");
    insert(store, resource, "", object);
}

struct store store_make(struct arena *arena)
{
    struct store store = {.arena = arena};
    insert_namespace(&store, "default");
    return store;
}

static int add_object(struct store *store, struct value *object,
                      struct error *error)
{
    const char *api_version = value_string_at(object, "apiVersion");
    const char *kind = value_string_at(object, "kind");
    struct value *metadata = value_get(object, "metadata");
    const char *name = value_string_at(metadata, "name");
    if (!api_version || !kind || !name) {
        error_set(error, ERROR_INPUT,
                  "an object needs apiVersion, kind and metadata.name");
        return error_place(error, NULL, object->mark);
    }
    const struct resource *resource = discovery_find_kind(api_version, kind);
    if (!resource) {
        error_set(error, ERROR_INPUT, "the test server has no kind '%s' of %s",
                  kind, api_version);
        return error_place(error, NULL, object->mark);
    }
    const char *namespace_name = "";
    if (resource->namespaced) {
        default_metadata(store, metadata, "namespace", "default");
        namespace_name = value_string_at(metadata, "namespace");
        insert_namespace(store, namespace_name);
    }
    struct stored *known = store_find(store, resource, namespace_name, name);
    if (!known)
        insert(store, resource, namespace_name, object);
    else if (strcmp(kind, "Namespace") == 0)
        known->object = complete(store, object);
    else
        return error_set(error, ERROR_INPUT, "there are two of %s '%s/%s'",
                         resource->plural, namespace_name, name);
    return 0;
}

static int add_document(struct store *store, struct value *document,
                        struct error *error)
{
    const char *kind = value_string_at(document, "kind");
    if (value_is(document, VALUE_NULL))
        return 0;
    if (!kind || strcmp(kind, "List") != 0)
        return add_object(store, document, error);
    const struct value *items = value_get(document, "items");
    for (size_t i = 0; i < value_count(items); i++) {
        if (add_object(store, value_item(items, i), error) < 0)
            return -1;
    }
    return 0;
}

static int load_file(struct store *store, const char *path, struct error *error)
{
    size_t length = 0;
    const char *text =
        file_read(store->arena, path, SERVER_FILE_LIMIT, &length, error);
    if (!text)
        return -1;
    struct diagnostics found = diagnostics_make(store->arena, path);
    const struct value *documents =
        value_read_yaml(store->arena, text, length, &found);
    if (!documents) {
        error_set(error, ERROR_INPUT, "%s", found.items[0].text);
        return error_place(error, path, found.items[0].mark);
    }
    for (size_t i = 0; i < value_count(documents); i++) {
        if (add_document(store, value_item(documents, i), error) < 0)
            return error_place(error, path, (struct mark){0});
    }
    return 0;
}

static int is_object_file(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && entry->d_name[0] != '.' &&
           (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 ||
            strcmp(dot, ".json") == 0);
}

static int load_folder(struct store *store, const char *path,
                       struct error *error)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_object_file, alphasort);
    if (count < 0)
        return error_set_system(error, "cannot read the folder '%s'", path);
    int result = 0;
    if (count > SERVER_FILES_LIMIT)
        result = error_set(error, ERROR_INPUT,
                           "more than the limit of %d files in '%s'",
                           SERVER_FILES_LIMIT, path);
    for (int i = 0; i < count; i++) {
        if (result == 0)
            result = load_file(
                store,
                arena_format(store->arena, "%s/%s", path, entries[i]->d_name),
                error);
        free(entries[i]);
    }
    free(entries);
    return result;
}

int store_load(struct store *store, const char *path, struct error *error)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return error_set_system(error, "cannot open '%s'", path);
    return S_ISDIR(status.st_mode) ? load_folder(store, path, error)
                                   : load_file(store, path, error);
}
