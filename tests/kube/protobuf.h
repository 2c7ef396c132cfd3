#pragma once
/* The protobuf encoding in which kubectl sends some objects, for the few kinds
 * that it sends so and tests need: access reviews, ConfigMaps, Secrets,
 * namespaces, service accounts.
 * https://protobuf.dev/programming-guides/encoding/ */
#include <stddef.h>

#include "engine/value/value.h"

/* An object in the envelope of the API ("k8s" and a NUL, then runtime.Unknown)
 * as the map that its JSON is. NULL: it is none, or of another kind. Lives in
 * `arena`. */
struct value *protobuf_read(struct arena *arena, const char *bytes,
                            size_t length);
