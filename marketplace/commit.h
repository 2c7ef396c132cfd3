#pragma once
/* A commit object of git as bytes: what was signed, and the signature. */
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"

struct commit_parts {
    const char *payload; /* the object without its signature headers */
    size_t payload_length;
    const char *signature; /* armored; NULL: the commit is not signed */
    size_t signature_length;
};

/* Takes the raw bytes of a commit apart. The parts live in `arena`. ERROR_TRUST
 * for an object that is not well formed or is signed twice. */
int commit_split(struct arena *arena, const char *bytes, size_t length,
                 struct commit_parts *parts, struct error *error) MUST_CHECK;
