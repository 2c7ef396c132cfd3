/*
 * A pod from its sandbox to its end: volumes, the initContainers one by one, the
 * containers all at once (their starts one after another, as a node does). What
 * is to happen follows from the steps of the containers and from the clock.
 */
#include "tests/kube/node_pod.h"

#include <signal.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "tests/kube/limits.h"
#include "tests/kube/node.h"

#define TELL_AGAIN    (20 * CLOCK_MILLISECOND)
#define LONGEST_PAUSE (300 * CLOCK_SECOND)

static void add_containers(struct node_pod *pod, const char *member,
                           bool initial)
{
    const struct value *list =
        value_get(value_get(pod->object->value, "spec"), member);
    for (size_t i = 0; i < value_count(list); i++) {
        struct node_container *container = &pod->containers[pod->count];
        const char *image = value_string_at(value_item(list, i), "image");
        const char *name = value_string_at(value_item(list, i), "name");
        container->specification = value_item(list, i);
        container->name = arena_string(pod->arena, name ? name : "");
        container->image = arena_string(pod->arena, image ? image : "");
        container->initial = initial;
        container->index = pod->count++;
    }
}

static int64_t find_deadline(const struct object *object)
{
    int64_t seconds = value_int_or(
        value_path(object->value, "spec.activeDeadlineSeconds"), 0);
    return seconds > 0 ? clock_monotonic() + seconds * CLOCK_SECOND : 0;
}

struct node_pod *node_pod_new(struct cluster *cluster, struct node *node,
                              struct object *object)
{
    struct arena *arena = arena_new();
    struct node_pod *pod = arena_allocate(arena, sizeof *pod);
    const struct value *specification = value_get(object->value, "spec");
    pod->arena = arena;
    pod->object = object_hold(object);
    pod->due = clock_monotonic() + cluster->rhythm->sandbox;
    pod->deadline = find_deadline(object);
    pod->started_at = clock_now();
    pod->folder.path = arena_format(arena, "%s/%s", node->folder, object->uid);
    pod->folder.volumes = arena_format(arena, "%s/volumes", pod->folder.path);
    pod->initial_count =
        value_count(value_get(specification, "initContainers"));
    pod->containers = arena_allocate(
        arena, (pod->initial_count +
                value_count(value_get(specification, "containers")) + 1) *
                   sizeof *pod->containers);
    /* The specifications outlive the version that they came from. */
    struct value *copy = value_copy(arena, object->value);
    struct object *kept = arena_allocate(arena, sizeof *kept);
    *kept = *object;
    kept->value = copy;
    struct object *held = pod->object;
    pod->object = kept;
    add_containers(pod, "initContainers", true);
    add_containers(pod, "containers", false);
    pod->object = held;
    return pod;
}

bool node_pod_runs(const struct node_pod *pod)
{
    for (size_t i = 0; i < pod->count; i++)
        if (pod->containers[i].has_unit)
            return true;
    return false;
}

static void close_folder(struct node_pod *pod)
{
    struct error ignored = {0};
    node_claims_return(pod);
    (void)!run_folder_remove(&pod->folder, &ignored);
    if (pod->has_keeper)
        keeper_stop(&pod->keeper);
    pod->has_keeper = false;
}

void node_pod_free(struct node_pod *pod)
{
    for (size_t i = 0; i < pod->count; i++)
        node_container_close(&pod->containers[i]);
    close_folder(pod);
    object_release(pod->object);
    arena_free(pod->arena);
}

static void tell_mount(struct cluster *cluster, const struct node_pod *pod,
                       const char *message)
{
    struct happening happening = {
        .type = "Warning", .reason = "FailedMount", .component = "kubelet"};
    cluster_tell(cluster, pod->object, &happening, message);
}

static int make_folders(struct node_pod *pod, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct value *volumes =
        value_path(pod->object->value, "spec.volumes");
    if (keeper_start(&pod->keeper,
                     &(struct keeper_task){.folder = pod->folder.path},
                     error) < 0)
        return -1;
    pod->has_keeper = true;
    if (folder_make(pod->folder.volumes, 0700, error) < 0)
        return -1;
    for (size_t i = 0; i < value_count(volumes); i++) {
        const char *path =
            arena_format(arena, "%s/%zu", pod->folder.volumes, i);
        if (node_claim_take(pod, i, path, error) < 0)
            return -1;
    }
    return node_fields_write(pod, pod->object->value, error);
}

