/*
 * A plan and a choice in, objects for the API out. The plan is never changed:
 * what differs is copied.
 */
#include "engine/runtime/kubernetes_object.h"

#include <string.h>

#include "engine/base/base64.h"

#define ENFORCES    "pod-security.kubernetes.io/enforce"
#define USER_RANGES "openshift.io/sa.scc.uid-range"
#define PROFILE     "assay.dev/security"

void kubernetes_choose(const struct value *namespace_object,
                       enum security_profile wanted, struct job_choice *choice)
{
    const struct value *metadata = value_get(namespace_object, "metadata");
    const char *enforced =
        value_string_at(value_get(metadata, "labels"), ENFORCES);
    choice->security.profile = wanted;
    for (int i = SECURITY_BASELINE;
         wanted == SECURITY_AUTO && enforced && i <= SECURITY_RESTRICTED; i++)
        if (strcmp(enforced, security_profile_name((enum security_profile)i)) ==
            0)
            choice->security.profile = (enum security_profile)i;
    choice->security.assigns_users =
        value_get(value_get(metadata, "annotations"), USER_RANGES) != NULL;
}

int kubernetes_check_security(const struct value *job,
                              const struct job_choice *choice,
                              struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct security_finding *found;
    size_t count = security_judge(arena, value_path(job, "spec.template"),
                                  choice->security.profile, &found);
    if (count == 0)
        return 0;
    return error_set(
        error, ERROR_TRUST,
        "the workflow asks for more than the profile '%s' admits: %s: it "
        "admits %s%s",
        security_profile_name(choice->security.profile), found[0].field,
        found[0].wanted,
        count == 1 ? "" : arena_format(arena, ", and %zu more", count - 1));
}

static void set_bool(struct arena *arena, struct value *map, const char *name,
                     bool boolean)
{
    value_set(arena, map, name, value_make_bool(arena, boolean));
}

static void set_int(struct arena *arena, struct value *map, const char *name,
                    int64_t integer)
{
    value_set(arena, map, name, value_make_int(arena, integer));
}

enum security_profile kubernetes_read_profile(const struct value *job)
{
    struct error unknown = {0};
    const char *word =
        value_string_at(value_path(job, "metadata.annotations"), PROFILE);
    int profile = security_profile_parse(word, &unknown);
    return profile < 0 ? SECURITY_AUTO : (enum security_profile)profile;
}

bool kubernetes_is_stage(const struct value *job)
{
    const struct value *volumes = value_path(job, "spec.template.spec.volumes");
    const char *own = value_string(value_path(job, "metadata.name"));
    for (size_t i = 0; own && i < value_count(volumes); i++) {
        const struct value *volume = value_item(volumes, i);
        const char *name = value_string_at(volume, "name");
        const char *claim =
            value_string(value_path(volume, "persistentVolumeClaim.claimName"));
        /* A workflow may have a volume of that name, but not that claim. */
        if (name && claim && strcmp(name, PLAN_WORKSPACE) == 0 &&
            strncmp(own, claim, strlen(claim)) == 0)
            return true;
    }
    return false;
}

/* A time that is set becomes what is left of it. */
static void shorten(struct arena *arena, struct value *map, int64_t seconds)
{
    static const char name[] = "activeDeadlineSeconds";
    if (seconds > 0 && value_int_or(value_get(map, name), 0) > seconds)
        set_int(arena, map, name, seconds);
}

/* Whether our program is in one of the pod's containers. */
static bool has_entrypoint(const struct value *pod)
{
    static const char *const lists[] = {"initContainers", "containers"};
    for (size_t k = 0; k < 2; k++) {
        const struct value *list = value_get(pod, lists[k]);
        for (size_t i = 0; i < value_count(list); i++)
            if (value_get(value_item(list, i), "command"))
                return true;
    }
    return false;
}

/* Only nodes that can execute our program. What the workflow says counts more: then
 * the node tells. */
static void choose_nodes(struct arena *arena, struct value *pod)
{
    static const char label[] = "kubernetes.io/arch";
    const char *processor = plan_entrypoint_processor();
    if (!processor || !has_entrypoint(pod) ||
        value_get(value_get(pod, "nodeSelector"), label))
        return;
    value_set_string(arena, value_need_map(arena, pod, "nodeSelector"), label,
                     processor);
}

struct value *kubernetes_make_job(struct arena *arena, const struct plan *plan,
                                  const struct job_choice *choice)
{
    struct value *job = value_copy(arena, plan->job);
    struct value *spec = value_need_map(arena, job, "spec");
    struct value *pod = value_path(spec, "template.spec");
    struct value *metadata = value_need_map(arena, job, "metadata");
    value_set_string(arena, metadata, "namespace", choice->namespace_name);
    value_set_string(arena, value_need_map(arena, metadata, "annotations"),
                     PROFILE, security_profile_name(choice->security.profile));
    if (choice->kept_finished > 0)
        set_int(arena, spec, "ttlSecondsAfterFinished", choice->kept_finished);
    shorten(arena, spec, choice->deadline);
    shorten(arena, pod, choice->deadline);
    if (choice->service_account) {
        value_set_string(arena, pod, "serviceAccountName",
                         choice->service_account);
        set_bool(arena, pod, "automountServiceAccountToken", true);
    }
    choose_nodes(arena, pod);
    security_confine(arena, value_path(spec, "template"), &choice->security);
    return job;
}

