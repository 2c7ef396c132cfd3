/* value_read_json: RFC 8259, strict. */
#include "engine/base/memory.h"
#include "engine/value/limits.h"
#include "tests/unit/value_fixture.h"

static void reads(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input, *want;
    } rows[] = {
        {"null", "null", "null"},
        {"true", " true ", "true"},
        {"false", "false\n", "false"},
        {"zero", "0", "0"},
        {"largest integer", "9223372036854775807", "9223372036854775807"},
        {"smallest integer", "-9223372036854775808", "-9223372036854775808"},
        {"beyond 64 bits", "9223372036854775808", "9223372036854776000"},
        {"fraction", "-12.50", "-12.5"},
        {"exponent", "1E3", "1000"},
        {"small exponent", "25e-9", "2.5e-8"},
        {"negative zero", "-0", "-0"},
        {"empty string", "\"\"", "\"\""},
        {"escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
         "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"unicode escape", "\"\\u00e9\\u20AC\"", "\"\xC3\xA9\xE2\x82\xAC\""},
        {"surrogate pair", "\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\""},
        {"NUL", "\"a\\u0000b\"", "\"a\\u0000b\""},
        {"UTF-8", "\"\xF0\x9F\x98\x80\"", "\"\xF0\x9F\x98\x80\""},
        {"empty list", "[ ]", "[]"},
        {"empty map", "{\t}", "{}"},
        {"nested", "[1,[2,{\"a\":[]}],\r\n{\"b\":{}}]",
         "[1,[2,{\"a\":[]}],{\"b\":{}}]"},
        {"order of members", "{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}"},
        {"empty name", "{\"\":1}", "{\"\":1}"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct value *value = value_read_json(arena, rows[i].input,
                                              strlen(rows[i].input), &error);
        if (!value)
            fail_msg("%s: %s", rows[i].name, error.text);
        CHECK_TEXT(rows[i].name, as_json(arena, value), rows[i].want);
    }
}

static void types_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        enum value_kind want;
    } rows[] = {
        {"1", VALUE_INT},
        {"-1", VALUE_INT},
        {"1.0", VALUE_FLOAT},
        {"1e2", VALUE_FLOAT},
        {"-0", VALUE_FLOAT},
        {"9223372036854775807", VALUE_INT},
        {"9223372036854775808", VALUE_FLOAT},
        {"-9223372036854775809", VALUE_FLOAT},
        {"123456789012345678901234567890", VALUE_FLOAT},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CHECK(rows[i].input,
              from_json(arena, rows[i].input)->kind == rows[i].want);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *input, *want;
    } rows[] = {
        {"", "1:1 expected a value, found the end of the text"},
        {" \n ", "2:2 expected a value, found the end of the text"},
        {"nul", "1:1 expected a value, found 'n'"},
        {"True", "1:1 expected a value, found 'T'"},
        {"1 2", "1:3 expected nothing after the value, found '2'"},
        {"[1,]", "1:4 expected a value, found ']'"},
        {"[1 2]", "1:4 expected ',' or ']', found '2'"},
        {"[1", "1:3 expected ',' or ']', found the end of the text"},
        {"{\"a\":1,}", "1:8 expected a name in double quotes, found '}'"},
        {"{a:1}", "1:2 expected a name in double quotes, found 'a'"},
        {"{\"a\" 1}", "1:6 expected ':', found '1'"},
        {"{\"a\":1 \"b\":2}", "1:8 expected ',' or '}', found '\"'"},
        {"{\"a\":1,\n \"a\":2}", "2:2 the name 'a' is given twice"},
        {"{\"a\":{\"b\":1,\"b\":1}}", "1:13 the name 'b' is given twice"},
        {"01", "1:2 a number with a leading zero"},
        {"-", "1:2 expected a digit, found the end of the text"},
        {"+1", "1:1 expected a value, found '+'"},
        {".5", "1:1 expected a value, found '.'"},
        {"1.", "1:3 expected a digit after the point, found the end of the "
               "text"},
        {"1e", "1:3 expected a digit of the exponent, found the end of the "
               "text"},
        {"0x10", "1:2 expected nothing after the value, found 'x'"},
        {"1e400", "1:1 a number too large for a 64-bit float"},
        {"[-1e999]", "1:2 a number too large for a 64-bit float"},
        {"NaN", "1:1 expected a value, found 'N'"},
        {"\"a", "1:3 a string is not closed"},
        {"\"a\\", "1:3 unknown escape: expected one of \\\" \\\\ \\/ \\b \\f "
                  "\\n \\r \\t \\u"},
        {"\"\\x41\"", "1:2 unknown escape: expected one of \\\" \\\\ \\/ \\b "
                      "\\f \\n \\r \\t \\u"},
        {"\"\\u12\"", "1:2 '\\u' needs four hex digits"},
        {"\"\\u12g4\"", "1:2 '\\u' needs four hex digits"},
        {"\"\\u+123\"", "1:2 '\\u' needs four hex digits"},
        {"\"\\ud83d\"", "1:2 half of a surrogate pair: not a character"},
        {"\"\\ude00\"", "1:2 half of a surrogate pair: not a character"},
        {"\"\\ud83d\\u0041\"", "1:2 half of a surrogate pair: not a character"},
        {"\"\\ud83dx\"", "1:2 half of a surrogate pair: not a character"},
        {"\"a\nb\"", "1:3 a control character in a string: write it as an "
                     "escape such as \\n or \\u0001"},
        {"\"\xC3\xA9\x01\"",
         "1:3 a control character in a string: write it as an escape such as "
         "\\n or \\u0001"},
        {"\"\xC0\xAF\"", "1:2 not valid UTF-8"},
        {"\"\xED\xA0\x80\"", "1:2 not valid UTF-8"},
        {"\"\xF4\x90\x80\x80\"", "1:2 not valid UTF-8"},
        {"\"\xE2\x82\"", "1:2 not valid UTF-8"},
        {"\"\xFF\"", "1:2 not valid UTF-8"},
        {"\xEF\xBB\xBF{}", "1:1 expected a value, found '\xEF\xBB\xBF'"},
        {"\x01", "1:1 expected a value, found byte 0x01"},
        {"// x\n1", "1:1 expected a value, found '/'"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        CHECK(rows[i].input, !value_read_json(arena, rows[i].input,
                                              strlen(rows[i].input), &error));
        CHECK(rows[i].input, error.kind == ERROR_INPUT);
        CHECK_TEXT(rows[i].input,
                   arena_format(arena, "%u:%u %s", error.place.mark.line,
                                error.place.mark.column, error.text),
                   rows[i].want);
    }
}

