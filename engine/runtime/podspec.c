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
#include "engine/runtime/podvolume.h"
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
        if (!volume || podvolume_decode(decoder->arena, decoder->plan,
                                        specification, volume, error) != 0)
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
    if (!mount->path || !podvolume_path_is_clean(mount->path, true) ||
        !mount->path[1])
        return error_set(error, ERROR_SYSTEM,
                         "volume '%s' cannot be mounted at '%s': not an "
                         "absolute path without '.' and '..'",
                         name, mount->path ? mount->path : "");
    size_t length = strlen(mount->path);
    if (mount->path[length - 1] == '/')
        mount->path = arena_copy(decoder->arena, mount->path, length - 1);
    if (mount->sub_path && mount->sub_path[0] == '\0')
        mount->sub_path = NULL;
    if (mount->sub_path && !podvolume_path_is_clean(mount->sub_path, false))
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
    if (!podvolume_path_is_clean(container->termination, true))
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
