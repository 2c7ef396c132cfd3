/*
 * A plan in, its objects in the cluster out, in two round trips: the Job first,
 * then, at once and owned by it, the ConfigMap and the Secret. So nothing is left
 * behind when this process dies in between: what exists is the Job, or belongs to
 * it. The pod that the Job gets waits for the other two; they are there before
 * the kubelet looks, as a rule, and else half a second later.
 * The shared program is checked before the Secret is made: a pod whose program
 * is not ours never gets it.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/runtime/kubernetes.h"
#include "engine/runtime/limits.h"

enum { NOT_FOUND = 404, CONFLICT = 409, FORBIDDEN = 403 };

static const char *say(struct cluster *cluster, const char *verb,
                       const char *kind, const char *name)
{
    return arena_format(cluster->arena, "%s %s '%s' in namespace '%s'", verb,
                        kind, name, cluster->choice.namespace_name);
}

static struct kube_call make_get(struct cluster *cluster,
                                 const struct kube_resource *resource,
                                 const char *kind, const char *name)
{
    return (struct kube_call){
        .method = "GET",
        .path = kube_path(cluster->arena, resource,
                          cluster->choice.namespace_name, name),
        .what = say(cluster, "get", kind, name),
    };
}

/* Every field must be known to the server: what it ignores would not be what
 * the workflow says. */
static struct kube_call make_post(struct cluster *cluster,
                                  const struct kube_resource *resource,
                                  const char *kind, const struct value *object)
{
    const char *name = value_string(value_path(object, "metadata.name"));
    return (struct kube_call){
        .method = "POST",
        .path = arena_format(cluster->arena,
                             "%s?fieldManager=assay&fieldValidation=Strict",
                             kube_path(cluster->arena, resource,
                                       cluster->choice.namespace_name, NULL)),
        .body = object,
        .what = say(cluster, "create", kind, name ? name : ""),
    };
}

static int run(struct cluster *cluster, struct kube_call *calls, size_t count,
               struct error *error)
{
    return kube_call_run(cluster->options->client, cluster->arena, calls, count,
                         error);
}

static int fail(const struct kube_call *call, struct error *error)
{
    return error_set(error, call->error.kind, "%s", call->error.text);
}

/* --- the program ----------------------------------------------------------- */

static int check_program(const struct kube_call *call, struct error *error)
{
    if (error_is_set(&call->error))
        return fail(call, error);
    return kubernetes_check_entrypoint(call->object, error);
}

/* Makes it; somebody else may do so at the same time. */
static int create_program(struct cluster *cluster, struct error *error)
{
    struct arena *arena = cluster->arena;
    const char *name = kubernetes_entrypoint_name(arena);
    struct kube_call create = make_post(
        cluster, &kube_config_maps, "configmap",
        kubernetes_make_entrypoint(arena, cluster->choice.namespace_name));
    if (run(cluster, &create, 1, error) < 0)
        return -1;
    if (create.status != CONFLICT)
        return check_program(&create, error);
    struct kube_call get =
        make_get(cluster, &kube_config_maps, "configmap", name);
    return run(cluster, &get, 1, error) < 0 ? -1 : check_program(&get, error);
}

int cluster_prepare(struct cluster *cluster, struct error *error)
{
    struct arena *arena = cluster->arena;
    const char *namespace_name = cluster->choice.namespace_name;
    const char *program = kubernetes_entrypoint_name(arena);
    enum { NAMESPACE, PROGRAM, CALLS };
    struct kube_call calls[CALLS] = {
        [NAMESPACE] =
            {
                .method = "GET",
                .path =
                    kube_path(arena, &kube_namespaces, NULL, namespace_name),
                .what =
                    arena_format(arena, "get namespace '%s'", namespace_name),
            },
        [PROGRAM] = make_get(cluster, &kube_config_maps, "configmap", program),
    };
    if (run(cluster, calls, CALLS, error) < 0)
        return -1;
    /* Who may not look at the namespace may still run in it. */
    if (error_is_set(&calls[NAMESPACE].error) &&
        calls[NAMESPACE].status != FORBIDDEN)
        return fail(&calls[NAMESPACE], error);
    kubernetes_choose(calls[NAMESPACE].object, cluster->options->security,
                      &cluster->choice);
    if (calls[PROGRAM].status == NOT_FOUND)
        return create_program(cluster, error);
    return check_program(&calls[PROGRAM], error);
}

