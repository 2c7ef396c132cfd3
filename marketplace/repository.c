/*
 * Object names in, bytes out. libgit2 computes the name of every object that it
 * reads and refuses one that differs, so the bytes are what the commit's name,
 * and with it the signature, stands for. Sizes are looked up before anything is
 * loaded.
 */
#include "marketplace/repository.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "marketplace/git.h"
#include "marketplace/limits.h"

struct repository {
    git_repository *git;
    git_odb *objects;
};

/* libgit2 would read the user's configuration: other URLs, proxies, no
 * verification of certificates. It gets empty folders to look in. */
static int forget_configuration(void)
{
    static const git_config_level_t levels[] = {
        GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
        GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (git.libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "") < 0)
            return -1;
    return 0;
}

int repository_begin(struct error *error)
{
    static bool ready;
    if (ready)
        return 0;
    if (git_load(error) < 0)
        return -1;
    if (git.libgit2_init() < 0 || forget_configuration() < 0 ||
        git.libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS,
                         (size_t)FETCH_OBJECT_LIMIT) < 0 ||
        git.libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE,
                         (size_t)FETCH_OBJECT_BYTES_LIMIT) < 0 ||
        git.libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1) < 0)
        return git_fail(error, ERROR_SYSTEM, "cannot start libgit2");
    ready = true;
    return 0;
}

static int parse_name(const char *commit, git_oid *name, struct error *error)
{
    if (strlen(commit) == GIT_OID_HEXSZ && git.oid_fromstr(name, commit) == 0)
        return 0;
    return error_set(error, ERROR_INPUT,
                     "'%.64s' is not the name of a commit (40 hex digits)",
                     commit);
}

int repository_make(const char *path, const char *objects, struct error *error)
{
    git_repository_init_options options;
    CLEANUP(git_repository_free) git_repository *made = NULL;
    if (repository_begin(error) < 0)
        return -1;
    git.repository_init_options_init(&options,
                                     GIT_REPOSITORY_INIT_OPTIONS_VERSION);
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH |
                    GIT_REPOSITORY_INIT_NO_REINIT;
    options.mode = 0700;
    if (git.repository_init_ext(&made, path, &options) < 0)
        return git_fail(error, ERROR_SYSTEM, "cannot make a cache");
    if (!objects)
        return 0;
    char file[4096];
    char line[4096];
    int length = snprintf(line, sizeof line, "%s\n", objects);
    if (length < 0 || (size_t)length >= sizeof line ||
        (size_t)snprintf(file, sizeof file, "%s/objects/info/alternates",
                         path) >= sizeof file)
        return error_set(error, ERROR_SYSTEM,
                         "the path of the cache is too "
                         "long");
    return file_write_atomic(file, line, (size_t)length, 0600, error);
}

struct repository *repository_open(const char *path, struct error *error)
{
    if (repository_begin(error) < 0)
        return NULL;
    CLEANUP(repository_close)
    struct repository *repository = memory_allocate(sizeof *repository);
    if (git.repository_open_bare(&repository->git, path) < 0 ||
        git.repository_odb(&repository->objects, repository->git) < 0) {
        git_fail(error, ERROR_SYSTEM, "cannot open the cache");
        return NULL;
    }
    return TAKE(repository);
}

void repository_close(struct repository *repository)
{
    git.odb_free(repository->objects);
    git.repository_free(repository->git);
    memory_free(repository);
}

bool repository_has_commit(struct repository *repository, const char *commit)
{
    git_oid name;
    size_t length;
    git_object_t type;
    return git.oid_fromstr(&name, commit) == 0 &&
           git.odb_read_header(&length, &type, repository->objects, &name) ==
               0 &&
           type == GIT_OBJECT_COMMIT;
}

int repository_set_reference(struct repository *repository, const char *name,
                             const char *commit, struct error *error)
{
    CLEANUP(git_reference_free) git_reference *made = NULL;
    git_oid target;
    if (parse_name(commit, &target, error) < 0)
        return -1;
    if (git.reference_create(&made, repository->git, name, &target, 1, NULL) <
        0)
        return git_fail(error, ERROR_SYSTEM, "cannot prepare the fetch");
    return 0;
}

/* The bytes of an object of the type, after a look at its size. */
static int read_object(struct arena *arena, struct repository *repository,
                       const git_oid *name, git_object_t wanted,
                       struct wire *bytes, struct error *error)
{
    CLEANUP(git_odb_object_free) git_odb_object *object = NULL;
    size_t limit = WORKFLOW_BYTES_LIMIT;
    if (wanted == GIT_OBJECT_COMMIT)
        limit = COMMIT_BYTES_LIMIT;
    git_object_t type;
    size_t length;
    if (git.odb_read_header(&length, &type, repository->objects, name) < 0)
        return git_fail(error, ERROR_TRUST, "unreadable-object");
    if (type != wanted)
        return error_set(error, ERROR_TRUST,
                         "unreadable-object: a %s, not a "
                         "%s",
                         git.object_type2string(type),
                         git.object_type2string(wanted));
    if (length > limit)
        return error_set(error, ERROR_TRUST,
                         "length-exceeded: a %s of %zu bytes, at most %zu are "
                         "read",
                         git.object_type2string(wanted), length, limit);
    if (git.odb_read(&object, repository->objects, name) < 0)
        return git_fail(error, ERROR_TRUST, "unreadable-object");
    bytes->length = git.odb_object_size(object);
    bytes->bytes = (const unsigned char *)arena_copy(
        arena, git.odb_object_data(object), bytes->length);
    return 0;
}

