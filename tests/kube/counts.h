#pragma once
/* How many requests there were, by method and kind of path. */
#include <stddef.h>
#include <stdint.h>

#include "engine/value/value.h"
#include "tests/kube/limits.h"

struct count {
    char name[80]; /* "GET pods", "WATCH jobs", "GET pods/log" */
    int64_t number;
};

struct counts {
    struct count items[SERVER_COUNTS_LIMIT];
    size_t used;
    int64_t all, connections;
};

/* Counts a request. `what` is the resource, or the path's first part. */
void counts_add(struct counts *counts, const char *method, const char *what);

/* {requests, connections, byKind: {"GET pods": 3}}. Lives in `arena`. */
struct value *counts_describe(struct arena *arena, const struct counts *counts);
