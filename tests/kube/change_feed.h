#pragma once
/* The body of a watch: changes of the store as JSON, one a line. */
#include "tests/kube/cluster.h"
#include "tests/kube/feed.h"
#include "tests/kube/selector.h"

struct change_feed_options {
    const struct resource *resource;
    const char *namespace_name;  /* "": all */
    const char *labels, *fields; /* selectors; NULL: none */
    int64_t version; /* only later changes; -1: first all that is there */
    bool bookmarks;
    bool initial_end; /* say when all that is there has been told */
    bool tables;      /* objects as Tables of one row */
    bool expired;     /* say that the version is too old, and end */
    int64_t timeout;  /* nanoseconds */
};

/* A feed for the answer; closed with its close. NULL when a selector is wrong:
 * ERROR_INPUT. */
struct feed *change_feed_open(const struct cluster *cluster,
                              const struct change_feed_options *options,
                              struct error *error);
