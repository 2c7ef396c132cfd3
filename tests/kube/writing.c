/*
 * create, update and patch. Order of the checks as in a real server: the
 * document, its namespace, unknown fields, the name, the fields, and at last
 * whether the object is there or was changed by somebody else.
 */
#include "tests/kube/writing.h"

#include <string.h>

#include "engine/base/diagnostics.h"
#include "engine/base/random.h"
#include "tests/kube/admission.h"
#include "tests/kube/call.h"
#include "tests/kube/defaults.h"
#include "tests/kube/lifecycle.h"
#include "tests/kube/protobuf.h"
#include "tests/kube/tree.h"
#include "tests/kube/validation.h"

/* JSON, or YAML when the content type says so. */
static struct value *parse_body(struct call *call, struct error *error)
{
    const struct http_request *request = call->request;
    if (!strstr(request->content_type, "yaml"))
        return value_read_json(call->arena, request->body, request->body_length,
                               error);
    struct diagnostics found = diagnostics_make(call->arena, "body");
    struct value *documents = value_read_yaml(call->arena, request->body,
                                              request->body_length, &found);
    if (!documents)
        error_set(error, ERROR_INPUT, "%s", found.items[0].text);
    return value_item(documents, 0);
}

static struct value *read_any_body(struct call *call)
{
    struct error error = {0};
    if (call->request->body_length == 0)
        return value_make_map(call->arena);
    bool protobuf = strstr(call->request->content_type, "protobuf") != NULL;
    struct value *body = protobuf
                             ? protobuf_read(call->arena, call->request->body,
                                             call->request->body_length)
                             : parse_body(call, &error);
    if (!body && protobuf)
        call_fail(call, 415,
                  "the body of the request was in an unknown format");
    else if (!body)
        call_fail(call, 400, error.text);
    return body;
}

struct value *call_read_body(struct call *call)
{
    struct value *body = read_any_body(call);
    if (!body || value_is(body, VALUE_MAP))
        return body;
    call_fail(call, 400, "the body of the request is not an object");
    return NULL;
}

/* The kind must be that of the path; what is missing is added. */
static int check_kind(struct call *call, struct value *object)
{
    const struct resource *resource = call->target.resource;
    const char *version = discovery_api_version(call->arena, resource);
    tree_default_string(call->arena, object, "apiVersion", version);
    tree_default_string(call->arena, object, "kind", resource->kind);
    const char *found = value_string_at(object, "apiVersion");
    const char *kind = value_string_at(object, "kind");
    if (found && kind && strcmp(found, version) == 0 &&
        strcmp(kind, resource->kind) == 0)
        return 0;
    return call_fail(call, 400,
                     arena_format(call->arena,
                                  "%s in version \"%s\" cannot be handled as "
                                  "a %s",
                                  kind ? kind : "", found ? found : "",
                                  resource->kind));
}

/* The object's namespace is that of the path. */
static int check_namespace(struct call *call, struct value *metadata)
{
    const struct target *target = &call->target;
    if (!target->resource->namespaced)
        return 0;
    const char *name = value_string_at(metadata, "namespace");
    if (!name || !*name)
        value_set_string(call->arena, metadata, "namespace",
                         name = target->namespace_name);
    if (strcmp(name, target->namespace_name) != 0)
        return call_fail(
            call, 400,
            "the namespace of the provided object does not match the "
            "namespace sent on the request");
    return 0;
}

static int check_namespace_exists(struct call *call)
{
    const struct target *target = &call->target;
    if (!target->resource->namespaced)
        return 0;
    struct target missing = {.resource = discovery_find("", "v1", "namespaces"),
                             .name = target->namespace_name};
    const struct object *found =
        store_find(&call->cluster->store, missing.resource, "", missing.name);
    if (!found)
        return status_send_missing(call->arena, call->response, &missing);
    if (!value_path(found->value, "metadata.deletionTimestamp"))
        return 0;
    return call_fail(call, 403,
                     arena_format(call->arena,
                                  "unable to create new content in namespace "
                                  "%s because it is being terminated",
                                  missing.name));
}

