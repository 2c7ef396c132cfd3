/*
 * What the cluster says in, the containers' events out, until nothing more is to
 * come. The state is looked at as a whole after every change (level, not edge),
 * so that a change that was missed makes no difference.
 *
 * The run is over when
 * - all containers have ended and their logs were read to the end, or
 * - the pod is gone (or never was), and what could be read of its logs was, or
 * - the time for reading is over: then the log is said to be incomplete.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/runtime/kubernetes.h"
#include "engine/runtime/limits.h"

int cluster_emit(struct cluster *cluster, struct event event,
                 struct error *error)
{
    event.time = clock_now();
    return event_emit(cluster->sink, &event, error);
}

int cluster_note(struct cluster *cluster, const char *text,
                 const struct value *data, struct error *error)
{
    CLEANUP(text_free) struct text printable = {0};
    text_append_escaped(&printable, text, strlen(text), false);
    return cluster_emit(cluster,
                        (struct event){.kind = EVENT_NOTE,
                                       .text = text_string(&printable),
                                       .data = data},
                        error);
}

/* --- what the watches say -------------------------------------------------- */

static int take_job(void *context, enum kube_change change,
                    const struct value *object, struct error *error)
{
    struct cluster *cluster = context;
    (void)error;
    const char *uid = value_string(value_path(object, "metadata.uid"));
    if (!cluster->job_uid || !uid || strcmp(uid, cluster->job_uid) != 0)
        return 0;
    if (change == KUBE_DELETED)
        cluster->job_gone = true;
    if (!value_get(object, "status"))
        return 0;
    struct arena *arena = arena_new();
    job_view_decode(arena, object, &cluster->job);
    if (cluster->job_arena)
        arena_free(cluster->job_arena);
    cluster->job_arena = arena;
    return 0;
}

/* Whether the pod is of the Job that is followed: a run may have several, which
 * differ in their names, and a label is easily copied from one pod to another. */
static bool is_of_job(const struct cluster *cluster, const struct value *object)
{
    const struct value *owners = value_path(object, "metadata.ownerReferences");
    for (size_t i = 0; i < value_count(owners); i++) {
        const struct value *owner = value_item(owners, i);
        const char *kind = value_string_at(owner, "kind");
        const char *name = value_string_at(owner, "name");
        if (kind && name && strcmp(kind, "Job") == 0 &&
            strcmp(name, cluster->job_name) == 0)
            return true;
    }
    return false;
}

/* Whether a pod is the one that is followed. Another one takes its place only
 * when nothing of the first ever ran. */
static bool is_ours(struct cluster *cluster, const struct value *object)
{
    const char *uid = value_string(value_path(object, "metadata.uid"));
    if (!uid)
        return false;
    if (!cluster->pod_arena && !is_of_job(cluster, object))
        return false;
    if (!cluster->pod_arena || strcmp(cluster->pod.uid, uid) == 0)
        return true;
    for (size_t i = 0; i < cluster->pod.count; i++)
        if (cluster->pod.containers[i].started)
            return false;
    return cluster->pod_gone && cluster->cause == STOP_NONE;
}

static int take_pod(void *context, enum kube_change change,
                    const struct value *object, struct error *error)
{
    struct cluster *cluster = context;
    (void)error;
    if (!is_ours(cluster, object))
        return 0;
    cluster->pod_gone = change == KUBE_DELETED;
    if (!value_get(object, "spec"))
        return 0; /* gone unseen: the last view stays */
    struct arena *arena = arena_new();
    pod_view_decode(arena, object, &cluster->pod);
    const char **names =
        arena_allocate(arena, (cluster->follower_count + 1) * sizeof *names);
    for (size_t i = 0; i < cluster->follower_count; i++)
        names[i] = cluster->followers[i].name;
    pod_view_arrange(arena, &cluster->pod, names, cluster->follower_count);
    if (cluster->pod_arena)
        arena_free(cluster->pod_arena);
    cluster->pod_arena = arena;
    if (cluster->pod.leaving && cluster->left == 0)
        cluster->left = clock_monotonic();
    return 0;
}

