#pragma once
/*
 * A run in a cluster while this process looks after it. kubernetes.c has its
 * beginning and its end, kubernetes_create.c makes the objects,
 * kubernetes_follow.c is what lies between. A run with a Job for each step
 * (plan->workspace) goes through the latter two once for each stage, which
 * kubernetes_stage.c sees to.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kube/kube.h"
#include "engine/runtime/kubernetes_object.h"
#include "engine/runtime/kubernetes_view.h"
#include "engine/runtime/outcome.h"
#include "engine/runtime/runtime.h"
#include "engine/runtime/stream.h"

/* Why the run was told to end before its time. */
enum stop_cause {
    STOP_NONE,
    STOP_ABORTED,  /* the user */
    STOP_DEADLINE, /* the run's own, when the cluster did not see to it */
    STOP_TROUBLE,  /* it cannot start, or we are not allowed to look */
};

/* A container and what is known of it. */
struct follower {
    struct cluster *cluster;
    const char *name;
    struct stream *stream; /* NULL: the container has no entrypoint */
    struct kube_log *log;  /* NULL: not begun */
    bool image_told, started_told;
};

struct cluster {
    const struct plan *whole; /* the plan of the run */
    const struct plan *plan;  /* the same, with the Job that is followed */
    const struct runtime_kubernetes_options *options;
    struct runtime_kubernetes_result *result;
    struct arena *arena;
    struct event_sink *sink;
    struct outcome *outcome;
    struct event_sink *containers; /* where their events go: the outcome, or
                                    * what leaves out the recorded ones */
    struct job_choice choice;
    const char *job_name, *job_uid;
    const char *owner_name, *owner_uid; /* the first Job: all else is its own */
    size_t stage;                       /* the number of the Job; from 0 */
    bool created;                       /* the first Job may exist */
    bool attached; /* it was not created by us: the pod may be there already */

    struct kube_watch *jobs, *pods;
    struct follower *followers; /* in the order of the pod's containers */
    size_t follower_count;
    struct ending *endings; /* of all containers that were concluded */
    size_t ending_count;
    struct arena *pod_arena, *job_arena; /* of the views; NULL: none seen */
    struct pod_view pod;
    struct job_view job;
    bool pod_gone, job_gone; /* deleted */
    bool failed;             /* we did: what was made is taken away */

    enum stop_cause cause;
    bool aborted;      /* a wish of the user ended a stage before this one */
    bool bare_skipped; /* the last stage is not started after a failure */
    const char *why;   /* for STOP_TROUBLE; else NULL */
    enum error_kind why_kind;
    unsigned wishes;        /* of the user to abort */
    int abort_descriptor;   /* -1: none (any more) */
    bool told;              /* the pod was told to end */
    int64_t run_begun;      /* by clock_monotonic, as all that follow */
    int64_t begun;          /* the stage; without stages the run */
    int64_t after_until;    /* the end of stages after an abort; 0: none */
    int64_t stopped;        /* when the run was told to end; 0: not */
    int64_t left;           /* when the pod was seen to be deleted; 0: not */
    bool abandoned;         /* its node does not say that it ended then */
    int64_t drained_until;  /* the latest end of reading logs; 0: not yet */
    int64_t troubled;       /* since when there is `trouble` */
    int64_t asked;          /* when events were last asked for; 0: not yet */
    const char *trouble;    /* the last one told; or NULL */
    const char *closer;     /* what the pod's events say of it; or NULL */
    bool pulling;           /* an image is on its way */
    struct value *warnings; /* list: of the server, those not yet told first */
    size_t warnings_told;
};

/* One event of the run; the time is filled in. */
int cluster_emit(struct cluster *cluster, struct event event,
                 struct error *error) MUST_CHECK;

/* A note: a text, copied, and data or NULL. */
int cluster_note(struct cluster *cluster, const char *text,
                 const struct value *data, struct error *error) MUST_CHECK;

/* Looks at the namespace and makes sure that the entrypoint program is there. */
int cluster_prepare(struct cluster *cluster, struct error *error) MUST_CHECK;

