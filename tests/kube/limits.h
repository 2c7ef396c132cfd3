#pragma once
/* Ceilings of the test server, so that a broken client cannot exhaust it. */
enum {
    SERVER_CONNECTIONS_LIMIT = 64,
    SERVER_HEADER_LIMIT = 64 * 1024,      /* request line and headers */
    SERVER_BODY_LIMIT = 3 * 1024 * 1024,  /* what a real server accepts */
    SERVER_FILE_LIMIT = 16 * 1024 * 1024, /* one file of objects or rules */
    SERVER_FILES_LIMIT = 1000,            /* files of a folder of objects */
    SERVER_SEGMENTS_LIMIT = 10,           /* parts of a request's path */
    SERVER_QUERY_LIMIT = 32,              /* parameters of a request */
};
