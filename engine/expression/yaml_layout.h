#pragma once
/* The text that toyaml() gives. */
#include "engine/value/value.h"

/* Appends `value` as one YAML document that ends with a newline; stops when the
 * text is longer than EXPRESSION_STRING_LIMIT, which the caller checks. */
void yaml_layout_append(struct text *text, const struct value *value);

/* Whether a plain scalar of this text is a number of base 60 to YAML 1.1. */
bool yaml_layout_is_base60(const char *bytes, size_t length);
