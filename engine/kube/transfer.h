#pragma once
/*
 * One thread, one libcurl multi handle, and the tasks that live on it: calls,
 * watches and logs. A task has a time when it wants to begin; it begins by
 * sending one request, gets the bytes of the answer as they come, and is told
 * when it is over; then it may set a time to begin again.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/curl_library.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/kube/access.h"
#include "engine/kube/kube.h"

/* How a request ended. */
struct kube_answer {
    long status;                /* of HTTP; 0: none came */
    const char *failure;        /* of the connection, in words; NULL: none */
    bool final;                 /* the failure will be the same again (TLS) */
    int64_t retry_after;        /* what the server asks for; -1: nothing */
    const struct text *refusal; /* the body, unless the status is 2xx */
};

struct kube_request {
    const char *method; /* "GET" */
    const char *path;   /* with its query, percent-encoded */
    const char *accept; /* NULL: JSON */
    const char *type;   /* of the body; NULL: JSON */
    const char *body;   /* until the answer has come; NULL: none */
    size_t length;
    int64_t time; /* for all of it; 0: no limit */
    bool stream;  /* the answer comes bit by bit: it must not be packed */
};

struct kube_task {
    /* Set by its owner. A result of -1 ends everything with `error`. */
    int (*begin)(struct kube_task *task, struct error *error);
    int (*take)(struct kube_task *task, const char *bytes, size_t length,
                struct error *error); /* of a 2xx answer */
    int (*done)(struct kube_task *task, const struct kube_answer *answer,
                struct error *error);
    int64_t due; /* when to begin, by clock_monotonic; 0: not */

    /* Private to transfer.c and kube_client.c. */
    struct kube_client *client;
    struct kube_task *next;
    CURL *easy; /* NULL: nothing is under way */
    struct curl_slist *headers, *route;
    struct text refusal;
    int64_t retry_after;
    int64_t heard; /* when the last byte came */
    char failure[CURL_ERROR_SIZE];
};

struct kube_client {
    const struct curl_library *curl;
    struct kube_access *access;
    CURLM *multi;
    struct kube_task *tasks;
    int interrupt;       /* readable: the caller has something else to do */
    bool reached;        /* the server has answered once */
    int64_t server_time; /* of its last Date, in nanoseconds; 0: none yet */
    int64_t server_seen; /* when that came, by clock_now */
    size_t requests;     /* sent so far */
    bool broken;         /* a callback failed with `error` */
    struct error error;
    struct kube_warnings warnings;
};

/* Adds a task, which then begins when it is due; removes it and ends what it has
 * under way. The task itself belongs to the caller. */
void transfer_add(struct kube_client *client, struct kube_task *task);
void transfer_remove(struct kube_task *task);

/* Sends a request of a task; to be called by its `begin`. */
int transfer_send(struct kube_task *task, const struct kube_request *request,
                  struct error *error) MUST_CHECK;

/* The status of the answer that is coming in; 0: none yet, or nothing is under
 * way. */
long transfer_status(const struct kube_task *task);

/* Ends what is under way, without telling. */
void transfer_cancel(struct kube_task *task);

/* Whether this answer may be another one when asked again, and when to ask, by
 * clock_monotonic: after `*backoff`, which grows, with full jitter. */
bool transfer_may_retry(const struct kube_answer *answer);
int64_t transfer_next(int64_t *backoff, int64_t retry_after);

/* Fills `error`, ERROR_REMOTE: "cannot <what>: <the server's own words>". Always
 * returns -1. */
int kube_status_explain(const char *what, const struct kube_answer *answer,
                        struct error *error);
