/* log_lines.h and kube_time.h: times are taken away, and however a log is cut and
 * read again, every line is there once. */
#include <stdio.h>

#include "engine/base/text.h"
#include "engine/kube/kube_time.h"
#include "engine/kube/limits.h"
#include "engine/kube/log_lines.h"
#include "tests/unit/case.h"

static void times_of_the_api(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t used;
        int64_t time;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 20, 0},
        {"1970-01-01T00:00:01.5Z", 22, INT64_C(1500000000)},
        {"2000-02-29T12:00:00Z", 20, INT64_C(951825600000000000)},
        {"2026-01-02T03:04:05.123456789Z", 30, INT64_C(1767323045123456789)},
        {"2026-01-02T03:04:05.123456789Z text", 30,
         INT64_C(1767323045123456789)},
        {"2026-01-02T05:04:05.123456789+02:00", 35,
         INT64_C(1767323045123456789)},
        {"2026-01-02T01:34:05.123456789-01:30", 35,
         INT64_C(1767323045123456789)},
        {"2026-01-02T03:04:05", 0, 0},
        {"2026-01-02 03:04:05Z", 0, 0},
        {"2026-13-02T03:04:05Z", 0, 0},
        {"2026-01-02T24:04:05Z", 0, 0},
        {"1969-12-31T23:59:59Z", 0, 0},
        {"9999-01-02T03:04:05Z", 0, 0},
        {"2026-01-02T03:04:05.Z", 0, 0},
        {"2026-01-02T03:04:05.1234567890Z", 0, 0},
        {"", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t time = 0;
        size_t used = kube_time_read(rows[i].text, strlen(rows[i].text), &time);
        if (used != rows[i].used || (used && time != rows[i].time))
            fail_msg("'%s': %zu bytes, %lld", rows[i].text, used,
                     (long long)time);
    }
}

static void times_for_the_api(void **state)
{
    (void)state;
    char text[KUBE_TIME_TEXT];
    kube_time_print_seconds(INT64_C(1767323045999999999), text);
    assert_string_equal(text, "2026-01-02T03:04:05Z");
}

/* --- a node that keeps a log ------------------------------------------------ */

struct reader {
    struct text out;
    struct text notes;
};

static int take(void *context, const char *bytes, size_t length,
                struct error *error)
{
    struct reader *reader = context;
    (void)error;
    text_append(&reader->out, bytes, length);
    return 0;
}

static int take_note(void *context, const char *text, struct error *error)
{
    struct reader *reader = context;
    (void)error;
    text_append_format(&reader->notes, "[%s]", text);
    return 0;
}

static struct log_lines *make_lines(struct reader *reader)
{
    struct log_lines_setup setup = {reader, take, take_note};
    return log_lines_new(&setup);
}

static void feed(struct log_lines *lines, const char *bytes, size_t length)
{
    struct error error = {0};
    assert_int_equal(log_lines_feed(lines, bytes, length, &error), 0);
}

static void cut(struct log_lines *lines)
{
    struct error error = {0};
    assert_int_equal(log_lines_cut(lines, &error), 0);
}

/* What a node sends of `log` for sinceTime: the lines of that second and later. */
static const char *since(const char *log, int64_t last)
{
    int64_t second = last / 1000000000 * 1000000000;
    while (*log) {
        int64_t time;
        size_t used = kube_time_read(log, strlen(log), &time);
        if (used && time >= second)
            break;
        const char *end = strchr(log, '\n');
        log = end ? end + 1 : log + strlen(log);
    }
    return log;
}

/* `log` without its times. */
static void strip(const char *log, struct text *out)
{
    while (*log) {
        int64_t time;
        size_t length = strcspn(log, "\n") + 1;
        size_t used = kube_time_read(log, length, &time);
        text_append(out, log + used + 1, length - used - 1);
        log += length;
    }
}

#define T(second, nano) "2026-01-02T03:04:" second "." nano "Z "

static const struct {
    const char *name, *log;
} logs[] = {
    {"lines apart", T("05", "000000001") "one\n" T("06", "000000001") "two\n" T(
                        "07", "000000001") "three\n"},
    {"in one second",
     T("05", "000000001") "one\n" T("05", "000000002") "two\n" T(
         "05", "000000003") "three\n"},
    {"at one time", T("05", "000000001") "one\n" T("05", "000000001") "two\n" T(
                        "05", "000000001") "three\n"},
    {"the same line again and again",
     T("05", "000000001") "x\n" T("05", "000000001") "x\n" T(
         "05", "000000001") "x\n" T("05", "000000002") "x\n"},
    {"beginnings of each other",
     T("05", "000000001") "a\n" T("05", "000000001") "ab\n" T(
         "05", "000000001") "abc\n" T("05", "000000001") "a\n"},
    {"empty lines", T("05", "000000001") "\n" T("05", "000000001") "\n" T(
                        "05", "000000001") "z\n" T("06", "000000001") "\n"},
    {"lines that look like times",
     T("05", "000000001") T("05", "000000001") "\n" T(
         "05", "000000002") "2026-01-02T03:04:05Z\n"},
    {"carriage returns",
     T("05", "000000001") "10%\r20%\r\n" T("05", "000000001") "30%\r\n"},
};

/* Reads `log` with a cut after `first` bytes of the first stream and `second` of
 * the next one. */
