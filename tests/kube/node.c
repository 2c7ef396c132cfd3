/*
 * Changes of pods in, processes and statuses out. A new pod is bound at once
 * (unless a rule says that no node fits); each pod is then driven by itself. Its
 * status is stored whenever it differs. A pod stays until its object is gone, so
 * that its logs can be read.
 */
#include "tests/kube/node.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "tests/kube/lifecycle.h"
#include "tests/kube/limits.h"
#include "tests/kube/moment.h"
#include "tests/kube/node_pod.h"
#include "tests/kube/tree.h"

/* bubblewrap, where it usually is; NULL: not installed. */
static const char *find_bubblewrap(void)
{
    static const char *const places[] = {"/usr/bin/bwrap", "/bin/bwrap",
                                         "/usr/local/bin/bwrap"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

struct node *node_open(struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct node *node = arena_allocate(arena, sizeof *node);
    struct run_folder folder = run_folder_choose(arena);
    node->folder = folder.path;
    node->bubblewrap = find_bubblewrap();
    node->machine = machine_read(arena, "");
    if (keeper_start(&node->keeper,
                     &(struct keeper_task){.folder = node->folder}, error) < 0)
        return NULL;
    if (folder_make(node->folder, 0700, error) < 0) {
        keeper_stop(&node->keeper);
        return NULL;
    }
    node->arena = TAKE(arena);
    return node;
}

void node_close(struct node *node)
{
    struct error ignored = {0};
    if (!node)
        return;
    while (node->pods) {
        struct node_pod *pod = node->pods;
        node->pods = pod->next;
        node_pod_free(pod);
    }
    (void)!folder_remove(node->folder, &ignored);
    keeper_stop(&node->keeper);
    arena_free(node->arena);
}

static struct node_pod *find_pod(const struct node *node, const char *uid)
{
    struct node_pod *pod = node->pods;
    while (pod && strcmp(pod->object->uid, uid) != 0)
        pod = pod->next;
    return pod;
}

static void drop_pod(struct node *node, const char *uid)
{
    for (struct node_pod **at = &node->pods; *at; at = &(*at)->next) {
        struct node_pod *pod = *at;
        if (strcmp(pod->object->uid, uid) != 0)
            continue;
        *at = pod->next;
        node->pod_count--;
        node_pod_free(pod);
        return;
    }
}

bool node_holds(const struct node *node, const char *uid)
{
    const struct node_pod *pod = node ? find_pod(node, uid) : NULL;
    return pod && !pod->reported;
}

bool node_is_lost(const struct node *node, const char *uid)
{
    const struct node_pod *pod = find_pod(node, uid);
    return pod && pod->lost;
}

void node_forget(struct cluster *cluster, const char *uid)
{
    drop_pod(cluster->node, uid);
}

struct log_file *node_find_log(const struct node *node, const char *uid,
                               const char *container, bool previous)
{
    const struct node_pod *pod = find_pod(node, uid);
    for (size_t i = 0; pod && i < pod->count; i++) {
        const struct node_container *found = &pod->containers[i];
        if (strcmp(found->name, container) != 0)
            continue;
        if (previous)
            return found->old_log;
        return found->started || found->step == STEP_ENDED ||
                       found->step == STEP_RESTART
                   ? found->log
                   : NULL;
    }
    return NULL;
}

/* "0/1 nodes are available: ...": the pod waits for a node that fits. */
static void refuse_pod(struct cluster *cluster, struct object *object,
                       const char *message)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *draft = value_copy(arena, object->value);
    struct value *list = value_make_list(arena);
    struct value *condition = value_make_map(arena);
    value_set(arena, condition, "lastProbeTime", value_make_null(arena));
    value_set_string(arena, condition, "lastTransitionTime",
                     moment_print(arena, clock_now()));
    value_set_string(arena, condition, "message", message);
    value_set_string(arena, condition, "reason", "Unschedulable");
    value_set_string(arena, condition, "status", "False");
    value_set_string(arena, condition, "type", "PodScheduled");
    value_append(arena, list, condition);
    value_set(arena, tree_map(arena, draft, "status"), "conditions", list);
    object = store_put(&cluster->store, object->resource, draft);
    struct happening happening = {.type = "Warning",
                                  .reason = "FailedScheduling",
                                  .component = "default-scheduler"};
    cluster_tell(cluster, object, &happening, message);
}

/* Whether the node has all these labels. */
static bool fits_selector(const struct cluster *cluster,
                          const struct value *selector)
{
    const struct object *node = store_find(
        &cluster->store, discovery_find("", "v1", "nodes"), "", NODE_NAME);
    const struct value *labels =
        value_path(node ? node->value : NULL, "metadata.labels");
    for (size_t i = 0; i < value_count(selector); i++) {
        const struct member *member = &selector->map.members[i];
        const char *wanted = value_string(member->value);
        const char *found = value_string_at(labels, member->name);
        if (!wanted || !found || strcmp(wanted, found) != 0)
            return false;
    }
    return true;
}

/* Why no node fits; NULL: this one does. */
static const char *find_refusal(struct cluster *cluster,
                                const struct object *object)
{
    struct occasion occasion = {.namespace_name = object->namespace_name,
                                .name = object->name};
    const struct rule *rule =
        rules_use(&cluster->rules, ACTION_UNSCHEDULABLE, &occasion);
    if (rule)
        return rule->message
                   ? rule->message
                   : "0/1 nodes are available: 1 Insufficient cpu. preemption: "
                     "0/1 nodes are available: 1 No preemption victims found "
                     "for incoming pod.";
    if (!fits_selector(cluster, value_path(object->value, "spec.nodeSelector")))
        return "0/1 nodes are available: 1 node(s) didn't match Pod's node "
               "affinity/selector. preemption: 0/1 nodes are available: 1 "
               "Preemption is not helpful for scheduling.";
    if (cluster->node->pod_count >= NODE_PODS_LIMIT)
        return "0/1 nodes are available: 1 Too many pods.";
    return NULL;
}

static void publish(struct cluster *cluster, struct node_pod *pod);

static void bind_pod(struct cluster *cluster, struct object *object)
{
    const char *refusal = find_refusal(cluster, object);
    if (refusal) {
        refuse_pod(cluster, object, refusal);
        return;
    }
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct node *node = cluster->node;
    struct value *draft = value_copy(arena, object->value);
    value_set_string(arena, tree_map(arena, draft, "spec"), "nodeName",
                     NODE_NAME);
    object = store_put(&cluster->store, object->resource, draft);
    struct happening happening = {.type = "Normal",
                                  .reason = "Scheduled",
                                  .component = "default-scheduler"};
    cluster_tell(cluster, object, &happening,
                 arena_format(arena,
                              "Successfully assigned %s/%s to " NODE_NAME,
                              object->namespace_name, object->name));
    struct node_pod *pod = node_pod_new(cluster, node, object);
    pod->next = node->pods;
    node->pods = pod;
    node->pod_count++;
    publish(cluster, pod);
}

/* Stores what the pod's status is by now. */
static void publish(struct cluster *cluster, struct node_pod *pod)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct object *current = store_find_uid(&cluster->store, pod->object->uid);
    if (!current || pod->lost)
        return;
    object_hold(current);
    object_release(pod->object);
    pod->object = current;
    struct value *draft = value_copy(arena, current->value);
    value_set(arena, draft, "status", node_status_make(arena, pod));
    bool ended = pod->stage == POD_ENDED;
    current = store_put(&cluster->store, current->resource, draft);
    pod->reported = ended;
    if (ended)
        lifecycle_settle(cluster, current);
}

