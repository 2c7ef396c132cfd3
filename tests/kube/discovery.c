/*
 * One table of resources makes all discovery documents. A group has one version
 * here; groups stand together in the table.
 */
#include "tests/kube/discovery.h"

#include <string.h>

#include "engine/base/text.h"

static const struct resource resources[] = {
    {"", "v1", "namespaces", "Namespace", "ns", false, false,
     "status finalize "},
    {"", "v1", "nodes", "Node", "no", false, false, "status "},
    {"", "v1", "persistentvolumes", "PersistentVolume", "pv", false, false,
     "status "},
    {"", "v1", "configmaps", "ConfigMap", "cm", true, false, ""},
    {"", "v1", "endpoints", "Endpoints", "ep", true, false, ""},
    {"", "v1", "events", "Event", "ev", true, false, ""},
    {"", "v1", "limitranges", "LimitRange", "limits", true, false, ""},
    {"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc", true,
     false, "status "},
    {"", "v1", "pods", "Pod", "po", true, false, "eviction log status "},
    {"", "v1", "resourcequotas", "ResourceQuota", "quota", true, false,
     "status "},
    {"", "v1", "secrets", "Secret", NULL, true, false, ""},
    {"", "v1", "serviceaccounts", "ServiceAccount", "sa", true, false, ""},
    {"", "v1", "services", "Service", "svc", true, false, "status "},
    {"apps", "v1", "daemonsets", "DaemonSet", "ds", true, false, "status "},
    {"apps", "v1", "deployments", "Deployment", "deploy", true, false,
     "status "},
    {"apps", "v1", "replicasets", "ReplicaSet", "rs", true, false, "status "},
    {"apps", "v1", "statefulsets", "StatefulSet", "sts", true, false,
     "status "},
    {"authorization.k8s.io", "v1", "selfsubjectaccessreviews",
     "SelfSubjectAccessReview", NULL, false, true, ""},
    {"authorization.k8s.io", "v1", "selfsubjectrulesreviews",
     "SelfSubjectRulesReview", NULL, false, true, ""},
    {"batch", "v1", "cronjobs", "CronJob", "cj", true, false, "status "},
    {"batch", "v1", "jobs", "Job", NULL, true, false, "status "},
    {"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", NULL, true,
     false, ""},
    {"networking.k8s.io", "v1", "ingressclasses", "IngressClass", NULL, false,
     false, ""},
    {"networking.k8s.io", "v1", "ingresses", "Ingress", "ing", true, false,
     "status "},
    {"networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "netpol",
     true, false, ""},
};

enum { RESOURCES = sizeof resources / sizeof *resources };

size_t discovery_all(const struct resource **all)
{
    *all = resources;
    return RESOURCES;
}

bool discovery_has_part(const struct resource *resource, const char *part)
{
    size_t length = strlen(part);
    for (const char *at = resource->parts; *at; at += strcspn(at, " ") + 1)
        if (strcspn(at, " ") == length && memcmp(at, part, length) == 0)
            return true;
    return false;
}

const struct resource *discovery_find(const char *group, const char *version,
                                      const char *plural)
{
    for (size_t i = 0; i < RESOURCES; i++) {
        if (strcmp(resources[i].group, group) == 0 &&
            strcmp(resources[i].version, version) == 0 &&
            strcmp(resources[i].plural, plural) == 0)
            return &resources[i];
    }
    return NULL;
}

const struct resource *discovery_find_kind(const char *api_version,
                                           const char *kind)
{
    const char *slash = strchr(api_version, '/');
    const char *version = slash ? slash + 1 : api_version;
    size_t group = slash ? (size_t)(slash - api_version) : 0;
    for (size_t i = 0; i < RESOURCES; i++) {
        if (strlen(resources[i].group) == group &&
            strncmp(resources[i].group, api_version, group) == 0 &&
            strcmp(resources[i].version, version) == 0 &&
            strcmp(resources[i].kind, kind) == 0)
            return &resources[i];
    }
    return NULL;
}

const char *discovery_api_version(struct arena *arena,
                                  const struct resource *resource)
{
    if (resource->group[0] == '\0')
        return resource->version;
    return arena_format(arena, "%s/%s", resource->group, resource->version);
}

static struct value *make_document(struct arena *arena, const char *kind)
{
    struct value *document = value_make_map(arena);
    value_set_string(arena, document, "kind", kind);
    value_set_string(arena, document, "apiVersion", "v1");
    return document;
}

