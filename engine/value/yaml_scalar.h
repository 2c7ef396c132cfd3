#pragma once
/* Which value a YAML scalar is, by its text and its tag. */
#include <stdbool.h>
#include <stddef.h>

#include "engine/value/value.h"

/* The value of a plain scalar without a tag, by the rules that Kubernetes' tools
 * have (yaml_scalar.c). Sets the kind and the content of `value`; a string is not
 * copied: it points to `bytes`. */
void yaml_scalar_resolve(const char *bytes, size_t length, struct value *value);

/* As above for a scalar with the tag `tag` (in its long form). Returns NULL, or
 * what is wrong: a tag that is not known, or a text that is not of its type;
 * the problem lives as long as `arena`. */
const char *yaml_scalar_apply_tag(struct arena *arena, const char *tag,
                                  struct value *value);

/* The same for a list or a map. */
const char *yaml_collection_check_tag(struct arena *arena, const char *tag,
                                      enum value_kind kind);
