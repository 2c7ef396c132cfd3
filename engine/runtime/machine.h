#pragma once
/*
 * What of this machine a sandbox shows, read-only: the folders of its programs
 * and the harmless part of /etc. Never home folders, /run, /var, keys, or
 * anybody's settings. The only part of the sandbox that looks at the disk.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "engine/base/arena.h"

enum machine_kind {
    MACHINE_BIND,   /* show `source` at `path` */
    MACHINE_LINK,   /* `path` is a symbolic link to `source` */
    MACHINE_COPY,   /* `path` is a file with these bytes */
    MACHINE_FOLDER, /* `path` is a folder */
};

struct machine_entry {
    enum machine_kind kind;
    const char *path;
    const char *source;
    const char *bytes;
    size_t length;
    bool program; /* a copy that can be executed */
};

struct machine {
    struct machine_entry *entries; /* what contains another comes first */
    size_t count;
    uid_t user; /* of this process */
    gid_t group;
};

/* Looks at the file system below `root` ("" for the machine itself). What is
 * not there or cannot be read is left out. Lives in `arena`. */
struct machine *machine_read(struct arena *arena, const char *root);
