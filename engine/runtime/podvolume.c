/*
 * In: a volume of a PodSpec, and the plan with its objects. Out: its files, or that it
 * is empty. Invariant: paths of files have no "." or ".." parts, so nothing leaves its
 * folder.
 */
#include "engine/runtime/podvolume.h"

#include <string.h>

#include "engine/runtime/limits.h"
#include "engine/runtime/object.h"
#include "engine/runtime/podfield.h"

struct decoder {
    struct arena *arena;
    const struct plan *plan;
};

bool podvolume_path_is_clean(const char *path, bool absolute)
{
    if ((path[0] == '/') != absolute || path[0] == '\0')
        return false;
    for (const char *part = path + absolute; *part != '\0';) {
        size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && part[0] == '.') ||
            (length == 2 && part[0] == '.' && part[1] == '.'))
            return false;
        part += length;
        part += *part == '/';
    }
    return true;
}

/* What a volume of files is made from. */
struct file_source {
    const struct object *object;
    int64_t mode; /* of files that have none of their own */
};

/* Adds a key of the object as a file of that path and mode. */
static int add_file(const struct decoder *decoder, struct pod_volume *volume,
                    const struct pod_file *file, struct error *error)
{
    if (!podvolume_path_is_clean(file->path, false))
        return error_set(error, ERROR_SYSTEM,
                         "volume '%s': '%s' is not a path inside a volume",
                         volume->name, file->path);
    if (file->mode > 0777)
        return error_set(error, ERROR_SYSTEM,
                         "volume '%s': the mode of '%s' is not between 0 and "
                         "0777",
                         volume->name, file->path);
    if (volume->file_count == POD_FILE_LIMIT)
        return error_set(error, ERROR_SYSTEM,
                         "volume '%s' has more than %d files", volume->name,
                         POD_FILE_LIMIT);
    size_t size = volume->file_count * sizeof *volume->files;
    volume->files = arena_grow(decoder->arena, volume->files, size,
                               size + sizeof *volume->files);
    volume->files[volume->file_count++] = *file;
    return 0;
}

/* A mode from outside; what is none becomes one that add_file refuses. */
static mode_t to_mode(int64_t mode)
{
    return mode >= 0 && mode <= 0777 ? (mode_t)mode : ~(mode_t)0;
}

static int add_item(const struct decoder *decoder, struct pod_volume *volume,
                    const struct file_source *source, const struct value *item,
                    struct error *error)
{
    const struct object *object = source->object;
    const char *key = value_string_at(item, "key");
    const char *path = value_string_at(item, "path");
    const struct object_entry *entry = object_get(object, key ? key : "");
    if (!entry)
        return error_set(error, ERROR_SYSTEM,
                         "volume '%s': the %s '%s' has no key '%s'",
                         volume->name, object_kind_name(object->kind),
                         object->name, key ? key : "");
    int64_t mode = value_int_or(value_get(item, "mode"), source->mode);
    struct pod_file file = {path ? path : "", entry->bytes, entry->length,
                            to_mode(mode)};
    return add_file(decoder, volume, &file, error);
}

/* The keys that `items` names, or all when there are none. */
static int add_items(const struct decoder *decoder, struct pod_volume *volume,
                     const struct file_source *source,
                     const struct value *items, struct error *error)
{
    for (size_t i = 0; i < value_count(items); i++)
        if (add_item(decoder, volume, source, value_item(items, i), error) != 0)
            return -1;
    for (size_t i = 0; value_count(items) == 0 && i < source->object->count;
         i++) {
        const struct object_entry *entry = &source->object->entries[i];
        struct pod_file file = {entry->key, entry->bytes, entry->length,
                                to_mode(source->mode)};
        if (add_file(decoder, volume, &file, error) != 0)
            return -1;
    }
    return 0;
}

