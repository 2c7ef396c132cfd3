#pragma once
/* Objects as the columns that kubectl shows (meta.k8s.io/v1 Table). */
#include <stdbool.h>

#include "tests/kube/http.h"
#include "tests/kube/store.h"

/* Whether the client would rather have a Table than the objects. */
bool table_is_wanted(const struct http_request *request);

/* A Table of the objects, without metadata of the list. Lives in `arena` and as
 * long as the objects. */
struct value *table_make(struct arena *arena, const struct resource *resource,
                         const struct object *const *objects, size_t count);
