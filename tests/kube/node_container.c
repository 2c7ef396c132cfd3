/*
 * One container: from its image to its end. Its processes are a unit of
 * engine/runtime; all it prints goes to its log. Invariant: when it counts as
 * ended, all it wrote is in the log.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/base/utf8.h"
#include "engine/runtime/podspec.h"
#include "tests/kube/limits.h"
#include "tests/kube/node.h"
#include "tests/kube/node_pod.h"

enum {
    READ_SIZE = 64 * 1024,
    READS_A_TURN = 16,
    READS_AT_THE_END = 1024,
    PAUSE_DOUBLINGS = 5,
};

/* The pause before the next try; it doubles. */
static int64_t find_pause(const struct cluster *cluster, int tries)
{
    int doublings = tries < PAUSE_DOUBLINGS ? tries : PAUSE_DOUBLINGS;
    return cluster->rhythm->retry << doublings;
}

static void tell(struct cluster *cluster, const struct node_pod *pod,
                 const struct node_container *container, const char *type,
                 const char *reason, const char *message)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct happening happening = {
        .type = type,
        .reason = reason,
        .component = "kubelet",
        .field =
            arena_format(arena, "spec.%s{%s}",
                         container->initial ? "initContainers" : "containers",
                         container->name),
    };
    cluster_tell(cluster, pod->object, &happening, message);
}

static void tell_failure(struct cluster *cluster, const struct node_pod *pod,
                         const struct node_container *container)
{
    bool pauses = strcmp(container->waiting, "ImagePullBackOff") == 0;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    tell(cluster, pod, container, pauses ? "Normal" : "Warning",
         pauses ? "BackOff" : "Failed",
         arena_format(arena, "%s%s",
                      pauses ? "" : "Error: ", container->message));
}

/* How long the image is on its way. */
static int64_t pull(struct cluster *cluster, const struct node_pod *pod,
                    const struct node_container *container)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct occasion occasion = {
        .namespace_name = pod->object->namespace_name,
        .name = pod->object->name,
        .container = container->name,
        .image = container->image,
    };
    const struct rule *rule =
        rules_use(&cluster->rules, ACTION_PULL_SLOWLY, &occasion);
    if (!rule)
        return 0;
    tell(cluster, pod, container, "Normal", "Pulling",
         arena_format(arena, "Pulling image \"%s\"", container->image));
    return rule->delay;
}

void node_container_prepare(struct cluster *cluster, struct node_pod *pod,
                            struct node_container *container, int64_t now)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const char *message = NULL;
    const char *reason = node_image_check(cluster, pod, container, &message);
    if (!reason && !node_spec_decode(arena, cluster, pod, container, &error)) {
        bool reference = error.kind == ERROR_INPUT;
        reason =
            reference ? "CreateContainerConfigError" : "CreateContainerError";
        message = error.text;
    }
    if (!reason) {
        container->step = STEP_START;
        container->due =
            now + cluster->rhythm->start + pull(cluster, pod, container);
        return;
    }
    bool same = container->waiting && strcmp(container->waiting, reason) == 0;
    container->step = STEP_PREPARE;
    container->waiting = reason;
    container->message = arena_string(pod->arena, message);
    /* The second look after a failed pull comes soon: it begins the pause. */
    container->due = now + (strcmp(reason, "ErrImagePull") == 0
                                ? cluster->rhythm->retry / 4
                                : find_pause(cluster, container->tries++));
    if (!same)
        tell_failure(cluster, pod, container);
}

/* A new log; the one before stays for `previous`. */
static int change_log(const struct node *node, struct node_container *container,
                      struct error *error)
{
    log_file_release(container->old_log);
    container->old_log = container->log;
    container->log = log_file_open(node->folder, error);
    return container->log ? 0 : -1;
}

