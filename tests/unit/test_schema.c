/* A schema, a document, and the findings, word for word. */
#include "engine/schema/limits.h"
#include "tests/unit/case.h"
#include "tests/unit/schema_fixture.h"

struct row {
    const char *name, *schema, *document, *want;
};

static void run_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text got = {0};
        struct error error = {0};
        struct value *source = read_json_text(arena, rows[i].schema);
        struct value *value = read_json_text(arena, rows[i].document);
        if (!source || !value)
            fail_msg("%s: the row is not JSON", rows[i].name);
        struct schema *schema = schema_compile(arena, source, &error);
        if (!schema)
            fail_msg("%s: %s", rows[i].name, error.text);
        struct diagnostics list = diagnostics_make(arena, "x.json");
        schema_check(schema, value, &list);
        print_findings(&got, &list);
        CHECK_TEXT(rows[i].name, text_string(&got), rows[i].want);
    }
}

#define STRING "{\"type\": \"string\"}"

static const struct row types[] = {
    {"true accepts all", "true", "{\"a\": [1]}", ""},
    {"false refuses all", "false", "1",
     "1:1 E119 this value is not allowed here"},
    {"string", STRING, "\"x\"", ""},
    {"string, boolean", STRING, "true",
     "1:1 E112 expected a string, found the boolean true | put it in quotes: "
     "\"true\" (y, yes and on without quotes mean true as well)"},
    {"string, integer", STRING, "8080",
     "1:1 E112 expected a string, found the integer 8080 | put it in quotes: "
     "\"8080\""},
    {"string, number", STRING, "1.5",
     "1:1 E112 expected a string, found the number 1.5 | put it in quotes: "
     "\"1.5\""},
    {"string, list", STRING, "[1]", "1:1 E112 expected a string, found a list"},
    {"string, empty list", STRING, "[]",
     "1:1 E112 expected a string, found an empty list"},
    {"string, map", STRING, "{\"a\": 1}",
     "1:1 E112 expected a string, found a map"},
    {"string, empty map", STRING, "{}",
     "1:1 E112 expected a string, found an empty map"},
    {"string, null", STRING, "null",
     "1:1 E112 expected a string, found nothing | give it a value or remove "
     "the field"},
    {"integer", "{\"type\": \"integer\"}", "-5", ""},
    {"integer written as a float", "{\"type\": \"integer\"}", "5.0", ""},
    {"integer, fraction", "{\"type\": \"integer\"}", "5.5",
     "1:1 E112 expected an integer, found the number 5.5"},
    {"integer, quoted", "{\"type\": \"integer\"}", "\"5\"",
     "1:1 E112 expected an integer, found the string '5' | remove the quotes: "
     "5"},
    {"integer, text", "{\"type\": \"integer\"}", "\"5a\"",
     "1:1 E112 expected an integer, found the string '5a'"},
    {"integer, empty text", "{\"type\": \"integer\"}", "\"\"",
     "1:1 E112 expected an integer, found an empty string"},
    {"integer, template", "{\"type\": \"integer\"}", "\"{{ config.n }}\"",
     "1:1 E112 expected an integer, found the string '{{ config.n }}' | this "
     "field cannot be a template"},
    {"number", "{\"type\": \"number\"}", "5", ""},
    {"number, fraction", "{\"type\": \"number\"}", "5.5", ""},
    {"boolean", "{\"type\": \"boolean\"}", "false", ""},
    {"boolean, quoted", "{\"type\": \"boolean\"}", "\"true\"",
     "1:1 E112 expected true or false, found the string 'true' | remove the "
     "quotes: true"},
    {"null", "{\"type\": \"null\"}", "null", ""},
    {"null, text", "{\"type\": \"null\"}", "\"x\"",
     "1:1 E112 expected null, found the string 'x'"},
    {"list, text", "{\"type\": \"array\"}", "\"x\"",
     "1:1 E112 expected a list, found the string 'x' | write a list, each item "
     "after '- '"},
    {"list, map", "{\"type\": \"array\"}", "{\"a\": 1}",
     "1:1 E112 expected a list, found a map | write a list, each item "
     "after '- '"},
    {"map, list", "{\"type\": \"object\"}", "[1]",
     "1:1 E112 expected a map, found a list | write 'name: value' lines "
     "without '- '"},
    {"several types", "{\"type\": [\"integer\", \"string\"]}", "\"x\"", ""},
    {"several types, none", "{\"type\": [\"integer\", \"string\", \"null\"]}",
     "true",
     "1:1 E112 expected a string, an integer or null, found the boolean true | "
     "put it in quotes: \"true\" (y, yes and on without quotes mean true as "
     "well)"},
    {"long texts are cut", "{\"type\": \"integer\"}",
     "\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffffff\\u00e9gg\"",
     "1:1 E112 expected an integer, found the string "
     "'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffffff...'"},
    {"only the first line is shown", "{\"type\": \"integer\"}", "\"one\\ntwo\"",
     "1:1 E112 expected an integer, found the string 'one...'"},
};

