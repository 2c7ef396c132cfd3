/*
 * The pod: one container for each planned one, all started at once (gated: each
 * one's entrypoint waits for its turn) or one after another (chained). What spec.pod says is taken over, field by field
 * from a list, so that nothing gets into the pod by accident.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/plan/private.h"

static void set_bool(struct arena *arena, struct value *map, const char *name,
                     bool value)
{
    value_set(arena, map, name, value_make_bool(arena, value));
}

static struct value *mount(struct arena *arena, const char *name,
                           const char *path, bool read_only)
{
    struct value *map = value_make_map(arena);
    value_set_string(arena, map, "name", name);
    value_set_string(arena, map, "mountPath", path);
    if (read_only)
        set_bool(arena, map, "readOnly", true);
    return map;
}

/* The folders that every container shares (workflow-spec section 4). */
static const struct {
    const char *name, *path;
} shared[] = {
    {"assay-state", "/.assay/state"},
    {"assay-data", "/data"},
    {"assay-tmp", "/tmp"},
    {"assay-outputs", "/testkube"},
};

/* The pod's annotations, by which paused steps are resumed in a cluster. */
static struct value *pod_volume(struct arena *arena)
{
    struct value *field = value_make_map(arena);
    value_set_string(arena, field, "fieldPath", "metadata.annotations");
    struct value *annotations = value_make_map(arena);
    value_set_string(arena, annotations, "path", "annotations");
    value_set(arena, annotations, "fieldRef", field);
    struct value *files = value_make_list(arena);
    value_append(arena, files, annotations);
    struct value *source = value_make_map(arena);
    value_set(arena, source, "items", files);
    struct value *volume = value_make_map(arena);
    value_set_string(arena, volume, "name", "assay-pod");
    value_set(arena, volume, "downwardAPI", source);
    return volume;
}

static struct value *empty_volume(struct arena *arena, const char *name)
{
    struct value *volume = value_make_map(arena);
    value_set_string(arena, volume, "name", name);
    value_set(arena, volume, "emptyDir", value_make_map(arena));
    return volume;
}

/* What the stages share instead of emptyDirs: folders of one claim. */
static struct value *workspace_volume(struct planning *planning)
{
    struct arena *arena = planning->arena;
    struct value *claim = value_make_map(arena);
    value_set_string(arena, claim, "claimName", planning->workspace);
    struct value *volume = value_make_map(arena);
    value_set_string(arena, volume, "name", PLAN_WORKSPACE);
    value_set(arena, volume, "persistentVolumeClaim", claim);
    return volume;
}

static struct value *shared_mount(struct planning *planning, const char *name,
                                  const char *path)
{
    struct arena *arena = planning->arena;
    if (!planning->staged)
        return mount(arena, name, path, false);
    struct value *made = mount(arena, PLAN_WORKSPACE, path, false);
    value_set_string(arena, made, "subPath", name);
    return made;
}

static struct value *make_volumes(struct planning *planning, const char *name)
{
    struct arena *arena = planning->arena;
    struct value *list = value_make_list(arena);
    struct value *program = value_make_map(arena);
    value_set_string(arena, program, "name",
                     arena_format(arena, "assay-entrypoint-%.12s",
                                  plan_entrypoint_digest()));
    value_set(arena, program, "defaultMode", value_make_int(arena, 0555));
    struct value *run = value_make_map(arena);
    value_set_string(arena, run, "name", name);
    if (value_count(planning->files) > 0)
        value_set(arena, run, "items", planning->file_items);
    struct value *volume = value_make_map(arena);
    value_set_string(arena, volume, "name", "assay-bin");
    value_set(arena, volume, "configMap", program);
    value_append(arena, list, volume);
    volume = value_make_map(arena);
    value_set_string(arena, volume, "name", "assay-run");
    value_set(arena, volume, "configMap", run);
    value_append(arena, list, volume);
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        if (!planning->staged)
            value_append(arena, list, empty_volume(arena, shared[i].name));
    if (planning->staged)
        value_append(arena, list, workspace_volume(planning));
    if (planning->paused)
        value_append(arena, list, pod_volume(arena));
    for (size_t i = 0; i < value_count(planning->content_volumes); i++)
        value_append(arena, list, planning->content_volumes->list.items[i]);
    const struct value *own =
        value_path(planning->workflow->resolved, "spec.pod.volumes");
    for (size_t i = 0; i < value_count(own); i++)
        value_append(arena, list,
                     names_static_value(planning, own->list.items[i]));
    return list;
}

