#pragma once
/* What a volume of a pod holds on this machine. */
#include "engine/runtime/podspec.h"

/* Fills `volume` from a member of the pod's `volumes`; what is made lives in `arena`
 * or the plan. -1 with ERROR_SYSTEM that names what this machine does not have, or
 * what is wrong. */
int podvolume_decode(struct arena *arena, const struct plan *plan,
                     const struct value *specification,
                     struct pod_volume *volume, struct error *error);

/* Whether the path is `absolute` or relative as asked for, and all its parts are
 * names. */
bool podvolume_path_is_clean(const char *path, bool absolute);
