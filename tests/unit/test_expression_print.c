/*
 * Properties of printing, on random expressions: what is printed reads back and
 * prints the same, and an expression that was resolved in two steps, printed and
 * read in between, gives what it gives in one.
 */
#include "engine/expression/expression.h"
#include "tests/unit/case.h"

static uint32_t state;

static uint32_t pick(uint32_t count)
{
    state = state * 1664525U + 1013904223U;
    return (state >> 8) % count;
}

static void append_one(struct text *text, const char *const *choices,
                       size_t count)
{
    text_append_string(text, choices[pick((uint32_t)count)]);
}

static const char *const values[] = {
    "0",     "1",     "2.5",       "1000000", "7",       "null",    "true",
    "false", "\"\"",  "\"x{{\"",   "'5'",     "\"a b\"", "[]",      "[1,\"b\"]",
    "{}",    "\"0\"", "{\"k\":1}", "[null]",  "1e-7",    "'it\\'s'"};
static const char *const names[] = {"a",      "b.c",    "d",
                                    "late.x", "late.y", "unknown"};
static const char *const operators[] = {"**", "*",  "/",  "%",  "+", "-",
                                        "==", "!=", "<=", ">",  "=", "<>",
                                        "&&", "||", "+",  "&&", "||"};
static const char *const calls[] = {"string", "bool", "len", "list",
                                    "any",    "f",    "int", "join"};

/* Everything is put in parentheses, so that any tree can come out; the names
 * `late` are only known in the second step. */
static void generate(struct text *text, unsigned depth)
{
    uint32_t kind = depth == 0 ? pick(2) : pick(9);
    if (kind == 0) {
        append_one(text, values, COUNT_OF(values));
    } else if (kind == 1) {
        append_one(text, names, COUNT_OF(names));
    } else if (kind == 2) {
        text_append_string(text, pick(2) ? "!(" : "-(");
        generate(text, depth - 1);
        text_append_string(text, ")");
    } else if (kind == 3) {
        append_one(text, calls, COUNT_OF(calls));
        text_append_string(text, "((");
        generate(text, depth - 1);
        text_append_string(text, pick(6) ? "))" : ")...)");
    } else if (kind == 4) {
        text_append_string(text, "(");
        generate(text, depth - 1);
        text_append_string(text, ") ? (");
        generate(text, depth - 1);
        text_append_string(text, ") : (");
        generate(text, depth - 1);
        text_append_string(text, ")");
    } else if (kind == 5) {
        text_append_string(text, "(");
        generate(text, depth - 1);
        text_append_string(text, pick(2) ? ").k" : ").0.x");
    } else {
        text_append_string(text, "(");
        generate(text, depth - 1);
        text_append_string(text, ") ");
        append_one(text, operators, COUNT_OF(operators));
        text_append_string(text, " (");
        generate(text, depth - 1);
        text_append_string(text, ")");
    }
}

static int answer(void *context, struct arena *arena, const char *name,
                  size_t length, const struct expression **result,
                  struct error *error)
{
    const int *steps = context;
    (void)error;
    if (length == 1 && name[0] == 'a')
        *result = expression_of_value(arena, value_make_int(arena, 1000000));
    else if (length == 1 && name[0] == 'd')
        *result = expression_of_name(arena, "late.y");
    else if (length == 3 && memcmp(name, "b.c", 3) == 0)
        *result = expression_of_string(arena, "{{ late.x }}");
    else if (*steps > 1 && length == 6 && memcmp(name, "late.x", 6) == 0)
        *result = expression_of_value(arena, value_make_float(arena, -3));
    else if (*steps > 1 && length == 6 && memcmp(name, "late.y", 6) == 0)
        *result = expression_of_string(arena, "late");
    else
        return 0;
    return 1;
}

