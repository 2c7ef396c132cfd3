#pragma once
/* --output text|json|ndjson|yaml, the same for every command. */
#include "engine/base/error.h"
#include "engine/value/value.h"

enum output { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_NDJSON, OUTPUT_YAML };

/* NULL is text; an unknown word is ERROR_USAGE. */
int output_parse(const char *word, enum output *output, struct error *error);

/* Prints `value` as json (indented) or yaml; as ndjson, an item of a list a line. */
void output_print(const struct value *value, enum output output);
