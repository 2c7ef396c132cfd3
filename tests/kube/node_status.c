/* The state of a pod on the node in, the status that its object shows out. */
#include <string.h>

#include "engine/base/clock.h"
#include "tests/kube/moment.h"
#include "tests/kube/node.h"
#include "tests/kube/node_pod.h"
#include "tests/kube/tree.h"

static bool is_ended(const struct node_container *container)
{
    return container->step == STEP_ENDED;
}

const char *node_status_phase(const struct node_pod *pod)
{
    bool all = true, failed = false, any = false;
    if (pod->reason)
        return "Failed";
    for (size_t i = 0; i < pod->count; i++) {
        const struct node_container *container = &pod->containers[i];
        bool ended = is_ended(container);
        failed |= ended && container->now.code != 0;
        if (container->initial)
            continue;
        all &= ended;
        any |= container->started || ended || container->restarts > 0;
    }
    if (pod->stage == POD_ENDED)
        return failed || !all ? "Failed" : "Succeeded";
    return any ? "Running" : "Pending";
}

static void set_moment(struct arena *arena, struct value *map, const char *name,
                       int64_t time)
{
    if (time > 0)
        value_set_string(arena, map, name, moment_print(arena, time));
    else
        value_set(arena, map, name, value_make_null(arena));
}

static struct value *describe_end(struct arena *arena,
                                  const struct termination *end)
{
    struct value *state = value_make_map(arena);
    struct value *details = value_make_map(arena);
    value_set_string(arena, details, "containerID", end->id);
    value_set(arena, details, "exitCode", value_make_int(arena, end->code));
    set_moment(arena, details, "finishedAt", end->finished);
    value_set_string(arena, details, "message", end->message);
    value_set_string(arena, details, "reason", end->reason);
    set_moment(arena, details, "startedAt", end->started ? end->started : 1);
    value_set(arena, state, "terminated", details);
    return state;
}

/* A container that has ended without the node having noticed still runs. */
static struct value *describe_state(struct arena *arena,
                                    const struct node_pod *pod,
                                    const struct node_container *container)
{
    struct value *state = value_make_map(arena);
    struct value *details = value_make_map(arena);
    if (is_ended(container))
        return describe_end(arena, &container->now);
    if (container->step == STEP_RUN || container->step == STEP_NOTICE) {
        set_moment(arena, details, "startedAt", container->started_at);
        value_set(arena, state, "running", details);
        return state;
    }
    const char *reason = container->waiting;
    if (!reason)
        reason = pod->initial_count > 0 && pod->stage != POD_MAIN
                     ? "PodInitializing"
                     : "ContainerCreating";
    if (pod->stage == POD_SANDBOX && container->initial)
        reason = "PodInitializing";
    value_set_string(arena, details, "message", container->message);
    value_set_string(arena, details, "reason", reason);
    value_set(arena, state, "waiting", details);
    return state;
}

static struct value *describe(struct arena *arena, const struct node_pod *pod,
                              const struct node_container *container)
{
    struct value *map = value_make_map(arena);
    bool runs = container->step == STEP_RUN || container->step == STEP_NOTICE;
    bool known = runs || (is_ended(container) && container->now.id);
    bool ready = container->initial
                     ? is_ended(container) && container->now.code == 0
                     : runs;
    if (known)
        value_set_string(arena, map, "containerID", container->id);
    value_set_string(arena, map, "image", container->image);
    value_set_string(arena, map, "imageID",
                     known && container->image_id ? container->image_id : "");
    value_set(arena, map, "lastState",
              container->before.reason ? describe_end(arena, &container->before)
                                       : value_make_map(arena));
    value_set_string(arena, map, "name", container->name);
    value_set(arena, map, "ready", value_make_bool(arena, ready));
    value_set(arena, map, "restartCount",
              value_make_int(arena, container->restarts));
    value_set(arena, map, "started", value_make_bool(arena, runs));
    value_set(arena, map, "state", describe_state(arena, pod, container));
    return map;
}

static struct value *describe_all(struct arena *arena,
                                  const struct node_pod *pod, bool initial)
{
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < pod->count; i++)
        if (pod->containers[i].initial == initial)
            value_append(arena, list,
                         describe(arena, pod, &pod->containers[i]));
    return list;
}

