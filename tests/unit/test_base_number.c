/* number.h: numbers and their text. */
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "engine/base/number.h"
#include "tests/unit/case.h"

static void prints_shortest(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *want;
    } rows[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {1.0, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.30000000000000004, "0.30000000000000004"},
        {100.0, "100"},
        {123456.789, "123456.789"},
        {1e-6, "0.000001"},
        {1.5e-6, "0.0000015"},
        {9.99e-7, "9.99e-7"},
        {1e-7, "1e-7"},
        {1e20, "100000000000000000000"},
        {123456789012345680000.0, "123456789012345680000"},
        {1e21, "1e+21"},
        {1.5e300, "1.5e+300"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {5e-324, "5e-324"},
        {1e-320, "1e-320"},
        {0x1p-44, "5.684341886080802e-14"},
        {9007199254740992.0, "9007199254740992"},
        {0x1p-1022 - 0x1p-1074, "2.225073858507201e-308"},
        {(double)INFINITY, "inf"},
        {-(double)INFINITY, "-inf"},
        {(double)NAN, "nan"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[NUMBER_TEXT];
        size_t length = number_print_float(rows[i].number, text);
        CHECK_TEXT(rows[i].want, text, rows[i].want);
        assert_int_equal(length, strlen(text));
    }
}

static void prints_ints(void **state)
{
    (void)state;
    static const struct {
        int64_t integer;
        const char *want;
    } rows[] = {{0, "0"},
                {-1, "-1"},
                {INT64_MAX, "9223372036854775807"},
                {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[NUMBER_TEXT];
        number_print_int(rows[i].integer, text);
        CHECK_TEXT(rows[i].want, text, rows[i].want);
    }
}

static void parses_floats(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
        double want;
    } rows[] = {
        {"0", true, 0.0},
        {"-0", true, 0.0},
        {"1.", true, 1.0},
        {".5", true, 0.5},
        {"+2.5e2", true, 250.0},
        {"1E-3", true, 1e-3},
        {"00012.500", true, 12.5},
        {"0.0000000000000000000000001", true, 1e-25},
        {"1e308", true, 1e308},
        {"1e309", false, 0},
        {"-1e400", false, 0},
        {"1e-400", true, 0.0},
        {"0e999999999999", true, 0.0},
        {"1e-999999999999", true, 0.0},
        {"1e999999999999", false, 0},
        {"9007199254740993", true, 9007199254740992.0},
        {"9007199254740993.0000000000000000000000000001", true,
         9007199254740994.0},
        {"", false, 0},
        {".", false, 0},
        {"-", false, 0},
        {"e5", false, 0},
        {"1e", false, 0},
        {"1e+", false, 0},
        {"1..2", false, 0},
        {"1,5", false, 0},
        {"1 ", false, 0},
        {"inf", false, 0},
        {"nan", false, 0},
        {"0x10", false, 0},
        {"--1", false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        double number = -1;
        bool valid =
            number_parse_float(rows[i].text, strlen(rows[i].text), &number);
        CHECK(rows[i].text, valid == rows[i].valid);
        CHECK(rows[i].text, !valid || number == rows[i].want);
    }
}

/* More digits than are kept: the last one decides on which side of the exact
 * middle between two doubles the number is. */
static void digits_beyond_the_kept_ones_count(void **state)
{
    (void)state;
    char text[2000];
    memset(text, '0', sizeof text);
    memcpy(text, "9007199254740993.", 17);
    double number = 0;
    assert_true(number_parse_float(text, sizeof text, &number));
    assert_true(number == 9007199254740992.0);
    text[sizeof text - 1] = '1';
    assert_true(number_parse_float(text, sizeof text, &number));
    assert_true(number == 9007199254740994.0);
}

static void parses_unsigned(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned base;
        bool valid;
        uint64_t want;
    } rows[] = {
        {"0", 10, true, 0},
        {"18446744073709551615", 10, true, UINT64_MAX},
        {"18446744073709551616", 10, false, 0},
        {"99999999999999999999", 10, false, 0},
        {"ffFF", 16, true, 65535},
        {"10000000000000000", 16, false, 0},
        {"777", 8, true, 511},
        {"8", 8, false, 0},
        {"101", 2, true, 5},
        {"2", 2, false, 0},
        {"", 10, false, 0},
        {"1 ", 10, false, 0},
        {"g", 16, false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t number = 0;
        bool valid = number_parse_unsigned(rows[i].text, strlen(rows[i].text),
                                           rows[i].base, &number);
        CHECK(rows[i].text, valid == rows[i].valid);
        CHECK(rows[i].text, !valid || number == rows[i].want);
    }
}

static void applies_signs(void **state)
{
    (void)state;
    int64_t integer = 0;
    assert_true(number_apply_sign(INT64_MAX, false, &integer));
    assert_true(integer == INT64_MAX);
    assert_false(number_apply_sign((uint64_t)INT64_MAX + 1, false, &integer));
    assert_true(number_apply_sign((uint64_t)INT64_MAX + 1, true, &integer));
    assert_true(integer == INT64_MIN);
    assert_false(number_apply_sign((uint64_t)INT64_MAX + 2, true, &integer));
}

/* xorshift64: the same numbers in every run. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void random_floats_read_back(void **state)
{
    (void)state;
    uint64_t seed = 0x5EED;
    for (int i = 0; i < 50000; i++) {
        uint64_t bits = next_random(&seed);
        double number = 0;
        double again = 0;
        char text[NUMBER_TEXT];
        memcpy(&number, &bits, sizeof number);
        if (!isfinite(number))
            continue;
        size_t length = number_print_float(number, text);
        assert_true(length < NUMBER_TEXT);
        assert_true(number_parse_float(text, length, &again));
        CHECK(text, memcmp(&number, &again, sizeof number) == 0);
        CHECK(text, strtod(text, NULL) == number);
    }
}

static void locale_has_no_say(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"};
    bool found = false;
    for (size_t i = 0; i < COUNT_OF(names) && !found; i++)
        found = setlocale(LC_NUMERIC, names[i]) != NULL;
    if (!found)
        skip(); /* the machine has no locale with a decimal comma */
    prints_shortest(state);
    parses_floats(state);
    setlocale(LC_NUMERIC, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_shortest),
        cmocka_unit_test(prints_ints),
        cmocka_unit_test(parses_floats),
        cmocka_unit_test(digits_beyond_the_kept_ones_count),
        cmocka_unit_test(parses_unsigned),
        cmocka_unit_test(applies_signs),
        cmocka_unit_test(random_floats_read_back),
        cmocka_unit_test(locale_has_no_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
