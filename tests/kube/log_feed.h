#pragma once
/* The body of an answer with a container's log. */
#include "tests/kube/feed.h"
#include "tests/kube/log_file.h"

struct log_feed_options {
    bool follow, timestamps;
    int64_t since; /* nanoseconds since 1970: no earlier lines; 0: all */
    int64_t tail;  /* only so many lines of what is there; -1: all */
    int64_t limit; /* bytes; -1: no limit */
};

/* A feed that holds the log. */
struct feed *log_feed_open(struct log_file *log,
                           const struct log_feed_options *options);
