#pragma once
/* The container engine of this machine: which one, and its other commands. */
#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/runtime/podman.h"

/* The engine called `wanted`: a name or a path; NULL or "": podman or docker,
 * whichever is there. NULL: ERROR_SYSTEM, there is none. Looks at $PATH and at the
 * control groups. Lives in `arena`. */
struct engine *engine_find(struct arena *arena, const char *wanted,
                           struct error *error);

/* This process's environment with `extra` added or replaced; without what the
 * workflow must not be able to set by accident. Ends with NULL; lives in `arena`. */
const char **engine_variables(struct arena *arena,
                              const struct pod_variable *extra, size_t count);

/* Runs a command of the engine whose output nobody reads, for PODMAN_PATIENCE at
 * most. 0 when it ended with 0; -1 with the engine's text. */
int engine_run(const struct engine *engine, const char *const *arguments,
               struct error *error) MUST_CHECK;
