/*
 * A container in, its processes out. In a sandbox the process that we start is
 * bubblewrap, which waits outside; the container's program is its child, pid 1
 * of a namespace that dies with it. SIGTERM goes to that child, whose pid
 * bubblewrap tells us; SIGKILL to both. Without sandbox, paths of the container
 * on the command line are replaced by those in the run's folder.
 */
#include "engine/runtime/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/runtime/limits.h"
#include "engine/runtime/sandbox.h"
#include "engine/value/value.h"

#define INFO_PATIENCE (2 * CLOCK_SECOND)

enum {
    INFO_PAUSE = 100, /* milliseconds */
    LATER_INPUTS = 3, /* descriptors of bubblewrap before the inputs */
};

struct unit unit_make(const struct pod *pod, size_t index, const char *token,
                      const struct plan *bare, struct event_sink *sink)
{
    return (struct unit){.container = &pod->containers[index],
                         .index = index,
                         .process = {-1, -1, -1, -1},
                         .info = -1,
                         .latch = -1,
                         .child_handle = -1,
                         .program = -1,
                         .bare = bare != NULL,
                         .stream = bare ? stream_new_bare(bare, sink)
                                        : stream_new(token, sink)};
}

/* A descriptor that gives `length` bytes from its start. */
static int open_bytes(const char *bytes, size_t length, struct error *error)
{
    int file = memfd_create("assay", MFD_CLOEXEC);
    if (file >= 0 && file_write_all(file, bytes, length) == 0 &&
        lseek(file, 0, SEEK_SET) == 0)
        return file;
    error_set_system(error, "cannot keep a file in memory");
    descriptor_close(&file);
    return -1;
}

static int open_input(const struct sandbox_input *input, struct error *error)
{
    if (input->bytes)
        return open_bytes(input->bytes, input->length, error);
    return run_folder_open(input->folder, input->sub_path, error);
}

/* A pipe that has no end: whoever waits for its first byte does not go on when the
 * one who was to write it is gone. */
static int open_latch(struct error *error)
{
    int ends[2], latch = -1;
    char path[64];
    if (pipe2(ends, O_CLOEXEC) == 0) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
        latch = open(path, O_RDWR | O_CLOEXEC);
        int number = errno;
        close(ends[0]);
        close(ends[1]);
        errno = number;
    }
    if (latch < 0)
        error_set_system(error, "cannot make a pipe");
    return latch;
}

/* The descriptors of bubblewrap in the order of sandbox.h, but for the first,
 * which is `info`. Those not opened are -1. */
static int open_all(struct unit *unit, const struct sandbox *sandbox,
                    int *descriptors, struct error *error)
{
    descriptors[1] =
        open_bytes(sandbox->arguments.data, sandbox->arguments.length, error);
    if (descriptors[1] < 0)
        return -1;
    unit->latch = descriptors[2] = open_latch(error);
    if (unit->latch < 0)
        return -1;
    for (size_t i = 0; i < sandbox->input_count; i++) {
        int *input = &descriptors[LATER_INPUTS + i];
        *input = open_input(&sandbox->inputs[i], error);
        if (*input < 0)
            return -1;
    }
    return 0;
}

/* bubblewrap's own command line: where its options are, and the container's. */
static const char **make_command(struct arena *arena,
                                 const struct pod_container *container)
{
    const char *const first[] = {
        "bwrap", "--args",
        arena_format(arena, "%d", SANDBOX_ARGUMENTS_DESCRIPTOR), "--"};
    const size_t count = sizeof first / sizeof first[0];
    const char **command = arena_allocate(
        arena, (count + container->argument_count + 1) * sizeof *command);
    memcpy(command, first, sizeof first);
    memcpy(command + count, container->arguments,
           container->argument_count * sizeof *command);
    return command;
}

