#pragma once
/*
 * A resolved workflow as what will be created: the step tree that the entrypoint
 * follows, and the Kubernetes objects. The same plan runs on every runtime. Pure, but
 * for what the caller finds out about images: same input, same bytes; the run's id and token are given by the caller.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/diagnostics.h"
#include "engine/plan/security.h"
#include "engine/value/value.h"
#include "engine/workflow/workflow.h"

/* The image of a step that names none (its digest is that of alpine:3.20). */
#define PLAN_DEFAULT_IMAGE                                                     \
    "docker.io/library/alpine:3.20@sha256:"                                    \
    "a4f4213abb84c497377b8544c81b3564f313746700372ec4fe84653e4fb03805"

/* The image that content is fetched in. */
#define PLAN_FETCH_IMAGE                                                       \
    "docker.io/alpine/git:2.49.1@sha256:"                                      \
    "c0280cf9572316299b08544065d3bf35db65043d5e3963982ec50647d2746e26"

/* The volume of a pod that is the claim of all stages. */
#define PLAN_WORKSPACE "assay-workspace"

/* How the containers of a pod follow one another: chosen, all started at once, or
 * as initContainers. */
enum plan_sequence { SEQUENCE_AUTO, SEQUENCE_GATED, SEQUENCE_CHAINED };

/* All steps in one pod, or each top-level step in one of its own. */
enum plan_isolation { ISOLATION_POD, ISOLATION_STEP };

/* Finds out what an image runs by itself: its entrypoint and its command, lists of
 * strings that live as long as the plan. -1 with the reason. NULL: nobody knows. */
struct plan_images {
    int (*find)(void *context, const char *image,
                const struct value **entrypoint, const struct value **command,
                struct error *error);
    void *context;
};

struct plan_options {
    const char *run_id;         /* 16 hex digits */
    const char *token;          /* 32 hex digits: frames the control lines */
    const char *namespace_name; /* NULL: left out of the objects */
    enum security_profile security;
    bool
        security_later; /* what the profile adds waits for the cluster, which may
                          * give users itself; what it forbids is told now */
    enum plan_sequence sequence;
    enum plan_isolation isolation;
    bool isolation_given; /* else spec.system.assay.isolation may say it */
    const char *workspace_size; /* of `workspace`; NULL: 1Gi */
    bool no_pause;              /* `paused` is left out */
    struct plan_images images;  /* asked only for steps that need it */
};

/* A Job of the plan. With isolation `step` there is one for each top-level step,
 * and each is run when the one before it has ended, however that was. */
struct plan_stage {
    const struct value *job;
    const struct value *pod; /* job.spec.template.spec */
    bool bare;               /* its last container has no entrypoint */
};

/* Lives in the arena that it was made in. */
struct plan {
    const char *run_id;
    const char *token;
    const char *workflow;       /* metadata.name */
    const struct value *run;    /* the instructions: docs/entrypoint.md */
    const struct value *images; /* list of strings, each once, in order */

    /* The last step runs its image's own command, without the entrypoint: what
     * only a runtime with images can do. */
    bool bare;

    bool chained;         /* initContainers, and the last one behind them */
    const char *sequence; /* why so, for people; NULL: one container */

    /* The objects in the order of creation. */
    const struct value *config_map; /* data: `run` as run.json */
    const struct value *secret; /* stringData: token, sensitive parameters */
    const struct value *job;
    const struct value *pod; /* job.spec.template.spec, for local runtimes */

    /* All Jobs, at least one; `job` and `pod` are those of the first. */
    struct plan_stage *stages;
    size_t stage_count;

    /* With isolation `step`: the claim for what the stages share, mounted by its
     * sub-paths. On one machine a folder. NULL otherwise. */
    const struct value *workspace;

    /* The claims of spec.pvcs: objects that are made and go with the run. */
    const struct value *claims;
};

/* Plans `workflow` (which must be resolved). What cannot be run (an unsupported
 * construct, no steps) goes to `diagnostics` (E3xx); NULL then. */
struct plan *plan_make(struct arena *arena, const struct workflow *workflow,
                       const struct plan_options *options,
                       struct diagnostics *diagnostics);

/* Appends the objects as a YAML stream; values of the Secret are replaced by
 * "REDACTED" unless `secrets`. */
void plan_print(struct text *text, const struct plan *plan, bool secrets);

/* Appends what the plan asks of a cluster, for people, as comments of YAML:
 * containers, images, requests as Kubernetes counts them, objects. */
void plan_summarize(struct text *text, const struct plan *plan);

/* The static entrypoint program embedded in this binary, and its SHA-256 as 64
 * hex digits. Constant. */
const unsigned char *plan_entrypoint(size_t *length);
const char *plan_entrypoint_digest(void);

/* The processor it is for, as the label kubernetes.io/arch of nodes has it; NULL: it
 * has no name there. */
const char *plan_entrypoint_processor(void);
