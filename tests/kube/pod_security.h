#pragma once
/*
 * The Pod Security Standards as a Kubernetes 1.32 server enforces them, written
 * from its documentation and independent of how Assay plans: the judge of what
 * Assay plans. Pure.
 */
#include "engine/base/arena.h"
#include "engine/value/value.h"

/* What of `level` ("baseline", "restricted"; else nothing is judged) the pod, an
 * object with metadata and spec, breaks, in the words of a real server; NULL when
 * it is admitted. Lives in `arena`. */
const char *pod_security_judge(struct arena *arena, const struct value *pod,
                               const char *level);
