/*
 * A request in, a response out. Order of the checks, as in a real server: the
 * token, the path, the rules, the object.
 */
#include "tests/kube/api.h"

#include <string.h>

#include "engine/value/value.h"
#include "tests/kube/call.h"
#include "tests/kube/control.h"
#include "tests/kube/discovery.h"
#include "tests/kube/openapi.h"

/* What a path and a method are together. */
static const struct method {
    const char *method;
    bool named;
    const char *verb;
    void (*answer)(struct call *call);
} methods[] = {
    {"GET", true, "get", call_get},
    {"GET", false, "list", call_list},
    {"POST", false, "create", call_create},
    {"PUT", true, "update", call_update},
    {"PATCH", true, "patch", call_patch},
    {"DELETE", true, "delete", call_delete},
    {"DELETE", false, "deletecollection", call_delete_all},
};

static const struct method watch_method = {"GET", false, "watch", call_watch};
static const struct method log_method = {"GET", true, "get", call_log};
static const struct method review_method = {"POST", false, "create",
                                            call_review};
static const struct method evict_method = {"POST", true, "create", call_delete};

int call_fail(struct call *call, int code, const char *message)
{
    return status_send(call->arena, call->response, code, &call->target,
                       message);
}

struct object *call_find(struct call *call)
{
    struct object *object =
        store_find(&call->cluster->store, call->target.resource,
                   call->target.namespace_name, call->target.name);
    if (!object)
        status_send_missing(call->arena, call->response, &call->target);
    return object;
}

bool call_is_dry(const struct call *call)
{
    const char *dry = http_query(call->request, "dryRun");
    return dry && strcmp(dry, "All") == 0;
}

static void send_text(struct http_response *response, const char *text)
{
    response->status = 200;
    response->type = "text/plain";
    text_append_string(&response->body, text);
}

static void send_found(struct arena *arena, struct http_response *response,
                       const struct value *document)
{
    if (document)
        status_send_value(response, 200, document);
    else
        status_send_missing(arena, response, NULL);
}

/* "pods", "pods/log" */
static const char *name_part(struct call *call)
{
    const struct target *target = &call->target;
    return target->part[0]
               ? arena_format(call->arena, "%s/%s", target->resource->plural,
                              target->part)
               : target->resource->plural;
}

static void send_refusal(struct call *call, const struct rule *rule,
                         const char *scope)
{
    const struct target *target = &call->target;
    const struct resource *resource = target->resource;
    const char *message = rule->message;
    if (!message && rule->status == 403)
        message = arena_format(
            call->arena,
            "%s%s%s%s is forbidden: User \"tester\" cannot %s resource \"%s\" "
            "in API group \"%s\" %s%s%s",
            status_qualified(call->arena, resource), target->name ? " \"" : "",
            target->name ? target->name : "", target->name ? "\"" : "",
            call->verb, name_part(call), resource->group,
            scope[0] ? "in the namespace \"" : "at the cluster scope", scope,
            scope[0] ? "\"" : "");
    if (!message)
        message = "the test server was told to refuse this";
    call->response->retry_after = rule->retry_after;
    call_fail(call, rule->status, message);
}

/* The path without its front: [namespaces, NS,] PLURAL [, NAME [, PART]]. */
static bool find_target(const char *group, const char *version,
                        const char *const *parts, size_t count,
                        struct target *target)
{
    *target = (struct target){.namespace_name = "", .part = ""};
    const struct resource *resource =
        discovery_find(group, version, count >= 3 ? parts[2] : "");
    bool inside = count >= 3 && strcmp(parts[0], "namespaces") == 0 &&
                  resource && resource->namespaced;
    if (inside) {
        target->namespace_name = parts[1];
        parts += 2;
        count -= 2;
    }
    if (count < 1 || count > 3)
        return false;
    target->resource = discovery_find(group, version, parts[0]);
    target->name = count >= 2 ? parts[1] : NULL;
    target->part = count == 3 ? parts[2] : "";
    if (!target->resource ||
        (count == 3 && !discovery_has_part(target->resource, target->part)))
        return false;
    return inside || !target->resource->namespaced || count == 1;
}

static const struct method *find_method(const struct call *call)
{
    const struct target *target = &call->target;
    const char *method = call->request->method;
    if (target->resource->virtual)
        return strcmp(method, "POST") == 0 ? &review_method : NULL;
    if (strcmp(target->part, "log") == 0)
        return strcmp(method, "GET") == 0 ? &log_method : NULL;
    if (strcmp(target->part, "eviction") == 0)
        return strcmp(method, "POST") == 0 ? &evict_method : NULL;
    if (strcmp(method, "GET") == 0 && http_asks(call->request, "watch"))
        return &watch_method;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i].method, method) == 0 &&
            methods[i].named == (target->name != NULL))
            return &methods[i];
    return NULL;
}