/* {groupVersion, version} */
static struct value *make_version(struct arena *arena,
                                  const struct resource *resource)
{
    struct value *version = value_make_map(arena);
    value_set_string(arena, version, "groupVersion",
                     discovery_api_version(arena, resource));
    value_set_string(arena, version, "version", resource->version);
    return version;
}

static void describe_group(struct arena *arena, struct value *group,
                           const struct resource *resource)
{
    struct value *versions = value_make_list(arena);
    value_append(arena, versions, make_version(arena, resource));
    value_set_string(arena, group, "name", resource->group);
    value_set(arena, group, "versions", versions);
    value_set(arena, group, "preferredVersion", make_version(arena, resource));
}

struct value *discovery_versions(struct arena *arena)
{
    struct value *document = make_document(arena, "APIVersions");
    struct value *versions = value_make_list(arena);
    value_append(arena, versions, value_make_string(arena, "v1"));
    value_set(arena, document, "versions", versions);
    value_set(arena, document, "serverAddressByClientCIDRs",
              value_make_list(arena));
    return document;
}

struct value *discovery_groups(struct arena *arena)
{
    struct value *document = make_document(arena, "APIGroupList");
    struct value *groups = value_make_list(arena);
    for (size_t i = 0; i < RESOURCES; i++) {
        if (resources[i].group[0] == '\0' ||
            strcmp(resources[i].group, resources[i - 1].group) == 0)
            continue;
        struct value *group = value_make_map(arena);
        describe_group(arena, group, &resources[i]);
        value_append(arena, groups, group);
    }
    value_set(arena, document, "groups", groups);
    return document;
}

struct value *discovery_group(struct arena *arena, const char *group)
{
    for (size_t i = 0; i < RESOURCES && group[0]; i++) {
        if (strcmp(resources[i].group, group) != 0)
            continue;
        struct value *document = make_document(arena, "APIGroup");
        describe_group(arena, document, &resources[i]);
        return document;
    }
    return NULL;
}

static struct value *make_list(struct arena *arena, const char *const *texts)
{
    struct value *list = value_make_list(arena);
    for (; *texts; texts++)
        value_append(arena, list, value_make_string(arena, *texts));
    return list;
}

static struct value *describe_resource(struct arena *arena,
                                       const struct resource *resource)
{
    static const char *const verbs[] = {"create", "delete", "deletecollection",
                                        "get",    "list",   "patch",
                                        "update", "watch",  NULL};
    static const char *const virtual_verbs[] = {"create", NULL};
    struct value *map = value_make_map(arena);
    value_set_string(arena, map, "name", resource->plural);
    value_set_string(arena, map, "singularName", "");
    value_set(arena, map, "namespaced",
              value_make_bool(arena, resource->namespaced));
    value_set_string(arena, map, "kind", resource->kind);
    value_set(arena, map, "verbs",
              make_list(arena, resource->virtual ? virtual_verbs : verbs));
    if (resource->short_name)
        value_set(arena, map, "shortNames",
                  make_list(arena,
                            (const char *const[]){resource->short_name, NULL}));
    return map;
}

/* "pods/log": what can be done with a part is not told apart. */
static void describe_parts(struct arena *arena, struct value *list,
                           const struct resource *resource)
{
    static const char *const verbs[] = {"create", "get", "patch", "update",
                                        NULL};
    for (const char *at = resource->parts; *at; at += strcspn(at, " ") + 1) {
        struct value *map = value_make_map(arena);
        value_set_string(arena, map, "name",
                         arena_format(arena, "%s/%.*s", resource->plural,
                                      (int)strcspn(at, " "), at));
        value_set_string(arena, map, "singularName", "");
        value_set(arena, map, "namespaced",
                  value_make_bool(arena, resource->namespaced));
        value_set_string(arena, map, "kind", resource->kind);
        value_set(arena, map, "verbs", make_list(arena, verbs));
        value_append(arena, list, map);
    }
}

struct value *discovery_resources(struct arena *arena, const char *group,
                                  const char *version)
{
    struct value *list = value_make_list(arena);
    const struct resource *last = NULL;
    for (size_t i = 0; i < RESOURCES; i++) {
        if (strcmp(resources[i].group, group) != 0 ||
            strcmp(resources[i].version, version) != 0)
            continue;
        last = &resources[i];
        value_append(arena, list, describe_resource(arena, last));
        describe_parts(arena, list, last);
    }
    if (!last)
        return NULL;
    struct value *document = make_document(arena, "APIResourceList");
    value_set_string(arena, document, "groupVersion",
                     discovery_api_version(arena, last));
    value_set(arena, document, "resources", list);
    return document;
}
