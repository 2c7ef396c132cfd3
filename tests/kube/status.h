#pragma once
/* Answers that are no objects: Status documents with the texts of a real server,
 * because clients show them. */
#include "engine/base/arena.h"
#include "engine/value/value.h"
#include "tests/kube/discovery.h"
#include "tests/kube/http.h"

/* What a path means. */
struct target {
    const struct resource *resource;
    const char *namespace_name; /* "": none is given */
    const char *name;           /* NULL: a list */
    const char *part;           /* the subresource, or "" */
};

/* "pods", "ingresses.networking.k8s.io". Lives in `arena`. */
const char *status_qualified(struct arena *arena,
                             const struct resource *resource);

/* Answers with `value` as JSON. */
void status_send_value(struct http_response *response, int code,
                       const struct value *value);

/* Answers with a Status of failure, and with its usual reason. `target` may be
 * NULL. Always returns -1. */
int status_send(struct arena *arena, struct http_response *response, int code,
                const struct target *target, const char *message);

/* The same with a reason of its own ("Conflict" for a 409). */
int status_send_reason(struct arena *arena, struct http_response *response,
                       int code, const char *reason,
                       const struct target *target, const char *message);

/* 422: the first cause of a refusal and all of them. `causes` is a list of
 * {reason, message, field}. */
int status_send_invalid(struct arena *arena, struct http_response *response,
                        const struct target *target, const char *name,
                        struct value *causes);

/* 404 for an object, or for a path when `target` is NULL. */
int status_send_missing(struct arena *arena, struct http_response *response,
                        const struct target *target);

/* The Status of success after a deletion. */
void status_send_deleted(struct arena *arena, struct http_response *response,
                         const struct target *target, const char *uid);

/* The Status that ends a watch from a version that is forgotten. */
struct value *status_make_expired(struct arena *arena, const char *message);
