#pragma once
/*
 * The objects of the cluster, in memory: read from files at the start, in the
 * order of resource, namespace and name. Owned by who opened it.
 */
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/value/value.h"
#include "tests/kube/discovery.h"

struct stored {
    const struct resource *resource;
    const char *namespace_name; /* "" for objects of the cluster */
    const char *name;
    struct value *object; /* complete: kind, metadata, ... */
};

struct store {
    struct arena *arena; /* holds everything below */
    struct stored *items;
    size_t count;
    int64_t version; /* of the newest object */
};

/* A store with the namespace `default` alone, in `arena`. */
struct store store_make(struct arena *arena);

/* Adds the objects of a file, or of all .yaml, .yml and .json files of a folder.
 * Lists (kind List) are taken apart; namespaces that objects stand in are made.
 * -1 with the file and the place of what is wrong. */
int store_load(struct store *store, const char *path,
               struct error *error) MUST_CHECK;

/* The object, or NULL. */
struct stored *store_find(const struct store *store,
                          const struct resource *resource,
                          const char *namespace_name, const char *name);
