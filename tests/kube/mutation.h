#pragma once
/* What the webhooks of a cluster make of a new pod, by the rules put-container and
 * rewrite-image. */
#include "tests/kube/rules.h"

void mutation_apply(struct arena *arena, struct rules *rules,
                    const struct occasion *occasion, struct value *pod);
