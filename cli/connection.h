#pragma once
/* The cluster that a command speaks to, from the options that name it. */
#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/kube/kube.h"
#include "engine/value/value.h"

struct connection_request {
    const char *kubeconfig, *context, *namespace_name; /* NULL: not given */
};

/* The rows of an options table that fill a request. */
#define CONNECTION_OPTIONS(request)                                              \
    {"namespace", 'n',                                                           \
     OPTION_TEXT, &(request)->namespace_name,                                    \
     "NS",        "the namespace; default: that of the context"},                \
        {"kubeconfig",           0,      OPTION_TEXT,                            \
         &(request)->kubeconfig, "FILE", "the kubeconfig; default: as kubectl"}, \
    {                                                                            \
        "context", 0, OPTION_TEXT, &(request)->context, "NAME",                  \
            "the context of it; default: the current one"                        \
    }

struct connection {
    struct kube_access *access;
    struct kube_client *client; /* the caller closes it */
    const char *namespace_name;
};

/* Whether anything says which cluster to speak to: an option, KUBECONFIG,
 * ~/.kube/config, or the variables of a pod. */
bool connection_is_configured(const struct connection_request *request);

/* Opens a client; nothing is sent yet. Lives in `arena`, but for the client. */
int connection_open(struct arena *arena,
                    const struct connection_request *request,
                    struct connection *connection,
                    struct error *error) MUST_CHECK;

/* The same for the run `id` that is recorded with `place`, a run's environment: what
 * the options do not say, that does. ERROR_USAGE when the cluster is another one. */
int connection_open_recorded(struct arena *arena,
                             const struct connection_request *request,
                             const struct value *place, const char *id,
                             struct connection *connection,
                             struct error *error) MUST_CHECK;
