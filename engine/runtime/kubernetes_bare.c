/*
 * A container that runs its image's own command: no entrypoint reports of its step.
 * It is the last container of a plan, and its step the last leaf. What the cluster
 * says of the container becomes the events of the step, and of the groups around it
 * that end with it. Behind other containers it starts only when those have passed.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/runtime/kubernetes.h"
#include "engine/runtime/limits.h"

enum { PATH_LIMIT = 100 }; /* deeper than any plan */

/* From the outermost group to the step itself. */
struct path {
    const struct value *nodes[PATH_LIMIT];
    size_t count;
};

static struct path find_path(const struct cluster *cluster)
{
    struct path path = {.count = 0};
    const struct value *list = value_get(cluster->plan->run, "steps");
    while (value_count(list) > 0 && path.count < PATH_LIMIT) {
        const struct value *last = value_item(list, value_count(list) - 1);
        path.nodes[path.count++] = last;
        list = value_get(last, "steps");
    }
    return path;
}

const char *cluster_bare_step(const struct cluster *cluster)
{
    struct path path = find_path(cluster);
    return path.count ? value_string_at(path.nodes[path.count - 1], "ref")
                      : NULL;
}

static const struct outcome_step *find_step(const struct cluster *cluster,
                                            const char *ref)
{
    for (size_t i = 0; ref && i < cluster->outcome->count; i++)
        if (strcmp(cluster->outcome->steps[i].ref, ref) == 0)
            return &cluster->outcome->steps[i];
    return NULL;
}

const struct outcome_step *cluster_bare_outcome(const struct cluster *cluster)
{
    return find_step(cluster, cluster_bare_step(cluster));
}

static int emit(struct cluster *cluster, enum event_kind kind, const char *ref,
                enum status status, int code, struct error *error)
{
    struct event event = {.kind = kind,
                          .status = status,
                          .time = clock_now(),
                          .attempt = 1,
                          .exit_code = code,
                          .step = ref};
    return event_emit(cluster->containers, &event, error);
}

/* The groups may have been begun by a container before; that is no news then. */
static int begin(struct cluster *cluster, struct error *error)
{
    struct path path = find_path(cluster);
    for (size_t i = 0; i < path.count; i++)
        if (emit(cluster, EVENT_STEP_STARTED,
                 value_string_at(path.nodes[i], "ref"), STATUS_RUNNING, -1,
                 error) != 0)
            return -1;
    return 0;
}

/* The step, then the groups outwards. One that was begun and whose end never ran
 * has failed. */
static int end(struct cluster *cluster, enum status status, int code,
               struct error *error)
{
    struct path path = find_path(cluster);
    for (size_t i = path.count; i-- > 0;) {
        const char *ref = value_string_at(path.nodes[i], "ref");
        const struct outcome_step *step = find_step(cluster, ref);
        bool group = i + 1 < path.count;
        bool cut = status == STATUS_SKIPPED && step && step->started;
        if (emit(cluster, EVENT_STEP_FINISHED, ref,
                 cut ? STATUS_FAILED : status, group ? -1 : code, error) != 0)
            return -1;
    }
    return 0;
}

int cluster_tell_bare(struct follower *follower,
                      const struct container_view *view, struct error *error)
{
    struct cluster *cluster = follower->cluster;
    struct path path = find_path(cluster);
    if (!follower->started_told && view->started) {
        follower->started_told = true;
        if (begin(cluster, error) != 0)
            return -1;
    }
    if (view->phase != CONTAINER_ENDED || !follower->started_told ||
        !follower->log || !kube_log_is_complete(follower->log))
        return 0;
    bool negative =
        path.count &&
        value_bool_or(value_get(path.nodes[path.count - 1], "negative"), false);
    return end(cluster,
               (view->exit_code == 0) != negative ? STATUS_PASSED
                                                  : STATUS_FAILED,
               view->exit_code, error);
}

int cluster_skip_bare(struct cluster *cluster, struct error *error)
{
    return end(cluster, STATUS_SKIPPED, -1, error);
}
