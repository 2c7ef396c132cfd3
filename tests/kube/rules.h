#pragma once
/*
 * What the server refuses, from a YAML or JSON file: a list of
 *   {verb: list, resource: pods, namespace: shop, status: 403, message: text}
 * where a member that is absent fits everything; status is 403 by default. The
 * first rule that fits a request is its answer.
 */
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"

struct rule {
    const char *verb;           /* NULL: any */
    const char *resource;       /* the plural; NULL: any */
    const char *namespace_name; /* NULL: any */
    int status;
    const char *message; /* NULL: what a real server says */
};

struct rules {
    struct rule *items; /* in the arena of rules_load */
    size_t count;
};

/* Reads the file. -1 with what is wrong. */
int rules_load(struct arena *arena, const char *path, struct rules *rules,
               struct error *error) MUST_CHECK;

/* The first rule that fits, or NULL. */
const struct rule *rules_find(const struct rules *rules, const char *verb,
                              const char *resource, const char *namespace_name);
