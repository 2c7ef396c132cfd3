/* delete, deletecollection and eviction. */
#include <string.h>

#include "tests/kube/call.h"
#include "tests/kube/lifecycle.h"
#include "tests/kube/selector.h"

/* How to delete: DeleteOptions of the body, or of the query. */
struct wish {
    enum propagation propagation;
    int64_t grace;
    const char *uid, *version; /* preconditions; NULL: none */
    bool dry;
};

static int read_propagation(struct call *call, const struct value *options,
                            struct wish *wish)
{
    static const char *const names[] = {
        [PROPAGATION_BACKGROUND] = "Background",
        [PROPAGATION_FOREGROUND] = "Foreground",
        [PROPAGATION_ORPHAN] = "Orphan",
    };
    const char *text = value_string_at(options, "propagationPolicy");
    if (!text)
        text = http_query(call->request, "propagationPolicy");
    if (!text) {
        bool orphans =
            value_bool_or(value_get(options, "orphanDependents"), false);
        wish->propagation = orphans ? PROPAGATION_ORPHAN : PROPAGATION_DEFAULT;
        return 0;
    }
    for (size_t i = PROPAGATION_BACKGROUND; i <= PROPAGATION_ORPHAN; i++) {
        if (strcmp(names[i], text) != 0)
            continue;
        wish->propagation = (enum propagation)i;
        return 0;
    }
    return call_fail(
        call, 422,
        arena_format(call->arena, "invalid propagationPolicy: \"%s\"", text));
}

static int read_wish(struct call *call, struct wish *wish)
{
    const struct value *options = call_read_body(call);
    if (!options)
        return -1;
    const struct value *inner = value_get(options, "deleteOptions");
    if (inner)
        options = inner;
    const struct value *conditions = value_get(options, "preconditions");
    int64_t from_query = http_number(call->request, "gracePeriodSeconds", -1);
    *wish = (struct wish){
        .grace =
            value_int_or(value_get(options, "gracePeriodSeconds"), from_query),
        .uid = value_string_at(conditions, "uid"),
        .version = value_string_at(conditions, "resourceVersion"),
        .dry =
            call_is_dry(call) || value_count(value_get(options, "dryRun")) > 0,
    };
    return read_propagation(call, options, wish);
}

static int check_preconditions(struct call *call, const struct wish *wish,
                               const struct object *object)
{
    const char *version =
        value_string(value_path(object->value, "metadata.resourceVersion"));
    const char *what = NULL, *wanted = NULL, *found = NULL;
    if (wish->uid && strcmp(wish->uid, object->uid) != 0) {
        what = "UID";
        wanted = wish->uid;
        found = object->uid;
    } else if (wish->version && strcmp(wish->version, version) != 0) {
        what = "ResourceVersion";
        wanted = wish->version;
        found = version;
    }
    if (!what)
        return 0;
    return status_send_reason(
        call->arena, call->response, 409, "Conflict", &call->target,
        arena_format(call->arena,
                     "Operation cannot be fulfilled on %s \"%s\": "
                     "Precondition failed: %s in precondition: %s, %s in "
                     "object meta: %s",
                     status_qualified(call->arena, object->resource),
                     object->name, what, wanted, what, found));
}

void call_delete(struct call *call)
{
    struct wish wish;
    struct object *object = call_find(call);
    if (!object || read_wish(call, &wish) < 0 ||
        check_preconditions(call, &wish, object) < 0)
        return;
    const char *uid = arena_string(call->arena, object->uid);
    if (wish.propagation == PROPAGATION_DEFAULT &&
        strcmp(object->resource->kind, "Job") == 0)
        call->response->warning =
            "child pods are preserved by default when jobs are deleted; set "
            "propagationPolicy=Background to remove them or set "
            "propagationPolicy=Orphan to suppress this warning";
    if (wish.dry ||
        lifecycle_delete(call->cluster, object, wish.propagation, wish.grace)) {
        status_send_deleted(call->arena, call->response, &call->target, uid);
        return;
    }
    object = store_find_uid(&call->cluster->store, uid);
    status_send_value(call->response, 200, object->value);
}

/* The next object after the place that fits; the place moves behind it. */
static struct object *next_fitting(const struct call *call,
                                   const struct selector *labels,
                                   const struct selector *fields, size_t *place)
{
    const struct store *store = &call->cluster->store;
    while (*place > 0) {
        struct object *object =
            --*place < store->count ? store->items[*place] : NULL;
        if (object && object->resource == call->target.resource &&
            (call->target.namespace_name[0] == '\0' ||
             strcmp(object->namespace_name, call->target.namespace_name) ==
                 0) &&
            selector_fits_labels(labels, object->value) &&
            selector_fits_fields(fields, object->value))
            return object;
    }
    return NULL;
}

void call_delete_all(struct call *call)
{
    struct error error = {0};
    struct wish wish;
    struct selector labels, fields;
    if (read_wish(call, &wish) < 0)
        return;
    if (selector_parse(call->arena, http_query(call->request, "labelSelector"),
                       &labels, &error) < 0 ||
        selector_parse(call->arena, http_query(call->request, "fieldSelector"),
                       &fields, &error) < 0) {
        call_fail(call, 400, error.text);
        return;
    }
    size_t place = call->cluster->store.count;
    struct object *object;
    while ((object = next_fitting(call, &labels, &fields, &place))) {
        if (!wish.dry)
            lifecycle_delete(call->cluster, object, wish.propagation,
                             wish.grace);
        cluster_settle(call->cluster);
    }
    status_send_deleted(call->arena, call->response, &call->target, NULL);
}
