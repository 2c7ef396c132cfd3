#pragma once
/* The body of an answer that goes on: the changes of a watch, the lines of a
 * log. Made by change_feed.h and log_feed.h, read by a connection. */
#include <stdbool.h>
#include <stdint.h>

#include "engine/base/text.h"

struct cluster;

enum feed_state {
    FEED_MORE, /* there is more at once */
    FEED_IDLE, /* nothing more until the cluster changes or `due` */
    FEED_END,
};

/* The beginning of each feed's own struct. */
struct feed {
    /* Appends at most about FEED_STEP bytes of what there is. */
    enum feed_state (*fill)(struct feed *feed, struct cluster *cluster,
                            struct text *out);
    void (*close)(struct feed *feed);
    int64_t due; /* by clock_monotonic: when fill has to be called; 0: never */
};
