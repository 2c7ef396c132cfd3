#pragma once
/* Label and field selectors of the API. */
#include <stdbool.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

/* One requirement: a name, and the texts that it must or must not have. */
struct requirement {
    const char *name;
    const char **values; /* ends with NULL; NULL: only that the name is there */
    bool negated;
};

struct selector {
    struct requirement *items; /* in the arena of selector_parse */
    size_t count;
};

/* "a=b,c!=d,e,!f,g in (h, i),j notin (k)". NULL and "" fit everything. */
int selector_parse(struct arena *arena, const char *text,
                   struct selector *selector, struct error *error) MUST_CHECK;

/* Whether an object's labels satisfy all requirements, or its fields (dotted
 * paths such as metadata.name) do. */
bool selector_fits_labels(const struct selector *selector,
                          const struct value *object);
bool selector_fits_fields(const struct selector *selector,
                          const struct value *object);
