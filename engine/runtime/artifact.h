#pragma once
/*
 * The files that steps leave, on their way from a folder that the steps can write
 * to into a store. Stands between the containers and the outcome: a control line
 * comes in as EVENT_ARTIFACT {name, file, size, compress}, and goes on as
 * {name, size, digest} when the file was kept, as a note when not.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/event/event.h"
#include "engine/runtime/podspec.h"
#include "engine/runtime/run_folder.h"
#include "engine/runtime/runtime.h"

struct artifact_limits {
    size_t count;
    int64_t file, run; /* bytes */
};

/* Hand events to `sink`; open as data, so that a test may set `limits`. */
struct artifact_collector {
    struct event_sink sink; /* first: events of the containers come in here */
    struct event_sink *next;
    struct artifact_store *store; /* NULL: nothing is kept */
    const char *state;   /* the containers' folder /.assay/state; NULL */
    const char *refusal; /* the note, once, when nothing can be kept */
    struct artifact_limits limits;
    size_t count, notes;
    int64_t bytes;
    bool full; /* a limit of the run was reached and told */
};

/* The emptyDir for /.assay/state. */
#define ARTIFACT_VOLUME "assay-state"

/* A collector for a pod on this machine, whose containers share the folder of the
 * emptyDir for /.assay/state. Files go to `store`. Lives in `arena`. */
struct artifact_collector *artifact_collect(struct arena *arena,
                                            const struct pod *pod,
                                            const struct run_folder *folder,
                                            struct artifact_store *store,
                                            struct event_sink *next);

/* One for containers whose files cannot be reached: the first file makes the note
 * `refusal`, unless `told` says that the run has it already. Lives in `arena`. */
struct artifact_collector *artifact_refuse(struct arena *arena,
                                           const char *refusal, bool told,
                                           struct event_sink *next);