static void read_with_cuts(const char *log, size_t first, size_t second,
                           struct reader *reader)
{
    struct log_lines *lines = make_lines(reader);
    feed(lines, log, first);
    cut(lines);
    const char *rest = since(log, log_lines_since(lines));
    size_t length = strlen(rest);
    feed(lines, rest, second < length ? second : length);
    cut(lines);
    rest = since(log, log_lines_since(lines));
    /* Byte by byte: how a stream is split means nothing. */
    for (; *rest; rest++)
        feed(lines, rest, 1);
    cut(lines);
    assert_int_equal(log_lines_count(lines), reader->out.length);
    log_lines_free(lines);
}

static void every_line_once_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        const char *log = logs[i].log;
        CLEANUP(text_free) struct text want = {0};
        strip(log, &want);
        for (size_t first = 0; first <= strlen(log); first++) {
            for (size_t second = 0; second <= strlen(log); second += 3) {
                struct reader reader = {0};
                read_with_cuts(log, first, second, &reader);
                if (strcmp(text_string(&reader.out), text_string(&want)) != 0)
                    fail_msg("%s, cut at %zu and %zu: '%s'", logs[i].name,
                             first, second, text_string(&reader.out));
                if (reader.notes.length)
                    fail_msg("%s, cut at %zu and %zu: %s", logs[i].name, first,
                             second, text_string(&reader.notes));
                text_free(&reader.out);
                text_free(&reader.notes);
            }
        }
    }
}

/* A log of lines with the lengths around the limits. */
static void make_long(struct text *log, size_t length, size_t lines)
{
    for (size_t i = 0; i < lines; i++) {
        text_append_string(log, T("05", "000000001"));
        for (size_t k = 0; k < length; k++)
            text_append_character(log, (char)('a' + (i + k) % 26));
        text_append_character(log, '\n');
    }
}

static void long_and_many_lines_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        size_t length, lines;
    } rows[] = {
        {KUBE_LOG_PREFIX_LIMIT - 1, 4}, {KUBE_LOG_PREFIX_LIMIT, 4},
        {KUBE_LOG_PREFIX_LIMIT + 1, 4}, {5000, 3},
        {4, KUBE_LOG_LINES_LIMIT - 1},  {4, KUBE_LOG_LINES_LIMIT},
        {4, KUBE_LOG_LINES_LIMIT + 1},  {4, KUBE_LOG_LINES_LIMIT * 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CLEANUP(text_free) struct text log = {0};
        CLEANUP(text_free) struct text want = {0};
        make_long(&log, rows[i].length, rows[i].lines);
        strip(text_string(&log), &want);
        for (size_t at = 1; at <= log.length; at += log.length / 37 + 1) {
            struct reader reader = {0};
            read_with_cuts(text_string(&log), at, log.length / 2, &reader);
            if (strcmp(text_string(&reader.out), text_string(&want)) != 0)
                fail_msg("%zu lines of %zu, cut at %zu: %zu bytes of %zu",
                         rows[i].lines, rows[i].length, at, reader.out.length,
                         want.length);
            text_free(&reader.out);
            text_free(&reader.notes);
        }
    }
}

static void what_the_node_has_thrown_away_is_told(void **state)
{
    (void)state;
    static const char before[] = T("05", "000000001") "one\n";
    static const char after[] = T("09", "000000001") "five\n";
    struct reader reader = {0};
    struct log_lines *lines = make_lines(&reader);
    feed(lines, before, sizeof before - 1);
    cut(lines);
    feed(lines, after, sizeof after - 1);
    cut(lines);
    assert_string_equal(text_string(&reader.out), "one\nfive\n");
    assert_non_null(
        strstr(text_string(&reader.notes), "lines may be missing here"));
    log_lines_free(lines);
    text_free(&reader.out);
    text_free(&reader.notes);
}

static void words_of_the_node_are_notes(void **state)
{
    (void)state;
    static const char log[] = T(
        "05", "000000001") "one\n"
                           "failed to watch file \x1b[31m: no space left\n" T(
                               "05",
                               "000000002") "two\n"
                                            "unable to retrieve container logs";
    struct reader reader = {0};
    struct log_lines *lines = make_lines(&reader);
    for (size_t i = 0; i < sizeof log - 1; i++)
        feed(lines, log + i, 1);
    cut(lines);
    assert_string_equal(text_string(&reader.out), "one\ntwo\n");
    assert_string_equal(text_string(&reader.notes),
                        "[failed to watch file \\x1b[31m: no space left]"
                        "[unable to retrieve container logs]");
    log_lines_free(lines);
    text_free(&reader.out);
    text_free(&reader.notes);
}

static int refuse(void *context, const char *bytes, size_t length,
                  struct error *error)
{
    (void)context;
    (void)bytes;
    (void)length;
    return error_set(error, ERROR_SYSTEM, "disk full");
}

static void a_reader_that_fails_ends_it(void **state)
{
    (void)state;
    struct reader reader = {0};
    struct error error = {0};
    struct log_lines_setup setup = {&reader, refuse, take_note};
    struct log_lines *lines = log_lines_new(&setup);
    static const char log[] = T("05", "000000001") "one\n";
    assert_int_equal(log_lines_feed(lines, log, sizeof log - 1, &error), -1);
    assert_string_equal(error.text, "disk full");
    log_lines_free(lines);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_the_api),
        cmocka_unit_test(times_for_the_api),
        cmocka_unit_test(every_line_once_however_it_is_cut),
        cmocka_unit_test(long_and_many_lines_are_told_apart),
        cmocka_unit_test(what_the_node_has_thrown_away_is_told),
        cmocka_unit_test(words_of_the_node_are_notes),
        cmocka_unit_test(a_reader_that_fails_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
