/*
 * Three things in tables: which fields the kinds have that the client writes,
 * which of them must be there, and which must not change. A table is a list of
 * names; `name:Table` is a map, `name:*Table` a list of maps.
 */
#include "tests/kube/validation.h"

#include <string.h>

#include "engine/base/text.h"
#include "tests/kube/pod_rules.h"
#include "tests/kube/tree.h"

enum { NAME_LIMIT = 253, LABEL_LIMIT = 63 };

static const struct {
    const char *name, *fields;
} shapes[] = {
    {"Job", "apiVersion kind metadata:Meta spec:JobSpec status"},
    {"Pod", "apiVersion kind metadata:Meta spec:PodSpec status"},
    {"ConfigMap", "apiVersion kind metadata:Meta data binaryData immutable"},
    {"Secret", "apiVersion kind metadata:Meta data stringData immutable "
               "type"},
    {"Meta", "name generateName namespace labels annotations uid "
             "resourceVersion generation creationTimestamp "
             "deletionTimestamp deletionGracePeriodSeconds finalizers "
             "ownerReferences:*Owner managedFields selfLink"},
    {"Owner", "apiVersion kind name uid controller blockOwnerDeletion"},
    {"JobSpec", "activeDeadlineSeconds backoffLimit backoffLimitPerIndex "
                "completionMode completions managedBy manualSelector "
                "maxFailedIndexes parallelism podFailurePolicy "
                "podReplacementPolicy selector successPolicy suspend "
                "template:PodTemplate ttlSecondsAfterFinished"},
    {"PodTemplate", "metadata:Meta spec:PodSpec"},
    {"PodSpec", "activeDeadlineSeconds affinity "
                "automountServiceAccountToken containers:*Container "
                "dnsConfig dnsPolicy enableServiceLinks "
                "ephemeralContainers hostAliases hostIPC hostNetwork "
                "hostPID hostUsers hostname imagePullSecrets "
                "initContainers:*Container nodeName nodeSelector os "
                "overhead preemptionPolicy priority priorityClassName "
                "readinessGates resourceClaims resources restartPolicy "
                "runtimeClassName schedulerName schedulingGates "
                "securityContext:PodSecurity serviceAccount "
                "serviceAccountName setHostnameAsFQDN "
                "shareProcessNamespace subdomain "
                "terminationGracePeriodSeconds tolerations "
                "topologySpreadConstraints volumes:*Volume"},
    {"Container", "args command env:*Variable envFrom:*VariableSource image "
                  "imagePullPolicy lifecycle livenessProbe name ports "
                  "readinessProbe resizePolicy resources:Resources "
                  "restartPolicy securityContext:Security startupProbe "
                  "stdin stdinOnce terminationMessagePath "
                  "terminationMessagePolicy tty volumeDevices "
                  "volumeMounts:*Mount workingDir"},
    {"Resources", "claims limits requests"},
    {"Variable", "name value valueFrom:ValueFrom"},
    {"ValueFrom", "configMapKeyRef fieldRef resourceFieldRef secretKeyRef"},
    {"VariableSource", "configMapRef prefix secretRef"},
    {"Mount", "mountPath mountPropagation name readOnly "
              "recursiveReadOnly subPath subPathExpr"},
    {"Security", "allowPrivilegeEscalation appArmorProfile capabilities "
                 "privileged procMount readOnlyRootFilesystem runAsGroup "
                 "runAsNonRoot runAsUser seLinuxOptions seccompProfile "
                 "windowsOptions"},
    {"PodSecurity", "appArmorProfile fsGroup fsGroupChangePolicy runAsGroup "
                    "runAsNonRoot runAsUser seLinuxChangePolicy "
                    "seLinuxOptions seccompProfile supplementalGroups "
                    "supplementalGroupsPolicy sysctls windowsOptions"},
    {"Volume", "awsElasticBlockStore azureDisk azureFile cephfs cinder "
               "configMap:MapVolume csi downwardAPI emptyDir ephemeral "
               "fc flexVolume flocker gcePersistentDisk gitRepo "
               "glusterfs hostPath image iscsi name nfs "
               "persistentVolumeClaim photonPersistentDisk "
               "portworxVolume projected quobyte rbd scaleIO "
               "secret:SecretVolume storageos vsphereVolume"},
    {"MapVolume", "defaultMode items name optional"},
    {"SecretVolume", "defaultMode items optional secretName"},
};

static const char *find_shape(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (strlen(shapes[i].name) == length &&
            memcmp(shapes[i].name, name, length) == 0)
            return shapes[i].fields;
    return NULL;
}

/* The entry for `name` in a list of fields: what stands behind the name, or
 * NULL. */
static const char *find_field(const char *fields, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = fields; *at;) {
        size_t entry = strcspn(at, " ");
        if (strcspn(at, ": ") == length && memcmp(at, name, length) == 0)
            return at + length;
        at += entry + (at[entry] == ' ');
    }
    return NULL;
}

