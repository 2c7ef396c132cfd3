/*
 * Pods and Jobs as the API has them in, the few facts that decide out; and the
 * table of what may keep a pod from starting. The reasons are those of the
 * kubelet (pkg/kubelet/images, kuberuntime) and of the scheduler.
 */
#include "engine/runtime/kubernetes_view.h"

#include <string.h>

#include "engine/base/clock.h"
#include "engine/plan/plan.h"
#include "engine/runtime/limits.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *string_or_empty(const struct value *map, const char *name)
{
    const char *text = value_string_at(map, name);
    return text ? text : "";
}

static const char *copy(struct arena *arena, const struct value *map,
                        const char *name)
{
    return arena_string(arena, string_or_empty(map, name));
}

/* --- decoding -------------------------------------------------------------- */

static const struct {
    const char *name;
    enum container_phase phase;
} states[] = {
    {"waiting", CONTAINER_WAITING},
    {"running", CONTAINER_RUNNING},
    {"terminated", CONTAINER_ENDED},
};

static void decode_state(struct arena *arena, const struct value *status,
                         struct container_view *view)
{
    const struct value *state = value_get(status, "state");
    for (size_t i = 0; i < LENGTH(states); i++) {
        const struct value *found = value_get(state, states[i].name);
        if (!value_is(found, VALUE_MAP))
            continue;
        view->phase = states[i].phase;
        view->reason = copy(arena, found, "reason");
        const struct value *message = value_get(found, "message");
        if (value_is(message, VALUE_STRING)) {
            view->message_length = message->string.length;
            view->message = arena_copy(arena, message->string.bytes,
                                       message->string.length);
        }
        view->exit_code = (int)value_int_or(value_get(found, "exitCode"), -1);
        /* The kubelet makes an end up for a container that never began. */
        view->started = view->phase == CONTAINER_RUNNING ||
                        value_string_at(found, "startedAt") != NULL ||
                        view->exit_code >= 0;
    }
}

static void decode_container(struct arena *arena, const struct value *spec,
                             const struct value *statuses,
                             struct container_view *view)
{
    const char *name = string_or_empty(spec, "name");
    *view = (struct container_view){
        .name = arena_string(arena, name),
        .reason = "",
        .message = "",
        .image = copy(arena, spec, "image"),
        .image_id = "",
        .runtime = "",
        .memory = "",
    };
    const char *memory =
        value_string(value_path(spec, "resources.limits.memory"));
    if (memory)
        view->memory = arena_string(arena, memory);
    for (size_t i = 0; i < value_count(statuses); i++) {
        const struct value *status = value_item(statuses, i);
        if (strcmp(string_or_empty(status, "name"), name) != 0)
            continue;
        decode_state(arena, status, view);
        view->image_id = copy(arena, status, "imageID");
        const char *id = string_or_empty(status, "containerID");
        const char *end = strstr(id, "://");
        if (end)
            view->runtime = arena_copy(arena, id, (size_t)(end - id));
    }
}

static void decode_containers(struct arena *arena, const struct value *object,
                              struct pod_view *view)
{
    static const struct {
        const char *specs, *statuses;
    } lists[] = {
        {"initContainers", "initContainerStatuses"},
        {"containers", "containerStatuses"},
    };
    view->containers =
        arena_allocate(arena, POD_CONTAINER_LIMIT * sizeof *view->containers);
    for (size_t k = 0; k < LENGTH(lists); k++) {
        const struct value *specs =
            value_get(value_get(object, "spec"), lists[k].specs);
        const struct value *statuses =
            value_get(value_get(object, "status"), lists[k].statuses);
        for (size_t i = 0;
             i < value_count(specs) && view->count < POD_CONTAINER_LIMIT; i++)
            decode_container(arena, value_item(specs, i), statuses,
                             &view->containers[view->count++]);
        if (k == 0)
            view->initial = view->count;
    }
}

