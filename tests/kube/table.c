/*
 * A table of columns for each kind: a name, a priority (1 is only for -o wide)
 * and a function that writes the cell. Kinds without columns of their own have
 * name and age.
 */
#include "tests/kube/table.h"

#include <string.h>

#include "engine/base/clock.h"
#include "tests/kube/moment.h"

struct column {
    const char *kind; /* of the objects; NULL: all others */
    const char *name;
    int priority;
    const char *(*write)(struct arena *arena, const struct value *object);
};

static const char *write_duration(struct arena *arena, int64_t duration)
{
    long long seconds = duration / CLOCK_SECOND;
    if (seconds < 120)
        return arena_format(arena, "%llds", seconds);
    if (seconds < 7200)
        return arena_format(arena, "%lldm", seconds / 60);
    if (seconds < 172800)
        return arena_format(arena, "%lldh", seconds / 3600);
    return arena_format(arena, "%lldd", seconds / 86400);
}

static const char *write_text(const struct value *object, const char *path)
{
    const char *text = value_string(value_path(object, path));
    return text ? text : "";
}

static const char *write_name(struct arena *arena, const struct value *object)
{
    (void)arena;
    return write_text(object, "metadata.name");
}

static const char *write_since(struct arena *arena, const char *moment)
{
    int64_t time = moment_parse(moment);
    return time < 0 ? "<unknown>" : write_duration(arena, clock_now() - time);
}

static const char *write_age(struct arena *arena, const struct value *object)
{
    return write_since(arena, write_text(object, "metadata.creationTimestamp"));
}

/* How many entries of containerStatuses are ready, or their restarts in all. */
static int64_t sum_statuses(const struct value *object, bool restarts)
{
    const struct value *list = value_path(object, "status.containerStatuses");
    int64_t sum = 0;
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *status = value_item(list, i);
        sum += restarts ? value_int_or(value_get(status, "restartCount"), 0)
                        : value_bool_or(value_get(status, "ready"), false);
    }
    return sum;
}

static const char *write_pod_ready(struct arena *arena,
                                   const struct value *object)
{
    return arena_format(arena, "%lld/%zu",
                        (long long)sum_statuses(object, false),
                        value_count(value_path(object, "spec.containers")));
}

static const char *write_pod_restarts(struct arena *arena,
                                      const struct value *object)
{
    return arena_format(arena, "%lld", (long long)sum_statuses(object, true));
}

/* The reason of the first container that waits or has ended, or the phase. */
static const char *write_pod_status(struct arena *arena,
                                    const struct value *object)
{
    (void)arena;
    static const char *const states[] = {"state.waiting.reason",
                                         "state.terminated.reason"};
    const struct value *list = value_path(object, "status.containerStatuses");
    const char *reason = value_string(value_path(object, "status.reason"));
    if (value_path(object, "metadata.deletionTimestamp"))
        return "Terminating";
    for (size_t i = 0; !reason && i < value_count(list); i++)
        for (size_t k = 0; !reason && k < 2; k++)
            reason = value_string(value_path(value_item(list, i), states[k]));
    return reason ? reason : write_text(object, "status.phase");
}

static const char *write_pod_address(struct arena *arena,
                                     const struct value *object)
{
    (void)arena;
    const char *address = write_text(object, "status.podIP");
    return *address ? address : "<none>";
}

static const char *write_pod_node(struct arena *arena,
                                  const struct value *object)
{
    (void)arena;
    const char *node = write_text(object, "spec.nodeName");
    return *node ? node : "<none>";
}

static const char *write_job_status(struct arena *arena,
                                    const struct value *object)
{
    (void)arena;
    const struct value *list = value_path(object, "status.conditions");
    const char *status = "Running";
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *condition = value_item(list, i);
        const char *type = write_text(condition, "type");
        if (strcmp(write_text(condition, "status"), "True") == 0 &&
            (strcmp(type, "Complete") == 0 || strcmp(type, "Failed") == 0 ||
             strcmp(type, "Suspended") == 0))
            status = type;
    }
    return status;
}

