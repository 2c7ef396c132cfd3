/*
 * The state of a Job and its pods in, the next step out. Everything is decided
 * anew from the objects: count the pods; when the outcome is certain, say it
 * (SuccessCriteriaMet, FailureTarget) and end what still runs; when all pods have
 * ended, say Complete or Failed. A terminal condition never changes.
 */
#include "tests/kube/job_controller.h"

#include <string.h>

#include "engine/base/clock.h"
#include "tests/kube/admission.h"
#include "tests/kube/defaults.h"
#include "tests/kube/job_tally.h"
#include "tests/kube/lifecycle.h"
#include "tests/kube/moment.h"
#include "tests/kube/mutation.h"
#include "tests/kube/tree.h"
#include "tests/kube/writing.h"

#define TRACKING "batch.kubernetes.io/job-tracking"

/* Pods of a Job that has failed are replaced after 10 s, 20 s, ... */
#define BACKOFF       (10 * CLOCK_SECOND)
#define BACKOFF_LIMIT 5

/* What a Job comes to. */
struct outcome {
    const char *early, *final; /* conditions */
    const char *reason, *message;
};

static struct object *find_job(const struct store *store, const char *uid)
{
    struct object *object = store_find_uid(store, uid);
    return object && strcmp(object->resource->kind, "Job") == 0 ? object : NULL;
}

static bool has_condition(const struct object *job, const char *type)
{
    const struct value *condition =
        tree_entry(value_path(job->value, "status.conditions"), "type", type);
    const char *status = value_string_at(condition, "status");
    return status && strcmp(status, "True") == 0;
}

static bool is_finished(const struct object *job)
{
    return has_condition(job, "Complete") || has_condition(job, "Failed");
}

static void add_condition(struct arena *arena, struct value *status,
                          const char *type, const char *truth,
                          const struct outcome *outcome)
{
    struct value *list = value_make_list(arena);
    const struct value *known = value_get(status, "conditions");
    struct value *condition = value_make_map(arena);
    const char *now = moment_print(arena, clock_now());
    for (size_t i = 0; i < value_count(known); i++) {
        const char *other = value_string_at(value_item(known, i), "type");
        if (!other || strcmp(other, type) != 0)
            value_append(arena, list, value_item(known, i));
    }
    value_set_string(arena, condition, "lastProbeTime", now);
    value_set_string(arena, condition, "lastTransitionTime", now);
    value_set_string(arena, condition, "message", outcome->message);
    value_set_string(arena, condition, "reason", outcome->reason);
    value_set_string(arena, condition, "status", truth);
    value_set_string(arena, condition, "type", type);
    value_append(arena, list, condition);
    value_set(arena, status, "conditions", list);
}

static void set_number(struct arena *arena, struct value *map, const char *name,
                       int64_t number)
{
    if (number > 0)
        value_set(arena, map, name, value_make_int(arena, number));
    else
        tree_drop(arena, map, name);
}

/* What the Job has come to; .early is NULL while that is open. */
static struct outcome judge(struct arena *arena, const struct tally *tally)
{
    const struct object *job = tally->job;
    const struct value *specification = value_get(job->value, "spec");
    const struct value *target = tree_entry(
        value_path(job->value, "status.conditions"), "type", "FailureTarget");
    int64_t limit = value_int_or(value_get(specification, "backoffLimit"), 6);
    int64_t wanted = value_int_or(value_get(specification, "completions"), 1);
    int64_t seconds =
        value_int_or(value_get(specification, "activeDeadlineSeconds"), 0);
    int64_t start =
        job_tally_moment(value_path(job->value, "status.startTime"));
    if (target)
        return (struct outcome){
            "FailureTarget", "Failed",
            arena_string(arena, value_string_at(target, "reason")),
            arena_string(arena, value_string_at(target, "message"))};
    if (has_condition(job, "SuccessCriteriaMet") || tally->succeeded >= wanted)
        return (struct outcome){"SuccessCriteriaMet", "Complete",
                                "CompletionsReached",
                                "Reached expected number of succeeded pods"};
    if (tally->failed > limit)
        return (struct outcome){"FailureTarget", "Failed",
                                "BackoffLimitExceeded",
                                "Job has reached the specified backoff limit"};
    if (seconds > 0 && start >= 0 &&
        clock_now() >= start + seconds * CLOCK_SECOND)
        return (struct outcome){
            "FailureTarget", "Failed", "DeadlineExceeded",
            "Job was active longer than specified deadline"};
    return (struct outcome){0};
}

