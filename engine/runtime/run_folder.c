/*
 * A pod in, a folder on disk out:
 *   <i>                  the emptyDir that is the pod's volume i
 *   termination-<n>      the termination message of container n
 *   token                the run's token, when a step may pause
 *   state                a link to the volume mounted at /.assay/state, then too
 *   environment-<n>, pid-<n>   what a container engine reads and writes
 * Invariant: the folder itself has the mode 0700, so the modes inside (0777 for
 * an emptyDir, as the kubelet gives it) open nothing to other users.
 */
#include "engine/runtime/run_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/random.h"
#include "engine/runtime/runtime.h"
#include "engine/runtime/sandbox.h"

enum { RANDOM_DIGITS = 16 };

static const char prefix[] = "assay-run-";

int run_folder_write(const char *path, const char *bytes, size_t length,
                     mode_t mode, struct error *error)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return error_set_system(error, "cannot create '%s'", path);
    int result = file_write_all(file, bytes, length);
    if (result == 0)
        result = fchmod(file, mode);
    if (result != 0)
        error_set_system(error, "cannot write '%s'", path);
    close(file);
    return result;
}

static int make_folder(const char *path, mode_t mode, struct error *error)
{
    if (mkdir(path, 0700) != 0 || chmod(path, mode) != 0)
        return error_set_system(error, "cannot make the folder '%s'", path);
    return 0;
}

/* The folders of `path` below its first `base` bytes, open to all users of the
 * container. */
static int make_inner_folders(char *path, size_t base, struct error *error)
{
    for (char *end = path + base; end && *end != '\0';) {
        end = strchr(end + 1, '/');
        if (end)
            *end = '\0';
        bool made = mkdir(path, 0700) == 0;
        if ((!made && errno != EEXIST) || (made && chmod(path, 0755) != 0))
            return error_set_system(error, "cannot make the folder '%s'", path);
        if (end)
            *end = '/';
    }
    return 0;
}

static int write_files(struct arena *arena, const char *folder,
                       const struct pod_volume *volume, struct error *error)
{
    for (size_t i = 0; i < volume->file_count; i++) {
        const struct pod_file *file = &volume->files[i];
        char *path = arena_format(arena, "%s/%s", folder, file->path);
        char *slash = strrchr(path, '/');
        *slash = '\0';
        if (make_inner_folders(path, strlen(folder), error) != 0)
            return -1;
        *slash = '/';
        if (run_folder_write(path, file->bytes, file->length, file->mode,
                             error) != 0)
            return -1;
    }
    return 0;
}

static int make_volumes(struct arena *arena, const struct pod *pod, bool files,
                        const struct run_folder *folder, struct error *error)
{
    for (size_t i = 0; i < pod->volume_count; i++) {
        const struct pod_volume *volume = &pod->volumes[i];
        const char *path = sandbox_folder(arena, folder->volumes, pod, volume);
        if (volume->inside || (!volume->empty && !files))
            continue;
        if (make_folder(path, volume->empty ? 0777 : 0755, error) != 0 ||
            write_files(arena, path, volume, error) != 0)
            return -1;
    }
    return 0;
}

/* Nothing when no container has a state. */
static int link_state(struct arena *arena, const struct pod *pod,
                      const struct run_folder *folder, struct error *error)
{
    static const char place[] = "/.assay/state";
    const struct pod_container *first = pod->containers;
    for (size_t i = 0; pod->container_count > 0 && i < first->mount_count;
         i++) {
        const struct pod_mount *mount = &first->mounts[i];
        if (strcmp(mount->path, place) != 0 || mount->sub_path)
            continue;
        const char *target =
            sandbox_folder(arena, folder->volumes, pod, mount->volume);
        const char *path =
            arena_format(arena, "%s/" RUN_FOLDER_STATE, folder->path);
        if (symlink(target, path) != 0)
            return error_set_system(error, "cannot make the link '%s'", path);
        return 0;
    }
    return 0;
}

const char *run_folder_termination(struct arena *arena,
                                   const struct run_folder *folder,
                                   size_t container)
{
    return arena_format(arena, "%s/termination-%zu", folder->path, container);
}

struct run_folder run_folder_choose(struct arena *arena)
{
    const char *base = getenv("TMPDIR");
    char number[RANDOM_DIGITS + 1];
    random_hex(number, RANDOM_DIGITS);
    if (!base || base[0] != '/')
        base = "/tmp";
    const char *path = arena_format(arena, "%s/%s%s", base, prefix, number);
    return (struct run_folder){path, path};
}

int run_folder_make(struct arena *arena, const struct run_folder *folder,
                    const struct pod *pod, const char *token, bool files,
                    struct error *error)
{
    if (make_folder(folder->path, 0700, error) != 0 ||
        make_volumes(arena, pod, files, folder, error) != 0)
        return -1;
    if (token && (link_state(arena, pod, folder, error) != 0 ||
                  run_folder_write(
                      arena_format(arena, "%s/" RUN_FOLDER_TOKEN, folder->path),
                      token, strlen(token), 0600, error) != 0))
        return -1;
    for (size_t i = 0; i < pod->container_count; i++)
        if (run_folder_write(run_folder_termination(arena, folder, i), "", 0,
                             0666, error) != 0)
            return -1;
    return 0;
}

int run_folder_remove(const struct run_folder *folder, struct error *error)
{
    const struct timespec pause = {.tv_nsec = 20 * CLOCK_MILLISECOND};
    struct error last = {0};
    if (!folder->path)
        return 0;
    /* A process that was killed may still be about to end. */
    for (int tries = 0; tries < 10; tries++) {
        last = (struct error){0};
        if (folder_remove(folder->path, &last) == 0)
            return 0;
        nanosleep(&pause, NULL);
    }
    return error_set(error, last.kind, "%s", last.text);
}

int runtime_remove_folder(const char *folder, struct error *error)
{
    static const char digits[] = "0123456789abcdef";
    const char *slash = strrchr(folder, '/');
    const char *name = slash ? slash + 1 : "";
    const size_t skip = sizeof prefix - 1;
    struct stat status;
    if (folder[0] != '/' || strncmp(name, prefix, skip) != 0 ||
        strlen(name + skip) != RANDOM_DIGITS ||
        strspn(name + skip, digits) != RANDOM_DIGITS)
        return error_set(error, ERROR_SYSTEM,
                         "'%.200s' is not the folder of a run", folder);
    if (lstat(folder, &status) != 0 && errno == ENOENT)
        return 0;
    if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & 077) != 0)
        return error_set(error, ERROR_SYSTEM,
                         "'%.200s' is not a private folder of ours", folder);
    struct run_folder old = {.path = folder};
    return run_folder_remove(&old, error);
}

int run_folder_open(const char *folder, const char *sub_path,
                    struct error *error)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int opened = open(folder, flags);
    for (const char *part = sub_path; opened >= 0 && *part != '\0';) {
        char name[NAME_MAX + 1];
        size_t length = strcspn(part, "/");
        int next = -1;
        errno = ENAMETOOLONG;
        if (length <= NAME_MAX) {
            memcpy(name, part, length);
            name[length] = '\0';
            if (mkdirat(opened, name, 0777) == 0 || errno == EEXIST)
                next = openat(opened, name, flags);
        }
        int number = errno;
        close(opened);
        errno = number;
        opened = next;
        part += length;
        part += *part == '/';
    }
    if (opened < 0)
        return error_set_system(error, "cannot open the subPath '%s'",
                                sub_path);
    return opened;
}
