/*
 * Pipes of processes and one folder in; after the engine's death, neither is left.
 * bubblewrap dies with the engine at once, but until its child has set up the
 * sandbox that child does not die with bubblewrap: it would wait for ever or run
 * on alone. What identifies it is its standard output, a pipe of ours. The keeper
 * reads records from the engine; the end of their socket without a last record (all
 * zero) is the engine's death.
 */
#include "engine/runtime/keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/runtime/child_process.h"
#include "engine/runtime/limits.h"

enum {
    QUIET_ROUNDS = 5, /* without a find, until all counts as gone */
    QUIET_ROUNDS_ENGINE =
        15, /* of an engine, which makes its processes slowly */
    MOST_ROUNDS = 200,
    ROUND_PAUSE = 20, /* milliseconds */
    COMMAND_ROUNDS = 20,
    PATIENT_ROUNDS = 100, /* for programs that know what they have started */
};

/* A pipe, as stat has it. Written in one piece. */
struct record {
    dev_t device;
    ino_t number;
};

static void pause_for(int64_t milliseconds)
{
    struct timespec pause = {.tv_nsec = milliseconds * CLOCK_MILLISECOND};
    nanosleep(&pause, NULL);
}

static bool is_one_of(const struct stat *status, const struct record *records,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (records[i].device == status->st_dev &&
            records[i].number == status->st_ino)
            return true;
    return false;
}

/* Sends a signal (0: none) to what has one of the pipes as its standard output. How
 * many there were. */
static size_t tell_writers(const struct record *records, size_t count,
                           int signal)
{
    size_t found = 0;
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        char path[300];
        struct stat status;
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        snprintf(path, sizeof path, "/proc/%s/fd/1", entry->d_name);
        if (pid <= 1 || stat(path, &status) != 0 ||
            !is_one_of(&status, records, count))
            continue;
        kill(pid, signal);
        found++;
    }
    if (folder)
        closedir(folder);
    return found;
}

/* Runs the command of the task. Whether it did its work. */
static bool run_command(const struct keeper_task *task,
                        const char *const *words)
{
    pid_t pid = fork();
    int status = -1;
    if (pid == 0) {
        char *const *arguments, *const *variables;
        memcpy(&arguments, &words, sizeof arguments);
        memcpy(&variables, &task->variables, sizeof variables);
        execve(task->program, arguments, variables);
        _exit(1);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return pid > 0 && status == 0;
}

/* Until the command works: a container may be half made when it is first run. */
static void run_until_done(const struct keeper_task *task)
{
    for (int i = 0; task->program && i < COMMAND_ROUNDS; i++) {
        if (run_command(task, task->arguments))
            return;
        pause_for(ROUND_PAUSE);
    }
}

/* Kills who writes into the pipes, until for a while nobody does. */
static void end_writers(const struct record *records, size_t count,
                        const struct keeper_task *task)
{
    int quiet = 0, enough = task->program ? QUIET_ROUNDS_ENGINE : QUIET_ROUNDS;
    for (int i = 0; quiet < enough && i < MOST_ROUNDS; i++) {
        bool patient = task->plain && i < PATIENT_ROUNDS;
        size_t found = tell_writers(records, count, patient ? 0 : SIGKILL);
        quiet = found > 0 ? 0 : quiet + 1;
        pause_for(ROUND_PAUSE);
    }
}

/* The engine is dead. What was being made when the command was run for the first
 * time is there for the second; a monitor that had just begun then may start the
 * container only after that, when nobody knows of it any more. */
static void clean_up(const struct record *records, size_t count,
                     const struct keeper_task *task)
{
    run_until_done(task);
    end_writers(records, count, task);
    run_until_done(task);
    if (task->program)
        end_writers(records, count, task);
    for (int i = 0; i < MOST_ROUNDS; i++) {
        struct error ignored = {0};
        if (folder_remove(task->folder, &ignored) == 0)
            return;
        if (task->unowned)
            run_command(task, task->unowned);
        pause_for(ROUND_PAUSE);
    }
}

/* The engine hears how it went. */
static void make(const struct keeper_task *task)
{
    struct error error = {0};
    if (task->make(task->context, &error) != 0 && !error_is_set(&error))
        error_set(&error, ERROR_SYSTEM, "cannot make the folder of the run");
    (void)!send(STDIN_FILENO, &error, sizeof error, MSG_NOSIGNAL);
}

/* The keeper's whole life. Nothing of the engine's must stay open in it. */
__attribute__((noreturn)) static void keep(int socket,
                                           const struct keeper_task *task)
{
    struct record records[POD_CONTAINER_LIMIT];
    size_t count = 0;
    ssize_t length = 0;
    process_isolate(socket);
    prctl(PR_SET_NAME, "assay-keeper");
    if (task->make)
        make(task);
    while (count < POD_CONTAINER_LIMIT) {
        length = read(STDIN_FILENO, &records[count], sizeof records[0]);
        if (length < 0 && errno == EINTR)
            continue;
        if (length != sizeof records[0] || records[count].number == 0)
            break;
        count++;
    }
    if (length == sizeof records[0] && count == POD_CONTAINER_LIMIT)
        length = read(STDIN_FILENO, &(struct record){0}, sizeof records[0]);
    if (length <= 0)
        clean_up(records, count, task);
    _exit(0);
}

int keeper_start(struct keeper *keeper, const struct keeper_task *task,
                 struct error *error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set_system(error, "cannot make a socket");
    pid_t pid = fork();
    if (pid == 0)
        keep(ends[0], task);
    close(ends[0]);
    if (pid < 0) {
        close(ends[1]);
        return error_set_system(error, "cannot start a process");
    }
    *keeper = (struct keeper){pid, ends[1]};
    return 0;
}

int keeper_wait(const struct keeper *keeper, struct error *error)
{
    struct error made;
    ssize_t length;
    do
        length = recv(keeper->socket, &made, sizeof made, 0);
    while (length < 0 && errno == EINTR);
    if (length != (ssize_t)sizeof made)
        return error_set(
            error, ERROR_SYSTEM,
            "the process that makes the folder of the run is gone");
    return error_is_set(&made) ? error_set(error, made.kind, "%s", made.text)
                               : 0;
}

static void tell(const struct keeper *keeper, struct record record)
{
    (void)!send(keeper->socket, &record, sizeof record, MSG_NOSIGNAL);
}

void keeper_watch(const struct keeper *keeper, int output)
{
    struct stat status;
    if (keeper->pid > 0 && fstat(output, &status) == 0)
        tell(keeper, (struct record){status.st_dev, status.st_ino});
}

void keeper_leave_to(struct keeper *keeper)
{
    if (keeper->pid <= 0 || keeper->socket < 0)
        return;
    close(keeper->socket);
    keeper->socket = -1;
}

void keeper_dismiss(struct keeper *keeper)
{
    if (keeper->pid > 0 && keeper->socket >= 0)
        tell(keeper, (struct record){0});
    keeper_leave_to(keeper);
}

void keeper_stop(struct keeper *keeper)
{
    keeper_dismiss(keeper);
    if (keeper->pid <= 0)
        return;
    while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    keeper->pid = 0;
}