/* A pod that is to be deleted ends within its grace. */
static void end_pod(struct node_pod *pod, const struct object *object)
{
    const struct value *metadata = value_get(object->value, "metadata");
    int64_t grace =
        value_int_or(value_get(metadata, "deletionGracePeriodSeconds"), 30);
    node_pod_end(pod, grace * CLOCK_SECOND);
}

void node_take(struct cluster *cluster, const struct change *change)
{
    const struct object *object = change->object;
    if (strcmp(object->resource->kind, "Pod") != 0)
        return;
    struct error ignored = {0};
    struct node *node = cluster->node;
    struct node_pod *pod = find_pod(node, object->uid);
    if (change->kind == CHANGE_DELETED) {
        drop_pod(node, object->uid);
        return;
    }
    struct object *current = store_find_uid(&cluster->store, object->uid);
    if (!current)
        return;
    bool leaving =
        value_path(current->value, "metadata.deletionTimestamp") != NULL;
    if (!pod && change->kind == CHANGE_ADDED && !leaving)
        bind_pod(cluster, current);
    else if (pod && leaving)
        end_pod(pod, current);
    else if (pod && pod->stage != POD_SANDBOX && pod->stage != POD_ENDED)
        (void)!node_fields_write(pod, current->value, &ignored);
}

