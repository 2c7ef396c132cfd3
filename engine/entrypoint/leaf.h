#pragma once
/* One step that is no group: its attempts, until one counts. */
#include "engine/entrypoint/run.h"

enum { LEAF_REASON = 320 };

/* Runs it; its status and exit code are set, and `reason` says for people what they
 * do not. run->aborted when it was told to stop. -1 for a failure of ours. */
int leaf_run(struct run *run, struct step *step, char reason[LEAF_REASON],
             struct error *error);