#define ENUM "{\"enum\": [\"Always\", \"Never\", \"\", 5]}"

static const struct row scalars[] = {
    {"enum", ENUM, "\"Never\"", ""},
    {"enum, other type", ENUM, "5", ""},
    {"enum, near", ENUM, "\"Alway\"",
     "1:1 E113 expected 'Always', 'Never' or 5, found the string 'Alway' | did "
     "you mean 'Always'?"},
    {"enum, letter case", ENUM, "\"never\"",
     "1:1 E113 expected 'Always', 'Never' or 5, found the string 'never' | did "
     "you mean 'Never'?"},
    {"enum, far", ENUM, "\"often\"",
     "1:1 E113 expected 'Always', 'Never' or 5, found the string 'often'"},
    {"enum, wrong type", "{\"enum\": [\"on\", \"off\"]}", "true",
     "1:1 E113 expected 'on' or 'off', found the boolean true | put it in "
     "quotes: \"true\" (y, yes and on without quotes mean true as well)"},
    {"const", "{\"const\": \"v1\"}", "\"v1\"", ""},
    {"const, other", "{\"const\": \"v1\"}", "\"v2\"",
     "1:1 E113 expected the string 'v1', found the string 'v2'"},
    {"pattern", "{\"pattern\": \"^[a-z]+$\"}", "\"abc\"", ""},
    {"pattern, other types pass", "{\"pattern\": \"^[a-z]+$\"}", "5", ""},
    {"pattern, not", "{\"pattern\": \"^[a-z]+$\"}", "\"aBc\"",
     "1:1 E114 expected a text that matches ^[a-z]+$, found the string 'aBc'"},
    {"pattern, with a description",
     "{\"pattern\": \"^[a-z]+$\", \"description\": \"Lower-case letters.\"}",
     "\"1\"",
     "1:1 E114 expected a text that matches ^[a-z]+$, found the string '1' | "
     "Lower-case letters."},
    {"length counts characters", "{\"maxLength\": 2}", "\"\\u00e9\\u00e9\"",
     ""},
    {"too long", "{\"maxLength\": 2}", "\"abc\"",
     "1:1 E117 expected at most 2 characters, found 3"},
    {"too short", "{\"minLength\": 1}", "\"\"",
     "1:1 E117 expected at least 1 character, found 0"},
    {"long enough", "{\"minLength\": 1}", "\"a\"", ""},
    {"minimum", "{\"minimum\": 1}", "1", ""},
    {"minimum, below", "{\"minimum\": 1}", "0",
     "1:1 E115 expected at least 1, found 0"},
    {"minimum, fraction", "{\"minimum\": 1.5}", "1",
     "1:1 E115 expected at least 1.5, found 1"},
    {"maximum", "{\"maximum\": 4095}", "4095", ""},
    {"maximum, above", "{\"maximum\": 4095}", "4096",
     "1:1 E115 expected at most 4095, found 4096"},
    {"large integers are compared exactly", "{\"maximum\": 9007199254740992}",
     "9007199254740993",
     "1:1 E115 expected at most 9007199254740992, found 9007199254740993"},
    {"exclusive minimum", "{\"exclusiveMinimum\": 0}", "0.1", ""},
    {"exclusive minimum, equal", "{\"exclusiveMinimum\": 0}", "0",
     "1:1 E115 expected more than 0, found 0"},
    {"exclusive minimum, below", "{\"exclusiveMinimum\": 0}", "-1",
     "1:1 E115 expected more than 0, found -1"},
    {"exclusive maximum", "{\"exclusiveMaximum\": 2}", "1", ""},
    {"exclusive maximum, equal", "{\"exclusiveMaximum\": 2}", "2",
     "1:1 E115 expected less than 2, found 2"},
    {"exclusive maximum, above", "{\"exclusiveMaximum\": 2}", "3",
     "1:1 E115 expected less than 2, found 3"},
    {"multiple", "{\"multipleOf\": 5}", "10", ""},
    {"multiple, not", "{\"multipleOf\": 5}", "11",
     "1:1 E115 expected a multiple of 5, found 11"},
    {"multiple of a fraction", "{\"multipleOf\": 0.1}", "0.3", ""},
    {"multiple of a fraction, not", "{\"multipleOf\": 0.1}", "0.35",
     "1:1 E115 expected a multiple of 0.1, found 0.35"},
};