static const char *write_job_completions(struct arena *arena,
                                         const struct value *object)
{
    return arena_format(
        arena, "%lld/%lld",
        (long long)value_int_or(value_path(object, "status.succeeded"), 0),
        (long long)value_int_or(value_path(object, "spec.completions"), 1));
}

static const char *write_job_duration(struct arena *arena,
                                      const struct value *object)
{
    int64_t start = moment_parse(write_text(object, "status.startTime"));
    int64_t end = moment_parse(write_text(object, "status.completionTime"));
    if (start < 0)
        return "";
    return write_duration(arena, (end < 0 ? clock_now() : end) - start);
}

static const char *write_images(struct arena *arena, const struct value *object)
{
    const struct value *list =
        value_path(object, "spec.template.spec.containers");
    const char *images = "";
    for (size_t i = 0; i < value_count(list); i++)
        images = arena_format(arena, "%s%s%s", images, i ? "," : "",
                              write_text(value_item(list, i), "image"));
    return images;
}

static const char *write_data_count(struct arena *arena,
                                    const struct value *object)
{
    return arena_format(arena, "%zu",
                        value_count(value_get(object, "data")) +
                            value_count(value_get(object, "binaryData")));
}

static const char *write_event_age(struct arena *arena,
                                   const struct value *object)
{
    return write_since(arena, write_text(object, "lastTimestamp"));
}

static const char *write_event_object(struct arena *arena,
                                      const struct value *object)
{
    const char *kind = write_text(object, "involvedObject.kind");
    char *lower = arena_string(arena, kind);
    for (char *c = lower; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 'a' - 'A' : *c);
    return arena_format(arena, "%s/%s", lower,
                        write_text(object, "involvedObject.name"));
}

#define WRITER(name, path)                                                     \
    static const char *name(struct arena *arena, const struct value *object)   \
    {                                                                          \
        (void)arena;                                                           \
        return write_text(object, path);                                       \
    }

WRITER(write_event_type, "type")
WRITER(write_event_reason, "reason")
WRITER(write_event_message, "message")
WRITER(write_secret_type, "type")
WRITER(write_phase, "status.phase")
WRITER(write_volume, "spec.volumeName")
WRITER(write_capacity, "status.capacity.storage")
WRITER(write_class, "spec.storageClassName")

static const char *write_modes(struct arena *arena, const struct value *object)
{
    static const char *const modes[][2] = {{"ReadWriteOnce", "RWO"},
                                           {"ReadOnlyMany", "ROX"},
                                           {"ReadWriteMany", "RWX"},
                                           {"ReadWriteOncePod", "RWOP"}};
    const struct value *list = value_path(object, "status.accessModes");
    const char *text = "";
    for (size_t i = 0; i < value_count(list); i++)
        for (size_t k = 0; k < sizeof modes / sizeof *modes; k++) {
            const char *mode = value_string(value_item(list, i));
            if (mode && strcmp(mode, modes[k][0]) == 0)
                text = arena_format(arena, "%s%s%s", text, *text ? "," : "",
                                    modes[k][1]);
        }
    return text;
}