static int start_with(struct unit *unit, struct arena *arena,
                      const struct unit_setup *setup,
                      const struct sandbox *sandbox, struct error *error)
{
    static const char *const no_variables[] = {NULL};
    size_t count = sandbox->input_count + LATER_INPUTS;
    int *descriptors = arena_allocate(arena, count * sizeof *descriptors);
    int info[2];
    for (size_t i = 0; i < count; i++)
        descriptors[i] = -1;
    if (pipe2(info, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_set_system(error, "cannot make a pipe");
    unit->info = info[0];
    descriptors[0] = info[1];
    struct process_setup process = {
        .program = setup->bubblewrap,
        .arguments = make_command(arena, unit->container),
        .variables = no_variables,
        .descriptors = descriptors,
        .descriptor_count = count,
        .keeper = setup->keeper,
    };
    int result = open_all(unit, sandbox, descriptors, error);
    if (result == 0)
        result = process_start(&process, &unit->process, error);
    descriptors[2] = -1; /* stays open */
    for (size_t i = 0; i < count; i++)
        descriptor_close(&descriptors[i]);
    return result;
}

static int start_in_sandbox(struct unit *unit, struct arena *arena,
                            const struct unit_setup *setup, struct error *error)
{
    struct sandbox_setup wanted = {
        .machine = setup->machine,
        .pod = setup->pod,
        .container = unit->container,
        .volumes = setup->folder->volumes,
        .termination =
            run_folder_termination(arena, setup->folder, unit->index),
        .kubeconfig = setup->kubeconfig,
        .network_none = setup->network_none,
    };
    sandbox_complete(arena, unit->container, "/tmp",
                     setup->kubeconfig ? SANDBOX_KUBECONFIG : NULL);
    struct sandbox sandbox = sandbox_make(arena, &wanted);
    int result = start_with(unit, arena, setup, &sandbox, error);
    memory_wipe(sandbox.arguments.data, sandbox.arguments.length);
    text_free(&sandbox.arguments);
    return result;
}

/* Where a path of the container is without a sandbox: below the run's folder
 * when a volume is mounted there, else where it says. */
static const char *map_path(struct arena *arena, const struct unit *unit,
                            const struct unit_setup *setup, const char *path)
{
    const struct pod_container *container = unit->container;
    if (strcmp(path, container->termination) == 0)
        return run_folder_termination(arena, setup->folder, unit->index);
    for (size_t i = container->mount_count; i-- > 0;) {
        const struct pod_mount *mount = &container->mounts[i];
        size_t length = strlen(mount->path);
        if (strncmp(path, mount->path, length) != 0 ||
            (path[length] != '/' && path[length] != '\0'))
            continue;
        return arena_format(arena, "%s%s%s%s",
                            sandbox_folder(arena, setup->folder->volumes,
                                           setup->pod, mount->volume),
                            mount->sub_path ? "/" : "",
                            mount->sub_path ? mount->sub_path : "",
                            path + length);
    }
    return path;
}

/* "NAME=value" of all variables; ends with NULL. */
static const char **make_variables(struct arena *arena,
                                   const struct pod_container *container)
{
    const char **variables = arena_allocate(
        arena, (container->variable_count + 1) * sizeof *variables);
    for (size_t i = 0; i < container->variable_count; i++)
        variables[i] =
            arena_format(arena, "%s=%s", container->variables[i].name,
                         container->variables[i].value);
    return variables;
}

/* The folders of emptyDirs that are mounted in part. */
static int make_sub_paths(const struct unit *unit, struct arena *arena,
                          const struct unit_setup *setup, struct error *error)
{
    for (size_t i = 0; i < unit->container->mount_count; i++) {
        const struct pod_mount *mount = &unit->container->mounts[i];
        if (!mount->volume->empty || !mount->sub_path)
            continue;
        int folder =
            run_folder_open(sandbox_folder(arena, setup->folder->volumes,
                                           setup->pod, mount->volume),
                            mount->sub_path, error);
        if (folder < 0)
            return -1;
        close(folder);
    }
    return 0;
}

static int start_plain(struct unit *unit, struct arena *arena,
                       const struct unit_setup *setup, struct error *error)
{
    struct pod_container *container = unit->container;
    const char **arguments = arena_allocate(
        arena, (container->argument_count + 1) * sizeof *arguments);
    for (size_t i = 0; i < container->argument_count; i++)
        arguments[i] = map_path(arena, unit, setup, container->arguments[i]);
    const char *home = map_path(arena, unit, setup, "/tmp");
    sandbox_complete(arena, container, home, setup->kubeconfig);
    const char *folder = container->folder ? container->folder : "/data";
    folder = map_path(arena, unit, setup, folder);
    if (!container->folder && strcmp(folder, "/data") == 0)
        folder = setup->folder->path;
    struct process_setup process = {
        .program = arguments[0],
        .arguments = arguments,
        .variables = make_variables(arena, container),
        .folder = folder,
        .death = SIGQUIT, /* only it knows what it has started */
        .keeper = setup->keeper,
    };
    if (make_sub_paths(unit, arena, setup, error) != 0 ||
        process_start(&process, &unit->process, error) != 0)
        return -1;
    unit->child = unit->process.pid;
    return 0;
}

int unit_start(struct unit *unit, const struct unit_setup *setup,
               struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    int result =
        setup->podman.engine ? unit_start_container(unit, arena, setup, error)
        : setup->bubblewrap  ? start_in_sandbox(unit, arena, setup, error)
                             : start_plain(unit, arena, setup, error);
    unit->started = result == 0;
    unit->begun = clock_now();
    if (result != 0)
        return error_context(error, "container '%s'", unit->container->name);
    return 0;
}

void unit_release(struct unit *unit)
{
    if (unit->latch < 0)
        return;
    (void)!file_write_all(unit->latch, "\n", 1);
    descriptor_close(&unit->latch);
    unit->begun = clock_now();
}

/* The pid in what bubblewrap has said so far, or 0. */
static pid_t parse_info(const struct unit *unit)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error ignored = {0};
    const struct value *info =
        value_read_json(arena, unit->info_text, unit->info_length, &ignored);
    int64_t child = value_int_or(value_get(info, "child-pid"), 0);
    return child > 1 && child <= INT32_MAX ? (pid_t)child : 0;
}

/* bubblewrap writes in pieces; it dies when the pipe is closed too early. */
void unit_read_info(struct unit *unit)
{
    char rest[64];
    bool full = unit->info_length == sizeof unit->info_text;
    ssize_t length = full
                         ? read(unit->info, rest, sizeof rest)
                         : read(unit->info, unit->info_text + unit->info_length,
                                sizeof unit->info_text - unit->info_length);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length <= 0)
        descriptor_close(&unit->info);
    if (length <= 0 || full)
        return;
    unit->info_length += (size_t)length;
    if (unit->child == 0)
        unit->child = parse_info(unit);
    if (unit->child != 0 && unit->child_handle < 0)
        unit->child_handle = process_open(unit->child);
}

