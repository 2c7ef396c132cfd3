/*
 * The reader of a container's output. Every row is fed whole, byte by byte, and
 * in chunks of all sizes: what comes out must not depend on it.
 */
#include "engine/runtime/limits.h"
#include "engine/runtime/stream.h"
#include "runtime_fixture.h"

#define MARK "::assay:" TEST_TOKEN ":"
#define START(step)                                                            \
    MARK "{\"event\":\"start\",\"step\":\"" step                               \
         "\",\"attempt\":1,\"time\":5}\n"
#define FINISH(step, more)                                                     \
    MARK "{\"event\":\"finish\",\"step\":\"" step                              \
         "\",\"time\":9,\"duration\":4" more "}\n"
#define LINE(event) MARK "{\"step\":\"1\",\"time\":7,\"event\":\"" event "\"}\n"
#define PASSED      "\",\"status\":\"passed\",\"exitCode\":0"

static const struct {
    const char *name, *input, *want;
} rows[] = {
    {"nothing", "", ""},
    {"output outside of steps", "hello\n", "print  hello\n"},
    {"no newline at the end", "hello", "print  hello"},
    {"only newlines", "\n\n\n", "print  \n\n\n"},
    {"a step",
     START("1") "a\nb\n" FINISH("1", ",\"status\":\"passed\",\"exitCode\":0"),
     "begin 1#1\nprint 1 a\nb\nend 1 passed 0\n"},
    {"a newline that was added is taken away",
     START("1") "abc\n" FINISH("1", ",\"status\":\"failed\",\"exitCode\":3,"
                                    "\"joined\":true"),
     "begin 1#1\nprint 1 abc|\nend 1 failed 3\n"},
    {"only one newline is taken away",
     START("1") "abc\n\n" FINISH("1", ",\"status\":\"passed\",\"joined\":true"),
     "begin 1#1\nprint 1 abc\nend 1 passed -1\n"},
    {"joined without a newline before takes nothing",
     START("1") FINISH("1", ",\"status\":\"passed\",\"joined\":true"),
     "begin 1#1\nend 1 passed -1\n"},
    {"skipped, with a reason",
     FINISH("2.1", ",\"status\":\"skipped\",\"reason\":\"no need\""),
     "end 2.1 skipped -1 (no need)\n"},
    {"output after a step is nobody's",
     START("1") FINISH("1", ",\"status\":\"passed\"") "x\n",
     "begin 1#1\nend 1 passed -1\nprint  x\n"},
    {"the end of another step does not end the output of this one",
     START("1") FINISH("2", ",\"status\":\"skipped\"") "x\n",
     "begin 1#1\nend 2 skipped -1\nprint 1 x\n"},
    {"not at the start of a line", "x" START("1"), "print  x" START("1")},
    {"another token is output",
     "::assay:ffffffffffffffffffffffffffffffff:{\"event\":\"done\"}\n",
     "print  ::assay:ffffffffffffffffffffffffffffffff:{\"event\":\"done\"}\n"},
    {"half a token is output", "::assay:0011\nx\n", "print  ::assay:0011\nx\n"},
    {"a mark that begins again", "\n\n::assay:\n" START("1"),
     "print  \n\n::assay:\nbegin 1#1\n"},
    {"not JSON is output", MARK "{\n", "print  " MARK "{\n"},
    {"an empty control line is output", "a\n" MARK "\nb\n",
     "print  a\n" MARK "\nb\n"},
    {"an unknown event is output",
     MARK "{\"event\":\"dance\",\"step\":\"1\"}\n",
     "print  " MARK "{\"event\":\"dance\",\"step\":\"1\"}\n"},
    {"a pause and its end", START("1") LINE("pause") "x\n" LINE("resume") "y\n",
     "begin 1#1\npause 1\nprint 1 x\nresume 1\nprint 1 y\n"},
    {"an artifact",
     START("1") LINE("artifact\",\"name\":\"a/b\",\"file\":\"1-0\",\"size\":7,"
                     "\"more\":\"") "x\n",
     "begin 1#1\nartifact 1 {\"name\":\"a/b\",\"file\":\"1-0\",\"size\":7}\n"
     "print 1 x\n"},
    {"an artifact to compress",
     MARK "{\"event\":\"artifact\",\"step\":\"1\",\"name\":\"a\",\"file\":"
          "\"1-0\",\"size\":0,\"compress\":true}\n",
     "artifact 1 {\"name\":\"a\",\"file\":\"1-0\",\"size\":0,"
     "\"compress\":true}\n"},
    {"an artifact without a size is output",
     LINE("artifact\",\"name\":\"a\",\"file\":\"1-0"),
     "print  " LINE("artifact\",\"name\":\"a\",\"file\":\"1-0")},
    {"a name with a NUL in it is for others to refuse",
     LINE("artifact\",\"size\":1,\"file\":\"1-0\",\"name\":\"a\\u0000b"),
     "artifact 1 {\"name\":\"a\\u0000b\",\"file\":\"1-0\",\"size\":1}\n"},
    {"a start without a step is output", MARK "{\"event\":\"start\"}\n",
     "print  " MARK "{\"event\":\"start\"}\n"},
    {"a finish without a status is output",
     MARK "{\"event\":\"finish\",\"step\":\"1\"}\n",
     "print  " MARK "{\"event\":\"finish\",\"step\":\"1\"}\n"},
    {"a step cannot finish as running",
     MARK "{\"event\":\"finish\",\"step\":\"1\",\"status\":\"running\"}\n",
     "print  " MARK
     "{\"event\":\"finish\",\"step\":\"1\",\"status\":\"running\"}\n"},
    {"an attempt is at least 1",
     MARK "{\"event\":\"start\",\"step\":\"1\",\"attempt\":0}\n",
     "print  " MARK "{\"event\":\"start\",\"step\":\"1\",\"attempt\":0}\n"},
    {"a control line after a wrong one", MARK "{\n" START("1"),
     "print  " MARK "{\nbegin 1#1\n"},
    {"a control line cut at the end is output", "a\n" MARK "{\"event\":\"sta",
     "print  a\n" MARK "{\"event\":\"sta"},
    {"a whole control line without its newline counts",
     MARK "{\"event\":\"start\",\"step\":\"1\",\"attempt\":2}", "begin 1#2\n"},
};

