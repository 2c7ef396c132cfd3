/*
 * A plan in, its events out, with the pod run by a cluster: prepare, create,
 * follow, judge, tidy up. Invariants: nothing is deleted before its logs were
 * read, or the time for that was over; the verdict is handed on before anything
 * is deleted, so that whoever is killed in between leaves a run that can be
 * attached to; a run whose end nobody saw is never passed.
 */
#include "engine/runtime/kubernetes.h"

#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/runtime/artifact.h"
#include "engine/runtime/limits.h"
#include "engine/runtime/replay.h"

enum { KEPT_DETACHED = 24 * 60 * 60 }; /* seconds */

static void take_warning(void *context, const char *text)
{
    struct cluster *cluster = context;
    size_t count = value_count(cluster->warnings);
    for (size_t i = 0; i < count; i++)
        if (strcmp(value_string(value_item(cluster->warnings, i)), text) == 0)
            return;
    if (count < KUBERNETES_WARNING_LIMIT)
        value_append(cluster->arena, cluster->warnings,
                     value_make_string(cluster->arena, text));
}

static void open_cluster(struct cluster *cluster)
{
    const struct runtime_kubernetes_options *options = cluster->options;
    cluster->arena = arena_new();
    cluster->warnings = value_make_list(cluster->arena);
    cluster->begun = clock_monotonic();
    cluster->abort_descriptor = options->abort_descriptor;
    cluster->choice = (struct job_choice){
        .namespace_name = options->namespace_name,
        .service_account = options->service_account,
        .kept_finished = options->detach ? KEPT_DETACHED : 0,
    };
    kube_client_interrupt(options->client, options->abort_descriptor);
    kube_client_warn(options->client,
                     (struct kube_warnings){take_warning, cluster});
}

static void close_cluster(struct cluster *cluster)
{
    kube_client_warn(cluster->options->client, (struct kube_warnings){0});
    kube_client_interrupt(cluster->options->client, -1);
    for (size_t i = 0; i < cluster->follower_count; i++) {
        if (cluster->followers[i].log)
            kube_log_free(cluster->followers[i].log);
        if (cluster->followers[i].stream)
            stream_free(cluster->followers[i].stream);
    }
    if (cluster->jobs)
        kube_watch_free(cluster->jobs);
    if (cluster->pods)
        kube_watch_free(cluster->pods);
    if (cluster->pod_arena)
        arena_free(cluster->pod_arena);
    if (cluster->job_arena)
        arena_free(cluster->job_arena);
    arena_free(cluster->arena);
}

/* The files that steps leave stay where they are: said once, also when the run is
 * attached to. */
static struct event_sink *refuse_artifacts(struct cluster *cluster,
                                           const struct runtime_record *record)
{
    static const char text[] =
        "artifacts are not fetched from a cluster yet: they go with the pod";
    bool told = false;
    for (size_t i = 0; record && i < record->state->note_count; i++)
        told = told || strcmp(record->state->notes[i], text) == 0;
    return &artifact_refuse(cluster->arena, text, told, cluster->containers)
                ->sink;
}

/* Sets the plan, and what follows from it. */
static void set_plan(struct cluster *cluster, const struct plan *plan,
                     const struct runtime_record *record)
{
    struct arena *arena = cluster->arena;
    cluster->plan = plan;
    cluster->job_name = value_string(value_path(plan->job, "metadata.name"));
    cluster->outcome = outcome_make(arena, plan, cluster->sink);
    cluster->containers = record && record->state->queued != 0
                              ? replay_make(arena, record, cluster->outcome)
                              : &cluster->outcome->sink;
    cluster->containers = refuse_artifacts(cluster, record);
    const struct value *list = value_get(plan->pod, "containers");
    size_t count = value_count(list);
    cluster->followers =
        arena_allocate(arena, (count + 1) * sizeof *cluster->followers);
    for (size_t i = 0; i < count && i < POD_CONTAINER_LIMIT; i++) {
        struct follower *follower = &cluster->followers[i];
        const char *name = value_string_at(value_item(list, i), "name");
        follower->cluster = cluster;
        follower->name = name ? name : "";
        follower->stream =
            plan->bare ? NULL : stream_new(plan->token, cluster->containers);
        cluster->follower_count++;
    }
}

/* What a record has to hold so that the run can be found again. */
static int emit_started(struct cluster *cluster, struct error *error)
{
    struct arena *arena = cluster->arena;
    const struct runtime_kubernetes_options *options = cluster->options;
    struct value *data = value_make_map(arena);
    const char *account =
        options->service_account
            ? options->service_account
            : value_string_at(cluster->plan->pod, "serviceAccountName");
    value_set_string(arena, data, "context", options->context);
    value_set_string(arena, data, "server", options->server);
    value_set_string(arena, data, "namespace", options->namespace_name);
    value_set_string(arena, data, "job", cluster->job_name);
    value_set_string(arena, data, "security",
                     security_profile_name(cluster->choice.security.profile));
    value_set_string(arena, data, "serviceAccount", account);
    return cluster_emit(cluster,
                        (struct event){.kind = EVENT_RUN_STARTED, .data = data},
                        error);
}

