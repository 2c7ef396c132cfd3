#pragma once
/*
 * A bare repository read as objects, by libgit2: commits, trees and blobs,
 * nothing checked out, no configuration of the user read. Every object is
 * compared with its name when it is read. Commits are named by 40 hex digits.
 */
#include "engine/base/error.h"
#include "marketplace/wire.h"

enum { COMMIT_NAME = 41 };

struct repository;

/* Gets libgit2 ready, once for the process: no configuration files, its
 * ceilings. */
int repository_begin(struct error *error) MUST_CHECK;

/* Makes an empty bare repository; `objects` (NULL: none) is the object folder
 * of another one whose objects are seen too. ERROR_SYSTEM. */
int repository_make(const char *path, const char *objects,
                    struct error *error) MUST_CHECK;

/* Opens a bare repository. ERROR_SYSTEM. The caller closes it. */
struct repository *repository_open(const char *path, struct error *error);
void repository_close(struct repository *repository);
DEFINE_CLEANUP(struct repository *, repository_close);

bool repository_has_commit(struct repository *repository, const char *commit);

/* Makes a reference, so that a fetch knows what is there already. */
int repository_set_reference(struct repository *repository, const char *name,
                             const char *commit,
                             struct error *error) MUST_CHECK;

/* The raw bytes of a commit. ERROR_TRUST: too large, or no commit. */
int repository_read_commit(struct arena *arena, struct repository *repository,
                           const char *commit, struct wire *bytes,
                           struct error *error) MUST_CHECK;

enum relation { RELATION_SAME, RELATION_NEWER, RELATION_OLDER, RELATION_NONE };

/* How `after` stands to `before`. -1 with ERROR_SYSTEM. */
int repository_relate(struct repository *repository, const char *before,
                      const char *after, enum relation *relation,
                      struct error *error) MUST_CHECK;

/* A regular file of a tree. */
struct tree_file {
    const char *path;
    char blob[COMMIT_NAME];
};

struct tree_files {
    struct tree_file *items;
    size_t count;
};

/* All regular files below `folder` of the commit, in the order of the tree;
 * none when there is no such folder. ERROR_TRUST "unsafe-entry" for a link, a
 * submodule or a name with other characters than A-Z a-z 0-9 . _ -, and for too
 * many. */
int repository_list(struct arena *arena, struct repository *repository,
                    const char *commit, const char *folder,
                    struct tree_files *files, struct error *error) MUST_CHECK;

/* The bytes of a blob, NUL-terminated beyond the length. ERROR_TRUST
 * "length-exceeded". */
int repository_read_blob(struct arena *arena, struct repository *repository,
                         const char *blob, struct wire *bytes,
                         struct error *error) MUST_CHECK;

/* The regular file at `path` of the commit; ERROR_TRUST when there is none. */
int repository_read_file(struct arena *arena, struct repository *repository,
                         const char *commit, const char *path,
                         struct wire *bytes, struct error *error) MUST_CHECK;

/* Which version of a file is looked for. */
struct version_search {
    const char *commit; /* where to begin */
    const char *path;
    bool (*accept)(const struct wire *bytes, const void *context);
    const void *context;
};

/* Goes back from a commit until a version of a file is accepted: its commit is
 * put into `found`. 1 found, 0 not, -1 an error. Each version is shown once. */
int repository_find_version(struct arena *arena, struct repository *repository,
                            const struct version_search *search,
                            char found[COMMIT_NAME],
                            struct error *error) MUST_CHECK;
