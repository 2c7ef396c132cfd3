/* base64.h: RFC 4648, both ways. */
#include "engine/base/base64.h"
#include "tests/unit/case.h"

/* RFC 4648 section 10, and bytes that are no text. */
static const struct {
    const char *bytes;
    size_t length;
    const char *text;
} pairs[] = {
    {"", 0, ""},
    {"f", 1, "Zg=="},
    {"fo", 2, "Zm8="},
    {"foo", 3, "Zm9v"},
    {"foob", 4, "Zm9vYg=="},
    {"fooba", 5, "Zm9vYmE="},
    {"foobar", 6, "Zm9vYmFy"},
    {"\xff\xfe\xfb", 3, "//77"},
    {"a\0b", 3, "YQBi"},
    {"\xfb\xf0", 2, "+/A="},
};

static void bytes_become_text_and_come_back(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const char *text =
            base64_encode(arena, pairs[i].bytes, pairs[i].length);
        assert_string_equal(text, pairs[i].text);
        size_t length = 99;
        const char *bytes = base64_decode(arena, text, strlen(text), &length);
        assert_non_null(bytes);
        assert_int_equal(length, pairs[i].length);
        assert_memory_equal(bytes, pairs[i].bytes, length);
        assert_int_equal(bytes[length], '\0');
    }
}

static void texts_that_are_no_base64(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "Z",    "Zg",   "Zg=",        "====", "Zg==Zg==", "Zm9v\n", "Zm9 ",
        "Zm-_", "=Zm9", "Zm\xc3\xa9", "Zm=v", "Zh==",     "Zm9=",
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t length;
        if (base64_decode(arena, rows[i], strlen(rows[i]), &length))
            fail_msg("'%s' was taken for base64", rows[i]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_become_text_and_come_back),
        cmocka_unit_test(texts_that_are_no_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
