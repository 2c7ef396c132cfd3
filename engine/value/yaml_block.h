#pragma once
/* The quick reader of YAML: the block style that people write, and no more. */
#include <stdbool.h>
#include <stddef.h>

#include "engine/value/value.h"

/* Reads a stream that holds nothing but the constructs that yaml_block.c names.
 * Returns its documents, in every field what the reader on libyaml makes of the
 * same text; or NULL, and nothing is said, when the text holds anything else, a
 * mistake or a limit that is passed: the other reader has to decide.
 * `plain_booleans` is as for value_read_yaml_core. */
struct value *yaml_block_read(struct arena *arena, const char *text,
                              size_t length, bool plain_booleans);
