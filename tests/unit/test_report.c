/*
 * The page of a run, lists, and their JSON, as golden texts.
 */
#include "engine/report/report.h"
#include "tests/unit/report_fixture.h"

/* A sink that folds events. */
struct folder {
    struct event_sink sink;
    struct run_state *state;
};

static int fold(struct event_sink *sink, const struct event *event,
                struct error *error)
{
    return event_apply(((struct folder *)sink)->state, event, error);
}

static struct run_state *state_after(struct arena *arena,
                                     void (*emit)(struct event_sink *sink))
{
    struct folder folder = {{fold},
                            event_state_make(arena, "3f2a9c8100112233")};
    emit(&folder.sink);
    return folder.state;
}

static void assert_text(struct text *text, const char *want)
{
    if (strcmp(text_string(text), want) != 0)
        fail_msg("got:\n%s\n want:\n%s", text_string(text), want);
    text_free(text);
}

static void test_page_of_a_failed_run(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct text text = {0};
    struct report_options options = {0};
    report_run(&text, state_after(arena, emit_failed_run), &options);
    assert_text(
        &text,
        "run         3f2a9c8100112233\n"
        "workflow    redis-connectivity\n"
        "file        redis.yaml\n"
        "digest      sha256:0a1b\n"
        "status      failed: step 2.2 'Write': failed, exit code 7: disk \\x07 "
        "full\n"
        "runtime     host, sandbox bubblewrap, network host\n"
        "images      redis:7@sha256:11\n"
        "            alpine@sha256:22\n"
        "queued      2026-01-02T03:04:05.000Z\n"
        "started     2026-01-02T03:04:05.020Z\n"
        "finished    2026-01-02T03:04:08.420Z\n"
        "duration    3.4 s\n"
        "parameters  host = localhost\n"
        "            port = 6379\n"
        "            password = REDACTED\n"
        "            odd = a\\x1b[31m\n"
        "notes       images are not used on this host\n"
        "\n"
        "STEP                                 STATUS   EXIT  DURATION  ATTEMPTS"
        "  REASON\n"
        "1 Check                              passed   0     1.2 s     1\n"
        "2 Group                              failed   -     1.2 s     1\n"
        "  2.1 Query \\x1b]0;x\\x07 (optional)  failed   1     1.2 s     1\n"
        "  2.2 Write                          failed   7     1.2 s     2"
        "         disk \\x07 full\n"
        "3 (negative)                         skipped  -     -         -\n");
}

static void emit_queued(struct event_sink *sink)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    must_emit(sink,
              (struct event){
                  .kind = EVENT_RUN_QUEUED,
                  .time = AT(0),
                  .data = read_json(
                      arena, "{\"workflow\":\"w\",\"runtime\":\"host\"}")});
}

static void test_page_of_a_queued_run(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct text text = {0};
    struct report_options options = {.color = true};
    report_run(&text, state_after(arena, emit_queued), &options);
    assert_text(&text, "run         3f2a9c8100112233\n"
                       "workflow    w\n"
                       "status      \x1b[2mqueued\x1b[0m\n"
                       "runtime     host\n"
                       "queued      2026-01-02T03:04:05.000Z\n"
                       "started     -\n"
                       "finished    -\n"
                       "duration    -\n");
}

static void emit_negative_group(struct event_sink *sink)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    must_emit(
        sink,
        (struct event){
            .kind = EVENT_RUN_QUEUED,
            .time = AT(0),
            .data = read_json(
                arena, "{\"steps\":[{\"ref\":\"1\",\"negative\":true,"
                       "\"steps\":[{\"ref\":\"1.1\"}]},{\"ref\":\"2\"}]}")});
    must_emit(sink, (struct event){.kind = EVENT_RUN_STARTED, .time = AT(1)});
    emit_step_start(sink, "1", 1, 10);
    emit_step_start(sink, "1.1", 1, 10);
    emit_step_end(sink, "1.1", STATUS_FAILED, 4, NULL);
    emit_step_end(sink, "1", STATUS_PASSED, -1, NULL);
    emit_step_start(sink, "2", 1, 20);
    emit_step_end(sink, "2", STATUS_FAILED, 5, NULL);
    must_emit(sink, (struct event){.kind = EVENT_RUN_FINISHED,
                                   .time = AT(30),
                                   .status = STATUS_FAILED});
}

static void test_wanted_failures_are_not_the_cause(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct text text = {0};
    report_why(&text, state_after(arena, emit_negative_group));
    assert_text(&text, "step 2: failed, exit code 5");
}

