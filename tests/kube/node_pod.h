#pragma once
/*
 * One pod on the node, and its containers. A container waits, runs or has ended;
 * `step` says what the node does with it next and `due` when. All texts live in
 * the pod's arena, which lives as long as the pod.
 */
#include <stdbool.h>
#include <stdint.h>

#include "engine/runtime/keeper.h"
#include "engine/runtime/machine.h"
#include "engine/runtime/run_folder.h"
#include "engine/runtime/unit.h"
#include "tests/kube/cluster.h"
#include "tests/kube/log_file.h"

enum container_step {
    STEP_IDLE,    /* its turn has not come */
    STEP_PREPARE, /* look at image and references, again at `due` */
    STEP_START,   /* at `due` */
    STEP_RUN,     /* the process runs */
    STEP_NOTICE,  /* it has ended, the node sees it at `due` */
    STEP_RESTART, /* at `due` */
    STEP_ENDED,
};

/* How an instance of a container ended. */
struct termination {
    int code;
    const char *reason; /* NULL: there was none */
    const char *message;
    int64_t started, finished;
    const char *id;
};

struct node_container {
    const struct value *specification;
    const char *name;
    const char *image;
    bool initial;
    size_t index; /* in the pod, the initContainers first */
    enum container_step step;
    int64_t due;         /* by clock_monotonic */
    const char *waiting; /* the reason */
    const char *message;
    int tries; /* to prepare it, or to start it again */
    int restarts;
    bool started; /* the instance of `id` came to life */
    const char *image_id, *id;
    int64_t started_at;             /* by clock_now */
    int64_t kill_at;                /* out of memory; 0: never */
    const char *kill_reason;        /* NULL: it ends by itself */
    struct termination now, before; /* of this instance and of the last one */
    struct arena *arena;            /* of the running instance */
    struct unit unit;
    bool has_unit;
    struct log_file *log, *old_log;
};

enum pod_stage { POD_SANDBOX, POD_INITIAL, POD_MAIN, POD_ENDED };

struct node_pod {
    struct node_pod *next;
    struct arena *arena;
    struct object *object; /* as it was bound; held */
    enum pod_stage stage;
    int64_t due;  /* of the sandbox */
    int64_t born; /* by clock_monotonic: when the first container started */
    int64_t started_at; /* by clock_now: when the node took it */
    struct run_folder folder;
    struct keeper keeper;
    bool has_keeper;
    const char *
        *claims; /* where the folder of the claim of volume i is kept, or
                          * NULL */
    size_t claim_count;
    struct node_container *containers;
    size_t count, initial_count;
    int tries;                           /* to mount the volumes */
    const char *unmounted;               /* what was told of that; or NULL */
    int64_t evict_at, lose_at, deadline; /* by clock_monotonic; 0: never */
    int64_t kill_at;              /* the grace has passed; 0: not told to end */
    bool ending;                  /* it was told to end */
    bool lost;                    /* the node says nothing more */
    bool reported;                /* its end is in its status */
    const char *reason, *message; /* of the status; NULL: none */
};

struct node {
    const char *folder;
    const char *bubblewrap;
    const struct machine *machine;
    struct keeper keeper;
    struct arena *arena;
    struct node_pod *pods;
    size_t pod_count;
};

/* Makes the pod of an object that is bound to the node. */
struct node_pod *node_pod_new(struct cluster *cluster, struct node *node,
                              struct object *object);

/* Ends its processes and frees it with its folder and logs. */
void node_pod_free(struct node_pod *pod);

/* Does what can be done at `now`; true when its state may have changed. */
void node_pod_drive(struct cluster *cluster, struct node *node,
                    struct node_pod *pod, int64_t now);

/* Tells its containers to end within `grace` nanoseconds. */
void node_pod_end(struct node_pod *pod, int64_t grace);

/* When it has to be driven again; 0: when one of its descriptors is ready. */
int64_t node_pod_due(const struct node_pod *pod);

/* Whether a process of it runs. */
bool node_pod_runs(const struct node_pod *pod);

/* node_container.c */

/* Looks whether the container can be started: its image, and what it refers to.
 * Then its step is STEP_START, else it waits with a reason. */
void node_container_prepare(struct cluster *cluster, struct node_pod *pod,
                            struct node_container *container, int64_t now);

void node_container_start(struct cluster *cluster, struct node *node,
                          struct node_pod *pod,
                          struct node_container *container, int64_t now);

/* Takes its output and its end. */
void node_container_watch(struct cluster *cluster, struct node_pod *pod,
                          struct node_container *container, int64_t now);

void node_container_close(struct node_container *container);

/* node_image.c */

/* Why the image cannot be had: the reason of the waiting state, and `message`;
 * NULL: it is there, and `image_id` is set. */
const char *node_image_check(struct cluster *cluster,
                             const struct node_pod *pod,
                             struct node_container *container,
                             const char **message);

/* node_spec.c */

/* The container alone as a pod that engine/runtime can decode: each reference
 * followed in the store. NULL with the text of a real kubelet in `error`.
 * With `container` NULL only the volumes are looked at. */
struct pod *node_spec_decode(struct arena *arena, const struct cluster *cluster,
                             const struct node_pod *pod,
                             const struct node_container *container,
                             struct error *error);

/* node_claim.c */

/* Looks for the claims of the pod's volumes: they must be there and free. */
int node_claims_find(struct cluster *cluster, const struct node *node,
                     struct node_pod *pod, struct error *error) MUST_CHECK;

/* Makes the folder of a volume, that of its claim if it has one. */
int node_claim_take(const struct node_pod *pod, size_t index, const char *path,
                    struct error *error) MUST_CHECK;

/* The pod has ended: others may have its claims. */
void node_claims_return(struct node_pod *pod);

/* node_fields.c */

/* A field of a pod as text: metadata.name, metadata.labels['x'], a whole map; NULL:
 * there is none. */
const char *node_field(struct arena *arena, const struct value *pod,
                       const char *path);

/* Writes the files of the volumes of the downward API that have changed. */
int node_fields_write(const struct node_pod *pod, const struct value *object,
                      struct error *error) MUST_CHECK;

/* node_status.c */

/* The status of the pod as the node sees it. Lives in `arena`. */
struct value *node_status_make(struct arena *arena, const struct node_pod *pod);

/* "Succeeded", "Failed", "Running", "Pending" */
const char *node_status_phase(const struct node_pod *pod);
