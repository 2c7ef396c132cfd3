#pragma once
/* How objects come to their end: at once, after their pods' processes, after
 * their dependents, or when the last finalizer is taken away. */
#include <stdbool.h>
#include <stdint.h>

#include "tests/kube/cluster.h"

enum propagation {
    PROPAGATION_DEFAULT, /* of the kind: Background, for Jobs Orphan */
    PROPAGATION_BACKGROUND,
    PROPAGATION_FOREGROUND,
    PROPAGATION_ORPHAN,
};

/* Deletes an object; `grace` is in seconds, -1: that of the object. Returns
 * false when it is still there (and says when it will go in its metadata). */
bool lifecycle_delete(struct cluster *cluster, struct object *object,
                      enum propagation propagation, int64_t grace);

/* Takes an object that is to be deleted out of the store when nothing holds it
 * back any more. Returns whether it did. */
bool lifecycle_settle(struct cluster *cluster, struct object *object);

/* Adds and takes away a finalizer. The object as it is then, or NULL. */
struct object *lifecycle_add_finalizer(struct cluster *cluster,
                                       struct object *object, const char *name);
struct object *lifecycle_drop_finalizer(struct cluster *cluster,
                                        struct object *object,
                                        const char *name);

/* The garbage collector: what follows from a change for dependents. */
void lifecycle_collect(struct cluster *cluster, const struct change *change);
