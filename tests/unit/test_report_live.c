/*
 * The live view and the lines of JSON, as golden texts; and output that is cut
 * anywhere, which must look the same however it is cut.
 */
#include <stdlib.h>

#include "engine/report/report.h"
#include "tests/unit/report_fixture.h"

/* A FILE in memory with one of the two sinks on it. */
struct stage {
    char *bytes;
    size_t length;
    FILE *out;
    struct report_live *live;
    struct report_ndjson *ndjson;
    struct event_sink *sink;
};

static void stage_live(struct stage *stage, struct report_options options)
{
    *stage = (struct stage){0};
    stage->out = open_memstream(&stage->bytes, &stage->length);
    stage->live = report_live_new(stage->out, "3f2a9c81", &options);
    stage->sink = report_live_sink(stage->live);
}

static void stage_ndjson(struct stage *stage)
{
    *stage = (struct stage){0};
    stage->out = open_memstream(&stage->bytes, &stage->length);
    stage->ndjson = report_ndjson_new(stage->out, "3f2a");
    stage->sink = report_ndjson_sink(stage->ndjson);
}

/* Compares what came out and takes the stage down. */
static void stage_end(struct stage *stage, const char *name, const char *want)
{
    fclose(stage->out);
    report_live_free(stage->live);
    report_ndjson_free(stage->ndjson);
    if (strcmp(stage->bytes, want) != 0)
        fail_msg("%s:\n got:\n%s\n want:\n%s", name, stage->bytes, want);
    free(stage->bytes);
}

static void test_failed_run(void **context)
{
    (void)context;
    struct stage stage;
    stage_live(&stage, (struct report_options){0});
    emit_failed_run(stage.sink);
    stage_end(&stage, "failed run",
              "▸ run 3f2a9c81: redis-connectivity on host, sandbox bubblewrap, "
              "network host\n"
              "note: images are not used on this host\n"
              "▸ 1 Check\n"
              "  PONG\n"
              "\n"
              "  last\n"
              "✓ 1 Check: passed in 1.2 s\n"
              "▸ 2 Group\n"
              "▸ 2.1 Query \\x1b]0;x\\x07\n"
              "✗ 2.1 Query \\x1b]0;x\\x07: failed in 1.2 s, exit code 1, "
              "optional\n"
              "▸ 2.2 Write\n"
              "  no \\x1b[31mcolour\\x1b[0m\n"
              "▸ 2.2 Write, attempt 2\n"
              "✗ 2.2 Write: failed in 1.2 s, exit code 7: disk \\x07 full\n"
              "✗ 2 Group: failed in 1.2 s\n"
              "- 3: skipped\n"
              "✗ redis-connectivity: failed in 3.4 s, run 3f2a9c81: step 2.2 "
              "'Write': failed, exit code 7: disk \\x07 full\n");
}

static void test_pauses_and_artifacts(void **context)
{
    (void)context;
    struct stage stage;
    stage_live(&stage, (struct report_options){0});
    emit_paused_run(stage.sink);
    must_emit(stage.sink, (struct event){.kind = EVENT_STEP_RESUMED,
                                         .time = AT(60),
                                         .step = "1"});
    emit_step_end(stage.sink, "1", STATUS_PASSED, 0, NULL);
    must_emit(stage.sink, (struct event){.kind = EVENT_RUN_FINISHED,
                                         .time = AT(520),
                                         .status = STATUS_ABORTED});
    stage_end(&stage, "pauses",
              "▸ run 3f2a9c81: redis-connectivity on host, sandbox bubblewrap, "
              "network host\n"
              "▸ 1 Check\n"
              "  before\n"
              "‖ 1 Check: paused; go on with `assay resume 3f2a9c81 1`\n"
              "▸ 1 Check: goes on\n"
              "✓ 1 Check: passed in 1.2 s\n"
              "2 artifacts, 1.2 MB: `assay artifacts 3f2a9c81`\n"
              "! redis-connectivity: aborted in 500 ms, run 3f2a9c81: step 2.2 "
              "'Write': aborted: the run ended before this step started\n");
}

static void test_quiet_is_the_last_line(void **context)
{
    (void)context;
    struct stage stage;
    stage_live(&stage, (struct report_options){.quiet = true, .ascii = true});
    emit_failed_run(stage.sink);
    stage_end(&stage, "quiet",
              "x redis-connectivity: failed in 3.4 s, run 3f2a9c81: step 2.2 "
              "'Write': failed, exit code 7: disk \\x07 full\n");
}

static void emit_short_run(struct event_sink *sink)
{
    emit_start(sink);
    emit_step_start(sink, "1", 1, 30);
    emit_step_end(sink, "1", STATUS_TIMEOUT, -1, NULL);
    must_emit(sink, (struct event){.kind = EVENT_RUN_FINISHED,
                                   .time = AT(520),
                                   .status = STATUS_ABORTED,
                                   .text = "stopped by the user"});
}