static void marks_count_characters(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *map =
        from_json(arena, "{\"\xC3\xA9\xC3\xA9\": 1,\n  \"b\": [true]}");
    const struct member *first = &map->map.members[0];
    const struct member *second = &map->map.members[1];
    const struct value *truth = value_item(second->value, 0);
    const struct {
        const char *name;
        struct mark got, want;
    } rows[] = {
        {"the map", map->mark, {1, 1, 0, 0}},
        {"first name", first->mark, {1, 2, 1, 0}},
        {"first value", first->value->mark, {1, 8, 9, 0}},
        {"second name", second->mark, {2, 3, 14, 0}},
        {"list", second->value->mark, {2, 8, 19, 0}},
        {"item", truth->mark, {2, 9, 20, 0}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK(rows[i].name, rows[i].got.line == rows[i].want.line);
        CHECK(rows[i].name, rows[i].got.column == rows[i].want.column);
        CHECK(rows[i].name, rows[i].got.offset == rows[i].want.offset);
    }
}

/* The text of `prefix`, `count` times `piece`, `suffix`. */
static void repeat(struct text *text, const char *prefix, const char *piece,
                   size_t count, const char *suffix)
{
    text_clear(text);
    text_append_string(text, prefix);
    for (size_t i = 0; i < count; i++)
        text_append_string(text, piece);
    text_append_string(text, suffix);
}

/* Reads a text at a limit, and one beyond it. */
static void check_limit(const struct text *text, const char *want)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct value *value =
        value_read_json(arena, text->data, text->length, &error);
    CHECK_TEXT(want ? want : "within", error.text, want ? want : "");
    CHECK(want ? want : "within", (value != NULL) == (want == NULL));
}

static void limits(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text text = {0};
    const char *deep = "more than 100 levels of lists and maps";
    repeat(&text, "", "[", VALUE_DEPTH_LIMIT, "");
    for (int i = 0; i < VALUE_DEPTH_LIMIT; i++)
        text_append_character(&text, ']');
    check_limit(&text, NULL);
    repeat(&text, "", "[", VALUE_DEPTH_LIMIT + 1, "");
    check_limit(&text, deep);
    repeat(&text, "", "{\"a\":", VALUE_DEPTH_LIMIT + 1, "");
    check_limit(&text, deep);
    repeat(&text, "[", "0,", VALUE_NODES_LIMIT - 2, "0]");
    check_limit(&text, NULL);
    repeat(&text, "[", "0,", VALUE_NODES_LIMIT - 1, "0]");
    check_limit(&text, "more than 1000000 values in one text");
    repeat(&text, "{\"", "n", VALUE_NAME_LIMIT, "\":1}");
    check_limit(&text, NULL);
    repeat(&text, "{\"", "n", VALUE_NAME_LIMIT + 1, "\":1}");
    check_limit(&text, "a name of more than 1024 bytes");
    repeat(&text, "\"", "s", VALUE_SCALAR_LIMIT, "\"");
    check_limit(&text, NULL);
    repeat(&text, "\"", "s", VALUE_SCALAR_LIMIT + 1, "\"");
    check_limit(&text, "a string of more than 4194304 bytes");
    repeat(&text, "1", " ", VALUE_BYTES_LIMIT - 1, "");
    check_limit(&text, NULL);
    repeat(&text, "1", " ", VALUE_BYTES_LIMIT, "");
    check_limit(&text, "the text has 16777217 bytes; at most 16777216 are "
                       "read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),   cmocka_unit_test(types_numbers),
        cmocka_unit_test(refuses), cmocka_unit_test(marks_count_characters),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
