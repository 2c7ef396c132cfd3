/* shell_text.h: which commands a script has. */
#include "engine/base/text.h"
#include "engine/workflow/shell_text.h"
#include "tests/unit/case.h"

/* Prints a command as "depth:word word<operator>", with ! for dropped errors. */
static void print_command(void *context, const struct shell_command *command)
{
    static const char *const operators[] = {
        [SHELL_END] = ";",  [SHELL_AND] = "&&",  [SHELL_OR] = "||",
        [SHELL_PIPE] = "|", [SHELL_CLOSE] = ")",
    };
    struct text *text = context;
    text_append_format(text, "%s%zu:", text->length ? " " : "", command->depth);
    if (command->assigns)
        text_append_character(text, '=');
    if (command->grouped)
        text_append_string(text, "()");
    for (size_t i = 0; i < command->count; i++)
        text_append_format(text, "%s%s", i > 0 ? "," : "",
                           command->words[i].text);
    if (command->errors_dropped)
        text_append_character(text, '!');
    text_append_string(text, operators[command->after]);
}

static void scripts(void **state)
{
    (void)state;
    static const struct {
        const char *input, *want;
    } rows[] = {
        {"", ""},
        {"  \n \t\n", ""},
        {"echo a b", "0:echo,a,b;"},
        {"a; b & c\nd", "0:a; 0:b; 0:c; 0:d;"},
        {"a && b || c | d |& e", "0:a&& 0:b|| 0:c| 0:d| 0:e;"},
        {"a \\\n  b", "0:a,b;"},
        {"a # b; c\nd", "0:a; 0:d;"},
        {"a#b c", "0:a#b,c;"},
        {"# only a comment", ""},
        {"echo '# no comment; a || b'", "0:echo,# no comment; a || b;"},
        {"echo \"a; b # c\"", "0:echo,a; b # c;"},
        {"echo a\\;b \\# c", "0:echo,a;b,#,c;"},
        {"echo \"a\\\"b\" c", "0:echo,a\"b,c;"},
        {"echo $'a\\'b' c", "0:echo,a'b,c;"},
        {"ap'k' \"add\" x", "0:apk,add,x;"},
        {"if a; then b; else c; fi", "0:a; 0:b; 0:c; 0:fi;"},
        {"while ! a; do b; done", "0:a; 0:b; 0:done;"},
        {"{ a; }", "0:a; 0:};"},
        {"f() { a; }", "0:a; 0:};"},
        {"f () {\n a\n}", "0:a; 0:};"},
        {"A=1 B=2 c d", "0:=c,d;"},
        {"A=1", "0:=;"},
        {"A+=x", "0:=;"},
        {"c A=1", "0:c,A=1;"},
        {"\"if\" a", "0:if,a;"},
        {"x=$(a b) || c", "1:a,b) 0:=|| 0:c;"},
        {"x=\"$(a \"$(b)\" c)\"", "2:b) 1:a,?,c) 0:=;"},
        {"echo `a b` c", "1:a,b) 0:echo,?,c;"},
        {"echo \"`a`\"", "1:a) 0:echo,?;"},
        {"(a; b) || c", "1:a; 1:b) 0:()|| 0:c;"},
        {"bash <(a)", "1:a) 0:bash,?;"},
        {"x=(a b); c", "0:=; 0:c;"},
        {"echo $((1 + (2 * 3))) b", "0:echo,?,b;"},
        {"echo ${x:-\"}\"} b", "0:echo,?},b;"},
        {"echo ${x:-$(a)} b", "1:a) 0:echo,??,b;"},
        {"case $x in a|b) c ;; (d) e;; esac; f",
         "0:case,$x,in,a| 0:b; 0:c; 1:d) 0:()e; 0:esac; 0:f;"},
        {"y=$(case $x in a) b;; esac) || c",
         "1:case,$x,in,a; 1:b; 1:esac) 0:=|| 0:c;"},
        {"a 2>/dev/null || b", "0:a!|| 0:b;"},
        {"a >/dev/null || b", "0:a|| 0:b;"},
        {"a >/dev/null 2>&1 || b", "0:a!|| 0:b;"},
        {"a 2>&1 >/dev/null", "0:a;"},
        {"a &>/dev/null", "0:a!;"},
        {"a 2>errors.log", "0:a;"},
        {"a 2>> /dev/null b", "0:a,b!;"},
        {"a </dev/null b >| c d", "0:a,b,d;"},
        {"a12>/dev/null", "0:a12;"},
        {"cat <<EOF\nb || c\n EOF\nEOF\nd", "0:cat; 0:d;"},
        {"cat <<'E F' | x\nb\nE F\nd", "0:cat| 0:x; 0:d;"},
        {"cat <<-EOF\n\tb\n\tEOF\nd", "0:cat; 0:d;"},
        {"cat <<A <<B\nx\nA\ny\nB\nd", "0:cat; 0:d;"},
        {"cat <<EOF\nnever ended", "0:cat;"},
        {"a <<<b c", "0:a,c;"},
        {"x=$(cat <<EOF\n) ||\nEOF\n) || a", "1:cat; 1:) 0:=|| 0:a;"},
        {"echo {{ config.x }} b", "0:echo,?,b;"},
        {"echo \"{{ 'a\" || b' }}\" c", "0:echo,?,c;"},
        {"{{ if config.x }}a{{ else }}b {{ end }}", "0:a,b;"},
        {"{{ config.if }} a", "0:?,a;"},
        {"{{ ending }} a", "0:?,a;"},
        {"a {{ never b", "0:a,{{,never,b;"},
        {"echo 'never ended", "0:echo,never ended;"},
        {"echo \"$(never", "1:never) 0:echo,?;"},
        {") ) a", "0:a;"},
        {"a\r\nb\r\n", "0:a; 0:b;"},
        {"\\", "0:;"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(text_free) struct text text = {0};
        shell_text_visit(rows[i].input, strlen(rows[i].input), print_command,
                         &text);
        CHECK_TEXT(rows[i].input, text_string(&text), rows[i].want);
    }
}

struct places {
    const char *text;
    struct text found;
};

static void print_places(void *context, const struct shell_command *command)
{
    struct places *places = context;
    for (size_t i = 0; i < command->count; i++)
        text_append_format(&places->found, "[%.*s]",
                           (int)command->words[i].length,
                           places->text + command->words[i].offset);
}

/* Words are where they are told to be, with their quotes. */
static void places_of_words(void **state)
{
    (void)state;
    struct places places = {.text = "x=1 a 'b c' \"$(d)\"e >f \\\n g{{ h }}"};
    shell_text_visit(places.text, strlen(places.text), print_places, &places);
    CHECK_TEXT("places", text_string(&places.found),
               "[d][a]['b c'][\"$(d)\"e][g{{ h }}]");
    text_free(&places.found);
}

static void count_commands(void *context, const struct shell_command *command)
{
    size_t *count = context;
    assert_true(command->depth < SHELL_DEPTH_LIMIT);
    assert_true(command->count <= SHELL_WORDS_LIMIT);
    ++*count;
}

/* Beyond the limits the text is read on, in fixed memory and linear time. */
static void limits(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "$(", "(", "\"", "`",   "${", "'", "<<E\n",   "{{", "a ",
        "\\", ")", "|",  "a=(", "#",  "}", "case a ", "<(", "$((",
    };
    enum { SIZE = 1000000 };
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        CLEANUP(text_free) struct text text = {0};
        while (text.length < SIZE)
            text_append_string(&text, pieces[i]);
        size_t count = 0;
        shell_text_visit(text_string(&text), text.length, count_commands,
                         &count);
        assert_true(count <= SIZE);
    }
    char word[200];
    memset(word, 'w', sizeof word);
    CLEANUP(text_free) struct text got = {0};
    shell_text_visit(word, sizeof word, print_command, &got);
    assert_int_equal(got.length, 2 + SHELL_WORD_BYTES - 1 + 1);
}

