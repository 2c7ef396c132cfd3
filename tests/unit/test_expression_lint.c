/* Findings about expressions: which, where, and none where all is plain. */
#include "engine/base/text.h"
#include "engine/expression/expression.h"
#include "tests/unit/case.h"

static void add(void *context, const struct expression_finding *finding)
{
    struct text *text = context;
    text_append_format(text, "%s%s@%zu", text->length > 0 ? " " : "",
                       finding->code, finding->offset);
    assert_true(finding->text[0] != '\0' && finding->hint[0] != '\0');
}

struct lint_case {
    const char *text;
    const char *want; /* "CODE@offset ..." */
};

static void check(const struct lint_case *row, const struct text *found)
{
    if (strcmp(text_string(found), row->want) != 0)
        fail_msg("%s\n  got  %s\n  want %s", row->text, text_string(found),
                 row->want);
}

static void test_expressions(void **state)
{
    (void)state;
    static const struct lint_case rows[] = {
        {"a || b && c", "W410@7"},
        {"a && b || c", "W410@7"},
        {"a || b || c", ""},
        {"(a || b) && c", ""},
        {"a || (b && c)", ""},
        {"f(a || b, c && d)", ""},
        {"f(a || b && c)", "W410@9"},
        {"(x && (a || b && c))", "W410@14"},
        {"a && b || c && d", "W410@7 W410@12"},
        {"\"a || b && c\"", ""},
        {"a && b ? c : d", ""},
        {"a ? b : c", ""},
        {"a ? b : c ? d : e", "W411@10"},
        {"a ? b : (c ? d : e)", ""},
        {"(a ? b : c) ? d : e", ""},
        {"a ? (b ? 1 : 2) : 3", ""},
        {"a ? b : c && d", "W411@10"},
        {"f(a ? b : c, d ? e : f)", ""},
        {"-3 + 5", "W412@0"},
        {"(-3) + 5", ""},
        {"-3", ""},
        {"-x", ""},
        {"-f(a + b)", ""},
        {"5 * -2 + 1", "W412@4"},
        {"1 - 2 + 3", ""},
        {"1 - -2", ""},
        {"f(-1, 2 + 3)", ""},
        {"a ? -1 : 2 + 3", ""},
        {"a ? 1 : -2 + 3", "W412@8"},
        {"-1 ? 2 : 3", "W412@0"},
        {"- -3 + 5", "W412@0"},
        {"5 == \"5\"", "W413@0"},
        {"\"a\" != 5", "W413@0"},
        {"x == 5", ""},
        {"x == 1000000", "W413@5"},
        {"2500000.5 <> x", "W413@0"},
        {"x == \"1000000\"", ""},
        {"x > 1000000", ""},
        {"1000000 == 1000000", ""},
        {"f(x == 1e20)", "W413@7"},
        {"a +", ""}, /* what cannot be parsed */
        {"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(text_free) struct text found = {0};
        expression_lint(rows[i].text, strlen(rows[i].text), false, add, &found);
        check(&rows[i], &found);
    }
}

static void test_conditions(void **state)
{
    (void)state;
    static const struct lint_case rows[] = {
        {"false", "W414@0"},
        {"true", ""},
        {"", ""},
        {"null", "W414@0"},
        {"passed", ""},
        {"never", ""},
        {"1 > 2", "W414@0"},
        {"1 < 2", "W414@0"},
        {"passed || true", ""},
        {"true || passed", "W414@0"},
        {"false && passed", "W414@0"},
        {"passed && false", "W414@0"},
        {"passed && never", "W414@0"},
        {"passed && !always && failed", "W414@0"},
        {"passed && (never || false)", "W414@0"},
        {"passed || never", ""},
        {"never", ""},
        {"always", ""},
        {"always && passed", ""},
        {"!bool(\"x\")", "W414@0"},
        {"\"no\" == \"yes\"", "W414@0"},
        {"date() == \"\"", ""},
        {"jq(1, \".\") == \"\"", ""},
        {"len(filter([1], \"false\")) > 0", ""},
        {"5 / 0", ""}, /* an error, found by others */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(text_free) struct text found = {0};
        expression_lint(rows[i].text, strlen(rows[i].text), true, add, &found);
        check(&rows[i], &found);
    }
}

static void test_templates(void **state)
{
    (void)state;
    static const struct lint_case rows[] = {
        {"a || b && c", ""},
        {"{{ a || b && c }}", "W410@10"},
        {"x {{ a }} y {{ -3 + b }} z {{ c == 1000000 }}", "W412@15 W413@35"},
        {"{{- x }}", "W412@2"},
        {"{{- if a && b || c }}x{{- else if d ? e : f ? g : h }}y{{- end }}"
         "{{ 5 == \"5\" }}",
         "W410@14 W411@44 W413@68"},
        {"{{ \"}} || && \" || a }}", ""},
        {"{{ a || b && c }} {{ [ }} {{ a || b && c }}", "W410@10"},
        {"{{ a || b && c", "W410@10"},
        {"{{", ""},
        {"}}", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(text_free) struct text found = {0};
        expression_template_lint(rows[i].text, strlen(rows[i].text), add,
                                 &found);
        check(&rows[i], &found);
    }
}

static void test_depth(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text text = {0};
    CLEANUP(text_free) struct text found = {0};
    text_append_string(&text, "{{");
    for (int i = 0; i < 100000; i++)
        text_append_character(&text, '(');
    expression_template_lint(text_string(&text), text.length, add, &found);
    assert_string_equal(text_string(&found), "");
    text_clear(&text);
    for (int i = 0; i < 150; i++)
        text_append_character(&text, '(');
    text_append_string(&text, "a || b && c");
    for (int i = 0; i < 150; i++)
        text_append_character(&text, ')');
    expression_lint(text_string(&text), text.length, true, add, &found);
    assert_string_equal(text_string(&found), "W410@157");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_templates),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
