#pragma once
/*
 * The one node of the cluster, with its scheduler: it really runs the containers
 * of pods, as processes in the sandbox of local runs, and reports their states.
 * It ends all its processes and leaves no files when it is closed or killed.
 */
#include <poll.h>
#include <stdbool.h>

#include "tests/kube/cluster.h"
#include "tests/kube/log_file.h"

#define NODE_NAME "node-1"

/* A node without pods. ERROR_SYSTEM. node_close ends everything on it. */
struct node *node_open(struct error *error);
void node_close(struct node *node);

/* The change of a pod: a new one is bound and started, one that is to be deleted
 * is ended. Other changes are ignored. */
void node_take(struct cluster *cluster, const struct change *change);

/* Looks after all pods: output, ends, what is due. */
void node_step(struct cluster *cluster);

/* Fills at most `limit` slots with what to wait for; how many. */
size_t node_poll(const struct node *node, struct pollfd *slots, size_t limit);

/* When to call node_step even if nothing happens, by clock_monotonic; 0: never. */
int64_t node_due(const struct node *node);

/* A number that changes whenever a log does. */
int64_t node_log_state(const struct node *node);

/* Whether processes of the pod run, or its end was not reported yet. */
bool node_holds(const struct node *node, const char *uid);

/* Whether a rule has taken the node away from the pod: nothing more is heard. */
bool node_is_lost(const struct node *node, const char *uid);

/* Ends all of the pod at once, without a word. */
void node_forget(struct cluster *cluster, const char *uid);

/* The log of a container (of the instance before, when `previous`), or NULL.
 * Belongs to the node; see log_file_hold. */
struct log_file *node_find_log(const struct node *node, const char *uid,
                               const char *container, bool previous);

/* The Node object, which is stored at the beginning. Lives in `arena`. */
struct value *node_describe(struct arena *arena);