static int decode_files(const struct decoder *decoder,
                        struct pod_volume *volume, const struct value *source,
                        enum object_kind kind, struct error *error)
{
    const char *name =
        value_string_at(source, kind == OBJECT_SECRET ? "secretName" : "name");
    struct object *object = object_find(decoder->arena, decoder->plan, kind,
                                        name ? name : "", error);
    if (!object && error_is_set(error))
        return error_context(error, "volume '%s'", volume->name);
    bool optional = value_bool_or(value_get(source, "optional"), false);
    if (!object)
        return optional ? 0
                        : error_set(error, ERROR_SYSTEM,
                                    "volume '%s' needs the %s '%s' of a "
                                    "cluster, which this machine does not have",
                                    volume->name, object_kind_name(kind),
                                    name ? name : "");
    struct file_source files = {
        object, value_int_or(value_get(source, "defaultMode"), 0644)};
    return add_items(decoder, volume, &files, value_get(source, "items"),
                     error);
}

/* The member of a volume that says of what kind it is, for messages. */
static const char *find_kind(const struct value *specification)
{
    for (size_t i = 0; i < value_count(specification); i++)
        if (strcmp(specification->map.members[i].name, "name") != 0)
            return specification->map.members[i].name;
    return "no kind";
}

/* What a plan knows of its own pod; what only a cluster could tell is refused. */
static int decode_fields(const struct decoder *decoder,
                         struct pod_volume *volume, const struct value *source,
                         struct error *error)
{
    const struct value *items = value_get(source, "items");
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *item = value_item(items, i);
        const char *path = value_string_at(item, "path");
        const char *field =
            value_string(value_path(item, "fieldRef.fieldPath"));
        const char *text =
            field ? podfield_get(decoder->arena, decoder->plan, field) : NULL;
        if (!text)
            return error_set(error, ERROR_SYSTEM,
                             "volume '%s' needs the field '%s' of a pod in a "
                             "cluster",
                             volume->name, field ? field : "resourceFieldRef");
        struct pod_file file = {
            path ? path : "", text, strlen(text),
            to_mode(value_int_or(value_get(item, "mode"), 0644))};
        if (add_file(decoder, volume, &file, error) != 0)
            return -1;
    }
    return 0;
}

/* A claim that is made for the run is new, and gone after it: an emptyDir here. */
static bool is_own_claim(const struct decoder *decoder,
                         const struct value *source)
{
    const struct value *claims = decoder->plan->claims;
    const char *wanted = value_string_at(source, "claimName");
    for (size_t i = 0; wanted && i < value_count(claims); i++) {
        const char *name =
            value_string(value_path(value_item(claims, i), "metadata.name"));
        if (name && strcmp(name, wanted) == 0)
            return true;
    }
    return false;
}

int podvolume_decode(struct arena *arena, const struct plan *plan,
                     const struct value *specification,
                     struct pod_volume *volume, struct error *error)
{
    const struct decoder decoder = {arena, plan};
    volume->name = value_string_at(specification, "name");
    if (!volume->name)
        return error_set(error, ERROR_SYSTEM, "a volume has no name");
    const struct value *map = value_get(specification, "configMap");
    const struct value *secret = value_get(specification, "secret");
    volume->empty = value_get(specification, "emptyDir") != NULL;
    if (volume->empty)
        return 0;
    volume->empty = is_own_claim(
        &decoder, value_get(specification, "persistentVolumeClaim"));
    if (volume->empty)
        return 0;
    const struct value *fields = value_get(specification, "downwardAPI");
    if (fields)
        return decode_fields(&decoder, volume, fields, error);
    if (map)
        return decode_files(&decoder, volume, map, OBJECT_CONFIG_MAP, error);
    if (secret)
        return decode_files(&decoder, volume, secret, OBJECT_SECRET, error);
    return error_set(error, ERROR_SYSTEM,
                     "volume '%s' is of the kind '%s', which this machine does "
                     "not have; it has emptyDir, configMap and secret",
                     volume->name, find_kind(specification));
}
