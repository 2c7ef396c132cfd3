#pragma once
/* A run on this machine: what its two files share (host.c, host_verdict.c). */
#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/runtime/keeper.h"
#include "engine/runtime/outcome.h"
#include "engine/runtime/podman_run.h"
#include "engine/runtime/podspec.h"
#include "engine/runtime/run_folder.h"
#include "engine/runtime/runtime.h"
#include "engine/runtime/unit.h"
#include "engine/runtime/watch.h"

struct host {
    const struct plan *plan;
    const struct runtime_options *options;
    struct arena *arena;
    struct event_sink *sink;
    struct outcome *outcome;
    struct pod *pod;
    struct run_folder folder;
    struct podman_run podman; /* when there is an engine */
    struct keeper keeper;
    struct unit_setup setup;
    struct unit *units;
    size_t unit_count;
    struct watch watch;
    long long memory_kills; /* of the kernel, before the run */
};

/* The kernel's count of processes that it has ended for lack of memory. */
long long host_memory_kills(void);

/* When all units have ended: emits what is left to say of the steps, and judges. -1:
 * ERROR_SYSTEM, the sandbox could not be made, or a sink failed. */
int host_conclude(struct host *host, struct verdict *verdict,
                  struct error *error) MUST_CHECK;
