#pragma once
/* What a run knows of the files that its steps left. Private to event. */
#include "engine/event/event.h"

/* Adds the artifact of `event`, whose step is one of the run. Beyond
 * EVENT_ARTIFACT_LIMIT it is dropped. ERROR_SYSTEM, and nothing changed, when its
 * data is not {name, size, digest} as they have to be. */
int artifact_add(struct run_state *state, const struct event *event,
                 struct error *error) MUST_CHECK;