/* What a condition says. */
struct truth {
    const char *type;
    bool holds;
    const char *reason; /* NULL: none */
    const char *message;
};

/* One that is as it was keeps the moment of its last change. */
static void add_condition(struct arena *arena, struct value *list,
                          const struct value *known, const struct truth *truth)
{
    const char *status = truth->holds ? "True" : "False";
    const struct value *before = tree_entry(known, "type", truth->type);
    const char *since = value_string_at(before, "lastTransitionTime");
    const char *last = value_string_at(before, "status");
    struct value *condition = value_make_map(arena);
    if (!last || strcmp(last, status) != 0)
        since = moment_print(arena, clock_now());
    value_set(arena, condition, "lastProbeTime", value_make_null(arena));
    value_set_string(arena, condition, "lastTransitionTime", since);
    value_set_string(arena, condition, "message", truth->message);
    value_set_string(arena, condition, "reason", truth->reason);
    value_set_string(arena, condition, "status", status);
    value_set_string(arena, condition, "type", truth->type);
    value_append(arena, list, condition);
}

static bool is_initialized(const struct node_pod *pod)
{
    for (size_t i = 0; i < pod->initial_count; i++)
        if (!is_ended(&pod->containers[i]) || pod->containers[i].now.code != 0)
            return false;
    return true;
}

static bool is_ready(const struct node_pod *pod)
{
    for (size_t i = pod->initial_count; i < pod->count; i++) {
        enum container_step step = pod->containers[i].step;
        if (step != STEP_RUN && step != STEP_NOTICE)
            return false;
    }
    return true;
}

static struct value *describe_conditions(struct arena *arena,
                                         const struct node_pod *pod,
                                         const struct value *known)
{
    const char *phase = node_status_phase(pod);
    bool completed = strcmp(phase, "Succeeded") == 0;
    bool failed = strcmp(phase, "Failed") == 0;
    bool initialized = is_initialized(pod);
    bool ready = is_ready(pod) && !failed && !completed;
    const char *unready = completed ? "PodCompleted"
                          : failed  ? "PodFailed"
                                    : "ContainersNotReady";
    const struct truth truths[] = {
        {"PodReadyToStartContainers",
         pod->stage != POD_SANDBOX && !failed && !completed, NULL, NULL},
        {"Initialized", initialized,
         completed     ? "PodCompleted"
         : initialized ? NULL
                       : "ContainersNotInitialized",
         NULL},
        {"Ready", ready, ready ? NULL : unready, NULL},
        {"ContainersReady", ready, ready ? NULL : unready, NULL},
        {"PodScheduled", true, NULL, NULL},
        {"DisruptionTarget", true, "TerminationByKubelet", pod->message},
    };
    size_t count = sizeof truths / sizeof *truths;
    if (!pod->reason || strcmp(pod->reason, "Evicted") != 0)
        count--;
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < count; i++)
        add_condition(arena, list, known, &truths[i]);
    return list;
}

struct value *node_status_make(struct arena *arena, const struct node_pod *pod)
{
    struct value *status = value_make_map(arena);
    struct value *addresses = value_make_list(arena);
    struct value *address = value_make_map(arena);
    const struct object *object = pod->object;
    value_set_string(arena, address, "ip", "127.0.0.1");
    value_append(arena, addresses, address);
    value_set(arena, status, "conditions",
              describe_conditions(
                  arena, pod, value_path(object->value, "status.conditions")));
    value_set(arena, status, "containerStatuses",
              describe_all(arena, pod, false));
    value_set_string(arena, status, "hostIP", "127.0.0.1");
    if (pod->initial_count > 0)
        value_set(arena, status, "initContainerStatuses",
                  describe_all(arena, pod, true));
    value_set_string(arena, status, "message", pod->message);
    value_set_string(arena, status, "phase", node_status_phase(pod));
    if (pod->stage != POD_SANDBOX) {
        value_set_string(arena, status, "podIP", "127.0.0.1");
        value_set(arena, status, "podIPs", addresses);
    }
    value_set_string(arena, status, "qosClass", "BestEffort");
    value_set_string(arena, status, "reason", pod->reason);
    set_moment(arena, status, "startTime", pod->started_at);
    return status;
}
