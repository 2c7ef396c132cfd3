/*
 * The name of an image in, what it runs out, in two to five requests: manifest (a
 * token may be asked for first), of an index the manifest of this machine, the
 * configuration. From a digest on, each body is compared with the digest that led
 * to it, so that a name with a digest says what the image runs whoever answers.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/digest.h"
#include "engine/registry/limits.h"
#include "engine/registry/private.h"

#define MANIFESTS                                                              \
    "application/vnd.oci.image.index.v1+json, "                                \
    "application/vnd.docker.distribution.manifest.list.v2+json, "              \
    "application/vnd.oci.image.manifest.v1+json, "                             \
    "application/vnd.docker.distribution.manifest.v2+json"

/* What is asked, and with which right. */
struct asking {
    struct arena *arena;
    struct reference reference;
    const char *authorization; /* NULL: none yet */
    int64_t until;
};

/* --- a token ---------------------------------------------------------------- */

static void append_query(struct text *url, const char *name, const char *value)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                                "uvwxyz0123456789-._~:/,";
    if (!value)
        return;
    text_append_format(url, "%c%s=", strchr(text_string(url), '?') ? '&' : '?',
                       name);
    for (; *value; value++)
        if (strchr(plain, *value))
            text_append_character(url, *value);
        else
            text_append_format(url, "%%%02X", (unsigned char)*value);
}

/* A token as it may stand in a header. */
static const char *read_token(struct arena *arena, const struct answer *answer)
{
    struct error ignored = {0};
    const struct value *object = value_read_json(
        arena, text_string(&answer->body), answer->body.length, &ignored);
    const char *token = value_string_at(object, "token");
    if (!token)
        token = value_string_at(object, "access_token");
    bool good = token && *token &&
                strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                              "uvwxyz0123456789-._~+/=") == strlen(token);
    return good ? token : NULL;
}

/* Gets the right to read, as the server wants it. */
static int authorize(struct asking *asking, const char *header,
                     struct error *error)
{
    struct arena *arena = asking->arena;
    struct challenge challenge;
    const char *own = credentials_find(arena, asking->reference.known);
    if (!challenge_read(arena, header, &challenge))
        return error_set(error, ERROR_REMOTE,
                         "it asks for credentials in a way that is not known");
    if (challenge.basic && !own)
        return error_set(error, ERROR_REMOTE,
                         "it asks for a name and a password, which neither "
                         "docker nor podman has");
    asking->authorization = own;
    if (challenge.basic)
        return 0;
    CLEANUP(answer_free) struct answer answer = {0};
    CLEANUP(text_free) struct text url = {0};
    text_append_string(&url, challenge.realm);
    append_query(&url, "service", challenge.service);
    append_query(&url, "scope", challenge.scope);
    const struct request request = {.url = text_string(&url),
                                    .authorization = own,
                                    .here = asking->reference.here,
                                    .until = asking->until};
    if (transfer_get(&request, &answer, error) < 0)
        return -1;
    const char *token = read_token(arena, &answer);
    if (answer.status != 200 || !token)
        return error_set(error, ERROR_REMOTE, "it gave no token (HTTP %ld)",
                         answer.status);
    asking->authorization = arena_format(arena, "Bearer %s", token);
    return 0;
}

/* --- objects ---------------------------------------------------------------- */

static int compare(const struct answer *answer, const char *digest,
                   struct error *error)
{
    char hex[65];
    struct digest found =
        digest_compute(text_string(&answer->body), answer->body.length);
    digest_print(&found, hex);
    if (strcmp(digest + 7, hex) == 0)
        return 0;
    return error_set(error, ERROR_REMOTE,
                     "what it has as %.20s... is something else", digest);
}

/* manifests/NAME or blobs/NAME as JSON, compared when the name is a digest. */
static const struct value *get(struct asking *asking, const char *kind,
                               const char *name, struct error *error)
{
    const struct reference *reference = &asking->reference;
    CLEANUP(answer_free) struct answer answer = {0};
    struct request request = {
        .url = arena_format(asking->arena, "http%s://%s/v2/%s/%s/%s",
                            reference->here ? "" : "s", reference->host,
                            reference->repository, kind, name),
        .accept = strcmp(kind, "manifests") == 0 ? MANIFESTS : NULL,
        .here = reference->here,
        .until = asking->until,
    };
    bool may_ask = !asking->authorization;
    for (;;) {
        request.authorization = asking->authorization;
        if (transfer_get(&request, &answer, error) < 0)
            return NULL;
        if (answer.status != 401 || !may_ask)
            break;
        may_ask = false;
        const char *header = text_string(&answer.challenge);
        if (authorize(asking, header, error) < 0)
            return NULL;
    }
    if (answer.status != 200) {
        error_set(error, ERROR_REMOTE, "it has no such image for us (HTTP %ld)",
                  answer.status);
        return NULL;
    }
    if (digest_is_name(name) && compare(&answer, name, error) < 0)
        return NULL;
    return value_read_json(asking->arena, text_string(&answer.body),
                           answer.body.length, error);
}

/* The manifest of the image for this machine. */
static const struct value *get_manifest(struct asking *asking,
                                        struct error *error)
{
    const struct reference *reference = &asking->reference;
    const struct value *found =
        get(asking, "manifests",
            reference->digest ? reference->digest : reference->tag, error);
    if (!found || !value_get(found, "manifests"))
        return found;
    const char *digest = config_choose(found);
    if (digest_is_name(digest))
        return get(asking, "manifests", digest, error);
    error_set(error, ERROR_REMOTE, "it has the image for other machines only");
    return NULL;
}

static int read_image(struct asking *asking, struct registry_image *made,
                      struct error *error)
{
    const struct value *manifest = get_manifest(asking, error);
    if (!manifest)
        return -1;
    const char *digest = value_string(value_path(manifest, "config.digest"));
    if (!digest_is_name(digest))
        return error_set(error, ERROR_REMOTE,
                         "its manifest names no configuration");
    const struct value *config = get(asking, "blobs", digest, error);
    return config ? config_read(asking->arena, config, made, error) : -1;
}

int registry_read_image(struct arena *arena, const char *image,
                        struct registry_image *made, struct error *error)
{
    struct asking asking = {.arena = arena,
                            .until = clock_monotonic() + REGISTRY_TIME};
    struct error inner = {0};
    *made = (struct registry_image){0};
    if (reference_read(arena, image, &asking.reference, error) < 0)
        return -1;
    if (read_image(&asking, made, &inner) == 0)
        return 0;
    return error_set(
        error, inner.kind == ERROR_SYSTEM ? ERROR_SYSTEM : ERROR_REMOTE,
        "registry %.100s: %.300s", asking.reference.host, inner.text);
}