void pod_view_arrange(struct arena *arena, struct pod_view *view,
                      const char *const *names, size_t count)
{
    struct container_view *own =
        arena_allocate(arena, (count + 1) * sizeof *own);
    bool taken[POD_CONTAINER_LIMIT] = {false};
    size_t initial = 0;
    for (size_t k = 0; k < count; k++) {
        own[k] = (struct container_view){.name = names[k],
                                         .reason = "",
                                         .message = "",
                                         .image = "",
                                         .image_id = "",
                                         .runtime = "",
                                         .memory = ""};
        for (size_t i = 0; i < view->count; i++) {
            if (taken[i] || strcmp(view->containers[i].name, names[k]) != 0)
                continue;
            own[k] = view->containers[i];
            initial += i < view->initial;
            taken[i] = true;
            break;
        }
    }
    view->others =
        arena_allocate(arena, (view->count + 1) * sizeof *view->others);
    for (size_t i = 0; i < view->count; i++) {
        if (taken[i])
            continue;
        view->others[view->other_count++] = view->containers[i];
        view->other_initial += i < view->initial;
    }
    view->containers = own;
    view->count = count;
    view->initial = initial;
}

const struct container_view *pod_view_straggler(const struct pod_view *view)
{
    for (size_t i = view->other_initial; i < view->other_count; i++)
        if (view->others[i].phase == CONTAINER_RUNNING)
            return &view->others[i];
    return NULL;
}

const struct container_view *pod_view_barrier(const struct pod_view *view)
{
    for (size_t i = 0; i < view->other_initial; i++)
        if (view->others[i].phase == CONTAINER_ENDED &&
            view->others[i].exit_code != 0)
            return &view->others[i];
    return NULL;
}

/* The condition `type` with that status, or NULL. */
static const struct value *find_condition(const struct value *object,
                                          const char *type, const char *status)
{
    const struct value *list = value_path(object, "status.conditions");
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *item = value_item(list, i);
        if (strcmp(string_or_empty(item, "type"), type) == 0 &&
            strcmp(string_or_empty(item, "status"), status) == 0)
            return item;
    }
    return NULL;
}

/* At most a day, so that sums of it cannot overflow. */
static int64_t read_grace(const struct value *metadata)
{
    enum { USUAL = 30, DAY = 24 * 60 * 60 };
    int64_t seconds =
        value_int_or(value_get(metadata, "deletionGracePeriodSeconds"), USUAL);
    return (seconds < 0 ? 0 : seconds < DAY ? seconds : DAY) * CLOCK_SECOND;
}

void pod_view_decode(struct arena *arena, const struct value *object,
                     struct pod_view *view)
{
    const struct value *metadata = value_get(object, "metadata");
    const struct value *status = value_get(object, "status");
    *view = (struct pod_view){
        .uid = copy(arena, metadata, "uid"),
        .name = copy(arena, metadata, "name"),
        .node = copy(arena, value_get(object, "spec"), "nodeName"),
        .phase = copy(arena, status, "phase"),
        .reason = copy(arena, status, "reason"),
        .message = copy(arena, status, "message"),
        .leaving = value_string_at(metadata, "deletionTimestamp") != NULL,
        .grace = read_grace(metadata),
    };
    view->ended = strcmp(view->phase, "Succeeded") == 0 ||
                  strcmp(view->phase, "Failed") == 0;
    const struct value *unscheduled =
        find_condition(object, "PodScheduled", "False");
    if (unscheduled)
        view->unscheduled = arena_format(
            arena, "%s: %.400s", string_or_empty(unscheduled, "reason"),
            string_or_empty(unscheduled, "message"));
    const struct value *target =
        find_condition(object, "DisruptionTarget", "True");
    view->disrupted = target != NULL;
    if (target && view->reason[0] == '\0') {
        view->reason = copy(arena, target, "reason");
        view->message = copy(arena, target, "message");
    }
    decode_containers(arena, object, view);
}