/* Strict by `fieldValidation`; else a warning, which is the default. */
static int check_fields(struct call *call, const struct value *object)
{
    const struct resource *resource = call->target.resource;
    const char *mode = http_query(call->request, "fieldValidation");
    const char *unknown = validation_unknown(call->arena, resource, object);
    if (!unknown || (mode && strcmp(mode, "Ignore") == 0))
        return 0;
    if (!mode || strcmp(mode, "Strict") != 0) {
        char *warning = arena_string(call->arena, unknown);
        for (char *c = warning; *c; c++)
            *c = (char)(*c == '"' ? '\'' : *c);
        call->response->warning = warning;
        return 0;
    }
    return call_fail(
        call, 400,
        arena_format(call->arena,
                     "%s in version \"%s\" cannot be handled as a %s: strict "
                     "decoding error: %s",
                     resource->kind, resource->version, resource->kind,
                     unknown));
}

static int check_valid(struct call *call, const struct value *object,
                       const struct value *before)
{
    struct value *causes =
        validation_causes(call->arena, call->target.resource, object, before);
    const char *name = value_string(value_path(object, "metadata.name"));
    if (value_count(causes) == 0)
        return 0;
    return status_send_invalid(call->arena, call->response, &call->target,
                               name ? name : "", causes);
}

void writing_generate_name(struct arena *arena, struct value *metadata)
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    const char *front = value_string_at(metadata, "generateName");
    const char *name = value_string_at(metadata, "name");
    char digits[11], end[6] = "";
    if (!front || (name && *name))
        return;
    random_hex(digits, 10);
    for (size_t i = 0; i < 5; i++) {
        unsigned high = (unsigned)digits[2 * i],
                 low = (unsigned)digits[2 * i + 1];
        end[i] = letters[(high * 31 + low) % (sizeof letters - 1)];
    }
    value_set_string(arena, metadata, "name",
                     arena_format(arena, "%.58s%s", front, end));
}

/* Everything that must be right before the name is looked at. */
static struct value *read_new(struct call *call)
{
    struct value *object = call_read_body(call);
    if (!object || check_kind(call, object) < 0)
        return NULL;
    struct value *metadata = tree_map(call->arena, object, "metadata");
    if (check_namespace(call, metadata) < 0 ||
        check_namespace_exists(call) < 0 || check_fields(call, object) < 0)
        return NULL;
    const char *version = value_string_at(metadata, "resourceVersion");
    if (version && *version) {
        call_fail(call, 400,
                  "resourceVersion should not be set on objects to be created");
        return NULL;
    }
    static const char *const ours[] = {"resourceVersion", "uid",
                                       "creationTimestamp", "deletionTimestamp",
                                       "managedFields"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        tree_drop(call->arena, metadata, ours[i]);
    writing_generate_name(call->arena, metadata);
    return object;
}

static bool admit(struct call *call, struct value *pod, const char *name)
{
    const char *refusal = admission_check(call->arena, call->cluster, pod);
    if (refusal)
        call_fail(call, 403,
                  arena_format(call->arena, "pods \"%s\" is forbidden: %s",
                               name, refusal));
    return !refusal;
}

static void create(struct call *call, struct value *object)
{
    const struct resource *resource = call->target.resource;
    struct store *store = &call->cluster->store;
    const char *name = value_string(value_path(object, "metadata.name"));
    if (check_valid(call, object, NULL) < 0)
        return;
    struct target target = call->target;
    target.name = name;
    if (store_find(store, resource, target.namespace_name, name)) {
        status_send(call->arena, call->response, 409, &target,
                    arena_format(call->arena, "%s \"%s\" already exists",
                                 status_qualified(call->arena, resource),
                                 name));
        return;
    }
    defaults_apply(call->arena, resource, object);
    if (strcmp(resource->kind, "Pod") == 0 && !admit(call, object, name))
        return;
    if (call_is_dry(call)) {
        status_send_value(call->response, 201, object);
        return;
    }
    const struct object *made = store_put(store, resource, object);
    if (made)
        status_send_value(call->response, 201, made->value);
    else
        call_fail(call, 500, "the test server is full");
}

void call_create(struct call *call)
{
    struct value *object = read_new(call);
    if (object)
        create(call, object);
}

static int conflict(struct call *call, const char *why)
{
    const struct target *target = &call->target;
    return status_send_reason(
        call->arena, call->response, 409, "Conflict", target,
        arena_format(call->arena,
                     "Operation cannot be fulfilled on %s \"%s\": %s",
                     status_qualified(call->arena, target->resource),
                     target->name, why));
}

/* uid and resourceVersion, when the new version names them, are the object's. */
static int check_conflict(struct call *call, const struct object *before,
                          const struct value *metadata)
{
    const char *uid = value_string_at(metadata, "uid");
    const char *version = value_string_at(metadata, "resourceVersion");
    const char *known =
        value_string(value_path(before->value, "metadata.resourceVersion"));
    if (uid && *uid && strcmp(uid, before->uid) != 0)
        return conflict(
            call, arena_format(call->arena,
                               "Precondition failed: UID in precondition: %s, "
                               "UID in object meta: %s",
                               uid, before->uid));
    if (version && *version && strcmp(version, known) != 0)
        return conflict(call, "the object has been modified; please apply your "
                              "changes to the latest version and try again");
    return 0;
}

/* What this request may not change stays as it was. */
static struct value *keep(struct call *call, const struct object *before,
                          struct value *object)
{
    static const char *const ours[] = {"uid", "creationTimestamp",
                                       "deletionTimestamp",
                                       "deletionGracePeriodSeconds", "name"};
    struct arena *arena = call->arena;
    const struct value *old = value_get(before->value, "metadata");
    if (strcmp(call->target.part, "status") == 0) {
        struct value *made = value_copy(arena, before->value);
        struct value *status = value_get(object, "status");
        if (status)
            value_set(arena, made, "status", status);
        return made;
    }
    struct value *metadata = tree_map(arena, object, "metadata");
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        struct value *known = value_get(old, ours[i]);
        tree_drop(arena, metadata, ours[i]);
        if (known)
            value_set(arena, metadata, ours[i], known);
    }
    struct value *status = value_get(before->value, "status");
    if (discovery_has_part(before->resource, "status")) {
        tree_drop(arena, object, "status");
        if (status)
            value_set(arena, object, "status", status);
    }
    return object;
}