/* The unit's own copy of the container: starting it changes the variables. */
static int start_unit(const struct node *node, struct node_pod *pod,
                      struct node_container *container,
                      const struct cluster *cluster, struct error *error)
{
    arena_free(container->arena);
    container->arena = arena_new();
    struct pod *decoded =
        node_spec_decode(container->arena, cluster, pod, container, error);
    if (!decoded)
        return -1;
    const char *termination = run_folder_termination(
        container->arena, &pod->folder, container->index);
    unlink(termination);
    if (run_folder_write(termination, "", 0, 0666, error) < 0)
        return -1;
    container->unit = unit_make(decoded, 0, "none", NULL, NULL);
    container->unit.index = container->index;
    container->has_unit = true;
    struct unit_setup setup = {
        .bubblewrap = node->bubblewrap,
        .machine = node->machine,
        .pod = decoded,
        .folder = &pod->folder,
        .keeper = pod->has_keeper ? &pod->keeper : NULL,
    };
    if (unit_start(&container->unit, &setup, error) < 0)
        return -1;
    unit_release(&container->unit);
    return 0;
}

static const char *make_id(struct arena *arena)
{
    char digits[65];
    random_hex(digits, 64);
    return arena_format(arena, "containerd://%s", digits);
}

/* It could not be started: an end of its own. */
static void fail_start(struct node_pod *pod, struct node_container *container,
                       const char *message)
{
    container->started = false;
    container->now = (struct termination){
        .code = 128,
        .reason = "StartError",
        .message = arena_format(pod->arena,
                                "failed to create containerd task: failed to "
                                "create shim task: %s",
                                message),
        .finished = clock_now(),
        .id = container->id,
    };
    container->step = STEP_ENDED;
    if (container->log)
        log_file_end(container->log, clock_now());
}

void node_container_start(struct cluster *cluster, struct node *node,
                          struct node_pod *pod,
                          struct node_container *container, int64_t now)
{
    struct error error = {0};
    struct occasion occasion = {
        .namespace_name = pod->object->namespace_name,
        .name = pod->object->name,
        .container = container->name,
        .image = container->image,
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    container->id = make_id(pod->arena);
    container->now = (struct termination){0};
    container->kill_reason = NULL;
    tell(cluster, pod, container, "Normal", "Pulled",
         arena_format(arena,
                      "Container image \"%s\" already present on machine",
                      container->image));
    const struct rule *rule =
        rules_use(&cluster->rules, ACTION_START_ERROR, &occasion);
    if (change_log(node, container, &error) < 0 || rule ||
        start_unit(node, pod, container, cluster, &error) < 0) {
        fail_start(pod, container,
                   rule ? rule->message ? rule->message : "no such file"
                        : error.text);
        tell(cluster, pod, container, "Warning", "Failed",
             container->now.message);
        return;
    }
    container->step = STEP_RUN;
    container->started = true;
    container->waiting = container->message = NULL;
    container->started_at = clock_now();
    rule = rules_use(&cluster->rules, ACTION_OUT_OF_MEMORY, &occasion);
    container->kill_at = rule ? now + rule->delay + 1 : 0;
    tell(cluster, pod, container, "Normal", "Created",
         arena_format(arena, "Created container: %s", container->name));
    tell(cluster, pod, container, "Normal", "Started",
         arena_format(arena, "Started container %s", container->name));
}

/* Reads at most `turns` times from one of the pipes into the log. */
static void read_pipe(struct node_container *container, int *pipe,
                      enum log_source source, int turns)
{
    char *bytes = memory_allocate(READ_SIZE);
    while (*pipe >= 0 && turns-- > 0) {
        ssize_t length = read(*pipe, bytes, READ_SIZE);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 && errno == EAGAIN)
            break;
        if (length > 0) {
            log_file_add(container->log, source, bytes, (size_t)length,
                         clock_now());
            continue;
        }
        close(*pipe);
        *pipe = -1;
    }
    memory_free(bytes);
}

