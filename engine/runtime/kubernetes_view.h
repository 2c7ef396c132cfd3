#pragma once
/*
 * What a cluster says about a pod and a Job, decoded: only what decides. Pure. A
 * view lives in the arena that it was decoded into.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/value/value.h"

enum container_phase { CONTAINER_WAITING, CONTAINER_RUNNING, CONTAINER_ENDED };

struct container_view {
    const char *name;
    enum container_phase phase;
    const char *reason;  /* "ImagePullBackOff", "OOMKilled"; or "" */
    const char *message; /* or ""; of an ended one its termination message */
    size_t message_length;
    int exit_code;        /* of an ended one */
    bool started;         /* it runs or has run */
    const char *image;    /* as the pod asks for it; or "" */
    const char *image_id; /* what runs, as the node has it; or "" */
    const char *runtime;  /* "containerd" of its id; or "" */
    const char *memory;   /* its limit, as the pod has it; or "" */
};

struct pod_view {
    const char *uid, *name;
    const char *node; /* "" : not scheduled yet */
    const char *phase, *reason, *message;
    const char *unscheduled; /* why not, as the scheduler says; or NULL */
    bool leaving;            /* it is being deleted */
    int64_t grace;           /* nanoseconds that it has to end then */
    bool ended;              /* its phase says that nothing runs any more */
    bool disrupted;          /* by the cluster: condition DisruptionTarget */
    struct container_view *containers; /* initContainers first */
    size_t count, initial;             /* all; the initContainers */
    struct container_view *others; /* that the cluster has put in, likewise */
    size_t other_count, other_initial;
};

struct job_view {
    const char *uid;
    bool complete, failed; /* decided */
    bool suspended;        /* by the cluster: ours are not */
    const char *reason, *message;
};

/* Decodes a Pod or a Job; members that are missing are "". At most
 * POD_CONTAINER_LIMIT containers. */
void pod_view_decode(struct arena *arena, const struct value *object,
                     struct pod_view *view);
void job_view_decode(struct arena *arena, const struct value *object,
                     struct job_view *view);

/* Keeps as `containers` those of these names, in that order, and makes the rest
 * `others`: a cluster may put containers of its own into any pod (a mesh's proxy),
 * anywhere. One that is missing waits. */
void pod_view_arrange(struct arena *arena, struct pod_view *view,
                      const char *const *names, size_t count);

/* Of the containers that the cluster has put in: one that still runs and so keeps
 * the pod from ending (sidecars do not); an initContainer that failed, so that none
 * of ours is ever started. NULL: none. */
const struct container_view *pod_view_straggler(const struct pod_view *view);
const struct container_view *pod_view_barrier(const struct pod_view *view);

/* What the events about one object say. Lives in the arena; NULL: nothing. */
struct event_view {
    const char *refused; /* the last FailedCreate: a Job gets no pod */
    const char *last;    /* the last event, if it is a warning or a pull */
    bool pulling;        /* an image is on its way */
};

/* Decodes a list of events; NULL: none. */
void event_view_decode(struct arena *arena, const struct value *list,
                       struct event_view *view);

/* What keeps a pod from starting, and for how long that is to be borne. */
struct pod_trouble {
    const char *text; /* NULL: nothing */
    int64_t patience; /* nanoseconds since it was first seen; 0: none */
    bool whole;       /* as long as the whole start may take */
};

/* The worst trouble of a pod, in words. Lives in `arena`. */
struct pod_trouble pod_view_trouble(struct arena *arena,
                                    const struct pod_view *view);

/* The initContainer that ended other than with 0, so that nothing after it is ever
 * started; the number of containers when there is none. */
size_t pod_view_broken(const struct pod_view *view);

/* Why the cluster ended a pod; NULL: it did not. Lives in `arena`. */
const char *pod_view_disruption(struct arena *arena,
                                const struct pod_view *view);

enum image_check {
    IMAGE_VERIFIED,   /* the digest that runs is the one that was asked for */
    IMAGE_UNVERIFIED, /* none was asked for, or the node does not tell */
    IMAGE_MISMATCH,
};

/* Compares the digest that runs with the one that was asked for. A mismatch may
 * still be the same image by another of its digests: see node_view_image. */
enum image_check container_view_image(const struct container_view *container);

/* What the node's list of images says of two digests that differ. `node`: NULL or
 * the Node object. Unverified when the list does not have the image. */
enum image_check node_view_image(const struct value *node,
                                 const struct container_view *container);
const char *image_check_name(enum image_check check);