/* The volumes must be there before anything is started. */
static void make_sandbox(struct cluster *cluster, struct node *node,
                         struct node_pod *pod, int64_t now)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    if (now < pod->due)
        return;
    if (node_claims_find(cluster, node, pod, &error) < 0 ||
        !node_spec_decode(arena, cluster, pod, NULL, &error) ||
        make_folders(pod, &error) < 0) {
        int doublings = pod->tries < 5 ? pod->tries : 5;
        pod->due = now + (cluster->rhythm->retry << doublings);
        pod->tries++;
        if (!pod->unmounted || strcmp(pod->unmounted, error.text) != 0) {
            pod->unmounted = arena_string(pod->arena, error.text);
            tell_mount(cluster, pod, error.text);
        }
        return;
    }
    pod->stage = pod->initial_count > 0 ? POD_INITIAL : POD_MAIN;
}

/* Rules that wait for the first container. */
static void note_birth(struct cluster *cluster, struct node_pod *pod,
                       int64_t now)
{
    if (pod->born)
        return;
    struct occasion occasion = {.namespace_name = pod->object->namespace_name,
                                .name = pod->object->name};
    const struct rule *rule =
        rules_use(&cluster->rules, ACTION_EVICT, &occasion);
    pod->born = now;
    if (rule) {
        pod->evict_at = now + rule->delay + 1;
        pod->message = arena_string(
            pod->arena, rule->message
                            ? rule->message
                            : "The node was low on resource: memory. Threshold "
                              "quantity: 100Mi, available: 50Mi. ");
    }
    rule = rules_use(&cluster->rules, ACTION_LOSE_NODE, &occasion);
    if (rule)
        pod->lose_at = now + rule->delay + 1;
}

/* Always; OnFailure after a failure; Never. initContainers are not started again
 * after a success. */
static bool must_restart(const struct node_pod *pod,
                         const struct node_container *container)
{
    const char *policy =
        value_string(value_path(pod->object->value, "spec.restartPolicy"));
    if (pod->ending || pod->reason || !policy || strcmp(policy, "Never") == 0)
        return false;
    return container->now.code != 0 ||
           (strcmp(policy, "Always") == 0 && !container->initial);
}

/* The end has been noticed. */
static void end_container(struct cluster *cluster, struct node_pod *pod,
                          struct node_container *container, int64_t now)
{
    container->step = STEP_ENDED;
    if (!must_restart(pod, container))
        return;
    int64_t pause = cluster->rhythm->retry
                    << (container->restarts < 5 ? container->restarts : 5);
    container->before = container->now;
    container->started = false;
    container->restarts++;
    container->step = STEP_RESTART;
    /* The first time at once. */
    container->due = container->restarts == 1 ? now
                     : pause < LONGEST_PAUSE  ? now + pause
                                              : now + LONGEST_PAUSE;
    container->waiting = "CrashLoopBackOff";
    container->message = arena_format(
        pod->arena, "back-off restarting failed container %s", container->name);
}

static void drive_container(struct cluster *cluster, struct node *node,
                            struct node_pod *pod,
                            struct node_container *container, int64_t now)
{
    bool due = now >= container->due;
    if (container->step == STEP_IDLE ||
        (container->step == STEP_PREPARE && due) ||
        (container->step == STEP_RESTART && due))
        node_container_prepare(cluster, pod, container, now);
    if (container->step == STEP_START && now >= container->due) {
        node_container_start(cluster, node, pod, container, now);
        note_birth(cluster, pod, now);
    }
    if (container->step == STEP_RUN)
        node_container_watch(cluster, pod, container, now);
    if (container->step == STEP_NOTICE && now >= container->due)
        end_container(cluster, pod, container, now);
}

/* The initContainer whose turn it is; false: all have passed, or one failed. */
static bool drive_initial(struct cluster *cluster, struct node *node,
                          struct node_pod *pod, int64_t now)
{
    for (size_t i = 0; i < pod->initial_count; i++) {
        struct node_container *container = &pod->containers[i];
        if (container->step != STEP_ENDED)
            drive_container(cluster, node, pod, container, now);
        if (container->step != STEP_ENDED)
            return true;
        if (container->now.code != 0) {
            pod->stage = POD_ENDED;
            return false;
        }
    }
    pod->stage = POD_MAIN;
    return false;
}

