/*
 * Volumes of the downward API: fields of the pod as files, which follow the pod as it
 * changes. A file is replaced whole, as the kubelet does, when its text is another.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/base/file.h"
#include "tests/kube/node.h"
#include "tests/kube/node_pod.h"

enum { FIELD_BYTES_LIMIT = 1024 * 1024 };

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A map as lines name="value", sorted, as strconv.Quote of Go has them. */
static const char *print_map(struct arena *arena, const struct value *map)
{
    CLEANUP(text_free) struct text text = {0};
    size_t count = value_count(map);
    const char **sorted = arena_allocate(arena, (count + 1) * sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = map->map.members[i].name;
    qsort(sorted, count, sizeof *sorted, compare_names);
    for (size_t i = 0; i < count; i++) {
        text_append_format(&text, "%s%s=", i ? "\n" : "", sorted[i]);
        value_write_json(&text, value_get(map, sorted[i]), JSON_COMPACT);
    }
    return arena_copy(arena, text_string(&text), text.length);
}

const char *node_field(struct arena *arena, const struct value *pod,
                       const char *path)
{
    const struct value *value = value_path(pod, path);
    const char *bracket = strchr(path, '[');
    size_t length = strlen(path);
    if (value_is(value, VALUE_MAP))
        return print_map(arena, value);
    if (!bracket)
        return value_string(value);
    /* metadata.labels['x'] */
    size_t front = (size_t)(bracket - path);
    if (length < front + 5)
        return NULL;
    const char *key = arena_copy(arena, bracket + 2, length - front - 4);
    const char *found =
        value_string_at(value_path(pod, arena_copy(arena, path, front)), key);
    return found ? found : "";
}

static int write_field(struct arena *arena, const char *folder,
                       const struct value *pod, const struct value *item,
                       struct error *error)
{
    struct error missing = {0};
    size_t length;
    const char *name = value_string_at(item, "path");
    const char *field = value_string(value_path(item, "fieldRef.fieldPath"));
    const char *text = field ? node_field(arena, pod, field) : NULL;
    const char *path = arena_format(arena, "%s/%s", folder, name ? name : "");
    const char *before =
        file_read(arena, path, FIELD_BYTES_LIMIT, &length, &missing);
    text = text ? text : "";
    if (before && strcmp(before, text) == 0)
        return 0;
    return file_write_atomic(
        path, text, strlen(text),
        (mode_t)value_int_or(value_get(item, "mode"), 0644), error);
}

int node_fields_write(const struct node_pod *pod, const struct value *object,
                      struct error *error)
{
    const struct value *volumes = value_path(object, "spec.volumes");
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < value_count(volumes); i++) {
        const struct value *items =
            value_path(value_item(volumes, i), "downwardAPI.items");
        const char *folder =
            arena_format(arena, "%s/%zu", pod->folder.volumes, i);
        for (size_t k = 0; k < value_count(items); k++)
            if (write_field(arena, folder, object, value_item(items, k),
                            error) < 0)
                return -1;
    }
    return 0;
}
