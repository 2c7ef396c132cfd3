#pragma once
/* The head of a remote repository, with everything below it. */
#include <stddef.h>

#include "engine/base/error.h"
#include "marketplace/repository.h"

struct fetch {
    const char *url;
    const char *ca;       /* file of certificates; NULL: the system's */
    const char *have;     /* commit that is there already; NULL */
    size_t seconds;       /* for all of it */
    size_t bytes_limit;   /* of the pack */
    size_t objects_limit; /* in the pack */
};

/* Checks the form of a URL: https, ssh or file, a host, no password, nothing
 * that a shell or a log would trip over. ERROR_USAGE; ERROR_TRUST for the
 * transports that nobody checks (http, git). */
int fetch_check_url(const char *url, struct error *error) MUST_CHECK;

/* Asks for the remote's HEAD and, when it is not `have`, gets its objects into
 * the bare repository at `folder`. Puts the commit into `head`. Done by a child
 * process with ceilings for memory, file size and time, so that a server that
 * sends too much, or nothing, ends the child. ERROR_REMOTE, or ERROR_TRUST
 * "length-exceeded". */
int fetch_head(const char *folder, const struct fetch *fetch,
               char head[COMMIT_NAME], struct error *error) MUST_CHECK;
