#pragma once
/* Ceilings of the test server, so that a broken client cannot exhaust it. */
enum {
    SERVER_CONNECTIONS_LIMIT = 128,
    SERVER_HEADER_LIMIT = 64 * 1024,      /* request line and headers */
    SERVER_BODY_LIMIT = 3 * 1024 * 1024,  /* what a real server accepts */
    SERVER_FILE_LIMIT = 16 * 1024 * 1024, /* one file of objects or rules */
    SERVER_FILES_LIMIT = 1000,            /* files of a folder of objects */
    SERVER_SEGMENTS_LIMIT = 10,           /* parts of a request's path */
    SERVER_QUERY_LIMIT = 32,              /* parameters of a request */
    SERVER_RULES_LIMIT = 200,
    SERVER_COUNTS_LIMIT = 200, /* kinds of requests that are told apart */

    STORE_OBJECTS_LIMIT = 3000,
    STORE_BYTES_LIMIT = 256 * 1024 * 1024, /* of all objects */
    STORE_EVENTS_LIMIT = 500,              /* objects of the kind Event */
    STORE_CHANGES_LIMIT = 4096,            /* that a watch can look back */
    STORE_CHANGES_BYTES = 64 * 1024 * 1024,

    FEED_STEP = 256 * 1024, /* bytes of a stream that are made in one go */
    TIMERS_LIMIT = 8192,    /* moments that somebody waits for */
    NODE_PODS_LIMIT = 110,  /* as a real node */
    LOG_PART = 16 * 1024,   /* a longer line is written in parts */
    LOG_TAIL_BYTES = 2048,  /* of a log as a termination message */
    LOG_TAIL_LINES = 80,    /* the same, in lines */
    MESSAGE_LIMIT = 4096,   /* of a container's termination message */
    MESSAGES_LIMIT = 12288, /* of all containers of a pod */
};
