/*
 * content.files (workflow-spec section 5): texts become keys of the run's
 * ConfigMap, files of other objects volumes of their own; either is mounted as one
 * file into the containers of the scope that asks for it.
 */
#include <string.h>

#include "engine/plan/limits.h"
#include "engine/plan/private.h"

/* A key with the file's name in the volume, and its mode. */
static struct value *make_item(struct arena *arena, const char *key,
                               const char *path, const struct value *mode)
{
    struct value *item = value_make_map(arena);
    value_set_string(arena, item, "key", key);
    value_set_string(arena, item, "path", path);
    if (value_is(mode, VALUE_INT))
        value_set(arena, item, "mode", value_make_int(arena, mode->integer));
    return item;
}

static const char *add_text(struct planning *planning, const struct value *file)
{
    struct arena *arena = planning->arena;
    const struct value *content = value_get(file, "content");
    const char *text = content ? names_static_text(planning, content) : "";
    const char *key =
        arena_format(arena, "file-%zu", value_count(planning->files) + 1);
    value_set_string(arena, planning->files, key, text ? text : "");
    value_append(arena, planning->file_items,
                 make_item(arena, key, key, value_get(file, "mode")));
    return key;
}

/* A volume with the one file "content". */
static struct value *make_volume(struct planning *planning,
                                 const struct value *file,
                                 const struct value *from)
{
    static const struct {
        const char *reference, *volume, *name;
    } kinds[] = {
        {"configMapKeyRef", "configMap", "name"},
        {"secretKeyRef", "secret", "secretName"},
    };
    struct arena *arena = planning->arena;
    struct value *volume = value_make_map(arena);
    const char *name = arena_format(arena, "assay-content-%zu",
                                    value_count(planning->content_volumes) + 1);
    value_set_string(arena, volume, "name", name);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct value *reference = value_get(from, kinds[i].reference);
        if (!reference)
            continue;
        struct value *given = names_static_value(planning, reference);
        struct value *source = value_make_map(arena);
        struct value *items = value_make_list(arena);
        value_append(arena, items,
                     make_item(arena, value_string_at(given, "key"), "content",
                               value_get(file, "mode")));
        value_set_string(arena, source, kinds[i].name,
                         value_string_at(given, "name"));
        value_set(arena, source, "items", items);
        if (value_get(given, "optional"))
            value_set(arena, source, "optional", value_get(given, "optional"));
        value_set(arena, volume, kinds[i].volume, source);
        value_append(arena, planning->content_volumes, volume);
        return volume;
    }
    diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E303", from->mark,
                    "a file can come from configMapKeyRef or secretKeyRef",
                    "this source of a file cannot be used by this version");
    return NULL;
}

/* Kubernetes mounts at a plain path only; what is ours is not to be hidden. */
static bool is_good_path(const char *path)
{
    size_t length = strlen(path);
    return length > 0 && length <= PLAN_PATH_LIMIT && !strchr(path, ':') &&
           path[length - 1] != '/' && strncmp(path, "/.assay", 7) != 0 &&
           strncmp(path, "../", 3) != 0 && !strstr(path, "/../") &&
           strcmp(path, "..") != 0 &&
           (length < 3 || strcmp(path + length - 3, "/..") != 0);
}

static struct value *add_file(struct planning *planning,
                              const struct value *file)
{
    struct arena *arena = planning->arena;
    const struct value *place = value_get(file, "path");
    const struct value *from = value_get(file, "contentFrom");
    const char *path = place ? names_static_text(planning, place) : NULL;
    if (!path)
        return NULL;
    if (!is_good_path(path)) {
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E314",
                        place->mark,
                        "a path such as /data/config.yaml, or one below the "
                        "working folder",
                        "'%.200s' is not where a file can be put", path);
        return NULL;
    }
    struct value *mount = value_make_map(arena);
    const char *volume = "assay-run", *key = "content";
    if (from) {
        const struct value *made = make_volume(planning, file, from);
        volume = made ? value_string_at(made, "name") : "";
    } else
        key = add_text(planning, file);
    value_set_string(arena, mount, "name", volume);
    value_set_string(arena, mount, "mountPath", path);
    value_set_string(arena, mount, "subPath", key);
    value_set(arena, mount, "readOnly", value_make_bool(arena, true));
    return mount;
}

struct container_settings content_merge(struct planning *planning,
                                        const struct container_settings *above,
                                        const struct value *content)
{
    static const char *const unsupported[] = {"git", "tarball"};
    struct container_settings made = *above;
    const struct value *files = value_get(content, "files");
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++) {
        const struct value *part = value_get(content, unsupported[i]);
        if (part)
            diagnostics_add(
                planning->diagnostics, SEVERITY_ERROR, "E303", part->mark,
                "this version brings `content.files` only",
                "'content.%s' cannot be run by this version", unsupported[i]);
    }
    if (value_count(files) == 0)
        return made;
    struct value *mounts = value_make_list(planning->arena);
    for (size_t i = 0; i < value_count(files); i++) {
        struct value *mount = add_file(planning, value_item(files, i));
        if (mount)
            value_append(planning->arena, mounts, mount);
    }
    struct value *more = value_make_map(planning->arena);
    value_set(planning->arena, more, "volumeMounts", mounts);
    return container_merge(planning->arena, &made, more);
}
