/* The files in which docker and podman keep what was logged in with, in; the header
 * for one registry out. Helper programs (credsStore, credHelpers) are not run. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/registry/limits.h"
#include "engine/registry/private.h"

static const char *find_in(struct arena *arena, const char *path,
                           const char *known)
{
    struct error ignored = {0};
    size_t length;
    const char *text =
        file_read(arena, path, REGISTRY_CONFIG_LIMIT, &length, &ignored);
    const struct value *config =
        text ? value_read_json(arena, text, length, &ignored) : NULL;
    const char *secret =
        value_string_at(value_get(value_get(config, "auths"), known), "auth");
    bool plain = secret && *secret && strlen(secret) < 8192 &&
                 strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                                "uvwxyz0123456789+/=") == strlen(secret);
    return plain ? arena_format(arena, "Basic %s", secret) : NULL;
}

const char *credentials_find(struct arena *arena, const char *known)
{
    static const struct {
        const char *variable, *rest;
    } places[] = {
        {"REGISTRY_AUTH_FILE", ""},
        {"DOCKER_CONFIG", "/config.json"},
        {"HOME", "/.docker/config.json"},
        {"XDG_RUNTIME_DIR", "/containers/auth.json"},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *folder = getenv(places[i].variable);
        const char *found =
            folder && *folder
                ? find_in(arena,
                          arena_format(arena, "%s%s", folder, places[i].rest),
                          known)
                : NULL;
        if (found)
            return found;
    }
    return NULL;
}
