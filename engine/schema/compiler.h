#pragma once
/* The compiler of schemas: what its two files share. */
#include "engine/schema/private.h"

struct compiler {
    struct arena *arena;
    struct schema_document *documents;
    size_t document_count;
    struct schema **nodes; /* the queue, in order of discovery */
    size_t count, room;
    struct schema **slots; /* nodes by the address of their source */
    size_t slot_count;
    bool lazy;
    struct error impossible; /* where `error` points when it is */
    struct error *error;
};

/* The node of the schema at `source`, which is queued when it is new. NULL with
 * `error`. */
struct schema *compiler_node(struct compiler *compiler,
                             const struct value *source,
                             const struct value *root);

/* The document of that name, which is read when it was not; NULL: there is none. */
const struct value *compiler_document(struct compiler *compiler,
                                      const char *name, size_t length);

/* Fills a node with what its keywords say. 0 or -1. */
int compiler_fill(struct compiler *compiler, struct schema *node) MUST_CHECK;
