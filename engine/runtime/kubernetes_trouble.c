/*
 * What keeps a run from starting in, a word about it out, and, when it has lasted
 * for too long, the end of the run with the reason. The state of the pod says most
 * of it. What a pod of a node waits for (a volume, an image that is large) is only
 * in its events, which not everybody may read: they explain, and give an image
 * that is on its way more time, but nothing depends on them.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/runtime/kubernetes.h"
#include "engine/runtime/limits.h"

void cluster_stop(struct cluster *cluster, enum stop_cause cause,
                  const char *why)
{
    if (cluster->cause != STOP_NONE)
        return;
    cluster->cause = cause;
    cluster->why_kind = ERROR_REMOTE;
    cluster->why = why ? arena_string(cluster->arena, why) : NULL;
}

/* Tells once what the run waits for. */
static int tell_trouble(struct cluster *cluster, const char *text,
                        struct error *error)
{
    if (cluster->trouble && strcmp(cluster->trouble, text) == 0)
        return 0;
    cluster->trouble = arena_string(cluster->arena, text);
    return cluster_note(cluster,
                        arena_format(cluster->arena, "waiting: %.600s", text),
                        NULL, error);
}

/* What the events about an object say; nothing, when they may not be read. */
static int ask_events(struct cluster *cluster, struct arena *arena,
                      const char *uid, struct event_view *view,
                      struct error *error)
{
    const char *namespace_name = cluster->choice.namespace_name;
    struct kube_call call = {
        .method = "GET",
        .path = arena_format(
            arena, "%s?limit=100&fieldSelector=involvedObject.uid%%3D%s",
            kube_path(arena, &kube_events, namespace_name, NULL),
            kube_escape(arena, uid)),
        .what = arena_format(arena, "list events in namespace '%s'",
                             namespace_name),
    };
    cluster->asked = clock_monotonic();
    if (kube_call_run(cluster->options->client, arena, &call, 1, error) < 0)
        return -1;
    event_view_decode(arena, call.object, view);
    return 0;
}

static int64_t start_time(const struct cluster *cluster)
{
    return cluster->options->start_timeout > 0 ? cluster->options->start_timeout
                                               : KUBERNETES_START;
}

/* --- a pod that does not start --------------------------------------------- */

/* Whether the pod's state does not say what it waits for. */
static bool is_vague(const struct cluster *cluster,
                     const struct pod_trouble *trouble)
{
    return cluster->pod.node[0] != '\0' &&
           (trouble->whole || trouble->patience == INT64_MAX);
}

/* Asks the events of a pod that keeps us waiting, now and then. */
static int look_closer(struct cluster *cluster, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct event_view view = {0};
    if (clock_monotonic() - cluster->asked < KUBERNETES_LOOK)
        return 0;
    if (ask_events(cluster, arena, cluster->pod.uid, &view, error) < 0)
        return -1;
    cluster->pulling = view.pulling;
    if (!view.last)
        return 0;
    if (!cluster->closer || strcmp(cluster->closer, view.last) != 0)
        cluster->closer = arena_string(cluster->arena, view.last);
    return 0;
}

static const char *describe(struct arena *arena, const struct cluster *cluster,
                            const struct pod_trouble *trouble)
{
    if (!is_vague(cluster, trouble) || !cluster->closer)
        return trouble->text;
    return arena_format(arena, "%s (%.400s)", trouble->text, cluster->closer);
}

static int64_t find_patience(const struct cluster *cluster,
                             const struct pod_trouble *trouble)
{
    int64_t start = start_time(cluster);
    if (is_vague(cluster, trouble) && cluster->pulling &&
        cluster->options->start_timeout == 0)
        return KUBERNETES_PULL;
    return trouble->whole || trouble->patience > start ? start
                                                       : trouble->patience;
}

static int check_pod(struct cluster *cluster, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    int64_t now = clock_monotonic();
    struct pod_trouble trouble = pod_view_trouble(arena, &cluster->pod);
    if (!trouble.text || cluster->pod.ended || cluster->pod.leaving) {
        cluster->troubled = 0;
        return 0;
    }
    if (cluster->troubled == 0)
        cluster->troubled = now;
    if (is_vague(cluster, &trouble) &&
        now - cluster->troubled >= KUBERNETES_TELL &&
        look_closer(cluster, error) < 0)
        return -1;
    const char *text = describe(arena, cluster, &trouble);
    int64_t begun = trouble.whole ? cluster->begun : cluster->troubled;
    int64_t patience = find_patience(cluster, &trouble);
    if (now - begun >= patience) {
        char duration[CLOCK_TEXT];
        duration_print(patience, duration);
        cluster_stop(cluster, STOP_TROUBLE,
                     patience == 0
                         ? text
                         : arena_format(arena, "%s, for %s", text, duration));
        return 0;
    }
    if (now - cluster->troubled < KUBERNETES_TELL)
        return 0;
    return tell_trouble(cluster, text, error);
}

/* --- a Job that gets no pod ------------------------------------------------ */

/*
 * The text without what differs from one attempt to the next, so that it is told
 * once: the end that the controller gives to the pod's name.
 */
static const char *settle(struct arena *arena, const char *text,
                          const char *job)
{
    const char *name = strstr(text, job);
    if (!name)
        return text;
    const char *rest = name + strlen(job);
    const char *quote = *rest == '-' ? strchr(rest, '"') : NULL;
    return quote
               ? arena_format(arena, "%.*s%s", (int)(rest - text), text, quote)
               : text;
}

/* Quota, Pod Security, a webhook; or somebody who suspends Jobs until it is their
 * turn. */
static int check_job(struct cluster *cluster, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    int64_t now = clock_monotonic();
    struct event_view view = {0};
    if (now - cluster->begun < KUBERNETES_NO_POD ||
        now - cluster->asked < KUBERNETES_ASK)
        return 0;
    if (ask_events(cluster, arena, cluster->job_uid, &view, error) < 0)
        return -1;
    const char *why = view.refused;
    if (why)
        why = settle(arena, why, cluster->job_name);
    const char *text =
        cluster->job.suspended
            ? "the Job is suspended, so that it gets no pod: something in the "
              "cluster holds Jobs back (a queue?)"
            : arena_format(arena, "the Job gets no pod%s%.400s",
                           why ? ": " : "", why ? why : "");
    int64_t patience = start_time(cluster);
    if (why && !cluster->job.suspended && KUBERNETES_REFUSED < patience)
        patience = KUBERNETES_REFUSED;
    if (now - cluster->begun >= patience) {
        cluster_stop(cluster, STOP_TROUBLE, text);
        return 0;
    }
    return tell_trouble(cluster, text, error);
}

int cluster_check_start(struct cluster *cluster, struct error *error)
{
    if (cluster->pod_arena)
        return cluster->pod_gone ? 0 : check_pod(cluster, error);
    if (cluster->job_gone || cluster->job.failed)
        return 0;
    return check_job(cluster, error);
}
