/*
 * Whole files. Reading stops at the caller's limit plus one byte, so a device or a
 * growing file cannot exhaust us. Writing goes through a temporary file in the same
 * folder. Removing walks with openat and O_NOFOLLOW, so a link that a step left
 * behind is removed as a link and never entered.
 */
#include "engine/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/random.h"

enum { READ_STEP = 64 * 1024, REMOVE_DEPTH_LIMIT = 256 };

static char *read_descriptor(struct arena *arena, int descriptor, size_t hint,
                             size_t limit, size_t *length)
{
    size_t capacity = hint ? hint + 1 : READ_STEP;
    char *bytes = arena_allocate(arena, capacity);
    *length = 0;
    for (;;) {
        if (*length + 1 >= capacity) {
            bytes = arena_grow(arena, bytes, capacity, capacity * 2);
            capacity *= 2;
        }
        ssize_t count =
            read(descriptor, bytes + *length, capacity - *length - 1);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return NULL;
        *length += (size_t)count;
        if (count == 0 || *length > limit)
            break;
    }
    bytes[*length] = '\0';
    return bytes;
}

char *file_read(struct arena *arena, const char *path, size_t limit,
                size_t *length, struct error *error)
{
    bool standard = strcmp(path, "-") == 0;
    CLEANUP(descriptor)
    int opened = standard ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int descriptor = standard ? STDIN_FILENO : opened;
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) < 0) {
        error_set_system(error, "cannot open '%.200s'", path);
        error->kind = ERROR_INPUT;
        return NULL;
    }
    if (S_ISDIR(status.st_mode)) {
        error_set(error, ERROR_INPUT, "'%.200s' is a folder, not a file", path);
        return NULL;
    }
    size_t hint = 0;
    if (S_ISREG(status.st_mode) && status.st_size > 0)
        hint = (size_t)status.st_size > limit ? limit + 1
                                              : (size_t)status.st_size + 1;
    char *bytes = read_descriptor(arena, descriptor, hint, limit, length);
    if (!bytes) {
        error_set_system(error, "cannot read '%.200s'", path);
        error->kind = ERROR_INPUT;
        return NULL;
    }
    if (*length > limit) {
        error_set(error, ERROR_INPUT,
                  "'%.200s' is larger than the limit of %zu bytes", path,
                  limit);
        return NULL;
    }
    return bytes;
}

int file_write_all(int descriptor, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = write(descriptor, bytes, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        bytes += count;
        length -= (size_t)count;
    }
    return 0;
}

int file_write_atomic(const char *path, const char *bytes, size_t length,
                      mode_t mode, struct error *error)
{
    char suffix[9], temporary[PATH_MAX];
    random_hex(suffix, 8);
    int written =
        snprintf(temporary, sizeof temporary, "%s.%s.tmp", path, suffix);
    if (written < 0 || (size_t)written >= sizeof temporary)
        return error_set(error, ERROR_SYSTEM,
                         "the path '%.100s...' is too long", path);
    int descriptor = open(
        temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (descriptor < 0)
        return error_set_system(error, "cannot write '%.200s'", path);
    bool good = file_write_all(descriptor, bytes, length) == 0 &&
                fsync(descriptor) == 0;
    int number = errno;
    if (close(descriptor) < 0 && good) {
        good = false;
        number = errno;
    }
    if (good && rename(temporary, path) == 0)
        return 0;
    if (!good)
        errno = number;
    error_set_system(error, "cannot write '%.200s'", path);
    unlink(temporary);
    return -1;
}

int folder_make(const char *path, mode_t mode, struct error *error)
{
    char partial[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof partial)
        return error_set(error, ERROR_SYSTEM, "cannot make the folder '%.200s'",
                         path);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        if (mkdir(partial, mode) < 0 && errno != EEXIST)
            return error_set_system(error, "cannot make the folder '%.200s'",
                                    partial);
    }
    struct stat status;
    if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
        return error_set(error, ERROR_SYSTEM, "'%.200s' is not a folder", path);
    return 0;
}

static int remove_inside(int parent, const char *name, dev_t device, int depth);

/* Removes what is in the open folder; takes the descriptor over. */
static int remove_entries(int folder, dev_t device, int depth)
{
    DIR *stream = fdopendir(folder);
    if (!stream) {
        close(folder);
        return -1;
    }
    int result = 0;
    const struct dirent *entry;
    while ((entry = readdir(stream)))
        if (strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0 &&
            remove_inside(folder, entry->d_name, device, depth + 1) < 0)
            result = -1;
    int number = errno;
    closedir(stream);
    errno = number;
    return result;
}

static int remove_inside(int parent, const char *name, dev_t device, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -1;
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    if (S_ISDIR(status.st_mode) && unlinkat(parent, name, AT_REMOVEDIR) == 0)
        return 0; /* it was empty */
    if (!S_ISDIR(status.st_mode) || status.st_dev != device ||
        depth > REMOVE_DEPTH_LIMIT) {
        errno = S_ISDIR(status.st_mode) ? EXDEV : EPERM;
        return -1;
    }
    /* A step may have taken its own folders' permissions away. */
    int folder =
        openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0)
        folder = openat(parent, name,
                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return -1;
    if ((status.st_mode & 0700) != 0700)
        (void)!fchmod(folder, 0700);
    if (remove_entries(folder, device, depth) < 0)
        return -1;
    return unlinkat(parent, name, AT_REMOVEDIR);
}

int folder_remove(const char *path, struct error *error)
{
    struct stat status;
    if (lstat(path, &status) < 0) {
        if (errno == ENOENT)
            return 0;
        return error_set_system(error, "cannot remove '%.200s'", path);
    }
    if (remove_inside(AT_FDCWD, path, status.st_dev, 0) < 0)
        return error_set_system(error, "cannot remove '%.200s'", path);
    return 0;
}
