#pragma once
/* Where the program keeps its things. */
#include <stdbool.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/history/history.h"
#include "engine/kube/kube.h"
#include "engine/runtime/runtime.h"

/* The history: `given`, or $XDG_STATE_HOME/assay/history.db, or
 * ~/.local/state/assay/history.db. */
const char *store_history_path(struct arena *arena, const char *given,
                               struct error *error);
struct history *store_open(const char *given, bool write, struct error *error);

/* Ends the runs whose process is gone as lost, and removes what they have left. */
int store_reconcile(struct history *history, struct error *error) MUST_CHECK;

/* As store_open for reading, after the runs whose process is gone have been ended
 * as lost; a history that is missing or cannot be written is read as it is. */
struct history *store_open_reconciled(const char *given, struct error *error);

/* The files that steps leave, kept beside the history `given`: what a runtime is
 * given. Opened with store_artifacts_open, closed with store_artifacts_close. */
struct store_artifacts {
    struct artifact_store store; /* first */
    struct history_artifacts *kept;
};
int store_artifacts_open(struct store_artifacts *artifacts, const char *given,
                         bool write, struct error *error) MUST_CHECK;
void store_artifacts_close(struct store_artifacts *artifacts);

/* Where kubectl would look for a kubeconfig; `given` is --kubeconfig or NULL. Lives
 * in `arena`. */
struct kube_config_sources store_kubeconfig(struct arena *arena,
                                            const char *given);
