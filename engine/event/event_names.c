/*
 * The words for statuses and kinds of events, and the handing over of events.
 */
#include <string.h>

#include "engine/event/event.h"

static const struct {
    const char *name;
    bool final;
} statuses[] = {
    [STATUS_QUEUED] = {"queued", false},  [STATUS_RUNNING] = {"running", false},
    [STATUS_PASSED] = {"passed", true},   [STATUS_FAILED] = {"failed", true},
    [STATUS_TIMEOUT] = {"timeout", true}, [STATUS_SKIPPED] = {"skipped", true},
    [STATUS_ABORTED] = {"aborted", true}, [STATUS_ERROR] = {"error", true},
    [STATUS_LOST] = {"lost", true},       [STATUS_PAUSED] = {"paused", false},
};

static const char *const kinds[] = {
    [EVENT_RUN_QUEUED] = "run-queued",
    [EVENT_RUN_STARTED] = "run-started",
    [EVENT_STEP_STARTED] = "step-started",
    [EVENT_STEP_PAUSED] = "step-paused",
    [EVENT_STEP_RESUMED] = "step-resumed",
    [EVENT_OUTPUT] = "output",
    [EVENT_STEP_FINISHED] = "step-finished",
    [EVENT_ARTIFACT] = "artifact",
    [EVENT_NOTE] = "note",
    [EVENT_RUN_FINISHED] = "run-finished",
};

const char *event_status_name(enum status status)
{
    return statuses[status].name;
}

int event_status_parse(const char *name)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (strcmp(name, statuses[i].name) == 0)
            return (int)i;
    return -1;
}

bool event_status_is_final(enum status status)
{
    return statuses[status].final;
}

const char *event_kind_name(enum event_kind kind)
{
    return kinds[kind];
}

int event_emit(struct event_sink *sink, const struct event *event,
               struct error *error)
{
    return sink->handle(sink, event, error);
}

static int fan_handle(struct event_sink *sink, const struct event *event,
                      struct error *error)
{
    struct event_fan *fan = (struct event_fan *)sink;
    int result = 0;
    for (size_t i = 0; i < fan->count; i++) {
        struct error later = {0};
        if (event_emit(fan->sinks[i], event, result ? &later : error) < 0)
            result = -1;
    }
    return result;
}

struct event_fan event_fan_make(struct event_sink **sinks, size_t count)
{
    return (struct event_fan){{fan_handle}, sinks, count};
}