/* Whether the workflow puts a volume of its own at that path. */
static bool is_taken(const struct container_settings *settings,
                     const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < value_count(settings->mounts); i++) {
        const char *own =
            value_string_at(value_item(settings->mounts, i), "mountPath");
        if (own && strncmp(own, path, length) == 0 &&
            strspn(own + length, "/") == strlen(own + length))
            return true;
    }
    return false;
}

static struct value *make_mounts(struct planning *planning,
                                 const struct container_settings *settings)
{
    struct arena *arena = planning->arena;
    struct value *list = value_make_list(arena);
    value_append(arena, list, mount(arena, "assay-bin", "/.assay/bin", true));
    value_append(arena, list, mount(arena, "assay-run", "/.assay/run", true));
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        if (!is_taken(settings, shared[i].path))
            value_append(
                arena, list,
                shared_mount(planning, shared[i].name, shared[i].path));
    if (planning->paused)
        value_append(arena, list,
                     mount(arena, "assay-pod", "/.assay/pod", true));
    for (size_t i = 0; i < value_count(settings->mounts); i++)
        value_append(
            arena, list,
            names_static_value(planning, settings->mounts->list.items[i]));
    return list;
}

struct value *plan_secret_variable(struct planning *planning,
                                   const char *variable, const char *secret,
                                   const char *key)
{
    struct arena *arena = planning->arena;
    struct value *reference = value_make_map(arena);
    value_set_string(arena, reference, "name", secret);
    value_set_string(arena, reference, "key", key);
    struct value *from = value_make_map(arena);
    value_set(arena, from, "secretKeyRef", reference);
    struct value *entry = value_make_map(arena);
    value_set_string(arena, entry, "name", variable);
    value_set(arena, entry, "valueFrom", from);
    return entry;
}

static struct value *make_variables(struct planning *planning,
                                    const struct planned_container *container,
                                    const char *object)
{
    struct arena *arena = planning->arena;
    struct value *list = value_make_list(arena);
    value_append(
        arena, list,
        plan_secret_variable(planning, "ASSAY_TOKEN", object, "token"));
    for (size_t i = 0; i < value_count(planning->secret_map); i++) {
        const char *key = planning->secret_map->map.members[i].name;
        if (strcmp(key, "token") != 0)
            value_append(arena, list,
                         plan_secret_variable(planning, key, object, key));
    }
    for (size_t i = 0; i < value_count(planning->references); i++)
        value_append(arena, list, planning->references->list.items[i]);
    for (size_t i = 0; i < value_count(container->variables); i++)
        value_append(arena, list, container->variables->list.items[i]);
    return list;
}

/* A number in place of a text, where that was written. */
static void set_number(struct arena *arena, struct value *map, const char *name,
                       int64_t number)
{
    struct value *made = value_make_int(arena, number);
    made->mark = value_get(map, name)->mark;
    value_set(arena, map, name, made);
}

/* Fields that Kubernetes wants as numbers and workflows may write as texts. */
static void make_numbers(struct arena *arena, struct value *context)
{
    static const char *const names[] = {"runAsUser", "runAsGroup", "fsGroup"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = value_string_at(context, names[i]);
        char *end;
        if (!text || text[0] == '\0')
            continue;
        long long number = strtoll(text, &end, 10);
        if (*end == '\0')
            set_number(arena, context, names[i], number);
    }
}

