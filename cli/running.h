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
