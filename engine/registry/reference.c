/*
 * "ghcr.io/a/b:1@sha256:..." in, its parts out, by the rules of docker: what stands
 * before the first slash is a host when it looks like one; without a host it is
 * Docker Hub, and a single word there is of `library`.
 */
#include <string.h>

#include "engine/base/digest.h"
#include "engine/registry/limits.h"
#include "engine/registry/private.h"

#define HUB       "docker.io"
#define HUB_HOST  "registry-1.docker.io"
#define HUB_KNOWN "https://index.docker.io/v1/"

enum { TAG_LIMIT = 128 };

static bool is_of(const char *text, size_t length, const char *more)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char letter = (unsigned char)text[i];
        bool plain = (letter >= 'a' && letter <= 'z') ||
                     (letter >= '0' && letter <= '9');
        if (!plain && (letter == '\0' || !strchr(more, letter)))
            return false;
    }
    return length > 0;
}

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* No part of a path that leads elsewhere. */
static bool is_repository(const char *text)
{
    return is_of(text, strlen(text), "._-/") && text[0] != '/' &&
           !strstr(text, "//") && !strstr(text, "..") && !strstr(text, "/.") &&
           text[0] != '.' && text[strlen(text) - 1] != '/';
}

static bool is_host(const char *text, size_t length)
{
    return memchr(text, '.', length) || memchr(text, ':', length) ||
           (length == 9 && strncmp(text, "localhost", 9) == 0);
}

static bool is_here(const char *host)
{
    size_t name = strcspn(host, ":");
    return (name == 9 && strncmp(host, "localhost", 9) == 0) ||
           (strncmp(host, "127.", 4) == 0 &&
            strspn(host, "0123456789.") == name);
}

/* Splits "host/path"; a path without a host is Docker Hub's. */
static void set_place(struct arena *arena, const char *name,
                      struct reference *made)
{
    size_t first = strcspn(name, "/");
    bool has_host = name[first] == '/' && is_host(name, first);
    const char *host = has_host ? arena_copy(arena, name, first) : HUB;
    const char *path = has_host ? name + first + 1 : name;
    bool hub = strcmp(host, HUB) == 0 || strcmp(host, "index.docker.io") == 0;
    made->host = hub ? HUB_HOST : host;
    made->known = hub ? HUB_KNOWN : host;
    made->here = is_here(made->host);
    made->repository = hub && !strchr(path, '/')
                           ? arena_format(arena, "library/%s", path)
                           : path;
}

int reference_read(struct arena *arena, const char *image,
                   struct reference *made, struct error *error)
{
    size_t length = strlen(image);
    const char *at = strchr(image, '@');
    *made = (struct reference){.tag = "latest", .digest = at ? at + 1 : NULL};
    char *name = arena_copy(arena, image, at ? (size_t)(at - image) : length);
    char *slash = strrchr(name, '/');
    char *colon = strrchr(slash ? slash : name, ':');
    if (colon) {
        *colon = '\0';
        made->tag = colon + 1;
    }
    set_place(arena, name, made);
    bool good = length <= REGISTRY_NAME_LIMIT &&
                is_of(made->host, strlen(made->host), ".-:" UPPER) &&
                is_repository(made->repository) &&
                strlen(made->tag) <= TAG_LIMIT &&
                is_of(made->tag, strlen(made->tag), "._-" UPPER) &&
                (!made->digest || digest_is_name(made->digest));
    return good ? 0
                : error_set(error, ERROR_INPUT,
                            "'%.200s' is not the name of an image", image);
}
