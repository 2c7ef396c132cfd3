#pragma once
/* Where the program keeps its things. */
#include <stdbool.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/history/history.h"

/* The history: `given`, or $XDG_STATE_HOME/assay/history.db, or
 * ~/.local/state/assay/history.db. */
struct history *store_open(const char *given, bool write, struct error *error);

/* The paths of the kubeconfig that kubectl would read: --kubeconfig, else the
 * list in $KUBECONFIG, else ~/.kube/config. Lives in `arena`; "" when there is no
 * home folder either. */
const char *store_kubeconfig(struct arena *arena, const char *given);
