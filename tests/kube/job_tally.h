#pragma once
/* How the pods of a Job stand. */
#include "tests/kube/store.h"

enum { JOB_PODS_LIMIT = 100 };

/* What is known of a Job, from its pods. */
struct tally {
    struct object *job;
    struct object *pods[JOB_PODS_LIMIT]; /* that have not ended; held */
    size_t count;
    int64_t active, ready, succeeded, failed, terminating;
    int64_t last_failure; /* by clock_now */
};

/* Counts them; what is held is given back by job_tally_release. */
struct tally job_tally_make(const struct store *store, struct object *job);
void job_tally_release(struct tally *tally);

/* Whether the object is a pod of the Job. */
bool job_tally_is_of(const struct object *pod, const struct object *job);

/* The resource `pods`. */
const struct resource *job_tally_pods(void);

/* A time as objects have it, by clock_now; -1: none. */
int64_t job_tally_moment(const struct value *value);
