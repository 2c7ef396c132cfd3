#pragma once
/*
 * One container as a bubblewrap command: a list of arguments and the inputs that
 * it takes from descriptors. Pure: the machine was looked at before
 * (machine.h), nothing is made here. The arguments hold secrets (variables), so
 * they go through a descriptor, never to argv.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/text.h"
#include "engine/runtime/machine.h"
#include "engine/runtime/podspec.h"

/* The descriptors of a sandbox's program, bubblewrap. */
enum {
    SANDBOX_INFO_DESCRIPTOR = 3, /* it writes the pid of its child there */
    SANDBOX_ARGUMENTS_DESCRIPTOR = 4,
    SANDBOX_LATCH_DESCRIPTOR = 5, /* it waits for a byte when all is made */
    SANDBOX_FIRST_INPUT = 6,      /* the inputs, one after another */
};

/* Where the steps find the kubeconfig. */
#define SANDBOX_KUBECONFIG "/.assay/kubeconfig"

struct sandbox_setup {
    const struct machine *machine;
    const struct pod *pod;
    const struct pod_container *container;
    const char *volumes; /* the folder of the emptyDirs: see sandbox_folder */
    const char *termination; /* the file of the termination message */
    const char *kubeconfig;  /* its text, or NULL */
    bool network_none;
};

/* What a descriptor has to give: bytes, or a folder of an emptyDir. */
struct sandbox_input {
    const char *bytes; /* NULL: the folder */
    size_t length;
    const char *folder;   /* of the emptyDir */
    const char *sub_path; /* below it, made when missing; links not followed */
};

struct sandbox {
    struct text arguments;        /* each ends with NUL; the caller frees it */
    struct sandbox_input *inputs; /* for SANDBOX_FIRST_INPUT and the next */
    size_t input_count;
};

/* The options of bubblewrap for `setup`, without the command line of the
 * container. Lives in `arena` but for `arguments`. */
struct sandbox sandbox_make(struct arena *arena,
                            const struct sandbox_setup *setup);

/* The folder that holds an emptyDir of the pod: <volumes>/<index>. */
const char *sandbox_folder(struct arena *arena, const char *volumes,
                           const struct pod *pod,
                           const struct pod_volume *volume);

/* Adds the variables that every container has where it does not set them
 * itself: PATH, HOME, LANG, CI; and KUBECONFIG when `kubeconfig` is not NULL. */
void sandbox_complete(struct arena *arena, struct pod_container *container,
                      const char *home, const char *kubeconfig);
