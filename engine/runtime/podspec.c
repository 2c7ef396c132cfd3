/*
 * A PodSpec and the plan's objects in, a struct pod out. Only what a container
 * on this machine can be given is read; every member that would change what the
 * steps see and cannot be had here is an error that names it. Invariant: paths
 * of files and mounts have no "." or ".." parts, so nothing leaves its folder.
 */
#include "engine/runtime/podspec.h"

#include <stdlib.h>
#include <string.h>

#include "engine/runtime/limits.h"
#include "engine/runtime/object.h"
#include "engine/runtime/podfield.h"
#include "engine/runtime/variables.h"

#define TERMINATION_PATH "/dev/termination-log"

/* What the functions below need all the way down. */
struct decoder {
    struct arena *arena;
    const struct plan *plan;
    const struct value *specification; /* of the pod */
    struct pod *pod;
    bool later; /* a stage after the first */
};

/* Whether the path is `absolute` or relative as asked for, and all its parts
 * are names. */
static bool is_clean(const char *path, bool absolute)
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
static int add_file(struct decoder *decoder, struct pod_volume *volume,
                    const struct pod_file *file, struct error *error)
{
    if (!is_clean(file->path, false))
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

static int add_item(struct decoder *decoder, struct pod_volume *volume,
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
static int add_items(struct decoder *decoder, struct pod_volume *volume,
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

static int decode_files(struct decoder *decoder, struct pod_volume *volume,
                        const struct value *source, enum object_kind kind,
                        struct error *error)
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
static int decode_fields(struct decoder *decoder, struct pod_volume *volume,
                         const struct value *source, struct error *error)
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

static int decode_volume(struct decoder *decoder,
                         const struct value *specification,
                         struct pod_volume *volume, struct error *error)
{
    volume->name = value_string_at(specification, "name");
    if (!volume->name)
        return error_set(error, ERROR_SYSTEM, "a volume has no name");
    const struct value *map = value_get(specification, "configMap");
    const struct value *secret = value_get(specification, "secret");
    volume->empty = value_get(specification, "emptyDir") != NULL;
    if (volume->empty)
        return 0;
    volume->empty = is_own_claim(
        decoder, value_get(specification, "persistentVolumeClaim"));
    if (volume->empty)
        return 0;
    const struct value *fields = value_get(specification, "downwardAPI");
    if (fields)
        return decode_fields(decoder, volume, fields, error);
    if (map)
        return decode_files(decoder, volume, map, OBJECT_CONFIG_MAP, error);
    if (secret)
        return decode_files(decoder, volume, secret, OBJECT_SECRET, error);
    return error_set(error, ERROR_SYSTEM,
                     "volume '%s' is of the kind '%s', which this machine does "
                     "not have; it has emptyDir, configMap and secret",
                     volume->name, find_kind(specification));
}

static struct pod_volume *find_volume(const struct pod *pod, const char *name)
{
    for (size_t i = 0; name && i < pod->volume_count; i++)
        if (strcmp(pod->volumes[i].name, name) == 0)
            return &pod->volumes[i];
    return NULL;
}

/* A new volume; the room for all was made at once, so that they stay in place. */
static struct pod_volume *add_volume(struct decoder *decoder,
                                     struct error *error)
{
    struct pod *pod = decoder->pod;
    if (!pod->volumes)
        pod->volumes = arena_allocate(decoder->arena,
                                      POD_VOLUME_LIMIT * sizeof *pod->volumes);
    if (pod->volume_count < POD_VOLUME_LIMIT)
        return &pod->volumes[pod->volume_count++];
    error_set(error, ERROR_SYSTEM, "more than %d volumes", POD_VOLUME_LIMIT);
    return NULL;
}

static bool is_workspace(const struct decoder *decoder, const char *name)
{
    return decoder->plan->workspace && name &&
           strcmp(name, PLAN_WORKSPACE) == 0;
}

/* Stages have the same volumes but for those that only some of them use. */
static int decode_volumes(struct decoder *decoder, struct error *error)
{
    const struct value *list = value_get(decoder->specification, "volumes");
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *specification = value_item(list, i);
        const char *name = value_string_at(specification, "name");
        if (is_workspace(decoder, name) ||
            (decoder->later && find_volume(decoder->pod, name)))
            continue;
        struct pod_volume *volume = add_volume(decoder, error);
        if (!volume ||
            decode_volume(decoder, specification, volume, error) != 0)
            return -1;
    }
    return 0;
}

/* A folder of the claim that the stages share is an emptyDir of its name here,
 * where all stages are one run. */
static const struct pod_volume *
shared_folder(struct decoder *decoder, const char *name, struct error *error)
{
    struct pod_volume *volume = find_volume(decoder->pod, name);
    if (!volume)
        volume = add_volume(decoder, error);
    if (volume) {
        volume->name = name;
        volume->empty = true;
    }
    return volume;
}

static int decode_mount(struct decoder *decoder,
                        const struct value *specification,
                        struct pod_mount *mount, struct error *error)
{
    const char *name = value_string_at(specification, "name");
    mount->sub_path = value_string_at(specification, "subPath");
    if (is_workspace(decoder, name) && mount->sub_path) {
        name = mount->sub_path;
        mount->sub_path = NULL;
        if (!shared_folder(decoder, name, error))
            return -1;
    }
    mount->volume = find_volume(decoder->pod, name);
    if (!mount->volume)
        return error_set(error, ERROR_SYSTEM, "there is no volume '%s'",
                         name ? name : "");
    mount->path = value_string_at(specification, "mountPath");
    if (!mount->path || !is_clean(mount->path, true) || !mount->path[1])
        return error_set(error, ERROR_SYSTEM,
                         "volume '%s' cannot be mounted at '%s': not an "
                         "absolute path without '.' and '..'",
                         name, mount->path ? mount->path : "");
    size_t length = strlen(mount->path);
    if (mount->path[length - 1] == '/')
        mount->path = arena_copy(decoder->arena, mount->path, length - 1);
    if (mount->sub_path && mount->sub_path[0] == '\0')
        mount->sub_path = NULL;
    if (mount->sub_path && !is_clean(mount->sub_path, false))
        return error_set(error, ERROR_SYSTEM,
                         "volume '%s': '%s' is not a path inside a volume",
                         name, mount->sub_path);
    if (value_get(specification, "subPathExpr"))
        return error_set(error, ERROR_SYSTEM,
                         "volume '%s': this machine has no subPathExpr", name);
    mount->read_only =
        value_bool_or(value_get(specification, "readOnly"), false);
    return 0;
}

static int compare_mounts(const void *a, const void *b)
{
    const struct pod_mount *left = a;
    const struct pod_mount *right = b;
    return strcmp(left->path, right->path);
}

static int decode_mounts(struct decoder *decoder,
                         const struct value *specification,
                         struct pod_container *container, struct error *error)
{
    const struct value *list = value_get(specification, "volumeMounts");
    size_t count = value_count(list);
    size_t files = 0;
    if (count > POD_MOUNT_LIMIT)
        return error_set(error, ERROR_SYSTEM, "more than %d mounts",
                         POD_MOUNT_LIMIT);
    container->mounts =
        arena_allocate(decoder->arena, (count + 1) * sizeof(struct pod_mount));
    for (size_t i = 0; i < count; i++, container->mount_count++) {
        struct pod_mount *mount = &container->mounts[i];
        if (decode_mount(decoder, value_item(list, i), mount, error) != 0)
            return -1;
        files += mount->volume->file_count;
    }
    if (files > POD_FILE_LIMIT)
        return error_set(error, ERROR_SYSTEM,
                         "more than %d files in its volumes", POD_FILE_LIMIT);
    qsort(container->mounts, count, sizeof(struct pod_mount), compare_mounts);
    for (size_t i = 1; i < count; i++)
        if (compare_mounts(&container->mounts[i - 1], &container->mounts[i]) ==
            0)
            return error_set(error, ERROR_SYSTEM, "two volumes at '%s'",
                             container->mounts[i].path);
    return 0;
}

/* Appends a list of strings to the command line. */
static int add_arguments(struct decoder *decoder, const struct value *list,
                         struct pod_container *container, struct error *error)
{
    for (size_t i = 0; i < value_count(list); i++) {
        const char *text = value_string(value_item(list, i));
        if (!text)
            return error_set(error, ERROR_SYSTEM,
                             "its command line is not a list of strings");
        if (container->argument_count == POD_ARGUMENT_LIMIT)
            return error_set(error, ERROR_SYSTEM, "more than %d arguments",
                             POD_ARGUMENT_LIMIT);
        container->arguments[container->argument_count++] =
            variables_expand(decoder->arena, container, text);
    }
    return 0;
}

static int decode_command(struct decoder *decoder,
                          const struct value *specification,
                          struct pod_container *container, struct error *error)
{
    const struct value *command = value_get(specification, "command");
    const struct value *arguments = value_get(specification, "args");
    container->image_command = value_count(command) == 0;
    container->arguments = arena_allocate(
        decoder->arena, (POD_ARGUMENT_LIMIT + 1) * sizeof(const char *));
    if (add_arguments(decoder, command, container, error) != 0)
        return -1;
    return add_arguments(decoder, arguments, container, error);
}

/* A number of the container's security context, or else of the pod's. */
static int decode_identity(struct decoder *decoder,
                           const struct value *specification, const char *name,
                           int64_t *identity, struct error *error)
{
    const struct value *own =
        value_get(value_get(specification, "securityContext"), name);
    const struct value *shared =
        value_get(value_get(decoder->specification, "securityContext"), name);
    *identity = value_int_or(own ? own : shared, -1);
    if (*identity < -1 || *identity > INT32_MAX)
        return error_set(error, ERROR_SYSTEM, "'%s' is out of range", name);
    return 0;
}

static int decode_container(struct decoder *decoder,
                            const struct value *specification,
                            struct pod_container *container,
                            struct error *error)
{
    const char *termination =
        value_string_at(specification, "terminationMessagePath");
    container->termination = termination ? termination : TERMINATION_PATH;
    container->folder = value_string_at(specification, "workingDir");
    if (!is_clean(container->termination, true))
        return error_set(error, ERROR_SYSTEM,
                         "'%s' is not a path of a termination message",
                         container->termination);
    if (container->folder && container->folder[0] != '/')
        return error_set(error, ERROR_SYSTEM,
                         "the working folder '%s' is not an absolute path",
                         container->folder);
    if (decode_identity(decoder, specification, "runAsUser", &container->user,
                        error) != 0 ||
        decode_identity(decoder, specification, "runAsGroup", &container->group,
                        error) != 0 ||
        decode_mounts(decoder, specification, container, error) != 0)
        return -1;
    return decode_command(decoder, specification, container, error);
}

static int decode_containers(struct decoder *decoder, const char *member,
                             struct error *error)
{
    const struct value *list = value_get(decoder->specification, member);
    struct pod *pod = decoder->pod;
    for (size_t i = 0; i < value_count(list); i++) {
        struct pod_container *container =
            &pod->containers[pod->container_count++];
        const struct value *specification = value_item(list, i);
        const char *name = value_string_at(specification, "name");
        container->name = name ? name : "";
        container->specification = specification;
        if (variables_decode(decoder->arena, decoder->plan, specification,
                             container, error) != 0)
            return -1;
        if (decode_container(decoder, specification, container, error) != 0)
            return error_context(error, "container '%s'", container->name);
    }
    return 0;
}

static size_t count_containers(const struct value *specification)
{
    return value_count(value_get(specification, "initContainers")) +
           value_count(value_get(specification, "containers"));
}

/* The containers and volumes of one stage, behind those that are there. */
static int decode_stage(struct decoder *decoder,
                        const struct value *specification, struct error *error)
{
    decoder->specification = specification;
    if (decode_volumes(decoder, error) != 0 ||
        decode_containers(decoder, "initContainers", error) != 0 ||
        decode_containers(decoder, "containers", error) != 0)
        return -1;
    decoder->later = true;
    return 0;
}

struct pod *pod_decode(struct arena *arena, const struct plan *plan,
                       struct error *error)
{
    struct pod *pod = arena_allocate(arena, sizeof *pod);
    struct decoder decoder = {.arena = arena, .plan = plan, .pod = pod};
    const struct plan_stage only = {.pod = plan->pod};
    const struct plan_stage *stages = plan->workspace ? plan->stages : &only;
    size_t stage_count = plan->workspace ? plan->stage_count : 1;
    size_t count = 0;
    for (size_t i = 0; i < stage_count; i++)
        count += count_containers(stages[i].pod);
    if (value_count(value_get(plan->pod, "containers")) == 0 ||
        count > POD_CONTAINER_LIMIT) {
        error_set(error, ERROR_SYSTEM,
                  "the pod has %zu containers, expected 1 to %d", count,
                  POD_CONTAINER_LIMIT);
        return NULL;
    }
    pod->specification = plan->pod;
    pod->staged = plan->workspace != NULL;
    pod->initial_count =
        pod->staged ? count - 1
                    : value_count(value_get(plan->pod, "initContainers"));
    pod->containers = arena_allocate(arena, count * sizeof *pod->containers);
    for (size_t i = 0; i < stage_count; i++)
        if (decode_stage(&decoder, stages[i].pod, error) != 0)
            return NULL;
    return pod;
}

int pod_require_commands(const struct pod *pod, struct error *error)
{
    for (size_t i = 0; i < pod->container_count; i++)
        if (pod->containers[i].image_command)
            return error_set(error, ERROR_SYSTEM,
                             "container '%s': it has no command but its "
                             "image's own, and images are not used on this "
                             "machine; give the step 'shell' or "
                             "'run.command'",
                             pod->containers[i].name);
    return 0;
}
