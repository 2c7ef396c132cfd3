#pragma once
/* Runs on this machine that go on without the command that has started them. */
#include "cli/running.h"

/* Carries out what was prepared in a process of its own, and prints the id when the
 * run is recorded and has begun. Closes run->history and sets it to NULL. The exit
 * code: that of a failure when the run cannot begin. */
int background_start(struct run *run);
