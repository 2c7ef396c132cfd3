#pragma once
/* A run for the tests of the reports: its events, and states folded from them.
 * Included by the test programs. */

#include "engine/base/clock.h"
#include "engine/event/event.h"
#include "tests/unit/case.h"

/* 2026-01-02T03:04:05Z and `milliseconds`. */
#define AT(milliseconds)                                                       \
    (INT64_C(1767323045000000000) + (milliseconds)*INT64_C(1000000))

static const char run_json[] =
    "{\"workflow\":\"redis-connectivity\",\"file\":\"redis.yaml\","
    "\"digest\":\"sha256:0a1b\",\"runtime\":\"host\","
    "\"parameters\":{\"host\":\"localhost\",\"port\":6379,"
    "\"password\":\"REDACTED\",\"odd\":\"a\\u001b[31m\"},"
    "\"images\":[\"redis:7@sha256:11\",\"alpine@sha256:22\"],"
    "\"assay\":\"0.1.0\",\"steps\":["
    "{\"ref\":\"1\",\"name\":\"Check\"},"
    "{\"ref\":\"2\",\"name\":\"Group\",\"steps\":["
    "{\"ref\":\"2.1\",\"name\":\"Query \\u001b]0;x\\u0007\",\"optional\":true},"
    "{\"ref\":\"2.2\",\"name\":\"Write\"}]},"
    "{\"ref\":\"3\",\"negative\":true}]}";

static struct value *read_json(struct arena *arena, const char *json)
{
    struct error error = {0};
    struct value *value = value_read_json(arena, json, strlen(json), &error);
    if (!value)
        fail_msg("%s", error.text);
    return value;
}

static void must_emit(struct event_sink *sink, struct event event)
{
    struct error error = {0};
    if (event_emit(sink, &event, &error) < 0)
        fail_msg("%s: %s", event_kind_name(event.kind), error.text);
}

static void must_print(struct event_sink *sink, const char *step,
                       const char *text, size_t length)
{
    must_emit(sink, (struct event){.kind = EVENT_OUTPUT,
                                   .time = AT(100),
                                   .step = step,
                                   .text = text,
                                   .length = length});
}

#define PRINT(sink, step, text) must_print(sink, step, text, sizeof(text) - 1)

static void emit_start(struct event_sink *sink)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    must_emit(sink, (struct event){.kind = EVENT_RUN_QUEUED,
                                   .time = AT(0),
                                   .data = read_json(arena, run_json)});
    must_emit(sink, (struct event){
                        .kind = EVENT_RUN_STARTED,
                        .time = AT(20),
                        .data = read_json(arena, "{\"sandbox\":\"bubblewrap\","
                                                 "\"network\":\"host\"}")});
}

static void emit_step_start(struct event_sink *sink, const char *step,
                            int attempt, int milliseconds)
{
    must_emit(sink, (struct event){.kind = EVENT_STEP_STARTED,
                                   .time = AT(milliseconds),
                                   .step = step,
                                   .attempt = attempt});
}

static void emit_step_end(struct event_sink *sink, const char *step,
                          enum status status, int exit_code, const char *why)
{
    must_emit(sink, (struct event){.kind = EVENT_STEP_FINISHED,
                                   .time = AT(1500),
                                   .step = step,
                                   .status = status,
                                   .exit_code = exit_code,
                                   .duration = 1234 * CLOCK_MILLISECOND,
                                   .text = why});
}

static void emit_artifact(struct event_sink *sink, const char *data)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    must_emit(sink, (struct event){.kind = EVENT_ARTIFACT,
                                   .time = AT(45),
                                   .step = "1",
                                   .data = read_json(arena, data)});
}

#define FIXTURE_DIGEST                                                         \
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A run whose first step has left two files, one with a name to escape, and is
 * paused. */
static inline void emit_paused_run(struct event_sink *sink)
{
    emit_start(sink);
    emit_step_start(sink, "1", 1, 30);
    PRINT(sink, "1", "before");
    emit_artifact(sink, "{\"name\":\"out/a.xml\",\"size\":1234567,"
                        "\"digest\":\"" FIXTURE_DIGEST "\"}");
    emit_artifact(sink, "{\"name\":\"b\\u001b[31m\",\"size\":12,"
                        "\"digest\":\"" FIXTURE_DIGEST "\"}");
    must_emit(
        sink,
        (struct event){.kind = EVENT_STEP_PAUSED, .time = AT(50), .step = "1"});
}

/* A run in which most things happen. */
static void emit_failed_run(struct event_sink *sink)
{
    emit_start(sink);
    must_emit(sink, (struct event){.kind = EVENT_NOTE,
                                   .time = AT(21),
                                   .text = "images are not used on this host"});
    emit_step_start(sink, "1", 1, 30);
    PRINT(sink, "1", "PONG\n\nlast");
    emit_step_end(sink, "1", STATUS_PASSED, 0, NULL);
    emit_step_start(sink, "2", 1, 40);
    emit_step_start(sink, "2.1", 1, 50);
    emit_step_end(sink, "2.1", STATUS_FAILED, 1, NULL);
    emit_step_start(sink, "2.2", 1, 60);
    PRINT(sink, "2.2", "no \x1b[31mcolour\x1b[0m\r\n");
    emit_step_start(sink, "2.2", 2, 70);
    emit_step_end(sink, "2.2", STATUS_FAILED, 7, "disk \x07 full");
    emit_step_end(sink, "2", STATUS_FAILED, -1, NULL);
    emit_step_end(sink, "3", STATUS_SKIPPED, -1, NULL);
    must_emit(sink, (struct event){.kind = EVENT_RUN_FINISHED,
                                   .time = AT(3420),
                                   .status = STATUS_FAILED});
}
