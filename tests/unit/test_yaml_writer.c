/* value_write_yaml: how it looks. That it reads back: test_value_roundtrip.c. */
#include <math.h>

#include "tests/unit/value_fixture.h"

static void layout(void **state)
{
    (void)state;
    static const struct {
        const char *name, *json, *want;
    } rows[] = {
        {"scalars", "[null,true,12,-1.5,\"x\"]",
         "- null\n- true\n- 12\n- -1.5\n- x\n"},
        {"empty ones", "{\"a\":[],\"b\":{},\"c\":\"\"}",
         "a: []\nb: {}\nc: \"\"\n"},
        {"list in the column of its key", "{\"a\":[1,{\"b\":2,\"c\":[3]}]}",
         "a:\n- 1\n- b: 2\n  c:\n  - 3\n"},
        {"maps", "{\"a\":{\"b\":{\"c\":1}},\"d\":2}",
         "a:\n  b:\n    c: 1\nd: 2\n"},
        {"lists of lists", "[[1,2],[[3]]]", "- - 1\n  - 2\n- - - 3\n"},
        {"map in a list in a list", "[[{\"a\":1,\"b\":2}]]",
         "- - a: 1\n    b: 2\n"},
        {"root scalar", "\"x\"", "x\n"},
        {"root list", "[]", "[]\n"},
        {"literal", "{\"a\":\"one\\ntwo\\n\",\"b\":1}",
         "a: |\n  one\n  two\nb: 1\n"},
        {"literal without a last line feed", "[\"one\\ntwo\"]",
         "- |-\n  one\n  two\n"},
        {"literal with several", "{\"a\":\"one\\n\\n\\n\",\"b\":1}",
         "a: |+\n  one\n\n\nb: 1\n"},
        {"literal that begins with a blank", "{\"a\":\"  one\\ntwo\\n\"}",
         "a: |2\n    one\n  two\n"},
        {"literal that begins with an empty line", "{\"a\":\"\\none\\n\"}",
         "a: |2\n\n  one\n"},
        {"literal in a list in a map", "{\"a\":[{\"b\":\"x\\ny\\n\"}]}",
         "a:\n- b: |\n    x\n    y\n"},
        {"blanks at the end of lines stay", "{\"a\":\"x  \\ny\\n\"}",
         "a: |\n  x  \n  y\n"},
        {"blanks at the end of the text are shown", "{\"a\":\"x\\ny \\n\"}",
         "a: \"x\\ny \\n\"\n"},
        {"only line feeds", "{\"a\":\"\\n\"}", "a: \"\\n\"\n"},
        {"carriage returns", "{\"a\":\"x\\r\\ny\"}", "a: \"x\\r\\ny\"\n"},
        {"escape sequences", "{\"a\":\"\\u001b[0m\\n\\u0007\"}",
         "a: \"\\e[0m\\n\\x07\"\n"},
        {"bidi controls are shown", "{\"a\":\"\\u202ex\"}",
         "a: \"\\u202ex\"\n"},
        {"keys", "{\"a b\":1,\"true\":2,\"12\":3,\"x: y\":4,\"\":5,\"\\n\":6}",
         "a b: 1\n\"true\": 2\n\"12\": 3\n\"x: y\": 4\n\"\": 5\n\"\\n\": 6\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CHECK_TEXT(rows[i].name, as_yaml(arena, from_json(arena, rows[i].json)),
                   rows[i].want);
    }
}

