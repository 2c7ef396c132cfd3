/* Patterns: what they accept, what is refused, and that time is bounded. */
#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/base/text.h"
#include "engine/schema/limits.h"
#include "engine/schema/pattern.h"
#include "tests/unit/case.h"

static const struct {
    const char *pattern, *text;
    bool want;
} matches[] = {
    {"", "", true},
    {"", "anything", true},
    {"b", "abc", true},
    {"b", "ac", false},
    {"^b", "abc", false},
    {"^a", "abc", true},
    {"c$", "abc", true},
    {"b$", "abc", false},
    {"^$", "", true},
    {"^$", "x", false},
    {"^a.c$", "abc", true},
    {"^a.c$", "a\nc", false},
    {"^a.c$",
     "a\xC3\xA9"
     "c",
     true},
    {"^.{3}$", "\xF0\x9F\x98\x80\xC3\xA9z", true},
    {"^[a-c]+$", "abcabc", true},
    {"^[a-c]+$", "abcd", false},
    {"^[^a-c]+$", "xyz", true},
    {"^[^a-c]+$", "xaz", false},
    {"^[-a]+$", "a-a", true},
    {"^[a-]+$", "a-a", true},
    {"^[\\]\\\\]+$", "]\\", true},
    {"^[\xC3\xA0-\xC3\xA9]$", "\xC3\xA5", true},
    {"^[\xC3\xA0-\xC3\xA9]$", "a", false},
    {"^\\d+$", "0123456789", true},
    {"^\\d+$", "12a", false},
    {"^\\D+$", "ab", true},
    {"^\\D+$", "a1", false},
    {"^\\w+$", "aZ_9", true},
    {"^\\w+$", "a-b", false},
    {"^\\W$", "-", true},
    {"^\\W$", "_", false},
    {"^[\\d.]+$", "1.5", true},
    {"^[\\W]+$", "+-", true},
    {"^\\s$", "\t", true},
    {"^\\S$", " ", false},
    {"\\bcat\\b", "a cat!", true},
    {"\\bcat\\b", "concat", false},
    {"\\Bcat", "concat", true},
    {"\\Bcat", "cat", false},
    {"^(ab|cd)*$", "abcdab", true},
    {"^(ab|cd)*$", "abc", false},
    {"^(?:a|b|)$", "", true},
    {"^(?<name>a)(?P<other>b)$", "ab", true},
    {"a|b", "xxb", true},
    {"^a|b$", "ax", true},
    {"^a{2}$", "aa", true},
    {"^a{2}$", "a", false},
    {"^a{2}$", "aaa", false},
    {"^a{2,}$", "a", false},
    {"^a{2,}$", "aaaa", true},
    {"^a{0,2}$", "", true},
    {"^a{0,2}$", "aa", true},
    {"^a{0,2}$", "aaa", false},
    {"^a{0}$", "", true},
    {"^a{0}$", "a", false},
    {"^(a*)*$", "aaa", true},
    {"^(a*)+b$", "aaac", false},
    {"^a+?b??$", "aab", true},
    {"^{{$", "{{", true},
    {"\\{\\{", "x {{ y }}", true},
    {"^x{,2}$", "x{,2}", true},
    {"^\\x41\\u00e9\\n\\.$", "A\xC3\xA9\n.", true},
    {"^[\\x41-\\x43\\n]+$", "ABC\n", true},
    {"^[\\b]$", "\b", true},
    {"^[]$", "", false},
    {"^[^]$", "\n", true},
    {"^\\0$", "0", false},
};

static void test_matches(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(matches); i++) {
        struct error error = {0};
        const char *text = matches[i].pattern;
        struct pattern *pattern =
            pattern_compile(arena, text, strlen(text), &error);
        if (!pattern)
            fail_msg("'%s': %s", text, error.text);
        bool got =
            pattern_match(pattern, matches[i].text, strlen(matches[i].text));
        if (got != matches[i].want)
            fail_msg("'%s' and '%s': got %d", text, matches[i].text, got);
    }
}

