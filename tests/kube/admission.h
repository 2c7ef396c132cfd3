#pragma once
/* What a cluster does with a new pod before it is stored: the pod security
 * standard of its namespace, its service account. */
#include "tests/kube/cluster.h"

/* Completes a new pod: the token of its service account is mounted unless it does
 * not want it. NULL, or why the pod is refused ("violates PodSecurity ..."). */
const char *admission_check(struct arena *arena, const struct cluster *cluster,
                            struct value *pod);

/* What each new namespace gets: the service account `default`, and the ConfigMap
 * with the certificate of this server. */
void admission_furnish(struct cluster *cluster, const char *namespace_name);