static void check_fields(struct arena *arena, const char *fields,
                         const struct value *map, const char *path,
                         struct text *found);

/* Goes on below a field whose entry continues with `rest` (":*Container"). */
static void check_below(struct arena *arena, const char *rest,
                        const struct value *value, const char *path,
                        struct text *found)
{
    if (*rest != ':')
        return;
    bool list = rest[1] == '*';
    const char *name = rest + 1 + list;
    const char *fields = find_shape(name, strcspn(name, " "));
    if (!list)
        check_fields(arena, fields, value, path, found);
    for (size_t i = 0; list && i < value_count(value); i++)
        check_fields(arena, fields, value_item(value, i),
                     arena_format(arena, "%s[%zu]", path, i), found);
}

static void check_fields(struct arena *arena, const char *fields,
                         const struct value *map, const char *path,
                         struct text *found)
{
    if (!value_is(map, VALUE_MAP))
        return;
    for (size_t i = 0; i < map->map.count; i++) {
        const struct member *member = &map->map.members[i];
        const char *below =
            arena_format(arena, "%s%s%s", path, *path ? "." : "", member->name);
        const char *rest = find_field(fields, member->name);
        if (rest)
            check_below(arena, rest, member->value, below, found);
        else
            text_append_format(found, "%sunknown field \"%s\"",
                               found->length ? ", " : "", below);
    }
}

const char *validation_unknown(struct arena *arena,
                               const struct resource *resource,
                               const struct value *object)
{
    CLEANUP(text_free) struct text found = {0};
    const char *fields = find_shape(resource->kind, strlen(resource->kind));
    if (fields)
        check_fields(arena, fields, object, "", &found);
    return found.length ? arena_string(arena, text_string(&found)) : NULL;
}

/* What the checks below collect. */
struct judge {
    struct arena *arena;
    struct value *causes;
};

static void add(struct judge *judge, const char *reason, const char *field,
                const char *message)
{
    struct value *cause = value_make_map(judge->arena);
    value_set_string(judge->arena, cause, "reason", reason);
    value_set_string(judge->arena, cause, "message", message);
    value_set_string(judge->arena, cause, "field", field);
    value_append(judge->arena, judge->causes, cause);
}

static void require(struct judge *judge, const char *path,
                    const struct value *value)
{
    if (!value || (value_is(value, VALUE_STRING) && value->string.length == 0))
        add(judge, "FieldValueRequired", path, "Required value");
}

/* Lower-case letters, digits, and in between - and, in names, dots. */
static bool is_name(const char *text, const char *between, size_t limit)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t length = strlen(text);
    if (length == 0 || length > limit || strspn(text, letters) == 0 ||
        !strchr(letters, text[length - 1]))
        return false;
    for (const char *c = text; *c; c++)
        if (!strchr(letters, *c) && !strchr(between, *c))
            return false;
    return true;
}

static void check_name(struct judge *judge, const struct resource *resource,
                       const struct value *object)
{
    const char *name = value_string(value_path(object, "metadata.name"));
    bool label = strcmp(resource->kind, "Job") == 0 ||
                 strcmp(resource->kind, "Namespace") == 0;
    size_t limit = label ? LABEL_LIMIT : NAME_LIMIT;
    if (name && is_name(name, "-.", limit))
        return;
    if (name && strlen(name) > limit)
        add(judge, "FieldValueTooLong", "metadata.name",
            arena_format(judge->arena,
                         "Invalid value: \"%s\": must be no more than %zu "
                         "characters",
                         name, limit));
    else
        add(judge, "FieldValueInvalid", "metadata.name",
            arena_format(
                judge->arena,
                "Invalid value: \"%s\": a lowercase RFC 1123 subdomain must "
                "consist of lower case alphanumeric characters, '-' or '.', "
                "and must start and end with an alphanumeric character",
                name ? name : ""));
}

static void check_mounts(struct judge *judge, const struct value *pod,
                         const struct value *container, const char *path)
{
    const struct value *mounts = value_get(container, "volumeMounts");
    for (size_t i = 0; i < value_count(mounts); i++) {
        const char *at =
            arena_format(judge->arena, "%s.volumeMounts[%zu]", path, i);
        const struct value *mount = value_item(mounts, i);
        const char *name = value_string_at(mount, "name");
        require(judge, arena_format(judge->arena, "%s.mountPath", at),
                value_get(mount, "mountPath"));
        if (!tree_entry(value_get(pod, "volumes"), "name", name ? name : ""))
            add(judge, "FieldValueNotFound",
                arena_format(judge->arena, "%s.name", at),
                arena_format(judge->arena, "Not found: \"%s\"",
                             name ? name : ""));
    }
}

