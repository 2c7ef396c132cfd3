#pragma once
/*
 * Files below a folder in which others may have planted something. A path is
 * relative, without empty parts, "." and ".."; no part of it may be a symbolic
 * link, so whatever is opened or made lies below the folder. Failures are -1 with
 * errno: ELOOP or ENOTDIR for a link, EXDEV for such a path.
 */
#include <sys/types.h>

/* Opens `path` below the open folder `folder`, as openat2 with RESOLVE_BENEATH and
 * RESOLVE_NO_SYMLINKS. `flags` are those of open (O_CLOEXEC is added), `mode` is for
 * O_CREAT. The caller closes it. */
int beneath_open(int folder, const char *path, int flags, mode_t mode);

/* The same part by part, as it is done where the kernel has no openat2. */
int beneath_walk(int folder, const char *path, int flags, mode_t mode);

/* Opens the folder `path` below `folder`, and makes the parts that are missing with
 * `mode`. "" is `folder` itself. The caller closes it. */
int beneath_make(int folder, const char *path, mode_t mode);
