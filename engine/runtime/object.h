#pragma once
/*
 * The data of the ConfigMaps and Secrets that a pod refers to. Only the plan's
 * own exist on this machine: its ConfigMap, its Secret, and the one that holds
 * the entrypoint program, which is part of this binary. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/plan/plan.h"

enum object_kind { OBJECT_CONFIG_MAP, OBJECT_SECRET };

struct object_entry {
    const char *key;
    const char *bytes; /* NUL-terminated, and may hold NUL bytes */
    size_t length;
};

struct object {
    enum object_kind kind;
    const char *name;
    struct object_entry *entries; /* by key */
    size_t count;
};

/* The object of that name, or NULL with `error` unset: there is none. NULL with
 * `error` set: its data is damaged. Lives in `arena`. */
struct object *object_find(struct arena *arena, const struct plan *plan,
                           enum object_kind kind, const char *name,
                           struct error *error);

/* The entry of `key`, or NULL. Belongs to `object`. */
const struct object_entry *object_get(const struct object *object,
                                      const char *key);

/* "ConfigMap" or "Secret". */
const char *object_kind_name(enum object_kind kind);