static void test_list(void **context)
{
    (void)context;
    static const struct report_row rows[] = {
        {"3f2a9c8100112233", "redis-connectivity", "host", "sha256:0a",
         STATUS_PASSED, AT(0), AT(20), AT(3420)},
        {"3f2a9c8200112233", "caf\xc3\xa9", "kubernetes", "sha256:0b",
         STATUS_RUNNING, AT(1000), AT(2000), 0},
        {"aa", "x\x1b[2J", "", "", STATUS_ERROR, AT(0), 0, AT(60000)},
    };
    struct text text = {0};
    struct report_options options = {0};
    report_list(&text, rows, 3, &options);
    assert_text(&text,
                "ID        WORKFLOW            STATUS   RUNTIME     STARTED"
                "                   DURATION\n"
                "3f2a9c81  redis-connectivity  passed   host        "
                "2026-01-02T03:04:05.020Z  3.4 s\n"
                "3f2a9c82  caf\xc3\xa9                running  kubernetes  "
                "2026-01-02T03:04:07.000Z  -\n"
                "aa        x\\x1b[2J            error    -           "
                "2026-01-02T03:04:05.000Z  1 m 00 s\n");
    report_list(&text, rows, 0, &options);
    assert_text(&text, "ID  WORKFLOW  STATUS  RUNTIME  STARTED  DURATION\n");
}

static void test_ids_are_as_long_as_needed(void **context)
{
    (void)context;
    static const struct report_row rows[] = {
        {.id = "0123456789ab", .workflow = "w", .runtime = "host"},
        {.id = "ffffffffffff", .workflow = "w", .runtime = "host"},
        {.id = "0123456789cd", .workflow = "w", .runtime = "host"},
    };
    struct text text = {0};
    struct report_options options = {0};
    report_list(&text, rows, 3, &options);
    assert_text(&text,
                "ID           WORKFLOW  STATUS  RUNTIME  STARTED  DURATION\n"
                "0123456789a  w         queued  host     -        -\n"
                "fffffffffff  w         queued  host     -        -\n"
                "0123456789c  w         queued  host     -        -\n");
}

static void test_list_in_colour(void **context)
{
    (void)context;
    static const struct report_row rows[] = {
        {"aabbccddeeff", "w", "host", "", STATUS_LOST, 0, 0, 0},
    };
    struct text text = {0};
    struct report_options options = {.color = true};
    report_list(&text, rows, 1, &options);
    assert_text(&text,
                "ID        WORKFLOW  STATUS  RUNTIME  STARTED  DURATION\n"
                "aabbccdd  w         \x1b[33mlost\x1b[0m    host     -        "
                "-\n");
}

static void assert_json(const struct value *value, const char *want)
{
    struct text text = {0};
    value_write_json(&text, value, JSON_COMPACT);
    assert_text(&text, want);
}

static void test_run_as_json(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct value *run =
        report_run_value(arena, state_after(arena, emit_failed_run));
    assert_json(value_item(value_get(run, "steps"), 3),
                "{\"ref\":\"2.2\",\"name\":\"Write\",\"parent\":\"2\","
                "\"group\":false,\"optional\":false,\"negative\":false,"
                "\"status\":\"failed\",\"reason\":\"disk \\u0007 full\","
                "\"exitCode\":7,\"attempts\":2,"
                "\"started\":\"2026-01-02T03:04:05.060Z\","
                "\"finished\":\"2026-01-02T03:04:06.500Z\","
                "\"duration\":1234000000}");
    assert_int_equal(value_count(value_get(run, "steps")), 5);
    assert_json(value_get(run, "environment"),
                "{\"sandbox\":\"bubblewrap\",\"network\":\"host\"}");
    assert_json(value_path(run, "parameters.password"), "\"REDACTED\"");
    run = report_run_value(arena, state_after(arena, emit_queued));
    assert_json(run,
                "{\"id\":\"3f2a9c8100112233\",\"workflow\":\"w\",\"file\":null,"
                "\"digest\":null,\"status\":\"queued\",\"reason\":null,"
                "\"queued\":\"2026-01-02T03:04:05.000Z\",\"started\":null,"
                "\"finished\":null,\"duration\":null,\"runtime\":\"host\","
                "\"environment\":null,\"images\":null,\"parameters\":null,"
                "\"source\":null,\"templates\":null,\"spliced\":null,\"assay\":"
                "null,\"notes\":[]"
                ",\"steps\":[],\"paused\":[],\"artifacts\":[]}");
}

