#pragma once
/* Several workflows in one command: a process for each run, at most so many at once. */
#include "cli/running.h"

enum { SEVERAL_LIMIT = 1000, SEVERAL_PARALLEL_LIMIT = 100 };

/* Runs each of the references with the options of `common`, which names none. All are
 * checked before any starts. The exit code is the worst (docs/runtimes.md). */
int several_run(const struct run *common, char **references, size_t count,
                size_t parallel);
