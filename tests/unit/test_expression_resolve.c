#include "engine/expression/expression.h"
#include "tests/unit/case.h"

static const struct expression *parse(struct arena *arena, const char *text)
{
    struct error error = {0};
    const struct expression *expression =
        expression_parse(arena, text, strlen(text), &error);
    if (!expression)
        fail_msg("%s: %s", text, error.text);
    return expression;
}

static const char *printed(struct arena *arena,
                           const struct expression *expression)
{
    struct text text = {0};
    expression_print(&text, expression);
    const char *copy = arena_copy(arena, text_string(&text), text.length);
    text_free(&text);
    return copy;
}

/* Knows one name or function, and remembers what it was asked. */
struct knower {
    const char *name;
    const struct expression *answer;
    struct text asked;
    bool refuses;
};

static int answer_name(void *context, struct arena *arena, const char *name,
                       size_t length, const struct expression **answer,
                       struct error *error)
{
    struct knower *knower = context;
    (void)arena;
    text_append(&knower->asked, name, length);
    text_append_character(&knower->asked, ' ');
    if (knower->refuses)
        return error_set(error, ERROR_INPUT, "refused '%.*s'", (int)length,
                         name);
    if (strlen(knower->name) != length ||
        memcmp(knower->name, name, length) != 0)
        return 0;
    *answer = knower->answer;
    return 1;
}

static int answer_call(void *context, struct arena *arena,
                       const struct expression_call *call,
                       const struct expression **answer, struct error *error)
{
    struct knower *knower = context;
    (void)error;
    if (strlen(knower->name) != call->length ||
        memcmp(knower->name, call->name, call->length) != 0)
        return 0;
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < call->count; i++)
        value_append(arena, list, value_copy(arena, call->arguments[i]));
    *answer = expression_of_value(arena, list);
    return 1;
}

static void test_names_are_asked_from_the_longest(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct knower first = {.name = "other"};
    struct knower second = {.name = "a.b",
                            .answer = parse(arena, "{\"c\":{\"d\":5}}")};
    struct expression_names last = {.name = answer_name, .context = &second};
    struct expression_names names = {
        .name = answer_name, .context = &first, .next = &last};
    const struct expression *result =
        expression_resolve(arena, parse(arena, "a.b.c.d"), &names, &error);
    CHECK_TEXT("value", printed(arena, result), "5");
    CHECK_TEXT("first", text_string(&first.asked), "a.b.c.d a.b.c a.b a ");
    CHECK_TEXT("second", text_string(&second.asked), "a.b.c.d a.b.c a.b ");
    text_free(&first.asked);
    text_free(&second.asked);
}

static void test_errors_of_names_have_the_place(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct knower knower = {.name = "", .refuses = true};
    struct expression_names names = {.name = answer_name, .context = &knower};
    assert_null(
        expression_resolve(arena, parse(arena, "1 + x.y"), &names, &error));
    CHECK_TEXT("text", error.text, "refused 'x.y'");
    assert_int_equal(error.place.mark.offset, 4);
    text_free(&knower.asked);
}

static void test_a_later_knower_answers_for_one_that_refuses(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct knower first = {.name = "", .refuses = true};
    struct knower second = {.name = "x", .answer = parse(arena, "1")};
    struct expression_names last = {.name = answer_name, .context = &second};
    struct expression_names names = {
        .name = answer_name, .context = &first, .next = &last};
    const struct expression *result =
        expression_resolve(arena, parse(arena, "x"), &names, &error);
    assert_non_null(result);
    assert_false(error_is_set(&error));
    text_free(&first.asked);
    text_free(&second.asked);
}

static void test_functions_get_spread_values(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct knower knower = {.name = "f"};
    struct expression_names names = {.call = answer_call, .context = &knower};
    const struct expression *result = expression_resolve(
        arena, parse(arena, "f(null, [1,2]..., \"x\")"), &names, &error);
    CHECK_TEXT("values", printed(arena, result), "[null,1,2,\"x\"]");
    result =
        expression_resolve(arena, parse(arena, "f(unknown)"), &names, &error);
    CHECK_TEXT("waits", printed(arena, result), "f(unknown)");
}

