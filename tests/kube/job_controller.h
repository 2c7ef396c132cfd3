#pragma once
/* The Job controller, as of Kubernetes 1.32: pods for Jobs, conditions, deadlines
 * and the end of finished Jobs. */
#include "tests/kube/cluster.h"

/* A Job has changed, or a pod of one (which it sees a moment later). */
void job_controller_take(struct cluster *cluster, const struct change *change);

/* Brings the Job of that uid, if it is one, to what it should be now. */
void job_controller_sync(struct cluster *cluster, const char *uid);