static struct value *make_security(struct planning *planning,
                                   const struct value *source)
{
    struct arena *arena = planning->arena;
    struct value *context =
        source ? names_static_value(planning, source) : value_make_map(arena);
    make_numbers(arena, context);
    return context;
}

/* The last container of its pod. */
static bool is_last(const struct planning *planning, size_t index)
{
    return index + 1 == planning->container_count ||
           planning->containers[index + 1].stage !=
               planning->containers[index].stage;
}

/* Of a chain, only the last entrypoint tells the verdict by its exit code. What
 * runs without one behind it must not start after a failure, so that the one
 * before it tells. */
static bool is_quiet(const struct planning *planning, size_t index)
{
    return planning->chained && !is_last(planning, index) &&
           !planning->containers[index + 1].bare;
}

static void set_entrypoint(struct planning *planning, struct value *made,
                           size_t index)
{
    struct arena *arena = planning->arena;
    const char *const command[] = {
        "/.assay/bin/entrypoint",
        "--run",
        "/.assay/run/run.json",
        "--container",
        arena_format(arena, "%zu", index),
        "--state",
        "/.assay/state",
        "--termination",
        "/dev/termination-log",
    };
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < sizeof command / sizeof *command; i++)
        value_append(arena, list, value_make_string(arena, command[i]));
    if (is_quiet(planning, index))
        value_append(arena, list, value_make_string(arena, "--chained"));
    value_set(arena, made, "command", list);
}

/* What runs its image's own command, behind the entrypoints or alone. */
static void set_bare(struct planning *planning, struct value *made,
                     const struct container_settings *settings,
                     const char *object)
{
    struct arena *arena = planning->arena;
    value_set(arena, made, "env",
              environment_plain(planning, settings->environment, object));
    if (settings->args)
        value_set(arena, made, "args",
                  names_static_value(planning, settings->args));
    const char *directory = settings->working_directory;
    if (directory && directory[0] != '\0')
        value_set_string(
            arena, made, "workingDir",
            names_static_text(planning, value_make_string(arena, directory)));
}

/* Sources of variables; what is missing in the cluster is no variable. */
static struct value *make_sources(struct planning *planning,
                                  const struct value *sources)
{
    static const char *const kinds[] = {"configMapRef", "secretRef"};
    struct arena *arena = planning->arena;
    struct value *list = names_static_value(planning, sources);
    for (size_t i = 0; i < value_count(list); i++)
        for (size_t j = 0; j < sizeof kinds / sizeof *kinds; j++) {
            struct value *reference = value_get(value_item(list, i), kinds[j]);
            if (value_is(reference, VALUE_MAP) &&
                !value_get(reference, "optional"))
                set_bool(arena, reference, "optional", true);
        }
    return list;
}

static struct value *make_container(struct planning *planning,
                                    const struct planned_container *container,
                                    const char *object)
{
    struct arena *arena = planning->arena;
    const struct container_settings *settings = &container->settings;
    struct value *made = value_make_map(arena);
    value_set_string(arena, made, "name",
                     arena_format(arena, "steps-%zu", container->index + 1));
    value_set(arena, made, "image", value_copy(arena, settings->image));
    value_set_string(arena, made, "imagePullPolicy",
                     settings->pull_policy
                         ? names_static_text(planning, settings->pull_policy)
                         : "IfNotPresent");
    if (container->bare)
        set_bare(planning, made, settings, object);
    else {
        set_entrypoint(planning, made, container->index);
        value_set(arena, made, "env",
                  make_variables(planning, container, object));
    }
    if (value_count(settings->environment_from) > 0)
        value_set(arena, made, "envFrom",
                  make_sources(planning, settings->environment_from));
    if (settings->resources)
        value_set(arena, made, "resources",
                  names_static_value(planning, settings->resources));
    value_set(arena, made, "securityContext",
              make_security(planning, settings->security_context));
    value_set(arena, made, "volumeMounts", make_mounts(planning, settings));
    return made;
}

