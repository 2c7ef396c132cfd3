/*
 * content.files: texts become keys of the run's ConfigMap, files of other objects
 * volumes of their own; either is mounted as one file into the containers of the
 * scope that asks for it. Folders for what is fetched are emptyDirs.
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

/* Adds a volume of this source, under the next free name. */
static const char *add_volume(struct planning *planning, const char *kind,
                              struct value *source)
{
    struct arena *arena = planning->arena;
    struct value *volume = value_make_map(arena);
    const char *name = arena_format(arena, "assay-content-%zu",
                                    value_count(planning->content_volumes) + 1);
    value_set_string(arena, volume, "name", name);
    value_set(arena, volume, kind, source);
    value_append(arena, planning->content_volumes, volume);
    return name;
}

/* The file "content" of a volume that shows fields of the pod. */
static struct value *make_field(struct planning *planning, const char *name,
                                const struct value *reference,
                                const struct value *mode)
{
    struct arena *arena = planning->arena;
    struct value *item = value_make_map(arena);
    value_set_string(arena, item, "path", "content");
    value_set(arena, item, name, names_static_value(planning, reference));
    if (value_is(mode, VALUE_INT))
        value_set(arena, item, "mode", value_make_int(arena, mode->integer));
    return item;
}

/* A volume with the one file "content"; its name. */
static const char *make_volume(struct planning *planning,
                               const struct value *file,
                               const struct value *from)
{
    static const struct {
        const char *reference, *volume, *name;
    } kinds[] = {
        {"configMapKeyRef", "configMap", "name"},
        {"secretKeyRef", "secret", "secretName"},
        {"fieldRef", "downwardAPI", NULL},
        {"resourceFieldRef", "downwardAPI", NULL},
    };
    struct arena *arena = planning->arena;
    const struct value *mode = value_get(file, "mode");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct value *reference = value_get(from, kinds[i].reference);
        if (!reference)
            continue;
        struct value *source = value_make_map(arena);
        struct value *items = value_make_list(arena);
        value_set(arena, source, "items", items);
        if (!kinds[i].name) {
            value_append(
                arena, items,
                make_field(planning, kinds[i].reference, reference, mode));
            return add_volume(planning, kinds[i].volume, source);
        }
        struct value *given = names_static_value(planning, reference);
        value_append(
            arena, items,
            make_item(arena, value_string_at(given, "key"), "content", mode));
        value_set_string(arena, source, kinds[i].name,
                         value_string_at(given, "name"));
        if (value_get(given, "optional"))
            value_set(arena, source, "optional", value_get(given, "optional"));
        return add_volume(planning, kinds[i].volume, source);
    }
    diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E303", from->mark,
                    "a file can come from configMapKeyRef, secretKeyRef, "
                    "fieldRef or resourceFieldRef",
                    "this source of a file cannot be used by this version");
    return "";
}

/* Kubernetes mounts at a plain path only; what is ours is not to be hidden. */
bool content_is_good_path(const char *path)
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
    if (!content_is_good_path(path)) {
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E314",
                        place->mark,
                        "a path such as /data/config.yaml, or one below the "
                        "working folder",
                        "'%.200s' is not where a file can be put", path);
        return NULL;
    }
    struct value *mount = value_make_map(arena);
    const char *volume = "assay-run", *key = "content";
    if (from)
        volume = make_volume(planning, file, from);
    else
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
    struct container_settings made = *above;
    const struct value *files = value_get(content, "files");
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

const char *content_folder(struct planning *planning,
                           const struct container_settings *settings,
                           const struct value *path)
{
    const char *folder = names_static_text(planning, path);
    const char *base = settings->working_directory;
    if (!folder)
        return NULL;
    /* A slash at the end says nothing. */
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    folder = arena_copy(planning->arena, folder, length);
    if (folder[0] != '/')
        folder = arena_format(
            planning->arena, "%s/%s",
            base && base[0] == '/' && !strstr(base, "{{") ? base : "/data",
            folder);
    if (content_is_good_path(folder))
        return folder;
    diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E314", path->mark,
                    "a path such as /data/repo, or one below the working "
                    "folder",
                    "'%.200s' is not where files can be put", folder);
    return NULL;
}

void content_mount(struct planning *planning,
                   struct container_settings *settings, const char *path)
{
    struct arena *arena = planning->arena;
    static const char *const shared[] = {"/data", "/tmp", "/testkube"};
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        if (strcmp(path, shared[i]) == 0)
            return;
    for (size_t i = 0; i < value_count(settings->mounts); i++) {
        const char *other =
            value_string_at(settings->mounts->list.items[i], "mountPath");
        if (other && strcmp(other, path) == 0)
            return;
    }
    struct value *mount = value_make_map(arena);
    if (planning->staged)
        value_set_string(arena, mount, "name", PLAN_WORKSPACE);
    else
        value_set_string(
            arena, mount, "name",
            add_volume(planning, "emptyDir", value_make_map(arena)));
    value_set_string(arena, mount, "mountPath", path);
    if (planning->staged)
        value_set_string(
            arena, mount, "subPath",
            arena_format(arena, "assay-content-%zu", ++planning->folder_count));
    struct value *mounts = value_make_list(arena);
    value_append(arena, mounts, mount);
    struct value *more = value_make_map(arena);
    value_set(arena, more, "volumeMounts", mounts);
    *settings = container_merge(arena, settings, more);
}
