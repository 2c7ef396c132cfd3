#pragma once
/* Characters that turn the direction of text, in the source of a YAML stream. */
#include "engine/base/diagnostics.h"
#include "engine/value/yaml_source.h"

/* The watch over one source, from its beginning to its end. */
struct yaml_turning {
    struct yaml_source *source; /* is moved */
    struct diagnostics *diagnostics;
    size_t next; /* offset of the next such character, or the end */
};

struct yaml_turning yaml_turning_make(struct yaml_source *source,
                                      struct diagnostics *diagnostics);

/* Adds E100 for each of them between the last call's place and `offset`. */
void yaml_turning_report(struct yaml_turning *turning, size_t offset);

/* The same up to a quoted text that reaches from `start` to `end` (indexes of
 * characters); in it they are allowed: its end cannot be hidden by them. */
void yaml_turning_pass_quoted(struct yaml_turning *turning, size_t start,
                              size_t end);