static void test_colour_and_ascii(void **context)
{
    (void)context;
    struct stage stage;
    stage_live(&stage, (struct report_options){.color = true, .ascii = true});
    emit_short_run(stage.sink);
    stage_end(&stage, "colour",
              "\x1b[36m>\x1b[0m run 3f2a9c81: redis-connectivity on host, "
              "sandbox bubblewrap, network host\n"
              "\x1b[36m>\x1b[0m 1 Check\n"
              "\x1b[31mx\x1b[0m 1 Check: \x1b[31mtimeout\x1b[0m in 1.2 s\n"
              "\x1b[33m!\x1b[0m redis-connectivity: \x1b[33maborted\x1b[0m in "
              "500 ms, run 3f2a9c81: stopped by the user\n");
}

static void test_run_that_never_started(void **context)
{
    (void)context;
    struct stage stage;
    stage_live(&stage, (struct report_options){0});
    must_emit(stage.sink,
              (struct event){.kind = EVENT_RUN_QUEUED, .time = AT(0)});
    must_emit(stage.sink, (struct event){.kind = EVENT_RUN_FINISHED,
                                         .time = AT(5),
                                         .status = STATUS_ERROR,
                                         .text = "bwrap is not installed"});
    stage_end(&stage, "never started",
              "! run: error in 5 ms, run 3f2a9c81: bwrap is not installed\n");
}

static void test_raw_output_is_untouched(void **context)
{
    (void)context;
    struct stage stage;
    stage_live(&stage, (struct report_options){.raw = true, .ascii = true});
    emit_start(stage.sink);
    PRINT(stage.sink, "1", "a\x1b[1m\r\n\xff");
    PRINT(stage.sink, "1", "");
    emit_step_start(stage.sink, "1", 1, 30);
    stage_end(&stage, "raw",
              "> run 3f2a9c81: redis-connectivity on host, sandbox bubblewrap, "
              "network host\n"
              "a\x1b[1m\r\n\xff\n"
              "> 1 Check\n");
}

static void test_steps_that_print_in_turn(void **context)
{
    (void)context;
    struct stage stage;
    stage_live(&stage, (struct report_options){.ascii = true});
    emit_start(stage.sink);
    PRINT(stage.sink, "1", "one");
    PRINT(stage.sink, "1", " more");
    PRINT(stage.sink, "2.1", "two\xc3");
    PRINT(stage.sink, "1", "\xa9 three\n");
    stage_end(&stage, "in turn",
              "> run 3f2a9c81: redis-connectivity on host, sandbox bubblewrap, "
              "network host\n"
              "  one more\n"
              "  two\\xc3\n"
              "  \\xa9 three\n");
}

/* What stands between the first line and the end of a run. */
static char *live_output(const char *bytes, size_t length, size_t cut)
{
    struct stage stage;
    stage_live(&stage, (struct report_options){.ascii = true});
    emit_start(stage.sink);
    size_t begin = stage.length;
    for (size_t done = 0; done < length; done += cut)
        must_print(stage.sink, "1", bytes + done,
                   length - done < cut ? length - done : cut);
    emit_step_start(stage.sink, "1", 1, 30);
    fclose(stage.out);
    report_live_free(stage.live);
    char *result = strdup(stage.bytes + begin);
    free(stage.bytes);
    result[strlen(result) - strlen("> 1 Check\n")] = '\0';
    return result;
}