static const struct {
    const char *pattern, *want;
} refused[] = {
    {"(a", "a group has no ')'"},
    {"a)", "a ')' has no group"},
    {"[a", "a class has no ']'"},
    {"[b-a]", "a range in a class ends before it begins"},
    {"[a-\\d]", "a range in a class ends before it begins"},
    {"*a", "there is nothing to repeat before a quantifier"},
    {"a**", "there is nothing to repeat before a quantifier"},
    {"(|+)", "there is nothing to repeat before a quantifier"},
    {"a{3,2}", "a repetition is larger than 1000 or ends before it begins"},
    {"a{1001}", "a repetition is larger than 1000 or ends before it begins"},
    {"a{1,1002}", "a repetition is larger than 1000 or ends before it begins"},
    {"a\\", "the pattern ends in a backslash"},
    {"(a)\\1", "'\\1' is not supported"},
    {"\\p{L}", "'\\p' is not supported"},
    {"[\\y]", "'\\y' is not supported"},
    {"\\xg0", "expected hexadecimal digits after '\\x' or '\\u'"},
    {"\\u00", "expected hexadecimal digits after '\\x' or '\\u'"},
    {"(?=a)", "'(?' is supported as '(?:' and '(?<name>' only"},
    {"(?<=a)", "'(?' is supported as '(?:' and '(?<name>' only"},
    {"(?<!a)", "'(?' is supported as '(?:' and '(?<name>' only"},
    {"(?i)a", "'(?' is supported as '(?:' and '(?<name>' only"},
    {"(?<name", "the name of a group has no '>'"},
    {"(a{100}){100}", "the pattern repeats too much"},
    {"((((){1000}){1000}){1000}){1000}", "the pattern repeats too much"},
};

static void test_refused(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct error error = {0};
        const char *text = refused[i].pattern;
        CHECK(text, !pattern_compile(arena, text, strlen(text), &error));
        CHECK_TEXT(text, error.text, refused[i].want);
        CHECK(text, error.kind == ERROR_INPUT);
    }
}

/* The same pattern at a limit and one beyond it. */
static bool compiles(const char *before, size_t count, const char *piece,
                     const char *after)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text text = {0};
    struct error error = {0};
    text_append_string(&text, before);
    for (size_t i = 0; i < count; i++)
        text_append_string(&text, piece);
    for (size_t i = 0; after && i < count; i++)
        text_append_string(&text, after);
    return pattern_compile(arena, text_string(&text), text.length, &error);
}

static void test_limits(void **state)
{
    (void)state;
    CHECK("bytes", compiles("", PATTERN_BYTES_LIMIT, "a", NULL));
    CHECK("bytes", !compiles("", PATTERN_BYTES_LIMIT + 1, "a", NULL));
    CHECK("nesting", compiles("", PATTERN_NESTING_LIMIT, "(", ")"));
    CHECK("nesting", !compiles("", PATTERN_NESTING_LIMIT + 1, "(", ")"));
    CHECK("repeat", compiles("a{1000}", 0, "", NULL));
    CHECK("program", compiles("a{1000}a{999}", 0, "", NULL));
    CHECK("program", !compiles("a{1000}a{1000}", 0, "", NULL));
}

/* Patterns on which backtracking takes exponential time. */
static void test_time(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "^(a+)+$",
        "^(a|a)*$",
        "^(a?){30}a{30}$",
        "^(.*)*x$",
    };
    enum { LENGTH = 20000 };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    char *text = arena_allocate(arena, LENGTH);
    memset(text, 'a', LENGTH);
    text[LENGTH - 1] = '!';
    int64_t start = clock_monotonic();
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        struct error error = {0};
        struct pattern *pattern =
            pattern_compile(arena, patterns[i], strlen(patterns[i]), &error);
        CHECK(patterns[i], pattern != NULL);
        CHECK(patterns[i], !pattern_match(pattern, text, LENGTH));
    }
    CHECK("time", clock_monotonic() - start < 20 * CLOCK_SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
