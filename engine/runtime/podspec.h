#pragma once
/*
 * The pod of a plan, decoded and complete: every reference to an object is
 * followed, every variable has its value. What this machine cannot give (an
 * object of the cluster, a claim, a folder of a node) is an error here. Pure.
 * All of it lives in the arena it was decoded into.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/plan/plan.h"

struct pod_file {
    const char *path; /* inside its volume, relative, without ".." */
    const char *bytes;
    size_t length;
    mode_t mode;
};

struct pod_volume {
    const char *name;
    bool empty;  /* an emptyDir: a folder that is written to; else the files */
    bool inside; /* an emptyDir of one container that nobody else looks at, for
                  * little: it is made in the sandbox. Set by who runs the pod */
    struct pod_file *files;
    size_t file_count;
};

struct pod_mount {
    const char *path; /* absolute, without "." and ".." */
    const struct pod_volume *volume;
    const char *sub_path; /* NULL: the whole volume */
    bool read_only;
};

struct pod_variable {
    const char *name;
    const char *value;
};

struct pod_container {
    const char *name;
    const char **arguments; /* command and args; ends with NULL */
    bool image_command;     /* no command: the image's own, with `arguments` */
    size_t argument_count;
    struct pod_variable *variables;
    size_t variable_count;
    struct pod_mount *mounts; /* by path: what is inside another comes later */
    size_t mount_count;
    const char *folder;      /* workingDir; NULL: none given */
    const char *termination; /* terminationMessagePath */
    int64_t user, group;     /* runAsUser, runAsGroup; -1: not given */
    const struct value *specification; /* for what only some runtimes have */
};

struct pod {
    struct pod_volume *volumes;
    size_t volume_count;
    struct pod_container *containers; /* the initContainers first */
    size_t container_count;
    size_t initial_count; /* of these: run before the others, one by one */
    bool staged; /* a Job for each step: all but the last are `initial`, and one
                  * that fails does not keep the next from its turn */
    const struct value *specification;
};

/* Decodes plan->pod, or those of all stages as one, with the plan's own objects. NULL: ERROR_SYSTEM, the pod
 * cannot be run on this machine. */
struct pod *pod_decode(struct arena *arena, const struct plan *plan,
                       struct error *error);

/* ERROR_SYSTEM when a container would run its image's own command: where images
 * are not used. */
int pod_require_commands(const struct pod *pod, struct error *error) MUST_CHECK;
