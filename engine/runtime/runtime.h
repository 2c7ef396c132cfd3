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

enum runtime_sandbox {
    SANDBOX_BUBBLEWRAP, /* own pid, ipc, uts, user and mount namespaces */
    SANDBOX_NONE,       /* plain processes; asked for explicitly */
};

struct runtime_options {
    enum runtime_sandbox sandbox;
    bool network_none; /* take the network away */
    const char
        *kubeconfig;      /* the text of a kubeconfig for the steps: exposed as
                             * a file, KUBECONFIG names it; NULL: none */
    int abort_descriptor; /* becomes readable when the user wants the run to be
                             * aborted (one byte for each wish); -1: never */
    int64_t deadline;     /* nanoseconds for the whole run; 0: none */
};

/* Runs `plan` on this machine (docs/runtimes.md). 0 when the run ended in any way
 * that the events tell (failed, aborted, ...); -1 when it could not be started or
 * a sink failed. EVENT_RUN_STARTED is emitted first in any case, and then the last
 * event is EVENT_RUN_FINISHED, after -1 with STATUS_ERROR and the text of `error`;
 * only a sink that fails may miss it. */
int runtime_host_run(const struct plan *plan,
                     const struct runtime_options *options,
                     struct event_sink *sink, struct error *error) MUST_CHECK;
