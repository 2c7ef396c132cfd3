#pragma once
/* The bytes of one file into another, hashed on the way. Private to history. */
#include <stdbool.h>
#include <stdint.h>

#include "engine/base/cleanup.h"
#include "engine/base/error.h"

enum copy_form {
    COPY_PLAIN,
    COPY_GZIP, /* without name and time: the same bytes for the same input */
};

/* What was written. */
struct copied {
    int64_t size;
    char hex[65]; /* its SHA-256 */
};

/* Copies at most `limit` bytes from `source`, from where it stands, to `target`.
 * More is ERROR_INPUT; a failure of either is ERROR_SYSTEM with its name. */
int copy_file(int source, int target, int64_t limit, enum copy_form form,
              struct copied *copied, struct error *error) MUST_CHECK;
