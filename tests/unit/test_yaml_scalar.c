/* The types of plain scalars, as Kubernetes' YAML library has them. */
#include "tests/unit/value_fixture.h"

static void types(void **state)
{
    (void)state;
    static const struct {
        const char *input; /* a plain scalar, perhaps with its tag */
        enum value_kind kind;
        const char *want; /* as JSON */
    } rows[] = {
        {"", VALUE_NULL, "null"},
        {"~", VALUE_NULL, "null"},
        {"null", VALUE_NULL, "null"},
        {"Null", VALUE_NULL, "null"},
        {"NULL", VALUE_NULL, "null"},
        {"nULL", VALUE_STRING, "\"nULL\""},
        {"nil", VALUE_STRING, "\"nil\""},
        {"y", VALUE_BOOL, "true"},
        {"Y", VALUE_BOOL, "true"},
        {"yes", VALUE_BOOL, "true"},
        {"Yes", VALUE_BOOL, "true"},
        {"YES", VALUE_BOOL, "true"},
        {"on", VALUE_BOOL, "true"},
        {"On", VALUE_BOOL, "true"},
        {"ON", VALUE_BOOL, "true"},
        {"true", VALUE_BOOL, "true"},
        {"True", VALUE_BOOL, "true"},
        {"TRUE", VALUE_BOOL, "true"},
        {"n", VALUE_BOOL, "false"},
        {"N", VALUE_BOOL, "false"},
        {"no", VALUE_BOOL, "false"},
        {"No", VALUE_BOOL, "false"},
        {"NO", VALUE_BOOL, "false"},
        {"off", VALUE_BOOL, "false"},
        {"Off", VALUE_BOOL, "false"},
        {"OFF", VALUE_BOOL, "false"},
        {"false", VALUE_BOOL, "false"},
        {"False", VALUE_BOOL, "false"},
        {"FALSE", VALUE_BOOL, "false"},
        {"yES", VALUE_STRING, "\"yES\""},
        {"truth", VALUE_STRING, "\"truth\""},
        {"0", VALUE_INT, "0"},
        {"-0", VALUE_INT, "0"},
        {"12", VALUE_INT, "12"},
        {"+12", VALUE_INT, "12"},
        {"-12", VALUE_INT, "-12"},
        {"1_000", VALUE_INT, "1000"},
        {"1__0_", VALUE_INT, "10"},
        {"0x1F", VALUE_INT, "31"},
        {"0X1f", VALUE_INT, "31"},
        {"-0x10", VALUE_INT, "-16"},
        {"0b101", VALUE_INT, "5"},
        {"-0b11", VALUE_INT, "-3"},
        {"0o17", VALUE_INT, "15"},
        {"017", VALUE_INT, "15"},
        {"0644", VALUE_INT, "420"},
        {"-017", VALUE_INT, "-15"},
        {"08", VALUE_FLOAT, "8"},
        {"0x", VALUE_STRING, "\"0x\""},
        {"0xG", VALUE_STRING, "\"0xG\""},
        {"0b2", VALUE_STRING, "\"0b2\""},
        {"9223372036854775807", VALUE_INT, "9223372036854775807"},
        {"-9223372036854775808", VALUE_INT, "-9223372036854775808"},
        {"9223372036854775808", VALUE_FLOAT, "9223372036854776000"},
        {"18446744073709551616", VALUE_FLOAT, "18446744073709552000"},
        {"1.5", VALUE_FLOAT, "1.5"},
        {"1.", VALUE_FLOAT, "1"},
        {".5", VALUE_FLOAT, "0.5"},
        {"-.5", VALUE_FLOAT, "-0.5"},
        {"1e3", VALUE_FLOAT, "1000"},
        {"12e03", VALUE_FLOAT, "12000"},
        {"1.5E+3", VALUE_FLOAT, "1500"},
        {"1_0.5", VALUE_FLOAT, "10.5"},
        {"1e400", VALUE_STRING, "\"1e400\""},
        {".inf", VALUE_FLOAT, "null"},
        {"-.Inf", VALUE_FLOAT, "null"},
        {"+.INF", VALUE_FLOAT, "null"},
        {".nan", VALUE_FLOAT, "null"},
        {".NaN", VALUE_FLOAT, "null"},
        {"inf", VALUE_STRING, "\"inf\""},
        {"nan", VALUE_STRING, "\"nan\""},
        {".", VALUE_STRING, "\".\""},
        {"._5", VALUE_STRING, "\"._5\""},
        {"+", VALUE_STRING, "\"+\""},
        {"_1", VALUE_STRING, "\"_1\""},
        {"1.2.3", VALUE_STRING, "\"1.2.3\""},
        {"1e", VALUE_STRING, "\"1e\""},
        {"12:30:45", VALUE_STRING, "\"12:30:45\""},
        {"190:20:30.15", VALUE_STRING, "\"190:20:30.15\""},
        {"2001-12-14", VALUE_STRING, "\"2001-12-14\""},
        {"2001-12-14t21:59:43.10-05:00", VALUE_STRING,
         "\"2001-12-14t21:59:43.10-05:00\""},
        {"100m", VALUE_STRING, "\"100m\""},
        {"30s", VALUE_STRING, "\"30s\""},
        {"=", VALUE_STRING, "\"=\""},
        {"\"12\"", VALUE_STRING, "\"12\""},
        {"'true'", VALUE_STRING, "\"true\""},
        {"\"\"", VALUE_STRING, "\"\""},
        {"!!str 12", VALUE_STRING, "\"12\""},
        {"!!str", VALUE_STRING, "\"\""},
        {"! 12", VALUE_STRING, "\"12\""},
        {"&a ! 12", VALUE_STRING, "\"12\""},
        {"! '12'", VALUE_STRING, "\"12\""},
        {"!!int \"12\"", VALUE_INT, "12"},
        {"!!int 0x1F", VALUE_INT, "31"},
        {"!!float 12", VALUE_FLOAT, "12"},
        {"!!float '1.5'", VALUE_FLOAT, "1.5"},
        {"!!bool yes", VALUE_BOOL, "true"},
        {"!!null ''", VALUE_NULL, "null"},
        {"!!timestamp 2001-12-14", VALUE_STRING, "\"2001-12-14\""},
        {"!<tag:yaml.org,2002:int> '7'", VALUE_INT, "7"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const struct value *value = value_get(
            from_yaml(arena, arena_format(arena, "key: %s", rows[i].input)),
            "key");
        CHECK_TEXT(rows[i].input, value_kind_name(value->kind),
                   value_kind_name(rows[i].kind));
        CHECK_TEXT(rows[i].input, as_json(arena, value), rows[i].want);
    }
}

static void wrong_tags(void **state)
{
    (void)state;
    static const struct {
        const char *input, *want;
    } rows[] = {
        {"!!int x", "E100 1:7 'x' does not fit its tag !!int"},
        {"!!bool 1", "E100 1:8 '1' does not fit its tag !!bool"},
        {"!!null x", "E100 1:8 'x' does not fit its tag !!null"},
        {"!!float abc", "E100 1:9 'abc' does not fit its tag !!float"},
        {"!secret x",
         "E100 1:9 unknown tag '!secret': expected !!str, !!int, !!float, "
         "!!bool, !!null, !!map or !!seq"},
        {"!!binary aGk=",
         "E100 1:10 unknown tag '!!binary': expected !!str, !!int, !!float, "
         "!!bool, !!null, !!map or !!seq"},
        {"!!map []", "E100 1:7 a list with the tag !!map"},
        {"!!seq {}", "E100 1:7 a map with the tag !!seq"},
        {"!!str []", "E100 1:7 a list with the tag !!str"},
        {"!x []",
         "E100 1:4 unknown tag '!x': expected !!str, !!int, !!float, !!bool, "
         "!!null, !!map or !!seq"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CHECK_TEXT(rows[i].input,
                   problems_of(arena, rows[i].input, strlen(rows[i].input)),
                   rows[i].want);
    }
}

static void right_tags(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CHECK_TEXT("collections",
               as_json(arena, from_yaml(arena, "a: !!map {b: !!seq [1]}\n"
                                               "c: ! {}\n")),
               "{\"a\":{\"b\":[1]},\"c\":{}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),
        cmocka_unit_test(wrong_tags),
        cmocka_unit_test(right_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