/* Plain only when no reader of YAML 1.1 or 1.2 takes it for something else. */
static void quoting(void **state)
{
    (void)state;
    static const struct {
        const char *input, *want;
    } rows[] = {
        {"word", "word"},
        {"two words", "two words"},
        {"/bin/sh", "/bin/sh"},
        {"--flag=x", "--flag=x"},
        {"-c", "-c"},
        {"redis:7-alpine", "redis:7-alpine"},
        {"a@sha256:0123", "a@sha256:0123"},
        {"30s", "30s"},
        {"100m", "100m"},
        {"5Gi", "5Gi"},
        {"$(date)", "$(date)"},
        {"h\xC3\xA9llo", "h\xC3\xA9llo"},
        {"it's", "it's"},
        {"say \"x\"", "say \"x\""},
        {"a,b", "a,b"},
        {"a#b", "a#b"},
        {"{{ config.x }}", "\"{{ config.x }}\""},
        {"{{ \"x\" }}", "'{{ \"x\" }}'"},
        {"\\d: 'x'", "'\\d: ''x'''"},
        {"true", "\"true\""},
        {"True", "\"True\""},
        {"y", "\"y\""},
        {"NO", "\"NO\""},
        {"off", "\"off\""},
        {"null", "\"null\""},
        {"~", "\"~\""},
        {"12", "\"12\""},
        {"0x1F", "\"0x1F\""},
        {"0o17", "\"0o17\""},
        {"1e3", "\"1e3\""},
        {"12e03", "\"12e03\""},
        {"1_000", "\"1_000\""},
        {".5", "\".5\""},
        {".inf", "\".inf\""},
        {".NaN", "\".NaN\""},
        {"1:30", "\"1:30\""},
        {"2001-01-01", "\"2001-01-01\""},
        {"2001-01-01T00:00:00Z", "\"2001-01-01T00:00:00Z\""},
        {"1.2.3", "\"1.2.3\""},
        {"=", "\"=\""},
        {"<<", "\"<<\""},
        {"-", "\"-\""},
        {"- x", "\"- x\""},
        {"? x", "\"? x\""},
        {"---", "\"---\""},
        {"...", "\"...\""},
        {"#x", "\"#x\""},
        {"x #y", "\"x #y\""},
        {"x: y", "\"x: y\""},
        {"x:", "\"x:\""},
        {" x", "\" x\""},
        {"x ", "\"x \""},
        {"@x", "\"@x\""},
        {"%x", "\"%x\""},
        {"!x", "\"!x\""},
        {"&x", "\"&x\""},
        {"*x", "\"*x\""},
        {"|x", "\"|x\""},
        {">x", "\">x\""},
        {"[x", "\"[x\""},
        {"]x", "\"]x\""},
        {"'x", "\"'x\""},
        {"\"x", "'\"x'"},
        {"a\tb", "\"a\\tb\""},
        {"a\xC2\x85z", "\"a\\x85z\""},
        {"a\xEF\xBB\xBF", "\"a\\ufeff\""},
        {"a\xFF", "\"a\xEF\xBF\xBD\""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CHECK_TEXT(rows[i].input,
                   as_yaml(arena, value_make_string(arena, rows[i].input)),
                   arena_format(arena, "%s\n", rows[i].want));
    }
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *want;
    } rows[] = {
        {1.5, "1.5\n"},
        {2.0, "2\n"},
        {-0.0, "-0.0\n"},
        {9007199254740991.0, "9007199254740991\n"},
        {0x1p53, "9007199254740992.0\n"},
        {95949993539719536.0, "95949993539719540.0\n"},
        {1e21, "1.0e+21\n"},
        {1.5e-7, "1.5e-7\n"},
        {(double)NAN, ".nan\n"},
        {(double)INFINITY, ".inf\n"},
        {-(double)INFINITY, "-.inf\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CHECK_TEXT(rows[i].want,
                   as_yaml(arena, value_make_float(arena, rows[i].number)),
                   rows[i].want);
    }
}

static void root_texts(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CHECK_TEXT("literal root",
               as_yaml(arena, value_make_string(arena, "x\ny\n")),
               "|\n  x\n  y\n");
    CHECK_TEXT("a root has no indicator",
               as_yaml(arena, value_make_string(arena, " x\ny\n")),
               "\" x\\ny\\n\"\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout),
        cmocka_unit_test(quoting),
        cmocka_unit_test(numbers),
        cmocka_unit_test(root_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
