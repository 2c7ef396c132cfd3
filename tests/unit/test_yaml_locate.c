/* value_locate: a byte of a string -> its place in the YAML source. */
#include "tests/unit/value_fixture.h"

static void places(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input; /* the string is the member 'a' */
        size_t offset;
        uint32_t line, column;
    } rows[] = {
        {"plain, first", "a: word", 0, 1, 4},
        {"plain, third", "a: word", 2, 1, 6},
        {"plain, end", "a: word  # x", 4, 1, 8},
        {"beyond the end", "a: word", 99, 1, 8},
        {"plain, after a two-byte character", "a: \xC3\xA9z", 2, 1, 5},
        {"plain, within a two-byte character", "a: \xC3\xA9z", 1, 1, 4},
        {"plain, second line", "a: one\n  two", 4, 2, 3},
        {"plain, the fold", "a: one  \n  two", 3, 1, 7},
        {"plain, after an empty line", "a: one\n\n  two", 4, 3, 3},
        {"plain, with CR LF", "a: one\r\n  two", 5, 2, 4},
        {"single quotes", "a: 'word'", 1, 1, 6},
        {"single quotes, after a pair", "a: 'it''s'", 3, 1, 9},
        {"single quotes, end", "a: 'it''s'", 4, 1, 10},
        {"single quotes, second line", "a: 'one\n\n   two'", 5, 3, 5},
        {"single quotes, blanks at the start", "a: '  x'", 2, 1, 7},
        {"double quotes", "a: \"word\"", 1, 1, 6},
        {"double quotes, after \\n", "a: \"x\\ny\"", 2, 1, 8},
        {"double quotes, the escape", "a: \"x\\ny\"", 1, 1, 6},
        {"double quotes, after \\x", "a: \"\\x41y\"", 1, 1, 9},
        {"double quotes, after \\u of two bytes", "a: \"\\u00e9y\"", 2, 1, 11},
        {"double quotes, after \\U of four bytes", "a: \"\\U0001F600y\"", 4, 1,
         15},
        {"double quotes, after \\N and \\_", "a: \"\\N\\_y\"", 4, 1, 9},
        {"double quotes, after \\L", "a: \"\\Ly\"", 3, 1, 7},
        {"double quotes, an escaped quote", "a: \"x\\\"y\"", 2, 1, 8},
        {"double quotes, escaped line break", "a: \"one \\\n   two\"", 4, 2, 4},
        {"double quotes, folded", "a: \"one\n   two\"", 4, 2, 4},
        {"literal, first line", "a: |\n  one\n  two\n", 0, 2, 3},
        {"literal, second line", "a: |\n  one\n  two\n", 4, 3, 3},
        {"literal, its line feed", "a: |\n  one\n  two\n", 3, 2, 6},
        {"literal, after an empty line", "a: |\n  one\n\n  two\n", 5, 4, 3},
        {"literal, own indentation", "a: |\n  one\n    two\n", 6, 3, 5},
        {"literal, indicator", "a: |2-\n    one\n  two\n", 2, 2, 5},
        {"literal, indicator, second", "a: |2-\n    one\n  two\n", 6, 3, 3},
        {"literal, comment after the bar", "a: | # x\n  one\n", 1, 2, 4},
        {"literal, empty lines first", "a: |\n\n\n  one\n", 2, 4, 3},
        {"literal, CR LF", "a: |\r\n  one\r\n  two\r\n", 5, 3, 4},
        {"literal, deep", "b: 1\nc: x\na: |\n      one\n      two\n", 4, 5, 7},
        {"literal, end with strip", "a: |-\n  one\n\n\nb: 1", 3, 2, 6},
        {"literal, tag before", "a: !!str |\n  one\n", 1, 2, 4},
        {"folded, first line", "a: >\n  one\n  two\n", 1, 2, 4},
        {"folded, second line", "a: >\n  one\n  two\n", 5, 3, 4},
        {"folded, the fold", "a: >\n  one\n  two\n", 3, 2, 6},
        {"folded, new paragraph", "a: >\n  one\n\n  two\n", 4, 4, 3},
        {"folded, further indented", "a: >\n  one\n    two\n  x\n", 6, 3, 5},
        {"folded, after those", "a: >\n  one\n    two\n  x\n", 10, 4, 3},
        {"folded, empty lines first", "a: >\n\n  one\n  two\n", 6, 4, 4},
        {"folded, indicator", "a: >1\n   one\n two\n", 2, 2, 4},
        {"folded, last line feed", "a: >\n  one\n\n\nb: 1\n", 3, 2, 6},
        {"after a byte order mark",
         "\xEF\xBB\xBF"
         "a: |\n  one\n",
         1, 2, 4},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const char *input = rows[i].input;
        const struct value *value = value_get(from_yaml(arena, input), "a");
        struct mark got =
            value_locate(value, rows[i].offset, input, strlen(input));
        if (got.line != rows[i].line || got.column != rows[i].column)
            fail_msg("%s: %u:%u, expected %u:%u", rows[i].name, got.line,
                     got.column, rows[i].line, rows[i].column);
    }
}

/* Every byte of every string: a byte that is itself in the source is found
 * there, and places never go back. */
static void every_byte(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "a: some words here\n   and more\n\n\n   of them\nb: 1\n",
        "a: 'it''s  a\n\n\n  long ''one'''\n",
        "a: \"tab\\tand \\\"quote\\\"\n\n  next \\\n  joined\\u0020x\"\n",
        "a: |\n  set -e\n\n  if x; then\n    echo 'y'\n  fi\n\n\nb: 1\n",
        "a: |+\n  one\n   two\n\n\n",
        "a: |3-\n     one\n   two\n\n   three\n",
        "a: >\n  a\n  b\n\n  t\n    c\n     d\n\n    e\n  x\n\n\n  y\n",
        "a: >+\n\n  one\n\n   two\n\n  three\n\n\n",
        "a: >2-\n   one\n  two\n  three",
        "- x\n- a: |\n    deep\n      er\n  b: 1\n",
        "a:\n- |\n one\n two\n- >-\n one\n two\n",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const char *input = rows[i];
        const struct value *root = from_yaml(arena, input);
        if (root->kind == VALUE_LIST)
            root = value_item(root, 1);
        const struct value *value = value_get(root, "a");
        if (value->kind == VALUE_LIST)
            value = value_item(value, 1);
        uint32_t last = 0;
        for (size_t at = 0; at < value->string.length; at++) {
            char byte = value->string.bytes[at];
            struct mark mark = value_locate(value, at, input, strlen(input));
            char there = input[mark.offset];
            bool itself = byte == there || byte == ' ' || byte == '\n' ||
                          there == '\\' || there == '\'';
            if (!itself || mark.offset < last)
                fail_msg("%s\nbyte %zu '%c' at %u:%u '%c'", input, at, byte,
                         mark.line, mark.column, there);
            last = mark.offset;
        }
    }
}

static void without_a_source(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *value = value_make_string(arena, "abc");
    assert_int_equal(value_locate(value, 1, "abc", 3).line, 0);
    assert_int_equal(value_locate(NULL, 1, "abc", 3).line, 0);
    const char *yaml = "a: [x]";
    const struct value *list = value_get(from_yaml(arena, yaml), "a");
    assert_int_equal(value_locate(list, 1, yaml, strlen(yaml)).column, 4);
    value = value_item(list, 0);
    assert_int_equal(value_locate(value, 0, yaml, 2).column, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(every_byte),
        cmocka_unit_test(without_a_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
