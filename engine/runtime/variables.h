#pragma once
/*
 * A container's variables as Kubernetes makes them: envFrom, then env, a later
 * one of a name replacing the earlier; and references $(NAME) in texts. Pure.
 */
#include "engine/runtime/podspec.h"

/* Fills the variables of `container` from its PodSpec. ERROR_SYSTEM when one
 * refers to what this machine does not have and is not optional. */
int variables_decode(struct arena *arena, const struct plan *plan,
                     const struct value *specification,
                     struct pod_container *container,
                     struct error *error) MUST_CHECK;

/* `text` with $(NAME) replaced by the container's variable of that name; one
 * that is not known stays, $$ is a $. Lives in `arena`. */
const char *variables_expand(struct arena *arena,
                             const struct pod_container *container,
                             const char *text);

/* Sets a variable, replacing one of that name. The texts are not copied. */
void variables_set(struct arena *arena, struct pod_container *container,
                   const char *name, const char *value);
