#pragma once
/* The kinds of objects that the server knows, and what it says about them. */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/value/value.h"

struct resource {
    const char *group;   /* "" for the core group */
    const char *version; /* "v1" */
    const char *plural;  /* as in paths and rules */
    const char *kind;
    const char *short_name; /* NULL: none */
    bool namespaced;
    bool virtual;      /* only POST, and nothing is stored */
    const char *parts; /* its subresources, each followed by a space; or "" */
};

/* The table of all, in the order of the store; returns its length. */
size_t discovery_all(const struct resource **all);

/* Whether the resource has a subresource of that name. */
bool discovery_has_part(const struct resource *resource, const char *part);

/* The resource of a path, or of an object; NULL when there is none. */
const struct resource *discovery_find(const char *group, const char *version,
                                      const char *plural);
const struct resource *discovery_find_kind(const char *api_version,
                                           const char *kind);

/* "v1", "apps/v1". Lives in `arena`. */
const char *discovery_api_version(struct arena *arena,
                                  const struct resource *resource);

/* The documents of /api, /apis, /apis/GROUP, and /api/v1 or /apis/GROUP/VERSION.
 * NULL: there is no such group. */
struct value *discovery_versions(struct arena *arena);
struct value *discovery_groups(struct arena *arena);
struct value *discovery_group(struct arena *arena, const char *group);
struct value *discovery_resources(struct arena *arena, const char *group,
                                  const char *version);
