/*
 * get, list and watch. Lists are in the order of the store and are cut into pages
 * when `limit` asks for it; the token of the next page says which name it begins
 * after and of which version the first page was.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "tests/kube/call.h"
#include "tests/kube/change_feed.h"
#include "tests/kube/selector.h"
#include "tests/kube/table.h"

enum {
    WATCH_SECONDS = 1800, /* when the client does not say it */
    WATCH_SECONDS_LIMIT = 24 * 3600,
};

/* What a list is to hold. */
struct listing {
    struct selector labels, fields;
    int64_t limit;
    int64_t version;      /* of the first page; 0: this is it */
    const char *after[2]; /* namespace and name; NULL: from the beginning */
};

void call_get(struct call *call)
{
    const struct object *object = call_find(call);
    if (!object)
        return;
    if (table_is_wanted(call->request))
        status_send_value(call->response, 200,
                          table_make(call->arena, object->resource,
                                     (const struct object *const[]){object},
                                     1));
    else
        status_send_value(call->response, 200, object->value);
}

/* "VERSION/NAMESPACE/NAME" */
static int read_token(struct call *call, struct listing *listing)
{
    const char *token = http_query(call->request, "continue");
    if (!token || !*token)
        return 0;
    char *end = NULL;
    listing->version = strtoll(token, &end, 10);
    const char *slash = *end == '/' ? strchr(end + 1, '/') : NULL;
    if (!slash)
        return call_fail(call, 400, "continue key is not valid");
    listing->after[0] =
        arena_copy(call->arena, end + 1, (size_t)(slash - end) - 1);
    listing->after[1] = slash + 1;
    if (listing->version >= call->cluster->store.floor)
        return 0;
    return call_fail(call, 410,
                     "The provided continue parameter is too old to display a "
                     "consistent list result. You can start a new list without "
                     "the continue parameter.");
}

static int read_listing(struct call *call, struct listing *listing)
{
    struct error error = {0};
    *listing =
        (struct listing){.limit = http_number(call->request, "limit", 0)};
    if (selector_parse(call->arena, http_query(call->request, "labelSelector"),
                       &listing->labels, &error) < 0 ||
        selector_parse(call->arena, http_query(call->request, "fieldSelector"),
                       &listing->fields, &error) < 0)
        return call_fail(call, 400, error.text);
    const char *match = http_query(call->request, "resourceVersionMatch");
    int64_t version = http_number(call->request, "resourceVersion", 0);
    if (listing->limit < 0 || version < 0)
        return call_fail(call, 400, "invalid number in the query");
    const struct store *store = &call->cluster->store;
    if (match && strcmp(match, "Exact") == 0 && version < store->floor)
        return call_fail(
            call, 410,
            arena_format(call->arena,
                         "The resourceVersion for the provided list is too "
                         "old: %lld (%lld)",
                         (long long)version, (long long)store->floor));
    if (version > store->version) {
        call->response->retry_after = 1;
        return call_fail(call, 504,
                         arena_format(call->arena,
                                      "Too large resource version: %lld, "
                                      "current: %lld",
                                      (long long)version,
                                      (long long)store->version));
    }
    return read_token(call, listing);
}

static bool is_after(const struct listing *listing, const struct object *object)
{
    if (!listing->after[0])
        return true;
    int order = strcmp(object->namespace_name, listing->after[0]);
    return order > 0 ||
           (order == 0 && strcmp(object->name, listing->after[1]) > 0);
}