static const struct expression *resolve(struct arena *arena,
                                        const struct expression *expression,
                                        int steps, struct error *error)
{
    const struct expression_names known = {.name = answer, .context = &steps};
    return expression_resolve(arena, expression, &known, error);
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

static const struct expression *reread(struct arena *arena, const char *text)
{
    struct error error = {0};
    const struct expression *expression =
        expression_parse(arena, text, strlen(text), &error);
    if (!expression)
        fail_msg("%s: %s", text, error.text);
    return expression;
}

static void reads_back_the_same(struct arena *arena, const char *source)
{
    const char *first = printed(arena, reread(arena, source));
    const char *second = printed(arena, reread(arena, first));
    CHECK_TEXT(source, second, first);
}

/* Errors may come at another time: only what succeeds both ways is compared.
 * any() decides by what is known at the time, on purpose. */
static size_t resolves_in_steps(struct arena *arena, const char *source)
{
    struct error once_error = {0};
    struct error error = {0};
    if (strstr(source, "any("))
        return 0;
    const struct expression *once =
        resolve(arena, reread(arena, source), 2, &once_error);
    const struct expression *half =
        resolve(arena, reread(arena, source), 1, &error);
    if (!once || !half)
        return 0;
    const char *between = printed(arena, half);
    reads_back_the_same(arena, between);
    const struct expression *twice =
        resolve(arena, reread(arena, between), 2, &error);
    if (!twice)
        fail_msg("%s: %s: %s", source, between, error.text);
    CHECK_TEXT(between, printed(arena, twice), printed(arena, once));
    return 1;
}

static void test_random_expressions(void **unused)
{
    (void)unused;
    size_t compared = 0;
    for (uint32_t seed = 1; seed <= 20000; seed++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct text source = {0};
        state = seed * 2654435761U;
        generate(&source, 1 + seed % 4);
        reads_back_the_same(arena, text_string(&source));
        compared += resolves_in_steps(arena, text_string(&source));
        text_free(&source);
    }
    assert_true(compared > 5000);
}

/* A template of random pieces, in one step and in two. */
static void generate_template(struct text *text, unsigned depth)
{
    static const char *const plain[] = {"{",  "text ", "}}", "{{\"{{\"}}",
                                        "\n", "\"",    "  ", "- "};
    static const char *const opens[] = {"{{ if ", "{{- if ", "{{-if "};
    static const char *const ends[] = {"{{ end }}", "{{- end -}}", "{{end}}"};
    for (uint32_t i = pick(4); i > 0; i--) {
        uint32_t kind = pick(depth > 0 ? 3 : 2);
        if (kind == 0) {
            append_one(text, plain, COUNT_OF(plain));
            text_append_string(text, " ");
        } else if (kind == 1) {
            text_append_string(text, "{{ ");
            generate(text, depth);
            text_append_string(text, " }}");
        } else {
            append_one(text, opens, COUNT_OF(opens));
            text_append_string(text, "(");
            generate(text, depth - 1);
            text_append_string(text, pick(2) ? ") }}" : ") -}}");
            generate_template(text, depth - 1);
            if (pick(2)) {
                text_append_string(text, "{{ else if late.x }}");
                generate_template(text, depth - 1);
            }
            if (pick(2)) {
                text_append_string(text, "{{ else -}}");
                generate_template(text, depth - 1);
            }
            append_one(text, ends, COUNT_OF(ends));
        }
    }
}

static const struct expression_template *
resolve_template(struct arena *arena, const char *text, int steps)
{
    struct error error = {0};
    const struct expression_names known = {.name = answer, .context = &steps};
    struct expression_template *template =
        expression_template_parse(arena, text, strlen(text), &error);
    if (!template)
        fail_msg("%s: %s", text, error.text);
    return expression_template_resolve(arena, template, &known, &error);
}

static const char *printed_template(struct arena *arena,
                                    const struct expression_template *template)
{
    struct text text = {0};
    expression_template_print(&text, template);
    const char *copy = arena_copy(arena, text_string(&text), text.length);
    text_free(&text);
    return copy;
}

static size_t template_resolves_in_steps(struct arena *arena,
                                         const char *source)
{
    size_t length;
    const struct expression_template *once = resolve_template(arena, source, 2);
    const struct expression_template *half = resolve_template(arena, source, 1);
    if (!once || !half || strstr(source, "any("))
        return 0;
    const char *between = printed_template(arena, half);
    const struct expression_template *twice =
        resolve_template(arena, between, 2);
    CHECK(between, twice != NULL);
    if (!expression_template_is_static(once)) {
        CHECK_TEXT(between, printed_template(arena, twice),
                   printed_template(arena, once));
        return 1;
    }
    CHECK_TEXT(between, expression_template_text(arena, twice, &length),
               expression_template_text(arena, once, &length));
    return 1;
}

static void test_random_templates(void **unused)
{
    (void)unused;
    size_t compared = 0;
    for (uint32_t seed = 1; seed <= 20000; seed++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct text source = {0};
        state = seed * 2654435761U + 17;
        generate_template(&source, seed % 4);
        compared += template_resolves_in_steps(arena, text_string(&source));
        text_free(&source);
    }
    assert_true(compared > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_expressions),
        cmocka_unit_test(test_random_templates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
