#pragma once
/*
 * Images of a container engine: which one runs, compared with the one that was
 * asked for. The engine is asked beside the run (`image inspect`), so that asking
 * costs no time; an image that is not there yet is asked for again when its
 * container has begun to speak, or has ended.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/event/event.h"
#include "engine/runtime/child_process.h"
#include "engine/runtime/kubernetes_view.h"
#include "engine/runtime/podman.h"

/* What the engine knows of an image. */
struct podman_image {
    const char *id;           /* sha256 of its configuration */
    const char *digest;       /* of its manifest, or "" */
    const char *architecture; /* "amd64"; or "" */
    bool root;                /* its own user is root */
    enum image_check check;   /* against the reference it was asked for by */
};

/* Decodes the answer of `image inspect REFERENCE`. Pure. False: it says nothing
 * about an image. Lives in `arena`. */
bool podman_image_decode(struct arena *arena, const char *answer, size_t length,
                         const char *reference, struct podman_image *image);

/* The architecture of this machine in the words of images, or "". */
const char *podman_architecture(void);

/* Questions about the images of a run's containers. */
struct podman_inspection {
    const char *container; /* its name in the pod */
    const char *reference;
    bool not_root;          /* its own user must not be root: runAsNonRoot */
    struct process process; /* pid -1: none runs */
    struct text answer;
    bool asked;
    bool final; /* asked when the image had to be there */
    bool told;
};

/* Asks about one; what cannot be asked is left open. */
void podman_inspection_start(struct podman_inspection *inspection,
                             const struct engine *engine,
                             const char *const *variables);

/* Takes what the engine has said; with `wait` until it has said all, but not for
 * ever. When the answer is complete it is recorded as a note, and ERROR_TRUST when
 * it is not the image that was asked for, or its user is root and must not. Does
 * nothing when none runs. */
int podman_inspection_take(struct podman_inspection *inspection, bool wait,
                           struct event_sink *sink,
                           struct error *error) MUST_CHECK;

/* Ends it. */
void podman_inspection_close(struct podman_inspection *inspection);
