/* text.h: what reaches a terminal is harmless. */
#include "engine/base/text.h"
#include "tests/unit/case.h"

static void escapes(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input;
        size_t length;
        bool lines;
        const char *want;
    } rows[] = {
        {"plain", "abc ~", 5, false, "abc ~"},
        {"utf-8 stays", "h\xc3\xa9 \xe2\x9c\x93 \xf0\x9f\x8e\x89", 12, false,
         "h\xc3\xa9 \xe2\x9c\x93 \xf0\x9f\x8e\x89"},
        {"escape", "\x1b[31mred", 8, true, "\\x1b[31mred"},
        {"title by OSC", "\x1b]0;x\x07", 6, true, "\\x1b]0;x\\x07"},
        {"tab stays", "a\tb", 3, false, "a\tb"},
        {"newline stays in lines", "a\nb", 3, true, "a\nb"},
        {"newline escaped in a line", "a\nb", 3, false, "a\\x0ab"},
        {"CR LF in lines", "a\r\nb", 4, true, "a\nb"},
        {"lone CR", "a\rb", 3, true, "a\\x0db"},
        {"NUL", "a\0b", 3, true, "a\\x00b"},
        {"DEL", "\x7f", 1, true, "\\x7f"},
        {"C1 as UTF-8", "\xc2\x9b", 2, true, "\\u009b"},
        {"C1 as a byte", "\x9b", 1, true, "\\x9b"},
        {"bidi override", "\xe2\x80\xae", 3, true, "\\u202e"},
        {"bidi isolate", "\xe2\x81\xa6", 3, true, "\\u2066"},
        {"line separator", "\xe2\x80\xa8", 3, true, "\\u2028"},
        {"byte order mark", "\xef\xbb\xbf", 3, true, "\\ufeff"},
        {"overlong", "\xc0\xaf", 2, true, "\\xc0\\xaf"},
        {"surrogate", "\xed\xa0\x80", 3, true, "\\xed\\xa0\\x80"},
        {"beyond Unicode", "\xf4\x90\x80\x80", 4, true, "\\xf4\\x90\\x80\\x80"},
        {"cut sequence", "\xe2\x9c", 2, true, "\\xe2\\x9c"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(text_free) struct text text = {0};
        text_append_escaped(&text, rows[i].input, rows[i].length,
                            rows[i].lines);
        CHECK_TEXT(rows[i].name, text_string(&text), rows[i].want);
    }
}

static void grows(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text text = {0};
    CHECK_TEXT("empty", text_string(&text), "");
    for (int i = 0; i < 1000; i++)
        text_append_format(&text, "%d,", i % 10);
    assert_int_equal(text.length, 2000);
    text_append(&text, "\0x", 2);
    assert_int_equal(text.length, 2002);
    text_clear(&text);
    assert_int_equal(text.length, 0);
    text_append_character(&text, 'q');
    text_append_string(&text, "r");
    CHECK_TEXT("again", text_string(&text), "qr");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes),
        cmocka_unit_test(grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
