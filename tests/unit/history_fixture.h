#pragma once
/* A folder of its own for each test of the history, and a run to put into it.
 * Included by the test programs. */
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/history/history.h"
#include "tests/unit/case.h"

struct fixture {
    char folder[200];
    char path[256]; /* of the database, which is not there yet */
};

static int fixture_make(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    const char *base = getenv("TMPDIR");
    snprintf(fixture->folder, sizeof fixture->folder, "%s/history-XXXXXX",
             base ? base : "/tmp");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof fixture->path, "%s/history.db",
             fixture->folder);
    *state = fixture;
    return 0;
}

static int fixture_remove(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    assert_int_equal(folder_remove(fixture->folder, &error), 0);
    free(fixture);
    return 0;
}

#define FIXTURE_TEST(function)                                                 \
    cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

/* Opens or fails the test with the reason. */
static struct history *must_open(const char *path, bool write)
{
    struct error error = {0};
    struct history *history = history_open(path, write, &error);
    if (!history)
        fail_msg("%s", error.text);
    return history;
}

static struct event_sink *must_sink(struct history *history, const char *id)
{
    struct error error = {0};
    struct event_sink *sink = history_sink(history, id, &error);
    if (!sink)
        fail_msg("%s", error.text);
    return sink;
}

static void must_emit(struct event_sink *sink, struct event event)
{
    struct error error = {0};
    if (event.time == 0)
        event.time = clock_now();
    if (event_emit(sink, &event, &error) < 0)
        fail_msg("%s: %s", event_kind_name(event.kind), error.text);
}

/* The data of a run with the steps 1, 2 (a group) and 2.1. */
static struct value *run_data(struct arena *arena, const char *workflow)
{
    char json[512];
    snprintf(
        json, sizeof json,
        "{\"workflow\":\"%s\",\"file\":\"w.yaml\",\"digest\":\"sha256:0a\","
        "\"parameters\":{\"host\":\"localhost\"},\"runtime\":\"host\","
        "\"steps\":[{\"ref\":\"1\",\"name\":\"Check\"},{\"ref\":\"2\","
        "\"steps\":[{\"ref\":\"2.1\"}]}]}",
        workflow);
    struct error error = {0};
    struct value *data = value_read_json(arena, json, strlen(json), &error);
    assert_non_null(data);
    return data;
}

static void emit_queued(struct event_sink *sink, const char *workflow,
                        int64_t time)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    must_emit(sink, (struct event){.kind = EVENT_RUN_QUEUED,
                                   .time = time,
                                   .data = run_data(arena, workflow)});
}

__attribute__((unused)) static void emit_output(struct event_sink *sink,
                                                const char *step,
                                                const char *text, size_t length)
{
    must_emit(sink, (struct event){.kind = EVENT_OUTPUT,
                                   .step = step,
                                   .text = text,
                                   .length = length});
}
