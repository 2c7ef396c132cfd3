/*
 * Files in, files by digest out:
 *   <database>.artifacts/incoming/<random>     being written, locked by its writer
 *   <database>.artifacts/sha256/ab/<62 hex>    kept, mode 0600
 * A file becomes a kept one by a rename when it is whole. Renaming over one that is
 * there already changes nothing but its time, and mends it if somebody damaged it.
 * What was kept goes to the disk in one go at the end of the run: many small files
 * would take a second for every hundred, and a file that a loss of power has cut
 * short is found out by its digest, like any other that was changed. What lies in `incoming` without a lock belonged to a process that is
 * gone. Whether a kept file is still needed only the events of the database know.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "engine/base/arena.h"
#include "engine/base/beneath.h"
#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/history/copy.h"
#include "engine/history/history.h"

enum { NAME_DIGITS = 16, FOLDER_DIGITS = 2 };

struct history_artifacts {
    struct arena *arena;
    const char *path;
    int folder; /* -1: it is not there yet */
    bool dirty; /* something was kept and not flushed */
};

/* Opens the folder; 0 also when there is none. */
static int open_folder(struct history_artifacts *artifacts, struct error *error)
{
    struct stat status;
    artifacts->folder =
        open(artifacts->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (artifacts->folder < 0 && errno == ENOENT)
        return 0;
    if (artifacts->folder < 0 || fstat(artifacts->folder, &status) != 0)
        return error_set_system(error, "cannot open the artifacts in '%.200s'",
                                artifacts->path);
    if (status.st_uid != geteuid())
        return error_set(error, ERROR_SYSTEM,
                         "the folder of the artifacts '%.200s' belongs to "
                         "another user",
                         artifacts->path);
    return 0;
}

/* Removes files that nobody writes any more. */
static void remove_abandoned(struct history_artifacts *artifacts)
{
    int folder =
        beneath_open(artifacts->folder, "incoming", O_RDONLY | O_DIRECTORY, 0);
    DIR *stream = folder >= 0 ? fdopendir(folder) : NULL;
    const struct dirent *entry;
    if (!stream && folder >= 0)
        close(folder);
    while (stream && (entry = readdir(stream))) {
        CLEANUP(descriptor)
        int file =
            beneath_open(folder, entry->d_name, O_RDONLY | O_NONBLOCK, 0);
        struct stat status;
        if (file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
            flock(file, LOCK_EX | LOCK_NB) == 0)
            unlinkat(folder, entry->d_name, 0);
    }
    if (stream)
        closedir(stream);
}

struct history_artifacts *
history_artifacts_open(const char *database, bool write, struct error *error)
{
    struct history_artifacts *artifacts = memory_allocate(sizeof *artifacts);
    artifacts->arena = arena_new();
    artifacts->path = arena_format(artifacts->arena, "%s.artifacts", database);
    if (open_folder(artifacts, error) != 0) {
        history_artifacts_close(artifacts);
        return NULL;
    }
    if (write && artifacts->folder >= 0)
        remove_abandoned(artifacts);
    return artifacts;
}

void history_artifacts_close(struct history_artifacts *artifacts)
{
    if (!artifacts)
        return;
    if (artifacts->folder >= 0)
        close(artifacts->folder);
    arena_free(artifacts->arena);
    memory_free(artifacts);
}

static int complain(const struct history_artifacts *artifacts,
                    struct error *error)
{
    return error_set_system(error, "cannot write artifacts to '%.200s'",
                            artifacts->path);
}

/* A new file in `incoming` whose lock is ours; -1. */
static int make_incoming(int incoming, char name[NAME_DIGITS + 1])
{
    struct stat status = {0};
    for (;;) {
        random_hex(name, NAME_DIGITS);
        int file =
            openat(incoming, name,
                   O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file < 0)
            return -1;
        /* Another run may have taken it for abandoned before it was locked. */
        if (flock(file, LOCK_EX) == 0 && fstat(file, &status) == 0 &&
            status.st_nlink > 0)
            return file;
        close(file);
    }
}

/* The whole file gets its name. */
static int publish(struct history_artifacts *artifacts, int incoming,
                   const char *name, const char *hex, struct error *error)
{
    const char *path =
        arena_format(artifacts->arena, "sha256/%.*s", FOLDER_DIGITS, hex);
    CLEANUP(descriptor)
    int folder = beneath_make(artifacts->folder, path, 0700);
    if (folder < 0 ||
        renameat(incoming, name, folder, hex + FOLDER_DIGITS) != 0)
        return complain(artifacts, error);
    artifacts->dirty = true;
    return 0;
}

static int keep(struct history_artifacts *artifacts, int source, int64_t limit,
                enum copy_form form, struct history_artifact *kept,
                struct error *error)
{
    CLEANUP(descriptor)
    int incoming = beneath_make(artifacts->folder, "incoming", 0700);
    if (incoming < 0)
        return complain(artifacts, error);
    char name[NAME_DIGITS + 1];
    struct copied copied;
    CLEANUP(descriptor) int file = make_incoming(incoming, name);
    if (file < 0)
        return complain(artifacts, error);
    int result = copy_file(source, file, limit, form, &copied, error);
    if (result == 0)
        result = publish(artifacts, incoming, name, copied.hex, error);
    if (result != 0) {
        unlinkat(incoming, name, 0);
        return -1;
    }
    kept->size = copied.size;
    memcpy(kept->digest, DIGEST_PREFIX, sizeof DIGEST_PREFIX - 1);
    memcpy(kept->digest + sizeof DIGEST_PREFIX - 1, copied.hex,
           sizeof copied.hex);
    return 0;
}

int history_artifacts_keep(struct history_artifacts *artifacts, int source,
                           int64_t limit, bool compress,
                           struct history_artifact *kept, struct error *error)
{
    if (artifacts->folder < 0) {
        if (folder_make(artifacts->path, 0700, error) != 0 ||
            open_folder(artifacts, error) != 0)
            return -1;
    }
    return keep(artifacts, source, limit, compress ? COPY_GZIP : COPY_PLAIN,
                kept, error);
}

int history_artifacts_flush(struct history_artifacts *artifacts,
                            struct error *error)
{
    if (!artifacts->dirty)
        return 0;
    artifacts->dirty = false;
    return syncfs(artifacts->folder) == 0 ? 0 : complain(artifacts, error);
}

/* The path of a digest below the folder; NULL when it is none. */
static const char *path_of(struct arena *arena, const char *digest)
{
    const size_t start = sizeof DIGEST_PREFIX - 1;
    if (!digest_is_name(digest))
        return NULL;
    return arena_format(arena, "sha256/%.*s/%s", FOLDER_DIGITS, digest + start,
                        digest + start + FOLDER_DIGITS);
}

int history_artifacts_copy(struct history_artifacts *artifacts,
                           const struct history_artifact *kept, int target,
                           struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *path = path_of(arena, kept->digest);
    if (!path)
        return error_set(error, ERROR_SYSTEM, "'%.80s' is no digest",
                         kept->digest);
    errno = ENOENT;
    CLEANUP(descriptor)
    int file = artifacts->folder < 0
                   ? -1
                   : beneath_open(artifacts->folder, path,
                                  O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0)
        return error_set_system(error, "cannot open the kept file '%s/%s'",
                                artifacts->path, path);
    struct copied copied = {0};
    if (S_ISREG(status.st_mode) && status.st_size == kept->size &&
        copy_file(file, target, kept->size, COPY_PLAIN, &copied, error) != 0)
        return error_context(error, "kept file '%.200s/%s'", artifacts->path,
                             path);
    if (copied.size != kept->size ||
        strcmp(copied.hex, kept->digest + sizeof DIGEST_PREFIX - 1) != 0)
        return error_set(error, ERROR_SYSTEM,
                         "the kept file '%.200s/%s' was changed: it is not "
                         "what was recorded",
                         artifacts->path, path);
    return 0;
}
