#pragma once
/* One request to an object or a list, on its way to an answer. The functions
 * here answer; what fails has a Status of a real server's text. */
#include "tests/kube/cluster.h"
#include "tests/kube/http.h"
#include "tests/kube/status.h"

struct call {
    struct arena *arena; /* for what only this answer needs */
    struct cluster *cluster;
    const struct http_request *request;
    struct http_response *response;
    struct target target;
    const char *verb; /* "get", "deletecollection" */
};

/* Answers with a Status of failure. Always -1. */
int call_fail(struct call *call, int code, const char *message);

/* The object that is asked for, or NULL and a 404. */
struct object *call_find(struct call *call);

/* Whether the request says dryRun=All. */
bool call_is_dry(const struct call *call);

/* reading.c */
void call_get(struct call *call);
void call_list(struct call *call);
void call_watch(struct call *call);

/* writing.c */
void call_create(struct call *call);
void call_update(struct call *call);
void call_patch(struct call *call);

/* The document of the request, checked to be a map; NULL: answered. An empty one
 * is an empty map. */
struct value *call_read_body(struct call *call);

/* removal.c */
void call_delete(struct call *call);
void call_delete_all(struct call *call);

/* review.c: SelfSubjectAccessReview, SelfSubjectRulesReview */
void call_review(struct call *call);

/* pod_log.c: the log of a container */
void call_log(struct call *call);
