/*
 * A bare repository for each URL, whose packs are added by renaming. Nothing in
 * it says what is trusted: that is the head in the settings, and whatever is
 * read from here is compared with the name it is asked for. So the cache may be
 * deleted, or be spoilt, without harm beyond another fetch.
 */
#include "marketplace/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/digest.h"
#include "engine/base/file.h"

enum { PACKS_MANY = 40 };

struct cache_paths cache_paths_make(struct arena *arena,
                                    const struct marketplace_places *places,
                                    const char *url)
{
    struct digest digest = digest_compute(url, strlen(url));
    char hex[65];
    digest_print(&digest, hex);
    const char *base = arena_format(arena, "%s/%.32s", places->cache, hex);
    return (struct cache_paths){
        .folder = arena_format(arena, "%s.git", base),
        .objects = arena_format(arena, "%s.git/objects", base),
        .incoming = arena_format(arena, "%s.incoming", base),
        .lock = arena_format(arena, "%s.lock", base),
    };
}

static bool ends_with(const char *name, const char *ending)
{
    size_t length = strlen(name), size = strlen(ending);
    return length > size && strcmp(name + length - size, ending) == 0;
}

static void close_folder(DIR *const *folder)
{
    if (*folder)
        closedir(*folder);
}
#define FOLDER __attribute__((cleanup(close_folder))) DIR *

static DIR *open_packs(const char *repository)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/objects/pack", repository) >=
        sizeof path)
        return NULL;
    return opendir(path);
}

static size_t count_packs(const char *repository)
{
    size_t count = 0;
    const struct dirent *entry;
    FOLDER folder = open_packs(repository);
    while (folder && (entry = readdir(folder)))
        count += ends_with(entry->d_name, ".pack");
    return count;
}

bool cache_is_complete(const struct cache_paths *paths, const char *head)
{
    struct error ignored = {0};
    if (!head || access(paths->folder, F_OK) < 0 ||
        count_packs(paths->folder) >= PACKS_MANY)
        return false;
    CLEANUP(repository_close)
    struct repository *repository = repository_open(paths->folder, &ignored);
    return repository && repository_has_commit(repository, head);
}

/* Renames the files of that ending from one folder to the other. */
static int move_files(DIR *from, DIR *to, const char *ending,
                      struct error *error)
{
    const struct dirent *entry;
    rewinddir(from);
    while ((entry = readdir(from)))
        if (ends_with(entry->d_name, ending) &&
            renameat(dirfd(from), entry->d_name, dirfd(to), entry->d_name) < 0)
            return error_set_system(error, "cannot move a pack into the cache");
    return 0;
}

/* Removes the packs that were there before, named in `old`. */
static void remove_files(DIR *folder, const struct value *old)
{
    for (size_t i = 0; i < value_count(old); i++)
        unlinkat(dirfd(folder), value_string(value_item(old, i)), 0);
}

static struct value *list_files(struct arena *arena, DIR *folder, DIR *except)
{
    struct value *list = value_make_list(arena);
    const struct dirent *entry;
    struct stat status;
    while ((entry = readdir(folder)))
        if (entry->d_name[0] != '.' &&
            fstatat(dirfd(except), entry->d_name, &status,
                    AT_SYMLINK_NOFOLLOW) < 0)
            value_append(arena, list, value_make_string(arena, entry->d_name));
    return list;
}

int cache_accept(const struct cache_paths *paths, bool whole,
                 struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    if (access(paths->folder, F_OK) < 0 &&
        repository_make(paths->folder, NULL, error) < 0)
        return -1;
    FOLDER from = open_packs(paths->incoming);
    FOLDER to = open_packs(paths->folder);
    if (!from || !to)
        return error_set_system(error, "cannot open the cache");
    const struct value *old = whole ? list_files(arena, to, from) : NULL;
    /* The index last: a pack is seen by readers when its index is there. */
    if (move_files(from, to, ".pack", error) < 0 ||
        move_files(from, to, ".idx", error) < 0)
        return -1;
    if (fsync(dirfd(to)) < 0)
        return error_set_system(error, "cannot write the cache");
    if (whole)
        remove_files(to, old);
    return 0;
}

struct repository *cache_open(struct arena *arena,
                              const struct marketplace_places *places,
                              const struct marketplace *market,
                              struct error *error)
{
    struct cache_paths paths = cache_paths_make(arena, places, market->url);
    struct error broken = {0};
    CLEANUP(repository_close) struct repository *repository = NULL;
    if (access(paths.folder, F_OK) == 0)
        repository = repository_open(paths.folder, &broken);
    if (repository && repository_has_commit(repository, market->head))
        return TAKE(repository);
    error_set(error, ERROR_SYSTEM,
              "the cache of marketplace '%s' is not there: run `assay "
              "marketplace update %s`",
              market->name, market->name);
    return NULL;
}

int cache_remove(struct arena *arena, const struct marketplace_places *places,
                 const char *url, struct error *error)
{
    struct cache_paths paths = cache_paths_make(arena, places, url);
    if (folder_remove(paths.incoming, error) < 0 ||
        folder_remove(paths.folder, error) < 0)
        return -1;
    unlink(paths.lock);
    return 0;
}
