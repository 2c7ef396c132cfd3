#pragma once
/*
 * What a Kubernetes 1.32 server refuses of metadata, pods and data, as far as
 * clients get it wrong: written from its API reference, independent of how Assay
 * plans. Each appends causes {reason, message, field} to a list. Pure.
 */
#include "engine/base/arena.h"
#include "engine/value/value.h"

void metadata_rules_check(struct arena *arena, const struct value *metadata,
                          const char *path, struct value *causes);

/* A PodSpec. */
void pod_rules_check(struct arena *arena, const struct value *pod,
                     const char *path, struct value *causes);

/* A ConfigMap or a Secret: its keys and its size. */
void data_rules_check(struct arena *arena, const struct value *object,
                      struct value *causes);