static void drive_main(struct cluster *cluster, struct node *node,
                       struct node_pod *pod, int64_t now)
{
    bool all = true, starting = false;
    for (size_t i = pod->initial_count; i < pod->count; i++) {
        struct node_container *container = &pod->containers[i];
        /* One is started after another. */
        if (!(starting && container->step == STEP_IDLE))
            drive_container(cluster, node, pod, container, now);
        starting |= container->step == STEP_START;
        all &= container->step == STEP_ENDED;
    }
    if (all)
        pod->stage = POD_ENDED;
}

/* It is told to end: no container is started any more, and what has not started
 * never will. */
static void drive_end(struct cluster *cluster, struct node_pod *pod,
                      int64_t now)
{
    bool all = true;
    for (size_t i = 0; i < pod->count; i++) {
        struct node_container *container = &pod->containers[i];
        if (container->step == STEP_RUN) {
            if (now >= pod->kill_at)
                unit_kill(&container->unit);
            else
                unit_tell(&container->unit);
            node_container_watch(cluster, pod, container, now);
        }
        if (container->step == STEP_NOTICE && now >= container->due)
            container->step = STEP_ENDED;
        all &= container->step != STEP_RUN && container->step != STEP_NOTICE;
    }
    if (all)
        pod->stage = POD_ENDED;
}

void node_pod_end(struct node_pod *pod, int64_t grace)
{
    int64_t kill_at = clock_monotonic() + grace;
    if (pod->stage == POD_ENDED)
        return;
    if (!pod->ending || kill_at < pod->kill_at)
        pod->kill_at = kill_at;
    pod->ending = true;
}

/* What ends the pod from this side. */
static void check_causes(struct node_pod *pod, int64_t now)
{
    if (pod->ending || pod->stage == POD_ENDED)
        return;
    if (pod->evict_at && now >= pod->evict_at) {
        pod->reason = "Evicted";
        node_pod_end(pod, 0);
    } else if (pod->deadline && now >= pod->deadline) {
        pod->reason = "DeadlineExceeded";
        pod->message = "Pod was active on the node longer than the specified "
                       "deadline";
        node_pod_end(pod, 2 * CLOCK_SECOND);
    }
}

void node_pod_drive(struct cluster *cluster, struct node *node,
                    struct node_pod *pod, int64_t now)
{
    pod->lost |= pod->lose_at && now >= pod->lose_at;
    if (pod->stage == POD_ENDED)
        return;
    check_causes(pod, now);
    if (pod->ending) {
        drive_end(cluster, pod, now);
    } else {
        if (pod->stage == POD_SANDBOX)
            make_sandbox(cluster, node, pod, now);
        if (pod->stage == POD_INITIAL)
            drive_initial(cluster, node, pod, now);
        if (pod->stage == POD_MAIN)
            drive_main(cluster, node, pod, now);
    }
    if (pod->stage == POD_ENDED)
        close_folder(pod);
}

static void consider(int64_t *due, int64_t moment)
{
    if (moment > 0 && (*due == 0 || moment < *due))
        *due = moment;
}

int64_t node_pod_due(const struct node_pod *pod)
{
    int64_t due = 0;
    if (pod->stage == POD_ENDED)
        return 0;
    consider(&due, pod->stage == POD_SANDBOX ? pod->due : 0);
    consider(&due, pod->ending ? 0 : pod->evict_at);
    consider(&due, pod->ending ? 0 : pod->deadline);
    consider(&due, pod->lost ? 0 : pod->lose_at);
    if (pod->ending && node_pod_runs(pod))
        consider(&due, clock_monotonic() + TELL_AGAIN);
    else if (pod->ending)
        consider(&due, pod->kill_at);
    for (size_t i = 0; i < pod->count; i++) {
        const struct node_container *container = &pod->containers[i];
        if (container->step == STEP_RUN)
            consider(&due, container->kill_at);
        else if (container->step != STEP_IDLE && container->step != STEP_ENDED)
            consider(&due, container->due);
    }
    return due;
}
