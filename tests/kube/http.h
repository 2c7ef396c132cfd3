#pragma once
/* HTTP/1.1 requests and responses (RFC 9112), of what API clients send. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/text.h"
#include "tests/kube/limits.h"

struct http_parameter {
    const char *name;
    const char *value;
};

struct http_request {
    const char *method;
    const char *path;                            /* as sent, for messages */
    const char *segments[SERVER_SEGMENTS_LIMIT]; /* decoded parts of the path */
    size_t segment_count;
    struct http_parameter query[SERVER_QUERY_LIMIT];
    size_t query_count;
    const char *authorization; /* NULL: none */
    const char *content_type;  /* "": none */
    const char *accept;        /* "": none */
    const char *body;
    size_t body_length;
    bool close; /* the client wants no further request on the connection */
};

struct feed;

struct http_response {
    int status;
    const char *type;    /* of the body */
    struct text body;    /* freed by the caller */
    int retry_after;     /* seconds; 0: not said */
    const char *warning; /* NULL: none; lives as long as the request */
    struct feed *feed;   /* a body that goes on, instead of `body`; or NULL */

    /* What a rule of faults wants. */
    bool lost;   /* close the connection instead of answering */
    bool cuts;   /* end the body after `cut_after` bytes */
    bool clean;  /* ... as if that were its end */
    bool stalls; /* ... or say nothing more, with the connection open */
    int64_t cut_after;
    int64_t delay; /* nanoseconds until the answer is sent */
};

/* Whether the client waits for "100 Continue" before it sends the body of the
 * incomplete request in `input`. */
bool http_waits(const struct text *input);

/* Reads one request from the beginning of `input`. 1 and the bytes `used` when
 * it is complete, 0 when more bytes are needed, -1 when it is none that can be
 * answered. The request lives as long as `arena`. */
int http_read(struct arena *arena, const struct text *input,
              struct http_request *request, size_t *used);

/* Appends the response; of one with a feed only the head. */
void http_write(struct text *output, const struct http_response *response);

/* Appends a piece of a body that goes on (chunked); 0 bytes are its end. */
void http_write_chunk(struct text *output, const char *bytes, size_t length);

/* The number that a parameter of the query is; `fallback` when it is not there
 * or empty, -1 when it is no number from 0 on. */
int64_t http_number(const struct http_request *request, const char *name,
                    int64_t fallback);

/* Whether the request asks for something with "true" or "1". */
bool http_asks(const struct http_request *request, const char *name);

/* The value of a parameter of the query, or NULL. */
const char *http_query(const struct http_request *request, const char *name);
