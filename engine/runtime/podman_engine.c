/*
 * $PATH and the control groups in, an engine out. Limits: root may set them;
 * another user only where systemd has delegated the controllers of the unified
 * hierarchy to them. docker's daemon does it for everybody.
 */
#include "engine/runtime/podman_engine.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/runtime/child_process.h"
#include "engine/runtime/limits.h"

enum { CONTROLLERS_LIMIT = 4096 };

static const char *const known[] = {"podman", "docker"};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Whether `controllers` of the unified hierarchy, as a file lists them, has the
 * word. */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; at && (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ' ') &&
            (at[length] == ' ' || at[length] == '\n' || at[length] == '\0'))
            return true;
    return false;
}

static void find_limits(struct arena *arena, struct engine *engine)
{
    struct error ignored = {0};
    size_t length;
    long user = (long)getuid();
    engine->memory_limits = engine->processor_limits = true;
    if (user == 0 || engine->docker)
        return;
    engine->rootless = true;
    const char *list =
        file_read(arena,
                  arena_format(arena,
                               "/sys/fs/cgroup/user.slice/user-%ld.slice/"
                               "user@%ld.service/cgroup.controllers",
                               user, user),
                  CONTROLLERS_LIMIT, &length, &ignored);
    engine->memory_limits = has_word(list, "memory");
    engine->processor_limits = has_word(list, "cpu");
}

struct engine *engine_find(struct arena *arena, const char *wanted,
                           struct error *error)
{
    struct engine *engine = arena_allocate(arena, sizeof *engine);
    bool any = !wanted || wanted[0] == '\0';
    if (any) {
        for (size_t i = 0; !engine->program && i < LENGTH(known); i++) {
            wanted = known[i];
            engine->program = process_find(arena, wanted);
        }
    } else {
        engine->program =
            strchr(wanted, '/') ? wanted : process_find(arena, wanted);
    }
    if (engine->program && engine->program[0] == '/' &&
        access(engine->program, X_OK) == 0) {
        const char *slash = strrchr(engine->program, '/');
        engine->docker = strstr(slash, "docker") != NULL;
        engine->name = engine->docker ? "docker" : "podman";
        find_limits(arena, engine);
        return engine;
    }
    if (any)
        error_set(error, ERROR_SYSTEM,
                  "neither podman nor docker is installed; install one "
                  "(Debian, Ubuntu: 'apt-get install podman')");
    else
        error_set(error, ERROR_SYSTEM,
                  "there is no container engine '%.200s'; give a name that is "
                  "found in $PATH, or an absolute path",
                  wanted);
    return NULL;
}

static bool is_same_name(const char *entry, const char *name)
{
    size_t length = strlen(name);
    return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

const char **engine_variables(struct arena *arena,
                              const struct pod_variable *extra, size_t count)
{
    size_t own = 0, kept = 0;
    while (environ[own])
        own++;
    const char **variables =
        arena_allocate(arena, (own + count + 1) * sizeof *variables);
    for (size_t i = 0; i < own; i++) {
        bool replaced = false;
        for (size_t k = 0; k < count && !replaced; k++)
            replaced = is_same_name(environ[i], extra[k].name);
        if (!replaced)
            variables[kept++] = environ[i];
    }
    for (size_t i = 0; i < count; i++)
        variables[kept++] =
            arena_format(arena, "%s=%s", extra[i].name, extra[i].value);
    return variables;
}

/* Reads what there is; false at the end. */
static bool drain(int descriptor, struct text *text)
{
    char buffer[1024];
    ssize_t length = read(descriptor, buffer, sizeof buffer);
    if (length < 0)
        return errno == EAGAIN || errno == EINTR;
    if (text->length < HOST_COMPLAINT_LIMIT)
        text_append_escaped(text, buffer, (size_t)length, false);
    return length > 0;
}

/* Waits for the end of a process. Whether it came in time. */
static bool wait_for_end(struct process *process, struct text *complaint)
{
    int64_t end = clock_monotonic() + PODMAN_PATIENCE;
    struct text ignored = {0};
    struct pollfd slots[] = {{.fd = process->output, .events = POLLIN},
                             {.fd = process->complaints, .events = POLLIN},
                             {.fd = process->handle, .events = POLLIN}};
    while (!slots[2].revents && clock_monotonic() < end) {
        poll(slots, 3, 100);
        text_clear(&ignored);
        if (slots[0].revents && !drain(process->output, &ignored))
            slots[0].fd = -1;
        if (slots[1].revents && !drain(process->complaints, complaint))
            slots[1].fd = -1;
    }
    text_free(&ignored);
    return slots[2].revents != 0;
}

int engine_run(const struct engine *engine, const char *const *arguments,
               struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text complaint = {0};
    struct process process;
    struct process_setup setup = {.program = engine->program,
                                  .arguments = arguments,
                                  .variables =
                                      engine_variables(arena, NULL, 0)};
    if (process_start(&setup, &process, error) != 0)
        return -1;
    bool ended = wait_for_end(&process, &complaint);
    if (!ended)
        process_signal(process.handle, SIGKILL);
    int status = process_reap(&process);
    process_close(&process);
    if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return error_set(error, ERROR_SYSTEM, "'%s %s' %s: %s", engine->name,
                     arguments[1], ended ? "failed" : "did not end",
                     text_string(&complaint));
}
