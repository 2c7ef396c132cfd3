#pragma once
/* A certificate of its own for each start of the server. */
#include <openssl/ssl.h>

#include "engine/base/cleanup.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

/* Makes a key and a certificate for 127.0.0.1 that signs itself, valid for a day.
 * The TLS context that uses them (the caller frees it with SSL_CTX_free), and the
 * certificate as PEM appended to `pem`. NULL with ERROR_SYSTEM. */
SSL_CTX *certificate_make(struct text *pem, struct error *error);
