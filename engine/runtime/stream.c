/*
 * Bytes of a container's standard output in, events out. A control line is
 * "\n::assay:<token>:<JSON>\n", the newline before it being that of the line
 * before (at the start, or after another control line, it is only imagined).
 * The one idea: that newline and the fixed text are searched as one `mark`, so
 * that output is scanned by memmem, never line by line, and the bytes kept back
 * at the end of a chunk are always a prefix of `mark`: their count says it all.
 *
 *   OUTPUT   `matched` bytes of the mark have been seen and kept back
 *   CONTROL  the whole mark was seen; `line` collects the JSON
 *
 * Invariant: every byte fed is handed on once and in order, but for valid
 * control lines and the newlines that they say they have added.
 */
#include "engine/runtime/stream.h"

#include <assert.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/base/text.h"
#include "engine/runtime/bare.h"
#include "engine/runtime/limits.h"

struct stream {
    struct event_sink *sink;
    char mark[1 + 8 + STREAM_TOKEN_LIMIT + 1 + 1]; /* "\n::assay:<token>:" */
    size_t mark_length;
    size_t matched; /* of `mark`; mark_length: inside a control line */
    bool imagined;  /* the mark's newline was not in the input */
    struct text line;
    char step[STREAM_REFERENCE_LIMIT + 1]; /* whose output this is; or "" */
    const struct plan
        *plan; /* no control lines; all is output of its bare step */
    bool begun;
    bool done;
    enum status status;
};

struct stream *stream_new(const char *token, struct event_sink *sink)
{
    size_t length = strlen(token);
    assert(length > 0 && length <= STREAM_TOKEN_LIMIT);
    struct stream *stream = memory_allocate(sizeof *stream);
    stream->sink = sink;
    struct text mark = {0};
    text_append_format(&mark, "\n::assay:%s:", token);
    assert(mark.length < sizeof stream->mark);
    memcpy(stream->mark, mark.data, mark.length);
    stream->mark_length = mark.length;
    text_free(&mark);
    stream->matched = 1;
    stream->imagined = true;
    return stream;
}

struct stream *stream_new_bare(const struct plan *plan, struct event_sink *sink)
{
    struct stream *stream = memory_allocate(sizeof *stream);
    const char *step = bare_step(plan);
    assert(step && strlen(step) <= STREAM_REFERENCE_LIMIT);
    stream->sink = sink;
    stream->plan = plan;
    memcpy(stream->step, step, strlen(step) + 1);
    return stream;
}

void stream_free(struct stream *stream)
{
    text_free(&stream->line);
    memory_wipe(stream, sizeof *stream);
    memory_free(stream);
}

bool stream_is_done(const struct stream *stream, enum status *status)
{
    *status = stream->status;
    return stream->done;
}

static int hand_on(struct stream *stream, const char *bytes, size_t length,
                   struct error *error)
{
    if (length == 0)
        return 0;
    struct event event = {.kind = EVENT_OUTPUT,
                          .time = clock_now(),
                          .step = stream->step,
                          .text = bytes,
                          .length = length};
    return event_emit(stream->sink, &event, error);
}

/* Hands on what was kept back of the mark. */
static int release(struct stream *stream, struct error *error)
{
    size_t skipped = stream->imagined ? 1 : 0;
    size_t length = stream->matched;
    stream->matched = 0;
    stream->imagined = false;
    if (length <= skipped)
        return 0;
    return hand_on(stream, stream->mark + skipped, length - skipped, error);
}

static bool decode_start(const struct value *control, struct event *event)
{
    event->kind = EVENT_STEP_STARTED;
    int64_t attempt = value_int_or(value_get(control, "attempt"), 1);
    event->attempt = (int)attempt;
    event->status = STATUS_RUNNING;
    return attempt >= 1 && attempt <= INT32_MAX;
}

