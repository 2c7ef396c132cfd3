/* GET .../pods/NAME/log: the query in, a feed or the refusal of a real server. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "tests/kube/call.h"
#include "tests/kube/log_feed.h"
#include "tests/kube/moment.h"
#include "tests/kube/node.h"
#include "tests/kube/tree.h"

/* "a b c" */
static const char *list_names(struct arena *arena, const struct value *list)
{
    const char *names = "";
    for (size_t i = 0; i < value_count(list); i++)
        names = arena_format(arena, "%s%s%s", names, i ? " " : "",
                             value_string_at(value_item(list, i), "name"));
    return names;
}

/* The container that is meant; NULL: answered. */
static const char *find_container(struct call *call, const struct object *pod)
{
    const char *name = http_query(call->request, "container");
    const struct value *all = value_path(pod->value, "spec.containers");
    const struct value *initial = value_path(pod->value, "spec.initContainers");
    const char *message = NULL;
    if ((!name || !*name) && value_count(all) == 1)
        return value_string_at(value_item(all, 0), "name");
    if (name && *name &&
        (tree_entry(all, "name", name) || tree_entry(initial, "name", name)))
        return name;
    if (name && *name)
        message =
            arena_format(call->arena, "container %s is not valid for pod %s",
                         name, pod->name);
    else if (value_count(initial) > 0)
        message = arena_format(
            call->arena,
            "a container name must be specified for pod %s, choose one of: "
            "[%s] or one of the init containers: [%s]",
            pod->name, list_names(call->arena, all),
            list_names(call->arena, initial));
    else
        message = arena_format(
            call->arena,
            "a container name must be specified for pod %s, choose one of: "
            "[%s]",
            pod->name, list_names(call->arena, all));
    call_fail(call, 400, message);
    return NULL;
}

/* Why the container waits, from its status. */
static const char *find_reason(const struct object *pod, const char *container)
{
    static const char *const lists[] = {"status.containerStatuses",
                                        "status.initContainerStatuses"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct value *entry =
            tree_entry(value_path(pod->value, lists[i]), "name", container);
        const char *reason =
            value_string(value_path(entry, "state.waiting.reason"));
        if (reason)
            return reason;
    }
    return "ContainerCreating";
}

static struct log_feed_options read_options(const struct call *call)
{
    const char *since = http_query(call->request, "sinceTime");
    int64_t seconds = http_number(call->request, "sinceSeconds", -1);
    struct log_feed_options options = {
        .follow = http_asks(call->request, "follow"),
        .timestamps = http_asks(call->request, "timestamps"),
        .tail = http_number(call->request, "tailLines", -1),
        .limit = http_number(call->request, "limitBytes", -1),
    };
    if (since)
        options.since = moment_parse(since);
    else if (seconds >= 0)
        options.since = clock_now() - seconds * CLOCK_SECOND;
    if (options.since < 0)
        options.since = 0;
    return options;
}

void call_log(struct call *call)
{
    const struct object *pod = call_find(call);
    const char *container = pod ? find_container(call, pod) : NULL;
    if (!container)
        return;
    call->response->status = 200;
    call->response->type = "text/plain";
    if (!value_path(pod->value, "spec.nodeName"))
        return;
    if (node_is_lost(call->cluster->node, pod->uid)) {
        call_fail(call, 500,
                  arena_format(call->arena,
                               "Get \"https://" NODE_NAME
                               ":10250/containerLogs/%s/%s/%s\": dial tcp: i/o "
                               "timeout",
                               pod->namespace_name, pod->name, container));
        return;
    }
    bool previous = http_asks(call->request, "previous");
    struct log_file *log =
        node_find_log(call->cluster->node, pod->uid, container, previous);
    if (log) {
        struct log_feed_options options = read_options(call);
        call->response->feed = log_feed_open(log, &options);
    } else if (previous) {
        call_fail(call, 400,
                  arena_format(call->arena,
                               "previous terminated container \"%s\" in pod "
                               "\"%s\" not found",
                               container, pod->name));
    } else {
        call_fail(call, 400,
                  arena_format(call->arena,
                               "container \"%s\" in pod \"%s\" is waiting to "
                               "start: %s",
                               container, pod->name,
                               find_reason(pod, container)));
    }
}
