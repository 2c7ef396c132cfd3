#pragma once
/* One run of a workflow, from what the user said to its exit code. */
#include <stdbool.h>

#include "cli/connection.h"
#include "cli/following.h"
#include "cli/prepare.h"
#include "engine/history/history.h"
#include "engine/runtime/runtime.h"

enum run_place { PLACE_HOST, PLACE_KUBERNETES };

struct run {
    struct request request;
    struct connection_request cluster;
    const char *runtime, *sandbox, *network, *expose;
    const char *keep, *service_account, *start_timeout;
    const char *engine, *pull;
    const char *database, *output_word;
    bool detach;
    enum run_place place;
    struct following_options look;
    struct runtime_options host_options;
    struct runtime_kubernetes_options kubernetes_options;

    struct history *history;
    struct connection connection;
    struct preparation preparation;
};

/* Prepares run->request and runs it, with the options checked; the exit code. */
int run_reference(struct run *run);

/* The stages of that. The history, after the runs that nobody carries out any more
 * have been ended; the caller closes it. NULL with `error`. */
struct history *run_open_history(const char *database, struct error *error);

/* Prepares run->request, prints what is wrong and records a failure in run->history;
 * the exit code. `*ready`: it can be carried out. All lives in `arena`. */
int run_prepare(struct run *run, struct arena *arena, bool *ready);

/* Runs what was prepared and records it in run->history; the exit code. `error` says
 * what went wrong, which is printed already unless run->look.watcher is set. */
int run_carry_out(struct run *run, struct error *error);