#define DURATION "{\"format\": \"go-duration\"}"
#define NO_DURATION                                                            \
    "1:1 E114 expected a duration such as '30s', '5m' or '1h30m', found "
#define CRON "{\"format\": \"cron\"}"
#define NO_CRON                                                                \
    "1:1 E114 expected a cron expression such as '0 6 * * *' or '@daily', "    \
    "found "
#define QUANTITY "{\"format\": \"quantity\"}"
#define NO_QUANTITY                                                            \
    "1:1 E114 expected a quantity such as '250m', '2' or '128Mi', found "

static const struct row formats[] = {
    {"duration", DURATION, "\"1h30m\"", ""},
    {"duration of zero", DURATION, "\"0\"", ""},
    {"duration, template", DURATION, "\"{{ config.wait }}\"", ""},
    {"duration, words", DURATION, "\"5 minutes\"",
     NO_DURATION "the string '5 minutes' | did you mean \"5m\"?"},
    {"duration, no unit", DURATION, "\"30\"",
     NO_DURATION "the string '30' | did you mean \"30s\"?"},
    {"duration, negative", DURATION, "\"-1s\"", NO_DURATION "the string '-1s'"},
    {"cron", CRON, "\"*/5 0,12 1-7 JAN ?\"", ""},
    {"cron, time zone", CRON, "\"CRON_TZ=UTC 0 6 * * *\"", ""},
    {"cron, name", CRON, "\"@daily\"", ""},
    {"cron, template", CRON, "\"{{ config.cron }}\"", ""},
    {"cron, four fields", CRON, "\"0 6 * *\"", NO_CRON "the string '0 6 * *'"},
    {"cron, six fields", CRON, "\"0 0 6 * * *\"",
     NO_CRON "the string '0 0 6 * * *'"},
    {"cron, other character", CRON, "\"0 6 * * ;\"",
     NO_CRON "the string '0 6 * * ;'"},
    {"cron, empty", CRON, "\"\"", NO_CRON "an empty string"},
    {"cron, no name", CRON, "\"@\"", NO_CRON "the string '@'"},
    {"quantity", QUANTITY, "\"250m\"", ""},
    {"quantity, binary", QUANTITY, "\"1.5Gi\"", ""},
    {"quantity, exponent", QUANTITY, "\"1e3\"", ""},
    {"quantity, unit E", QUANTITY, "\"1E\"", ""},
    {"quantity, sign", QUANTITY, "\"+.5\"", ""},
    {"quantity, template", QUANTITY, "\"{{ config.memory }}Mi\"", ""},
    {"quantity, other unit", QUANTITY, "\"50MB\"",
     NO_QUANTITY "the string '50MB' | did you mean \"50M\"?"},
    {"quantity, no digits", QUANTITY, "\"Mi\"", NO_QUANTITY "the string 'Mi'"},
    {"quantity, half an exponent", QUANTITY, "\"1e+\"",
     NO_QUANTITY "the string '1e+'"},
    {"expression is not checked", "{\"format\": \"expression\"}", "\"(\"", ""},
};

