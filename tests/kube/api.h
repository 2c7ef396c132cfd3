#pragma once
/* Requests of the Kubernetes API and their answers, without any connection. */
#include "engine/base/arena.h"
#include "tests/kube/cluster.h"
#include "tests/kube/http.h"

/* Fills `response`; the caller frees its body and closes its feed. Uses `arena`
 * for what is only needed for this answer. */
void api_answer(struct arena *arena, struct cluster *cluster,
                const struct http_request *request,
                struct http_response *response);
