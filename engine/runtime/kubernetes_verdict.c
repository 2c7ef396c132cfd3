/*
 * How the containers ended and what the cluster said of it in, one verdict out. A
 * cause from outside counts against what the containers say, unless they had all
 * decided before; a run whose end nobody saw is never passed.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/runtime/kubernetes.h"
#include "engine/runtime/limits.h"

const struct value *cluster_container(const struct plan *plan, size_t index)
{
    const struct value *first = value_get(plan->pod, "initContainers");
    size_t count = value_count(first);
    return index < count
               ? value_item(first, index)
               : value_item(value_get(plan->pod, "containers"), index - count);
}

static bool is_out_of_memory(const struct container_view *view)
{
    return view->phase == CONTAINER_ENDED &&
           strcmp(view->reason, "OOMKilled") == 0;
}

/* What a container printed as its last words, when those are no report. */
static const char *read_complaint(struct cluster *cluster,
                                  const struct container_view *view)
{
    CLEANUP(text_free) struct text line = {0};
    size_t length = view->message_length;
    if (view->phase != CONTAINER_ENDED || view->message[0] == '{')
        return "";
    text_append_escaped(&line, view->message, length < 400 ? length : 400,
                        false);
    return arena_string(cluster->arena, text_string(&line));
}

static struct ending make_ending(struct cluster *cluster, size_t index)
{
    const struct follower *follower = &cluster->followers[index];
    struct ending ending = {.name = follower->name, .complaint = ""};
    if (index >= cluster->pod.count)
        return ending;
    const struct container_view *view = &cluster->pod.containers[index];
    ending.ended = view->phase == CONTAINER_ENDED && view->started;
    ending.code = view->exit_code;
    ending.complaint = read_complaint(cluster, view);
    if (follower->stream) {
        ending.done = stream_is_done(follower->stream, &ending.said);
        return ending;
    }
    /* Without an entrypoint the exit code is the step's; its status counts. */
    const struct outcome_step *step = cluster_bare_outcome(cluster);
    ending.done = step && step->finished;
    ending.said = step ? step->status : STATUS_LOST;
    ending.code = ending.said == STATUS_PASSED ? 0 : 1;
    return ending;
}

/* Puts the ends of the containers behind those of the Jobs before. */
static void add_endings(struct cluster *cluster)
{
    size_t before = cluster->ending_count;
    struct ending *endings =
        arena_allocate(cluster->arena, (before + cluster->follower_count + 1) *
                                           sizeof *endings);
    for (size_t i = 0; i < before; i++)
        endings[i] = cluster->endings[i];
    for (size_t i = 0; i < cluster->follower_count; i++)
        endings[before + i] = make_ending(cluster, i);
    cluster->endings = endings;
    cluster->ending_count = before + cluster->follower_count;
}

/* Those of the Job's own containers. */
static const struct ending *own_endings(const struct cluster *cluster)
{
    return cluster->endings + cluster->ending_count - cluster->follower_count;
}

/* The container that the kernel ended for its memory; NULL: none. */
static const char *explain_memory(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->pod.count; i++) {
        const struct container_view *view = &cluster->pod.containers[i];
        if (!is_out_of_memory(view))
            continue;
        return arena_format(
            cluster->arena, "container '%s' ran out of memory (%s%s)",
            view->name,
            view->memory[0] ? "its limit is " : "it has no limit of its own",
            view->memory);
    }
    return NULL;
}

static bool is_past_deadline(const struct cluster *cluster)
{
    static const char reason[] = "DeadlineExceeded";
    return cluster->cause == STOP_DEADLINE ||
           (cluster->pod_arena && strcmp(cluster->pod.reason, reason) == 0) ||
           (cluster->job_arena && strcmp(cluster->job.reason, reason) == 0);
}

static const char *explain_deadline(struct cluster *cluster)
{
    char duration[CLOCK_TEXT];
    if (cluster->options->deadline == 0)
        return "the run's deadline passed";
    duration_print(cluster->options->deadline, duration);
    return arena_format(cluster->arena, "the run's deadline of %s passed",
                        duration);
}

/* Why the run ended other than by itself, and as what. A status of passed says
 * that it did. The first that applies counts. */
static struct verdict find_cause(struct cluster *cluster)
{
    struct arena *arena = cluster->arena;
    const char *disruption =
        cluster->pod_arena ? pod_view_disruption(arena, &cluster->pod) : NULL;
    const char *memory = explain_memory(cluster);
    if (cluster->cause == STOP_TROUBLE)
        return (struct verdict){STATUS_ERROR, cluster->why};
    if (cluster->cause == STOP_ABORTED || cluster->aborted)
        return (struct verdict){STATUS_ABORTED, "aborted by the user"};
    if (is_past_deadline(cluster))
        return (struct verdict){STATUS_TIMEOUT, explain_deadline(cluster)};
    if (disruption)
        return (struct verdict){STATUS_ERROR, disruption};
    if (memory)
        return (struct verdict){STATUS_FAILED, memory};
    return (struct verdict){STATUS_PASSED, NULL};
}

