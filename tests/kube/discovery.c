/*
 * One table of resources makes all discovery documents. A group has one version
 * here; groups stand together in the table.
 */
#include "tests/kube/discovery.h"

#include <string.h>

#include "engine/base/text.h"

/* clang-format off */
static const struct resource resources[] = {
    {"", "v1", "namespaces",             "Namespace",             "ns",     false},
    {"", "v1", "nodes",                  "Node",                  "no",     false},
    {"", "v1", "persistentvolumes",      "PersistentVolume",      "pv",     false},
    {"", "v1", "configmaps",             "ConfigMap",             "cm",     true},
    {"", "v1", "endpoints",              "Endpoints",             "ep",     true},
    {"", "v1", "events",                 "Event",                 "ev",     true},
    {"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc",    true},
    {"", "v1", "pods",                   "Pod",                   "po",     true},
    {"", "v1", "secrets",                "Secret",                NULL,     true},
    {"", "v1", "serviceaccounts",        "ServiceAccount",        "sa",     true},
    {"", "v1", "services",               "Service",               "svc",    true},
    {"apps", "v1", "daemonsets",         "DaemonSet",             "ds",     true},
    {"apps", "v1", "deployments",        "Deployment",            "deploy", true},
    {"apps", "v1", "replicasets",        "ReplicaSet",            "rs",     true},
    {"apps", "v1", "statefulsets",       "StatefulSet",           "sts",    true},
    {"batch", "v1", "cronjobs",          "CronJob",               "cj",     true},
    {"batch", "v1", "jobs",              "Job",                   NULL,     true},
    {"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", NULL,     true},
    {"networking.k8s.io", "v1", "ingressclasses", "IngressClass", NULL,     false},
    {"networking.k8s.io", "v1", "ingresses",      "Ingress",      "ing",    true},
};
/* clang-format on */

enum { RESOURCES = sizeof resources / sizeof *resources };

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

static struct value *describe_resource(struct arena *arena,
                                       const struct resource *resource)
{
    static const char *const verbs[] = {"get", "list"};
    struct value *map = value_make_map(arena);
    value_set_string(arena, map, "name", resource->plural);
    value_set_string(arena, map, "singularName", "");
    value_set(arena, map, "namespaced",
              value_make_bool(arena, resource->namespaced));
    value_set_string(arena, map, "kind", resource->kind);
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        value_append(arena, list, value_make_string(arena, verbs[i]));
    value_set(arena, map, "verbs", list);
    if (resource->short_name) {
        struct value *names = value_make_list(arena);
        value_append(arena, names,
                     value_make_string(arena, resource->short_name));
        value_set(arena, map, "shortNames", names);
    }
    return map;
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
    }
    if (!last)
        return NULL;
    struct value *document = make_document(arena, "APIResourceList");
    value_set_string(arena, document, "groupVersion",
                     discovery_api_version(arena, last));
    value_set(arena, document, "resources", list);
    return document;
}