void cluster_watch(struct cluster *cluster)
{
    struct arena *arena = cluster->arena;
    const char *namespace_name = cluster->choice.namespace_name;
    struct kube_watch_setup setup = {
        .query = arena_format(arena, "labelSelector=assay.dev%%2Frun%%3D%s",
                              kube_escape(arena, cluster->plan->run_id)),
        .context = cluster,
    };
    setup.path = kube_path(arena, &kube_jobs, namespace_name, NULL);
    setup.what =
        arena_format(arena, "watch jobs in namespace '%s'", namespace_name);
    setup.take = take_job;
    cluster->jobs = kube_watch_start(cluster->options->client, &setup);
    setup.path = kube_path(arena, &kube_pods, namespace_name, NULL);
    setup.what =
        arena_format(arena, "watch pods in namespace '%s'", namespace_name);
    setup.take = take_pod;
    cluster->pods = kube_watch_start(cluster->options->client, &setup);
}

/* --- the end --------------------------------------------------------------- */

/* How many containers can have had their turn: none after one that broke the
 * chain, and once the pod was told to end, none after one that has not begun. */
static size_t count_turns(const struct cluster *cluster)
{
    size_t count = cluster->follower_count;
    size_t broken = pod_view_broken(&cluster->pod);
    if (broken < count)
        count = broken + 1;
    for (size_t i = 0; cluster->told && i < cluster->pod.count; i++)
        if (!cluster->pod.containers[i].started)
            return i < count ? i : count;
    return count;
}

static bool all_read(const struct cluster *cluster)
{
    size_t count = count_turns(cluster);
    for (size_t i = 0; i < count; i++)
        if (!cluster_has_read(cluster, i))
            return false;
    return true;
}

/* Whether nothing runs any more. */
static bool is_finished(const struct cluster *cluster)
{
    if (!cluster->pod_arena) {
        bool waited = clock_monotonic() - cluster->begun > KUBERNETES_LISTEN;
        if (cluster->attached && !waited)
            return false;
        return cluster->job_gone || cluster->job.failed ||
               cluster->job.complete || cluster->told;
    }
    if (cluster->pod_gone || cluster->pod.ended)
        return true;
    size_t count = count_turns(cluster);
    for (size_t i = 0; i < cluster->pod.count && i < count; i++)
        if (cluster->pod.containers[i].phase != CONTAINER_ENDED)
            return false;
    return true;
}

/* Whether the reason is still to come: somebody ended the pod, and the Job, which
 * may know why, is told of later than we are. */
static bool lacks_reason(const struct cluster *cluster)
{
    bool ended = cluster->pod.leaving || cluster->pod_gone;
    return ended && cluster->cause == STOP_NONE && !cluster->job.failed &&
           !cluster->job.complete && !cluster->job_gone;
}

/* Whether a pod that is deleted should have ended by now: a node that is lost never
 * says so, and its pod stays until somebody takes the node away. */
static bool is_abandoned(const struct cluster *cluster)
{
    return cluster->left != 0 && !cluster->pod_gone &&
           clock_monotonic() - cluster->left >
               cluster->pod.grace + KUBERNETES_MARGIN;
}

/* Whether the run is over. Reading what is left has its own limit. */
static int is_over(struct cluster *cluster, bool *over, struct error *error)
{
    int64_t now = clock_monotonic();
    int64_t patience = KUBERNETES_GRACE + KUBERNETES_MARGIN;
    *over = cluster->wishes > 1 ||
            (cluster->stopped != 0 && now - cluster->stopped > patience);
    if (*over)
        return 0;
    if (!is_finished(cluster)) {
        *over = cluster->abandoned = is_abandoned(cluster);
        return 0;
    }
    if (cluster->drained_until == 0)
        cluster->drained_until = now + KUBERNETES_DRAIN;
    /* What is still under way of a pod that is gone ends by itself. */
    for (size_t i = 0; cluster->pod_arena && i < cluster->follower_count; i++)
        cluster_end_log(&cluster->followers[i]);
    int64_t waited = now - (cluster->drained_until - KUBERNETES_DRAIN);
    *over = all_read(cluster) &&
            (!lacks_reason(cluster) || waited > KUBERNETES_REASON);
    if (*over || now < cluster->drained_until)
        return 0;
    *over = true;
    return cluster_note(cluster,
                        "the log is incomplete: its end could not be read",
                        NULL, error);
}

static void check_deadline(struct cluster *cluster)
{
    int64_t deadline = cluster->options->deadline;
    int64_t late;
    if (cluster->after_until != 0 && clock_monotonic() > cluster->after_until)
        cluster_stop(cluster, STOP_ABORTED, NULL);
    if (deadline > 0 &&
        !__builtin_add_overflow(cluster->run_begun, deadline, &late) &&
        !__builtin_add_overflow(late, KUBERNETES_LATE, &late) &&
        clock_monotonic() > late)
        cluster_stop(cluster, STOP_DEADLINE, NULL);
}

