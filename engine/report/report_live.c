/*
 * Events in, lines for a terminal out, at once. It folds the events with
 * event_apply, so that it knows the names of the steps and the verdict.
 *
 * Output goes through in pieces: whole lines are never gathered. What a chunk may
 * have cut in two (a character, a carriage return before its newline) is carried
 * over to the next chunk: at most three bytes. Invariant: lines of our own begin
 * at the start of a line, and outside `raw` all output stands behind an indent,
 * so a step cannot print what looks like a line of ours.
 */
#include <errno.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/report/style.h"

enum { PIECE = 64 * 1024, CARRY = 4, INDENTED = 4096 };

struct report_live {
    struct event_sink sink;
    FILE *out;
    struct report_options options;
    struct arena *arena;
    struct run_state *state;
    struct text text;  /* what is about to be written */
    struct text piece; /* carried bytes with what follows them */
    char carry[CARRY];
    size_t carried;
    bool inside_line; /* output ended without a newline */
    char step[64];    /* the step that printed last, or the start of its ref */
};

static int write_text(struct report_live *live, struct error *error)
{
    size_t length = live->text.length;
    size_t written = length ? fwrite(live->text.data, 1, length, live->out) : 0;
    text_clear(&live->text);
    if (written == length)
        return 0;
    return error_set_system(error, "cannot write the report");
}

static bool is_plain(const char *bytes, size_t length)
{
    unsigned odd = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        odd |= (unsigned)((byte < 0x20) & (byte != '\n') & (byte != '\t')) |
               (unsigned)(byte >= 0x7f);
    }
    return odd == 0;
}

/* Puts plain lines behind an indent into `to`, which has room for twice as many
 * bytes and two; the end of them. */
static char *indent(struct report_live *live, const char *bytes, size_t length,
                    char *to)
{
    for (size_t i = 0; i < length; i++) {
        if (!live->inside_line && bytes[i] != '\n') {
            *to++ = ' ';
            *to++ = ' ';
        }
        live->inside_line = bytes[i] != '\n';
        *to++ = bytes[i];
    }
    return to;
}

/* append_lines for what needs no escapes: most output, and at full speed also
 * when its lines are short. */
static void append_plain(struct report_live *live, const char *bytes,
                         size_t length)
{
    char indented[2 * INDENTED + 2];
    while (length > 0) {
        size_t count = length < INDENTED ? length : INDENTED;
        const char *end = indent(live, bytes, count, indented);
        text_append(&live->text, indented, (size_t)(end - indented));
        bytes += count;
        length -= count;
    }
}

/* Output lines, each behind an indent; an empty line stays empty. */
static void append_lines(struct report_live *live, const char *bytes,
                         size_t length)
{
    while (length > 0) {
        const char *newline = memchr(bytes, '\n', length);
        size_t count = newline ? (size_t)(newline - bytes) + 1 : length;
        if (!live->inside_line && *bytes != '\n')
            text_append(&live->text, "  ", 2);
        text_append_escaped(&live->text, bytes, count, true);
        live->inside_line = !newline;
        bytes += count;
        length -= count;
    }
}

static int print_piece(struct report_live *live, const char *bytes,
                       size_t length, struct error *error)
{
    if (live->carried > 0) {
        text_clear(&live->piece);
        text_append(&live->piece, live->carry, live->carried);
        text_append(&live->piece, bytes, length);
        bytes = live->piece.data;
        length = live->piece.length;
    }
    size_t keep = event_text_pending(bytes, length);
    if (length > 0 && bytes[length - 1] == '\r')
        keep = 1;
    memcpy(live->carry, bytes + length - keep, keep);
    live->carried = keep;
    if (is_plain(bytes, length - keep))
        append_plain(live, bytes, length - keep);
    else
        append_lines(live, bytes, length - keep);
    return write_text(live, error);
}

/* Puts the cursor at the start of a line. */
static void end_line(struct report_live *live)
{
    size_t carried = live->carried;
    live->carried = 0;
    if (carried > 0)
        append_lines(live, live->carry, carried);
    if (live->inside_line)
        text_append_character(&live->text, '\n');
    live->inside_line = false;
}

static int print_raw(struct report_live *live, const struct event *event,
                     struct error *error)
{
    if (event->length == 0)
        return 0;
    live->inside_line = event->text[event->length - 1] != '\n';
    if (fwrite(event->text, 1, event->length, live->out) != event->length)
        return error_set_system(error, "cannot write the report");
    return 0;
}

static int print_output(struct report_live *live, const struct event *event,
                        struct error *error)
{
    const char *step = event->step ? event->step : "";
    if (strncmp(step, live->step, sizeof live->step - 1) != 0)
        end_line(live);
    snprintf(live->step, sizeof live->step, "%s", step);
    if (write_text(live, error) < 0)
        return -1;
    if (live->options.raw)
        return print_raw(live, event, error);
    for (size_t done = 0; done < event->length; done += PIECE) {
        size_t left = event->length - done;
        if (print_piece(live, event->text + done, left < PIECE ? left : PIECE,
                        error) < 0)
            return -1;
    }
    return 0;
}

static void append_step(struct text *text, const struct step_state *step)
{
    style_escape(text, step->ref);
    if (step->name[0] != '\0')
        text_append_character(text, ' ');
    style_escape(text, step->name);
}

static void append_mark(struct report_live *live, enum status status)
{
    style_colored(&live->text, status, style_mark(status, &live->options),
                  &live->options);
    text_append_character(&live->text, ' ');
}