/* What spec.pod may say of the pod; labels, annotations, volumes and the security
 * context are treated apart. */
static const char *const pod_fields[] = {
    "serviceAccountName", "imagePullSecrets",  "nodeSelector",
    "dnsPolicy",          "nodeName",          "hostname",
    "subdomain",          "affinity",          "tolerations",
    "hostAliases",        "priorityClassName", "priority",
    "dnsConfig",          "preemptionPolicy",  "topologySpreadConstraints",
    "schedulingGates",    "resourceClaims",    "activeDeadlineSeconds",
};

static void copy_fields(struct planning *planning, struct value *pod,
                        const struct value *source)
{
    for (size_t i = 0; i < sizeof pod_fields / sizeof *pod_fields; i++) {
        const struct value *field = value_get(source, pod_fields[i]);
        if (field)
            value_set(planning->arena, pod, pod_fields[i],
                      names_static_value(planning, field));
    }
    if (value_bool_or(value_get(source, "hostPID"), false))
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "S502",
                        value_get(source, "hostPID")->mark, NULL,
                        "'hostPID' is refused: it opens the node to the steps");
}

/* All at once, or one after another with the last one as the container. */
static void set_containers(struct planning *planning, struct value *pod,
                           const char *name, size_t stage)
{
    struct arena *arena = planning->arena;
    struct value *first = value_make_list(arena);
    struct value *containers = value_make_list(arena);
    for (size_t i = 0; i < planning->container_count; i++) {
        if (planning->containers[i].stage != stage)
            continue;
        bool last = is_last(planning, i);
        value_append(arena, planning->chained && !last ? first : containers,
                     make_container(planning, &planning->containers[i], name));
    }
    if (value_count(first) > 0)
        value_set(arena, pod, "initContainers", first);
    value_set(arena, pod, "containers", containers);
}

/* A field of the container's resources is of the first container that has the
 * volume, since a volume must say of which. */
static void settle_fields(struct planning *planning, const struct value *pod)
{
    const struct value *volumes = value_get(pod, "volumes");
    const struct value *containers = value_get(pod, "containers");
    const struct value *first = value_get(pod, "initContainers");
    if (value_count(first) > 0)
        containers = first;
    const char *name = value_string_at(value_item(containers, 0), "name");
    for (size_t i = 0; i < value_count(volumes); i++) {
        const struct value *items =
            value_path(value_item(volumes, i), "downwardAPI.items");
        struct value *field =
            value_get(value_item(items, 0), "resourceFieldRef");
        if (field && !value_get(field, "containerName"))
            value_set_string(planning->arena, field, "containerName", name);
    }
}

struct value *pod_make(struct planning *planning, const char *name,
                       size_t stage)
{
    struct arena *arena = planning->arena;
    const struct value *source =
        value_path(planning->workflow->resolved, "spec.pod");
    struct value *pod = value_make_map(arena);
    value_set_string(arena, pod, "restartPolicy", "Never");
    set_bool(arena, pod, "enableServiceLinks", false);
    set_bool(arena, pod, "automountServiceAccountToken",
             value_get(source, "serviceAccountName") != NULL);
    copy_fields(planning, pod, source);
    const struct value *given = value_get(source, "securityContext");
    struct value *context =
        given ? names_static_value(planning, given) : value_make_map(arena);
    make_numbers(arena, context);
    if (!value_get(context, "fsGroup") &&
        !value_bool_or(value_get(source, "disableFsGroupDefaulting"), false))
        value_set(arena, context, "fsGroup",
                  value_make_int(arena, PLAN_FILE_GROUP));
    value_set(arena, pod, "securityContext", context);
    set_containers(planning, pod, name, stage);
    value_set(arena, pod, "volumes", make_volumes(planning, name));
    settle_fields(planning, pod);
    return pod;
}
