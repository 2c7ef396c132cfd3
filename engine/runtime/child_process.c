/*
 * A program with its arguments in, a running child with pipes out. Between vfork
 * and execve the child has our memory and only makes system calls; fork would copy
 * the tables of all of it. Every descriptor here is close-on-exec; the child makes
 * the wanted ones inheritable by moving them to their numbers, after which none of
 * the others can be in the way.
 */
#include "engine/runtime/child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/runtime/keeper.h"

enum {
    FIRST_DESCRIPTOR = 3,
    DESCRIPTOR_CEILING = 1024, /* for a kernel without close_range */
    PIPE_SIZE = 256 * 1024,    /* fewer turns when a step prints a lot */
    EXIT_NOT_EXECUTED = 127,
};

const char *process_find(struct arena *arena, const char *name)
{
    const char *path = getenv("PATH");
    path = arena_format(arena, "%s:/usr/bin", path ? path : "");
    while (*path != '\0') {
        size_t length = strcspn(path, ":");
        const char *program =
            arena_format(arena, "%.*s/%s", (int)length, path, name);
        if (path[0] == '/' && access(program, X_OK) == 0)
            return program;
        path += length;
        path += *path == ':';
    }
    return NULL;
}

struct pipe_ends {
    int reader, writer;
};

static void close_ends(struct pipe_ends *ends)
{
    descriptor_close(&ends->reader);
    descriptor_close(&ends->writer);
}

/* Moves a descriptor above those that the child will use. */
static int raise_descriptor(int descriptor, int least)
{
    return fcntl(descriptor, F_DUPFD_CLOEXEC, least);
}

/* An empty standard input; never 0 to 2, also where this process has none. */
static int open_nothing(int least)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int raised = nothing < 0 ? -1 : raise_descriptor(nothing, least);
    descriptor_close(&nothing);
    return raised;
}

static int open_pipe(struct pipe_ends *ends)
{
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) != 0)
        return -1;
    ends->reader = pair[0];
    ends->writer = pair[1];
    fcntl(ends->reader, F_SETFL, O_NONBLOCK);
    fcntl(ends->reader, F_SETPIPE_SZ, PIPE_SIZE);
    return 0;
}