static bool decode_finish(const struct value *control, struct event *event)
{
    event->kind = EVENT_STEP_FINISHED;
    int64_t code = value_int_or(value_get(control, "exitCode"), -1);
    event->exit_code = (int)code;
    event->duration = value_int_or(value_get(control, "duration"), 0);
    event->text = value_string_at(control, "reason");
    const char *word = value_string_at(control, "status");
    int status = word ? event_status_parse(word) : -1;
    if (status < STATUS_PASSED || status > STATUS_ABORTED)
        return false;
    event->status = (enum status)status;
    return code >= -1 && code <= INT32_MAX && event->duration >= 0;
}

static bool decode_done(struct stream *stream, const struct value *control)
{
    const char *word = value_string_at(control, "status");
    int status = word ? event_status_parse(word) : -1;
    if (status != STATUS_PASSED && status != STATUS_FAILED &&
        status != STATUS_ABORTED && status != STATUS_TIMEOUT)
        return false;
    stream->done = true;
    stream->status = (enum status)status;
    return true;
}

/* Names are only looked at by those who make paths of them. */
static bool decode_artifact(struct arena *arena, const struct value *control,
                            struct event *event)
{
    static const char *const members[] = {"name", "file", "size", "compress"};
    struct value *data = value_make_map(arena);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const struct value *member = value_get(control, members[i]);
        if (member)
            value_set(arena, data, members[i], value_copy(arena, member));
    }
    event->kind = EVENT_ARTIFACT;
    event->data = data;
    return value_string_at(data, "name") && value_string_at(data, "file") &&
           value_int_or(value_get(data, "size"), -1) >= 0;
}

/* Fills `event` from the JSON of a control line; a kind of EVENT_NOTE says that
 * there is nothing to emit. False: this is no control line. */
static bool decode(struct stream *stream, struct arena *arena,
                   const struct value *control, struct event *event)
{
    const char *name = value_string_at(control, "event");
    event->kind = EVENT_NOTE;
    if (!name)
        return false;
    if (strcmp(name, "done") == 0)
        return decode_done(stream, control);
    event->step = value_string_at(control, "step");
    event->time = value_int_or(value_get(control, "time"), clock_now());
    if (!event->step || event->step[0] == '\0' ||
        strlen(event->step) > STREAM_REFERENCE_LIMIT)
        return false;
    if (strcmp(name, "start") == 0)
        return decode_start(control, event);
    if (strcmp(name, "artifact") == 0)
        return decode_artifact(arena, control, event);
    if (strcmp(name, "pause") == 0 || strcmp(name, "resume") == 0) {
        event->kind = *name == 'p' ? EVENT_STEP_PAUSED : EVENT_STEP_RESUMED;
        return true;
    }
    return strcmp(name, "finish") == 0 && decode_finish(control, event);
}

/* Emits the event of a control line and notes whose output follows. */
static int take(struct stream *stream, const struct event *event,
                struct error *error)
{
    if (event->kind == EVENT_NOTE)
        return 0;
    if (event->kind == EVENT_STEP_STARTED)
        memcpy(stream->step, event->step, strlen(event->step) + 1);
    else if (event->kind == EVENT_STEP_FINISHED &&
             strcmp(stream->step, event->step) == 0)
        stream->step[0] = '\0';
    return event_emit(stream->sink, event, error);
}

/* What looked like a control line is output after all. */
static int give_up(struct stream *stream, struct error *error)
{
    int result = release(stream, error);
    if (result == 0)
        result = hand_on(stream, stream->line.data, stream->line.length, error);
    text_clear(&stream->line);
    return result;
}

/* The line in stream->line is complete. `ended` says whether a newline ended
 * it, or the stream. */
static int end_line(struct stream *stream, bool ended, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error ignored = {0};
    struct value *control = value_read_json(arena, text_string(&stream->line),
                                            stream->line.length, &ignored);
    struct event event = {.exit_code = -1};
    if (!decode(stream, arena, control, &event)) {
        if (give_up(stream, error) != 0)
            return -1;
        stream->matched = ended ? 1 : 0;
        return 0;
    }
    text_clear(&stream->line);
    bool joined = value_bool_or(value_get(control, "joined"), false);
    stream->matched = joined ? 0 : 1;
    if (release(stream, error) != 0)
        return -1;
    stream->matched = 1;
    stream->imagined = true;
    return take(stream, &event, error);
}