static void test_cuts_do_not_show(void **context)
{
    (void)context;
    static const struct {
        const char *name, *input, *want;
    } rows[] = {
        {"lines", "a\nbc\n\n\nd\n", "  a\n  bc\n\n\n  d\n"},
        {"no newline at the end", "a\nb", "  a\n  b\n"},
        {"characters of all lengths", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n",
         "  \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n"},
        {"an unfinished character", "a\xf0\x9f\x98", "  a\\xf0\\x9f\\x98\n"},
        {"an unfinished character before a newline", "\xe2\x82\nb",
         "  \\xe2\\x82\n  b\n"},
        {"carriage returns before newlines", "a\r\n\r\nb\r\n",
         "  a\n  \n  b\n"},
        {"lone carriage returns", "a\rb\r", "  a\\x0db\\x0d\n"},
        {"what steers a terminal", "\x1b[2J\x07\x7f\xc2\x9b\xe2\x80\xae\n",
         "  \\x1b[2J\\x07\\x7f\\u009b\\u202e\n"},
        {"what looks like a line of ours", "\n+ 1 Check: passed in 1 ms\n",
         "\n  + 1 Check: passed in 1 ms\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t cut = 1; cut <= 13; cut++) {
            char *got = live_output(rows[i].input, strlen(rows[i].input), cut);
            if (strcmp(got, rows[i].want) != 0)
                fail_msg("%s, cut after %zu:\n%s", rows[i].name, cut, got);
            free(got);
        }
}

/* A line longer than any buffer, and a chunk longer than one piece. */
static void test_long_lines(void **context)
{
    (void)context;
    enum { LENGTH = 300001 };
    char *line = malloc(LENGTH);
    for (int odd = 0; odd < 2; odd++) {
        memset(line, 'x', LENGTH);
        if (odd)
            memcpy(line + 65535, "\xc3\xa9", 2); /* across two pieces */
        char *got = live_output(line, LENGTH, LENGTH);
        assert_int_equal(strlen(got), LENGTH + 3);
        assert_memory_equal(got, "  ", 2);
        assert_memory_equal(got + 2, line, LENGTH);
        free(got);
    }
    free(line);
}

static void test_bad_events_are_refused(void **context)
{
    (void)context;
    struct stage stage;
    stage_live(&stage, (struct report_options){0});
    struct event event = {.kind = EVENT_STEP_STARTED, .time = 1, .step = "1"};
    struct error error = {0};
    assert_int_equal(event_emit(stage.sink, &event, &error), -1);
    assert_int_equal(error.kind, ERROR_SYSTEM);
    stage_end(&stage, "nothing", "");
}

static void test_failed_writes_are_errors(void **context)
{
    (void)context;
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    struct report_options options = {0};
    struct report_live *live = report_live_new(full, "3f2a", &options);
    struct report_ndjson *ndjson = report_ndjson_new(full, "3f2a");
    struct event event = {.kind = EVENT_RUN_QUEUED, .time = 1};
    struct error error = {0};
    assert_int_equal(event_emit(report_ndjson_sink(ndjson), &event, &error),
                     -1);
    assert_non_null(strstr(error.text, "cannot write the events: No space"));
    error = (struct error){0};
    assert_int_equal(event_emit(report_live_sink(live), &event, &error), 0);
    event.kind = EVENT_RUN_STARTED;
    assert_int_equal(event_emit(report_live_sink(live), &event, &error), -1);
    assert_non_null(strstr(error.text, "cannot write the report: No space"));
    report_live_free(live);
    report_ndjson_free(ndjson);
    fclose(full);
}

static void test_ndjson(void **context)
{
    (void)context;
    struct stage stage;
    stage_ndjson(&stage);
    must_emit(stage.sink, (struct event){.kind = EVENT_RUN_QUEUED, .time = 1});
    emit_step_start(stage.sink, "1", 1, 0);
    PRINT(stage.sink, "1", "line\n\xc3");
    PRINT(stage.sink, "1", "\xa9\xe2");
    PRINT(stage.sink, "2", "\x82\x1b\xf0\x9f");
    emit_step_end(stage.sink, "1", STATUS_FAILED, 3, "bad");
    stage_end(
        &stage, "ndjson",
        "{\"run\":\"3f2a\",\"event\":\"run-queued\",\"time\":1}\n"
        "{\"run\":\"3f2a\",\"event\":\"step-started\","
        "\"time\":1767323045000000000,\"step\":\"1\",\"attempt\":1}\n"
        "{\"run\":\"3f2a\",\"event\":\"output\",\"time\":1767323045100000000,"
        "\"step\":\"1\",\"text\":\"line\\n\"}\n"
        "{\"run\":\"3f2a\",\"event\":\"output\",\"time\":1767323045100000000,"
        "\"step\":\"1\",\"text\":\"\xc3\xa9\"}\n"
        "{\"run\":\"3f2a\",\"event\":\"output\",\"time\":1767323045100000000,"
        "\"step\":\"1\",\"text\":\"\xef\xbf\xbd\"}\n"
        "{\"run\":\"3f2a\",\"event\":\"output\",\"time\":1767323045100000000,"
        "\"step\":\"2\",\"text\":\"\xef\xbf\xbd\\u001b\"}\n"
        "{\"run\":\"3f2a\",\"event\":\"output\",\"time\":1767323045100000000,"
        "\"step\":\"2\",\"text\":\"\xef\xbf\xbd\xef\xbf\xbd\"}\n"
        "{\"run\":\"3f2a\",\"event\":\"step-finished\","
        "\"time\":1767323046500000000,\"step\":\"1\",\"status\":\"failed\","
        "\"exitCode\":3,\"duration\":1234000000,\"text\":\"bad\"}\n");
}

static void test_ndjson_cuts_long_output(void **context)
{
    (void)context;
    enum { LENGTH = 64 * 1024 + 1 };
    struct stage stage;
    stage_ndjson(&stage);
    char *bytes = malloc(LENGTH);
    memset(bytes, 'x', LENGTH);
    must_print(stage.sink, "1", bytes, LENGTH);
    free(bytes);
    size_t lines = 0;
    for (const char *at = stage.bytes; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 2);
    assert_non_null(strstr(stage.bytes, "\"text\":\"x\"}\n"));
    fclose(stage.out);
    report_ndjson_free(stage.ndjson);
    free(stage.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failed_run),
        cmocka_unit_test(test_pauses_and_artifacts),
        cmocka_unit_test(test_quiet_is_the_last_line),
        cmocka_unit_test(test_colour_and_ascii),
        cmocka_unit_test(test_run_that_never_started),
        cmocka_unit_test(test_raw_output_is_untouched),
        cmocka_unit_test(test_steps_that_print_in_turn),
        cmocka_unit_test(test_cuts_do_not_show),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_bad_events_are_refused),
        cmocka_unit_test(test_failed_writes_are_errors),
        cmocka_unit_test(test_ndjson),
        cmocka_unit_test(test_ndjson_cuts_long_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
