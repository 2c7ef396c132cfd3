/*
 * The id of a run in, its events out from where its record ends. All that is
 * needed is in the cluster: the Job has the labels and the pod, the ConfigMap the
 * steps, the Secret the token of the control lines. The logs are read from their
 * beginning, and what the record has is left out (replay.c).
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/runtime/kubernetes.h"

enum { NOT_FOUND = 404 };

int cluster_find(struct cluster *cluster, const char *run_id,
                 const struct value **job, struct error *error)
{
    struct arena *arena = cluster->arena;
    const char *namespace_name = cluster->choice.namespace_name;
    struct kube_call call = {
        .method = "GET",
        .path = arena_format(
            arena, "%s?limit=500&labelSelector=assay.dev%%2Frun%%3D%s",
            kube_path(arena, &kube_jobs, namespace_name, NULL),
            kube_escape(arena, run_id)),
        .what =
            arena_format(arena, "list jobs in namespace '%s'", namespace_name),
    };
    *job = NULL;
    if (kube_call_run(cluster->options->client, arena, &call, 1, error) < 0)
        return -1;
    if (error_is_set(&call.error))
        return error_set(error, call.error.kind, "%s", call.error.text);
    const struct value *items = value_get(call.object, "items");
    *job = value_item(items, 0);
    /* Of several, the one that owns the others. */
    for (size_t i = 0; i < value_count(items); i++)
        if (!value_path(value_item(items, i), "metadata.ownerReferences"))
            *job = value_item(items, i);
    return 0;
}

struct plan *cluster_read(struct cluster *cluster, const struct value *job,
                          struct error *error)
{
    struct arena *arena = cluster->arena;
    const char *namespace_name = cluster->choice.namespace_name;
    const char *name = value_string(value_path(job, "metadata.name"));
    enum { CONFIG_MAP, SECRET, CALLS };
    if (!name)
        name = "";
    struct kube_call calls[CALLS] = {
        [CONFIG_MAP] = {.method = "GET",
                        .path = kube_path(arena, &kube_config_maps,
                                          namespace_name, name),
                        .what = arena_format(
                            arena, "get configmap '%s' in namespace '%s'", name,
                            namespace_name)},
        [SECRET] = {.method = "GET",
                    .path =
                        kube_path(arena, &kube_secrets, namespace_name, name),
                    .what =
                        arena_format(arena, "get secret '%s' in namespace '%s'",
                                     name, namespace_name)},
    };
    if (kube_call_run(cluster->options->client, arena, calls, CALLS, error) < 0)
        return NULL;
    for (size_t i = 0; i < CALLS; i++) {
        if (calls[i].status == NOT_FOUND)
            return NULL;
        if (error_is_set(&calls[i].error)) {
            error_set(error, calls[i].error.kind, "%s", calls[i].error.text);
            return NULL;
        }
    }
    return kubernetes_read_plan(arena, job, calls[CONFIG_MAP].object,
                                calls[SECRET].object, error);
}
