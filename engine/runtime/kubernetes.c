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
    cluster->run_begun = cluster->begun = clock_monotonic();
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
    if (cluster->jobs)
        kube_watch_free(cluster->jobs);
    if (cluster->pods)
        kube_watch_free(cluster->pods);
    cluster_end_stage(cluster);
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
    cluster->whole = plan;
    cluster->outcome = outcome_make(arena, plan, cluster->sink);
    cluster->containers = record && record->state->queued != 0
                              ? replay_make(arena, record, cluster->outcome)
                              : &cluster->outcome->sink;
    cluster->containers = refuse_artifacts(cluster, record);
    cluster_begin_stage(cluster, 0);
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

/* Whether a text with that word is anywhere in the instructions. */
static bool mentions(const struct value *value, const char *word)
{
    if (value_is(value, VALUE_STRING))
        return strstr(value->string.bytes, word) != NULL;
    for (size_t i = 0; i < value_count(value); i++)
        if (mentions(value_is(value, VALUE_MAP) ? value->map.members[i].value
                                                : value_item(value, i),
                     word))
            return true;
    return false;
}

/* Testkube gives each pod the account of its agent; here one has to be named, and
 * what kubectl says without one (a server on localhost) leads astray. */
static int hint_at_account(struct cluster *cluster, struct error *error)
{
    const struct value *run = cluster->whole->run;
    bool asks = mentions(run, "kubectl") || mentions(run, "helm ");
    if (!asks || mentions(run, "KUBECONFIG") ||
        cluster->choice.service_account ||
        value_get(cluster->plan->pod, "serviceAccountName"))
        return 0;
    return cluster_note(cluster,
                        "the steps call kubectl or helm, and no service "
                        "account is named whose token they could use: "
                        "--service-account, or spec.pod.serviceAccountName",
                        NULL, error);
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
    if (!cluster->created || (cluster->job_gone && cluster->stage == 0))
        return;
    /* A pod that cannot start would try for ever. */
    if ((cluster->cause != STOP_NONE || cluster->failed) && keep != KEEP_ALWAYS)
        kept = false;
    /* Nobody would ever end it. */
    if (pod_view_straggler(&cluster->pod) && keep != KEEP_ALWAYS)
        kept = false;
    cluster_remove(cluster, kept);
    if (kept && cluster->whole && cluster->whole->workspace)
        cluster_shorten(cluster);
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
    if (cluster->stage > 0 &&
        outcome_close(cluster->outcome, error->text, &late) != 0)
        late = (struct error){0};
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
    if (cluster_follow_all(cluster, error) != 0) {
        if (cluster->result->running_on)
            return -1;
        return finish_early(cluster, error);
    }
    if (cluster_conclude(cluster, &verdict, error) != 0)
        return finish_early(cluster, error);
    return finish(cluster, verdict, error);
}

static int carry_out(struct cluster *cluster, struct error *error)
{
    if (cluster_prepare(cluster, error) != 0)
        return finish_early(cluster, error);
    if (emit_started(cluster, error) != 0 ||
        hint_at_account(cluster, error) != 0)
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

/* Nobody is there any more to start the Jobs that are left: what there is of them is
 * taken away. */
static int end_stages(struct cluster *cluster, const char *run_id,
                      const struct runtime_record *record, struct error *error)
{
    struct verdict verdict = {STATUS_ABORTED, "aborted by the user"};
    cluster->failed = true;
    if (cluster->options->abort && record->state->queued != 0)
        return finish(cluster, verdict, error);
    return finish_lost(
        cluster, record,
        arena_format(cluster->arena,
                     "each step of run %s is a Job of its own, and the process "
                     "that started one after the other is gone (its first Job "
                     "is '%.100s')",
                     run_id, cluster->owner_name),
        error);
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
    cluster->owner_name = cluster->job_name;
    cluster->owner_uid = cluster->job_uid;
    if (kubernetes_is_stage(job))
        return end_stages(cluster, run_id, record, error);
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

int runtime_kubernetes_resume(const char *run_id, const char *ref,
                              const struct runtime_kubernetes_options *options,
                              struct error *error)
{
    struct runtime_kubernetes_result ignored = {0};
    struct cluster cluster = {.options = options, .result = &ignored};
    open_cluster(&cluster);
    int status = cluster_resume(&cluster, run_id, ref, error);
    close_cluster(&cluster);
    return status;
}