static void read_all(struct node_container *container, int turns)
{
    struct process *process = &container->unit.process;
    read_pipe(container, &process->output, LOG_OUTPUT, turns);
    read_pipe(container, &process->complaints, LOG_COMPLAINTS, turns);
    if (container->unit.info >= 0)
        unit_read_info(&container->unit);
}

/* Appends bytes as text: what is no UTF-8 becomes U+FFFD. */
static void append_text(struct text *out, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length;) {
        uint32_t code;
        size_t size = utf8_decode(bytes + i, length - i, &code);
        if (size > 0)
            text_append(out, bytes + i, size);
        else
            text_append_string(out, "\xef\xbf\xbd");
        i += size ? size : 1;
    }
}

/* The end of the file, as a kubelet reads it; the length, or -1. */
static ssize_t read_end(const char *path, char bytes[MESSAGE_LIMIT])
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t length = -1;
    if (file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode))
        length = pread(file, bytes, MESSAGE_LIMIT,
                       status.st_size > MESSAGE_LIMIT
                           ? status.st_size - MESSAGE_LIMIT
                           : 0);
    if (file >= 0)
        close(file);
    return length;
}

/* The termination message, by the container's policy; NULL: none. The messages
 * of a pod share a limit. */
static const char *read_message(struct node_pod *pod,
                                const struct node_container *container)
{
    CLEANUP(text_free) struct text message = {0}, tail = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *policy =
        value_string_at(container->specification, "terminationMessagePolicy");
    char bytes[MESSAGE_LIMIT];
    ssize_t length = read_end(
        run_folder_termination(arena, &pod->folder, container->index), bytes);
    if (length > 0)
        append_text(&message, bytes, (size_t)length);
    else if (policy && strcmp(policy, "FallbackToLogsOnError") == 0 &&
             container->now.code != 0)
        log_file_tail(container->log, &tail);
    append_text(&message, text_string(&tail), tail.length);
    size_t share = MESSAGES_LIMIT / pod->count;
    if (message.length > share) {
        message.length = share;
        while (utf8_continues(message.data[message.length]))
            message.length--;
    }
    return message.length ? arena_copy(pod->arena, message.data, message.length)
                          : NULL;
}

static bool has_ended(const struct unit *unit)
{
    struct pollfd slot = {.fd = unit->process.handle, .events = POLLIN};
    return poll(&slot, 1, 0) > 0 && slot.revents;
}

static void finish(struct cluster *cluster, struct node_pod *pod,
                   struct node_container *container, int64_t now)
{
    struct unit *unit = &container->unit;
    read_all(container, READS_AT_THE_END);
    unit_reap(unit);
    log_file_end(container->log, clock_now());
    container->now = (struct termination){
        .code = container->kill_reason ? 137 : unit->code,
        .started = container->started_at,
        .finished = clock_now(),
        .id = container->id,
    };
    container->now.reason = container->kill_reason ? container->kill_reason
                            : container->now.code  ? "Error"
                                                   : "Completed";
    container->now.message = read_message(pod, container);
    unit_close(unit);
    container->has_unit = false;
    arena_free(container->arena);
    container->arena = NULL;
    container->step = STEP_NOTICE;
    container->due = now + cluster->rhythm->notice;
}

void node_container_watch(struct cluster *cluster, struct node_pod *pod,
                          struct node_container *container, int64_t now)
{
    if (container->kill_at && now >= container->kill_at) {
        container->kill_at = 0;
        container->kill_reason = "OOMKilled";
        unit_kill(&container->unit);
    }
    bool ended = has_ended(&container->unit);
    read_all(container, READS_A_TURN);
    if (ended)
        finish(cluster, pod, container, now);
}

void node_container_close(struct node_container *container)
{
    if (container->has_unit)
        unit_close(&container->unit);
    container->has_unit = false;
    arena_free(container->arena);
    container->arena = NULL;
    if (container->log && !container->log->ended)
        log_file_end(container->log, clock_now());
    log_file_release(container->log);
    log_file_release(container->old_log);
    container->log = container->old_log = NULL;
}
