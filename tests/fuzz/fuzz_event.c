/* Stored events, one line of JSON each, decoded and folded; what was accepted
 * comes back the same, and a state that has ended stays as it is. */
#include <stdlib.h>
#include <string.h>

#include "engine/event/event.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_round_trip(struct arena *arena, const struct event *event)
{
    struct error error = {0};
    struct event back;
    if (event_decode(arena, event_encode(arena, event), &back, &error) < 0 ||
        back.kind != event->kind || back.status != event->status ||
        back.time != event->time || back.exit_code != event->exit_code)
        abort();
}

static void take_line(struct run_state *state, const char *line, size_t length)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct event event;
    const struct value *value = value_read_json(arena, line, length, &error);
    if (!value || event_decode(arena, value, &event, &error) < 0)
        return;
    check_round_trip(arena, &event);
    bool ended = event_status_is_final(state->status);
    if (event_apply(state, &event, &error) == 0 && ended)
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct run_state *state = event_state_make(arena, "fuzz");
    const char *text = (const char *)data;
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;
        take_line(state, text, length);
        length += end ? 1 : 0;
        text += length;
        size -= length;
    }
    return 0;
}
