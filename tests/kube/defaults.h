#pragma once
/* What a real server adds to an object that it is given. */
#include "tests/kube/store.h"

/* Completes a new Job, Pod, ConfigMap or Secret (others stay as they are); the
 * metadata is complete but for uid and version. Changes `object`, in `arena`. */
void defaults_apply(struct arena *arena, const struct resource *resource,
                    struct value *object);
