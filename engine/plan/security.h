#pragma once
/*
 * How strictly a pod is confined (docs/security.md): the Pod Security Standards of
 * Kubernetes 1.32, as something to fill in and as something to judge by. Pure. A
 * `template` is a map {metadata, spec}, as a Job's; all made lives in the arena.
 */
#include "engine/base/arena.h"
#include "engine/base/diagnostics.h"
#include "engine/value/value.h"

/* From the loosest to the strictest; AUTO asks the namespace. */
enum security_profile {
    SECURITY_AUTO, /* what the namespace enforces, else the fillings of BASELINE */
    SECURITY_PRIVILEGED, /* nothing is added, nothing is refused */
    SECURITY_BASELINE,
    SECURITY_RESTRICTED,
};

struct security_choice {
    enum security_profile profile;
    bool assigns_users; /* the cluster gives each pod a user (OpenShift) */
};

/* "auto", "privileged", ... Constant. */
const char *security_profile_name(enum security_profile profile);

/* The profile of that name (NULL: auto), or -1 with ERROR_USAGE. */
int security_profile_parse(const char *word, struct error *error);

/* Sets in `template` what the profile wants and the workflow leaves open. Doing it
 * again changes nothing. What the workflow says stays as it is, also when the
 * profile does not admit it: see security_judge. */
void security_confine(struct arena *arena, struct value *template,
                      const struct security_choice *choice);

/* A field that a profile does not admit. */
struct security_finding {
    enum security_profile profile; /* the loosest that does not admit it */
    const char *field;  /* "container 'steps-1': securityContext.privileged" */
    const char *wanted; /* what would be admitted, in words */
    struct mark mark;   /* where it was written; line 0: not known */
};

/* What of `template` the profile does not admit: `*list` of the answer's length, in
 * the order of the rules; none for AUTO and PRIVILEGED. */
size_t security_judge(struct arena *arena, const struct value *template,
                      enum security_profile profile,
                      struct security_finding **list);

/* Both for a plan: confines `template`, or with `later` (the cluster has a say) a
 * copy of it, and reports what the profile does not admit: S503 for what baseline
 * forbids, S504 for what restricted forbids. */
void security_plan(struct arena *arena, struct value *template,
                   enum security_profile profile, bool later,
                   struct diagnostics *diagnostics);
