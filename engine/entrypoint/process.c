/*
 * States of a step's processes: running -> (asked to end, TERM) -> (killed, KILL) ->
 * gone. The main process decides the result; what it leaves behind is ended and
 * waited for. We are the reaper of all descendants (pid 1, or a subreaper), so the
 * list of our own children, read from /proc, ends up holding all of them.
 */
#include "engine/entrypoint/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/entrypoint/limits.h"

#define GRACE_LEFT_BEHIND (CLOCK_SECOND / 2) /* daemons of a step that ended */
#define GRACE_DEADLINE    (5 * CLOCK_SECOND)
#define GRACE_STOP        (10 * CLOCK_SECOND)

struct running {
    const struct process *process;
    struct output *output;
    struct process_result *result;
    int pipe;        /* output of the step; -1: ended */
    pid_t main;      /* 0: it has been reaped */
    int64_t kill_at; /* when TERM becomes KILL; 0: not asked to end */
    bool killing;
    bool orphans; /* no child is left */
};

/* What the new process says when it cannot become the program. */
struct failure {
    int number; /* errno; 0: none */
    bool in_folder;
};

/* Between vfork and exec, in the memory of ours: only calls that are safe there, and
 * nothing is changed but `environ`, by which the program is looked for. */
static _Noreturn void become(const struct process *process, int output,
                             int report)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    setsid();
    int null = open("/dev/null", O_RDONLY);
    if (null >= 0)
        dup2(null, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    if (process->script >= 0)
        fcntl(process->script, F_SETFD, 0);
    struct failure failure = {.in_folder = true};
    if (!process->folder || chdir(process->folder) == 0) {
        failure.in_folder = false;
        environ = process->variables;
        execvp(process->arguments[0], process->arguments);
    }
    failure.number = errno;
    ssize_t ignored = write(report, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

static int start(struct running *running, struct failure *failure,
                 struct error *error)
{
    int output[2], report[2];
    if (pipe2(output, O_CLOEXEC) < 0)
        return error_set_system(error, "cannot make a pipe");
    if (pipe2(report, O_CLOEXEC) < 0) {
        close(output[0]);
        close(output[1]);
        return error_set_system(error, "cannot make a pipe");
    }
    /* Larger pipes mean fewer turns for a step that prints a lot. */
    fcntl(output[0], F_SETPIPE_SZ, 1 << 20);
    /* With fork the kernel would copy the tables of all our memory for each step:
     * most of what a step costs in a workflow of thousands. */
    char **kept = environ;
    pid_t child = vfork(); /* NOLINT */
    if (child == 0)
        become(running->process, output[1], report[1]); /* NOLINT */
    running->main = child;
    int number = errno;
    environ = kept;
    close(output[1]);
    close(report[1]);
    running->pipe = output[0];
    *failure = (struct failure){0};
    if (running->main > 0)
        while (read(report[0], failure, sizeof *failure) < 0 && errno == EINTR)
            ;
    close(report[0]);
    if (running->main > 0)
        return 0;
    close(running->pipe);
    errno = number;
    return error_set_system(error, "cannot start a process");
}

/* Sends a signal to all our children; -1 when they cannot be listed. */
static int signal_children(int number)
{
    char path[64], list[64 * 1024];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return -1;
    ssize_t length = read(descriptor, list, sizeof list - 1);
    close(descriptor);
    if (length < 0)
        return -1;
    /* A number that the end of the list cuts would be that of a stranger. */
    while (length > 0 && list[length - 1] != ' ')
        length--;
    list[length] = '\0';
    char *cursor = list;
    for (long pid; (pid = strtol(cursor, &cursor, 10)) > 1;) {
        kill(-(pid_t)pid, number); /* its group, when it leads one */
        kill((pid_t)pid, number);
    }
    return 0;
}

/* Everything that the step has started. As pid 1 of a namespace the kernel knows
 * them all; else the children are asked, and their children become ours. */
static void signal_all(const struct running *running, int number)
{
    if (getpid() == 1) {
        kill(-1, number);
        return;
    }
    if (running->main > 0)
        kill(-running->main, number);
    signal_children(number);
}

static void ask_to_end(struct running *running, int64_t grace)
{
    signal_all(running, SIGTERM);
    signal_all(running, SIGCONT);
    running->kill_at = clock_monotonic() + grace;
}

static void take_end(struct running *running, int status)
{
    running->main = 0;
    struct process_result *result = running->result;
    if (WIFSIGNALED(status)) {
        result->signal = WTERMSIG(status);
        result->code = 128 + result->signal;
        if (result->end == PROCESS_EXITED)
            result->end = PROCESS_KILLED;
    } else {
        result->code = WEXITSTATUS(status);
    }
}

static void reap(struct running *running)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid < 0 && errno == EINTR)
            continue;
        running->orphans = pid < 0;
        if (pid <= 0)
            break;
        if (pid == running->main)
            take_end(running, status);
    }
    if (running->main == 0 && !running->orphans && running->kill_at == 0)
        ask_to_end(running, GRACE_LEFT_BEHIND);
}

static void stop(struct running *running)
{
    running->result->end = PROCESS_STOPPED;
    if (running->kill_at == 0)
        ask_to_end(running, GRACE_STOP);
    if (running->result->stops > 1)
        running->kill_at = clock_monotonic();
}

