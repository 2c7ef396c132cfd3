/*
 * A pod and its namespace in, a complete pod or a refusal out. The pod security
 * standards are a table of checks; the texts are those of a real server.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
#include "tests/kube/admission.h"

#include <string.h>

#include "engine/base/text.h"
#include "tests/kube/tree.h"

#define LEVEL_LABEL  "pod-security.kubernetes.io/enforce"
#define TOKEN_FOLDER "/var/run/secrets/kubernetes.io/serviceaccount"
#define TOKEN_VOLUME "kube-api-access"
#define ROOT_MAP     "kube-root-ca.crt"

/* A member of the container's security context, or else of the pod's. */
static const struct value *find_member(const struct value *pod,
                                       const struct value *container,
                                       const char *path)
{
    const struct value *own =
        value_path(value_get(container, "securityContext"), path);
    return own ? own
               : value_path(value_path(pod, "spec.securityContext"), path);
}

static bool escalates(const struct value *pod, const struct value *container)
{
    (void)pod;
    return value_bool_or(
        value_path(container, "securityContext.allowPrivilegeEscalation"),
        true);
}

static bool keeps_capabilities(const struct value *pod,
                               const struct value *container)
{
    (void)pod;
    return !tree_holds(
        value_path(container, "securityContext.capabilities.drop"), "ALL");
}

static bool may_be_root(const struct value *pod, const struct value *container)
{
    return !value_bool_or(find_member(pod, container, "runAsNonRoot"), false);
}

static bool is_root(const struct value *pod, const struct value *container)
{
    return value_int_or(find_member(pod, container, "runAsUser"), -1) == 0;
}

static bool has_no_profile(const struct value *pod,
                           const struct value *container)
{
    const char *type =
        value_string(find_member(pod, container, "seccompProfile.type"));
    return !type || (strcmp(type, "RuntimeDefault") != 0 &&
                     strcmp(type, "Localhost") != 0);
}

static bool is_privileged(const struct value *pod,
                          const struct value *container)
{
    (void)pod;
    return value_bool_or(value_path(container, "securityContext.privileged"),
                         false);
}

static bool uses_host(const struct value *pod, const struct value *container)
{
    static const char *const members[] = {"spec.hostNetwork", "spec.hostPID",
                                          "spec.hostIPC"};
    const struct value *volumes = value_path(pod, "spec.volumes");
    (void)container;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (value_bool_or(value_path(pod, members[i]), false))
            return true;
    for (size_t i = 0; i < value_count(volumes); i++)
        if (value_get(value_item(volumes, i), "hostPath"))
            return true;
    return false;
}

/* What the two standards forbid, and how it is said; %s is the container. */
static const struct {
    bool baseline; /* forbidden by both */
    bool (*breaks)(const struct value *pod, const struct value *container);
    const char *what, *before, *after;
} standards[] = {
    {true, is_privileged, "privileged", "container",
     "must not set securityContext.privileged=true"},
    {true, uses_host, "host namespaces or hostPath volumes", "pod of container",
     "must not use the host's"},
    {false, escalates, "allowPrivilegeEscalation != false", "container",
     "must set securityContext.allowPrivilegeEscalation=false"},
    {false, keeps_capabilities, "unrestricted capabilities", "container",
     "must set securityContext.capabilities.drop=[\"ALL\"]"},
    {false, may_be_root, "runAsNonRoot != true", "pod or container",
     "must set securityContext.runAsNonRoot=true"},
    {false, is_root, "runAsUser=0", "pod or container",
     "must not set runAsUser=0"},
    {false, has_no_profile, "seccompProfile", "pod or container",
     "must set securityContext.seccompProfile.type to \"RuntimeDefault\" or "
     "\"Localhost\""},
};

static void judge_container(const struct value *pod,
                            const struct value *container, bool restricted,
                            struct text *found)
{
    const char *name = value_string_at(container, "name");
    for (size_t i = 0; i < sizeof standards / sizeof *standards; i++)
        if ((restricted || standards[i].baseline) &&
            standards[i].breaks(pod, container))
            text_append_format(found, "%s%s (%s \"%s\" %s)",
                               found->length ? ", " : "", standards[i].what,
                               standards[i].before, name ? name : "",
                               standards[i].after);
}

/* What of the namespace's standard the pod breaks, or NULL. */
static const char *judge_security(struct arena *arena,
                                  const struct cluster *cluster,
                                  const struct value *pod)
{
    static const char *const lists[] = {"spec.initContainers",
                                        "spec.containers"};
    CLEANUP(text_free) struct text found = {0};
    const char *name = value_string(value_path(pod, "metadata.namespace"));
    const struct object *home =
        store_find(&cluster->store, discovery_find("", "v1", "namespaces"), "",
                   name ? name : "");
    const char *level = value_string_at(
        value_path(home ? home->value : NULL, "metadata.labels"), LEVEL_LABEL);
    if (!level || strcmp(level, "privileged") == 0)
        return NULL;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct value *list = value_path(pod, lists[i]);
        for (size_t k = 0; k < value_count(list); k++)
            judge_container(pod, value_item(list, k),
                            strcmp(level, "restricted") == 0, &found);
    }
    return found.length
               ? arena_format(arena, "violates PodSecurity \"%s:latest\": %s",
                              level, text_string(&found))
               : NULL;
}

