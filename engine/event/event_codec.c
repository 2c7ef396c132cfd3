/*
 * Events as values with stable member names, and back: the bodies of the history
 * and the lines of ndjson. `uses` says which members each kind has; encoding and
 * decoding walk the same table, so they cannot disagree.
 */
#include <limits.h>
#include <string.h>

#include "engine/event/event.h"

enum {
    USES_STEP = 1,
    USES_STATUS = 2,
    USES_ATTEMPT = 4,
    USES_RESULT = 8, /* exitCode, duration */
    USES_TEXT = 16,
    USES_BYTES = 32, /* text that is not NUL-terminated, read only */
};

static const unsigned uses[] = {
    [EVENT_RUN_QUEUED] = 0,
    [EVENT_RUN_STARTED] = 0,
    [EVENT_STEP_STARTED] = USES_STEP | USES_ATTEMPT,
    [EVENT_STEP_PAUSED] = USES_STEP,
    [EVENT_STEP_RESUMED] = USES_STEP,
    [EVENT_OUTPUT] = USES_STEP | USES_BYTES,
    [EVENT_STEP_FINISHED] = USES_STEP | USES_STATUS | USES_RESULT | USES_TEXT,
    [EVENT_ARTIFACT] = USES_STEP,
    [EVENT_NOTE] = USES_TEXT,
    [EVENT_RUN_FINISHED] = USES_STATUS | USES_TEXT,
};

enum { KIND_COUNT = sizeof uses / sizeof *uses };

static void set_text(struct arena *arena, struct value *map, const char *name,
                     const char *text)
{
    if (text)
        value_set(arena, map, name,
                  event_text_value(arena, text, strlen(text)));
}

static void set_int(struct arena *arena, struct value *map, const char *name,
                    int64_t integer)
{
    value_set(arena, map, name, value_make_int(arena, integer));
}

struct value *event_encode(struct arena *arena, const struct event *event)
{
    unsigned used = uses[event->kind];
    struct value *map = value_make_map(arena);
    value_set_string(arena, map, "event", event_kind_name(event->kind));
    set_int(arena, map, "time", event->time);
    if (used & USES_STEP)
        set_text(arena, map, "step", event->step);
    if (used & USES_STATUS)
        value_set_string(arena, map, "status",
                         event_status_name(event->status));
    if ((used & USES_RESULT) && event->exit_code >= 0)
        set_int(arena, map, "exitCode", event->exit_code);
    if (used & USES_ATTEMPT)
        set_int(arena, map, "attempt", event->attempt);
    if (used & USES_RESULT)
        set_int(arena, map, "duration", event->duration);
    if (used & USES_TEXT)
        set_text(arena, map, "text", event->text);
    if (event->data)
        value_set(arena, map, "data", value_copy(arena, event->data));
    return map;
}

struct range {
    int64_t least, most;
};

static const struct range any_int64 = {INT64_MIN, INT64_MAX};
static const struct range any_int = {INT_MIN, INT_MAX};
static const struct range exit_codes = {0, INT_MAX};

/* An integer of the range; absent: `*integer` stays as it is. */
static int read_int(const struct value *map, const char *name,
                    struct range range, int64_t *integer, struct error *error)
{
    const struct value *value = value_get(map, name);
    if (!value)
        return 0;
    if (!value_is(value, VALUE_INT) || value->integer < range.least ||
        value->integer > range.most)
        return error_set(
            error, ERROR_INPUT,
            "'%s' of an event must be an integer from %lld to %lld", name,
            (long long)range.least, (long long)range.most);
    *integer = value->integer;
    return 0;
}

static int read_string(const struct value *map, const char *name,
                       const char **string, struct error *error)
{
    const struct value *value = value_get(map, name);
    if (value && !value_is(value, VALUE_STRING))
        return error_set(error, ERROR_INPUT,
                         "'%s' of an event must be a string, not %s", name,
                         value_kind_name(value->kind));
    *string = value_string(value);
    return 0;
}

static int read_kind(const struct value *map, enum event_kind *kind,
                     struct error *error)
{
    const char *name = NULL;
    if (read_string(map, "event", &name, error) < 0)
        return -1;
    for (unsigned i = 0; name && i < KIND_COUNT; i++)
        if (strcmp(name, event_kind_name((enum event_kind)i)) == 0) {
            *kind = (enum event_kind)i;
            return 0;
        }
    return error_set(error, ERROR_INPUT, "'%.64s' is no kind of event",
                     name ? name : "");
}

static int read_status(const struct value *map, struct event *event,
                       struct error *error)
{
    const char *name = NULL;
    if (read_string(map, "status", &name, error) < 0)
        return -1;
    int status = name ? event_status_parse(name) : -1;
    if (status < 0)
        return error_set(error, ERROR_INPUT, "'%.64s' is no status",
                         name ? name : "");
    event->status = (enum status)status;
    return 0;
}

static int read_result(const struct value *map, struct event *event,
                       struct error *error)
{
    int64_t exit_code = -1;
    if (read_int(map, "exitCode", exit_codes, &exit_code, error) < 0 ||
        read_int(map, "duration", any_int64, &event->duration, error) < 0)
        return -1;
    event->exit_code = (int)exit_code;
    return 0;
}

/* The members that only some kinds have. */
static int read_members(const struct value *map, struct event *event,
                        struct error *error)
{
    unsigned used = uses[event->kind];
    int64_t attempt = 0;
    if ((used & USES_STEP) && read_string(map, "step", &event->step, error) < 0)
        return -1;
    if ((used & USES_STATUS) && read_status(map, event, error) < 0)
        return -1;
    if ((used & USES_ATTEMPT) &&
        read_int(map, "attempt", any_int, &attempt, error) < 0)
        return -1;
    event->attempt = (int)attempt;
    if ((used & USES_RESULT) && read_result(map, event, error) < 0)
        return -1;
    if ((used & (USES_TEXT | USES_BYTES)) &&
        read_string(map, "text", &event->text, error) < 0)
        return -1;
    if ((used & USES_BYTES) && event->text)
        event->length = value_get(map, "text")->string.length;
    return 0;
}

int event_decode(struct arena *arena, const struct value *value,
                 struct event *event, struct error *error)
{
    struct event result = {0};
    if (!value_is(value, VALUE_MAP))
        return error_set(error, ERROR_INPUT, "an event must be a map, not %s",
                         value ? value_kind_name(value->kind) : "null");
    if (read_kind(value, &result.kind, error) < 0 ||
        read_int(value, "time", any_int64, &result.time, error) < 0)
        return -1;
    if (read_members(value, &result, error) < 0)
        return -1;
    const struct value *data = value_get(value, "data");
    result.data = data ? value_copy(arena, data) : NULL;
    if (result.step)
        result.step = arena_string(arena, result.step);
    if (result.text && result.kind == EVENT_OUTPUT)
        result.text = arena_copy(arena, result.text, result.length);
    else if (result.text)
        result.text = arena_string(arena, result.text);
    *event = result;
    return 0;
}
