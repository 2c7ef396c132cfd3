#pragma once
/* A workflow file, read once: the bytes that are checked are the bytes that run. */
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/diagnostics.h"
#include "engine/value/value.h"

struct document {
    const char *file;
    const char *source;
    size_t length;
    const struct value *documents; /* a list; NULL: see the diagnostics */
};

/* Reads and parses `file`. What is wrong with the YAML is in `diagnostics`. */
int document_read(struct arena *arena, const char *file,
                  struct document *document, struct diagnostics *diagnostics,
                  struct error *error);

/* The TestWorkflow of the file: the one named `name`, or the only one when `name`
 * is NULL. ERROR_INPUT names the choices. */
const struct value *document_choose(const struct document *document,
                                    const char *name, struct error *error);