static struct value *make_item(struct arena *arena, const char *key,
                               const char *path)
{
    struct value *item = value_make_map(arena);
    value_set_string(arena, item, "key", key);
    value_set_string(arena, item, "path", path);
    return item;
}

/* The volume with token, certificate and namespace. */
static struct value *make_volume(struct arena *arena)
{
    static const char document[] =
        "{\"name\": \"" TOKEN_VOLUME "\", \"projected\": {\"defaultMode\": "
        "420, \"sources\": [{\"serviceAccountToken\": {\"expirationSeconds\": "
        "3607, \"path\": \"token\"}}, {\"configMap\": {\"name\": \"" ROOT_MAP
        "\", \"items\": []}}, {\"downwardAPI\": {\"items\": [{\"path\": "
        "\"namespace\", \"fieldRef\": {\"apiVersion\": \"v1\", "
        "\"fieldPath\": \"metadata.namespace\"}}]}}]}}";
    struct error ignored = {0};
    struct value *volume =
        value_read_json(arena, document, sizeof document - 1, &ignored);
    const struct value *sources = value_path(volume, "projected.sources");
    value_append(arena, value_path(value_item(sources, 1), "configMap.items"),
                 make_item(arena, "ca.crt", "ca.crt"));
    return volume;
}

static struct value *list_of(struct arena *arena, struct value *map,
                             const char *name)
{
    struct value *list = value_get(map, name);
    if (!value_is(list, VALUE_LIST)) {
        list = value_make_list(arena);
        value_set(arena, map, name, list);
    }
    return list;
}

static void mount_token(struct arena *arena, struct value *pod)
{
    static const char *const lists[] = {"initContainers", "containers"};
    struct value *specification = value_get(pod, "spec");
    value_append(arena, list_of(arena, specification, "volumes"),
                 make_volume(arena));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct value *list = value_get(specification, lists[i]);
        for (size_t k = 0; k < value_count(list); k++) {
            struct value *mount = value_make_map(arena);
            value_set_string(arena, mount, "name", TOKEN_VOLUME);
            value_set_string(arena, mount, "mountPath", TOKEN_FOLDER);
            value_set(arena, mount, "readOnly", value_make_bool(arena, true));
            value_append(arena,
                         list_of(arena, value_item(list, k), "volumeMounts"),
                         mount);
        }
    }
}

/* Whether the pod, or else its service account, wants the token. */
static bool wants_token(const struct value *pod, const struct value *account)
{
    const struct value *own =
        value_path(pod, "spec.automountServiceAccountToken");
    const struct value *shared =
        value_get(account, "automountServiceAccountToken");
    return value_bool_or(own ? own : shared, true);
}

const char *admission_check(struct arena *arena, const struct cluster *cluster,
                            struct value *pod)
{
    const char *home = value_string(value_path(pod, "metadata.namespace"));
    const char *name = value_string(value_path(pod, "spec.serviceAccountName"));
    const struct object *account =
        store_find(&cluster->store, discovery_find("", "v1", "serviceaccounts"),
                   home ? home : "", name ? name : "default");
    if (!account)
        return arena_format(arena,
                            "error looking up service account %s/%s: "
                            "serviceaccount \"%s\" not found",
                            home ? home : "", name ? name : "default",
                            name ? name : "default");
    if (wants_token(pod, account->value))
        mount_token(arena, pod);
    return judge_security(arena, cluster, pod);
}

/* Stores an object with a name and nothing else but `data`. */
static void furnish(struct cluster *cluster, const char *plural,
                    const char *namespace_name, const char *name,
                    const char *data)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct resource *resource = discovery_find("", "v1", plural);
    if (store_find(&cluster->store, resource, namespace_name, name))
        return;
    struct value *object = value_make_map(arena);
    struct value *metadata = tree_map(arena, object, "metadata");
    value_set_string(arena, object, "apiVersion", "v1");
    value_set_string(arena, object, "kind", resource->kind);
    value_set_string(arena, metadata, "name", name);
    value_set_string(arena, metadata, "namespace", namespace_name);
    if (data)
        value_set_string(arena, tree_map(arena, object, "data"), "ca.crt",
                         data);
    store_put(&cluster->store, resource, object);
}

void admission_furnish(struct cluster *cluster, const char *namespace_name)
{
    furnish(cluster, "serviceaccounts", namespace_name, "default", NULL);
    furnish(cluster, "configmaps", namespace_name, ROOT_MAP,
            cluster->authority ? cluster->authority : "");
}
