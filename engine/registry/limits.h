#pragma once
/* Ceilings of what a registry may say. Each is tested from both sides. */
#include "engine/base/clock.h"

enum {
    REGISTRY_NAME_LIMIT = 512, /* bytes of an image's name */
    REGISTRY_BODY_LIMIT =
        4 * 1024 * 1024,                 /* a manifest: as the specification */
    REGISTRY_CHALLENGE_LIMIT = 4096,     /* a header that asks for a token */
    REGISTRY_WORDS_LIMIT = 256,          /* of an entrypoint or command */
    REGISTRY_WORD_LIMIT = 32 * 1024,     /* bytes of one of them */
    REGISTRY_CONFIG_LIMIT = 1024 * 1024, /* a file of credentials */
    REGISTRY_REDIRECTS_LIMIT = 5,
};

#define REGISTRY_CONNECT_TIME (5 * CLOCK_SECOND)
#define REGISTRY_TIME         (30 * CLOCK_SECOND) /* all requests for one image */
