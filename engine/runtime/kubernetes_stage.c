/*
 * A plan with a Job for each step in, its Jobs one after another out. What a stage
 * did is in the volume that all of them share, so the next one decides by itself
 * which of its steps run; it is started whatever the verdict of the one before, as
 * long as that one had its say. Invariants: at most one Job runs; all of them, the
 * claim, the Secret and the ConfigMap belong to the first Job, which lives longer
 * than the run may.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/runtime/kubernetes.h"
#include "engine/runtime/limits.h"

void cluster_end_stage(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->follower_count; i++) {
        if (cluster->followers[i].log)
            kube_log_free(cluster->followers[i].log);
        if (cluster->followers[i].stream)
            stream_free(cluster->followers[i].stream);
    }
    if (cluster->pod_arena)
        arena_free(cluster->pod_arena);
    if (cluster->job_arena)
        arena_free(cluster->job_arena);
    cluster->pod_arena = cluster->job_arena = NULL;
    cluster->pod = (struct pod_view){0};
    cluster->job = (struct job_view){0};
    cluster->follower_count = 0;
    cluster->pod_gone = cluster->job_gone = cluster->told = false;
    cluster->stopped = cluster->drained_until = cluster->left = 0;
    cluster->abandoned = false;
    cluster->troubled = cluster->asked = 0;
    cluster->trouble = cluster->closer = NULL;
    cluster->pulling = false;
}

/* The containers of a pod, in the order in which they start. */
static size_t count_containers(const struct value *pod)
{
    return value_count(value_get(pod, "initContainers")) +
           value_count(value_get(pod, "containers"));
}

static void add_followers(struct cluster *cluster)
{
    const struct plan *plan = cluster->plan;
    size_t count = count_containers(plan->pod);
    cluster->followers = arena_allocate(
        cluster->arena, (count + 1) * sizeof *cluster->followers);
    for (size_t i = 0; i < count && i < POD_CONTAINER_LIMIT; i++) {
        struct follower *follower = &cluster->followers[i];
        const char *name = value_string_at(cluster_container(plan, i), "name");
        bool bare = plan->bare && i + 1 == count;
        follower->cluster = cluster;
        follower->name = name ? name : "";
        follower->stream =
            bare ? NULL : stream_new(plan->token, cluster->containers);
        cluster->follower_count++;
    }
}

void cluster_begin_stage(struct cluster *cluster, size_t stage)
{
    const struct plan *whole = cluster->whole;
    cluster->stage = stage;
    cluster->plan = whole;
    if (whole->workspace) {
        struct plan *plan = arena_allocate(cluster->arena, sizeof *plan);
        *plan = *whole;
        plan->job = whole->stages[stage].job;
        plan->pod = whole->stages[stage].pod;
        plan->bare = whole->stages[stage].bare;
        cluster->plan = plan;
    }
    cluster->job_name =
        value_string(value_path(cluster->plan->job, "metadata.name"));
    cluster->job_uid = NULL;
    cluster->begun = clock_monotonic();
    add_followers(cluster);
}

/* --- from one to the next -------------------------------------------------- */

/* Whether a step, or one within it, is of a container from `first` on. */
static bool is_from(const struct value *step, int64_t first)
{
    const struct value *steps = value_get(step, "steps");
    if (value_int_or(value_get(step, "container"), -1) >= first)
        return true;
    for (size_t i = 0; i < value_count(steps); i++)
        if (is_from(value_item(steps, i), first))
            return true;
    return false;
}

/* Whether steps that may follow an abort are still to come. */
static bool has_after(const struct cluster *cluster)
{
    const struct plan *whole = cluster->whole;
    const struct value *steps = value_get(whole->run, "steps");
    size_t first = 0;
    for (size_t i = 0; i <= cluster->stage; i++)
        first += count_containers(whole->stages[i].pod);
    for (size_t i = 0; i < value_count(steps); i++) {
        const struct value *step = value_item(steps, i);
        if (value_bool_or(value_get(step, "after"), false) &&
            is_from(step, (int64_t)first))
            return true;
    }
    return false;
}

/* Whether somebody ended the pod. */
static bool is_cut(const struct cluster *cluster)
{
    return cluster->cause == STOP_ABORTED || cluster->after_until != 0 ||
           cluster->pod.leaving || cluster->pod_gone;
}

/* Whether a Job is to follow: the one before it said how it ended, and after an
 * abort there is something left that may run. */
static bool goes_on(struct cluster *cluster)
{
    const struct plan *whole = cluster->whole;
    if (!whole->workspace || cluster->stage + 1 >= whole->stage_count ||
        !cluster_is_whole(cluster) || cluster->wishes > 1)
        return false;
    if (!is_cut(cluster))
        return true;
    bool late =
        cluster->after_until != 0 && clock_monotonic() >= cluster->after_until;
    /* Only what knows of the abort leaves out the steps that it is meant for. */
    return cluster_has_said(cluster, STATUS_ABORTED) && !late &&
           has_after(cluster);
}

/* What runs an image's own command alone cannot judge by itself whether it is to
 * start. */
static bool is_to_skip(const struct cluster *cluster)
{
    const struct plan_stage *next = &cluster->whole->stages[cluster->stage + 1];
    return next->bare && count_containers(next->pod) == 1 &&
           (cluster_has_said(cluster, STATUS_FAILED) ||
            cluster_has_said(cluster, STATUS_ABORTED));
}

/* The stages behind an abort have their own time; the next wish ends them. */
static void note_abort(struct cluster *cluster)
{
    if (is_cut(cluster) && cluster->after_until == 0)
        cluster->after_until = clock_monotonic() + KUBERNETES_AFTER;
    if (cluster->cause != STOP_ABORTED)
        return;
    cluster->aborted = true;
    cluster->cause = STOP_NONE;
}

int cluster_follow_all(struct cluster *cluster, struct error *error)
{
    for (;;) {
        if (cluster_follow(cluster, error) != 0 ||
            cluster_gather(cluster, error) != 0)
            return -1;
        if (!goes_on(cluster))
            return 0;
        if (is_to_skip(cluster)) {
            cluster->bare_skipped = true;
            return cluster_skip_bare(cluster, error);
        }
        note_abort(cluster);
        cluster_end_stage(cluster);
        cluster_begin_stage(cluster, cluster->stage + 1);
        if (cluster_create_next(cluster, error) != 0)
            return -1;
    }
}
