#pragma once
/*
 * A resolved workflow as what will be created: the step tree that the entrypoint
 * follows, and the Kubernetes objects. The same plan runs on every runtime. Pure:
 * same input, same bytes; the run's id and token are given by the caller.
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

struct plan_options {
    const char *run_id;         /* 16 hex digits */
    const char *token;          /* 32 hex digits: frames the control lines */
    const char *namespace_name; /* NULL: left out of the objects */
    enum security_profile security;
    bool
        security_later; /* what the profile adds waits for the cluster, which may
                          * give users itself; what it forbids is told now */
    bool no_pause;      /* `paused` is left out */
};

/* Lives in the arena that it was made in. */
struct plan {
    const char *run_id;
    const char *token;
    const char *workflow;       /* metadata.name */
    const struct value *run;    /* the instructions: docs/entrypoint.md */
    const struct value *images; /* list of strings, each once, in order */

    /* The only step runs its image's own command, without the entrypoint: what
     * only a runtime with images can do. */
    bool bare;

    /* The objects in the order of creation. */
    const struct value *config_map; /* data: `run` as run.json */
    const struct value *secret; /* stringData: token, sensitive parameters */
    const struct value *job;
    const struct value *pod; /* job.spec.template.spec, for local runtimes */
};

/* Plans `workflow` (which must be resolved). What cannot be run (an unsupported
 * construct, no steps) goes to `diagnostics` (E3xx); NULL then. */
struct plan *plan_make(struct arena *arena, const struct workflow *workflow,
                       const struct plan_options *options,
                       struct diagnostics *diagnostics);

/* Appends the objects as a YAML stream; values of the Secret are replaced by
 * "REDACTED" unless `secrets`. */
void plan_print(struct text *text, const struct plan *plan, bool secrets);

/* The static entrypoint program embedded in this binary, and its SHA-256 as 64
 * hex digits. Constant. */
const unsigned char *plan_entrypoint(size_t *length);
const char *plan_entrypoint_digest(void);
