/* A code, what was asked for, and a text in; a Status document out. */
#include "tests/kube/status.h"

#include <string.h>

static const struct {
    int code;
    const char *reason;
} reasons[] = {
    {400, "BadRequest"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "NotFound"},
    {405, "MethodNotAllowed"},
    {406, "NotAcceptable"},
    {409, "AlreadyExists"},
    {410, "Expired"},
    {413, "RequestEntityTooLarge"},
    {415, "UnsupportedMediaType"},
    {422, "Invalid"},
    {429, "TooManyRequests"},
    {500, "InternalError"},
    {503, "ServiceUnavailable"},
    {504, "Timeout"},
};

const char *status_qualified(struct arena *arena,
                             const struct resource *resource)
{
    if (resource->group[0] == '\0')
        return resource->plural;
    return arena_format(arena, "%s.%s", resource->plural, resource->group);
}

void status_send_value(struct http_response *response, int code,
                       const struct value *value)
{
    response->status = code;
    response->type = "application/json";
    text_clear(&response->body);
    value_write_json(&response->body, value, JSON_COMPACT);
    text_append_character(&response->body, '\n');
}

static struct value *make_status(struct arena *arena, int code,
                                 const char *reason, const char *message)
{
    struct value *status = value_make_map(arena);
    value_set_string(arena, status, "kind", "Status");
    value_set_string(arena, status, "apiVersion", "v1");
    value_set(arena, status, "metadata", value_make_map(arena));
    value_set_string(arena, status, "status", "Failure");
    value_set_string(arena, status, "message", message);
    value_set_string(arena, status, "reason", reason);
    value_set(arena, status, "code", value_make_int(arena, code));
    return status;
}

static struct value *make_details(struct arena *arena,
                                  const struct target *target)
{
    struct value *details = value_make_map(arena);
    value_set_string(arena, details, "name", target->name);
    if (target->resource->group[0])
        value_set_string(arena, details, "group", target->resource->group);
    value_set_string(arena, details, "kind", target->resource->plural);
    return details;
}

int status_send_reason(struct arena *arena, struct http_response *response,
                       int code, const char *reason,
                       const struct target *target, const char *message)
{
    struct value *status = make_status(arena, code, reason, message);
    struct value *details =
        target ? make_details(arena, target) : value_make_map(arena);
    if (response->retry_after > 0)
        value_set(arena, details, "retryAfterSeconds",
                  value_make_int(arena, response->retry_after));
    if (value_count(details) > 0)
        value_set(arena, status, "details", details);
    status_send_value(response, code, status);
    return -1;
}

int status_send(struct arena *arena, struct http_response *response, int code,
                const struct target *target, const char *message)
{
    const char *reason = NULL;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].code == code)
            reason = reasons[i].reason;
    return status_send_reason(arena, response, code, reason, target, message);
}

int status_send_invalid(struct arena *arena, struct http_response *response,
                        const struct target *target, const char *name,
                        struct value *causes)
{
    CLEANUP(text_free) struct text all = {0};
    const char *group = target->resource->group;
    text_append_format(&all,
                       "%s%s%s \"%s\" is invalid: ", target->resource->kind,
                       group[0] ? "." : "", group, name);
    size_t count = value_count(causes);
    text_append_string(&all, count > 1 ? "[" : "");
    for (size_t i = 0; i < count; i++) {
        const struct value *cause = value_item(causes, i);
        text_append_format(&all, "%s%s: %s", i ? ", " : "",
                           value_string_at(cause, "field"),
                           value_string_at(cause, "message"));
    }
    text_append_string(&all, count > 1 ? "]" : "");
    struct value *status =
        make_status(arena, 422, "Invalid", text_string(&all));
    struct target named = *target;
    named.name = name;
    struct value *details = make_details(arena, &named);
    value_set_string(arena, details, "kind", target->resource->kind);
    value_set(arena, details, "causes", causes);
    value_set(arena, status, "details", details);
    status_send_value(response, 422, status);
    return -1;
}

int status_send_missing(struct arena *arena, struct http_response *response,
                        const struct target *target)
{
    if (!target)
        return status_send(arena, response, 404, NULL,
                           "the server could not find the requested resource");
    return status_send(arena, response, 404, target,
                       arena_format(arena, "%s \"%s\" not found",
                                    status_qualified(arena, target->resource),
                                    target->name));
}

void status_send_deleted(struct arena *arena, struct http_response *response,
                         const struct target *target, const char *uid)
{
    struct value *status = value_make_map(arena);
    value_set_string(arena, status, "kind", "Status");
    value_set_string(arena, status, "apiVersion", "v1");
    value_set(arena, status, "metadata", value_make_map(arena));
    value_set_string(arena, status, "status", "Success");
    struct value *details = make_details(arena, target);
    value_set_string(arena, details, "uid", uid);
    value_set(arena, status, "details", details);
    status_send_value(response, 200, status);
}

struct value *status_make_expired(struct arena *arena, const char *message)
{
    return make_status(arena, 410, "Expired", message);
}
