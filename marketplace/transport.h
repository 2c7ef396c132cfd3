#pragma once
/*
 * The connections that libgit2 makes for https, ours instead of its own: TLS by
 * OpenSSL, version 1.2 at least, the server's certificate and name checked.
 */
#include "engine/base/cleanup.h"
#include "engine/base/error.h"

/* Registers them for the whole process: called once, by the process that
 * fetches. `ca` is a file of certificates (PEM), NULL the system's. ERROR_INPUT
 * when it cannot be read. */
int transport_begin(const char *ca, struct error *error) MUST_CHECK;