/* Creates the Job, and then what it owns; or the Job of a later stage. */
int cluster_create(struct cluster *cluster, struct error *error) MUST_CHECK;
int cluster_create_next(struct cluster *cluster,
                        struct error *error) MUST_CHECK;

/* Begins to watch; then waits for the end of the run, handing on all it says. */
void cluster_watch(struct cluster *cluster);
int cluster_follow(struct cluster *cluster, struct error *error) MUST_CHECK;

/* kubernetes_log.c. Begins to read what containers say, in turn; ends where they did,
 * and tells what is known of them. */
int cluster_update_followers(struct cluster *cluster,
                             struct error *error) MUST_CHECK;

/* The container says no more than it has said. */
void cluster_end_log(struct follower *follower);

/* Whether all that the container said was read, or never can be. */
bool cluster_has_read(const struct cluster *cluster, size_t index);

/* kubernetes_trouble.c. Ends the run for that cause, with a reason (copied) or
 * NULL; the first cause counts. */
void cluster_stop(struct cluster *cluster, enum stop_cause cause,
                  const char *why);

/* Tells what keeps the run from starting; ends it when that lasts too long. */
int cluster_check_start(struct cluster *cluster,
                        struct error *error) MUST_CHECK;

/* Tells the pod to end, with its grace; gives up after that. */
int cluster_tell(struct cluster *cluster, struct error *error) MUST_CHECK;

/* Deletes the first Job with everything it owns, or with `secret` only the
 * Secret. Nothing is emitted; a failure goes to result->leftover. */
void cluster_remove(struct cluster *cluster, bool secret);

/* What is kept of a run with stages goes after the usual time. Who may not say so
 * leaves it for longer. */
void cluster_shorten(struct cluster *cluster);

/* Looks the Job of a run up by its label. `*job` NULL: there is none. */
int cluster_find(struct cluster *cluster, const char *run_id,
                 const struct value **job, struct error *error) MUST_CHECK;

/* The plan of a run, from its objects. NULL with `error` unset: its ConfigMap or
 * its Secret is gone or never came to be. */
struct plan *cluster_read(struct cluster *cluster, const struct value *job,
                          struct error *error);

/* Tells all pods of a run to end, with their grace. */
int cluster_stop_pods(struct cluster *cluster, const char *run_id,
                      struct error *error) MUST_CHECK;

/* Lets a paused step of a run go on, by an annotation of its pod. */
int cluster_resume(struct cluster *cluster, const char *run_id, const char *ref,
                   struct error *error) MUST_CHECK;

/* The container of that number of a plan, the initContainers first. */
const struct value *cluster_container(const struct plan *plan, size_t index);

/* kubernetes_stage.c. Turns to a stage: its Job, its containers, nothing seen. */
void cluster_begin_stage(struct cluster *cluster, size_t stage);

/* Forgets what was seen of the pod and its Job. */
void cluster_end_stage(struct cluster *cluster);

/* Follows the Job that was created, and after it those of the stages behind it. */
int cluster_follow_all(struct cluster *cluster, struct error *error) MUST_CHECK;

/* kubernetes_verdict.c: takes what is left of the containers' words, and how they
 * ended, when a Job is over. */
int cluster_gather(struct cluster *cluster, struct error *error) MUST_CHECK;

/* Whether all containers of the Job said how they ended, and nothing from outside
 * ended it: what follows it can go by what they left. */
bool cluster_is_whole(struct cluster *cluster);

/* Whether a container said that of the run, as far as it had come. */
bool cluster_has_said(const struct cluster *cluster, enum status status);

/* Ends the steps that nobody ended, and judges the run. */
int cluster_conclude(struct cluster *cluster, struct verdict *verdict,
                     struct error *error) MUST_CHECK;

/* kubernetes_bare.c: the step whose image runs its own command. Its ref; what is
 * known of it (NULL: nothing); tells what its container does; tells that it is not
 * started, because what comes before it has failed. */
const char *cluster_bare_step(const struct cluster *cluster);
const struct outcome_step *cluster_bare_outcome(const struct cluster *cluster);
int cluster_tell_bare(struct follower *follower,
                      const struct container_view *view,
                      struct error *error) MUST_CHECK;
int cluster_skip_bare(struct cluster *cluster, struct error *error) MUST_CHECK;
