#include "engine/expression/expression.h"
#include "tests/unit/case.h"

static const struct expression_template *parse(struct arena *arena,
                                               const char *text)
{
    struct error error = {0};
    const struct expression_template *template =
        expression_template_parse(arena, text, strlen(text), &error);
    if (!template)
        fail_msg("%s: %s", text, error.text);
    return template;
}

static int answer(void *context, struct arena *arena, const char *name,
                  size_t length, const struct expression **result,
                  struct error *error)
{
    (void)error;
    const struct value *found = value_get_bytes(context, name, length);
    if (found)
        *result = expression_of_value(arena, found);
    return found != NULL;
}

static const struct expression_template *
resolve(struct arena *arena, const char *text, const char *json)
{
    struct error error = {0};
    struct value *values = value_read_json(arena, json, strlen(json), &error);
    const struct expression_names names = {.name = answer, .context = values};
    const struct expression_template *template =
        expression_template_resolve(arena, parse(arena, text), &names, &error);
    if (!template)
        fail_msg("%s: %s", text, error.text);
    return template;
}

/* The shape that shell texts of workflows have. */
static const char script[] = "ARGS=\"-h {{ host }}\"\n"
                             "{{- if password }}\n"
                             "ARGS=\"$ARGS -a {{ password }}\"\n"
                             "{{- end }}\n"
                             "\n"
                             "run $ARGS\n";

static void test_shell_text_has_no_odd_lines(void **unused)
{
    static const struct {
        const char *name;
        const char *values;
        const char *want;
    } rows[] = {
        {"with", "{\"host\": \"h\", \"password\": \"p\"}",
         "ARGS=\"-h h\"\nARGS=\"$ARGS -a p\"\n\nrun $ARGS\n"},
        {"without", "{\"host\": \"h\", \"password\": \"\"}",
         "ARGS=\"-h h\"\n\nrun $ARGS\n"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        size_t length;
        const struct expression_template *template =
            resolve(arena, script, rows[i].values);
        CHECK_TEXT(rows[i].name,
                   expression_template_text(arena, template, &length),
                   rows[i].want);
    }
}

static void test_unknown_conditions_print_back(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text printed = {0};
    const struct expression_template *template =
        resolve(arena, script, "{\"host\": \"{{\"}");
    expression_template_print(&printed, template);
    CHECK_TEXT("once", text_string(&printed),
               "ARGS=\"-h {{\"{{\"}}\"{{ if password }}\n"
               "ARGS=\"$ARGS -a {{password}}\"{{ end }}\n\nrun $ARGS\n");
    template = resolve(arena, text_string(&printed), "{\"password\": \"x\"}");
    size_t length;
    CHECK_TEXT("twice", expression_template_text(arena, template, &length),
               "ARGS=\"-h {{\"\nARGS=\"$ARGS -a x\"\n\nrun $ARGS\n");
}

static void test_branches_not_taken_are_not_evaluated(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    size_t length;
    const struct expression_template *template = resolve(
        arena, "{{ if no }}{{ 1/0 }}{{ else }}x{{ end }}", "{\"no\": false}");
    CHECK_TEXT("else", expression_template_text(arena, template, &length), "x");
}

static void test_values_are_data(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    size_t length;
    const struct expression_template *template =
        resolve(arena, "{{ v }}{{ l }}",
                "{\"v\": \"{{ 1 + 1 }}\", \"l\": [\"{{ if x }}\", \"{\"]}");
    CHECK_TEXT("text", expression_template_text(arena, template, &length),
               "{{ 1 + 1 }}{{ if x }},{");
    CLEANUP(text_free) struct text printed = {0};
    expression_template_print(&printed, template);
    template = resolve(arena, text_string(&printed), "{\"x\": true}");
    CHECK_TEXT("again", expression_template_text(arena, template, &length),
               "{{ 1 + 1 }}{{ if x }},{");
}

static void test_escaping_reads_back(void **unused)
{
    static const char *const rows[] = {
        "",        "{",          "{{",
        "{{{{{",   "a{",         "{\"a\": {}}",
        "{{ x }}", "{{\"{{\"}}", "{ {{- if x }} }}",
        "}}",
    };
    (void)unused;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text escaped = {0};
        size_t length;
        expression_template_escape(&escaped, rows[i], strlen(rows[i]));
        text_append_string(&escaped, "{{ 1 }}");
        const struct expression_template *template =
            resolve(arena, text_string(&escaped), "{}");
        CHECK_TEXT(rows[i], expression_template_text(arena, template, &length),
                   arena_format(arena, "%s1", rows[i]));
    }
}

