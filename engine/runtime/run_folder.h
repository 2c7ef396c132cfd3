#pragma once
/*
 * The folder of a run on this machine: emptyDirs, termination messages and, for
 * a run without sandbox, the volumes of files. Only its owner can enter it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/runtime/podspec.h"

struct run_folder {
    const char *path;
    const char *volumes; /* where the emptyDirs are: sandbox_folder */
};

/* The names in it that another process uses to let a paused step go on: the run's
 * token, and a link to the folder that the entrypoint watches. */
#define RUN_FOLDER_TOKEN "token"
#define RUN_FOLDER_STATE "state"

/* Chooses a new name below $TMPDIR or /tmp; nothing is made. Lives in `arena`. */
struct run_folder run_folder_choose(struct arena *arena);

/* Makes the folder with what the containers of `pod` need; with `files` also the
 * volumes that are not emptyDirs; with a token (or NULL) what resuming a step needs.
 * ERROR_SYSTEM. */
int run_folder_make(struct arena *arena, const struct run_folder *folder,
                    const struct pod *pod, const char *token, bool files,
                    struct error *error) MUST_CHECK;

/* Removes it with all that the steps left in it; 0 when it was never made. */
int run_folder_remove(const struct run_folder *folder,
                      struct error *error) MUST_CHECK;

/* The file for the termination message of a container. Lives in `arena`. */
const char *run_folder_termination(struct arena *arena,
                                   const struct run_folder *folder,
                                   size_t container);

/* Opens (and makes) the folder `sub_path` below `folder`. Symbolic links are
 * not followed: a step may have made them. The caller closes it; -1. */
int run_folder_open(const char *folder, const char *sub_path,
                    struct error *error) MUST_CHECK;

/* Writes a new file of that mode. */
int run_folder_write(const char *path, const char *bytes, size_t length,
                     mode_t mode, struct error *error) MUST_CHECK;