void job_view_decode(struct arena *arena, const struct value *object,
                     struct job_view *view)
{
    /* The first of each pair comes when the outcome is decided, the second when
     * all pods have ended. */
    static const char *const good[] = {"SuccessCriteriaMet", "Complete"};
    static const char *const bad[] = {"FailureTarget", "Failed"};
    const struct value *condition = NULL;
    *view = (struct job_view){
        .uid = copy(arena, value_get(object, "metadata"), "uid")};
    for (size_t i = 0; i < LENGTH(good); i++)
        if (find_condition(object, good[i], "True"))
            view->complete = true;
    for (size_t i = 0; i < LENGTH(bad); i++)
        if (find_condition(object, bad[i], "True"))
            condition = find_condition(object, bad[i], "True");
    view->failed = condition != NULL;
    view->suspended = find_condition(object, "Suspended", "True") != NULL;
    view->reason = copy(arena, condition, "reason");
    view->message = copy(arena, condition, "message");
}

/* --- what keeps a pod from starting ---------------------------------------- */

#define PULL   (120 * CLOCK_SECOND)
#define CONFIG (30 * CLOCK_SECOND) /* what it refers to may come late */

static const struct {
    const char *reason;
    const char *what;
    int64_t patience;
    bool pull; /* its message may tell that trying again is in vain */
} waits[] = {
    {"InvalidImageName", "its image's name is wrong", 0, false},
    {"ErrImageNeverPull", "its image is not on the node", 0, false},
    {"SignatureValidationFailed", "its image's signature is wrong", 0, false},
    {"ErrImagePull", "its image cannot be pulled", PULL, true},
    {"ImagePullBackOff", "its image cannot be pulled", PULL, true},
    {"ImageInspectError", "its image cannot be looked at", PULL, false},
    {"RegistryUnavailable", "its registry does not answer", PULL, false},
    {"CreateContainerConfigError", "it cannot be created", CONFIG, false},
    {"CreateContainerError", "it cannot be created", CONFIG, false},
    {"RunContainerError", "it cannot be started", CONFIG, false},
    {"CrashLoopBackOff", "it ends again and again", 0, false},
};

/* What a registry says when no further attempt will help. */
static const char *const final_pulls[] = {
    "manifest unknown",      "not found",
    "unauthorized",          "pull access denied",
    "no match for platform", "repository does not exist",
};

static bool is_final_pull(const char *message)
{
    for (size_t i = 0; i < LENGTH(final_pulls); i++)
        if (strcasestr(message, final_pulls[i]))
            return true;
    return false;
}

/* The trouble of one container that waits. */
static struct pod_trouble waiting_trouble(struct arena *arena,
                                          const struct container_view *view)
{
    for (size_t i = 0; i < LENGTH(waits); i++) {
        if (strcmp(view->reason, waits[i].reason) != 0)
            continue;
        const char *colon = view->message[0] ? ": " : "";
        bool final = waits[i].pull && is_final_pull(view->message);
        return (struct pod_trouble){
            .text = arena_format(arena, "container '%s': %s (%s%s%.400s)",
                                 view->name, waits[i].what, view->reason, colon,
                                 view->message),
            .patience = final ? 0 : waits[i].patience,
        };
    }
    return (struct pod_trouble){0};
}

/* A container that ended without having begun: its program cannot be run. */
static const char *failed_start(struct arena *arena,
                                const struct container_view *view)
{
    if (view->phase != CONTAINER_ENDED ||
        (strcmp(view->reason, "StartError") != 0 &&
         strcmp(view->reason, "ContainerCannotRun") != 0))
        return NULL;
    return arena_format(arena, "container '%s' cannot be started (%s: %.400s)",
                        view->name, view->reason, view->message);
}

size_t pod_view_broken(const struct pod_view *view)
{
    for (size_t i = 0; i < view->initial; i++)
        if (view->containers[i].phase == CONTAINER_ENDED &&
            view->containers[i].exit_code != 0)
            return i;
    return view->count;
}

/* The initContainer of a chain that is to start now; NULL: none has begun yet, one
 * runs, or nothing more is to come. */
static const struct container_view *next_of_chain(const struct pod_view *view)
{
    const struct container_view *before = NULL;
    for (size_t i = 0; i < view->count; i++) {
        const struct container_view *container = &view->containers[i];
        if (container->phase == CONTAINER_WAITING)
            return before;
        if (container->phase == CONTAINER_RUNNING)
            return NULL;
        before = &view->containers[i + 1 < view->count ? i + 1 : i];
    }
    return NULL;
}

