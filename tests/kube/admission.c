/* A pod and its namespace in, a complete pod or a refusal out. */
#include "tests/kube/admission.h"

#include <string.h>

#include "tests/kube/pod_security.h"
#include "tests/kube/tree.h"

#define LEVEL_LABEL  "pod-security.kubernetes.io/enforce"
#define TOKEN_FOLDER "/var/run/secrets/kubernetes.io/serviceaccount"
#define TOKEN_VOLUME "kube-api-access"
#define ROOT_MAP     "kube-root-ca.crt"

/* What of the namespace's standard the pod breaks, or NULL. */
static const char *judge_security(struct arena *arena,
                                  const struct cluster *cluster,
                                  const struct value *pod)
{
    const char *name = value_string(value_path(pod, "metadata.namespace"));
    const struct object *home =
        store_find(&cluster->store, discovery_find("", "v1", "namespaces"), "",
                   name ? name : "");
    const char *level = value_string_at(
        value_path(home ? home->value : NULL, "metadata.labels"), LEVEL_LABEL);
    return level ? pod_security_judge(arena, pod, level) : NULL;
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