/* Inside a control line: takes bytes up to its end. Returns how many. */
static ptrdiff_t feed_control(struct stream *stream, const char *bytes,
                              size_t length, struct error *error)
{
    const char *end = memchr(bytes, '\n', length);
    size_t part = end ? (size_t)(end - bytes) : length;
    size_t room = STREAM_LINE_LIMIT - stream->line.length;
    if (part > room) {
        text_append(&stream->line, bytes, room);
        return give_up(stream, error) == 0 ? (ptrdiff_t)room : -1;
    }
    text_append(&stream->line, bytes, part);
    if (!end)
        return (ptrdiff_t)part;
    return end_line(stream, true, error) == 0 ? (ptrdiff_t)part + 1 : -1;
}

/* A part of the mark was kept back: compares on. Returns the bytes taken. */
static ptrdiff_t feed_mark(struct stream *stream, const char *bytes,
                           size_t length, struct error *error)
{
    size_t taken = 0;
    while (taken < length && stream->matched < stream->mark_length &&
           bytes[taken] == stream->mark[stream->matched]) {
        taken++;
        stream->matched++;
    }
    if (taken == length || stream->matched == stream->mark_length)
        return (ptrdiff_t)taken;
    return release(stream, error) == 0 ? (ptrdiff_t)taken : -1;
}

/* How many bytes at the end of `bytes` may be the beginning of the mark. */
static size_t find_tail(const struct stream *stream, const char *bytes,
                        size_t length)
{
    size_t most = stream->mark_length - 1;
    size_t skipped = length > most ? length - most : 0;
    const char *tail = memrchr(bytes + skipped, '\n', length - skipped);
    if (!tail)
        return 0;
    size_t count = length - (size_t)(tail - bytes);
    return memcmp(tail, stream->mark, count) == 0 ? count : 0;
}

/* Plain output: hands on all up to the next mark. Returns the bytes taken. */
static ptrdiff_t feed_output(struct stream *stream, const char *bytes,
                             size_t length, struct error *error)
{
    const char *found =
        memmem(bytes, length, stream->mark, stream->mark_length);
    size_t kept =
        found ? stream->mark_length : find_tail(stream, bytes, length);
    size_t taken = found ? (size_t)(found - bytes) + kept : length;
    if (hand_on(stream, bytes, taken - kept, error) != 0)
        return -1;
    stream->matched = kept;
    stream->imagined = false;
    return (ptrdiff_t)taken;
}

int stream_begin(struct stream *stream, struct error *error)
{
    bool begun = stream->begun;
    stream->begun = true;
    return begun ? 0 : bare_begin(stream->plan, stream->sink, error);
}

/* Output of a program that says nothing of its step. */
static int feed_bare(struct stream *stream, const char *bytes, size_t length,
                     struct error *error)
{
    if (stream_begin(stream, error) != 0)
        return -1;
    return hand_on(stream, bytes, length, error);
}

int stream_feed(struct stream *stream, const char *bytes, size_t length,
                struct error *error)
{
    if (stream->plan)
        return feed_bare(stream, bytes, length, error);
    while (length > 0) {
        ptrdiff_t taken;
        if (stream->matched == stream->mark_length)
            taken = feed_control(stream, bytes, length, error);
        else if (stream->matched > 0)
            taken = feed_mark(stream, bytes, length, error);
        else
            taken = feed_output(stream, bytes, length, error);
        if (taken < 0)
            return -1;
        bytes += taken;
        length -= (size_t)taken;
    }
    return 0;
}

int stream_rest(struct stream *stream, struct error *error)
{
    if (stream->matched != 1 || stream->imagined)
        return 0;
    int result = release(stream, error);
    stream->matched = 1;
    stream->imagined = true;
    return result;
}

int stream_finish(struct stream *stream, struct error *error)
{
    if (stream->matched == stream->mark_length)
        return end_line(stream, false, error);
    return release(stream, error);
}
