/*
 * The limits of glob(): patterns, their parts, and what is looked at, each from both
 * sides. What patterns match is in tests/cases/expressions/functions.tsv.
 */
#include "engine/base/clock.h"
#include "engine/expression/glob.h"
#include "engine/expression/limits.h"
#include "tests/unit/case.h"

static void repeat(struct text *text, const char *part, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_append_string(text, part);
}

static bool adds(const struct text *pattern, const char *why)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    bool added =
        glob_add(glob_make(arena, "/"), text_string(pattern), &error) == 0;
    if (!added && !strstr(error.text, why))
        fail_msg("%s", error.text);
    return added;
}

static void test_patterns(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        CLEANUP(text_free) struct text parts = {0};
        CLEANUP(text_free) struct text bytes = {0};
        CLEANUP(text_free) struct text choices = {0};
        repeat(&parts, "/a", EXPRESSION_GLOB_PARTS_LIMIT + more);
        repeat(&bytes, "a", EXPRESSION_GLOB_BYTES_LIMIT + more);
        text_append_string(&choices, "{");
        repeat(&choices, ",", EXPRESSION_GLOB_PATTERNS_LIMIT - 1 + more);
        text_append_string(&choices, "}");
        assert_int_equal(adds(&parts, "folders"), !more);
        assert_int_equal(adds(&bytes, "bytes"), !more);
        assert_int_equal(adds(&choices, "patterns"), !more);
    }
    CLEANUP(text_free) struct text product = {0};
    repeat(&product, "{a,b}", 800);
    assert_false(adds(&product, "patterns"));
    CLEANUP(text_free) struct text nested = {0};
    repeat(&nested, "{", 2000);
    repeat(&nested, "}", 2000);
    assert_true(adds(&nested, ""));
}

/* Stars that could be tried in very many ways. */
static void test_matching_is_linear(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text pattern = {0};
    CLEANUP(text_free) struct text path = {0};
    struct error error = {0};
    repeat(&pattern, "/**/*a*a*a*", 20);
    text_append_string(&pattern, "/b");
    repeat(&path, "/aaaaaaaaaaaaaaaa", 60);
    struct glob *glob = glob_make(arena, "/");
    assert_int_equal(glob_add(glob, text_string(&pattern), &error), 0);
    int64_t start = clock_monotonic();
    assert_false(glob_matches(glob, text_string(&path)));
    assert_true(clock_monotonic() - start < CLOCK_SECOND);
}

/* `count` files, or folders without an end. */
struct tree {
    size_t count;
    bool endless;
};

static void list(void *context, const char *path,
                 bool (*found)(void *list, const char *name, bool is_folder),
                 void *found_list)
{
    const struct tree *tree = context;
    (void)path;
    for (size_t i = 0; i < tree->count; i++) {
        char name[40];
        snprintf(name, sizeof name, "%zu", i);
        if (!found(found_list, name, tree->endless))
            return;
    }
}

static bool finds(struct tree tree, const char *pattern, size_t *count)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct expression_files files = {
        .folder = "/", .list = list, .context = &tree};
    struct glob *glob = glob_make(arena, "/");
    assert_int_equal(glob_add(glob, pattern, &error), 0);
    struct value *paths = glob_find(glob, &files, &error);
    *count = value_count(paths);
    return paths != NULL;
}

static void test_what_is_looked_at(void **state)
{
    (void)state;
    size_t count;
    struct tree tree = {EXPRESSION_GLOB_ENTRIES_LIMIT, false};
    assert_true(finds(tree, "/**", &count));
    assert_int_equal(count, EXPRESSION_GLOB_ENTRIES_LIMIT);
    tree.count++;
    assert_false(finds(tree, "/**", &count));
    struct tree endless = {1, true};
    assert_true(finds(endless, "/**/x", &count)); /* as deep as paths go */
    assert_int_equal(count, 0);
    endless.count = 2;
    assert_false(finds(endless, "/**/x", &count));
    assert_true(finds(endless, "/*/*/x", &count)); /* no deeper than asked */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_matching_is_linear),
        cmocka_unit_test(test_what_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
