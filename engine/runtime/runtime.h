#pragma once
/*
 * A plan run somewhere, as events. A runtime knows neither the history nor the
 * terminal: it hands events to a sink. It always ends with EVENT_RUN_FINISHED
 * once it has emitted EVENT_RUN_STARTED.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/error.h"
#include "engine/event/event.h"
#include "engine/plan/plan.h"

struct artifact_kept {
    int64_t size;    /* bytes of what is kept */
    char digest[72]; /* "sha256:<64 hex digits>" */
};

enum runtime_sandbox {
    SANDBOX_BUBBLEWRAP, /* own pid, ipc, uts, user and mount namespaces */
    SANDBOX_NONE,       /* plain processes; asked for explicitly */
    SANDBOX_CONTAINER,  /* containers of podman or docker, from the images */
};

/* When a container engine looks for an image in its registry. */
enum runtime_pull {
    PULL_AS_PLANNED, /* as imagePullPolicy says */
    PULL_MISSING,
    PULL_ALWAYS,
    PULL_NEVER,
};

/* Where the files that steps leave are kept: whoever runs a plan gives one. Embed it
 * first in a struct of your own. */
struct artifact_store {
    /* Keeps what the open file `source` has, at most `limit` bytes, with
     * `compress` as gzip, and says what it kept. -1 with `error` set. */
    int (*keep)(struct artifact_store *store, int source, int64_t limit,
                bool compress, struct artifact_kept *kept, struct error *error);
};

struct runtime_options {
    struct artifact_store *artifacts; /* NULL: files are not kept, and a note
                                       * says so */
    enum runtime_sandbox sandbox;
    const char *engine; /* of SANDBOX_CONTAINER: a name or a path; NULL: what
                             * is there */
    enum runtime_pull pull; /* of SANDBOX_CONTAINER */
    bool network_none;      /* take the network away */
    const char
        *kubeconfig;      /* the text of a kubeconfig for the steps: exposed as
                             * a file, KUBECONFIG names it; NULL: none */
    int abort_descriptor; /* becomes readable when the user wants the run to be
                             * aborted (one byte for each wish); -1: never */
    int64_t deadline;     /* nanoseconds for the whole run; 0: none */

    /* Called once, before the first event and before any step can begin: the run is
     * recorded here, while its sandbox is already being made. -1 with `error`: the
     * run does not take place, and there are no events. NULL: nothing to do. */
    int (*begin)(void *context, struct error *error);
    void *begin_context;

    /* Called a moment after output was handed on, for a sink that gathers it: -1
     * with `error` ends the run. NULL: nobody wants to know. */
    int (*rest)(void *context, struct error *error);
    void *rest_context;
};

/* Runs `plan` on this machine (docs/runtimes.md). 0 when the run ended in any way
 * that the events tell (failed, aborted, ...); -1 when it could not be started or
 * a sink failed. EVENT_RUN_STARTED is emitted first unless options->begin has failed,
 * and then the last event is EVENT_RUN_FINISHED, after -1 with STATUS_ERROR and the text of `error`;
 * only a sink that fails may miss it. */
int runtime_host_run(const struct plan *plan,
                     const struct runtime_options *options,
                     struct event_sink *sink, struct error *error) MUST_CHECK;

/* Lets the paused step `ref` of a run on this machine go on; `folder` is what the data
 * of its EVENT_RUN_STARTED calls so. The entrypoint says with EVENT_STEP_RESUMED that
 * it did. ERROR_SYSTEM when the folder is not there or not ours. */
int runtime_resume(const char *folder, const char *ref,
                   struct error *error) MUST_CHECK;

/* To be called when the step goes on, or does not: takes back what was not needed,
 * when two have resumed it at once. It holds what the steps should not see. */
void runtime_resume_end(const char *folder, const char *ref);

/* Removes the folder of a run on this machine whose engine and keeper are gone, after
 * a restart for example. Nothing when it is not there; a folder that does not look
 * like one of ours is left alone, ERROR_SYSTEM. */
int runtime_remove_folder(const char *folder, struct error *error) MUST_CHECK;

/* What is left in the cluster when a run has ended. */
enum runtime_keep {
    KEEP_FAILED, /* the Job of a run that did not pass, for an hour */
    KEEP_ALWAYS,
    KEEP_NEVER,
};

struct kube_client;

/* What a history knows of a run that is taken up again. */
struct runtime_record {
    const struct run_state *state;
    const struct runtime_recorded {
        const char *step; /* its ref; "" for output of no step */
        uint64_t bytes;   /* of its output */
    } * steps;
    size_t count;
};

struct runtime_kubernetes_options {
    struct kube_client *client;
    const char *context, *server; /* for the record */
    const char *namespace_name;
    const char *service_account; /* NULL: as the workflow says */
    enum security_profile security;
    enum runtime_keep keep;
    bool detach;           /* return when all is created */
    bool abort;            /* of attach: end it */
    int abort_descriptor;  /* as runtime_options */
    int64_t deadline;      /* nanoseconds for the whole run; 0: none */
    int64_t start_timeout; /* nanoseconds for the pod to start; 0: 5 minutes */
};

/* How things stand after a run in a cluster. */
struct runtime_kubernetes_result {
    bool running_on;       /* nobody knows its end yet: it may be attached to */
    struct error leftover; /* set: what could not be removed, and why */
};

/* Runs `plan` as a Job. EVENT_RUN_STARTED, with the place in its data, comes
 * before the Job is created; a failure before ends with EVENT_RUN_FINISHED alone.
 * The last event is EVENT_RUN_FINISHED, unless result->running_on. 0 when the
 * events tell the outcome, or the run goes on as was wanted; -1 as
 * runtime_host_run, or when the cluster was lost (then it runs on). */
int runtime_kubernetes_run(const struct plan *plan,
                           const struct runtime_kubernetes_options *options,
                           struct event_sink *sink,
                           struct runtime_kubernetes_result *result,
                           struct error *error) MUST_CHECK;

/* Takes up the run `run_id` in options->namespace_name by its labels, and hands on
 * the events that `record` does not have: from EVENT_RUN_QUEUED when its state is
 * new. A Job that is gone makes the run lost. As runtime_kubernetes_run. */
int runtime_kubernetes_attach(const char *run_id,
                              const struct runtime_kubernetes_options *options,
                              const struct runtime_record *record,
                              struct event_sink *sink,
                              struct runtime_kubernetes_result *result,
                              struct error *error) MUST_CHECK;

/* Ends the pod of a run that another process follows, and lets that one record
 * it. ERROR_REMOTE when there is none. */
int runtime_kubernetes_stop(const char *run_id,
                            const struct runtime_kubernetes_options *options,
                            struct error *error) MUST_CHECK;

/* Lets the paused step `ref` of a run go on, whoever follows the run: writes the
 * annotation assay.dev/resume.<ref> of its pod. ERROR_REMOTE when there is no pod that
 * runs. Writing it again changes nothing. */
int runtime_kubernetes_resume(const char *run_id, const char *ref,
                              const struct runtime_kubernetes_options *options,
                              struct error *error) MUST_CHECK;

/* What a run in a cluster needs to be allowed, in its namespace. Ends with a row
 * whose resource is NULL. */
struct runtime_permission {
    const char *group;                  /* "" is the core */
    const char *resource, *subresource; /* "" : the resource itself */
    const char *verbs[6];               /* ends with NULL */
    bool optional;                      /* a run goes on without it */
    const char *use;                    /* for people: what it is for */
};
extern const struct runtime_permission runtime_kubernetes_permissions[];
