#pragma once
/* One client of the server: bytes over TLS, never waiting. */
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/base/text.h"
#include "tests/kube/api.h"
#include "tests/kube/feed.h"

struct connection {
    SSL *tls;
    struct text input;
    struct text output;
    size_t sent;    /* bytes of the output */
    int descriptor; /* -1: free */
    short events;   /* what poll waits for */
    bool accepted;  /* the TLS handshake is done */
    bool ending;    /* to be closed when the output is sent */
    bool continued; /* the client was told to send its body */
    bool cuts;      /* the body ends after `rest` bytes */
    bool stalls;    /* ... but not the connection */
    bool clean;     /* ... in good order */
    int64_t rest;
    struct feed *feed; /* of the answer that is being sent; NULL: none */
    int64_t due;       /* by clock_monotonic: to be looked at again; 0: never */
    int64_t hold_until; /* the answer is not sent before */
};

/* Takes over the descriptor, which does not block. */
void connection_open(struct connection *connection, int descriptor,
                     SSL_CTX *context);
void connection_close(struct connection *connection);

/* Does what can be done now: handshake, sending, reading, answering. False when
 * the connection is over. */
bool connection_step(struct connection *connection, struct cluster *cluster);