/* What forbids to look, and what does not answer. */
static int check_watches(struct cluster *cluster, struct error *error)
{
    const struct error *refusal = kube_watch_refusal(cluster->pods);
    if (!refusal)
        refusal = kube_watch_refusal(cluster->jobs);
    if (refusal)
        cluster_stop(cluster, STOP_TROUBLE, refusal->text);
    int64_t blind = kube_watch_blind(cluster->pods);
    if (blind == 0 || clock_monotonic() - blind < KUBERNETES_BLIND)
        return 0;
    cluster->result->running_on = true;
    return error_set(error, ERROR_REMOTE,
                     "the cluster has not answered for 10 minutes; the run "
                     "goes on there: 'assay attach %.8s' takes it up again",
                     cluster->plan->run_id);
}

static int tell_warnings(struct cluster *cluster, struct error *error)
{
    while (cluster->warnings_told < value_count(cluster->warnings)) {
        const char *text = value_string(
            value_item(cluster->warnings, cluster->warnings_told++));
        if (cluster_note(
                cluster,
                arena_format(cluster->arena, "the server warns: %.600s", text),
                NULL, error) != 0)
            return -1;
    }
    return 0;
}

/* --- the user -------------------------------------------------------------- */

/* One byte for each wish to abort; the end of the pipe is none. */
static void read_wishes(struct cluster *cluster)
{
    char wishes[64];
    ssize_t count = read(cluster->abort_descriptor, wishes, sizeof wishes);
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (count <= 0) {
        cluster->abort_descriptor = -1; /* the caller's to close */
        kube_client_interrupt(cluster->options->client, -1);
        return;
    }
    cluster->wishes += (unsigned)count;
    cluster_stop(cluster, STOP_ABORTED, NULL);
}

/* Whether everything that runs is being read, or has been waited for: a pod that
 * is told to end may take its logs with it. */
static bool is_listening(const struct cluster *cluster)
{
    int64_t since = clock_monotonic() - cluster->stopped;
    if (since > KUBERNETES_LISTEN)
        return true;
    if (!cluster->pod_arena)
        return !cluster->attached;
    for (size_t i = 0; i < cluster->follower_count && i < cluster->pod.count;
         i++) {
        const struct kube_log *log = cluster->followers[i].log;
        if (cluster->pod.containers[i].phase == CONTAINER_RUNNING)
            return log && kube_log_is_open(log);
    }
    return true;
}

/* Tells the pod to end once there is a reason to. */
static int act(struct cluster *cluster, struct error *error)
{
    if (cluster->cause == STOP_NONE || cluster->told)
        return 0;
    if (cluster->stopped == 0)
        cluster->stopped = clock_monotonic();
    if (cluster->wishes < 2 && !is_listening(cluster))
        return 0;
    cluster->told = true;
    if (!cluster->pod_arena || cluster->pod_gone || cluster->pod.ended)
        return 0;
    return cluster_tell(cluster, error);
}

/* Looks at everything that is known. */
static int react(struct cluster *cluster, struct error *error)
{
    if (tell_warnings(cluster, error) != 0 ||
        cluster_update_followers(cluster, error) != 0 ||
        check_watches(cluster, error) != 0)
        return -1;
    check_deadline(cluster);
    if (cluster->cause == STOP_NONE && cluster_check_start(cluster, error) != 0)
        return -1;
    return act(cluster, error);
}

/* A wish of the user may come while an answer is waited for. */
static int step(struct cluster *cluster, struct error *error)
{
    struct error failure = {0};
    int result = kube_client_wait(cluster->options->client,
                                  clock_monotonic() + CLOCK_SECOND, &failure);
    if (result == 0)
        result = react(cluster, &failure);
    if (result > 0 || (result < 0 && failure.kind == ERROR_ABORTED)) {
        read_wishes(cluster);
        return act(cluster, error);
    }
    if (result < 0)
        *error = failure;
    return result;
}

int cluster_follow(struct cluster *cluster, struct error *error)
{
    bool over = false;
    while (!over) {
        if (step(cluster, error) < 0 || is_over(cluster, &over, error) < 0)
            return -1;
    }
    return 0;
}
