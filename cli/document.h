#pragma once
/*
 * A workflow, read once, from a file or a marketplace: the bytes that are
 * checked are the bytes that run.
 */
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/diagnostics.h"
#include "engine/value/value.h"

struct document {
    const char *file;
    const char *source;
    size_t length;
    const struct value *documents; /* a list; NULL: see the diagnostics */
    const char *workflow;          /* the name that a reference gave; NULL */
    const struct value *origin;    /* of a marketplace; NULL: a file */
};

/* How a name is looked up that is no file's. */
struct document_choice {
    const char *lock; /* file; NULL: assay.lock */
    bool locked;      /* only what is in the lock */
};

/* As document_read; or, when `name` has the form of a reference, the workflow
 * of a marketplace. A name that could be both is ERROR_USAGE. `choice` may be
 * NULL. */
int document_open(struct arena *arena, const char *name,
                  const struct document_choice *choice,
                  struct document *document, struct diagnostics *diagnostics,
                  struct error *error);

/* Reads and parses `file`. What is wrong with the YAML is in `diagnostics`. */
int document_read(struct arena *arena, const char *file,
                  struct document *document, struct diagnostics *diagnostics,
                  struct error *error);

/* The TestWorkflow of the file: the one named `name`, or the only one when
 * `name` is NULL. ERROR_INPUT names the choices. */
const struct value *document_choose(const struct document *document,
                                    const char *name, struct error *error);
