/*
 * Files of objects in, stored objects out. Each object gets what a real server
 * would have given it: namespace, uid, resourceVersion, creationTimestamp. A name
 * is there once in its namespace. What was loaded is no change: no controller
 * looks at it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/diagnostics.h"
#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/base/text.h"
#include "tests/kube/limits.h"
#include "tests/kube/store.h"

/* Sets a member of the metadata unless it is there. */
static void default_metadata(struct arena *arena, struct value *metadata,
                             const char *name, const char *text)
{
    if (!value_get(metadata, name))
        value_set_string(arena, metadata, name, text);
}

static int add(struct arena *arena, struct store *store,
               const struct resource *resource, struct value *object,
               struct error *error)
{
    struct value *metadata = value_get(object, "metadata");
    default_metadata(arena, metadata, "uid",
                     arena_format(arena, "00000000-0000-4000-8000-%012lld",
                                  (long long)store->version + 1));
    default_metadata(arena, metadata, "creationTimestamp",
                     "2026-01-01T00:00:00Z");
    if (store_put(store, resource, object))
        return 0;
    return error_set(error, ERROR_INPUT, "more objects than the limit of %d",
                     STORE_OBJECTS_LIMIT);
}

static int add_namespace(struct arena *arena, struct store *store,
                         const char *name, struct error *error)
{
    const struct resource *resource = discovery_find("", "v1", "namespaces");
    if (store_find(store, resource, "", name))
        return 0;
    struct value *object = value_make_map(arena);
    struct value *metadata = value_make_map(arena);
    struct value *labels = value_make_map(arena);
    struct value *status = value_make_map(arena);
    value_set_string(arena, object, "apiVersion", "v1");
    value_set_string(arena, object, "kind", "Namespace");
    value_set(arena, object, "metadata", metadata);
    value_set_string(arena, metadata, "name", name);
    value_set_string(arena, labels, "kubernetes.io/metadata.name", name);
    value_set(arena, metadata, "labels", labels);
    value_set(arena, object, "status", status);
    value_set_string(arena, status, "phase", "Active");
    return add(arena, store, resource, object, error);
}

static int add_object(struct arena *arena, struct store *store,
                      struct value *object, struct error *error)
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
        default_metadata(arena, metadata, "namespace", "default");
        namespace_name = value_string_at(metadata, "namespace");
        if (add_namespace(arena, store, namespace_name, error) < 0)
            return -1;
    }
    if (strcmp(kind, "Namespace") != 0 &&
        store_find(store, resource, namespace_name, name))
        return error_set(error, ERROR_INPUT, "there are two of %s '%s/%s'",
                         resource->plural, namespace_name, name);
    return add(arena, store, resource, object, error);
}

static int add_document(struct arena *arena, struct store *store,
                        struct value *document, struct error *error)
{
    const char *kind = value_string_at(document, "kind");
    if (value_is(document, VALUE_NULL))
        return 0;
    if (!kind || strcmp(kind, "List") != 0)
        return add_object(arena, store, document, error);
    const struct value *items = value_get(document, "items");
    for (size_t i = 0; i < value_count(items); i++) {
        if (add_object(arena, store, value_item(items, i), error) < 0)
            return -1;
    }
    return 0;
}

static int load_file(struct store *store, const char *path, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    size_t length = 0;
    const char *text =
        file_read(arena, path, SERVER_FILE_LIMIT, &length, error);
    if (!text)
        return -1;
    struct diagnostics found = diagnostics_make(arena, path);
    const struct value *documents =
        value_read_yaml(arena, text, length, &found);
    if (!documents) {
        error_set(error, ERROR_INPUT, "%s", found.items[0].text);
        return error_place(error, path, found.items[0].mark);
    }
    for (size_t i = 0; i < value_count(documents); i++) {
        if (add_document(arena, store, value_item(documents, i), error) < 0)
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
    CLEANUP(arena_free) struct arena *arena = arena_new();
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
                store, arena_format(arena, "%s/%s", path, entries[i]->d_name),
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

void store_open(struct store *store)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error ignored = {0};
    *store = (struct store){0};
    store->changes =
        memory_allocate(STORE_CHANGES_LIMIT * sizeof *store->changes);
    (void)!add_namespace(arena, store, "default", &ignored);
}
