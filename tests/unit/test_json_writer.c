/* value_write_json. */
#include <math.h>

#include "tests/unit/value_fixture.h"

static void writes(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input;
        unsigned flags;
        const char *want;
    } rows[] = {
        {"compact", "{ \"b\" : [ 1 , 2 ] }", JSON_COMPACT, "{\"b\":[1,2]}"},
        {"indented", "{\"b\":[1,{}],\"a\":{\"c\":[]}}", JSON_INDENT,
         "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": {\n    \"c\": []\n  "
         "}\n}"},
        {"sorted, also inside",
         "{\"b\":{\"z\":1,\"y\":2},\"a\":3,\"aa\":4,\"\":5}", JSON_SORT,
         "{\"\":5,\"a\":3,\"aa\":4,\"b\":{\"y\":2,\"z\":1}}"},
        {"sorted by bytes", "{\"\xC3\xA9\":1,\"z\":2,\"Z\":3}", JSON_SORT,
         "{\"Z\":3,\"z\":2,\"\xC3\xA9\":1}"},
        {"control characters", "\"\\u0000\\u001f\\u007f\\n\"", JSON_COMPACT,
         "\"\\u0000\\u001f\x7F\\n\""},
        {"not for HTML", "\"<&>\xE2\x80\xA8\"", JSON_COMPACT,
         "\"<&>\xE2\x80\xA8\""},
        {"for HTML", "\"<&>\xE2\x80\xA8\xE2\x80\xA9\"", JSON_HTML_SAFE,
         "\"\\u003c\\u0026\\u003e\\u2028\\u2029\""},
        {"names for HTML", "{\"</script>\":1}", JSON_HTML_SAFE,
         "{\"\\u003c/script\\u003e\":1}"},
        {"negative zero", "-0", JSON_COMPACT, "-0"},
        {"large", "1e21", JSON_COMPACT, "1e+21"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text text = {0};
        value_write_json(&text, from_json(arena, rows[i].input), rows[i].flags);
        CHECK_TEXT(rows[i].name, text_string(&text), rows[i].want);
    }
}

static void always_valid_json(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *list = value_make_list(arena);
    value_append(arena, list, value_make_float(arena, (double)NAN));
    value_append(arena, list, value_make_float(arena, (double)INFINITY));
    value_append(arena, list, value_make_float(arena, -(double)INFINITY));
    value_append(arena, list, value_make_bytes(arena, "a\xFFz\xE2\x82", 5));
    CHECK_TEXT("replacements", as_json(arena, list),
               "[null,null,null,\"a\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\"]");
}

static void appends(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text text = {0};
    text_append_string(&text, "data: ");
    value_write_json(&text, value_make_int(arena, 1), JSON_COMPACT);
    CHECK_TEXT("keeps what is there", text_string(&text), "data: 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes),
        cmocka_unit_test(always_valid_json),
        cmocka_unit_test(appends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
