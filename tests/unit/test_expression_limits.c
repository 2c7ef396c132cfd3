/*
 * Every limit of engine/expression/limits.h from both sides: what is just
 * allowed works, what is just too much is an error that says so.
 */
#include "engine/expression/expression.h"
#include "engine/expression/limits.h"
#include "tests/unit/case.h"

static void repeat(struct text *text, const char *part, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_append_string(text, part);
}

/* `count` times open, the middle, `count` times close. */
static void nest(struct text *text, const char *open, const char *middle,
                 const char *close, size_t count)
{
    repeat(text, open, count);
    text_append_string(text, middle);
    repeat(text, close, count);
}

static bool works(const struct text *source, bool template, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    if (template) {
        const struct expression_template *parsed = expression_template_parse(
            arena, text_string(source), source->length, error);
        return parsed &&
               expression_template_resolve(arena, parsed, NULL, error);
    }
    const struct expression *parsed =
        expression_parse(arena, text_string(source), source->length, error);
    return parsed && expression_resolve(arena, parsed, NULL, error);
}

static void expect(const char *row, struct text *source, bool template,
                   const char *problem)
{
    struct error error = {0};
    bool good = works(source, template, &error);
    if (!problem && !good)
        fail_msg("%s: %s", row, error.text);
    if (problem && (good || !strstr(error.text, problem)))
        fail_msg("%s: expected '%s', got '%s'", row, problem, error.text);
    text_free(source);
}