#define LIST "{\"items\": {\"type\": \"string\"}, \"uniqueItems\": true}"
#define PAIR "{\"prefixItems\": [{\"type\": \"integer\"}], \"items\": false}"
#define OBJECT                                                                 \
    "{\"properties\": {\"steps\": {\"type\": \"array\"}, \"run\": "            \
    "{\"properties\": {\"image\": true, \"hidden\": {\"not\": {}}}}, "         \
    "\"no\": {\"not\": {}}}, \"required\": [\"steps\"], "                      \
    "\"additionalProperties\": false}"
#define MAP                                                                    \
    "{\"propertyNames\": {\"pattern\": \"^[a-z]+$\"}, "                        \
    "\"additionalProperties\": {\"type\": \"string\"}}"

static const struct row containers[] = {
    {"items", LIST, "[\"a\", \"b\"]", ""},
    {"items, every wrong one", LIST, "[\"a\", 1, \"b\", null]",
     "1:7 E112 expected a string for '[1]', found the integer 1 | put it in "
     "quotes: \"1\"\n"
     "1:15 E112 expected a string for '[3]', found nothing | give it a value "
     "or remove the field"},
    {"unique", LIST, "[\"a\", \"b\", \"a\", \"a\"]",
     "1:12 E117 item 2 repeats item 0\n"
     "1:17 E117 item 3 repeats item 0"},
    {"prefix items", PAIR, "[1]", ""},
    {"prefix items, wrong", PAIR, "[\"a\", 2]",
     "1:2 E112 expected an integer for '[0]', found the string 'a'\n"
     "1:7 E119 this value is not allowed here"},
    {"least items", "{\"minItems\": 1}", "[]",
     "1:1 E117 expected at least 1 item, found 0"},
    {"least items, enough", "{\"minItems\": 1}", "[0]", ""},
    {"greatest items", "{\"maxItems\": 1}", "[0]", ""},
    {"greatest items, more", "{\"maxItems\": 1}", "[0, 1]",
     "1:1 E117 expected at most 1 item, found 2"},
    {"least members", "{\"minProperties\": 1}", "{}",
     "1:1 E117 expected at least 1 field, found 0"},
    {"greatest members", "{\"maxProperties\": 1}", "{\"a\": 1, \"b\": 2}",
     "1:1 E117 expected at most 1 field, found 2"},
    {"members", OBJECT, "{\"steps\": []}", ""},
    {"missing", OBJECT, "{}", "1:1 E111 missing field 'steps'"},
    {"unknown, near", OBJECT, "{\"steps\": [], \"stesp\": 1}",
     "1:15 E110 unknown field 'stesp' | did you mean 'steps'?"},
    {"unknown, inside another", OBJECT, "{\"steps\": [], \"image\": 1}",
     "1:15 E110 unknown field 'image' | 'image' is a field of 'run'"},
    {"unknown, far; what is never allowed is not offered", OBJECT,
     "{\"steps\": [], \"elsewhere\": 1}",
     "1:15 E110 unknown field 'elsewhere' | known fields: steps, run"},
    {"unknown, never allowed inside", OBJECT, "{\"steps\": [], \"hidden\": 1}",
     "1:15 E110 unknown field 'hidden' | known fields: steps, run"},
    {"not allowed", OBJECT, "{\"steps\": [], \"no\": 1}",
     "1:15 E119 field 'no' is not allowed here"},
    {"nothing is known", "{\"additionalProperties\": false}", "{\"a\": 1}",
     "1:2 E110 unknown field 'a'"},
    {"other members", MAP, "{\"a\": \"x\"}", ""},
    {"other members, wrong", MAP, "{\"a\": 1}",
     "1:7 E112 expected a string for 'a', found the integer 1 | put it in "
     "quotes: \"1\""},
    {"names", MAP, "{\"A\": \"x\"}",
     "1:2 E118 the string 'A' cannot be a name: expected a text that matches "
     "^[a-z]+$, found the string 'A'"},
    {"pattern members",
     "{\"patternProperties\": {\"^x-\": {\"type\": \"integer\"}}, "
     "\"additionalProperties\": false}",
     "{\"x-a\": 1, \"x-b\": \"2\", \"y\": 1}",
     "1:19 E112 expected an integer for 'x-b', found the string '2' | remove "
     "the quotes: 2\n"
     "1:24 E110 unknown field 'y'"},
    {"places are named by their last two names",
     "{\"properties\": {\"a\": {\"properties\": {\"b\": {\"items\": "
     "{\"properties\": {\"c\": {\"items\": {\"type\": \"string\"}}}, "
     "\"required\": [\"d\"]}}}}}}",
     "{\"a\": {\"b\": [{\"c\": [1]}]}}",
     "1:14 E111 missing field 'd' in 'a.b[0]'\n"
     "1:21 E112 expected a string for 'b[0].c[0]', found the integer 1 | put "
     "it in quotes: \"1\""},
    {"deprecated",
     "{\"properties\": {\"old\": {\"deprecated\": true, \"description\": "
     "\"Has no effect.\"}}}",
     "{\"old\": 1}", "1:2 W121 field 'old' is deprecated | Has no effect."},
    {"a circle through members",
     "{\"properties\": {\"in\": {\"$ref\": \"#\"}}, "
     "\"additionalProperties\": false}",
     "{\"in\": {\"in\": {\"out\": 1}}}",
     "1:16 E110 unknown field 'out' in 'in.in' | known fields: in"},
};

