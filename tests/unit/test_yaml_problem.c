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
        {"text after a quote", "a: 'b' c\nd: e\n", 1, 8,
         "text after the closing quote", "the whole value in quotes"},
        {"apostrophe in single quotes", "a: 'it's'\n", 1, 8,
         "text after the closing quote", "a ' is written ''"},
        {"quotes that are joined", "a: \"x\" + \"y\"\n", 1, 8,
         "text after the closing quote", "the whole value in quotes"},
        {"double quote closed by the next one", "a: \"x\nb: \"y\"\n", 1, 4,
         "closed by one of a later line", "where the text ends"},
        {"single quote closed by the next one", "a: 1\nb: 'x\nc: 'y'\n", 2, 4,
         "closed by one of a later line", "where the text ends"},
        {"no space after a colon", "a: 1\nb:2\nc: 3\n", 2, 2,
         "a space is missing after this ':'", "key: value"},
        {"no space after the first colon", "a:1\nb: 2\n", 1, 2,
         "a space is missing after this ':'", "key: value"},
        {"no space after a colon, before a map", "- name:x\n  shell: ls\n", 1,
         7, "a space is missing after this ':'", "key: value"},
        {"no space after the last colon", "a: 1\nb:2\n", 2, 2,
         "a space is missing after this ':'", "key: value"},
        {"an address is no key without a space", "a: 1\nhttp://b\n", 2, 1,
         "no ':' follows", "key: value"},
        {"no space after a dash", "a:\n-b\n-c\n", 2, 1,
         "a space is missing after this '-'", "- item"},
        {"key too deep", "- a: 1\n    b: 2\n", 2, 5,
         "indented more than the one above", "the same column"},
        {"key too deep in a map", "a:\n  b: x\n   c: y\n", 3, 4,
         "indented more than the one above", "the same column"},
        {"key not deep enough in an item", "- a: 1\n b: 2\n", 2, 2,
         "expected '-'", "one column"},
        {"item among keys", "a: 1\n- b\n", 2, 1, "a '-' item among the keys",
         "below its key"},
        {"empty item among keys", "a:\n  b: 1\n  -\n", 3, 3,
         "a '-' item among the keys", "remove the '-'"},
        {"block not deep enough", "a:\n  s: |\n    x\n   y\n  b: 1\n", 4, 4,
         "less than the block", "as far as its first"},
        {"block with a deep first line", "- s: >-\n      x\n    y\n", 3, 5,
         "less than the block", "as far as its first"},
        {"block after a deep empty line", "s: |2\n     \n  x\n y\n", 4, 2,
         "less than the block", "as far as its first"},
        {"zero beside a bar", "a: |0\n  x\n", 1, 5, "from 1 to 9",
         "leave it out"},
        {"backtick", "a: `ls`\n", 1, 4, "cannot begin with this character",
         "in quotes"},
        {"at sign as a key", "@a: 1\n", 1, 1,
         "cannot begin with this character", "in quotes"},
        {"percent as a key", "%a: 1\n", 1, 1, "begins with '%'", "in quotes"},
        {"question mark", "a: ? b\n", 1, 4, "'?' begins a key", "in quotes"},
        {"two brackets", "a: [1]]\n", 1, 7, "this ']' closes nothing",
         "remove it"},
        {"two braces", "a: {b: 1}}\n", 1, 10, "this '}' closes nothing",
         "remove it"},
        {"two commas", "a: [1, , 2]\n", 1, 8, "a value is missing",
         "remove the ','"},
        {"colon without a key", "a: 1\n: b\n", 2, 1, "no key before this ':'",
         "begins with ':'"},
        {"list not closed in a map", "a: {b: [1, 2}\n", 1, 8,
         "the list opened here is not closed", "ends with ']'"},
        {"tab after a dash", "-\ta: 1\n\tb: 2\n", 1, 2, "a tab character",
         "spaces only"},
        {"template in a list", "a: [{{ x }}, 1]\n", 1, 5,
         "begins with '{{' is not quoted", "\"{{ ... }}\""},
        {"second template in a list", "a: ['x', {{ x }}]\n", 1, 10,
         "begins with '{{' is not quoted", "\"{{ ... }}\""},
        {"key without a colon", "a: 1\nb\nc: 2\n", 2, 1, "no ':' follows",
         "key: value"},
        {"items out of column", "a:\n  - 1\n - 2\n", 3, 2,
         "a '-' item among the keys", "below its key"},
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
