/*
 * Events as JSON: the exact form (a contract), what is refused, a round trip of
 * random events, and bytes that are not UTF-8.
 */
#include <stdlib.h>

#include "engine/event/event.h"
#include "tests/unit/case.h"

static const char *encode(struct arena *arena, const struct event *event)
{
    CLEANUP(text_free) struct text text = {0};
    value_write_json(&text, event_encode(arena, event), JSON_COMPACT);
    return arena_string(arena, text_string(&text));
}

static void test_form(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *data = value_make_map(arena);
    value_set_string(arena, data, "sandbox", "none");
    const struct {
        struct event event;
        const char *want;
    } rows[] = {
        {{.kind = EVENT_RUN_QUEUED, .time = 5},
         "{\"event\":\"run-queued\",\"time\":5}"},
        {{.kind = EVENT_RUN_STARTED, .time = 5, .data = data},
         "{\"event\":\"run-started\",\"time\":5,"
         "\"data\":{\"sandbox\":\"none\"}}"},
        {{.kind = EVENT_STEP_STARTED, .time = 5, .step = "2.1", .attempt = 2},
         "{\"event\":\"step-started\",\"time\":5,\"step\":\"2.1\","
         "\"attempt\":2}"},
        {{.kind = EVENT_OUTPUT,
          .time = 5,
          .step = "",
          .text = "x",
          .length = 1},
         "{\"event\":\"output\",\"time\":5,\"step\":\"\"}"},
        {{.kind = EVENT_STEP_FINISHED,
          .time = 1767323045000000001,
          .step = "1",
          .status = STATUS_FAILED,
          .exit_code = 3,
          .duration = 1000,
          .text = "bad\xff"},
         "{\"event\":\"step-finished\",\"time\":1767323045000000001,"
         "\"step\":\"1\",\"status\":\"failed\",\"exitCode\":3,"
         "\"duration\":1000,\"text\":\"bad\xef\xbf\xbd\"}"},
        {{.kind = EVENT_STEP_FINISHED,
          .time = 5,
          .step = "1",
          .status = STATUS_SKIPPED,
          .exit_code = -1},
         "{\"event\":\"step-finished\",\"time\":5,\"step\":\"1\","
         "\"status\":\"skipped\",\"duration\":0}"},
        {{.kind = EVENT_STEP_PAUSED, .time = 5, .step = "1"},
         "{\"event\":\"step-paused\",\"time\":5,\"step\":\"1\"}"},
        {{.kind = EVENT_STEP_RESUMED, .time = 5, .step = "1"},
         "{\"event\":\"step-resumed\",\"time\":5,\"step\":\"1\"}"},
        {{.kind = EVENT_ARTIFACT, .time = 5, .step = "1", .data = data},
         "{\"event\":\"artifact\",\"time\":5,\"step\":\"1\","
         "\"data\":{\"sandbox\":\"none\"}}"},
        {{.kind = EVENT_NOTE, .time = 5, .text = "look"},
         "{\"event\":\"note\",\"time\":5,\"text\":\"look\"}"},
        {{.kind = EVENT_RUN_FINISHED,
          .time = 5,
          .status = STATUS_LOST,
          .text = "gone"},
         "{\"event\":\"run-finished\",\"time\":5,\"status\":\"lost\","
         "\"text\":\"gone\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(encode(arena, &rows[i].event), rows[i].want);
}

static void test_refused(void **context)
{
    (void)context;
    static const struct {
        const char *input, *want;
    } rows[] = {
        {"[]", "an event must be a map, not list"},
        {"{}", "'' is no kind of event"},
        {"{\"event\":\"boom\"}", "'boom' is no kind of event"},
        {"{\"event\":1}", "'event' of an event must be a string, not integer"},
        {"{\"event\":\"note\",\"time\":1.5}",
         "'time' of an event must be an integer from -9223372036854775808 to "
         "9223372036854775807"},
        {"{\"event\":\"note\",\"text\":[]}",
         "'text' of an event must be a string, not list"},
        {"{\"event\":\"run-finished\"}", "'' is no status"},
        {"{\"event\":\"run-finished\",\"status\":\"good\"}",
         "'good' is no status"},
        {"{\"event\":\"step-started\",\"attempt\":2147483648}",
         "'attempt' of an event must be an integer from -2147483648 to "
         "2147483647"},
        {"{\"event\":\"step-finished\",\"status\":\"failed\",\"exitCode\":-1}",
         "'exitCode' of an event must be an integer from 0 to 2147483647"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct event event;
        struct value *value = value_read_json(arena, rows[i].input,
                                              strlen(rows[i].input), &error);
        assert_non_null(value);
        assert_int_equal(event_decode(arena, value, &event, &error), -1);
        assert_int_equal(error.kind, ERROR_INPUT);
        assert_string_equal(error.text, rows[i].want);
    }
}

/* Members of later versions do not stop this one. */
static void test_unknown_members_are_ignored(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    static const char json[] = "{\"event\":\"output\",\"time\":7,\"new\":{},"
                               "\"text\":\"a\\u0000b\"}";
    struct error error = {0};
    struct event event;
    struct value *value = value_read_json(arena, json, sizeof json - 1, &error);
    assert_int_equal(event_decode(arena, value, &event, &error), 0);
    assert_int_equal(event.length, 3);
    assert_memory_equal(event.text, "a\0b", 3);
    assert_null(event.step);
}

static const char *random_text(struct arena *arena)
{
    static const char *const pieces[] = {
        "a", "\"", "\\", "\n", "\x01", "\xc3\xa9", "\xf0\x9f\x98\x80", " "};
    CLEANUP(text_free) struct text text = {0};
    for (int i = rand() % 12; i > 0; i--)
        text_append_string(&text, pieces[rand() % 8]);
    return rand() % 8 == 0 ? NULL : arena_string(arena, text_string(&text));
}

static int64_t random_int(void)
{
    int64_t high = rand(), low = rand();
    return rand() % 4 == 0 ? rand() % 10 : high << 32 ^ low;
}

static struct event random_event(struct arena *arena)
{
    struct event event = {.kind = (enum event_kind)(rand() % 10),
                          .time = random_int()};
    bool started = event.kind == EVENT_STEP_STARTED;
    bool finished = event.kind == EVENT_STEP_FINISHED;
    if (started || finished || event.kind == EVENT_OUTPUT ||
        event.kind == EVENT_STEP_PAUSED || event.kind == EVENT_STEP_RESUMED ||
        event.kind == EVENT_ARTIFACT)
        event.step = random_text(arena);
    if (started)
        event.attempt = rand();
    if (finished || event.kind == EVENT_RUN_FINISHED)
        event.status = (enum status)(rand() % 10);
    if (finished) {
        event.exit_code = rand() % 4 == 0 ? -1 : rand();
        event.duration = random_int();
    }
    if (finished || event.kind == EVENT_RUN_FINISHED ||
        event.kind == EVENT_NOTE)
        event.text = random_text(arena);
    if (rand() % 2) {
        struct value *data = value_make_list(arena);
        value_append(arena, data, value_make_int(arena, random_int()));
        event.data = data;
    }
    return event;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void test_round_trip(void **context)
{
    (void)context;
    srand(20260102);
    for (int i = 0; i < 5000; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct event event = random_event(arena), back;
        const char *json = encode(arena, &event);
        struct error error = {0};
        struct value *value =
            value_read_json(arena, json, strlen(json), &error);
        if (!value || event_decode(arena, value, &back, &error) < 0)
            fail_msg("%s: %s", json, error.text);
        bool same = back.kind == event.kind && back.status == event.status &&
                    back.exit_code == event.exit_code &&
                    back.attempt == event.attempt && back.time == event.time &&
                    back.duration == event.duration &&
                    same_text(back.step, event.step) &&
                    same_text(back.text, event.text) &&
                    value_equal(back.data, event.data);
        if (!same)
            fail_msg("%s came back as %s", json, encode(arena, &back));
    }
}

static void test_text_becomes_valid(void **context)
{
    (void)context;
#define BAD "\xef\xbf\xbd"
    static const struct {
        const char *name, *input, *want;
    } rows[] = {
        {"nothing", "", ""},
        {"letters", "abc", "abc"},
        {"good characters", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
         "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"a lone byte",
         "a\xff"
         "b",
         "a" BAD "b"},
        {"a lone follower", "\x80", BAD},
        {"an overlong form", "\xc0\xaf", BAD BAD},
        {"an overlong form of three", "\xe0\x80\xaf", BAD BAD BAD},
        {"a surrogate", "\xed\xa0\x80", BAD BAD BAD},
        {"beyond the last", "\xf4\x90\x80\x80", BAD BAD BAD BAD},
        {"a cut end", "x\xe2\x82", "x" BAD BAD},
        {"a cut in the middle", "\xe2\x82z", BAD BAD "z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const struct value *value =
            event_text_value(arena, rows[i].input, strlen(rows[i].input));
        if (strcmp(value_string(value), rows[i].want) != 0)
            fail_msg("%s: got '%s'", rows[i].name, value_string(value));
    }
}

static void test_pending_bytes(void **context)
{
    (void)context;
    static const struct {
        const char *input;
        size_t want;
    } rows[] = {
        {"", 0},         {"abc", 0},          {"\xc3", 1},
        {"\xc3\xa9", 0}, {"a\xe2", 1},        {"a\xe2\x82", 2},
        {"\xf0", 1},     {"\xf0\x9f\x98", 3}, {"\xf0\x9f\x98\x80", 0},
        {"\xff", 0},     {"\x80\x80", 0},     {"\xed\xa0", 0},
        {"\xc0", 0},     {"\xe2\x82z", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (event_text_pending(rows[i].input, strlen(rows[i].input)) !=
            rows[i].want)
            fail_msg("row %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_unknown_members_are_ignored),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_text_becomes_valid),
        cmocka_unit_test(test_pending_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
