#pragma once
/*
 * The client side of a Kubernetes cluster: its configuration (kubeconfig files as
 * kubectl reads them, or what a pod is given), calls, watches and logs. A client
 * is for one thread; everything that it waits for goes through kube_client_wait.
 * What the server says is bounded by engine/kube/limits.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

/* Where kubeconfig files are looked for. NULL and "" mean: not given. */
struct kube_config_sources {
    const char *path; /* --kubeconfig: then only this file, which must exist */
    const char *list; /* $KUBECONFIG: files with ':' between, any missing */
    const char *fallback; /* ~/.kube/config: used when there is no list */
};

/* Reads and merges the files (YAML or JSON) into one kubeconfig: of clusters,
 * users and contexts of the same name the first one counts, as a whole; so does
 * the first current-context. Relative paths inside a file are made relative to
 * its folder. ERROR_INPUT with the place of what is wrong, or with the names of
 * the files when none of them exists. Reads files; lives as long as `arena`. */
struct value *kube_config_read(struct arena *arena,
                               const struct kube_config_sources *sources,
                               struct error *error);

/* A kubeconfig that needs no other file: only `context` (NULL or "": the current
 * one) with its cluster and its user, certificates, keys and token put in.
 * ERROR_INPUT when the context, its cluster or its user is not there, when a
 * file cannot be read, and for users that log in by a program (exec) or an
 * auth-provider, which cannot be carried. Holds secrets: do not print it to a
 * person. Reads files; lives as long as `arena`. */
struct value *kube_config_reduce(struct arena *arena,
                                 const struct value *config,
                                 const char *context, struct error *error);

/* How a cluster is reached, and as whom. Holds secrets. */
struct kube_access;

/* That of `context` (NULL or "": the current one), with certificates and keys
 * read; where no kubeconfig is named nor at home, that of the pod this runs in.
 * ERROR_INPUT. Reads files and the environment; lives as long as `arena`. */
struct kube_access *kube_access_read(struct arena *arena,
                                     const struct kube_config_sources *sources,
                                     const char *context, struct error *error);

/* The namespace of the context, or "default"; its name ("in-cluster" in a pod);
 * the server's URL. They belong to `access`. */
const char *kube_access_namespace(const struct kube_access *access);
const char *kube_access_context(const struct kube_access *access);
const char *kube_access_server(const struct kube_access *access);

struct kube_client;

/* Told of each different warning that the server sends along (RFC 9110: 299). */
struct kube_warnings {
    void (*take)(void *context, const char *text); /* NULL: not wanted */
    void *context;
};

/* A client of the cluster; nothing is sent yet. Loads libcurl, may run the
 * program that logs in. `access` must outlive it. The caller closes it. */
struct kube_client *kube_client_open(struct kube_access *access,
                                     struct error *error);
void kube_client_close(struct kube_client *client);
DEFINE_CLEANUP(struct kube_client *, kube_client_close);

/* A descriptor whose readability ends waiting (-1: none, as at first). */
void kube_client_interrupt(struct kube_client *client, int descriptor);

void kube_client_warn(struct kube_client *client,
                      struct kube_warnings warnings);

/* Lets what is under way go on until something has happened, at most until
 * `until` (by clock_monotonic). 0; 1 when the interrupt is readable; -1 when a
 * callback failed, or the credentials cannot be read. */
int kube_client_wait(struct kube_client *client, int64_t until,
                     struct error *error) MUST_CHECK;

/* Requests sent so far, retries included. */
size_t kube_client_requests(const struct kube_client *client);

/* Nanoseconds that the server's clock is ahead of ours, as of its last answer
 * (full seconds); false: no answer told the time. */
bool kube_client_skew(const struct kube_client *client, int64_t *skew);

struct kube_resource {
    const char *group; /* "" is the core */
    const char *version;
    const char *plural;
};
extern const struct kube_resource kube_namespaces, kube_pods, kube_jobs,
    kube_config_maps, kube_secrets, kube_claims, kube_events, kube_nodes,
    kube_access_reviews;

