#pragma once
/*
 * How one cluster is reached, and as whom: what a kubeconfig context (or the
 * files that every pod is given) says, with its files read. Credentials are
 * refreshed where that is possible.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

struct kube_bytes {
    const char *data; /* NULL: none */
    size_t length;
};

/* Who we are; all of it may be missing. */
struct kube_credentials {
    struct arena *arena; /* holds the rest, replaced with it */
    const char *token;
    struct kube_bytes certificate, key; /* PEM */
    int64_t read;                       /* when, by clock_monotonic */
    int64_t expires;                    /* by clock_now; 0: not known */
};

struct kube_access {
    struct arena *arena;
    const char *context;        /* its name, or "in-cluster" */
    const char *server;         /* http[s]://host[:port][/prefix] */
    const char *host;           /* host[:port] of it */
    const char *namespace_name; /* of the context; NULL: it has none */
    const char *server_name;    /* tls-server-name; NULL: the host's */
    const char *proxy;          /* proxy-url; NULL: as the environment says */
    bool secure;                /* https: only then credentials are sent */
    bool insecure;              /* the server's certificate is not checked */
    struct kube_bytes authority;
    const struct value *user;    /* as the kubeconfig has it; NULL: nobody */
    const struct value *cluster; /* as the kubeconfig has it; or NULL */
    const char *token_file;      /* NULL: none */
    struct kube_credentials credentials;
};

/* Reads the credentials for the first time, or again when they are due to be:
 * `force` after the server has refused them. May run a program. 1 when they are
 * new, 0 when they stayed as they were, -1. */
int access_refresh(struct kube_access *access, bool force, struct error *error);

/* Runs the program of the user's `exec` and takes over its answer. ERROR_INPUT or
 * ERROR_SYSTEM. */
int access_run_plugin(const struct kube_access *access,
                      struct kube_credentials *credentials,
                      struct error *error) MUST_CHECK;

/* Takes over an ExecCredential, the answer of such a program. Pure. */
int access_read_credential(const char *text, size_t length, const char *version,
                           struct kube_credentials *credentials,
                           struct error *error) MUST_CHECK;
