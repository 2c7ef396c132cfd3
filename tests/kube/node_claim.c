/*
 * PersistentVolumeClaims as folders of the node. A claim is in one pod at a time: its
 * folder is moved into the pod's, and back when the pod has ended. Another pod waits
 * as it would for a volume that is attached elsewhere. The folder of a claim that is
 * deleted stays until the server ends.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/kube/node.h"
#include "tests/kube/node_pod.h"

static const char *claim_name(const struct node_pod *pod, size_t index)
{
    const struct value *volumes =
        value_path(pod->object->value, "spec.volumes");
    return value_string(value_path(value_item(volumes, index),
                                   "persistentVolumeClaim.claimName"));
}

static bool is_in_use(const struct node *node, const struct node_pod *pod,
                      const char *path)
{
    for (const struct node_pod *other = node->pods; other; other = other->next)
        for (size_t i = 0; other != pod && i < other->claim_count; i++)
            if (other->has_keeper && other->claims[i] &&
                strcmp(other->claims[i], path) == 0)
                return true;
    return false;
}

int node_claims_find(struct cluster *cluster, const struct node *node,
                     struct node_pod *pod, struct error *error)
{
    const struct value *volumes =
        value_path(pod->object->value, "spec.volumes");
    size_t count = value_count(volumes);
    pod->claims = arena_allocate(pod->arena, (count + 1) * sizeof *pod->claims);
    pod->claim_count = count;
    for (size_t i = 0; i < count; i++) {
        const char *name = claim_name(pod, i);
        if (!name)
            continue;
        const struct object *claim = store_find(
            &cluster->store, discovery_find("", "v1", "persistentvolumeclaims"),
            pod->object->namespace_name, name);
        if (!claim)
            return error_set(error, ERROR_INPUT,
                             "persistentvolumeclaim \"%s\" not found", name);
        const char *path =
            arena_format(pod->arena, "%s/claim-%s", node->folder, claim->uid);
        if (is_in_use(node, pod, path))
            return error_set(error, ERROR_INPUT,
                             "Multi-Attach error for volume of claim \"%s\": "
                             "Volume is already used by another pod",
                             name);
        pod->claims[i] = path;
    }
    return 0;
}

int node_claim_take(const struct node_pod *pod, size_t index, const char *path,
                    struct error *error)
{
    const char *claim = pod->claims[index];
    if (claim && rename(claim, path) == 0)
        return 0;
    if (claim && errno != ENOENT)
        return error_set_system(error, "cannot move the folder '%s'", claim);
    if (mkdir(path, 0700) != 0 || chmod(path, 0777) != 0)
        return error_set_system(error, "cannot make the folder '%s'", path);
    return 0;
}

void node_claims_return(struct node_pod *pod)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; pod->has_keeper && i < pod->claim_count; i++)
        if (pod->claims[i])
            (void)!rename(arena_format(arena, "%s/%zu", pod->folder.volumes, i),
                          pod->claims[i]);
    pod->claim_count = 0;
}
