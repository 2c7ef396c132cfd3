#pragma once
/*
 * The objects of the cluster, in memory, in the order of resource, namespace and
 * name, and the journal of their last changes, which watches read. A version of
 * an object never changes: who keeps one holds it. Owned by who opened it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/value/value.h"
#include "tests/kube/discovery.h"

/* One version of an object. */
struct object {
    size_t holders;
    struct arena *arena; /* holds what follows */
    const struct resource *resource;
    const char *namespace_name; /* "" for objects of the cluster */
    const char *name;
    const char *uid;
    int64_t version;
    struct value *value; /* complete: kind, metadata, ... */
};

struct object *object_hold(struct object *object);
void object_release(struct object *object);

enum change_kind { CHANGE_ADDED, CHANGE_MODIFIED, CHANGE_DELETED };

struct change {
    enum change_kind kind;
    struct object *object; /* after it; the last state of one that is gone */
    struct object *before; /* NULL when added */
};

struct store {
    struct object **items;
    size_t count, capacity, bytes;
    int64_t version;        /* of the newest change */
    int64_t floor;          /* changes up to this version are forgotten */
    struct change *changes; /* a ring: number n is at n % the limit */
    size_t change_bytes;
    uint64_t first, next; /* numbers of the oldest change, and of the next */
};

/* A store with the namespace `default` alone. store_close frees what it holds. */
void store_open(struct store *store);
void store_close(struct store *store);

/* Adds the objects of a file, or of all .yaml, .yml and .json files of a folder.
 * Lists (kind List) are taken apart; namespaces that objects stand in are made.
 * -1 with the file and the place of what is wrong. */
int store_load(struct store *store, const char *path,
               struct error *error) MUST_CHECK;

/* The object, or NULL. Belongs to the store, until the next change. */
struct object *store_find(const struct store *store,
                          const struct resource *resource,
                          const char *namespace_name, const char *name);

/* The object with that uid, or NULL. */
struct object *store_find_uid(const struct store *store, const char *uid);

/* Stores a copy of `value` as a new object or a new version of the object of its
 * name; its metadata gets a resourceVersion and, when they are missing, uid and
 * creationTimestamp. Nothing happens when it is equal to what is there. The
 * stored object, which belongs to the store; NULL when the store is full. */
struct object *store_put(struct store *store, const struct resource *resource,
                         const struct value *value);

/* Takes the object out of the store. */
void store_remove(struct store *store, struct object *object);

/* Forgets the journal: every watch that is behind has to list again. */
void store_forget(struct store *store);

/* The change of that number, from `first` up to but not `next`. */
const struct change *store_change(const struct store *store, uint64_t number);

/* The number of the first change after `version`, which is not below the floor. */
uint64_t store_seek(const struct store *store, int64_t version);
