#pragma once
/* Runs on this machine that another process carries out: follow one, end one. */
#include <stdbool.h>

#include "cli/following.h"

/* Shows what was recorded of the run `id` and what is still recorded, to its end;
 * with `abort` after having told it to end. Ctrl-C tells it to end, a second one at
 * once. The exit code. */
int control_follow(struct history *history, const char *id, bool abort,
                   const struct following_options *look);