void node_step(struct cluster *cluster)
{
    struct node *node = cluster->node;
    int64_t now = clock_monotonic();
    struct node_pod *next = NULL;
    for (struct node_pod *pod = node->pods; pod; pod = next) {
        next = pod->next;
        if (pod->reported || pod->lost)
            continue;
        node_pod_drive(cluster, node, pod, now);
        publish(cluster, pod);
    }
}

size_t node_poll(const struct node *node, struct pollfd *slots, size_t limit)
{
    size_t count = 0;
    for (const struct node_pod *pod = node->pods; pod; pod = pod->next) {
        for (size_t i = 0; i < pod->count; i++) {
            const struct unit *unit = &pod->containers[i].unit;
            const int descriptors[] = {unit->process.handle,
                                       unit->process.output,
                                       unit->process.complaints, unit->info};
            bool runs = pod->containers[i].has_unit && !pod->lost;
            for (size_t k = 0; runs && k < 4; k++)
                if (descriptors[k] >= 0 && count < limit)
                    slots[count++] =
                        (struct pollfd){.fd = descriptors[k], .events = POLLIN};
        }
    }
    return count;
}

int64_t node_due(const struct node *node)
{
    int64_t due = 0;
    for (const struct node_pod *pod = node->pods; pod; pod = pod->next) {
        int64_t moment = pod->reported || pod->lost ? 0 : node_pod_due(pod);
        if (moment && (!due || moment < due))
            due = moment;
    }
    return due;
}

int64_t node_log_state(const struct node *node)
{
    int64_t state = 0;
    for (const struct node_pod *pod = node->pods; pod; pod = pod->next)
        for (size_t i = 0; i < pod->count; i++)
            if (pod->containers[i].log)
                state += pod->containers[i].log->size +
                         pod->containers[i].log->ended;
    return state;
}

/* The machine's own, as Kubernetes calls it. */
static const char *name_processor(void)
{
    static const struct {
        const char *machine, *name;
    } known[] = {{"x86_64", "amd64"}, {"aarch64", "arm64"}};
    static struct utsname machine;
    uname(&machine);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(machine.machine, known[i].machine) == 0)
            return known[i].name;
    return machine.machine;
}

struct value *node_describe(struct arena *arena)
{
    static const char document[] =
        "{\"apiVersion\": \"v1\", \"kind\": \"Node\", \"metadata\": {"
        "\"name\": \"" NODE_NAME "\", \"labels\": {"
        "\"kubernetes.io/hostname\": \"" NODE_NAME "\", "
        "\"kubernetes.io/os\": \"linux\"}}, \"spec\": {}, \"status\": {"
        "\"capacity\": {\"cpu\": \"4\", \"memory\": \"8Gi\", \"pods\": "
        "\"110\"}, \"allocatable\": {\"cpu\": \"4\", \"memory\": \"8Gi\", "
        "\"pods\": \"110\"}, \"conditions\": [{\"type\": \"Ready\", "
        "\"status\": \"True\", \"reason\": \"KubeletReady\"}], \"nodeInfo\": "
        "{\"kubeletVersion\": \"v1.32.0\", \"operatingSystem\": \"linux\", "
        "\"containerRuntimeVersion\": "
        "\"containerd://2.0.0\"}}}";
    struct error ignored = {0};
    struct value *node =
        value_read_json(arena, document, sizeof document - 1, &ignored);
    const char *processor = name_processor();
    value_set_string(arena, value_path(node, "metadata.labels"),
                     "kubernetes.io/arch", processor);
    value_set_string(arena, value_path(node, "status.nodeInfo"), "architecture",
                     processor);
    return node;
}
