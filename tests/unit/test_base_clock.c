/* clock.h */
#include "engine/base/clock.h"
#include "tests/unit/case.h"

static void go_durations(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        int64_t want;
        bool wrong;
    } rows[] = {
        {"0", 0, false},
        {"1ns", 1, false},
        {"2us", 2000, false},
        {"2\xc2\xb5s", 2000, false},
        {"100ms", 100 * CLOCK_MILLISECOND, false},
        {"1.5s", 1500 * CLOCK_MILLISECOND, false},
        {".5s", 500 * CLOCK_MILLISECOND, false},
        {"5.s", 5 * CLOCK_SECOND, false},
        {"1h30m", 5400 * CLOCK_SECOND, false},
        {"-1m", -60 * CLOCK_SECOND, false},
        {"+1m", 60 * CLOCK_SECOND, false},
        {"9223372036854775807ns", INT64_MAX, false},
        {"-9223372036854775808ns", INT64_MIN, false},
        {"9223372036854775808ns", 0, true},
        {"99999999999999999999999999999999999999999999h", 0, true},
        {"2562048h", 0, true},
        {"0.000000000000000000000000000001s", 0, false},
        {"", 0, true},
        {"-", 0, true},
        {"5", 0, true},
        {"5 s", 0, true},
        {"s", 0, true},
        {".s", 0, true},
        {"1d", 0, true},
        {"1s1", 0, true},
        {"00", 0, true},
        {"1e3s", 0, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error error = {0};
        int64_t got = 0;
        int result = duration_parse(rows[i].input, &got, &error);
        CHECK(rows[i].input, (result < 0) == rows[i].wrong);
        CHECK(rows[i].input, (error.kind == ERROR_INPUT) == rows[i].wrong);
        CHECK(rows[i].input, rows[i].wrong || got == rows[i].want);
    }
}

static void durations_for_people(void **state)
{
    (void)state;
    static const struct {
        int64_t input;
        const char *want;
    } rows[] = {
        {-5, "0 ms"},
        {0, "0 ms"},
        {12 * CLOCK_MILLISECOND, "12 ms"},
        {999 * CLOCK_MILLISECOND, "999 ms"},
        {3400 * CLOCK_MILLISECOND, "3.4 s"},
        {59999 * CLOCK_MILLISECOND, "59.9 s"},
        {125 * CLOCK_SECOND, "2 m 05 s"},
        {3720 * CLOCK_SECOND, "1 h 02 m"},
        {INT64_MAX, "2562047 h 47 m"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[CLOCK_TEXT];
        duration_print(rows[i].input, text);
        CHECK_TEXT(rows[i].want, text, rows[i].want);
    }
}

static void times_in_utc(void **state)
{
    (void)state;
    static const struct {
        int64_t input;
        const char *want;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {INT64_C(1767323045678000000), "2026-01-02T03:04:05.678Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[CLOCK_TEXT];
        clock_print(rows[i].input, text);
        CHECK_TEXT(rows[i].want, text, rows[i].want);
    }
}

static void clocks_run(void **state)
{
    (void)state;
    int64_t before = clock_monotonic();
    assert_true(clock_monotonic() >= before);
    assert_true(clock_now() > INT64_C(1700000000) * CLOCK_SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(go_durations),
        cmocka_unit_test(durations_for_people),
        cmocka_unit_test(times_in_utc),
        cmocka_unit_test(clocks_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