static const struct column columns[] = {
    {"Pod", "Name", 0, write_name},
    {"Pod", "Ready", 0, write_pod_ready},
    {"Pod", "Status", 0, write_pod_status},
    {"Pod", "Restarts", 0, write_pod_restarts},
    {"Pod", "Age", 0, write_age},
    {"Pod", "IP", 1, write_pod_address},
    {"Pod", "Node", 1, write_pod_node},
    {"Job", "Name", 0, write_name},
    {"Job", "Status", 0, write_job_status},
    {"Job", "Completions", 0, write_job_completions},
    {"Job", "Duration", 0, write_job_duration},
    {"Job", "Age", 0, write_age},
    {"Job", "Images", 1, write_images},
    {"ConfigMap", "Name", 0, write_name},
    {"ConfigMap", "Data", 0, write_data_count},
    {"ConfigMap", "Age", 0, write_age},
    {"Secret", "Name", 0, write_name},
    {"Secret", "Type", 0, write_secret_type},
    {"Secret", "Data", 0, write_data_count},
    {"Secret", "Age", 0, write_age},
    {"PersistentVolumeClaim", "Name", 0, write_name},
    {"PersistentVolumeClaim", "Status", 0, write_phase},
    {"PersistentVolumeClaim", "Volume", 0, write_volume},
    {"PersistentVolumeClaim", "Capacity", 0, write_capacity},
    {"PersistentVolumeClaim", "Access Modes", 0, write_modes},
    {"PersistentVolumeClaim", "StorageClass", 0, write_class},
    {"PersistentVolumeClaim", "Age", 0, write_age},
    {"Namespace", "Name", 0, write_name},
    {"Namespace", "Status", 0, write_phase},
    {"Namespace", "Age", 0, write_age},
    {"Event", "Last Seen", 0, write_event_age},
    {"Event", "Type", 0, write_event_type},
    {"Event", "Reason", 0, write_event_reason},
    {"Event", "Object", 0, write_event_object},
    {"Event", "Message", 0, write_event_message},
    {NULL, "Name", 0, write_name},
    {NULL, "Age", 0, write_age},
};

enum { COLUMNS = sizeof columns / sizeof *columns };

/* The kind of the resource's columns, which may be NULL. */
static const char *find_kind(const struct resource *resource)
{
    for (size_t i = 0; i < COLUMNS && columns[i].kind; i++)
        if (strcmp(columns[i].kind, resource->kind) == 0)
            return columns[i].kind;
    return NULL;
}

static bool is_of(const struct column *column, const char *kind)
{
    return kind ? column->kind && strcmp(column->kind, kind) == 0
                : !column->kind;
}

static struct value *make_columns(struct arena *arena, const char *kind)
{
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < COLUMNS; i++) {
        if (!is_of(&columns[i], kind))
            continue;
        struct value *column = value_make_map(arena);
        bool name = strcmp(columns[i].name, "Name") == 0;
        value_set_string(arena, column, "name", columns[i].name);
        value_set_string(arena, column, "type", "string");
        value_set_string(arena, column, "format", name ? "name" : "");
        value_set_string(arena, column, "description", "");
        value_set(arena, column, "priority",
                  value_make_int(arena, columns[i].priority));
        value_append(arena, list, column);
    }
    return list;
}

static struct value *make_row(struct arena *arena, const char *kind,
                              struct value *object)
{
    struct value *row = value_make_map(arena);
    struct value *cells = value_make_list(arena);
    for (size_t i = 0; i < COLUMNS; i++)
        if (is_of(&columns[i], kind))
            value_append(
                arena, cells,
                value_make_string(arena, columns[i].write(arena, object)));
    value_set(arena, row, "cells", cells);
    value_set(arena, row, "object", object);
    return row;
}

bool table_is_wanted(const struct http_request *request)
{
    return strstr(request->accept, "as=Table") &&
           strstr(request->accept, "v=v1;");
}

struct value *table_make(struct arena *arena, const struct resource *resource,
                         const struct object *const *objects, size_t count)
{
    const char *kind = find_kind(resource);
    struct value *table = value_make_map(arena);
    struct value *rows = value_make_list(arena);
    value_set_string(arena, table, "kind", "Table");
    value_set_string(arena, table, "apiVersion", "meta.k8s.io/v1");
    value_set(arena, table, "metadata", value_make_map(arena));
    value_set(arena, table, "columnDefinitions", make_columns(arena, kind));
    for (size_t i = 0; i < count; i++)
        value_append(arena, rows, make_row(arena, kind, objects[i]->value));
    value_set(arena, table, "rows", rows);
    return table;
}
