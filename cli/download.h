#pragma once
/* Kept files into a folder of the user's. */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/error.h"
#include "engine/event/event.h"
#include "engine/history/history.h"

/* Writes the chosen artifacts, but for those that are replaced, below `folder`, which
 * is made when it is missing. Nothing is written outside of it, whatever the names
 * say and whatever links lie in it: ERROR_TRUST for a name that wants it. A file
 * that is there already is ERROR_USAGE unless `force`; both are found before
 * anything is written. A file gets its name when it is whole and has been compared
 * with its digest. */
int download_artifacts(struct history_artifacts *kept,
                       const struct artifact_choice *chosen, size_t count,
                       const char *folder, bool force,
                       struct error *error) MUST_CHECK;