struct value *kubernetes_make_owned(struct arena *arena,
                                    const struct value *object,
                                    const struct job_choice *choice,
                                    const char *name, const char *uid)
{
    struct value *made = value_copy(arena, object);
    struct value *metadata = value_need_map(arena, made, "metadata");
    value_set_string(arena, metadata, "namespace", choice->namespace_name);
    struct value *owner = value_make_map(arena);
    value_set_string(arena, owner, "apiVersion", "batch/v1");
    value_set_string(arena, owner, "kind", "Job");
    value_set_string(arena, owner, "name", name);
    value_set_string(arena, owner, "uid", uid);
    struct value *owners = value_make_list(arena);
    value_append(arena, owners, owner);
    value_set(arena, metadata, "ownerReferences", owners);
    return made;
}

const char *kubernetes_entrypoint_name(struct arena *arena)
{
    return arena_format(arena, "assay-entrypoint-%.12s",
                        plan_entrypoint_digest());
}

/* Our program in base64. */
static const char *encode_entrypoint(struct arena *arena)
{
    size_t length;
    const void *bytes = plan_entrypoint(&length);
    return base64_encode(arena, bytes, length);
}

struct value *kubernetes_make_entrypoint(struct arena *arena,
                                         const char *namespace_name)
{
    struct value *object = value_make_map(arena);
    value_set_string(arena, object, "apiVersion", "v1");
    value_set_string(arena, object, "kind", "ConfigMap");
    struct value *metadata = value_need_map(arena, object, "metadata");
    value_set_string(arena, metadata, "name",
                     kubernetes_entrypoint_name(arena));
    value_set_string(arena, metadata, "namespace", namespace_name);
    struct value *labels = value_need_map(arena, metadata, "labels");
    value_set_string(arena, labels, "app.kubernetes.io/managed-by", "assay");
    struct value *annotations = value_need_map(arena, metadata, "annotations");
    value_set_string(
        arena, annotations, "assay.dev/digest",
        arena_format(arena, "sha256:%s", plan_entrypoint_digest()));
    set_bool(arena, object, "immutable", true);
    struct value *data = value_need_map(arena, object, "binaryData");
    value_set_string(arena, data, "entrypoint", encode_entrypoint(arena));
    return object;
}

int kubernetes_check_entrypoint(const struct value *object, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *found =
        value_string(value_path(object, "binaryData.entrypoint"));
    bool same = found && strcmp(found, encode_entrypoint(arena)) == 0;
    if (same && value_bool_or(value_get(object, "immutable"), false))
        return 0;
    const char *name = value_string(value_path(object, "metadata.name"));
    return error_set(error, ERROR_TRUST,
                     "the ConfigMap '%.100s' %s; somebody else may have made "
                     "it: delete it, and it is made anew",
                     name ? name : "",
                     same ? "can be changed (it is not immutable)"
                          : "does not hold the program of its name");
}

static const char *read_token(struct arena *arena, const struct value *secret)
{
    size_t length;
    const char *text = value_string(value_path(secret, "data.token"));
    return text ? base64_decode(arena, text, strlen(text), &length) : NULL;
}

static const struct value *list_images(struct arena *arena,
                                       const struct value *pod)
{
    static const char *const lists[] = {"initContainers", "containers"};
    struct value *images = value_make_list(arena);
    for (size_t k = 0; k < 2; k++) {
        const struct value *list = value_get(pod, lists[k]);
        for (size_t i = 0; i < value_count(list); i++) {
            const char *image = value_string_at(value_item(list, i), "image");
            if (image)
                value_append(arena, images, value_make_string(arena, image));
        }
    }
    return images;
}

struct plan *kubernetes_read_plan(struct arena *arena, const struct value *job,
                                  const struct value *config_map,
                                  const struct value *secret,
                                  struct error *error)
{
    const struct value *labels = value_path(job, "metadata.labels");
    const char *text =
        value_string(value_get(value_get(config_map, "data"), "run.json"));
    const char *token = read_token(arena, secret);
    struct plan *plan = arena_allocate(arena, sizeof *plan);
    plan->run_id = value_string_at(labels, "assay.dev/run");
    plan->workflow = value_string_at(labels, "assay.dev/workflow");
    plan->job = job;
    plan->pod = value_path(job, "spec.template.spec");
    plan->images = list_images(arena, plan->pod);
    plan->token = token;
    plan->config_map = config_map;
    plan->secret = secret;
    if (!plan->run_id || !plan->workflow || !text || !token || !*token) {
        error_set(error, ERROR_REMOTE,
                  "the Job, its ConfigMap and its Secret are not those of a "
                  "run of this program");
        return NULL;
    }
    plan->run = value_read_json(arena, text, strlen(text), error);
    const struct value *containers = value_get(plan->pod, "containers");
    plan->bare =
        value_count(value_get(value_item(containers, 0), "command")) == 0;
    return plan->run ? plan : NULL;
}
