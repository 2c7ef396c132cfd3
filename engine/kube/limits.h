#pragma once
/* Ceilings of what is read to reach a cluster and from it, and why. */
#include "engine/base/clock.h"

enum {
    KUBE_FILE_BYTES_LIMIT = 1024 * 1024, /* a kubeconfig, a certificate, a key,
                                          * a token: etcd keeps nothing larger */
    KUBE_FILES_LIMIT = 64,               /* files of one $KUBECONFIG */
    KUBE_ENTRIES_LIMIT = 4096, /* clusters, users or contexts, all files */

    /* Programs that log in. */
    KUBE_PLUGIN_BYTES_LIMIT = 1024 * 1024, /* of their answer */
    KUBE_PLUGIN_ARGUMENTS_LIMIT = 256,
    KUBE_PLUGIN_VARIABLES_LIMIT = 4096, /* the environment included */

    /* Answers of the server. An object is at most 1.5 MiB in etcd; a list of
     * what one run has made is a few of them. */
    KUBE_BODY_LIMIT = 8 * 1024 * 1024, /* of one answer, unpacked */
    KUBE_REFUSAL_LIMIT = 64 * 1024,    /* of one that says no */
    KUBE_LINE_LIMIT = 8 * 1024 * 1024, /* one event of a watch */
    KUBE_OBJECTS_LIMIT = 1000,         /* that one watch keeps track of */
    KUBE_HEADER_LIMIT = 16 * 1024,     /* one header line */

    /* Logs. Lines of the last point in time are kept to compare them after a
     * cut: so many, and so much of each. */
    KUBE_LOG_LINES_LIMIT = 256,
    KUBE_LOG_PREFIX_LIMIT = 512,
    KUBE_LOG_BUFFER = 64 * 1024, /* text handed on at once */
};

#define KUBE_PLUGIN_TIME      (60 * CLOCK_SECOND)
#define KUBE_PLUGIN_ASKS_TIME (300 * CLOCK_SECOND) /* one that asks a person */
#define KUBE_TOKEN_FILE_TIME  (60 * CLOCK_SECOND)  /* kept before read again */

#define KUBE_CONNECT_TIME (10 * CLOCK_SECOND)
#define KUBE_CALL_TIME    (30 * CLOCK_SECOND) /* one attempt of a call */

/* How long a call is tried again: until the server was heard once, and after. */
#define KUBE_PATIENCE_FIRST (5 * CLOCK_SECOND)
#define KUBE_PATIENCE       (60 * CLOCK_SECOND)

#define KUBE_BACKOFF_LEAST (250 * CLOCK_MILLISECOND)
#define KUBE_BACKOFF_MOST  (30 * CLOCK_SECOND)
#define KUBE_RETRY_AFTER_MOST                                                  \
    (60 * CLOCK_SECOND) /* what a server may ask for */

/* A watch: the server ends it, and we end it when nothing is heard. */
#define KUBE_WATCH_TIME  (300 * CLOCK_SECOND)
#define KUBE_WATCH_QUIET (120 * CLOCK_SECOND)
#define KUBE_WATCH_PAUSE (1 * CLOCK_SECOND) /* between two of its beginnings */
