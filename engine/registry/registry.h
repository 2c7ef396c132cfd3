#pragma once
/*
 * What an image runs when nobody says: its ENTRYPOINT and CMD, asked of the registry
 * that has it (OCI distribution specification, https). Only the configuration of the
 * image is fetched, never a layer; what is named by a digest is compared with it.
 */
#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

struct registry_image {
    const struct value *entrypoint; /* list of strings; may be empty */
    const struct value *command;    /* likewise */
};

/*
 * Asks for `image`, as a container names it ("alpine", "ghcr.io/a/b:1@sha256:..."),
 * of Linux on the processor of this program. Credentials are those of docker and
 * podman (config.json, auth.json: `auths`), else none. Takes at most
 * REGISTRY_TIME. The result lives in `arena`. ERROR_REMOTE with what the registry
 * said, ERROR_INPUT for what is no name of an image, ERROR_SYSTEM without libcurl.
 */
int registry_read_image(struct arena *arena, const char *image,
                        struct registry_image *made,
                        struct error *error) MUST_CHECK;