/* Of a chain that has begun, only the next one can be in trouble. */
static struct pod_trouble chain_trouble(struct arena *arena,
                                        const struct pod_view *view)
{
    const struct container_view *next = next_of_chain(view);
    if (!next || pod_view_broken(view) < view->count)
        return (struct pod_trouble){0};
    struct pod_trouble trouble = waiting_trouble(arena, next);
    if (!trouble.text)
        trouble = (struct pod_trouble){
            .text = arena_format(arena, "container '%s' does not run yet",
                                 next->name),
            .patience = INT64_MAX,
        };
    return trouble;
}

/* What waits of the containers that the cluster has put in: ours wait for them, or
 * for the image that they wait for. */
static struct pod_trouble other_trouble(struct arena *arena,
                                        const struct pod_view *view)
{
    struct pod_trouble worst = {0};
    for (size_t i = 0; i < view->other_count; i++) {
        const struct container_view *other = &view->others[i];
        if (other->phase != CONTAINER_WAITING)
            continue;
        struct pod_trouble trouble = waiting_trouble(arena, other);
        if (trouble.text && (!worst.text || trouble.patience < worst.patience))
            worst = trouble;
    }
    return worst;
}

/* Why no node takes the pod, with what may help: when it is the sum of what the
 * containers ask for, or when none has the processor of our program. */
static const char *explain_unscheduled(struct arena *arena,
                                       const struct pod_view *view)
{
    const char *text = arena_format(arena, "the pod cannot be scheduled (%s)",
                                    view->unscheduled);
    if (strstr(view->unscheduled, "Insufficient") &&
        view->count > view->initial + 1)
        return arena_format(arena,
                            "%s; its containers ask for their sum: with "
                            "--sequence chained it is the largest of them",
                            text);
    if (strstr(view->unscheduled, "node affinity/selector") &&
        plan_entrypoint_processor())
        return arena_format(arena,
                            "%s; the program that carries out the steps is for "
                            "nodes of %s",
                            text, plan_entrypoint_processor());
    return text;
}

struct pod_trouble pod_view_trouble(struct arena *arena,
                                    const struct pod_view *view)
{
    struct pod_trouble worst = other_trouble(arena, view);
    size_t waiting = 0;
    for (size_t i = 0; i < view->count; i++) {
        const struct container_view *container = &view->containers[i];
        const char *text = failed_start(arena, container);
        if (text)
            return (struct pod_trouble){.text = text};
        if (container->phase != CONTAINER_WAITING)
            continue;
        if (view->initial > 0 && view->containers[0].started)
            return chain_trouble(arena, view);
        waiting++;
        struct pod_trouble trouble = waiting_trouble(arena, container);
        if (trouble.text && (!worst.text || trouble.patience < worst.patience))
            worst = trouble;
    }
    if (waiting == 0)
        return (struct pod_trouble){0};
    if (worst.text)
        return worst;
    worst.whole = true;
    if (view->unscheduled)
        worst.text = explain_unscheduled(arena, view);
    else if (view->node[0] == '\0')
        worst.text = "the pod is not on a node yet";
    else
        worst.text = "the containers of the pod do not run yet";
    return worst;
}

const char *pod_view_disruption(struct arena *arena,
                                const struct pod_view *view)
{
    static const char *const reasons[] = {
        "Evicted",
        "NodeShutdown",
        "Terminated",
        "NodeLost",
        "NodeAffinity",
        "Preempting",
        "OutOfcpu",
        "OutOfmemory",
        "OutOfpods",
        "Shutdown",
        "UnexpectedAdmissionError",
    };
    bool known = view->disrupted;
    for (size_t i = 0; i < LENGTH(reasons); i++)
        known = known || strcmp(view->reason, reasons[i]) == 0;
    if (!known)
        return NULL;
    return arena_format(arena, "the cluster ended pod '%s' (%s%s%.400s)",
                        view->name, view->reason, view->message[0] ? ": " : "",
                        view->message);
}