/* --- the run's own objects ------------------------------------------------- */

/* An object of the name that we wanted is there already: whether it is ours,
 * because an answer was lost on its way. */
static int find_own(struct cluster *cluster,
                    const struct kube_resource *resource, const char *kind,
                    struct kube_call *call, struct error *error)
{
    if (call->status != CONFLICT)
        return error_is_set(&call->error) ? fail(call, error) : 0;
    struct kube_call get =
        make_get(cluster, resource, kind,
                 value_string(value_path(call->body, "metadata.name")));
    if (run(cluster, &get, 1, error) < 0)
        return -1;
    if (error_is_set(&get.error))
        return fail(&get, error);
    const char *id = value_string(
        value_get(value_path(get.object, "metadata.labels"), "assay.dev/run"));
    if (!id || strcmp(id, cluster->plan->run_id) != 0)
        return fail(call, error);
    call->object = get.object;
    return 0;
}

/* What goes with the first Job. */
static struct value *make_owned(struct cluster *cluster,
                                const struct value *object)
{
    return kubernetes_make_owned(cluster->arena, object, &cluster->choice,
                                 cluster->owner_name, cluster->owner_uid);
}

static int create_owned(struct cluster *cluster, struct error *error)
{
    const struct plan *plan = cluster->plan;
    struct kube_call calls[] = {
        make_post(cluster, &kube_secrets, "secret",
                  make_owned(cluster, plan->secret)),
        make_post(cluster, &kube_config_maps, "configmap",
                  make_owned(cluster, plan->config_map)),
    };
    if (run(cluster, calls, 2, error) < 0 ||
        find_own(cluster, &kube_secrets, "secret", &calls[0], error) < 0)
        return -1;
    return find_own(cluster, &kube_config_maps, "configmap", &calls[1], error);
}

static int create_claim(struct cluster *cluster, const struct value *claim,
                        struct error *error)
{
    static const char kind[] = "persistentvolumeclaim";
    struct kube_call call =
        make_post(cluster, &kube_claims, kind, make_owned(cluster, claim));
    return run(cluster, &call, 1, error) < 0
               ? -1
               : find_own(cluster, &kube_claims, kind, &call, error);
}

/* The claims that are made for the run; the pod waits until they are there. */
static int create_claims(struct cluster *cluster, struct error *error)
{
    const struct value *claims = cluster->plan->claims;
    const struct value *workspace = cluster->plan->workspace;
    if (workspace && create_claim(cluster, workspace, error) < 0)
        return -1;
    for (size_t i = 0; i < value_count(claims); i++)
        if (create_claim(cluster, value_item(claims, i), error) < 0)
            return -1;
    return 0;
}

/* Before the first Job is made it must be clear that all of them may be. */
static int check_security(struct cluster *cluster, struct error *error)
{
    for (size_t i = 0; i < cluster->whole->stage_count; i++) {
        struct plan stage = {.job = cluster->whole->stages[i].job};
        const struct value *job =
            kubernetes_make_job(cluster->arena, &stage, &cluster->choice);
        if (kubernetes_check_security(job, &cluster->choice, error) < 0)
            return -1;
    }
    return 0;
}

static int create_job(struct cluster *cluster, const struct value *job,
                      struct error *error)
{
    struct kube_call create = make_post(cluster, &kube_jobs, "job", job);
    cluster->created = true;
    if (run(cluster, &create, 1, error) < 0 ||
        find_own(cluster, &kube_jobs, "job", &create, error) < 0)
        return -1;
    cluster->job_uid = value_string(value_path(create.object, "metadata.uid"));
    if (!cluster->job_uid)
        return error_set(error, ERROR_REMOTE,
                         "the server created the Job '%s' without a uid",
                         cluster->job_name);
    return 0;
}

/* Seconds that a Job may take: what the run's deadline leaves. */
static int64_t rest_of_deadline(const struct cluster *cluster)
{
    int64_t rest =
        cluster->run_begun + cluster->options->deadline - clock_monotonic();
    return rest < CLOCK_SECOND ? 1 : rest / CLOCK_SECOND;
}

/* With stages the first Job holds what the others need, so it stays until it is
 * deleted, or nobody can be there any more to do so. */
static void keep_first(struct cluster *cluster)
{
    int64_t seconds = KUBERNETES_STAGES_LIFE / CLOCK_SECOND;
    int64_t deadline = cluster->options->deadline / CLOCK_SECOND;
    if (!cluster->plan->workspace)
        return;
    cluster->choice.kept_finished =
        deadline < INT32_MAX - seconds ? seconds + deadline : INT32_MAX;
}