static void test_paused_run_with_artifacts(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct text text = {0};
    struct report_options options = {0};
    struct run_state *state = state_after(arena, emit_paused_run);
    report_run(&text, state, &options);
    assert_non_null(strstr(text_string(&text), "\nstatus      paused\n"));
    assert_non_null(
        strstr(text_string(&text),
               "\npaused      step 1 since 2026-01-02T03:04:05.050Z: `assay "
               "resume 3f2a9c8100112233 1`\n"
               "artifacts   2 artifacts, 1.2 MB: `assay artifacts "
               "3f2a9c8100112233`\n"));
    assert_non_null(strstr(text_string(&text), "\n1 Check "));
    text_free(&text);
    const struct value *run = report_run_value(arena, state);
    assert_string_equal(value_string_at(run, "status"), "paused");
    assert_json(value_get(run, "paused"), "[\"1\"]");
    assert_json(
        value_get(run, "artifacts"),
        "[{\"step\":\"1\",\"name\":\"out/a.xml\",\"size\":1234567,"
        "\"digest\":\"" FIXTURE_DIGEST "\",\"replaced\":false},{\"step\":\"1\","
        "\"name\":\"b\\u001b[31m\",\"size\":12,\"digest\":\"" FIXTURE_DIGEST
        "\",\"replaced\":false}]");
}

static void test_list_as_json(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    static const struct report_row rows[] = {
        {"aabb", "w", "host", "sha256:0a", STATUS_PASSED, AT(0), AT(20),
         AT(30)},
    };
    assert_json(report_list_value(arena, rows, 1),
                "[{\"id\":\"aabb\",\"workflow\":\"w\","
                "\"digest\":\"sha256:0a\",\"status\":\"passed\","
                "\"runtime\":\"host\",\"queued\":\"2026-01-02T03:04:05.000Z\","
                "\"started\":\"2026-01-02T03:04:05.020Z\","
                "\"finished\":\"2026-01-02T03:04:05.030Z\","
                "\"duration\":10000000}]");
}

/* Why a run is not passed, from steps given as "ref status" and so on. */
static void test_why(void **context)
{
    (void)context;
    static const struct {
        const char *name, *reason, *want;
        enum status run;
        struct step_state steps[3];
    } rows[] = {
        {"passed",
         NULL,
         "",
         STATUS_PASSED,
         {{.ref = "1", .name = "", .optional = true, .status = STATUS_FAILED}}},
        {"the run's own reason",
         "no \x1b bwrap",
         "no \\x1b bwrap",
         STATUS_ERROR,
         {{0}}},
        {"the first that failed",
         NULL,
         "step 1 'a': failed, exit code 2",
         STATUS_FAILED,
         {{.ref = "1", .name = "a", .status = STATUS_FAILED, .exit_code = 2},
          {.ref = "2", .name = "b", .status = STATUS_FAILED}}},
        {"not an optional one",
         NULL,
         "step 2: timeout: too slow",
         STATUS_FAILED,
         {{.ref = "1", .name = "", .status = STATUS_FAILED, .optional = true},
          {.ref = "2",
           .name = "",
           .status = STATUS_TIMEOUT,
           .exit_code = -1,
           .reason = "too slow"}}},
        {"not under an optional group",
         NULL,
         "step 2: aborted",
         STATUS_FAILED,
         {{.ref = "1",
           .name = "",
           .status = STATUS_FAILED,
           .optional = true,
           .group = true},
          {.ref = "1.1", .name = "", .status = STATUS_FAILED, .depth = 1},
          {.ref = "2", .name = "", .status = STATUS_ABORTED}}},
        {"a group only when no step did",
         NULL,
         "step 1 'g': failed",
         STATUS_FAILED,
         {{.ref = "1", .name = "g", .status = STATUS_FAILED, .group = true},
          {.ref = "1.1", .name = "", .status = STATUS_PASSED, .depth = 1}}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct step_state steps[3];
        memcpy(steps, rows[i].steps, sizeof steps);
        size_t count = 0;
        while (count < 3 && steps[count].ref)
            count++;
        struct run_state state = {.id = "aa",
                                  .status = rows[i].run,
                                  .reason = rows[i].reason,
                                  .steps = steps,
                                  .step_count = count};
        CLEANUP(text_free) struct text text = {0};
        report_why(&text, &state);
        if (strcmp(text_string(&text), rows[i].want) != 0)
            fail_msg("%s: '%s'", rows[i].name, text_string(&text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_of_a_failed_run),
        cmocka_unit_test(test_page_of_a_queued_run),
        cmocka_unit_test(test_wanted_failures_are_not_the_cause),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_ids_are_as_long_as_needed),
        cmocka_unit_test(test_list_in_colour),
        cmocka_unit_test(test_run_as_json),
        cmocka_unit_test(test_paused_run_with_artifacts),
        cmocka_unit_test(test_list_as_json),
        cmocka_unit_test(test_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
