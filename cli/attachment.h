#pragma once
/* Taking up a run that is in a cluster: what `attach` and `abort` share. */
#include <stdbool.h>

#include "cli/connection.h"
#include "cli/following.h"

struct attachment_request {
    const char *run; /* an id, the beginning of one, or `latest` */
    const char *database;
    struct connection_request cluster;
    struct following_options look;
    bool abort;
};

/* Follows the run to its end, or ends it; the exit code. */
int attachment_run(const struct attachment_request *request);