int repository_read_commit(struct arena *arena, struct repository *repository,
                           const char *commit, struct wire *bytes,
                           struct error *error)
{
    git_oid name;
    if (parse_name(commit, &name, error) < 0 ||
        read_object(arena, repository, &name, GIT_OBJECT_COMMIT, bytes, error) <
            0)
        return error_context(error, "commit %.12s", commit);
    return 0;
}

int repository_read_blob(struct arena *arena, struct repository *repository,
                         const char *blob, struct wire *bytes,
                         struct error *error)
{
    git_oid name;
    if (parse_name(blob, &name, error) < 0)
        return -1;
    return read_object(arena, repository, &name, GIT_OBJECT_BLOB, bytes, error);
}

int repository_relate(struct repository *repository, const char *before,
                      const char *after, enum relation *relation,
                      struct error *error)
{
    git_oid old, new;
    if (parse_name(before, &old, error) < 0 ||
        parse_name(after, &new, error) < 0)
        return -1;
    *relation = RELATION_SAME;
    if (git.oid_equal(&old, &new))
        return 0;
    int newer = git.graph_descendant_of(repository->git, &new, &old);
    int older =
        newer == 0 ? git.graph_descendant_of(repository->git, &old, &new) : 0;
    if (newer < 0 || older < 0)
        return git_fail(error, ERROR_SYSTEM, "cannot compare commits");
    *relation = newer ? RELATION_NEWER : older ? RELATION_OLDER : RELATION_NONE;
    return 0;
}

/* A walk through the tree of one commit. */
struct listing {
    struct arena *arena;
    struct repository *repository;
    struct tree_file *files;
    size_t count, capacity;
    size_t seen; /* entries of any kind */
};

static int list_tree(struct listing *listing, const git_oid *name,
                     const char *path, int depth, struct error *error);

static void add_file(struct listing *listing, const char *path,
                     const git_oid *blob)
{
    const size_t size = sizeof *listing->files;
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity ? listing->capacity * 2 : 64;
        listing->files = arena_grow(listing->arena, listing->files,
                                    listing->capacity * size, capacity * size);
        listing->capacity = capacity;
    }
    struct tree_file *file = &listing->files[listing->count++];
    file->path = path;
    git.oid_tostr(file->blob, sizeof file->blob, blob);
}

static bool name_is_plain(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return name[0] != '\0' && strspn(name, letters) == strlen(name) &&
           strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strcasecmp(name, ".git") != 0;
}

static int list_entry(struct listing *listing, const git_tree_entry *entry,
                      const char *folder, int depth, struct error *error)
{
    const char *name = git.tree_entry_name(entry);
    if (++listing->seen > TREE_ENTRY_LIMIT)
        return error_set(error, ERROR_TRUST,
                         "length-exceeded: more than %d files and folders",
                         TREE_ENTRY_LIMIT);
    if (!name_is_plain(name) ||
        strlen(folder) + strlen(name) + 1 > PATH_BYTES_LIMIT)
        return error_set(error, ERROR_TRUST,
                         "unsafe-entry: a name in '%.200s' is too long or has "
                         "other characters than letters, digits, '.', '_' "
                         "and '-': '%.80s'",
                         folder, name);
    const char *path = arena_format(listing->arena, "%s/%s", folder, name);
    switch (git.tree_entry_filemode_raw(entry)) {
    case GIT_FILEMODE_BLOB:
    case GIT_FILEMODE_BLOB_EXECUTABLE:
        add_file(listing, path, git.tree_entry_id(entry));
        return 0;
    case GIT_FILEMODE_TREE:
        return list_tree(listing, git.tree_entry_id(entry), path, depth + 1,
                         error);
    case GIT_FILEMODE_LINK:
        return error_set(error, ERROR_TRUST,
                         "unsafe-entry: '%.200s' is a symbolic link", path);
    case GIT_FILEMODE_COMMIT:
        return error_set(error, ERROR_TRUST,
                         "unsafe-entry: '%.200s' is a submodule", path);
    case GIT_FILEMODE_UNREADABLE:
    default:
        return error_set(error, ERROR_TRUST,
                         "unsafe-entry: '%.200s' is neither a file nor a "
                         "folder",
                         path);
    }
}

