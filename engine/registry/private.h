#pragma once
/* What the parts of this module say to one another. */
#include <stdbool.h>
#include <stdint.h>

#include "engine/base/text.h"
#include "engine/registry/registry.h"

/* The name of an image, taken apart; all texts but `digest` are set. */
struct reference {
    const char *host;       /* host[:port] to ask */
    const char *known;      /* what credentials call it */
    const char *repository; /* "library/alpine" */
    const char *tag;        /* "latest" when there is none */
    const char *digest;     /* "sha256:..."; NULL: none */
    bool here;              /* a registry of this machine: no TLS, as docker */
};

/* reference.c. -1 with ERROR_INPUT. Lives in `arena`. */
int reference_read(struct arena *arena, const char *image,
                   struct reference *made, struct error *error) MUST_CHECK;

/* What a server that says 401 asks for. */
struct challenge {
    bool basic;                  /* a name and a password */
    const char *realm;           /* else: where a token is given out */
    const char *service, *scope; /* or NULL */
};

/* challenge.c: the value of a WWW-Authenticate header; false: none of the two
 * kinds. Lives in `arena`. */
bool challenge_read(struct arena *arena, const char *header,
                    struct challenge *made);

/* credentials.c: "Basic ..." for a registry, from the files of docker and podman;
 * NULL: none there. Lives in `arena`. */
const char *credentials_find(struct arena *arena, const char *known);

/* config.c: the configuration of an image, and which of the manifests of an index is
 * for this machine (its digest; NULL: none). */
int config_read(struct arena *arena, const struct value *config,
                struct registry_image *made, struct error *error) MUST_CHECK;
const char *config_choose(const struct value *index);

/* One answer. */
struct answer {
    long status;
    struct text body, challenge;
};

struct request {
    const char *url;
    const char *accept, *authorization; /* NULL: none */
    bool here;                          /* the registry is on this machine */
    int64_t until;                      /* by clock_monotonic, at the latest */
};

/* transfer.c: one GET. Redirects lose the authorization on other hosts. */
int transfer_get(const struct request *request, struct answer *answer,
                 struct error *error) MUST_CHECK;
void answer_free(struct answer *answer);
static inline void answer_free_cleanup(struct answer *answer)
{
    answer_free(answer);
}