/* What the rules do to an answer that was given. */
static void spoil(struct call *call, const struct occasion *occasion)
{
    struct rules *rules = &call->cluster->rules;
    const struct rule *rule = rules_use(rules, ACTION_LOSE_ANSWER, occasion);
    call->response->lost = rule != NULL;
    rule = rules_use(rules, ACTION_CUT, occasion);
    if (rule) {
        call->response->cuts = true;
        call->response->clean = rule->clean;
        call->response->stalls = rule->stall;
        call->response->cut_after = rule->bytes;
    }
    rule = rules_use(rules, ACTION_ANSWER_LATE, occasion);
    if (rule)
        call->response->delay = rule->delay;
}

static void send_objects(struct call *call)
{
    const struct target *target = &call->target;
    const struct method *found = find_method(call);
    if (!found) {
        call_fail(call, 405,
                  "the server does not allow this method on the requested "
                  "resource");
        return;
    }
    call->verb = found->verb;
    /* Rules for a namespace fit the namespace itself too. */
    bool is_namespace = strcmp(target->resource->plural, "namespaces") == 0;
    const char *scope =
        is_namespace && target->name ? target->name : target->namespace_name;
    const char *resource = name_part(call);
    bool watches = strcmp(call->verb, "watch") == 0;
    counts_add(&call->cluster->counts,
               watches ? "WATCH" : call->request->method, resource);
    struct occasion occasion = {.verb = call->verb,
                                .resource = resource,
                                .namespace_name = scope,
                                .name = target->name};
    const struct rule *rule =
        rules_use(&call->cluster->rules, ACTION_REFUSE, &occasion);
    if (rule) {
        send_refusal(call, rule, scope);
        return;
    }
    found->answer(call);
    spoil(call, &occasion);
}

/* /api/..., /apis/... */
static void send_resource(struct call *call)
{
    const struct http_request *request = call->request;
    struct arena *arena = call->arena;
    const char *const *parts = request->segments;
    size_t count = request->segment_count;
    bool core = strcmp(parts[0], "api") == 0;
    size_t front = core ? 2 : 3;
    const char *group = core || count < 2 ? "" : parts[1];
    const char *version = count >= front ? parts[front - 1] : "";
    if (count <= front)
        counts_add(&call->cluster->counts, request->method, "discovery");
    if (count == 1)
        send_found(arena, call->response,
                   core ? discovery_versions(arena) : discovery_groups(arena));
    else if (count < front)
        send_found(arena, call->response, discovery_group(arena, group));
    else if (count == front)
        send_found(arena, call->response,
                   discovery_resources(arena, group, version));
    else if (find_target(group, version, parts + front, count - front,
                         &call->target))
        send_objects(call);
    else
        send_found(arena, call->response, NULL);
}

static struct value *make_version(struct arena *arena)
{
    static const char *const members[][2] = {
        {"major", "1"},
        {"minor", "32"},
        {"gitVersion", "v1.32.0"},
        {"gitCommit", "0000000000000000000000000000000000000000"},
        {"gitTreeState", "clean"},
        {"buildDate", "2026-01-01T00:00:00Z"},
        {"goVersion", "none"},
        {"compiler", "gcc"},
        {"platform", "linux/amd64"},
    };
    struct value *version = value_make_map(arena);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        value_set_string(arena, version, members[i][0], members[i][1]);
    return version;
}

static bool is_let_in(const struct cluster *cluster,
                      const struct http_request *request)
{
    static const char scheme[] = "Bearer ";
    const size_t length = sizeof scheme - 1;
    if (!cluster->token)
        return true;
    const char *given = request->authorization;
    return given && strncmp(given, scheme, length) == 0 &&
           strcmp(given + length, cluster->token) == 0;
}

static bool is_health(const char *first)
{
    return strcmp(first, "healthz") == 0 || strcmp(first, "livez") == 0 ||
           strcmp(first, "readyz") == 0;
}

void api_answer(struct arena *arena, struct cluster *cluster,
                const struct http_request *request,
                struct http_response *response)
{
    const char *first = request->segment_count ? request->segments[0] : "";
    struct call call = {.arena = arena,
                        .cluster = cluster,
                        .request = request,
                        .response = response};
    bool resource = strcmp(first, "api") == 0 || strcmp(first, "apis") == 0;
    bool control = strcmp(first, "control") == 0;
    if (!resource && !control)
        counts_add(&cluster->counts, request->method, first);
    if (!is_let_in(cluster, request))
        status_send(arena, response, 401, NULL, "Unauthorized");
    else if (resource)
        send_resource(&call);
    else if (control)
        control_answer(&call);
    else if (strcmp(first, "version") == 0 && request->segment_count == 1)
        status_send_value(response, 200, make_version(arena));
    else if (is_health(first))
        send_text(response, "ok");
    else if (strcmp(first, "openapi") == 0)
        openapi_answer(arena, request, response);
    else
        send_found(arena, response, NULL);
    cluster_settle(cluster);
}
