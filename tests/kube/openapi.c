/*
 * The table of resources in, the smallest documents out that make kubectl (1.20
 * to 1.32) send an object without judging it: it looks in version 3 for the PATCH
 * operation of a kind and its query parameters `fieldValidation` and `dryRun`.
 */
#include "tests/kube/openapi.h"

#include <string.h>

#include "engine/value/value.h"
#include "tests/kube/discovery.h"
#include "tests/kube/status.h"

/* "api/v1", "apis/batch/v1" */
static const char *name_group(struct arena *arena,
                              const struct resource *resource)
{
    return arena_format(arena, "%s/%s", resource->group[0] ? "apis" : "api",
                        discovery_api_version(arena, resource));
}

static struct value *make_index(struct arena *arena)
{
    const struct resource *all;
    size_t count = discovery_all(&all);
    struct value *document = value_make_map(arena);
    struct value *paths = value_make_map(arena);
    for (size_t i = 0; i < count; i++) {
        const char *name = name_group(arena, &all[i]);
        struct value *path = value_make_map(arena);
        value_set_string(arena, path, "serverRelativeURL",
                         arena_format(arena, "/openapi/v3/%s", name));
        value_set(arena, paths, name, path);
    }
    value_set(arena, document, "paths", paths);
    return document;
}

static struct value *make_parameters(struct arena *arena)
{
    static const char *const names[] = {"dryRun", "fieldValidation"};
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct value *parameter = value_make_map(arena);
        value_set_string(arena, parameter, "name", names[i]);
        value_set_string(arena, parameter, "in", "query");
        value_append(arena, list, parameter);
    }
    return list;
}

static struct value *make_path(struct arena *arena,
                               const struct resource *resource)
{
    struct value *path = value_make_map(arena);
    struct value *patch = value_make_map(arena);
    struct value *kind = value_make_map(arena);
    value_set_string(arena, kind, "group", resource->group);
    value_set_string(arena, kind, "version", resource->version);
    value_set_string(arena, kind, "kind", resource->kind);
    value_set(arena, patch, "x-kubernetes-group-version-kind", kind);
    value_set(arena, patch, "parameters", make_parameters(arena));
    value_set(arena, path, "patch", patch);
    return path;
}

/* The document of one group; NULL when there is none of that name. */
static struct value *make_group(struct arena *arena, const char *name)
{
    const struct resource *all;
    size_t count = discovery_all(&all);
    struct value *document = value_make_map(arena);
    struct value *info = value_make_map(arena);
    struct value *paths = value_make_map(arena);
    value_set_string(arena, document, "openapi", "3.0.0");
    value_set_string(arena, info, "title", "Kubernetes");
    value_set_string(arena, info, "version", "v1.32.0");
    value_set(arena, document, "info", info);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name_group(arena, &all[i]), name) != 0)
            continue;
        const char *path = arena_format(
            arena, "/%s/%s%s/{name}", name,
            all[i].namespaced ? "namespaces/{namespace}/" : "", all[i].plural);
        value_set(arena, paths, path, make_path(arena, &all[i]));
    }
    value_set(arena, document, "paths", paths);
    return value_count(paths) > 0 ? document : NULL;
}

void openapi_answer(struct arena *arena, const struct http_request *request,
                    struct http_response *response)
{
    static const char front[] = "/openapi/v3";
    const char *path = request->path;
    struct value *document = NULL;
    if (strcmp(path, "/openapi/v2") == 0) {
        /* No bytes at all are a complete, empty protobuf message. */
        response->status = 200;
        response->type =
            "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
        return;
    }
    if (strcmp(path, front) == 0)
        document = make_index(arena);
    else if (strncmp(path, front, sizeof front - 1) == 0)
        document = make_group(arena, path + sizeof front);
    if (document)
        status_send_value(response, 200, document);
    else
        status_send_missing(arena, response, NULL);
}
