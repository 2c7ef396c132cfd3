#pragma once
/* The protobuf encoding in which kubectl sends some objects, for the few kinds
 * that it sends so. https://protobuf.dev/programming-guides/encoding/ */
#include <stddef.h>

#include "engine/value/value.h"

/* A SelfSubjectAccessReview or SelfSubjectRulesReview in the envelope of the API
 * ("k8s" and a NUL, then runtime.Unknown) as the map that its JSON is. NULL: it
 * is none. Lives in `arena`. */
struct value *protobuf_read_review(struct arena *arena, const char *bytes,
                                   size_t length);
