#pragma once
/* The reader of all YAML, on libyaml. */
#include <stdbool.h>
#include <stddef.h>

#include "engine/value/value.h"

/* As value_read_yaml and, with `plain_booleans`, value_read_yaml_core: what they
 * do with a text that yaml_block_read does not take. */
struct value *yaml_reader_read(struct arena *arena, const char *text,
                               size_t length, bool plain_booleans,
                               struct diagnostics *diagnostics);
