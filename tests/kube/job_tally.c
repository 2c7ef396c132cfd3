/*
 * The pods of a Job -> how many there are of which kind. Those that were counted and
 * are gone stay counted, by the status of the Job.
 */
#include "tests/kube/job_tally.h"

#include <string.h>

#include "tests/kube/discovery.h"
#include "tests/kube/moment.h"
#include "tests/kube/tree.h"

const struct resource *job_tally_pods(void)
{
    return discovery_find("", "v1", "pods");
}

int64_t job_tally_moment(const struct value *value)
{
    const char *text = value_string(value);
    return text ? moment_parse(text) : -1;
}

static bool is_ready(const struct value *pod)
{
    const struct value *condition =
        tree_entry(value_path(pod, "status.conditions"), "type", "Ready");
    const char *status = value_string_at(condition, "status");
    return status && strcmp(status, "True") == 0;
}

/* The latest end of a container of the pod. */
static int64_t find_end(const struct value *pod)
{
    const struct value *list = value_path(pod, "status.containerStatuses");
    int64_t end = 0;
    for (size_t i = 0; i < value_count(list); i++) {
        int64_t moment = job_tally_moment(
            value_path(value_item(list, i), "state.terminated.finishedAt"));
        end = moment > end ? moment : end;
    }
    return end;
}

/* Counts one pod. */
static void add_pod(struct tally *tally, struct object *pod)
{
    const char *phase = value_string(value_path(pod->value, "status.phase"));
    bool leaving = value_path(pod->value, "metadata.deletionTimestamp") != NULL;
    if (phase && strcmp(phase, "Succeeded") == 0) {
        tally->succeeded++;
        return;
    }
    if (phase && strcmp(phase, "Failed") == 0) {
        int64_t end = find_end(pod->value);
        tally->failed++;
        tally->last_failure =
            end > tally->last_failure ? end : tally->last_failure;
        return;
    }
    tally->terminating += leaving;
    tally->active += !leaving;
    tally->ready += !leaving && is_ready(pod->value);
    if (tally->count < JOB_PODS_LIMIT)
        tally->pods[tally->count++] = object_hold(pod);
}

bool job_tally_is_of(const struct object *pod, const struct object *job)
{
    return pod->resource == job_tally_pods() &&
           tree_entry(value_path(pod->value, "metadata.ownerReferences"), "uid",
                      job->uid);
}

/* Pods that were counted and deleted since are remembered in the status. */
struct tally job_tally_make(const struct store *store, struct object *job)
{
    struct tally tally = {.job = job};
    for (size_t i = 0; i < store->count; i++)
        if (job_tally_is_of(store->items[i], job))
            add_pod(&tally, store->items[i]);
    const struct value *status = value_get(job->value, "status");
    int64_t failed = value_int_or(value_get(status, "failed"), 0);
    int64_t succeeded = value_int_or(value_get(status, "succeeded"), 0);
    if (tally.failed < failed)
        tally.failed = failed;
    if (tally.succeeded < succeeded)
        tally.succeeded = succeeded;
    return tally;
}

void job_tally_release(struct tally *tally)
{
    for (size_t i = 0; i < tally->count; i++)
        object_release(tally->pods[i]);
}
