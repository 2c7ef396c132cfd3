/* Names in, paths of the API out: /api/v1/..., /apis/<group>/<version>/... */
#include <ctype.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/kube/kube.h"

const struct kube_resource kube_namespaces = {"", "v1", "namespaces"};
const struct kube_resource kube_pods = {"", "v1", "pods"};
const struct kube_resource kube_jobs = {"batch", "v1", "jobs"};
const struct kube_resource kube_config_maps = {"", "v1", "configmaps"};
const struct kube_resource kube_claims = {"", "v1", "persistentvolumeclaims"};
const struct kube_resource kube_secrets = {"", "v1", "secrets"};
const struct kube_resource kube_events = {"", "v1", "events"};
const struct kube_resource kube_nodes = {"", "v1", "nodes"};
const struct kube_resource kube_access_reviews = {"authorization.k8s.io", "v1",
                                                  "selfsubjectaccessreviews"};

const char *kube_escape(struct arena *arena, const char *text)
{
    CLEANUP(text_free) struct text made = {0};
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (isalnum(byte) || strchr("-._~", byte))
            text_append_character(&made, *text);
        else
            text_append_format(&made, "%%%02X", byte);
    }
    return arena_copy(arena, text_string(&made), made.length);
}

const char *kube_path(struct arena *arena, const struct kube_resource *resource,
                      const char *namespace_name, const char *name)
{
    CLEANUP(text_free) struct text path = {0};
    if (resource->group[0])
        text_append_format(&path, "/apis/%s/%s", resource->group,
                           resource->version);
    else
        text_append_format(&path, "/api/%s", resource->version);
    if (namespace_name)
        text_append_format(&path, "/namespaces/%s",
                           kube_escape(arena, namespace_name));
    text_append_format(&path, "/%s", resource->plural);
    if (name)
        text_append_format(&path, "/%s", kube_escape(arena, name));
    return arena_copy(arena, text_string(&path), path.length);
}
