#pragma once
/* Requests of the Kubernetes API and their answers, without any connection. */
#include "engine/base/arena.h"
#include "tests/kube/http.h"
#include "tests/kube/rules.h"
#include "tests/kube/store.h"

struct api {
    struct store store;
    struct rules rules;
    const char *token; /* the one that is let in; NULL: everybody is */
};

/* Fills `response`, whose body the caller frees. Uses `arena` for what is only
 * needed for this answer. */
void api_answer(struct arena *arena, const struct api *api,
                const struct http_request *request,
                struct http_response *response);
