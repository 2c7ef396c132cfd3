/* What a user reads about a syntax error: place, text and hint. */
#include "tests/unit/value_fixture.h"

static void problems(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input;
        unsigned line, column;
        const char *text, *hint; /* parts of them; NULL: no hint */
    } rows[] = {
        {"tab as indentation", "a:\n\tb: 1\n", 2, 1, "a tab character",
         "spaces only"},
        {"tab in a block", "a: |\n\tb\n", 2, 1, "a tab character",
         "spaces only"},
        {"at sign", "a: @b\n", 1, 4, "cannot begin with this character",
         "in quotes"},
        {"percent in a value", "a: %b\n", 1, 4,
         "cannot begin with this character", "in quotes"},
        {"double quote not closed", "a: 1\nb: \"x\nc: 2\n", 2, 4,
         "the quote opened here is not closed", "closing quote"},
        {"single quote not closed", "a: 1\nb: 'x\nc: 2\n", 2, 4,
         "the quote opened here is not closed", "closing quote"},
        {"quote not closed before a document", "a: 'x\n---\nb: 1\n", 1, 4,
         "the quote opened here is not closed", "closing quote"},
        {"unknown escape", "a: \"\\d+\"\n", 1, 5, "unknown escape",
         "single quotes"},
        {"short escape", "a: \"\\u12\"\n", 1, 7, "more hex digits", "\\u 4"},
        {"surrogate", "a: \"\\ud83d\\ude00\"\n", 1, 7, "not a character",
         "8 hex digits"},
        {"colon in a value", "a: b: c\n", 1, 5, "a ':' that does not belong",
         "quote a text"},
        {"indentation", "a:\n  b: 1\n c: 2\n", 3, 2, "expected a key here",
         "indentation"},
        {"text after a quote", "a: 'b' c\nd: e\n", 1, 8, "expected a key here",
         "quotes"},
        {"key without a colon", "a: 1\nb\nc: 2\n", 2, 1, "no ':' follows",
         "key: value"},
        {"items out of column", "a:\n  - 1\n - 2\n", 3, 2,
         "expected a key here", "indentation"},
        {"items in a wrong column", "- 1\nb: 1\n", 2, 1,
         "expected '-' and the next item", "one column"},
        {"list not closed", "a: [1, 2\nb: 3\n", 1, 4,
         "the list opened here is not closed", "ends with ']'"},
        {"map not closed", "a: {b: 2\n", 1, 4,
         "the map opened here is not closed", "ends with '}'"},
        {"cron", "schedule: * * * * *\n", 1, 11, "'*' begins an alias",
         "in quotes"},
        {"ampersand", "a: & b\n", 1, 4, "'&' begins an anchor", "in quotes"},
        {"list on the line of its key", "a: - b\n", 1, 4,
         "a '-' item cannot stand here", "line of its own"},
        {"text after a document", "[a]\nb\n", 2, 1,
         "text after the end of the document", "'---'"},
        {"version", "%YAML 3.0\n---\na\n", 1, 1, "version of YAML", "1.2"},
        {"tag handle", "a: !x!y z\n", 1, 4, "tag whose prefix", "quote"},
        {"text beside a bar", "a: | b\n  c\n", 1, 6, "text on the line of '|'",
         "next line"},
        {"template as a value", "a: {{ config.b }}\n", 1, 4,
         "begins with '{{' is not quoted", "\"{{ ... }}\""},
        {"template and text", "a: 1\nb: {{ x }}/c\nd: 1\n", 2, 4,
         "begins with '{{' is not quoted", "\"{{ ... }}\""},
        {"template with operators", "a: {{ x && y }}\n", 1, 4,
         "begins with '{{' is not quoted", "\"{{ ... }}\""},
        {"template as an item", "a:\n  - {{ x }}\n", 2, 5,
         "begins with '{{' is not quoted", "\"{{ ... }}\""},
        {"template as a key", "{{ x }}: a\n", 1, 1,
         "begins with '{{' is not quoted", "\"{{ ... }}\""},
        {"control character", "a: 1\nb: \xC3\xA9\x01\n", 2, 5,
         "the control character 0x01", "escape"},
        {"Latin-1", "a: 1\n# caf\xE9\n", 2, 6, "byte 0xe9 is not UTF-8",
         "save the file as UTF-8"},
        {"after a byte order mark", "\xEF\xBB\xBF# caf\xE9\n", 1, 6,
         "byte 0xe9 is not UTF-8", "save the file as UTF-8"},
        {"UTF-16",
         "\xFF\xFE"
         "a",
         1, 1, "byte 0xff is not UTF-8", "save the file as UTF-8"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct diagnostics list = diagnostics_make(arena, "x.yaml");
        CHECK(rows[i].name, !value_read_yaml(arena, rows[i].input,
                                             strlen(rows[i].input), &list));
        CHECK(rows[i].name, list.count >= 1);
        const struct diagnostic *got = &list.items[0];
        const char *shown = as_problems(arena, &list);
        if (got->mark.line != rows[i].line ||
            got->mark.column != rows[i].column ||
            !strstr(got->text, rows[i].text) || !got->hint ||
            !strstr(got->hint, rows[i].hint) || list.count != 1 ||
            strcmp(got->code, "E100") != 0)
            fail_msg("%s: %s (%s)", rows[i].name, shown,
                     got->hint ? got->hint : "no hint");
    }
}

/* '{{' elsewhere is not blamed. */
static void templates_are_not_always_the_cause(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "a: \"{{ x }}\" b\n",
        "a: x {{ y }}: z\n",
        "a: 'x' # - {{ y }}\n b: 1\n",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const char *got = problems_of(arena, rows[i], strlen(rows[i]));
        CHECK(rows[i], strstr(got, "is not quoted") == NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems),
        cmocka_unit_test(templates_are_not_always_the_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
