/*
 * Names from a record in, files below one folder out. The record may come from
 * elsewhere and the folder may be full of other people's links, so every path is
 * opened from the folder's descriptor without following any (beneath.h), and files
 * are made under a name of ours and then renamed.
 */
#include "cli/download.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/beneath.h"
#include "engine/base/file.h"
#include "engine/base/random.h"

struct download {
    struct history_artifacts *kept;
    const char *folder;
    int root; /* the folder */
    bool force;
    struct arena *arena;
};

/* The part of a name before its last '/', and that after it. */
static const char *split(struct arena *arena, const char *name,
                         const char **base)
{
    const char *slash = strrchr(name, '/');
    *base = slash ? slash + 1 : name;
    return slash ? arena_copy(arena, name, (size_t)(slash - name)) : "";
}

static int check_name(const struct artifact_state *artifact,
                      struct error *error)
{
    const char *fault =
        event_artifact_fault(artifact->name, strlen(artifact->name));
    if (!fault)
        return 0;
    return error_set(error, ERROR_TRUST,
                     "artifact '%.200s' of step %.40s is not fetched: its "
                     "name %s",
                     artifact->name, artifact->step, fault);
}

/* Whether something has that name already. */
static int check_free(const struct download *download, const char *name,
                      struct error *error)
{
    const char *base;
    const char *path = split(download->arena, name, &base);
    CLEANUP(descriptor)
    int parent =
        path[0] == '\0'
            ? openat(download->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            : beneath_open(download->root, path, O_RDONLY | O_DIRECTORY, 0);
    struct stat status;
    if (parent < 0 && errno == ENOENT)
        return 0;
    if (parent < 0)
        return error_set_system(error, "cannot use the folder '%s/%s'",
                                download->folder, path);
    if (download->force ||
        fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "'%.200s/%.200s' is there already: --force writes over it",
                     download->folder, name);
}

/* Gives the whole file its name. */
static int publish(const struct download *download, int parent,
                   const char *made, const char *base)
{
    if (download->force)
        return renameat(parent, made, parent, base);
    /* Fails when something got the name since it was looked at. */
    if (linkat(parent, made, parent, base, 0) != 0)
        return -1;
    return unlinkat(parent, made, 0);
}

static int write_one(const struct download *download,
                     const struct artifact_state *artifact, struct error *error)
{
    char made[sizeof ".assay-" + 16] = ".assay-";
    const char *base;
    const char *path = split(download->arena, artifact->name, &base);
    struct history_artifact kept = {.size = artifact->size};
    random_hex(made + strlen(made), 16);
    snprintf(kept.digest, sizeof kept.digest, "%s", artifact->digest);
    CLEANUP(descriptor) int parent = beneath_make(download->root, path, 0755);
    CLEANUP(descriptor)
    int file =
        parent < 0
            ? -1
            : openat(parent, made,
                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                     0644);
    if (file < 0)
        return error_set_system(error, "cannot write '%.200s/%.200s'",
                                download->folder, artifact->name);
    int result = history_artifacts_copy(download->kept, &kept, file, error);
    if (result == 0 && publish(download, parent, made, base) != 0)
        result = error_set_system(error, "cannot write '%.200s/%.200s'",
                                  download->folder, artifact->name);
    if (result != 0)
        unlinkat(parent, made, 0);
    return result;
}

int download_artifacts(struct history_artifacts *kept,
                       const struct artifact_choice *chosen, size_t count,
                       const char *folder, bool force, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < count; i++)
        if (check_name(chosen[i].artifact, error) != 0)
            return -1;
    if (folder_make(folder, 0755, error) != 0)
        return -1;
    CLEANUP(descriptor)
    int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_set_system(error, "cannot open the folder '%.200s'",
                                folder);
    const struct download download = {kept, folder, root, force, arena};
    for (size_t i = 0; i < count; i++)
        if (!chosen[i].replaced &&
            check_free(&download, chosen[i].artifact->name, error) != 0)
            return -1;
    for (size_t i = 0; i < count; i++)
        if (!chosen[i].replaced &&
            write_one(&download, chosen[i].artifact, error) != 0)
            return -1;
    return 0;
}