static void tell(struct cluster *cluster, const struct object *job,
                 const char *type, const char *reason, const char *message)
{
    struct happening happening = {
        .type = type, .reason = reason, .component = "job-controller"};
    cluster_tell(cluster, job, &happening, message);
}

/* Ends the Job's pods that still run. */
static void end_pods(struct cluster *cluster, const struct tally *tally)
{
    for (size_t i = 0; i < tally->count; i++) {
        struct object *pod =
            store_find_uid(&cluster->store, tally->pods[i]->uid);
        CLEANUP(arena_free) struct arena *arena = arena_new();
        if (!pod || value_path(pod->value, "metadata.deletionTimestamp"))
            continue;
        const char *message = arena_format(arena, "Deleted pod: %s", pod->name);
        lifecycle_delete(cluster, pod, PROPAGATION_BACKGROUND, -1);
        tell(cluster, tally->job, "Normal", "SuccessfulDelete", message);
    }
}

/* The Job does not hold back pods that it has counted. */
static void release_finalizers(struct cluster *cluster,
                               const struct object *job)
{
    const struct store *store = &cluster->store;
    for (size_t i = store->count; i-- > 0;) {
        struct object *pod = i < store->count ? store->items[i] : NULL;
        const char *phase =
            pod ? value_string(value_path(pod->value, "status.phase")) : NULL;
        if (!pod || !job_tally_is_of(pod, job) || !phase)
            continue;
        bool ended = strcmp(phase, "Succeeded") == 0 ||
                     strcmp(phase, "Failed") == 0 ||
                     value_path(pod->value, "metadata.deletionTimestamp");
        if (ended)
            lifecycle_drop_finalizer(cluster, pod, TRACKING);
    }
}

static struct value *make_pod(struct arena *arena, const struct object *job)
{
    const struct value *template = value_path(job->value, "spec.template");
    struct value *pod = value_copy(arena, template);
    struct value *metadata = tree_map(arena, pod, "metadata");
    struct value *owners = value_make_list(arena);
    struct value *owner = value_make_map(arena);
    struct value *finalizers = value_make_list(arena);
    value_set_string(arena, pod, "apiVersion", "v1");
    value_set_string(arena, pod, "kind", "Pod");
    value_set_string(arena, metadata, "generateName",
                     arena_format(arena, "%s-", job->name));
    value_set_string(arena, metadata, "namespace", job->namespace_name);
    tree_drop(arena, metadata, "name");
    writing_generate_name(arena, metadata);
    value_set_string(arena, owner, "apiVersion", "batch/v1");
    value_set_string(arena, owner, "kind", "Job");
    value_set_string(arena, owner, "name", job->name);
    value_set_string(arena, owner, "uid", job->uid);
    value_set(arena, owner, "controller", value_make_bool(arena, true));
    value_set(arena, owner, "blockOwnerDeletion", value_make_bool(arena, true));
    value_append(arena, owners, owner);
    value_set(arena, metadata, "ownerReferences", owners);
    value_append(arena, finalizers, value_make_string(arena, TRACKING));
    value_set(arena, metadata, "finalizers", finalizers);
    defaults_apply(arena, job_tally_pods(), pod);
    return pod;
}

static bool create_pod(struct cluster *cluster, struct object *job)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct occasion occasion = {.namespace_name = job->namespace_name,
                                .name = job->name};
    struct value *pod = make_pod(arena, job);
    const char *name = value_string(value_path(pod, "metadata.name"));
    const struct rule *rule =
        rules_use(&cluster->rules, ACTION_REFUSE_POD, &occasion);
    mutation_apply(arena, &cluster->rules, &occasion, pod);
    const char *why = admission_check(arena, cluster, pod);
    if (rule)
        why = rule->message ? rule->message : "exceeded quota";
    if (why) {
        tell(cluster, job, "Warning", "FailedCreate",
             arena_format(arena, "Error creating: pods \"%s\" is forbidden: %s",
                          name, why));
        return false;
    }
    if (!store_put(&cluster->store, job_tally_pods(), pod))
        return false;
    tell(cluster, job, "Normal", "SuccessfulCreate",
         arena_format(arena, "Created pod: %s", name));
    return true;
}

