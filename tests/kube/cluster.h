#pragma once
/*
 * All that the server knows, and those who act on it: the scheduler with the
 * node, the Job controller and the garbage collector. They see each change of
 * the store once, in order, and look at the objects as they are then.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tests/kube/counts.h"
#include "tests/kube/rules.h"
#include "tests/kube/store.h"
#include "tests/kube/timers.h"

/* How long things take, in nanoseconds. */
struct rhythm {
    int64_t sandbox; /* from the binding of a pod to its first container */
    int64_t start;   /* of one container; they start one after another */
    int64_t notice;  /* until the node sees that a container has ended */
    int64_t job;     /* until the Job controller sees a change of a pod */
    int64_t retry;   /* of an image pull, a missing Secret, a crashed container:
                        the first pause, doubled each time */
};

struct node;

struct cluster {
    struct store store;
    struct rules rules;
    struct counts counts;
    struct timers timers;
    struct node *node;
    const char *token;     /* the one that is let in; NULL: everybody is */
    const char *authority; /* the certificate that pods trust, as PEM */
    int port;              /* where they find the server */
    const struct rhythm *rhythm;
    int64_t bookmarks;    /* nanoseconds between two of a watch */
    uint64_t seen;        /* changes before this number have been acted on */
    uint64_t event_count; /* for the names of events */
};

/* The rhythm of that name ("fast", "real"), or NULL. */
const struct rhythm *cluster_rhythm(const char *name);

/* An empty cluster with the namespace `default`. cluster_start, when the objects
 * of the beginning are loaded, adds the node and lets the controllers act.
 * ERROR_SYSTEM. */
void cluster_open(struct cluster *cluster);
int cluster_start(struct cluster *cluster, struct error *error) MUST_CHECK;
void cluster_close(struct cluster *cluster);

/* Lets the controllers act until there is nothing to do at this moment. */
void cluster_settle(struct cluster *cluster);

/* When to call cluster_settle again even if nothing happens; 0: never. */
int64_t cluster_due(const struct cluster *cluster);

/* Records an Event about an object. `component` is who says it. */
struct happening {
    const char *type; /* "Normal", "Warning" */
    const char *reason;
    const char *component;
    const char *field; /* "spec.containers{main}"; NULL: none */
};
void cluster_tell(struct cluster *cluster, const struct object *about,
                  const struct happening *happening, const char *message);