/* A path of the API: of one object, or of all when `name` is NULL;
 * `namespace_name` NULL: of the cluster. Names are percent-encoded. Lives in
 * `arena`. */
const char *kube_path(struct arena *arena, const struct kube_resource *resource,
                      const char *namespace_name, const char *name);

/* `text` fit for a query. Lives in `arena`. */
const char *kube_escape(struct arena *arena, const char *text);

/* One request and its answer. Filled by the caller up to `what`. */
struct kube_call {
    const char *method; /* "GET", "POST", "PATCH" (merge), "DELETE" */
    const char *path;
    const struct value *body; /* NULL: none */
    bool metadata;            /* only the object's metadata is wanted */
    const char *what;         /* "create job 'x' in namespace 'y'" */

    int status;           /* of HTTP; 0: the server could not be asked */
    struct value *object; /* what it sent, in the arena; NULL after a failure */
    const char *reason;   /* of a refusal: "NotFound"; "" when it has none */
    struct error error;   /* set when the status is not 2xx: ERROR_REMOTE */
};

/* Makes all calls at once and waits for all answers, while watches and logs go
 * on. Failures that pass are tried again, after which a POST may find its own
 * object (409). 0 when every call has an answer or an error of its own; -1 when
 * interrupted (ERROR_ABORTED) or when waiting failed. */
int kube_call_run(struct kube_client *client, struct arena *arena,
                  struct kube_call *calls, size_t count,
                  struct error *error) MUST_CHECK;

enum kube_change { KUBE_ADDED, KUBE_MODIFIED, KUBE_DELETED };

struct kube_watch_setup {
    const char *path;  /* of the objects, without a query; copied */
    const char *query; /* "labelSelector=...", percent-encoded; copied */
    const char *what;  /* "watch pods in namespace 'y'"; copied */
    void *context;
    /* Each change, in order. A change that nobody saw, because the server had
     * forgotten it, is found by comparing. `object` lives during the call; of
     * one deleted unseen it has only name and uid. -1 ends everything. */
    int (*take)(void *context, enum kube_change change,
                const struct value *object, struct error *error);
};

/* Begins to watch: all objects that are there, then their changes. Goes on
 * over ends of the connection, and by listing where watching is not allowed.
 * The caller frees it, before the client. */
struct kube_watch;
struct kube_watch *kube_watch_start(struct kube_client *client,
                                    const struct kube_watch_setup *setup);
void kube_watch_free(struct kube_watch *watch);
DEFINE_CLEANUP(struct kube_watch *, kube_watch_free);

/* Why the server does not let us look; NULL: it does. */
const struct error *kube_watch_refusal(const struct kube_watch *watch);

/* Since when, by clock_monotonic, nothing could be seen; 0: all is well. */
int64_t kube_watch_blind(const struct kube_watch *watch);

struct kube_log_setup {
    const char *namespace_name, *pod, *container; /* copied */
    void *context;
    /* The next bytes of the log, newlines included. -1 ends everything. */
    int (*take)(void *context, const char *bytes, size_t length,
                struct error *error);
    /* What is to be known about the log: lines may be missing, or what the
     * node said in its place. */
    int (*note)(void *context, const char *text, struct error *error);
};

/* Follows the log of a container, over cuts, without losing or doubling lines.
 * The container must be running or have ended. The caller frees it, before the
 * client. */
struct kube_log;
struct kube_log *kube_log_start(struct kube_client *client,
                                const struct kube_log_setup *setup);
void kube_log_free(struct kube_log *log);
DEFINE_CLEANUP(struct kube_log *, kube_log_free);

/* The container has ended: once the end of the log was read, and read again
 * without news, it is complete. With `whole` the reader knows already that the
 * last line was seen. */
void kube_log_end(struct kube_log *log, bool whole);
/* Whether the server has begun to answer, or the log is over. */
bool kube_log_is_open(const struct kube_log *log);

bool kube_log_is_complete(const struct kube_log *log);

/* Whether it is over without an end: the pod or its log is gone. */
bool kube_log_is_lost(const struct kube_log *log);