static void reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_others(int first)
{
    if (close_range((unsigned)first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    for (int i = first; i < DESCRIPTOR_CEILING; i++)
        fcntl(i, F_SETFD, FD_CLOEXEC);
}

void process_isolate(int input)
{
    static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
                                  SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
    reset_signals();
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    setsid();
    dup2(input, STDIN_FILENO);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(nothing, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    if (close_range(FIRST_DESCRIPTOR, ~0U, 0) != 0)
        for (int i = FIRST_DESCRIPTOR; i < DESCRIPTOR_CEILING; i++)
            close(i);
    if (chdir("/") != 0)
        return; /* only the working folder stays in use */
}

/* What the child needs of the parent. */
struct birth {
    const struct process_setup *setup;
    int input, output, complaints;
    const int *raised; /* the descriptors, out of the way of each other */
    pid_t parent;
};

static void say_and_exit(const char *what)
{
    int number = errno;
    dprintf(STDERR_FILENO, "cannot %s: %s\n", what, strerror(number));
    _exit(EXIT_NOT_EXECUTED);
}

/* The child's way to its program; does not return. */
__attribute__((noreturn)) static void be_born(const struct birth *birth)
{
    const struct process_setup *setup = birth->setup;
    const struct rlimit no_core = {0, 0};
    int count = (int)setup->descriptor_count;
    dup2(birth->complaints, STDERR_FILENO);
    dup2(birth->output, STDOUT_FILENO);
    dup2(birth->input, STDIN_FILENO);
    for (int i = 0; i < count; i++)
        dup2(birth->raised[i], FIRST_DESCRIPTOR + i);
    close_others(FIRST_DESCRIPTOR + count);
    reset_signals();
    setsid();
    umask(022);
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_PDEATHSIG, setup->death ? setup->death : SIGKILL);
    if (getppid() != birth->parent)
        _exit(EXIT_NOT_EXECUTED);
    if (chdir(setup->folder ? setup->folder : "/") != 0)
        say_and_exit("enter the working folder");
    /* execve does not change them; its type is older than const. */
    char *const *arguments, *const *variables;
    memcpy(&arguments, &setup->arguments, sizeof arguments);
    memcpy(&variables, &setup->variables, sizeof variables);
    execve(setup->program, arguments, variables);
    say_and_exit("execute the program");
    _exit(EXIT_NOT_EXECUTED);
}

/* No signal meanwhile: our handlers are not for the child. */
static pid_t give_birth(struct birth *birth)
{
    sigset_t all, before;
    sigfillset(&all);
    birth->parent = getpid();
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = vfork(); /* NOLINT */
    if (pid == 0)
        be_born(birth); /* NOLINT: it is careful */
    int number = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return pid;
}

/* Copies of the setup's descriptors, above those of the child. The caller frees
 * the array and closes them; NULL with errno. */
static int *raise_all(const struct process_setup *setup)
{
    size_t count = setup->descriptor_count;
    int *raised = memory_allocate((count + 1) * sizeof *raised);
    for (size_t i = 0; i < count; i++) {
        raised[i] = raise_descriptor(setup->descriptors[i],
                                     FIRST_DESCRIPTOR + (int)count);
        if (raised[i] >= 0)
            continue;
        int number = errno;
        while (i-- > 0)
            close(raised[i]);
        memory_free(raised);
        errno = number;
        return NULL;
    }
    return raised;
}

/* Makes the pipes and the child. The ends for this process are left in `ends`,
 * the others are closed by the caller too. */
static pid_t start(const struct process_setup *setup, struct pipe_ends *output,
                   struct pipe_ends *complaints)
{
    int least = FIRST_DESCRIPTOR + (int)setup->descriptor_count;
    if (open_pipe(output) != 0 || open_pipe(complaints) != 0)
        return -1;
    int *raised = raise_all(setup);
    if (!raised)
        return -1;
    struct birth birth = {.setup = setup, .raised = raised};
    birth.input = open_nothing(least);
    birth.output = raise_descriptor(output->writer, least);
    birth.complaints = raise_descriptor(complaints->writer, least);
    pid_t pid = -1;
    if (setup->keeper)
        keeper_watch(setup->keeper, output->reader);
    if (birth.input >= 0 && birth.output >= 0 && birth.complaints >= 0)
        pid = give_birth(&birth);
    int number = errno;
    descriptor_close(&birth.input);
    descriptor_close(&birth.output);
    descriptor_close(&birth.complaints);
    for (size_t i = 0; i < setup->descriptor_count; i++)
        close(raised[i]);
    memory_free(raised);
    errno = number;
    return pid;
}

int process_start(const struct process_setup *setup, struct process *process,
                  struct error *error)
{
    *process = (struct process){-1, -1, -1, -1};
    struct pipe_ends output = {-1, -1};
    struct pipe_ends complaints = {-1, -1};
    process->pid = start(setup, &output, &complaints);
    if (process->pid < 0)
        error_set_system(error, "cannot start '%s'", setup->program);
    else
        process->handle = process_open(process->pid);
    if (process->pid >= 0 && process->handle < 0) {
        error_set_system(error, "cannot watch '%s'", setup->program);
        kill(process->pid, SIGKILL);
        process_reap(process);
    }
    if (process->handle < 0) {
        close_ends(&output);
        close_ends(&complaints);
        return -1;
    }
    descriptor_close(&output.writer);
    descriptor_close(&complaints.writer);
    process->output = output.reader;
    process->complaints = complaints.reader;
    return 0;
}

bool process_signal(int handle, int signal)
{
    return handle < 0 ||
           syscall(SYS_pidfd_send_signal, handle, signal, NULL, 0) == 0 ||
           errno != EPERM;
}

int process_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Whether the mask called `name` in /proc/<pid>/status holds `signal`. */
static bool mask_holds(const char *status, const char *name, int signal)
{
    const char *found = strstr(status, name);
    if (!found)
        return false;
    unsigned long long mask = strtoull(found + strlen(name), NULL, 16);
    return (mask >> (signal - 1) & 1) != 0;
}

bool process_expects(pid_t pid, int signal)
{
    char path[64];
    char status[4096];
    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, status, sizeof status - 1);
    close(file);
    status[length > 0 ? length : 0] = '\0';
    return mask_holds(status, "\nSigCgt:", signal) ||
           mask_holds(status, "\nSigBlk:", signal);
}

int process_reap(struct process *process)
{
    int status = 0;
    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    process->pid = -1;
    return status;
}

void process_close(struct process *process)
{
    descriptor_close(&process->handle);
    descriptor_close(&process->output);
    descriptor_close(&process->complaints);
}
