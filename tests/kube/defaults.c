/* Tables of members with their defaults, and what follows from other members. */
#include "tests/kube/defaults.h"

#include <string.h>

#include "engine/base/base64.h"
#include "engine/base/random.h"
#include "tests/kube/tree.h"

/* A member and its default, as JSON. */
struct default_member {
    const char *name, *json;
};

static const struct default_member pod_members[] = {
    {"restartPolicy", "\"Always\""},
    {"terminationGracePeriodSeconds", "30"},
    {"dnsPolicy", "\"ClusterFirst\""},
    {"schedulerName", "\"default-scheduler\""},
    {"securityContext", "{}"},
};

/* Of a pod alone, not of a template. */
static const struct default_member admitted_members[] = {
    {"serviceAccountName", "\"default\""},
    {"serviceAccount", "\"default\""},
    {"enableServiceLinks", "true"},
    {"preemptionPolicy", "\"PreemptLowerPriority\""},
    {"priority", "0"},
};

static const struct default_member container_members[] = {
    {"resources", "{}"},
    {"terminationMessagePath", "\"/dev/termination-log\""},
    {"terminationMessagePolicy", "\"File\""},
};

static const struct default_member job_members[] = {
    {"parallelism", "1"},
    {"completions", "1"},
    {"backoffLimit", "6"},
    {"completionMode", "\"NonIndexed\""},
    {"suspend", "false"},
    {"manualSelector", "false"},
    {"podReplacementPolicy", "\"TerminatingOrFailed\""},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void fill(struct arena *arena, struct value *map,
                 const struct default_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct error ignored = {0};
        tree_default(arena, map, members[i].name,
                     value_read_json(arena, members[i].json,
                                     strlen(members[i].json), &ignored));
    }
}

/* Always for :latest and for no tag, as the API has it. */
static const char *find_pull_policy(const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *colon = strrchr(slash ? slash : image, ':');
    bool latest = !colon || strcmp(colon, ":latest") == 0;
    return latest && !strchr(image, '@') ? "Always" : "IfNotPresent";
}

static void fill_containers(struct arena *arena, const struct value *list)
{
    for (size_t i = 0; i < value_count(list); i++) {
        struct value *container = value_item(list, i);
        const char *image = value_string_at(container, "image");
        if (!value_is(container, VALUE_MAP))
            continue;
        fill(arena, container, container_members, LENGTH(container_members));
        tree_default_string(arena, container, "imagePullPolicy",
                            find_pull_policy(image ? image : ""));
    }
}

static void fill_volumes(struct arena *arena, const struct value *list)
{
    for (size_t i = 0; i < value_count(list); i++) {
        struct value *volume = value_item(list, i);
        static const char *const kinds[] = {"configMap", "secret"};
        for (size_t k = 0; k < LENGTH(kinds); k++) {
            struct value *source = value_get(volume, kinds[k]);
            if (value_is(source, VALUE_MAP))
                tree_default(arena, source, "defaultMode",
                             value_make_int(arena, 0644));
        }
        if (value_is(volume, VALUE_MAP) && value_count(volume) == 1)
            value_set(arena, volume, "emptyDir", value_make_map(arena));
    }
}

static void fill_pod(struct arena *arena, struct value *pod)
{
    if (!value_is(pod, VALUE_MAP))
        return;
    fill(arena, pod, pod_members, LENGTH(pod_members));
    fill_containers(arena, value_get(pod, "initContainers"));
    fill_containers(arena, value_get(pod, "containers"));
    fill_volumes(arena, value_get(pod, "volumes"));
}

static const char *make_uid(struct arena *arena)
{
    char digits[33];
    random_hex(digits, 32);
    return arena_format(arena, "%.8s-%.4s-4%.3s-a%.3s-%.12s", digits,
                        digits + 8, digits + 13, digits + 17, digits + 20);
}

/* The labels by which a Job knows its pods. */
static void fill_job(struct arena *arena, struct value *job)
{
    struct value *metadata = value_get(job, "metadata");
    struct value *specification = tree_map(arena, job, "spec");
    struct value *pods = tree_map(arena, specification, "template");
    struct value *labels =
        tree_map(arena, tree_map(arena, pods, "metadata"), "labels");
    const char *name = value_string_at(metadata, "name");
    const char *uid = make_uid(arena);
    value_set_string(arena, metadata, "uid", uid);
    fill(arena, specification, job_members, LENGTH(job_members));
    value_set_string(arena, labels, "batch.kubernetes.io/controller-uid", uid);
    value_set_string(arena, labels, "batch.kubernetes.io/job-name", name);
    value_set_string(arena, labels, "controller-uid", uid);
    value_set_string(arena, labels, "job-name", name);
    struct value *selector = tree_map(
        arena, tree_map(arena, specification, "selector"), "matchLabels");
    value_set_string(arena, selector, "batch.kubernetes.io/controller-uid",
                     uid);
    value_set(arena, metadata, "generation", value_make_int(arena, 1));
    fill_pod(arena, tree_map(arena, pods, "spec"));
    value_set(arena, job, "status", value_make_map(arena));
}

static void fill_secret(struct arena *arena, struct value *secret)
{
    const struct value *plain = value_get(secret, "stringData");
    tree_default_string(arena, secret, "type", "Opaque");
    if (!value_is(plain, VALUE_MAP))
        return;
    struct value *data = tree_map(arena, secret, "data");
    for (size_t i = 0; i < plain->map.count; i++) {
        const struct member *member = &plain->map.members[i];
        if (!value_is(member->value, VALUE_STRING))
            continue;
        const char *encoded = base64_encode(arena, member->value->string.bytes,
                                            member->value->string.length);
        value_set_string(arena, data, member->name, encoded);
    }
    tree_drop(arena, secret, "stringData");
}

/* A claim gets a volume of the size that it asks for, at once. */
static void fill_claim(struct arena *arena, struct value *claim)
{
    struct value *specification = tree_map(arena, claim, "spec");
    struct value *status = tree_map(arena, claim, "status");
    const struct value *wanted =
        value_path(specification, "resources.requests");
    const struct value *modes = value_get(specification, "accessModes");
    tree_default_string(arena, specification, "volumeMode", "Filesystem");
    tree_default_string(arena, specification, "storageClassName", "standard");
    tree_default_string(arena, specification, "volumeName",
                        arena_format(arena, "pvc-%s", make_uid(arena)));
    tree_default_string(arena, status, "phase", "Bound");
    if (wanted)
        tree_default(arena, status, "capacity", value_copy(arena, wanted));
    if (modes)
        tree_default(arena, status, "accessModes", value_copy(arena, modes));
}

static void fill_new_pod(struct arena *arena, struct value *pod)
{
    struct value *specification = tree_map(arena, pod, "spec");
    fill_pod(arena, specification);
    fill(arena, specification, admitted_members, LENGTH(admitted_members));
    struct value *status = value_make_map(arena);
    value_set_string(arena, status, "phase", "Pending");
    value_set_string(arena, status, "qosClass", "BestEffort");
    value_set(arena, pod, "status", status);
}

void defaults_apply(struct arena *arena, const struct resource *resource,
                    struct value *object)
{
    static const struct {
        const char *kind;
        void (*fill)(struct arena *arena, struct value *object);
    } kinds[] = {
        {"Job", fill_job},
        {"Pod", fill_new_pod},
        {"Secret", fill_secret},
        {"PersistentVolumeClaim", fill_claim},
    };
    for (size_t i = 0; i < LENGTH(kinds); i++)
        if (strcmp(kinds[i].kind, resource->kind) == 0)
            kinds[i].fill(arena, object);
}
