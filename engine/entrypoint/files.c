/*
 * What file() and glob() read in the pod. Only regular files, or links to them:
 * a pipe or a device that a step left behind would never end. Folders are not
 * entered through links, so that a walk ends.
 */
#include "engine/entrypoint/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_LIMIT = 4 * 1024 * 1024 }; /* what file() reads at most */

static char *read_opened(struct arena *arena, int descriptor, size_t *length)
{
    size_t room = (size_t)64 * 1024;
    char *bytes = arena_allocate(arena, room);
    for (*length = 0; *length <= FILE_LIMIT;) {
        if (*length + 1 >= room) {
            bytes = arena_grow(arena, bytes, room, room * 2);
            room *= 2;
        }
        ssize_t count = read(descriptor, bytes + *length, room - *length - 1);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return NULL;
        if (count == 0)
            break;
        *length += (size_t)count;
    }
    bytes[*length] = '\0';
    return bytes;
}

static const char *read_file(void *context, struct arena *arena,
                             const char *path, size_t *length,
                             struct error *error)
{
    struct stat status;
    const char *bytes = NULL;
    (void)context;
    *length = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0) {
        error_set_system(error, "cannot read '%.200s'", path);
        return NULL;
    }
    if (fstat(descriptor, &status) < 0 || !S_ISREG(status.st_mode))
        error_set(error, ERROR_INPUT, "'%.200s' is not a regular file", path);
    else if (!(bytes = read_opened(arena, descriptor, length)))
        error_set_system(error, "cannot read '%.200s'", path);
    close(descriptor);
    if (bytes && *length > FILE_LIMIT) {
        error_set(error, ERROR_INPUT, "'%.200s' has more than %d bytes", path,
                  FILE_LIMIT);
        return NULL;
    }
    return bytes;
}

/* 1: a folder, 0: a regular file or a link to one, -1: neither. */
static int kind_of(int folder, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_type == DT_DIR || entry->d_type == DT_REG)
        return entry->d_type == DT_DIR;
    if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISDIR(status.st_mode))
        return 1;
    if (fstatat(folder, entry->d_name, &status, 0) == 0 &&
        S_ISREG(status.st_mode))
        return 0;
    return -1;
}

static void list_files(void *context, const char *path,
                       bool (*found)(void *list, const char *name,
                                     bool is_folder),
                       void *list)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    bool more = true;
    (void)context;
    while (folder && more && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int kind = kind_of(dirfd(folder), entry);
        if (kind >= 0)
            more = found(list, entry->d_name, kind == 1);
    }
    if (folder)
        closedir(folder);
}

void files_make(struct container_files *made)
{
    if (!getcwd(made->folder, sizeof made->folder))
        memcpy(made->folder, "/", sizeof "/");
    made->files = (struct expression_files){
        .folder = made->folder, .read = read_file, .list = list_files};
}
