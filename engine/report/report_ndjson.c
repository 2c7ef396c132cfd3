/*
 * Events in, lines of JSON out. Output may be cut between the bytes of one
 * character; those at the end of a chunk wait for the next chunk of the same step,
 * and come as a line of their own when there is none.
 */
#include <string.h>

#include "engine/base/memory.h"
#include "engine/report/report.h"

enum { PIECE = 64 * 1024, CARRY = 4 };

struct report_ndjson {
    struct event_sink sink;
    FILE *out;
    char *id;
    struct text line;
    struct text piece;
    char carry[CARRY];
    size_t carried;
    int64_t time;     /* of the carried bytes */
    struct text step; /* that printed them */
};

/* One line; `bytes` is the text of output, NULL for other events. */
static int print(struct report_ndjson *ndjson, const struct event *event,
                 const char *bytes, size_t length, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *map = value_make_map(arena);
    value_set(arena, map, "run",
              event_text_value(arena, ndjson->id, strlen(ndjson->id)));
    const struct value *encoded = event_encode(arena, event);
    for (size_t i = 0; i < encoded->map.count; i++)
        value_set(arena, map, encoded->map.members[i].name,
                  encoded->map.members[i].value);
    if (bytes)
        value_set(arena, map, "text", event_text_value(arena, bytes, length));
    text_clear(&ndjson->line);
    value_write_json(&ndjson->line, map, JSON_COMPACT);
    text_append_character(&ndjson->line, '\n');
    if (fwrite(ndjson->line.data, 1, ndjson->line.length, ndjson->out) !=
        ndjson->line.length)
        return error_set_system(error, "cannot write the events");
    return 0;
}

/* The carried bytes will not be completed: they come as they are. */
static int flush_carry(struct report_ndjson *ndjson, struct error *error)
{
    size_t length = ndjson->carried;
    ndjson->carried = 0;
    if (length == 0)
        return 0;
    struct event event = {
        .kind = EVENT_OUTPUT,
        .time = ndjson->time,
        .step = text_string(&ndjson->step),
    };
    return print(ndjson, &event, ndjson->carry, length, error);
}

static int print_piece(struct report_ndjson *ndjson, const struct event *event,
                       const char *bytes, size_t length, struct error *error)
{
    text_clear(&ndjson->piece);
    text_append(&ndjson->piece, ndjson->carry, ndjson->carried);
    text_append(&ndjson->piece, bytes, length);
    bytes = ndjson->piece.data;
    length = ndjson->piece.length;
    ndjson->carried = event_text_pending(bytes, length);
    ndjson->time = event->time;
    length -= ndjson->carried;
    memcpy(ndjson->carry, bytes + length, ndjson->carried);
    return length > 0 ? print(ndjson, event, bytes, length, error) : 0;
}

static int print_output(struct report_ndjson *ndjson, const struct event *event,
                        struct error *error)
{
    const char *step = event->step ? event->step : "";
    if (strcmp(step, text_string(&ndjson->step)) != 0 &&
        flush_carry(ndjson, error) < 0)
        return -1;
    text_clear(&ndjson->step);
    text_append_string(&ndjson->step, step);
    for (size_t done = 0; done < event->length; done += PIECE) {
        size_t left = event->length - done;
        if (print_piece(ndjson, event, event->text + done,
                        left < PIECE ? left : PIECE, error) < 0)
            return -1;
    }
    return 0;
}

static int handle(struct event_sink *sink, const struct event *event,
                  struct error *error)
{
    struct report_ndjson *ndjson = (struct report_ndjson *)sink;
    int result = 0;
    if (event->kind == EVENT_OUTPUT)
        result = print_output(ndjson, event, error);
    else if (flush_carry(ndjson, error) < 0 ||
             print(ndjson, event, NULL, 0, error) < 0)
        result = -1;
    if (result == 0 && fflush(ndjson->out) != 0)
        result = error_set_system(error, "cannot write the events");
    return result;
}

struct report_ndjson *report_ndjson_new(FILE *out, const char *id)
{
    struct report_ndjson *ndjson = memory_allocate(sizeof *ndjson);
    ndjson->sink.handle = handle;
    ndjson->out = out;
    ndjson->id = memory_copy(id, strlen(id));
    return ndjson;
}

void report_ndjson_free(struct report_ndjson *ndjson)
{
    if (!ndjson)
        return;
    text_free(&ndjson->line);
    text_free(&ndjson->piece);
    text_free(&ndjson->step);
    memory_free(ndjson->id);
    memory_free(ndjson);
}

struct event_sink *report_ndjson_sink(struct report_ndjson *ndjson)
{
    return &ndjson->sink;
}