static void test_values_and_texts(void **unused)
{
    static const struct {
        const char *source;
        const char *text;
        enum value_kind kind;
        bool truth;
    } rows[] = {
        {"null", "", VALUE_NULL, false},
        {"1000000", "1e+06", VALUE_FLOAT, true},
        {"\"off\"", "off", VALUE_STRING, false},
        {"[1,[true]]", "1,true", VALUE_LIST, true},
        {"{\"b\":1,\"a\":\"<\"}", "{\"a\":\"\\u003c\",\"b\":1}", VALUE_MAP,
         true},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const struct expression *value = parse(arena, rows[i].source);
        CHECK(rows[i].source, expression_is_static(value));
        CHECK_TEXT(rows[i].source, expression_text(arena, value), rows[i].text);
        CHECK(rows[i].source,
              expression_value(arena, value)->kind == rows[i].kind);
        CHECK(rows[i].source, expression_truth(value) == rows[i].truth);
    }
}

static void test_unknown_has_no_value(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct expression *name = expression_of_name(arena, "env.X");
    assert_false(expression_is_static(name));
    assert_null(expression_value(arena, name));
    assert_null(expression_text(arena, name));
    assert_false(expression_truth(name));
    CHECK_TEXT("print", printed(arena, name), "env.X");
    assert_ptr_equal(expression_of_value(arena, NULL), expression_none());
    CHECK_TEXT("string",
               printed(arena, expression_of_string(arena, "a\"{{b}}")),
               "\"a\\\"{{b}}\"");
}

static void test_answers_are_not_parsed(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct knower knower = {.name = "v",
                            .answer = expression_of_string(arena, "1 + 1")};
    struct expression_names names = {.name = answer_name, .context = &knower};
    const struct expression *result =
        expression_resolve(arena, parse(arena, "v + v"), &names, &error);
    CHECK_TEXT("text", expression_text(arena, result), "1 + 11 + 1");
    text_free(&knower.asked);
}

static void collect(void *context, const char *name, size_t length)
{
    text_append(context, name, length);
    text_append_character(context, ' ');
}

static void test_visits_all_names(void **unused)
{
    (void)unused;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text names = {0};
    expression_visit_names(
        parse(arena, "f(a, b.*.c) ? !d : (e + g.h).i && len(a)"), collect,
        &names);
    CHECK_TEXT("names", text_string(&names), "a b d e g.h a ");
}

static void test_errors_have_their_place(void **unused)
{
    static const struct {
        const char *source;
        uint32_t offset;
        const char *text;
    } rows[] = {
        {"1 + 5 / 0", 6, "division by zero"},
        {"x && int(\"abc\")", 5, "int(): argument 1: 'abc' is not a number"},
        {"a + eval(\"1 / 0\")", 4, "division by zero"},
        {"a + map([1], \"1 /\")", 4,
         "map(): argument 2: the expression ends too early, expected a value, "
         "a name or '('"},
        {"\"abc\".9", 5, "'.9': index 9 is out of bounds, the text has 3"},
        {"1 == true + 2", 10, "operator '+': expected a number, found boolean"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        CHECK(rows[i].source,
              !expression_resolve(arena, parse(arena, rows[i].source), NULL,
                                  &error));
        CHECK_TEXT(rows[i].source, error.text, rows[i].text);
        CHECK(rows[i].source, error.place.mark.offset == rows[i].offset);
        CHECK(rows[i].source, error.kind == ERROR_INPUT);
    }
}

static void test_syntax_errors_have_their_place(void **unused)
{
    static const struct {
        const char *source;
        uint32_t offset;
    } rows[] = {
        {"a + ", 4}, {"a $ b", 2},  {"f(1 2)", 4},
        {"  )", 2},  {"[1, x]", 4}, {"\"ab\\q\"", 3},
        {"a b", 2},  {"x ? y", 5},  {"'abc", 0},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        CHECK(rows[i].source,
              !expression_parse(arena, rows[i].source, strlen(rows[i].source),
                                &error));
        if (error.place.mark.offset != rows[i].offset)
            fail_msg("%s: %u: %s", rows[i].source, error.place.mark.offset,
                     error.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_asked_from_the_longest),
        cmocka_unit_test(test_errors_of_names_have_the_place),
        cmocka_unit_test(test_a_later_knower_answers_for_one_that_refuses),
        cmocka_unit_test(test_functions_get_spread_values),
        cmocka_unit_test(test_values_and_texts),
        cmocka_unit_test(test_unknown_has_no_value),
        cmocka_unit_test(test_answers_are_not_parsed),
        cmocka_unit_test(test_visits_all_names),
        cmocka_unit_test(test_errors_have_their_place),
        cmocka_unit_test(test_syntax_errors_have_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