static void wake(struct cluster *cluster, const struct object *job,
                 int64_t pause)
{
    timers_add(&cluster->timers, clock_monotonic() + pause, job->uid);
}

/* Creates the pods that are missing; how many it did. */
static int64_t create_pods(struct cluster *cluster, const struct tally *tally)
{
    struct object *job = tally->job;
    const struct value *specification = value_get(job->value, "spec");
    int64_t wanted = value_int_or(value_get(specification, "completions"), 1) -
                     tally->succeeded;
    int64_t most = value_int_or(value_get(specification, "parallelism"), 1);
    int64_t missing =
        (wanted < most ? wanted : most) - tally->active - tally->terminating;
    int64_t made = 0;
    if (tally->failed > 0) {
        int64_t doublings = tally->failed - 1;
        int64_t pause =
            BACKOFF << (doublings < BACKOFF_LIMIT ? doublings : BACKOFF_LIMIT);
        int64_t rest = tally->last_failure + pause - clock_now();
        if (missing > 0 && rest > 0) {
            wake(cluster, job, rest);
            return 0;
        }
    }
    while (made < missing && made < JOB_PODS_LIMIT) {
        if (!create_pod(cluster, job)) {
            wake(cluster, job, CLOCK_SECOND);
            break;
        }
        made++;
    }
    return made;
}

/* The status with what was counted. */
static struct value *describe(struct arena *arena, const struct tally *tally)
{
    const struct value *known = value_get(tally->job->value, "status");
    struct value *status =
        known ? value_copy(arena, known) : value_make_map(arena);
    set_number(arena, status, "active", tally->active);
    set_number(arena, status, "failed", tally->failed);
    set_number(arena, status, "succeeded", tally->succeeded);
    value_set(arena, status, "ready", value_make_int(arena, tally->ready));
    value_set(arena, status, "terminating",
              value_make_int(arena, tally->terminating));
    value_set(arena, status, "uncountedTerminatedPods", value_make_map(arena));
    return status;
}

static struct object *store_status(struct cluster *cluster,
                                   const struct object *job,
                                   struct value *status)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *draft = value_copy(arena, job->value);
    value_set(arena, draft, "status", status);
    return store_put(&cluster->store, job->resource, draft);
}

static void suspend(struct cluster *cluster, const struct tally *tally,
                    struct value *status, struct arena *arena)
{
    static const struct outcome outcome = {.reason = "JobSuspended",
                                           .message = "Job suspended"};
    bool was = has_condition(tally->job, "Suspended");
    end_pods(cluster, tally);
    tree_drop(arena, status, "startTime");
    if (!was) {
        add_condition(arena, status, "Suspended", "True", &outcome);
        tell(cluster, tally->job, "Normal", "Suspended", "Job suspended");
    }
}

static void resume(struct cluster *cluster, const struct tally *tally,
                   struct value *status, struct arena *arena)
{
    static const struct outcome outcome = {.reason = "JobResumed",
                                           .message = "Job resumed"};
    if (has_condition(tally->job, "Suspended")) {
        add_condition(arena, status, "Suspended", "False", &outcome);
        tell(cluster, tally->job, "Normal", "Resumed", "Job resumed");
    }
    tree_default_string(arena, status, "startTime",
                        moment_print(arena, clock_now()));
}

/* The outcome is certain: said early, then at last. */
static void conclude(struct cluster *cluster, const struct tally *tally,
                     const struct outcome *outcome, struct value *status,
                     struct arena *arena)
{
    bool passed = strcmp(outcome->final, "Complete") == 0;
    if (!has_condition(tally->job, outcome->early))
        add_condition(arena, status, outcome->early, "True", outcome);
    end_pods(cluster, tally);
    if (tally->active + tally->terminating > 0)
        return;
    add_condition(arena, status, outcome->final, "True", outcome);
    if (passed)
        value_set_string(arena, status, "completionTime",
                         moment_print(arena, clock_now()));
    tell(cluster, tally->job, passed ? "Normal" : "Warning",
         passed ? "Completed" : outcome->reason,
         passed ? "Job completed" : outcome->message);
}