static void update(struct call *call, const struct object *before,
                   struct value *object)
{
    struct arena *arena = call->arena;
    struct value *metadata = tree_map(arena, object, "metadata");
    if (check_kind(call, object) < 0 || check_namespace(call, metadata) < 0 ||
        check_conflict(call, before, metadata) < 0)
        return;
    object = keep(call, before, object);
    if (strcmp(before->resource->kind, "Secret") == 0)
        defaults_apply(arena, before->resource, object);
    if (check_valid(call, object, before->value) < 0)
        return;
    if (call_is_dry(call)) {
        status_send_value(call->response, 200, object);
        return;
    }
    struct object *made =
        store_put(&call->cluster->store, before->resource, object);
    status_send_value(call->response, 200, made->value);
    lifecycle_settle(call->cluster, made);
}

void call_update(struct call *call)
{
    struct object *before = call_find(call);
    struct value *object = before ? call_read_body(call) : NULL;
    if (object && check_fields(call, object) == 0)
        update(call, before, object);
}

static struct value *apply_patch(struct call *call, const struct value *target,
                                 const struct value *patch)
{
    static const char *const merges[] = {"application/merge-patch+json",
                                         "application/apply-patch+yaml"};
    const char *type = call->request->content_type;
    struct error error = {0};
    struct value *made = NULL;
    for (size_t i = 0; i < sizeof merges / sizeof *merges; i++)
        if (strncmp(type, merges[i], strlen(merges[i])) == 0)
            return tree_merge(call->arena, target, patch);
    if (strncmp(type, "application/strategic-merge-patch+json", 38) == 0)
        return tree_merge_strategic(call->arena, target, patch);
    if (strncmp(type, "application/json-patch+json", 27) == 0)
        made = tree_edit(call->arena, target, patch, &error);
    else
        call_fail(call, 415,
                  "the body of the request was in an unknown format");
    if (error_is_set(&error))
        call_fail(call, 422, error.text);
    return made;
}

void call_patch(struct call *call)
{
    struct store *store = &call->cluster->store;
    const struct target *target = &call->target;
    bool applies = strstr(call->request->content_type, "apply-patch") != NULL;
    struct object *before = store_find(store, target->resource,
                                       target->namespace_name, target->name);
    if (!before && applies) {
        struct value *object = read_new(call);
        if (object)
            create(call, object);
        return;
    }
    if (!before) {
        status_send_missing(call->arena, call->response, target);
        return;
    }
    struct value *patch = read_any_body(call);
    struct value *object =
        patch ? apply_patch(call, before->value, patch) : NULL;
    if (!object)
        return;
    /* The version of what was patched is no wish of the client. */
    const struct value *wanted = value_path(patch, "metadata.resourceVersion");
    struct value *metadata =
        value_copy(call->arena, value_get(object, "metadata"));
    value_set(call->arena, object, "metadata", metadata);
    if (!wanted)
        tree_drop(call->arena, metadata, "resourceVersion");
    if (check_fields(call, object) == 0)
        update(call, before, object);
}