void unit_tell(struct unit *unit)
{
    /* Before its container has begun, the client can only give up. One that has
     * spoken has begun, though the client may still be about to say so: it would
     * die of the signal instead of handing it on. */
    if (!unit_has_begun(unit) && !unit->spoke && !unit->warned) {
        unit->warned = true;
        process_signal(unit->process.handle, SIGTERM);
    }
    bool first = unit->child != unit->process.pid; /* of its namespace */
    if (unit->told || unit->child == 0 ||
        (first && !process_expects(unit->child, SIGTERM)))
        return;
    unit->told = true;
    int handle = unit->child_handle >= 0 ? unit->child_handle
                 : unit->program >= 0    ? unit->program
                                         : unit->process.handle;
    /* The client hands a signal on to a program that is another user's; but it
     * would die of one that comes while it still starts the container. */
    if (!process_signal(handle, SIGTERM))
        process_signal(unit->process.handle, SIGTERM);
}

/* bubblewrap tells of its child as soon as it has one; until then that child
 * would survive it. */
static void wait_for_info(struct unit *unit)
{
    int64_t end = clock_monotonic() + INFO_PATIENCE;
    while (unit->info >= 0 && unit->child == 0 && clock_monotonic() < end) {
        struct pollfd slot = {.fd = unit->info, .events = POLLIN};
        if (poll(&slot, 1, INFO_PAUSE) > 0)
            unit_read_info(unit);
    }
}

void unit_kill(struct unit *unit)
{
    if (!unit->started || unit->ended)
        return;
    unit->killed = true;
    wait_for_info(unit);
    /* When only its child is killed, bubblewrap ends after all else has. */
    process_signal(unit->child_handle, SIGKILL);
    if (unit->child_handle < 0) {
        process_signal(unit->process.handle, SIGKILL);
        kill(-unit->process.pid, SIGKILL);
    }
}

void unit_reap(struct unit *unit)
{
    /* What is left of its group; nobody else can have the number yet. */
    kill(-unit->process.pid, SIGKILL);
    int status = process_reap(&unit->process);
    unit->ended = true;
    unit->finished = clock_now();
    unit->code =
        WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    /* A client that was told anything may have left before its container. */
    if (unit->engine && (unit->warned || unit->told || unit->killed ||
                         WIFSIGNALED(status) || unit->code >= ENGINE_FAILED))
        unit_remove_container(unit, &unit->leftover);
}

void unit_close(struct unit *unit)
{
    unit_kill(unit);
    if (unit->started && !unit->ended)
        unit_reap(unit);
    process_close(&unit->process);
    unit_close_container(unit);
    descriptor_close(&unit->info);
    descriptor_close(&unit->latch);
    descriptor_close(&unit->child_handle);
    text_free(&unit->complaint);
    if (unit->stream)
        stream_free(unit->stream);
    unit->stream = NULL;
}