/* The log of `input`, in chunks of `size` bytes. The caller frees it. */
static char *run(const char *input, size_t size, bool *done,
                 enum status *status)
{
    struct recorder recorder = make_recorder();
    struct error error = {0};
    struct stream *stream = stream_new(TEST_TOKEN, &recorder.sink);
    size_t length = strlen(input);
    for (size_t at = 0; at < length; at += size) {
        /* A copy of its own: reading beyond a chunk is an error. */
        size_t part = length - at < size ? length - at : size;
        char *chunk = malloc(part);
        memcpy(chunk, input + at, part);
        assert_int_equal(stream_feed(stream, chunk, part, &error), 0);
        free(chunk);
    }
    assert_int_equal(stream_finish(stream, &error), 0);
    *done = stream_is_done(stream, status);
    stream_free(stream);
    text_append(&recorder.log, "", 0);
    return recorder.log.data ? recorder.log.data : calloc(1, 1);
}

static void control_lines_become_events_however_they_are_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t size = 1; size <= strlen(rows[i].input) + 1; size++) {
            bool done;
            enum status status;
            char *got = run(rows[i].input, size, &done, &status);
            CHECK_TEXT(rows[i].name, got, rows[i].want);
            CHECK(rows[i].name, !done);
            free(got);
        }
    }
}

static void done_is_kept_with_its_status(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        bool want;
        enum status status;
    } words[] = {
        {"passed", true, STATUS_PASSED},   {"failed", true, STATUS_FAILED},
        {"aborted", true, STATUS_ABORTED}, {"skipped", false, STATUS_QUEUED},
        {"great", false, STATUS_QUEUED},
    };
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        char input[200];
        bool done;
        enum status status;
        snprintf(input, sizeof input,
                 MARK "{\"event\":\"done\",\"status\":\"%s\"}\n",
                 words[i].word);
        free(run(input, 7, &done, &status));
        CHECK(words[i].word, done == words[i].want);
        CHECK(words[i].word, !done || status == words[i].status);
    }
}

/* Random texts of pieces that matter: what comes out in chunks is what comes out
 * of the whole, and nothing is lost. */
static void random_texts_do_not_depend_on_their_chunks(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "\n",
        "::assay:",
        TEST_TOKEN,
        ":",
        "{\"event\":\"start\",",
        "x",
        "::",
        "::assay:0",
        START("1"),
        MARK,
        FINISH("1", ",\"status\":\"failed\""),
    };
    unsigned seed = 1;
    for (int round = 0; round < 3000; round++) {
        char input[2000] = "";
        for (int i = 0; i < 12; i++) {
            seed = seed * 1103515245U + 12345U;
            strcat(input, pieces[(seed >> 16) % COUNT_OF(pieces)]);
        }
        bool done;
        enum status status;
        char *whole = run(input, sizeof input, &done, &status);
        for (size_t size = 1; size < 60; size += 1 + (seed >> 20) % 7) {
            char *parts = run(input, size, &done, &status);
            CHECK_TEXT(input, parts, whole);
            free(parts);
        }
        free(whole);
    }
}

static void a_control_line_has_a_limit(void **state)
{
    (void)state;
    for (int beyond = 0; beyond <= 1; beyond++) {
        static const char head[] =
            "{\"event\":\"start\",\"step\":\"1\",\"x\":\"";
        static const char tail[] = "\"}";
        CLEANUP(text_free) struct text input = {0};
        text_append_string(&input, MARK);
        text_append_string(&input, head);
        while (input.length - strlen(MARK) + strlen(tail) <
               STREAM_LINE_LIMIT + (size_t)beyond)
            text_append_character(&input, 'y');
        text_append_format(&input, "%s\n", tail);
        struct recorder recorder = make_recorder();
        struct error error = {0};
        struct stream *stream = stream_new(TEST_TOKEN, &recorder.sink);
        assert_int_equal(stream_feed(stream, input.data, input.length, &error),
                         0);
        assert_int_equal(stream_finish(stream, &error), 0);
        if (beyond)
            assert_int_equal(recorder.output, input.length);
        else
            assert_string_equal(recorder.log.data, "begin 1#1\n");
        stream_free(stream);
        text_free(&recorder.log);
    }
}