static int list_tree(struct listing *listing, const git_oid *name,
                     const char *path, int depth, struct error *error)
{
    CLEANUP(git_tree_free) git_tree *tree = NULL;
    if (depth > TREE_DEPTH_LIMIT)
        return error_set(error, ERROR_TRUST,
                         "length-exceeded: folders more than %d deep in "
                         "'%.200s'",
                         TREE_DEPTH_LIMIT, path);
    if (git.tree_lookup(&tree, listing->repository->git, name) < 0)
        return git_fail(error, ERROR_TRUST, "unreadable-object");
    size_t count = git.tree_entrycount(tree);
    for (size_t i = 0; i < count; i++)
        if (list_entry(listing, git.tree_entry_byindex(tree, i), path, depth,
                       error) < 0)
            return -1;
    return 0;
}

static git_tree *open_tree(struct repository *repository, const git_oid *name)
{
    CLEANUP(git_commit_free) git_commit *commit = NULL;
    git_tree *tree = NULL;
    if (git.commit_lookup(&commit, repository->git, name) < 0 ||
        git.commit_tree(&tree, commit) < 0)
        return NULL;
    return tree;
}

int repository_list(struct arena *arena, struct repository *repository,
                    const char *commit, const char *folder,
                    struct tree_files *files, struct error *error)
{
    struct listing listing = {.arena = arena, .repository = repository};
    git_oid name;
    *files = (struct tree_files){0};
    if (parse_name(commit, &name, error) < 0)
        return -1;
    CLEANUP(git_tree_free) git_tree *tree = open_tree(repository, &name);
    if (!tree)
        return git_fail(error, ERROR_TRUST, "unreadable-object");
    const git_tree_entry *entry = git.tree_entry_byname(tree, folder);
    if (!entry)
        return 0;
    if (git.tree_entry_filemode_raw(entry) != GIT_FILEMODE_TREE)
        return error_set(error, ERROR_TRUST,
                         "unsafe-entry: '%s' is not a folder", folder);
    if (list_tree(&listing, git.tree_entry_id(entry), folder, 0, error) < 0)
        return -1;
    *files = (struct tree_files){listing.files, listing.count};
    return 0;
}

/* The blob at `path`; 1, 0 when there is no regular file. */
static int find_blob(struct repository *repository, const git_oid *commit,
                     const char *path, git_oid *blob)
{
    CLEANUP(git_tree_free) git_tree *tree = open_tree(repository, commit);
    CLEANUP(git_tree_entry_free) git_tree_entry *entry = NULL;
    if (!tree || git.tree_entry_bypath(&entry, tree, path) < 0)
        return 0;
    git_filemode_t mode = git.tree_entry_filemode_raw(entry);
    if (mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE)
        return 0;
    git.oid_cpy(blob, git.tree_entry_id(entry));
    return 1;
}

int repository_read_file(struct arena *arena, struct repository *repository,
                         const char *commit, const char *path,
                         struct wire *bytes, struct error *error)
{
    git_oid name, blob;
    if (parse_name(commit, &name, error) < 0)
        return -1;
    if (!find_blob(repository, &name, path, &blob))
        return error_set(error, ERROR_TRUST,
                         "missing-file: commit %.12s has no file '%.200s'",
                         commit, path);
    return read_object(arena, repository, &blob, GIT_OBJECT_BLOB, bytes, error);
}

/* The names of blobs that have been looked at. */
struct seen {
    struct arena *arena;
    git_oid *items;
    size_t count;
};

static bool seen_before(struct seen *seen, const git_oid *blob)
{
    const size_t size = sizeof *seen->items;
    for (size_t i = seen->count; i > 0; i--)
        if (git.oid_equal(&seen->items[i - 1], blob))
            return true;
    seen->items = arena_grow(seen->arena, seen->items, seen->count * size,
                             (seen->count + 1) * size);
    git.oid_cpy(&seen->items[seen->count++], blob);
    return false;
}

int repository_find_version(struct arena *arena, struct repository *repository,
                            const struct version_search *search,
                            char found[COMMIT_NAME], struct error *error)
{
    CLEANUP(git_revwalk_free) git_revwalk *walk = NULL;
    struct seen seen = {.arena = arena};
    git_oid name, blob;
    if (parse_name(search->commit, &name, error) < 0)
        return -1;
    if (git.revwalk_new(&walk, repository->git) < 0 ||
        git.revwalk_sorting(walk, GIT_SORT_TIME) < 0 ||
        git.revwalk_push(walk, &name) < 0)
        return git_fail(error, ERROR_SYSTEM, "cannot read older commits");
    for (int i = 0; i < COMMIT_WALK_LIMIT; i++) {
        CLEANUP(arena_free) struct arena *scratch = NULL;
        struct error unreadable = {0};
        struct wire bytes;
        if (git.revwalk_next(&name, walk) != 0)
            return 0;
        if (!find_blob(repository, &name, search->path, &blob) ||
            seen_before(&seen, &blob))
            continue;
        scratch = arena_new();
        if (read_object(scratch, repository, &blob, GIT_OBJECT_BLOB, &bytes,
                        &unreadable) < 0 ||
            !search->accept(&bytes, search->context))
            continue;
        git.oid_tostr(found, COMMIT_NAME, &name);
        return 1;
    }
    return 0;
}
