#pragma once
/*
 * The standard output of one container as events: what the steps print becomes
 * EVENT_OUTPUT, the entrypoint's control lines (docs/entrypoint.md) become
 * events of steps. EVENT_ARTIFACT has what
 * the line said as its data, {name, file, size, compress}. Pure but for the clock; memory is
 * bounded by STREAM_LINE_LIMIT whatever comes in.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/base/error.h"
#include "engine/event/event.h"

struct plan;
struct stream;

/* A reader of control lines with that token (1 to STREAM_TOKEN_LIMIT bytes).
 * Events go to `sink`, which must outlive it. The caller frees it. */
struct stream *stream_new(const char *token, struct event_sink *sink);
/* The same for a program that knows no control lines: everything is output of the
 * bare step of the plan, which starts with it, or with stream_begin. */
struct stream *stream_new_bare(const struct plan *plan,
                               struct event_sink *sink);
int stream_begin(struct stream *stream, struct error *error) MUST_CHECK;
void stream_free(struct stream *stream);
DEFINE_CLEANUP(struct stream *, stream_free);

/* Takes the next bytes, split anywhere. Output is handed on at once; only what
 * may still become a control line is kept back. -1 when the sink failed. */
int stream_feed(struct stream *stream, const char *bytes, size_t length,
                struct error *error) MUST_CHECK;

/* Nothing more is there for the moment: a newline that was kept back, because
 * the entrypoint might have put it there, is handed on. To be called only where
 * the entrypoint's writes arrive whole (a pipe, not a log over the network). */
int stream_rest(struct stream *stream, struct error *error) MUST_CHECK;

/* There will be no more: hands on what was kept back. */
int stream_finish(struct stream *stream, struct error *error) MUST_CHECK;

/* Whether the container said `done`, and with which status. */
bool stream_is_done(const struct stream *stream, enum status *status);
