/*
 * The Event objects about one object in, the last word of it out. Events are told
 * by several programs (scheduler, kubelet, controllers), counted up when they come
 * again, and listed in no order that means anything: the time of the last one
 * decides, and among those of one second the one that is listed last.
 */
#include <string.h>

#include "engine/runtime/kubernetes_view.h"

/* The moment an event was last seen, to the second, as text that can be compared:
 * times of the API are in UTC. "": it does not say. */
static const char *read_time(const struct value *event)
{
    static const char *const paths[] = {"lastTimestamp",
                                        "series.lastObservedTime", "eventTime",
                                        "metadata.creationTimestamp"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *text = value_string(value_path(event, paths[i]));
        if (text && *text)
            return text;
    }
    return "";
}

/* Whether a time is no earlier than another. */
static bool is_since(const char *time, const char *other)
{
    enum { TO_THE_SECOND = sizeof "2026-01-01T00:00:00" - 1 };
    return strncmp(time, other, TO_THE_SECOND) >= 0;
}

/* What is told of images, in the order in which a kubelet does it. */
static bool is_of_image(const char *reason)
{
    static const char *const reasons[] = {"Pulling", "Pulled", "Failed",
                                          "BackOff", "InspectFailed"};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(reason, reasons[i]) == 0)
            return true;
    return false;
}

void event_view_decode(struct arena *arena, const struct value *list,
                       struct event_view *view)
{
    const struct value *items = value_get(list, "items");
    const char *newest = "", *refused = "", *image = "";
    *view = (struct event_view){0};
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *event = value_item(items, i);
        const char *reason = value_string_at(event, "reason");
        const char *message = value_string_at(event, "message");
        const char *type = value_string_at(event, "type");
        const char *time = read_time(event);
        if (!reason || !message)
            continue;
        if (strcmp(reason, "FailedCreate") == 0 && is_since(time, refused)) {
            view->refused = arena_string(arena, message);
            refused = time;
        }
        if (is_of_image(reason) && is_since(time, image)) {
            view->pulling = strcmp(reason, "Pulling") == 0;
            image = time;
        }
        if (!is_since(time, newest))
            continue;
        newest = time;
        bool warning = type && strcmp(type, "Warning") == 0;
        view->last = warning ? arena_format(arena, "%s: %s", reason, message)
                     : strcmp(reason, "Pulling") == 0
                         ? arena_string(arena, message)
                         : NULL;
    }
}