static void test_sole_blocks(void **unused)
{
    static const struct {
        const char *text;
        bool sole;
    } rows[] = {
        {"{{ a }}", true},
        {" \n{{ a + 1 }}\t", true},
        {"{{ [1] }}", true},
        {"", false},
        {"a", false},
        {"{{ }}", false},
        {"x{{ a }}", false},
        {"{{ a }}{{ b }}", false},
        {"{{ a.*.b }}", false},
        {"{{ _wc(a,\"_.value\") }}", false},
        {"{{ list(a.*.b) }}", true},
        {"{{ if a }}{{ b }}{{ end }}", false},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const struct expression_template *template = parse(arena, rows[i].text);
        CHECK(rows[i].text,
              (expression_template_sole(template) != NULL) == rows[i].sole);
    }
}

static void test_a_sole_block_keeps_its_value(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct expression_template *template =
        resolve(arena, " {{ l }} ", "{\"l\": [1, 2]}");
    const struct expression *sole = expression_template_sole(template);
    assert_non_null(sole);
    assert_int_equal(value_count(expression_value(arena, sole)), 2);
}

static void collect(void *context, const char *name, size_t length)
{
    struct text *names = context;
    text_append(names, name, length);
    text_append_character(names, ' ');
}

static void test_names_of_a_template(void **unused)
{
    static const char text[] =
        "{{ a }}{{ if b.c && f(d) }}{{ e }}{{ else if g }}{{ end }}";
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text all = {0};
    CLEANUP(text_free) struct text shown = {0};
    const struct expression_template *template = parse(arena, text);
    expression_template_visit_names(template, collect, &all);
    expression_template_visit_shown(template, collect, &shown);
    CHECK_TEXT("all", text_string(&all), "a b.c d e g ");
    CHECK_TEXT("shown", text_string(&shown), "a e ");
    assert_true(expression_template_uses_blocks(template));
    assert_false(expression_template_uses_blocks(parse(arena, "{{- a }}")));
}

static void test_first_unknown_name_has_its_place(void **unused)
{
    static const struct {
        const char *text;
        const char *name;
        size_t offset;
        bool call;
    } rows[] = {
        {"text {{ known }} {{ missing.x }}", "missing.x", 20, false},
        {"{{ len(secret(1)) }}", "secret", 7, true},
        {"{{ if known }}{{ if gone }}{{ end }}{{ end }}", "gone", 20, false},
        {"{{ [1].0 + (a.b) }}", "a.b", 12, false},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct expression_reference found;
        const struct expression_template *template =
            resolve(arena, rows[i].text, "{\"known\": 1}");
        CHECK(rows[i].text, expression_template_first_name(template, &found));
        CHECK_TEXT(rows[i].text, arena_copy(arena, found.name, found.length),
                   rows[i].name);
        CHECK(rows[i].text, found.offset == rows[i].offset);
        CHECK(rows[i].text, found.call == rows[i].call);
    }
}

static void test_errors_have_their_place(void **unused)
{
    static const struct {
        const char *text;
        uint32_t offset;
        const char *part;
    } rows[] = {
        {"ab {{ 1 + }}", 10, "ends too early"},
        {"ab {{ x", 3, "not closed"},
        {"ab {{ x $ }}", 8, "unexpected character '$'"},
        {"{{ if a }}{{ end }} {{ end }}", 20, "without"},
        {"{{ if a }}\n{{ if b }}\n{{ end }}", 0, "not closed"},
        {"{{ if a }}{{ else }}\n{{ else }}{{ end }}", 21, "second"},
        {"line\n{{ x -}}", 10, "'-}}' trims"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        CHECK(rows[i].text,
              !expression_template_parse(arena, rows[i].text,
                                         strlen(rows[i].text), &error));
        CHECK(error.text, strstr(error.text, rows[i].part));
        CHECK(rows[i].text, error.place.mark.offset == rows[i].offset);
        CHECK(rows[i].text, error.kind == ERROR_INPUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shell_text_has_no_odd_lines),
        cmocka_unit_test(test_unknown_conditions_print_back),
        cmocka_unit_test(test_branches_not_taken_are_not_evaluated),
        cmocka_unit_test(test_values_are_data),
        cmocka_unit_test(test_escaping_reads_back),
        cmocka_unit_test(test_sole_blocks),
        cmocka_unit_test(test_a_sole_block_keeps_its_value),
        cmocka_unit_test(test_names_of_a_template),
        cmocka_unit_test(test_first_unknown_name_has_its_place),
        cmocka_unit_test(test_errors_have_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
