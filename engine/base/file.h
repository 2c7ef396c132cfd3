#pragma once
/* Whole files in and out, with limits and without half-written results. */
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"

/* The bytes of `path` ("-" is standard input), NUL-terminated beyond `length`;
 * they live as long as `arena`. More than `limit` bytes is ERROR_INPUT, a folder
 * or an unreadable file ERROR_INPUT too: what the user named cannot be used. */
char *file_read(struct arena *arena, const char *path, size_t limit,
                size_t *length, struct error *error);

/* Writes `path` through a temporary file beside it, fsync and rename, so that a
 * reader sees the old bytes or the new ones. ERROR_SYSTEM. */
int file_write_atomic(const char *path, const char *bytes, size_t length,
                      mode_t mode, struct error *error) MUST_CHECK;

/* Makes `path` and the folders above it (mode for the new ones). */
int folder_make(const char *path, mode_t mode, struct error *error) MUST_CHECK;

/* Removes a folder and everything in it; never follows a symbolic link and does
 * not leave the file system of `path`. Missing is not an error. */
int folder_remove(const char *path, struct error *error) MUST_CHECK;

/* For a local descriptor that closes itself: CLEANUP(descriptor) int file = -1; */
static inline void descriptor_cleanup(const int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

/* Closes *descriptor unless it is -1, which it is then. */
static inline void descriptor_close(int *descriptor)
{
    descriptor_cleanup(descriptor);
    *descriptor = -1;
}

/* Writes all bytes to a descriptor, over short writes and EINTR. 0, or -1 with
 * errno set. */
int file_write_all(int descriptor, const char *bytes, size_t length) MUST_CHECK;
