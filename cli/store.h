#pragma once
/* Where the program keeps its things. */
#include <stdbool.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/history/history.h"
#include "engine/kube/kube.h"

/* The history: `given`, or $XDG_STATE_HOME/assay/history.db, or
 * ~/.local/state/assay/history.db. */
const char *store_history_path(struct arena *arena, const char *given,
                               struct error *error);
struct history *store_open(const char *given, bool write, struct error *error);

/* As store_open for reading, after the runs whose process is gone have been ended
 * as lost; a history that is missing or cannot be written is read as it is. */
struct history *store_open_reconciled(const char *given, struct error *error);

/* Where kubectl would look for a kubeconfig; `given` is --kubeconfig or NULL. Lives
 * in `arena`. */
struct kube_config_sources store_kubeconfig(struct arena *arena,
                                            const char *given);