static void take_signals(struct running *running)
{
    unsigned stops = signals_take(running->process->signals);
    running->result->stops += stops;
    if (stops > 0)
        stop(running);
    reap(running);
}

static void take_output(struct running *running, struct error *error)
{
    static char bytes[ENTRYPOINT_OUTPUT_STEP];
    ssize_t length = read(running->pipe, bytes, sizeof bytes);
    if (length < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (length <= 0) {
        close(running->pipe);
        running->pipe = -1;
        return;
    }
    if (error_is_set(error))
        return; /* nobody reads: the rest is thrown away */
    if (output_write(running->output, bytes, (size_t)length, error) < 0)
        stop(running);
}

/* Milliseconds until something is due; -1: nothing is. */
static int due(const struct running *running, int64_t now)
{
    int64_t at = running->kill_at;
    int64_t deadline = running->process->deadline;
    if (running->killing)
        return 20; /* KILL again: new children may have come to us */
    if (at == 0 && deadline > 0 && running->main > 0)
        at = deadline;
    if (at == 0)
        return -1;
    if (at <= now)
        return 0;
    int64_t wait = (at - now) / CLOCK_MILLISECOND + 1;
    return wait > 60000 ? 60000 : (int)wait;
}

static void take_time(struct running *running, int64_t now)
{
    int64_t deadline = running->process->deadline;
    if (running->kill_at == 0 && deadline > 0 && deadline <= now &&
        running->main > 0) {
        running->result->end = PROCESS_DEADLINE;
        ask_to_end(running, GRACE_DEADLINE);
    }
    if (running->kill_at > 0 && running->kill_at <= now) {
        running->killing = true;
        signal_all(running, SIGKILL);
    }
}

static int watch(struct running *running, struct error *error)
{
    while (running->main > 0 || !running->orphans) {
        int64_t now = clock_monotonic();
        struct pollfd files[] = {
            {running->process->signals->descriptor, POLLIN, 0},
            {running->pipe, POLLIN, 0},
        };
        if (poll(files, running->pipe >= 0 ? 2 : 1, due(running, now)) < 0 &&
            errno != EINTR)
            return error_set_system(error, "cannot wait for a process");
        if (running->pipe >= 0 && files[1].revents)
            take_output(running, error);
        if (files[0].revents)
            take_signals(running);
        take_time(running, clock_monotonic());
        if (running->killing)
            reap(running);
    }
    return 0;
}

/* All processes are gone: what is left in the pipe is all that will come. A
 * holder in another container could keep it open, so it is not waited for. */
static void drain(struct running *running, struct error *error)
{
    while (running->pipe >= 0) {
        struct pollfd file = {running->pipe, POLLIN, 0};
        if (poll(&file, 1, 0) <= 0)
            break;
        take_output(running, error);
    }
    if (running->pipe >= 0)
        close(running->pipe);
}

static int refuse(struct process_result *result, int code,
                  struct output *output, struct error *error)
{
    result->code = code;
    return output_say(output, result->trouble, error);
}

/* No shell in the image is the most frequent of these. */
static int say_failure(const struct process *process,
                       const struct failure *failure,
                       struct process_result *result, struct output *output,
                       struct error *error)
{
    const char *program = process->arguments[0];
    bool missing = failure->number == ENOENT && !failure->in_folder;
    const char *hint = "";
    if (missing && strcmp(program, "/bin/sh") == 0)
        hint = " (the image has no shell: use 'run' with 'command')";
    else if (failure->number == ENOEXEC)
        hint = " (a script needs a first line such as #!/bin/sh)";
    snprintf(result->trouble, sizeof result->trouble,
             "cannot %s '%.150s': %s%s",
             failure->in_folder ? "enter the working directory" : "run",
             failure->in_folder ? process->folder : program,
             strerror(failure->number), hint);
    return refuse(result, missing ? 127 : 126, output, error);
}

int process_run(const struct process *process, struct output *output,
                struct process_result *result, struct error *error)
{
    *result = (struct process_result){.end = PROCESS_EXITED};
    struct error failed = {0}; /* of writing: the step is stopped first */
    if (process->folder && folder_make(process->folder, 0777, &failed) < 0) {
        snprintf(result->trouble, sizeof result->trouble,
                 "the working directory: %.250s", failed.text);
        return refuse(result, 126, output, error);
    }
    struct running running = {process, output, result, -1, 0, 0, false, false};
    struct failure failure = {0};
    if (start(&running, &failure, error) < 0)
        return -1;
    int watched = watch(&running, &failed);
    drain(&running, &failed);
    if (watched == 0 && !error_is_set(&failed))
        output_finish(output, &failed);
    if (!error_is_set(&failed) && failure.number != 0)
        say_failure(process, &failure, result, output, &failed);
    if (!error_is_set(&failed))
        return 0;
    *error = failed;
    return -1;
}

int process_sleep(struct signals *signals, int64_t until, struct error *error)
{
    for (;;) {
        int64_t now = clock_monotonic();
        if (now >= until)
            return 1;
        int64_t wait = (until - now) / CLOCK_MILLISECOND + 1;
        struct pollfd file = {signals->descriptor, POLLIN, 0};
        if (poll(&file, 1, wait > 60000 ? 60000 : (int)wait) < 0 &&
            errno != EINTR)
            return error_set_system(error, "cannot wait");
        if (file.revents && signals_take(signals) > 0)
            return 0;
    }
}