/* The block with `x` in it. */
static void quoted_words_have_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool want;
    } rows[] = {
        {"{{x}}", true},
        {"echo {{ x }}", true},
        {"echo --name={{ x }}.txt", true},
        {"echo a\n  b:{{x}}", true},
        {"(cd a; {{x}})", true},
        {"echo 'it' \"is\" {{x}}", true},
        {"echo \\' {{x}}", true},
        {"echo \\\" {{x}}", true},
        {"echo \"a \\\" b\" {{x}}", true},
        {"# don't\necho {{x}}", true},
        {"a;# don't\necho {{x}}", true},
        {"echo a#b' '{{x}}", false}, /* behind a quote: not looked at closer */
        {"echo a#b' ' {{x}}", true},
        {"echo {{ f(\"}}'\") }} {{x}}", true},
        {"echo \"{{x}}\"", false},
        {"echo '{{x}}'", false},
        {"echo \"a\"'{{x}}'", false},
        {"echo \"a {{y}} {{x}}\"", false},
        {"echo # {{x}}", false},
        {"echo ${{x}}", false},
        {"echo \\{{x}}", false},
        {"echo `{{x}}`", false},
        {"echo $(cat {{x}})", false},
        {"echo ${a:-{{x}}}", false},
        {"cat <<EOF\n{{x}}\nEOF", false},
        {"[[ a == {{x}} ]]", false},
        {"a$((1 + {{x}}))", false},
        {"a\\\n#' {{x}}", false},
        {"echo $'\\'' {{x}}", false},
        {"echo {{ f(\"' }} {{x}}", false},
        {"echo ({{x}})", true},
        {"{{(x}}", false},
        {"x", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct shell_place place = {0};
        const char *at = strrchr(rows[i].text, 'x');
        if (strstr(rows[i].text, ".txt"))
            at = strstr(rows[i].text, "x }}");
        CHECK(rows[i].text, shell_text_parts_words(
                                &place, rows[i].text, strlen(rows[i].text),
                                (size_t)(at - rows[i].text)) == rows[i].want);
    }
}

/* One reading for all blocks of a text. */
static void places_go_on(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool want[4];
    } rows[] = {
        {"{{x}} \"{{x}}\" {{x}} '{{x}}", {true, false, true, false}},
        /* What was lost for the first stays so for all behind it. */
        {"{{x}} a${{x}} {{x}} {{x}}", {true, false, false, false}},
        {"{{x}} \"a${{x}}\" {{x}} {{x}}", {true, false, false, false}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *text = rows[i].text, *at = text;
        struct shell_place place = {0};
        for (size_t j = 0; j < COUNT_OF(rows[i].want); j++) {
            at = strchr(at + 1, 'x');
            CHECK(at, shell_text_parts_words(&place, text, strlen(text),
                                             (size_t)(at - text)) ==
                          rows[i].want[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts),
        cmocka_unit_test(quoted_words_have_a_place),
        cmocka_unit_test(places_go_on),
        cmocka_unit_test(places_of_words),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
