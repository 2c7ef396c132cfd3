/*
 * The owner of a run, from /proc (proc(5)): a pid alone is used again, so the
 * time when the process started and the boot of the kernel belong to it.
 *
 * The rule: a run is called lost only on evidence. Whatever cannot be seen from
 * here (another machine, another pid namespace, a hidden /proc) counts as alive.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine/history/owner.h"

/* The first line of a small file; "" when there is none. */
static void read_line(const char *path, char *line, size_t size)
{
    line[0] = '\0';
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    ssize_t length = read(file, line, size - 1);
    close(file);
    line[length > 0 ? length : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
}

/* State and start of a process from /proc/<pid>/stat: fields 3 and 22. The
 * second field is a name in parentheses that may hold anything, so the last one
 * counts. False when it cannot be read. */
static bool read_process(const char *path, char *state, int64_t *start)
{
    char line[1024];
    read_line(path, line, sizeof line);
    char *rest = strrchr(line, ')');
    if (!rest || rest[1] != ' ')
        return false;
    *state = rest[2];
    int field = 3;
    for (rest += 2; *rest && field < 22; rest++)
        if (*rest == ' ')
            field++;
    if (field < 22)
        return false;
    *start = strtoll(rest, NULL, 10);
    return *start > 0;
}

static void read_machine(struct owner *owner)
{
    read_line("/etc/machine-id", owner->machine, sizeof owner->machine);
    struct utsname names;
    if (owner->machine[0] == '\0' && uname(&names) == 0)
        snprintf(owner->machine, sizeof owner->machine, "%.79s",
                 names.nodename);
}

void owner_self(struct owner *owner)
{
    *owner = (struct owner){.process = getpid()};
    char state = 0;
    read_process("/proc/self/stat", &state, &owner->start);
    ssize_t length =
        readlink("/proc/self/ns/pid", owner->space, sizeof owner->space - 1);
    owner->space[length > 0 ? length : 0] = '\0';
    read_line("/proc/sys/kernel/random/boot_id", owner->boot,
              sizeof owner->boot);
    read_machine(owner);
}

static bool process_is_gone(const struct owner *owner)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)owner->process);
    char state = 0;
    int64_t start = 0;
    if (kill((pid_t)owner->process, 0) < 0 && errno == ESRCH)
        return true;
    if (!read_process(path, &state, &start) || owner->start == 0)
        return false;
    return state == 'Z' || state == 'X' || start != owner->start;
}

const char *owner_fate(const struct owner *owner)
{
    struct owner self;
    owner_self(&self);
    if (owner->process <= 0 || owner->boot[0] == '\0' || self.boot[0] == '\0')
        return NULL;
    if (strcmp(owner->boot, self.boot) != 0)
        return strcmp(owner->machine, self.machine) == 0
                   ? "the machine was restarted while it ran"
                   : NULL;
    if (strcmp(owner->space, self.space) != 0 || !process_is_gone(owner))
        return NULL;
    return "the process that ran it ended without a result";
}

bool owner_is_gone(const struct owner *owner)
{
    return owner_fate(owner) != NULL;
}

int owner_open(const struct owner *owner)
{
    struct owner self;
    owner_self(&self);
    errno = ESRCH;
    if (owner->process <= 0 || owner->start == 0 || owner->boot[0] == '\0' ||
        strcmp(owner->boot, self.boot) != 0 ||
        strcmp(owner->space, self.space) != 0)
        return -1;
    int handle = (int)syscall(SYS_pidfd_open, (pid_t)owner->process, 0);
    /* The number may be another's by now: the handle keeps it from changing
     * after this look. */
    if (handle < 0 || !process_is_gone(owner))
        return handle;
    close(handle);
    errno = ESRCH;
    return -1;
}