static void print_run_start(struct report_live *live)
{
    struct text *text = &live->text;
    const struct run_state *state = live->state;
    const char *runtime = style_member(state->data, "runtime");
    append_mark(live, STATUS_RUNNING);
    text_append_string(text, "run ");
    style_escape(text, state->id);
    text_append_string(text, ": ");
    style_escape(text, style_member(state->data, "workflow"));
    if (runtime[0] != '\0')
        text_append_string(text, " on ");
    style_place(text, state);
    text_append_character(text, '\n');
}

static void print_step_start(struct report_live *live,
                             const struct step_state *step)
{
    append_mark(live, STATUS_RUNNING);
    append_step(&live->text, step);
    if (step->attempt > 1)
        text_append_format(&live->text, ", attempt %d", step->attempt);
    text_append_character(&live->text, '\n');
}

static void print_pause(struct report_live *live, const struct step_state *step)
{
    struct text *text = &live->text;
    append_mark(live, step->status);
    append_step(text, step);
    if (step->status != STATUS_PAUSED) {
        text_append_string(text, ": goes on\n");
        return;
    }
    text_append_string(text, ": paused; go on with `assay resume ");
    style_escape(text, live->state->id);
    text_append_character(text, ' ');
    style_escape(text, step->ref);
    text_append_string(text, "`\n");
}

static void append_status(struct report_live *live, enum status status)
{
    text_append_string(&live->text, ": ");
    style_colored(&live->text, status, event_status_name(status),
                  &live->options);
}

static void print_step_end(struct report_live *live,
                           const struct step_state *step)
{
    struct text *text = &live->text;
    append_mark(live, step->status);
    append_step(text, step);
    append_status(live, step->status);
    if (step->started != 0) {
        text_append_string(text, " in ");
        style_duration(text, step->duration);
    }
    if (step->exit_code > 0)
        text_append_format(text, ", exit code %d", step->exit_code);
    if (step->optional && step->status != STATUS_PASSED)
        text_append_string(text, ", optional");
    if (step->reason)
        text_append_string(text, ": ");
    style_escape(text, step->reason);
    text_append_character(text, '\n');
}

static void print_note(struct report_live *live, const struct event *event)
{
    text_append_string(&live->text, "note: ");
    style_escape(&live->text, event->text);
    text_append_character(&live->text, '\n');
}

/* How many files were kept, and the command that lists them. */
static void print_artifacts(struct report_live *live)
{
    style_artifacts(&live->text, live->state);
    if (live->state->artifact_count > 0)
        text_append_character(&live->text, '\n');
}

static void print_run_end(struct report_live *live)
{
    struct text *text = &live->text;
    const struct run_state *state = live->state;
    const char *workflow = style_member(state->data, "workflow");
    append_mark(live, state->status);
    style_escape(text, workflow[0] ? workflow : "run");
    append_status(live, state->status);
    text_append_string(text, " in ");
    style_duration(text,
                   style_span(state->queued, state->started, state->finished));
    text_append_string(text, ", run ");
    style_escape(text, state->id);
    CLEANUP(text_free) struct text why = {0};
    report_why(&why, state);
    if (why.length > 0)
        text_append_string(text, ": ");
    text_append(text, text_string(&why), why.length);
    text_append_character(text, '\n');
}

static void print_change(struct report_live *live, const struct event *event)
{
    const struct step_state *step =
        event->step ? event_find_step(live->state, event->step) : NULL;
    switch (event->kind) {
    case EVENT_RUN_STARTED:
        print_run_start(live);
        break;
    case EVENT_STEP_STARTED:
        if (step)
            print_step_start(live, step);
        break;
    case EVENT_STEP_PAUSED:
    case EVENT_STEP_RESUMED:
        if (step)
            print_pause(live, step);
        break;
    case EVENT_STEP_FINISHED:
        if (step)
            print_step_end(live, step);
        break;
    case EVENT_NOTE:
        print_note(live, event);
        break;
    case EVENT_RUN_FINISHED:
        if (!live->options.quiet)
            print_artifacts(live);
        print_run_end(live);
        break;
    case EVENT_RUN_QUEUED:
    case EVENT_OUTPUT:
    case EVENT_ARTIFACT:
        break;
    }
}

static int handle(struct event_sink *sink, const struct event *event,
                  struct error *error)
{
    struct report_live *live = (struct report_live *)sink;
    if (event_apply(live->state, event, error) < 0)
        return -1;
    if (live->options.quiet && event->kind != EVENT_RUN_FINISHED)
        return 0;
    if (event->kind == EVENT_OUTPUT) {
        if (print_output(live, event, error) < 0)
            return -1;
    } else {
        end_line(live);
        print_change(live, event);
        if (write_text(live, error) < 0)
            return -1;
    }
    if (fflush(live->out) != 0)
        return error_set_system(error, "cannot write the report");
    return 0;
}

struct report_live *report_live_new(FILE *out, const char *id,
                                    const struct report_options *options)
{
    struct report_live *live = memory_allocate(sizeof *live);
    live->sink.handle = handle;
    live->out = out;
    live->options = *options;
    live->arena = arena_new();
    live->state = event_state_make(live->arena, id);
    return live;
}

void report_live_free(struct report_live *live)
{
    if (!live)
        return;
    text_free(&live->text);
    text_free(&live->piece);
    arena_free(live->arena);
    memory_free(live);
}

struct event_sink *report_live_sink(struct report_live *live)
{
    return &live->sink;
}
