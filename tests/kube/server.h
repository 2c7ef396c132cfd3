#pragma once
/* The server's socket and its loop. */
#include <openssl/ssl.h>
#include <stdint.h>

#include "engine/base/error.h"
#include "tests/kube/api.h"

/* A socket that listens on 127.0.0.1, and the port that it was given. -1 with
 * ERROR_SYSTEM. */
int server_listen(uint16_t *port, struct error *error);

/* Serves until SIGTERM or SIGINT (0), or until the loop fails: -1. */
int server_run(int listener, SSL_CTX *context, struct cluster *cluster,
               struct error *error) MUST_CHECK;
