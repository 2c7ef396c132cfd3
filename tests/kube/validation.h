#pragma once
/* What the server refuses of an object, with the texts of a real one. */
#include "engine/value/value.h"
#include "tests/kube/discovery.h"

/* The fields that the kind does not have, as 'unknown field "spec.foo", ...';
 * NULL: there are none. Kinds without a table have every field. In `arena`. */
const char *validation_unknown(struct arena *arena,
                               const struct resource *resource,
                               const struct value *object);

/* The causes {reason, message, field} against a new object (`before` NULL) or a
 * new version of one; an empty list: it is valid. Lives in `arena`. */
struct value *validation_causes(struct arena *arena,
                                const struct resource *resource,
                                const struct value *object,
                                const struct value *before);
