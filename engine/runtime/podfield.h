#pragma once
/*
 * Fields of the pod that a container may ask for (fieldRef), as far as a plan on
 * this machine knows them. Pure.
 * https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
 */
#include "engine/base/arena.h"
#include "engine/plan/plan.h"

/* The value of the field `path`, such as "metadata.labels['app']"; a label or
 * annotation that is not there is "". Lives in `arena` or the plan. NULL: only a
 * cluster could tell. */
const char *podfield_get(struct arena *arena, const struct plan *plan,
                         const char *path);
