#pragma once
/*
 * The folders of a container that are not its image: /data, /tmp, /testkube, and what
 * is mounted, but for the kernel's own, ours, and the pod's account. Files outside of
 * them are no artifacts.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"

struct volumes {
    const char **paths;
    size_t count;
};

/* As /proc/self/mountinfo tells, whose text this is (NULL: not known). */
struct volumes volumes_make(struct arena *arena, const char *mounts);

/* The volumes of this process. */
struct volumes volumes_read(struct arena *arena);

/* Whether a clean absolute path is in one of them, or leads to one. */
bool volumes_hold(const struct volumes *volumes, const char *path);
bool volumes_lead(const struct volumes *volumes, const char *path);