static void output_is_handed_on_at_once(void **state)
{
    (void)state;
    struct recorder recorder = make_recorder();
    struct error error = {0};
    struct stream *stream = stream_new(TEST_TOKEN, &recorder.sink);
    assert_int_equal(stream_feed(stream, "50 %", 4, &error), 0);
    assert_string_equal(recorder.log.data, "print  50 %");
    assert_int_equal(stream_feed(stream, "\n", 1, &error), 0);
    assert_string_equal(recorder.log.data, "print  50 %");
    assert_int_equal(stream_rest(stream, &error), 0);
    assert_string_equal(recorder.log.data, "print  50 %\n");
    assert_int_equal(stream_feed(stream, "::ass", 5, &error), 0);
    assert_int_equal(stream_rest(stream, &error), 0);
    assert_string_equal(recorder.log.data, "print  50 %\n");
    assert_int_equal(stream_feed(stream, "ure", 3, &error), 0);
    assert_string_equal(recorder.log.data, "print  50 %\n::assure");
    stream_free(stream);
    text_free(&recorder.log);
}

static void a_line_after_a_rest_is_still_a_control_line(void **state)
{
    (void)state;
    struct recorder recorder = make_recorder();
    struct error error = {0};
    struct stream *stream = stream_new(TEST_TOKEN, &recorder.sink);
    assert_int_equal(stream_feed(stream, "a\n", 2, &error), 0);
    assert_int_equal(stream_rest(stream, &error), 0);
    assert_int_equal(
        stream_feed(stream, START("1"), strlen(START("1")), &error), 0);
    assert_string_equal(recorder.log.data, "print  a\nbegin 1#1\n");
    stream_free(stream);
    text_free(&recorder.log);
}

static void without_control_lines_all_is_output(void **state)
{
    (void)state;
    struct recorder recorder = make_recorder();
    struct error error = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct plan plan = make_plan(
        arena, "{}",
        "{'steps':[{'ref':'1'},{'ref':'2','steps':[{'ref':'2.1'}]}]}");
    struct stream *stream = stream_new_bare(&plan, &recorder.sink);
    enum status status;
    assert_int_equal(stream_rest(stream, &error), 0);
    assert_int_equal(recorder.seen, 0);
    assert_int_equal(stream_feed(stream, "a\n", 2, &error), 0);
    assert_int_equal(
        stream_feed(stream, START("2"), strlen(START("2")), &error), 0);
    assert_int_equal(stream_finish(stream, &error), 0);
    assert_string_equal(recorder.log.data,
                        "begin 2#1\nbegin 2.1#1\nprint 2.1 a\n" START("2"));
    assert_false(stream_is_done(stream, &status));
    stream_free(stream);
    text_free(&recorder.log);
}

static void much_output_is_few_events(void **state)
{
    (void)state;
    struct recorder recorder = make_recorder();
    recorder.quiet = true;
    struct error error = {0};
    struct stream *stream = stream_new(TEST_TOKEN, &recorder.sink);
    char chunk[8192];
    for (size_t i = 0; i < sizeof chunk; i++)
        chunk[i] = i % 2 ? '\n' : 'y';
    for (int i = 0; i < 1000; i++)
        assert_int_equal(stream_feed(stream, chunk, sizeof chunk, &error), 0);
    assert_int_equal(stream_finish(stream, &error), 0);
    assert_int_equal(recorder.output, 1000 * sizeof chunk);
    assert_true(recorder.outputs <= 2001);
    stream_free(stream);
}

static void the_failure_of_a_sink_is_returned(void **state)
{
    (void)state;
    static const char input[] = "a\n" START("1") "b\n" MARK "{\nc\n::assay:00x";
    for (int at = 1; at <= 7; at++) {
        struct recorder recorder = make_recorder();
        recorder.fail_at = at;
        struct error error = {0};
        struct stream *stream = stream_new(TEST_TOKEN, &recorder.sink);
        int result = 0;
        for (size_t i = 0; result == 0 && i < sizeof input - 1; i++)
            result = stream_feed(stream, input + i, 1, &error);
        assert_int_equal(result, -1);
        assert_string_equal(error.text, "the reader is full");
        stream_free(stream);
        text_free(&recorder.log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_lines_become_events_however_they_are_split),
        cmocka_unit_test(done_is_kept_with_its_status),
        cmocka_unit_test(random_texts_do_not_depend_on_their_chunks),
        cmocka_unit_test(a_control_line_has_a_limit),
        cmocka_unit_test(output_is_handed_on_at_once),
        cmocka_unit_test(a_line_after_a_rest_is_still_a_control_line),
        cmocka_unit_test(without_control_lines_all_is_output),
        cmocka_unit_test(much_output_is_few_events),
        cmocka_unit_test(the_failure_of_a_sink_is_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