/* A finished Job goes ttlSecondsAfterFinished after its end. */
static void expire(struct cluster *cluster, struct object *job)
{
    const struct value *seconds =
        value_path(job->value, "spec.ttlSecondsAfterFinished");
    const struct value *conditions =
        value_path(job->value, "status.conditions");
    int64_t end = 0;
    for (size_t i = 0; i < value_count(conditions); i++) {
        int64_t moment = job_tally_moment(
            value_get(value_item(conditions, i), "lastTransitionTime"));
        end = moment > end ? moment : end;
    }
    int64_t rest = end + value_int_or(seconds, 0) * CLOCK_SECOND - clock_now();
    if (seconds && rest > 0)
        wake(cluster, job, rest);
    else if (seconds)
        lifecycle_delete(cluster, job, PROPAGATION_FOREGROUND, -1);
}

/* One step of a Job that is not finished. */
static void advance(struct cluster *cluster, struct tally *tally)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct object *job = tally->job;
    struct value *status = describe(arena, tally);
    struct outcome outcome = judge(arena, tally);
    bool suspended =
        value_bool_or(value_path(job->value, "spec.suspend"), false);
    if (outcome.early)
        conclude(cluster, tally, &outcome, status, arena);
    else if (suspended)
        suspend(cluster, tally, status, arena);
    else
        resume(cluster, tally, status, arena);
    int64_t seconds =
        value_int_or(value_path(job->value, "spec.activeDeadlineSeconds"), 0);
    int64_t start = job_tally_moment(value_get(status, "startTime"));
    if (seconds > 0 && start >= 0 && !outcome.early)
        wake(cluster, job, start + seconds * CLOCK_SECOND - clock_now() + 1);
    if (!outcome.early && !suspended)
        set_number(arena, status, "active",
                   tally->active + create_pods(cluster, tally));
    store_status(cluster, job, status);
    release_finalizers(cluster, job);
}

void job_controller_sync(struct cluster *cluster, const char *uid)
{
    struct object *job = find_job(&cluster->store, uid);
    if (!job)
        return;
    object_hold(job);
    if (is_finished(job)) {
        release_finalizers(cluster, job);
        if (!value_path(job->value, "metadata.deletionTimestamp"))
            expire(cluster, job);
    } else if (!value_path(job->value, "metadata.deletionTimestamp")) {
        struct tally tally = job_tally_make(&cluster->store, job);
        advance(cluster, &tally);
        job_tally_release(&tally);
    } else {
        release_finalizers(cluster, job);
    }
    object_release(job);
}

/* The uid of the pod's Job, or NULL. */
static const char *find_owner(const struct object *pod)
{
    const struct value *owner = tree_entry(
        value_path(pod->value, "metadata.ownerReferences"), "kind", "Job");
    return value_string_at(owner, "uid");
}

/* A pod whose Job is gone is held back by nobody. */
static void free_pod(struct cluster *cluster, const struct object *pod)
{
    struct object *now = store_find_uid(&cluster->store, pod->uid);
    const char *owner = find_owner(pod);
    if (now && value_path(now->value, "metadata.deletionTimestamp") &&
        !(owner && find_job(&cluster->store, owner)))
        lifecycle_drop_finalizer(cluster, now, TRACKING);
}

void job_controller_take(struct cluster *cluster, const struct change *change)
{
    const struct object *object = change->object;
    if (strcmp(object->resource->kind, "Job") == 0) {
        job_controller_sync(cluster, object->uid);
        return;
    }
    if (object->resource != job_tally_pods())
        return;
    const char *owner = find_owner(object);
    if (owner && cluster->rhythm->job == 0)
        job_controller_sync(cluster, owner);
    else if (owner)
        timers_add(&cluster->timers, clock_monotonic() + cluster->rhythm->job,
                   owner);
    free_pod(cluster, object);
}