/* The objects of the page, in the call's arena; `more` fit that are not in it. */
static const struct object **find_objects(const struct call *call,
                                          const struct listing *listing,
                                          size_t *count, size_t *more)
{
    const struct store *store = &call->cluster->store;
    const struct object **found =
        arena_allocate(call->arena, (store->count + 1) * sizeof *found);
    *count = *more = 0;
    for (size_t i = 0; i < store->count; i++) {
        const struct object *object = store->items[i];
        if (object->resource != call->target.resource ||
            (call->target.namespace_name[0] != '\0' &&
             strcmp(object->namespace_name, call->target.namespace_name) !=
                 0) ||
            !is_after(listing, object) ||
            !selector_fits_labels(&listing->labels, object->value) ||
            !selector_fits_fields(&listing->fields, object->value))
            continue;
        if (listing->limit > 0 && *count == (size_t)listing->limit)
            ++*more;
        else
            found[(*count)++] = object;
    }
    return found;
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

static struct value *make_metadata(const struct call *call,
                                   const struct listing *listing,
                                   const struct object *last, size_t more)
{
    struct arena *arena = call->arena;
    struct value *metadata = value_make_map(arena);
    long long version =
        listing->version ? listing->version : call->cluster->store.version;
    value_set_string(arena, metadata, "resourceVersion",
                     arena_format(arena, "%lld", version));
    if (more == 0)
        return metadata;
    value_set_string(arena, metadata, "continue",
                     arena_format(arena, "%lld/%s/%s", version,
                                  last->namespace_name, last->name));
    if (listing->labels.count + listing->fields.count == 0)
        value_set(arena, metadata, "remainingItemCount",
                  value_make_int(arena, (int64_t)more));
    return metadata;
}

void call_list(struct call *call)
{
    struct arena *arena = call->arena;
    const struct resource *resource = call->target.resource;
    struct listing listing;
    if (read_listing(call, &listing) < 0)
        return;
    size_t count, more;
    const struct object **found = find_objects(call, &listing, &count, &more);
    struct value *list;
    if (table_is_wanted(call->request)) {
        list = table_make(arena, resource, found, count);
    } else {
        list = value_make_map(arena);
        struct value *items = value_make_list(arena);
        for (size_t i = 0; i < count; i++)
            value_append(arena, items, make_item(arena, found[i]->value));
        value_set_string(arena, list, "kind",
                         arena_format(arena, "%sList", resource->kind));
        value_set_string(arena, list, "apiVersion",
                         discovery_api_version(arena, resource));
        value_set(arena, list, "items", items);
    }
    value_set(
        arena, list, "metadata",
        make_metadata(call, &listing, count ? found[count - 1] : NULL, more));
    status_send_value(call->response, 200, list);
}

/* The version from which to watch; -1: none, from all that is there. */
static int64_t read_version(const struct call *call)
{
    const char *text = http_query(call->request, "resourceVersion");
    if (http_asks(call->request, "sendInitialEvents") || !text || !*text ||
        strcmp(text, "0") == 0)
        return -1;
    return strtoll(text, NULL, 10);
}

void call_watch(struct call *call)
{
    struct error error = {0};
    int64_t seconds =
        http_number(call->request, "timeoutSeconds", WATCH_SECONDS);
    if (seconds <= 0 || seconds > WATCH_SECONDS_LIMIT)
        seconds = WATCH_SECONDS;
    struct occasion occasion = {
        .verb = "watch",
        .resource = call->target.resource->plural,
        .namespace_name = call->target.namespace_name,
    };
    struct change_feed_options options = {
        .resource = call->target.resource,
        .namespace_name = call->target.namespace_name,
        .labels = http_query(call->request, "labelSelector"),
        .fields = http_query(call->request, "fieldSelector"),
        .version = read_version(call),
        .bookmarks = http_asks(call->request, "allowWatchBookmarks"),
        .initial_end = http_asks(call->request, "sendInitialEvents"),
        .expired =
            rules_use(&call->cluster->rules, ACTION_EXPIRE, &occasion) != NULL,
        .tables = table_is_wanted(call->request),
        .timeout = seconds * CLOCK_SECOND,
    };
    call->response->feed = change_feed_open(call->cluster, &options, &error);
    if (!call->response->feed) {
        call_fail(call, 400, error.text);
        return;
    }
    call->response->status = 200;
    call->response->type = "application/json";
}