int cluster_create(struct cluster *cluster, struct error *error)
{
    keep_first(cluster);
    if (check_security(cluster, error) < 0 ||
        create_job(cluster,
                   kubernetes_make_job(cluster->arena, cluster->plan,
                                       &cluster->choice),
                   error) < 0)
        return -1;
    cluster->owner_name = cluster->job_name;
    cluster->owner_uid = cluster->job_uid;
    return create_owned(cluster, error) < 0 ? -1
                                            : create_claims(cluster, error);
}

int cluster_create_next(struct cluster *cluster, struct error *error)
{
    cluster->choice.kept_finished = 0;
    if (cluster->options->deadline > 0)
        cluster->choice.deadline = rest_of_deadline(cluster);
    return create_job(
        cluster,
        make_owned(cluster, kubernetes_make_job(cluster->arena, cluster->plan,
                                                &cluster->choice)),
        error);
}

/* --- the end --------------------------------------------------------------- */

static struct value *make_preconditions(struct arena *arena, const char *uid)
{
    struct value *options = value_make_map(arena);
    value_set_string(arena, options, "apiVersion", "v1");
    value_set_string(arena, options, "kind", "DeleteOptions");
    if (uid && *uid) {
        struct value *preconditions = value_make_map(arena);
        value_set_string(arena, preconditions, "uid", uid);
        value_set(arena, options, "preconditions", preconditions);
    }
    return options;
}

static int end_pod(struct cluster *cluster, const char *name, const char *uid,
                   struct error *error)
{
    struct arena *arena = cluster->arena;
    struct value *options = make_preconditions(arena, uid);
    value_set(arena, options, "gracePeriodSeconds",
              value_make_int(arena, KUBERNETES_GRACE / CLOCK_SECOND));
    struct kube_call call = {
        .method = "DELETE",
        .path =
            kube_path(arena, &kube_pods, cluster->choice.namespace_name, name),
        .body = options,
        .what = say(cluster, "delete", "pod", name),
    };
    if (run(cluster, &call, 1, error) < 0)
        return -1;
    if (error_is_set(&call.error) && call.status != NOT_FOUND &&
        call.status != CONFLICT)
        return fail(&call, error);
    return 0;
}

int cluster_tell(struct cluster *cluster, struct error *error)
{
    return end_pod(cluster, cluster->pod.name, cluster->pod.uid, error);
}

/* The pods of a run, in a list; NULL after a failure. */
static const struct value *list_pods(struct cluster *cluster,
                                     const char *run_id, struct error *error)
{
    struct arena *arena = cluster->arena;
    struct kube_call list = {
        .method = "GET",
        .path = arena_format(
            arena, "%s?limit=500&labelSelector=assay.dev%%2Frun%%3D%s",
            kube_path(arena, &kube_pods, cluster->choice.namespace_name, NULL),
            kube_escape(arena, run_id)),
        .what = say(cluster, "list", "pods of run", run_id),
    };
    if (run(cluster, &list, 1, error) < 0)
        return NULL;
    if (error_is_set(&list.error)) {
        fail(&list, error);
        return NULL;
    }
    const struct value *items = value_get(list.object, "items");
    return items ? items : value_make_list(arena);
}

int cluster_stop_pods(struct cluster *cluster, const char *run_id,
                      struct error *error)
{
    const struct value *items = list_pods(cluster, run_id, error);
    if (!items)
        return -1;
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *metadata =
            value_get(value_item(items, i), "metadata");
        const char *name = value_string_at(metadata, "name");
        const char *uid = value_string_at(metadata, "uid");
        if (name && end_pod(cluster, name, uid, error) < 0)
            return -1;
    }
    return 0;
}

/* {"metadata": {"annotations": {"assay.dev/resume.<ref>": "true"}}} */
static struct value *make_wish(struct arena *arena, const char *ref)
{
    struct value *annotations = value_make_map(arena);
    struct value *metadata = value_make_map(arena);
    struct value *patch = value_make_map(arena);
    value_set_string(arena, annotations,
                     arena_format(arena, "assay.dev/resume.%s", ref), "true");
    value_set(arena, metadata, "annotations", annotations);
    value_set(arena, patch, "metadata", metadata);
    return patch;
}

