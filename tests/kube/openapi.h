#pragma once
/* As much of the OpenAPI documents as kubectl asks for. */
#include "tests/kube/http.h"

/* /openapi/...: version 2 is an empty document, with which older kubectl does
 * not validate; version 3 says of each kind that the server validates fields and
 * knows dry runs, so that newer kubectl leaves both to it. */
void openapi_answer(struct arena *arena, const struct http_request *request,
                    struct http_response *response);
