/*
 * A request in, a response out: discovery, and reading of objects. Failures are
 * Status objects with the texts of a real server, because clients show them.
 * Order of the checks, as there: the token, the path, the rules, the object.
 */
#include "tests/kube/api.h"

#include <string.h>

#include "engine/value/value.h"
#include "tests/kube/discovery.h"
#include "tests/kube/selector.h"

/* What a path means. */
struct target {
    const struct resource *resource;
    const char *namespace_name; /* "" : none is given */
    const char *name;           /* NULL: a list */
};

static const struct {
    int status;
    const char *reason;
} status_reasons[] = {
    {400, "BadRequest"        },
    {401, "Unauthorized"      },
    {403, "Forbidden"         },
    {404, "NotFound"          },
    {405, "MethodNotAllowed"  },
    {409, "AlreadyExists"     },
    {410, "Expired"           },
    {429, "TooManyRequests"   },
    {500, "InternalError"     },
    {503, "ServiceUnavailable"},
};

static void send_value(struct http_response *response, int status,
                       const struct value *value)
{
    response->status = status;
    response->type = "application/json";
    value_write_json(&response->body, value, JSON_COMPACT);
}

static void send_text(struct http_response *response, const char *text)
{
    response->status = 200;
    response->type = "text/plain";
    text_append_string(&response->body, text);
}

/* A Status; `target` may be NULL. */
static void send_status(struct arena *arena, struct http_response *response,
                        int code, const struct target *target,
                        const char *message)
{
    struct value *status = value_make_map(arena);
    value_set_string(arena, status, "kind", "Status");
    value_set_string(arena, status, "apiVersion", "v1");
    value_set(arena, status, "metadata", value_make_map(arena));
    value_set_string(arena, status, "status", "Failure");
    value_set_string(arena, status, "message", message);
    for (size_t i = 0; i < sizeof status_reasons / sizeof *status_reasons; i++)
        if (status_reasons[i].status == code)
            value_set_string(arena, status, "reason", status_reasons[i].reason);
    if (target) {
        struct value *details = value_make_map(arena);
        value_set_string(arena, details, "name", target->name);
        if (target->resource->group[0])
            value_set_string(arena, details, "group", target->resource->group);
        value_set_string(arena, details, "kind", target->resource->plural);
        value_set(arena, status, "details", details);
    }
    value_set(arena, status, "code", value_make_int(arena, code));
    send_value(response, code, status);
}

static void send_found(struct arena *arena, struct http_response *response,
                       const struct value *document)
{
    if (document)
        send_value(response, 200, document);
    else
        send_status(arena, response, 404, NULL,
                    "the server could not find the requested resource");
}

/* "pods", "ingresses.networking.k8s.io" */
static const char *qualified(struct arena *arena,
                             const struct resource *resource)
{
    if (resource->group[0] == '\0')
        return resource->plural;
    return arena_format(arena, "%s.%s", resource->plural, resource->group);
}

static void send_refusal(struct arena *arena, struct http_response *response,
                         const struct rule *rule, const char *verb,
                         const struct target *target)
{
    const struct resource *resource = target->resource;
    const char *message = rule->message;
    if (!message && rule->status == 403)
        message = arena_format(
            arena,
            "%s%s%s%s is forbidden: User \"tester\" cannot %s resource \"%s\" "
            "in API group \"%s\" %s%s%s",
            qualified(arena, resource), target->name ? " \"" : "",
            target->name ? target->name : "", target->name ? "\"" : "", verb,
            resource->plural, resource->group,
            target->namespace_name[0] ? "in the namespace \""
                                      : "at the cluster scope",
            target->namespace_name, target->namespace_name[0] ? "\"" : "");
    if (!message)
        message = "the test server was told to refuse this";
    send_status(arena, response, rule->status, target, message);
}

/* The path without its front: [namespaces, NS,] PLURAL [, NAME]. */
static bool find_target(const char *group, const char *version,
                        const char *const *parts, size_t count,
                        struct target *target)
{
    *target = (struct target){.namespace_name = ""};
    if (count >= 3 && strcmp(parts[0], "namespaces") == 0) {
        target->namespace_name = parts[1];
        parts += 2;
        count -= 2;
    }
    if (count < 1 || count > 2)
        return false;
    target->resource = discovery_find(group, version, parts[0]);
    target->name = count == 2 ? parts[1] : NULL;
    if (!target->resource)
        return false;
    /* Rules for a namespace fit the namespace itself too. */
    if (strcmp(target->resource->plural, "namespaces") == 0 && target->name)
        return true;
    return target->resource->namespaced || target->namespace_name[0] == '\0';
}

/* The list's items do not repeat kind and apiVersion. */
static struct value *make_item(struct arena *arena, const struct value *object)
{
    struct value *item = value_make_map(arena);
    for (size_t i = 0; i < object->map.count; i++) {
        const struct member *member = &object->map.members[i];
        if (strcmp(member->name, "kind") != 0 &&
            strcmp(member->name, "apiVersion") != 0)
            value_set(arena, item, member->name, member->value);
    }
    return item;
}

