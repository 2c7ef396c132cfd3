/*
 * A container in, a client of a container engine out. The client waits beside the
 * container, whose program writes to our pipe itself (podman) or through the
 * client (docker). Invariant: once a unit that did not report its end was reaped,
 * its container is removed, whatever became of the client.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/runtime/podman_engine.h"
#include "engine/runtime/sandbox.h"
#include "engine/runtime/unit.h"

enum { PID_FILE_LIMIT = 32 };

/* The folders of subPaths of emptyDirs, opened so that no link that a step has
 * made is followed, as paths that lead to what was opened. */
static const char **open_sub_paths(struct unit *unit, struct arena *arena,
                                   const struct unit_setup *setup,
                                   struct error *error)
{
    const struct pod_container *container = unit->container;
    size_t count = container->mount_count;
    const char **paths = arena_allocate(arena, (count + 1) * sizeof *paths);
    unit->folders = memory_allocate((count + 1) * sizeof *unit->folders);
    for (size_t i = 0; i < count; i++) {
        const struct pod_mount *mount = &container->mounts[i];
        if (!mount->volume->empty || !mount->sub_path)
            continue;
        int folder =
            run_folder_open(sandbox_folder(arena, setup->folder->volumes,
                                           setup->pod, mount->volume),
                            mount->sub_path, error);
        if (folder < 0)
            return NULL;
        unit->folders[unit->folder_count++] = folder;
        paths[i] =
            arena_format(arena, "/proc/%ld/fd/%d", (long)getpid(), folder);
    }
    return paths;
}

static int start(struct unit *unit, struct arena *arena,
                 const struct unit_setup *setup,
                 const struct podman_command *command, struct error *error)
{
    struct process_setup process = {
        .program = setup->podman.engine->program,
        .arguments = command->arguments,
        .variables = engine_variables(arena, command->variables,
                                      command->variable_count),
        .keeper = setup->keeper,
    };
    if (command->file &&
        run_folder_write(command->file, command->content,
                         strlen(command->content), 0600, error) != 0)
        return -1;
    return process_start(&process, &unit->process, error);
}

int unit_start_container(struct unit *unit, struct arena *arena,
                         const struct unit_setup *setup, struct error *error)
{
    struct podman_setup wanted = setup->podman;
    wanted.sub_paths = open_sub_paths(unit, arena, setup, error);
    const struct podman_command *command =
        wanted.sub_paths
            ? podman_command_make(arena, &wanted, unit->index, error)
            : NULL;
    if (!command || start(unit, arena, setup, command, error) != 0)
        return -1;
    unit->engine = wanted.engine;
    unit->run_id = wanted.run_id;
    if (!command->pid_file)
        unit->child = unit->process.pid; /* docker's client hands signals on */
    else
        unit->pid_file =
            memory_copy(command->pid_file, strlen(command->pid_file));
    return 0;
}

bool unit_has_begun(struct unit *unit)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error ignored = {0};
    size_t length;
    if (!unit->pid_file || unit->child != 0)
        return true;
    const char *text =
        file_read(arena, unit->pid_file, PID_FILE_LIMIT, &length, &ignored);
    long pid = text ? strtol(text, NULL, 10) : 0;
    if (pid > 1 && pid <= INT32_MAX) {
        unit->child = (pid_t)pid;
        unit->program = process_open(unit->child);
    }
    return unit->child != 0;
}

void unit_remove_container(struct unit *unit, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char **arguments =
        podman_removal_make(arena, unit->engine, unit->run_id, unit->index, 1);
    if (engine_run(unit->engine, arguments, error) != 0)
        error_context(error, "container '%s' may still be there",
                      unit->container->name);
}

void unit_close_container(struct unit *unit)
{
    for (size_t i = 0; i < unit->folder_count; i++)
        close(unit->folders[i]);
    if (unit->program >= 0)
        close(unit->program);
    memory_free(unit->folders);
    memory_free(unit->pid_file);
    unit->program = -1;
    unit->folders = NULL;
    unit->pid_file = NULL;
    unit->folder_count = 0;
}