int cluster_resume(struct cluster *cluster, const char *run_id, const char *ref,
                   struct error *error)
{
    struct arena *arena = cluster->arena;
    const struct value *items = list_pods(cluster, run_id, error);
    if (!items)
        return -1;
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *pod = value_item(items, i);
        const char *name = value_string(value_path(pod, "metadata.name"));
        const char *phase = value_string(value_path(pod, "status.phase"));
        if (!name || (phase && (strcmp(phase, "Succeeded") == 0 ||
                                strcmp(phase, "Failed") == 0)))
            continue;
        struct kube_call call = {
            .method = "PATCH",
            .path = kube_path(arena, &kube_pods, cluster->choice.namespace_name,
                              name),
            .body = make_wish(arena, ref),
            .what = say(cluster, "patch", "pod", name),
        };
        if (run(cluster, &call, 1, error) < 0)
            return -1;
        return error_is_set(&call.error) ? fail(&call, error) : 0;
    }
    return error_set(error, ERROR_REMOTE,
                     "run %s has no pod that runs in namespace '%s'", run_id,
                     cluster->choice.namespace_name);
}

void cluster_shorten(struct cluster *cluster)
{
    struct arena *arena = cluster->arena;
    struct value *patch = value_make_map(arena);
    struct value *spec = value_make_map(arena);
    const struct value *usual =
        value_path(cluster->whole->job, "spec.ttlSecondsAfterFinished");
    struct error ignored = {0};
    value_set(arena, spec, "ttlSecondsAfterFinished",
              value_make_int(arena, value_int_or(usual, 0)));
    value_set(arena, patch, "spec", spec);
    struct kube_call call = {
        .method = "PATCH",
        .path = kube_path(arena, &kube_jobs, cluster->choice.namespace_name,
                          cluster->owner_name),
        .body = patch,
        .what = say(cluster, "patch", "job", cluster->owner_name),
    };
    (void)!run(cluster, &call, 1, &ignored);
}

/* The name of the run's Secret, or of the Job that owns it. */
static const char *name_to_remove(const struct cluster *cluster, bool secret)
{
    if (secret)
        return value_string(
            value_path(cluster->whole->secret, "metadata.name"));
    return cluster->owner_name ? cluster->owner_name : cluster->job_name;
}

void cluster_remove(struct cluster *cluster, bool secret)
{
    struct arena *arena = cluster->arena;
    const struct kube_resource *resource = secret ? &kube_secrets : &kube_jobs;
    const char *name = name_to_remove(cluster, secret);
    struct value *options =
        make_preconditions(arena, secret ? NULL : cluster->owner_uid);
    if (!secret)
        value_set_string(arena, options, "propagationPolicy", "Background");
    struct kube_call call = {
        .method = "DELETE",
        .path =
            kube_path(arena, resource, cluster->choice.namespace_name, name),
        .body = options,
        .what = say(cluster, "delete", secret ? "secret" : "job", name),
    };
    struct error error = {0};
    kube_client_interrupt(cluster->options->client, -1);
    if (run(cluster, &call, 1, &error) < 0)
        cluster->result->leftover = error;
    else if (error_is_set(&call.error) && call.status != NOT_FOUND &&
             call.status != CONFLICT)
        cluster->result->leftover = call.error;
}

/* Everything that this folder asks of a cluster. */
const struct runtime_permission runtime_kubernetes_permissions[] = {
    {"batch",
     "jobs",
     "",
     {"create", "get", "list", "watch", "delete"},
     false,
     "the run"},
    {"batch",
     "jobs",
     "",
     {"patch"},
     true,
     "how long kept Jobs stay that were made for each step"},
    {"", "pods", "", {"list", "watch", "delete"}, false, "its pod"},
    {"", "pods", "", {"patch"}, true, "resuming a step that is paused"},
    {"", "pods", "log", {"get"}, false, "its logs"},
    {"",
     "configmaps",
     "",
     {"create", "get"},
     false,
     "the steps and the entrypoint program"},
    {"",
     "secrets",
     "",
     {"create", "get", "delete"},
     false,
     "sensitive parameters"},
    {"",
     "persistentvolumeclaims",
     "",
     {"create", "get"},
     true,
     "claims of a workflow, and Jobs for each step"},
    {"", "events", "", {"list"}, true, "why a pod does not start"},
    {"", "namespaces", "", {"get"}, true, "the Pod Security level"},
    {NULL, NULL, NULL, {NULL}, false, NULL},
};