/* --- the verdict ----------------------------------------------------------- */

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
    const struct outcome_step *step = &cluster->outcome->steps[0];
    ending.done = step->finished;
    ending.said = step->status;
    ending.code = step->status == STATUS_PASSED ? 0 : 1;
    return ending;
}

static struct ending *make_endings(struct cluster *cluster)
{
    struct ending *endings = arena_allocate(
        cluster->arena, (cluster->follower_count + 1) * sizeof *endings);
    for (size_t i = 0; i < cluster->follower_count; i++)
        endings[i] = make_ending(cluster, i);
    return endings;
}

/* The container that the kernel ended for its memory; NULL: none. */
static const char *explain_memory(struct cluster *cluster)
{
    const struct value *list = value_get(cluster->plan->pod, "containers");
    for (size_t i = 0; i < cluster->pod.count; i++) {
        const struct container_view *view = &cluster->pod.containers[i];
        if (!is_out_of_memory(view))
            continue;
        const char *limit = value_string(
            value_path(value_item(list, i), "resources.limits.memory"));
        return arena_format(cluster->arena,
                            "container '%s' ran out of memory (%s%s)",
                            view->name,
                            limit ? "its limit is "
                                  : "it has no limit of its "
                                    "own",
                            limit ? limit : "");
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
    if (cluster->cause == STOP_ABORTED)
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
    return (struct verdict){STATUS_LOST,
                            "the end of the run could not be seen"};
}

static bool all_ended(const struct cluster *cluster,
                      const struct ending *endings)
{
    for (size_t i = 0; i < cluster->follower_count; i++)
        if (!endings[i].ended)
            return false;
    return cluster->follower_count > 0;
}

/* The containers' own verdict, when all of them have one and it is decided; a
 * cause from outside counts against anything else. */
static struct verdict judge(struct cluster *cluster,
                            const struct ending *endings)
{
    struct verdict cause = find_cause(cluster);
    bool ended = all_ended(cluster, endings);
    if (!ended && cause.status == STATUS_PASSED)
        return find_loss(cluster);
    struct verdict verdict =
        outcome_judge(cluster->outcome, endings, cluster->follower_count);
    bool decided = ended && (verdict.status == STATUS_PASSED ||
                             verdict.status == STATUS_FAILED);
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

static int conclude(struct cluster *cluster, struct verdict *verdict,
                    struct error *error)
{
    for (size_t i = 0; i < cluster->follower_count; i++)
        if (cluster->followers[i].stream &&
            stream_finish(cluster->followers[i].stream, error) != 0)
            return -1;
    if (take_messages(cluster, error) != 0)
        return -1;
    const struct ending *endings = make_endings(cluster);
    struct verdict cause = find_cause(cluster);
    const char *reason = cause.reason;
    for (size_t i = 0; !reason && i < cluster->follower_count; i++)
        reason = outcome_explain(cluster->arena, &endings[i]);
    if (outcome_close(cluster->outcome,
                      reason ? reason : "its end was not reported", error) != 0)
        return -1;
    *verdict = judge(cluster, endings);
    return 0;
}

/* --- from the beginning to the end ----------------------------------------- */

/* What stays in the cluster. Without the Secret nothing of a kept run is worth
 * stealing. */
static void tidy(struct cluster *cluster, enum status status)
{
    enum runtime_keep keep = cluster->options->keep;
    bool kept = keep == KEEP_ALWAYS ||
                (keep == KEEP_FAILED && status != STATUS_PASSED &&
                 status != STATUS_ABORTED);
    if (!cluster->created || cluster->job_gone)
        return;
    /* A pod that cannot start would try for ever. */
    if ((cluster->cause != STOP_NONE || cluster->failed) && keep != KEEP_ALWAYS)
        kept = false;
    cluster_remove(cluster, kept);
}

static int finish(struct cluster *cluster, struct verdict verdict,
                  struct error *error)
{
    struct event event = {.kind = EVENT_RUN_FINISHED,
                          .status = verdict.status,
                          .text = verdict.reason};
    if (cluster_emit(cluster, event, error) != 0)
        return -1;
    cluster->result->running_on = false;
    tidy(cluster, verdict.status);
    if (cluster->why_kind == ERROR_TRUST)
        return error_set(error, ERROR_TRUST, "%s", cluster->why);
    return 0;
}

/* A failure of ours ends the run as an error; a wish of the user as aborted. */
static int finish_early(struct cluster *cluster, struct error *error)
{
    struct error late = {0};
    cluster->failed = true;
    if (error->kind == ERROR_ABORTED) {
        *error = (struct error){0};
        return finish(cluster,
                      (struct verdict){STATUS_ABORTED, "aborted by the user"},
                      error);
    }
    if (finish(cluster, (struct verdict){STATUS_ERROR, error->text}, &late) !=
            0 &&
        late.kind != ERROR_TRUST)
        *error = late;
    return -1;
}

static int follow(struct cluster *cluster, struct error *error)
{
    struct verdict verdict;
    if (cluster_follow(cluster, error) != 0) {
        if (cluster->result->running_on)
            return -1;
        return finish_early(cluster, error);
    }
    if (conclude(cluster, &verdict, error) != 0)
        return finish_early(cluster, error);
    return finish(cluster, verdict, error);
}

static int carry_out(struct cluster *cluster, struct error *error)
{
    if (cluster_prepare(cluster, error) != 0)
        return finish_early(cluster, error);
    if (emit_started(cluster, error) != 0)
        return -1;
    if (!cluster->options->detach)
        cluster_watch(cluster);
    if (cluster_create(cluster, error) != 0)
        return finish_early(cluster, error);
    if (!cluster->options->detach)
        return follow(cluster, error);
    cluster->result->running_on = true;
    return 0;
}

int runtime_kubernetes_run(const struct plan *plan,
                           const struct runtime_kubernetes_options *options,
                           struct event_sink *sink,
                           struct runtime_kubernetes_result *result,
                           struct error *error)
{
    struct cluster cluster = {
        .options = options, .sink = sink, .result = result};
    *result = (struct runtime_kubernetes_result){0};
    open_cluster(&cluster);
    set_plan(&cluster, plan, NULL);
    int status = carry_out(&cluster, error);
    close_cluster(&cluster);
    return status;
}

/* --- a run that is there already ------------------------------------------- */

/* What is known of a run that was begun elsewhere. */
static int emit_queued(struct cluster *cluster, struct error *error)
{
    struct arena *arena = cluster->arena;
    const struct plan *plan = cluster->plan;
    struct value *data = value_make_map(arena);
    value_set_string(arena, data, "workflow", plan->workflow);
    value_set_string(arena, data, "runtime", "kubernetes");
    value_set(arena, data, "images", value_copy(arena, plan->images));
    value_set(arena, data, "steps",
              value_copy(arena, value_get(plan->run, "steps")));
    return cluster_emit(
        cluster, (struct event){.kind = EVENT_RUN_QUEUED, .data = data}, error);
}

/* A record without its run in the cluster. */
static int finish_lost(struct cluster *cluster,
                       const struct runtime_record *record, const char *why,
                       struct error *error)
{
    if (record->state->queued == 0)
        return error_set(error, ERROR_USAGE, "%s", why);
    return finish(cluster, (struct verdict){STATUS_LOST, why}, error);
}

static int take_up(struct cluster *cluster, const char *run_id,
                   const struct runtime_record *record, struct error *error)
{
    const char *place = cluster->choice.namespace_name;
    const struct value *job;
    if (cluster_find(cluster, run_id, &job, error) != 0)
        return -1;
    if (!job)
        return finish_lost(cluster, record,
                           arena_format(cluster->arena,
                                        "run %s has no Job in namespace '%s'",
                                        run_id, place),
                           error);
    cluster->created = true;
    cluster->job_name = value_string(value_path(job, "metadata.name"));
    cluster->job_uid = value_string(value_path(job, "metadata.uid"));
    const struct plan *plan = cluster_read(cluster, job, error);
    if (!plan && error_is_set(error))
        return -1;
    cluster->failed = !plan; /* its pod would wait for ever */
    if (!plan)
        return finish_lost(cluster, record,
                           arena_format(cluster->arena,
                                        "the ConfigMap or the Secret of run %s "
                                        "is gone, or was never made: what it "
                                        "says cannot be read",
                                        run_id),
                           error);
    set_plan(cluster, plan, record);
    cluster->choice.security.profile = kubernetes_read_profile(job);
    if (record->state->queued == 0 && emit_queued(cluster, error) != 0)
        return -1;
    if (record->state->status == STATUS_QUEUED &&
        emit_started(cluster, error) != 0)
        return -1;
    cluster->attached = true;
    cluster_watch(cluster);
    if (cluster->options->abort)
        cluster->cause = STOP_ABORTED;
    return follow(cluster, error);
}

int runtime_kubernetes_attach(const char *run_id,
                              const struct runtime_kubernetes_options *options,
                              const struct runtime_record *record,
                              struct event_sink *sink,
                              struct runtime_kubernetes_result *result,
                              struct error *error)
{
    struct cluster cluster = {
        .options = options, .sink = sink, .result = result};
    *result = (struct runtime_kubernetes_result){.running_on = true};
    open_cluster(&cluster);
    int status = take_up(&cluster, run_id, record, error);
    close_cluster(&cluster);
    return status;
}

int runtime_kubernetes_stop(const char *run_id,
                            const struct runtime_kubernetes_options *options,
                            struct error *error)
{
    struct runtime_kubernetes_result ignored = {0};
    struct cluster cluster = {.options = options, .result = &ignored};
    const struct value *job = NULL;
    open_cluster(&cluster);
    int status = cluster_find(&cluster, run_id, &job, error);
    if (status == 0 && !job)
        status = error_set(error, ERROR_REMOTE,
                           "run %s has no Job in namespace '%s'", run_id,
                           options->namespace_name);
    if (status == 0)
        status = cluster_stop_pods(&cluster, run_id, error);
    close_cluster(&cluster);
    return status;
}
