/*
 * A folder's descriptor and a path in, a descriptor out. openat2 does it in one
 * call that cannot be raced; the walk does the same with O_NOFOLLOW, part by part,
 * each from the descriptor of the one before.
 */
#include "engine/base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void close_quietly(int descriptor)
{
    int number = errno;
    close(descriptor);
    errno = number;
}

static bool is_step(const char *part, size_t length)
{
    return length == 0 || (length == 1 && part[0] == '.') ||
           (length == 2 && part[0] == '.' && part[1] == '.');
}

/* The next part of a path into `name`; 0, or -1 with errno. */
static int take_part(const char **path, char name[NAME_MAX + 1])
{
    size_t length = strcspn(*path, "/");
    errno = length > NAME_MAX ? ENAMETOOLONG : EXDEV;
    if (length > NAME_MAX || is_step(*path, length))
        return -1;
    memcpy(name, *path, length);
    name[length] = '\0';
    *path += length;
    return 0;
}

/* Whether the path may be given to openat2, which would take "." and "a//b". */
static bool is_plain(const char *path)
{
    char name[NAME_MAX + 1];
    while (take_part(&path, name) == 0) {
        if (*path == '\0')
            return true;
        path++;
    }
    return false;
}

int beneath_walk(int folder, const char *path, int flags, mode_t mode)
{
    const int through = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    char name[NAME_MAX + 1];
    int current = folder;
    for (;;) {
        int next = -1;
        if (take_part(&path, name) == 0)
            next = *path == '\0' ? openat(current, name,
                                          flags | O_NOFOLLOW | O_CLOEXEC, mode)
                                 : openat(current, name, through);
        if (current != folder)
            close_quietly(current);
        if (next < 0 || *path == '\0')
            return next;
        current = next;
        path++;
    }
}

int beneath_open(int folder, const char *path, int flags, mode_t mode)
{
    bool makes = (flags & (O_CREAT | __O_TMPFILE)) != 0;
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .mode = makes ? mode : 0,
        .resolve =
            RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    if (!is_plain(path))
        return -1;
    long opened = syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (opened >= 0 || (errno != ENOSYS && errno != EPERM))
        return (int)opened;
    /* Old kernels, and filters of system calls that do not know it. */
    return beneath_walk(folder, path, flags, mode);
}

int beneath_make(int folder, const char *path, mode_t mode)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    char name[NAME_MAX + 1];
    int current = openat(folder, ".", flags);
    while (current >= 0 && *path != '\0') {
        int next = -1;
        if (take_part(&path, name) == 0 &&
            (mkdirat(current, name, mode) == 0 || errno == EEXIST))
            next = openat(current, name, flags);
        close_quietly(current);
        current = next;
        path += *path == '/' && path[1] != '\0';
    }
    return current;
}