static void check_containers(struct judge *judge, const struct value *pod,
                             const char *path, const char *member)
{
    const struct value *list = value_get(pod, member);
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *container = value_item(list, i);
        const char *at =
            arena_format(judge->arena, "%s.%s[%zu]", path, member, i);
        const char *name = value_string_at(container, "name");
        require(judge, arena_format(judge->arena, "%s.name", at),
                value_get(container, "name"));
        require(judge, arena_format(judge->arena, "%s.image", at),
                value_get(container, "image"));
        if (name && *name && !is_name(name, "-", LABEL_LIMIT))
            add(judge, "FieldValueInvalid",
                arena_format(judge->arena, "%s.name", at),
                arena_format(judge->arena,
                             "Invalid value: \"%s\": a lowercase RFC 1123 "
                             "label must consist of lower case alphanumeric "
                             "characters or '-'",
                             name));
        if (name && tree_entry(list, "name", name) != container)
            add(judge, "FieldValueDuplicate",
                arena_format(judge->arena, "%s.name", at),
                arena_format(judge->arena, "Duplicate value: \"%s\"", name));
        check_mounts(judge, pod, container, at);
    }
}

static void check_pod(struct judge *judge, const struct value *pod,
                      const char *path)
{
    const struct value *containers = value_get(pod, "containers");
    pod_rules_check(judge->arena, pod, path, judge->causes);
    require(judge, arena_format(judge->arena, "%s.containers", path),
            value_count(containers) ? containers : NULL);
    check_containers(judge, pod, path, "initContainers");
    check_containers(judge, pod, path, "containers");
}

static void check_job(struct judge *judge, const struct value *job)
{
    static const char path[] = "spec.template.spec";
    const struct value *pod = value_path(job, path);
    const char *policy = value_string_at(pod, "restartPolicy");
    if (!policy || strcmp(policy, "Always") == 0)
        add(judge, "FieldValueNotSupported", "spec.template.spec.restartPolicy",
            arena_format(judge->arena,
                         "Unsupported value: \"%s\": supported values: "
                         "\"OnFailure\", \"Never\"",
                         policy ? policy : ""));
    check_pod(judge, pod, path);
}

/* The fields of a kind that no update may change. */
static const struct {
    const char *kind, *path;
} constants[] = {
    {"Job", "spec.template"},       {"Job", "spec.selector"},
    {"Job", "spec.completionMode"}, {"Pod", "spec.volumes"},
    {"Pod", "spec.restartPolicy"},  {"Pod", "spec.nodeName"},
};

static bool is_equal(const struct value *a, const struct value *b)
{
    return a == b || (a && b && value_equal(a, b));
}

/* A Job's template may change while it is suspended and has not run. */
static bool may_change(const char *kind, const char *path,
                       const struct value *before)
{
    return strcmp(kind, "Job") == 0 && strcmp(path, "spec.template") == 0 &&
           value_bool_or(value_path(before, "spec.suspend"), false) &&
           !value_path(before, "status.startTime");
}

static void check_constants(struct judge *judge,
                            const struct resource *resource,
                            const struct value *object,
                            const struct value *before)
{
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        const char *path = constants[i].path;
        if (strcmp(constants[i].kind, resource->kind) != 0 ||
            is_equal(value_path(object, path), value_path(before, path)) ||
            may_change(resource->kind, path, before))
            continue;
        add(judge, "FieldValueInvalid", path,
            "Invalid value: field is immutable");
    }
}

static void check_data(struct judge *judge, const struct value *object,
                       const struct value *before)
{
    static const char *const members[] = {"data", "binaryData", "type"};
    if (!value_bool_or(value_get(before, "immutable"), false))
        return;
    if (!value_bool_or(value_get(object, "immutable"), false))
        add(judge, "FieldValueForbidden", "immutable",
            "Forbidden: field is immutable when `immutable` is set");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (!is_equal(value_get(object, members[i]),
                      value_get(before, members[i])))
            add(judge, "FieldValueForbidden", members[i],
                "Forbidden: field is immutable when `immutable` is set");
}

struct value *validation_causes(struct arena *arena,
                                const struct resource *resource,
                                const struct value *object,
                                const struct value *before)
{
    struct judge judge = {arena, value_make_list(arena)};
    check_name(&judge, resource, object);
    metadata_rules_check(arena, value_get(object, "metadata"), "metadata",
                         judge.causes);
    if (strcmp(resource->kind, "Job") == 0)
        metadata_rules_check(arena,
                             value_path(object, "spec.template.metadata"),
                             "spec.template.metadata", judge.causes);
    if (strcmp(resource->kind, "ConfigMap") == 0 ||
        strcmp(resource->kind, "Secret") == 0)
        data_rules_check(arena, object, judge.causes);
    if (strcmp(resource->kind, "Job") == 0)
        check_job(&judge, object);
    else if (strcmp(resource->kind, "Pod") == 0)
        check_pod(&judge, value_get(object, "spec"), "spec");
    if (before) {
        check_constants(&judge, resource, object, before);
        check_data(&judge, object, before);
    }
    return judge.causes;
}
