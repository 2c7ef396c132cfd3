#pragma once
/*
 * The objects of a run as they are sent to a cluster: the plan's own, completed
 * by what only the cluster decides. Pure. All of it lives in the given arena.
 */
#include <stdbool.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/plan/plan.h"
#include "engine/runtime/runtime.h"

/* What was decided about the pod. */
struct job_choice {
    const char *namespace_name;
    const char *service_account;     /* NULL: as the plan has it */
    struct security_choice security; /* AUTO: nothing is enforced */
    int64_t kept_finished; /* seconds after its end; 0: as the plan has it */
    int64_t deadline;      /* seconds that are left; 0: as the plan has it */
};

/* The profile: the one that is wanted, and with AUTO the one that the namespace
 * object says it enforces; AUTO stays when it enforces none. */
void kubernetes_choose(const struct value *namespace_object,
                       enum security_profile wanted, struct job_choice *choice);

/* ERROR_TRUST when the workflow asks for more than that profile admits. */
int kubernetes_check_security(const struct value *job,
                              const struct job_choice *choice,
                              struct error *error) MUST_CHECK;

/* The profile of a Job that was made by kubernetes_make_job; else AUTO. */
enum security_profile kubernetes_read_profile(const struct value *job);

/* Whether a Job is one of several of its run. */
bool kubernetes_is_stage(const struct value *job);

/* The Job. */
struct value *kubernetes_make_job(struct arena *arena, const struct plan *plan,
                                  const struct job_choice *choice);

/* An object of the plan, or a later Job, owned by the Job `name` of `uid`. */
struct value *kubernetes_make_owned(struct arena *arena,
                                    const struct value *object,
                                    const struct job_choice *choice,
                                    const char *name, const char *uid);

/* The ConfigMap of the entrypoint program, shared by all runs of a namespace, and
 * its name. */
struct value *kubernetes_make_entrypoint(struct arena *arena,
                                         const char *namespace_name);
const char *kubernetes_entrypoint_name(struct arena *arena);

/* Whether a ConfigMap of that name holds our program and cannot be changed.
 * ERROR_TRUST. */
int kubernetes_check_entrypoint(const struct value *object,
                                struct error *error) MUST_CHECK;

/* A plan from the objects of a run in a cluster, as far as following it needs.
 * `secret` is as the API gives it, in base64. NULL: ERROR_REMOTE. */
struct plan *kubernetes_read_plan(struct arena *arena, const struct value *job,
                                  const struct value *config_map,
                                  const struct value *secret,
                                  struct error *error);