static void send_list(struct arena *arena, const struct api *api,
                      const struct http_request *request,
                      const struct target *target,
                      struct http_response *response)
{
    struct error error = {0};
    struct selector labels, fields;
    const char *label_text = http_query(request, "labelSelector");
    const char *field_text = http_query(request, "fieldSelector");
    if (selector_parse(arena, label_text ? label_text : "", &labels, &error) <
            0 ||
        selector_parse(arena, field_text ? field_text : "", &fields, &error) <
            0) {
        send_status(arena, response, 400, target, error.text);
        return;
    }
    struct value *items = value_make_list(arena);
    for (size_t i = 0; i < api->store.count; i++) {
        const struct stored *stored = &api->store.items[i];
        if (stored->resource == target->resource &&
            (target->namespace_name[0] == '\0' ||
             strcmp(stored->namespace_name, target->namespace_name) == 0) &&
            selector_fits_labels(&labels, stored->object) &&
            selector_fits_fields(&fields, stored->object))
            value_append(arena, items, make_item(arena, stored->object));
    }
    struct value *metadata = value_make_map(arena);
    value_set_string(
        arena, metadata, "resourceVersion",
        arena_format(arena, "%lld", (long long)api->store.version));
    struct value *list = value_make_map(arena);
    value_set_string(arena, list, "kind",
                     arena_format(arena, "%sList", target->resource->kind));
    value_set_string(arena, list, "apiVersion",
                     discovery_api_version(arena, target->resource));
    value_set(arena, list, "metadata", metadata);
    value_set(arena, list, "items", items);
    send_value(response, 200, list);
}

static void send_objects(struct arena *arena, const struct api *api,
                         const struct http_request *request,
                         const struct target *target,
                         struct http_response *response)
{
    const char *verb = target->name ? "get" : "list";
    if (strcmp(request->method, "GET") != 0 || http_query(request, "watch")) {
        send_status(arena, response, 405, target,
                    "the test server only knows get and list");
        return;
    }
    bool is_namespace = strcmp(target->resource->plural, "namespaces") == 0;
    const char *scope =
        is_namespace && target->name ? target->name : target->namespace_name;
    const struct rule *rule =
        rules_find(&api->rules, verb, target->resource->plural, scope);
    if (rule) {
        struct target refused = *target;
        refused.namespace_name = scope;
        send_refusal(arena, response, rule, verb, &refused);
        return;
    }
    if (!target->name) {
        send_list(arena, api, request, target, response);
        return;
    }
    const struct stored *stored = store_find(
        &api->store, target->resource, target->namespace_name, target->name);
    if (stored)
        send_value(response, 200, stored->object);
    else
        send_status(arena, response, 404, target,
                    arena_format(arena, "%s \"%s\" not found",
                                 qualified(arena, target->resource),
                                 target->name));
}

/* /api/..., /apis/... */
static void send_resource(struct arena *arena, const struct api *api,
                          const struct http_request *request,
                          struct http_response *response)
{
    const char *const *parts = request->segments;
    size_t count = request->segment_count;
    bool core = strcmp(parts[0], "api") == 0;
    size_t front = core ? 2 : 3;
    if (count == 1) {
        send_found(arena, response,
                   core ? discovery_versions(arena) : discovery_groups(arena));
        return;
    }
    const char *group = core ? "" : parts[1];
    if (count < front) {
        send_found(arena, response, discovery_group(arena, group));
        return;
    }
    const char *version = parts[front - 1];
    if (count == front) {
        send_found(arena, response, discovery_resources(arena, group, version));
        return;
    }
    struct target target;
    if (find_target(group, version, parts + front, count - front, &target))
        send_objects(arena, api, request, &target, response);
    else
        send_found(arena, response, NULL);
}

static struct value *make_version(struct arena *arena)
{
    static const char *const members[][2] = {
        {"major",      "1"          },
        {"minor",      "32"         },
        {"gitVersion", "v1.32.0"    },
        {"platform",   "linux/amd64"},
    };
    struct value *version = value_make_map(arena);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        value_set_string(arena, version, members[i][0], members[i][1]);
    return version;
}

static bool is_let_in(const struct api *api, const struct http_request *request)
{
    static const char scheme[] = "Bearer ";
    const size_t length = sizeof scheme - 1;
    if (!api->token)
        return true;
    const char *given = request->authorization;
    return given && strncmp(given, scheme, length) == 0 &&
           strcmp(given + length, api->token) == 0;
}

void api_answer(struct arena *arena, const struct api *api,
                const struct http_request *request,
                struct http_response *response)
{
    const char *first = request->segment_count ? request->segments[0] : "";
    if (!is_let_in(api, request))
        send_status(arena, response, 401, NULL, "Unauthorized");
    else if (strcmp(first, "version") == 0 && request->segment_count == 1)
        send_value(response, 200, make_version(arena));
    else if (strcmp(first, "healthz") == 0 || strcmp(first, "livez") == 0 ||
             strcmp(first, "readyz") == 0)
        send_text(response, "ok");
    else if (strcmp(first, "api") == 0 || strcmp(first, "apis") == 0)
        send_resource(arena, api, request, response);
    else
        send_found(arena, response, NULL);
}
