#pragma once
/*
 * One container of a pod as a `podman run` (or `docker run`) command line. Pure:
 * what the files are called is decided here, they are made elsewhere (unit.c).
 * Values of variables are never arguments: the ones that Assay itself has named
 * go through the client's environment, all others through a file, because a
 * variable such as LD_PRELOAD must reach the container only, not the client.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/runtime/podspec.h"
#include "engine/runtime/run_folder.h"
#include "engine/runtime/runtime.h"

/* The exit codes of a client: from the first on, the container may never have
 * begun; up to the last, the engine says why. */
enum { ENGINE_FAILED = 125, ENGINE_NOT_FOUND = 127 };

/* The program that runs containers, and what it is able to. */
struct engine {
    const char *program;   /* its path */
    const char *name;      /* "podman" or "docker" */
    bool docker;           /* the words of docker, else those of podman */
    bool rootless;         /* users of containers are others of this machine */
    bool memory_limits;    /* it may limit memory, */
    bool processor_limits; /* and processors */
};

struct podman_setup {
    const struct engine *engine;
    const struct pod *pod;
    const struct run_folder *folder;
    const char *run_id;
    const char *kubeconfig;       /* the path of the file, or NULL */
    const char *const *sub_paths; /* for each mount: the folder of its subPath;
                                   * NULL: by its name, to look only */
    bool network_none;
    enum runtime_pull pull;
};

/* Lives in the arena that it was made in. */
struct podman_command {
    const char *name;       /* of the container: assay-<run>-<index> */
    const char *image;      /* the reference in full: see podman_image_name */
    const char **arguments; /* argv; ends with NULL */
    struct pod_variable *variables; /* for the client's environment */
    size_t variable_count;
    const char *file;    /* where `content` has to be (mode 0600); NULL: none */
    const char *content; /* NAME=value lines */
    const char *pid_file; /* podman writes the pid of the container's program
                           * there; NULL: it does not */
};

/* The command of container `index`. NULL: ERROR_SYSTEM, it cannot be given to
 * an engine; the text names what. */
struct podman_command *podman_command_make(struct arena *arena,
                                           const struct podman_setup *setup,
                                           size_t index, struct error *error);

/* The command that removes containers 0 to `count` - 1 with all that is in them,
 * whatever state they are in and whether they are there or not. Ends with NULL. */
const char **podman_removal_make(struct arena *arena,
                                 const struct engine *engine,
                                 const char *run_id, size_t first,
                                 size_t count);

/* The command that removes a folder with files of the containers' users; NULL:
 * whoever runs the engine may do that. */
const char **podman_folder_removal_make(struct arena *arena,
                                        const struct engine *engine,
                                        const char *folder);

/* "name[:tag][@sha256:...]" in full, as Kubernetes reads it: a name without a
 * registry is docker.io's. NULL: it is no such name (podman would also take
 * paths and archives). Lives in `arena`. */
const char *podman_image_name(struct arena *arena, const char *image);

/* What the pod asks for and the engine cannot do, as texts for the user; ends
 * with NULL. Lives in `arena`. */
const char **podman_notes(struct arena *arena, const struct engine *engine,
                          const struct pod *pod);

/* A list of arguments that grows; ends with NULL. */
struct podman_words {
    struct arena *arena;
    const char **items;
    size_t count;
};
void podman_add(struct podman_words *words, const char *word);

/* Adds the options for what the PodSpec says of the container and its pod beyond
 * command, variables and mounts: security, limits, names of hosts. */
int podman_add_settings(struct podman_words *words,
                        const struct podman_setup *setup,
                        const struct pod_container *container,
                        struct error *error) MUST_CHECK;

/* Whether the container must not be root and does not say who it is instead. */
bool podman_must_not_be_root(const struct pod *pod,
                             const struct pod_container *container);

/* A quantity of Kubernetes ("500m", "1Gi", or a number) in thousandths. False:
 * it is none, negative or too large. */
bool podman_quantity(const struct value *value, int64_t *thousandths);