#define ID                                                                     \
    "{\"anyOf\": [{\"title\": \"an integer\", \"type\": \"integer\", "         \
    "\"minimum\": 0}, {\"title\": \"a template\", \"type\": \"string\", "      \
    "\"pattern\": \"\\\\{\\\\{\"}]}"
#define SHAPES                                                                 \
    "{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"object\", "             \
    "\"required\": [\"a\", \"b\"]}, {\"type\": \"object\", \"required\": "     \
    "[\"c\"]}]}"
#define ONE                                                                    \
    "{\"oneOf\": [{\"type\": \"integer\"}, {\"minimum\": 5, \"type\": "        \
    "\"number\"}]}"
#define IF                                                                     \
    "{\"if\": {\"required\": [\"a\"]}, \"then\": {\"required\": [\"b\"]}, "    \
    "\"else\": {\"required\": [\"c\"]}}"

static const struct row combinations[] = {
    {"any of, first", ID, "5", ""},
    {"any of, second", ID, "\"{{ x }}\"", ""},
    {"any of, none of the forms", ID, "\"root\"",
     "1:1 E116 expected an integer or a template, found the string 'root'"},
    {"any of, the form's limits", ID, "-1",
     "1:1 E116 expected an integer or a template, found the integer -1"},
    {"any of, wrong type", ID, "true",
     "1:1 E112 expected an integer or a template, found the boolean true | put "
     "it in quotes: \"true\" (y, yes and on without quotes mean true as well)"},
    {"any of, no titles", SHAPES, "5",
     "1:1 E112 expected a string or a map, found the integer 5 | put it in "
     "quotes: \"5\""},
    {"any of, map: the nearest form is told", SHAPES, "{}",
     "1:1 E111 missing field 'c'"},
    {"any of, map: the nearest of two", SHAPES, "{\"c\": 1}", ""},
    {"any of, by values", "{\"anyOf\": [{\"enum\": [\"a\"]}, {\"const\": 5}]}",
     "[]", "1:1 E112 expected a string or a number, found an empty list"},
    {"any of, warnings are no errors",
     "{\"anyOf\": [{\"type\": \"object\", \"properties\": {\"a\": "
     "{\"deprecated\": true}}, \"required\": [\"b\"]}]}",
     "{\"a\": 1}",
     "1:1 E111 missing field 'b'\n1:2 W121 field 'a' is deprecated"},
    {"one of", ONE, "4", ""},
    {"one of, other", ONE, "5.5", ""},
    {"one of, both", ONE, "6",
     "1:1 E116 expected one form only, found a value of several"},
    {"one of, none", ONE, "1.5",
     "1:1 E116 expected a number, found the number 1.5"},
    {"all of", "{\"allOf\": [{\"minimum\": 1}, {\"maximum\": 2}]}", "1", ""},
    {"all of, all are told",
     "{\"allOf\": [{\"minimum\": 5}, {\"multipleOf\": 3}]}", "1",
     "1:1 E115 expected at least 5, found 1\n"
     "1:1 E115 expected a multiple of 3, found 1"},
    {"not", "{\"not\": {\"type\": \"string\"}}", "1", ""},
    {"not, matched", "{\"not\": {\"type\": \"string\"}}", "\"x\"",
     "1:1 E119 this value is not allowed here"},
    {"if then", IF, "{\"a\": 1, \"b\": 1}", ""},
    {"if then, wrong", IF, "{\"a\": 1}", "1:1 E111 missing field 'b'"},
    {"if else", IF, "{\"c\": 1}", ""},
    {"if else, wrong", IF, "{}", "1:1 E111 missing field 'c'"},
    {"if without else", "{\"if\": {\"minimum\": 5}, \"then\": false}", "1", ""},
    {"reference beside others",
     "{\"$ref\": \"#/$defs/low\", \"maximum\": 2, \"$defs\": {\"low\": "
     "{\"minimum\": 1}}}",
     "3", "1:1 E115 expected at most 2, found 3"},
    {"reference is applied",
     "{\"$ref\": \"#/$defs/low\", \"maximum\": 2, \"$defs\": {\"low\": "
     "{\"minimum\": 1}}}",
     "0", "1:1 E115 expected at least 1, found 0"},
};

