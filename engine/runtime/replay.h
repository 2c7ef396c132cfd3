#pragma once
/*
 * A run that is read again from its beginning, with what is recorded left out:
 * stands before the outcome when a run is attached to. Pure.
 */
#include "engine/base/arena.h"
#include "engine/event/event.h"
#include "engine/runtime/outcome.h"
#include "engine/runtime/runtime.h"

/* A sink of the containers' events that hands on to `outcome` what `record` does
 * not have, and makes the outcome know the steps as they are recorded. */
struct event_sink *replay_make(struct arena *arena,
                               const struct runtime_record *record,
                               struct outcome *outcome);
