/*
 * The container that runs its image's own command (bare.h), as the cluster tells of
 * it.
 */
#include <string.h>

#include "engine/runtime/bare.h"
#include "engine/runtime/kubernetes.h"

const char *cluster_bare_step(const struct cluster *cluster)
{
    return bare_step(cluster->plan);
}

const struct outcome_step *cluster_bare_outcome(const struct cluster *cluster)
{
    const struct outcome *outcome = cluster->outcome;
    const char *ref = cluster_bare_step(cluster);
    for (size_t i = 0; ref && i < outcome->count; i++)
        if (strcmp(outcome->steps[i].ref, ref) == 0)
            return &outcome->steps[i];
    return NULL;
}

int cluster_tell_bare(struct follower *follower,
                      const struct container_view *view, struct error *error)
{
    struct cluster *cluster = follower->cluster;
    const struct plan *plan = cluster->plan;
    if (!follower->started_told && view->started) {
        follower->started_told = true;
        if (bare_begin(plan, cluster->containers, error) != 0)
            return -1;
    }
    if (view->phase != CONTAINER_ENDED || !follower->started_told ||
        !follower->log || !kube_log_is_complete(follower->log))
        return 0;
    return bare_end(plan, cluster->outcome,
                    (struct bare_ending){bare_status(plan, view->exit_code),
                                         view->exit_code, 0},
                    cluster->containers, error);
}

int cluster_skip_bare(struct cluster *cluster, struct error *error)
{
    return bare_end(cluster->plan, cluster->outcome,
                    (struct bare_ending){STATUS_SKIPPED, -1, 0},
                    cluster->containers, error);
}