static void test_types(void **state)
{
    (void)state;
    run_rows(types, COUNT_OF(types));
}

static void test_scalars(void **state)
{
    (void)state;
    run_rows(scalars, COUNT_OF(scalars));
}

static void test_formats(void **state)
{
    (void)state;
    run_rows(formats, COUNT_OF(formats));
}

static void test_containers(void **state)
{
    (void)state;
    run_rows(containers, COUNT_OF(containers));
}

static void test_combinations(void **state)
{
    (void)state;
    run_rows(combinations, COUNT_OF(combinations));
}

/* The findings for a list of `count` different integers that must be unique:
 * about half of the square of `count` comparisons. */
static size_t count_unique(size_t count, const char **code)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct schema *schema = schema_compile(
        arena, read_json_text(arena, "{\"uniqueItems\": true}"), &error);
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < count; i++)
        value_append(arena, list, value_make_int(arena, (int64_t)i));
    struct diagnostics found = diagnostics_make(arena, NULL);
    schema_check(schema, list, &found);
    *code = found.count ? found.items[0].code : "";
    return found.count;
}

static void test_work(void **state)
{
    (void)state;
    const char *code;
    assert_int_equal(count_unique(4472, &code), 0);
    assert_int_equal(count_unique(4473, &code), 1);
    assert_string_equal(code, "E120");
}

/* Lists in lists, deeper than any reader allows: the stack must hold. */
static void test_depth(void **state)
{
    (void)state;
    for (size_t depth = SCHEMA_DEPTH_LIMIT - 1; depth <= SCHEMA_DEPTH_LIMIT;
         depth++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct schema *schema = schema_compile(
            arena, read_json_text(arena, "{\"items\": {\"$ref\": \"#\"}}"),
            &error);
        struct value *value = value_make_list(arena);
        /* Two schemas for each level but the outermost one. */
        for (size_t i = 1; i < depth; i += 2) {
            struct value *outer = value_make_list(arena);
            value_append(arena, outer, value);
            value = outer;
        }
        struct diagnostics found = diagnostics_make(arena, NULL);
        schema_check(schema, value, &found);
        assert_int_equal(found.count, depth == SCHEMA_DEPTH_LIMIT);
    }
}

/* Alternatives in alternatives end too, and quietly passed limits are told. */
static void test_alternatives(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct schema *schema = schema_compile(
        arena,
        read_json_text(arena,
                       "{\"anyOf\": [{\"type\": \"array\", \"items\": "
                       "{\"$ref\": \"#\"}, \"minItems\": 1}, {\"type\": "
                       "\"array\", \"items\": {\"$ref\": \"#\"}, \"maxItems\": "
                       "9}]}"),
        &error);
    struct value *value = value_make_string(arena, "x");
    for (size_t i = 0; i < 40; i++) {
        struct value *outer = value_make_list(arena);
        value_append(arena, outer, value);
        value = outer;
    }
    struct diagnostics found = diagnostics_make(arena, NULL);
    schema_check(schema, value, &found);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.items[0].code, "E120");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_containers),
        cmocka_unit_test(test_combinations),
        cmocka_unit_test(test_work),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_alternatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