/* A pod that went, or never came, without a word about its end. */
static struct verdict find_loss(struct cluster *cluster)
{
    struct arena *arena = cluster->arena;
    const char *message = cluster->job.message;
    const struct container_view *barrier = pod_view_barrier(&cluster->pod);
    if (barrier)
        return (struct verdict){
            STATUS_ERROR,
            arena_format(arena,
                         "container '%s', which the cluster has put into the "
                         "pod, ended with exit code %d before the steps could "
                         "begin",
                         barrier->name, barrier->exit_code)};
    if (!cluster->pod_arena && cluster->job.failed)
        return (struct verdict){
            STATUS_ERROR,
            arena_format(arena, "the Job failed before it had a pod: %.400s",
                         message && *message ? message : "no reason given")};
    if (cluster->job_gone)
        return (struct verdict){
            STATUS_LOST,
            arena_format(arena, "the Job '%s' was deleted from outside",
                         cluster->job_name)};
    if (cluster->pod_gone)
        return (struct verdict){
            STATUS_LOST,
            arena_format(arena, "pod '%s' was deleted from outside",
                         cluster->pod.name)};
    if (cluster->abandoned)
        return (struct verdict){
            STATUS_LOST,
            arena_format(arena,
                         "pod '%s' is being deleted, and node '%s' does not "
                         "say that it has ended",
                         cluster->pod.name, cluster->pod.node)};
    return (struct verdict){STATUS_LOST,
                            "the end of the run could not be seen"};
}

/* How many of the Job's first containers have ended. */
static size_t count_ended(const struct cluster *cluster)
{
    const struct ending *endings = own_endings(cluster);
    size_t count = 0;
    while (count < cluster->follower_count && endings[count].ended)
        count++;
    return count;
}

static bool is_last_stage(const struct cluster *cluster)
{
    return !cluster->plan->workspace || cluster->bare_skipped ||
           cluster->stage + 1 >= cluster->whole->stage_count;
}

/* Whether nothing more was to come: all have ended, or one that broke the chain. */
static bool is_complete(const struct cluster *cluster, size_t ended)
{
    return ended > 0 && is_last_stage(cluster) &&
           (ended == cluster->follower_count ||
            ended > pod_view_broken(&cluster->pod));
}

/* What the containers say that have ended. Of a chain that was cut, only that it was
 * aborted counts. */
static struct verdict listen(struct cluster *cluster, size_t ended)
{
    size_t all = cluster->ending_count - cluster->follower_count + ended;
    struct verdict verdict =
        outcome_judge(cluster->outcome, cluster->endings, all);
    bool staged = cluster->plan->workspace != NULL;
    bool chain = cluster->pod.initial > 0 || staged;
    bool unsaid = staged && ended == cluster->follower_count &&
                  verdict.status != STATUS_PASSED &&
                  verdict.status != STATUS_FAILED;
    if (is_complete(cluster, ended) || unsaid ||
        (chain && ended > 0 && verdict.status == STATUS_ABORTED))
        return verdict;
    return find_loss(cluster);
}

/* The containers' own verdict, when all of them have one and it is decided; a
 * cause from outside counts against anything else. */
static struct verdict judge(struct cluster *cluster)
{
    struct verdict cause = find_cause(cluster);
    size_t ended = count_ended(cluster);
    struct verdict verdict = listen(cluster, ended);
    bool decided =
        !cluster->aborted && is_complete(cluster, ended) &&
        (verdict.status == STATUS_PASSED || verdict.status == STATUS_FAILED);
    if (cluster->why_kind == ERROR_TRUST)
        decided = false;
    if (!decided && cause.status != STATUS_PASSED)
        return cause;
    if (verdict.status == STATUS_ABORTED && cluster->job_gone)
        verdict.reason = arena_format(cluster->arena,
                                      "the Job '%s' was deleted from outside",
                                      cluster->job_name);
    else if (verdict.status == STATUS_ABORTED && cluster->pod.leaving)
        verdict.reason =
            arena_format(cluster->arena, "pod '%s' was deleted from outside",
                         cluster->pod.name);
    return verdict;
}

/* Emits what only the termination messages know. */
static int take_messages(struct cluster *cluster, struct error *error)
{
    for (size_t i = 0; i < cluster->pod.count; i++) {
        const struct container_view *view = &cluster->pod.containers[i];
        if (view->phase == CONTAINER_ENDED && view->message[0] == '{' &&
            outcome_take_message(cluster->outcome, view->message,
                                 view->message_length, error) != 0)
            return -1;
    }
    return 0;
}

int cluster_gather(struct cluster *cluster, struct error *error)
{
    for (size_t i = 0; i < cluster->follower_count; i++)
        if (cluster->followers[i].stream &&
            stream_finish(cluster->followers[i].stream, error) != 0)
            return -1;
    if (take_messages(cluster, error) != 0)
        return -1;
    size_t broken = pod_view_broken(&cluster->pod);
    if (cluster->plan->bare && broken < cluster->pod.count &&
        cluster_skip_bare(cluster, error) != 0)
        return -1;
    add_endings(cluster);
    return 0;
}

bool cluster_is_whole(struct cluster *cluster)
{
    const struct ending *endings = own_endings(cluster);
    if (cluster->cause == STOP_TROUBLE || is_past_deadline(cluster) ||
        cluster->job_gone ||
        (cluster->pod_arena &&
         pod_view_disruption(cluster->arena, &cluster->pod)))
        return false;
    for (size_t i = 0; i < cluster->follower_count; i++)
        if (!endings[i].ended || !endings[i].done)
            return false;
    return true;
}

bool cluster_has_said(const struct cluster *cluster, enum status status)
{
    for (size_t i = 0; i < cluster->ending_count; i++)
        if (cluster->endings[i].done && cluster->endings[i].said == status)
            return true;
    return false;
}

int cluster_conclude(struct cluster *cluster, struct verdict *verdict,
                     struct error *error)
{
    struct verdict cause = find_cause(cluster);
    const char *reason = cause.reason;
    for (size_t i = 0; !reason && i < cluster->ending_count; i++)
        reason = outcome_explain(cluster->arena, &cluster->endings[i]);
    if (outcome_close(cluster->outcome,
                      reason ? reason : "its end was not reported", error) != 0)
        return -1;
    *verdict = judge(cluster);
    return 0;
}