static void test_nesting(void **unused)
{
    static const struct {
        const char *name;
        const char *open;
        const char *middle;
        const char *close;
        size_t most;
        const char *problem;
    } rows[] = {
        {"parentheses", "(", "1", ")", EXPRESSION_DEPTH_LIMIT - 1,
         "fewer nested parentheses"},
        {"negation", "!", "a", "", EXPRESSION_DEPTH_LIMIT - 1,
         "fewer nested parentheses"},
        {"calls", "f(", "1", ")", EXPRESSION_DEPTH_LIMIT - 1,
         "fewer nested parentheses"},
        {"chain", "a+", "a", "", EXPRESSION_DEPTH_LIMIT, "too deeply"},
        {"properties", "", "(a)", ".b", EXPRESSION_DEPTH_LIMIT, "too deeply"},
        {"wildcards", "", "a", ".*", EXPRESSION_DEPTH_LIMIT, "too deeply"},
        {"lists", "[", "1", "]", EXPRESSION_LITERAL_DEPTH_LIMIT,
         "nested too deeply"},
        {"maps", "{\"a\":", "1", "}", EXPRESSION_LITERAL_DEPTH_LIMIT,
         "nested too deeply"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (size_t more = 0; more < 2; more++) {
            struct text source = {0};
            nest(&source, rows[i].open, rows[i].middle, rows[i].close,
                 rows[i].most + more);
            expect(rows[i].name, &source, false, more ? rows[i].problem : NULL);
        }
}

/* Nesting and chains together: ((a+a+...)+a+...) is as deep as their product. */
static void test_nested_chains_are_bounded(void **unused)
{
    (void)unused;
    struct text source = {0};
    repeat(&source, "(", 100);
    text_append_string(&source, "a");
    for (size_t i = 0; i < 100; i++)
        text_append_string(&source, "+a+a+a)");
    expect("nested chains", &source, false, "too deeply");
}

static void test_blocks(void **unused)
{
    (void)unused;
    for (size_t more = 0; more < 2; more++) {
        struct text source = {0};
        nest(&source, "{{ if a }}", "x", "{{ end }}",
             EXPRESSION_BLOCK_DEPTH_LIMIT + more);
        expect("blocks", &source, true, more ? "nested too deeply" : NULL);
    }
}

static void test_lengths(void **unused)
{
    (void)unused;
    for (size_t more = 0; more < 2; more++) {
        struct text expression = {0};
        struct text template = {0};
        text_append_string(&expression, "1");
        repeat(&expression, " ", EXPRESSION_BYTES_LIMIT - 1 + more);
        repeat(&template, "x", EXPRESSION_TEMPLATE_BYTES_LIMIT + more);
        expect("expression", &expression, false,
               more ? "expected at most 65536" : NULL);
        expect("template", &template, true,
               more ? "expected at most 1048576" : NULL);
    }
}

static void test_results(void **unused)
{
    static const struct {
        const char *source;
        const char *problem;
    } rows[] = {
        {"len(range(100000))", NULL},
        {"len(range(100001))", "100001 items"},
        {"range(-9e18, 9e18)", "items"},
        {"chunk([1],1e300)", "out of the range"},
        {"list(range(60000)..., range(60000)...)", "120000 items"},
        {"len(map(range(90000), \"_.value + 1\"))", NULL},
        {"map(range(1000), \"range(10000)\")", "too much"},
        {"filter(range(100000), \"len(map(range(100),'1')) > 0\")", "too much"},
        {"len(filter(range(50000), \"_.value > 2 && _.value < 5\"))", NULL},
        {"eval(\"eval(\\\"1\\\")\")", NULL},
        {"split(join(range(100000), \",\") + \",\")", "more than 100000"},
        {"split(join(range(100000), \"\"), \"\")", "more than 100000"},
        {"shellparse(join(range(100000), \" \") + \" x\")", "more than 100000"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct text source = {0};
        text_append_string(&source, rows[i].source);
        expect(rows[i].source, &source, false, rows[i].problem);
    }
}

/* A text of 8 KiB doubled: 2^11 times is the limit. */
static int answer(void *context, struct arena *arena, const char *name,
                  size_t length, const struct expression **result,
                  struct error *error)
{
    (void)error;
    (void)name;
    if (length != 4)
        return 0;
    size_t size = *(const size_t *)context;
    char *bytes = arena_allocate(arena, size + 1);
    memset(bytes, 'x', size);
    *result = expression_of_string(arena, bytes);
    return 1;
}

static void test_texts(void **unused)
{
    static const struct {
        const char *source;
        bool template;
        size_t size;
        const char *problem;
    } rows[] = {
        {"len(text + text)", false, EXPRESSION_STRING_LIMIT / 2, NULL},
        {"len(text + text + 1)", false, EXPRESSION_STRING_LIMIT / 2,
         "more than 16777216 bytes"},
        {"string(text, text, 1)", false, EXPRESSION_STRING_LIMIT / 2,
         "string(): the text has more than"},
        {"join(list(text, text), '')", false, EXPRESSION_STRING_LIMIT / 2,
         NULL},
        {"join(list(text, text))", false, EXPRESSION_STRING_LIMIT / 2,
         "join(): the text has more than"},
        {"{{ text }}{{ text }}", true, EXPRESSION_STRING_LIMIT / 2, NULL},
        {"{{ text }}{{ text }}.", true, EXPRESSION_STRING_LIMIT / 2,
         "more than 16777216 bytes"},
        {"filter(range(10000), \"_.value == 1\")", false, 1, NULL},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        size_t size = rows[i].size;
        struct expression_names names = {.name = answer, .context = &size};
        const char *source = rows[i].source;
        bool good;
        if (rows[i].template)
            good = expression_template_resolve(
                arena,
                expression_template_parse(arena, source, strlen(source),
                                          &error),
                &names, &error);
        else
            good = expression_resolve(
                arena, expression_parse(arena, source, strlen(source), &error),
                &names, &error);
        CHECK(source, good == (rows[i].problem == NULL));
        CHECK(error.text,
              !rows[i].problem || strstr(error.text, rows[i].problem));
    }
}

static int answer_itself(void *context, struct arena *arena, const char *name,
                         size_t length, const struct expression **result,
                         struct error *error)
{
    (void)context;
    (void)name;
    (void)length;
    *result = expression_parse(arena, "x + x", 5, error);
    return 1;
}

static void test_names_that_refer_to_themselves(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct expression_names names = {.name = answer_itself};
    assert_null(expression_resolve(
        arena, expression_parse(arena, "x", 1, &error), &names, &error));
    CHECK_TEXT("text", error.text, "too deep: does a name refer to itself?");
}

/* Each name stands for the next one twice: 2^n answers. */
static int answer_twice(void *context, struct arena *arena, const char *name,
                        size_t length, const struct expression **result,
                        struct error *error)
{
    (void)context;
    const char *next = arena_format(arena, "%.*sx+%.*sx", (int)length, name,
                                    (int)length, name);
    *result = length < 40
                  ? expression_parse(arena, next, strlen(next), error)
                  : expression_of_value(arena, value_make_int(arena, 1));
    return 1;
}

static void test_work_is_bounded(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct expression_names names = {.name = answer_twice};
    assert_null(expression_resolve(
        arena, expression_parse(arena, "x", 1, &error), &names, &error));
    CHECK(error.text, strstr(error.text, "too much"));
}

static void test_json_parts(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    static const char source[] =
        "json(\"[\" + join(map(range(70000), \"'1,1'\")) + \",1,1]\")";
    static const char bigger[] =
        "json(\"[\" + join(map(range(70000), \"'1,1,1'\")) + \"]\")";
    assert_non_null(expression_resolve(
        arena, expression_parse(arena, source, strlen(source), &error), NULL,
        &error));
    assert_null(expression_resolve(
        arena, expression_parse(arena, bigger, strlen(bigger), &error), NULL,
        &error));
    CHECK(error.text, strstr(error.text, "too many parts"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_nested_chains_are_bounded),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_names_that_refer_to_themselves),
        cmocka_unit_test(test_work_is_bounded),
        cmocka_unit_test(test_json_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
