/* base64.h, with the vectors of RFC 4648 section 10. */
#include "engine/base/base64.h"
#include "tests/unit/case.h"

static void vectors(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } rows[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xff\xff\xff", "/////w=="},
        {"\xfb\xef\xbe", "++++"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        size_t length = 99;
        size_t size = strlen(rows[i].bytes);
        CHECK_TEXT(rows[i].text, base64_encode(arena, rows[i].bytes, size),
                   rows[i].text);
        CHECK_TEXT(
            rows[i].text,
            base64_decode(arena, rows[i].text, strlen(rows[i].text), &length),
            rows[i].bytes);
        CHECK(rows[i].text, length == size);
    }
}

static void what_is_no_base64(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "Z",    "Zg",    "Zg=",      "Zg===", "Z===", "====", "Zm9v\n", "Zm9-",
        "Zm 9", "=Zm9v", "Zg==Zg==", "Zm=v",  "Zh==", "Zm9=", "Zm9_",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        size_t length;
        CHECK(rows[i],
              !base64_decode(arena, rows[i], strlen(rows[i]), &length));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(what_is_no_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
