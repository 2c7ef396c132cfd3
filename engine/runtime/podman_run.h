#pragma once
/*
 * What a run needs when its containers are those of an engine, beside what every
 * run on this machine needs: checks before anything starts, the images looked at
 * while they run, and the words of an engine that could not start one.
 */
#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/runtime/outcome.h"
#include "engine/runtime/podman_image.h"
#include "engine/runtime/unit.h"
#include "engine/runtime/watch.h"

struct podman_run {
    struct arena *arena;
    struct podman_setup
        setup; /* for the units; no engine: nothing is done here */
    struct event_sink *sink;
    struct unit *units;
    struct podman_inspection *inspections; /* one for each different image */
    size_t *inspected_by;                  /* the inspection of each unit */
    size_t count, unit_count;
    const char *const *variables; /* of the engine's other commands */
};

/* Looks for the engine; that there is none is told by podman_run_prepare. */
void podman_run_open(struct podman_run *run, struct arena *arena,
                     const char *engine, struct event_sink *sink);

/* Makes every command line once, so that what cannot be done is known before
 * anything starts. setup.pod, .folder, .run_id, .pull and
 * .network_none are given. ERROR_SYSTEM. */
int podman_run_prepare(struct podman_run *run, const char *engine,
                       struct error *error) MUST_CHECK;

/* After the folder was made: gives its emptyDirs to the pod's fsGroup, and emits
 * what the user should know. */
int podman_run_begin(struct podman_run *run, struct error *error) MUST_CHECK;

/* The guest of a watch: asks for the images of the units that were started. */
struct watch_guest podman_run_guest(struct podman_run *run);

/* The words of an engine that could not start the container that ended so; NULL
 * when that is not why. Lives in the run's arena. */
const char *podman_run_failure(struct podman_run *run,
                               const struct ending *ending);

/* All units have ended: takes the answers that are still open; ERROR_SYSTEM when
 * the engine could not start one. */
int podman_run_conclude(struct podman_run *run, const struct ending *endings,
                        struct error *error) MUST_CHECK;

/* Ends what still asks. */
void podman_run_close(struct podman_run *run);
