/*
 * The quick reader of YAML: what it takes it reads as the reader on libyaml does,
 * places included; the rest it leaves.
 */
#include "engine/value/limits.h"
#include "engine/value/yaml_block.h"
#include "engine/value/yaml_reader.h"
#include "tests/unit/value_fixture.h"
#include "tests/unit/yaml_same.h"

/* Whether the text was taken; fails the test when it was read differently. */
static bool is_taken(const char *name, const char *yaml, size_t length,
                     bool plain_booleans)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct diagnostics list = diagnostics_make(arena, name);
    struct value *quick = yaml_block_read(arena, yaml, length, plain_booleans);
    if (!quick)
        return false;
    struct value *whole =
        yaml_reader_read(arena, yaml, length, plain_booleans, &list);
    if (!whole || list.count > 0)
        fail_msg("%s: taken, but %s", name, as_problems(arena, &list));
    CHECK(name, value_count(quick) == value_count(whole));
    for (size_t i = 0; i < value_count(quick); i++)
        if (!yaml_same(value_item(quick, i), value_item(whole, i)))
            fail_msg("%s: %s\nis not\n%s", name,
                     as_json(arena, value_item(quick, i)),
                     as_json(arena, value_item(whole, i)));
    return true;
}

struct row {
    const char *name, *yaml;
};

static void taken(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a map", "a: 1\nb: x\n"},
        {"no line break at the end", "a: 1\nb: x"},
        {"spaces at the end", "a: x  \nb:   y   \n"},
        {"a list", "- a\n- b\n"},
        {"an indented root", "  a: 1\n  b: 2\n"},
        {"nested maps", "a:\n  b:\n    c: x\n  d: y\ne: z\n"},
        {"a list in a map, indented", "a:\n  - x\n  - y\nb: 1\n"},
        {"a list in a map, in its column", "a:\n- x\n- y\nb: 1\n"},
        {"maps in a list", "- a: 1\n  b: 2\n- a: 3\n"},
        {"far from the dash", "-   a: 1\n    b: 2\n-  x\n"},
        {"lists in lists", "- - a\n  - b\n-\n  - c\n- - - d\n"},
        {"a map below a dash", "-\n  a: 1\n-\n  b: 2\n"},
        {"nothing behind a key", "a:\nb:\n  c:\n  d:\n"},
        {"nothing behind the last key", "a: 1\nb:"},
        {"nothing behind a dash", "-\n-\n- x\n-"},
        {"nothing, in a list in its map's column", "a:\n-\n-\nb:\n"},
        {"several documents", "---\na: 1\n---\n- b\n---  \nc: 2\n"},
        {"a document without its marker", "a: 1\n---\nb: 2\n"},
        {"comments", "# first\na: 1 # x\n  # deep\nb: # y\n  c: 1\n# last"},
        {"a comment behind a marker", "--- # x\na: 1\n"},
        {"a comment behind a dash", "- # x\n  a: 1\n- # y\n  - b\n"},
        {"empty lines", "\n\na: 1\n\n   \nb:\n\n  c: 2\n\n"},
        {"# within a word", "a: x#y\nb: '#x'\n"},
        {"colons", "a: x:y\nb: http://h:80/\nc: x::y\n"},
        {"scalars", "a: true\nb: no\nc: ~\nd: null\ne: 1.5\nf: 0x1F\ng: -1\n"},
        {"more scalars", "a: .inf\nb: 08\nc: 1_0\nd: 99999999999999999999\n"},
        {"begun by a dash", "a: -x\nb: --y\nc: ---\nd: -.5\n"},
        {"words", "a: one two  three\nb: $(x) && y; (z)\n"},
        {"keys", "a.b/c-d_e: 1\nA9: 2\n9a: 3\n/x: 4\n_: 5\n"},
        {"single quotes", "a: 'x y'\nb: ''\nc: 'it''s'\nd: '''' # x\n"},
        {"double quotes", "a: \"x y\"\nb: \"\"\nc: \"\\\"\\\\\\n\\t\\/\"\n"},
        {"quotes in a list", "- 'a'\n- \"b\"\n"},
        {"brackets", "a: [x, 'y', \"z\"]\nb: []\nc: [ ]\nd: [1,-c , a=b]\n"},
        {"empty braces", "a: {}\nb: {} # x\nc:\n- {}\n"},
        {"a literal block", "a: |\n  x\n  y\nb: 1\n"},
        {"a literal block, stripped", "a: |-\n  x\n  y\n\n\nb: 1\n"},
        {"a literal block, kept", "a: |+\n  x\n\n\nb: |+\n  y"},
        {"a literal block in a list", "- |\n  x\n- |\n y\n-  |-\n     z\n"},
        {"a literal block, deeper lines", "a: |\n  x\n    y\n   z\n\n  w\n"},
        {"a literal block, empty lines first", "a: |\n\n \n  x\n"},
        {"a literal block, spaces in lines",
         "a: |\n  x\n     \n  \nb: |\n  z\n"},
        {"a literal block, spaces at the end", "a: |\n  x\n   "},
        {"a literal block, fewer spaces at the end", "a: |\n  x\n "},
        {"a literal block with a tab", "a: |\n  x\ty\n  \tz\n"},
        {"a literal block with # and ---",
         "a: |\n  # x\n  ---\n  b: |\nc: 1\n"},
        {"a comment after a literal block", "a: |\n    x\n  # y\n# z\nb: 1\n"},
        {"a literal block, then a document", "a: |\n  x\n---\nb: 1\n"},
        {"beyond ASCII", "a: \xC3\xA9\nb: '\xE2\x82\xAC' # \xF0\x9F\x98\x80\n"},
        {"beyond ASCII in a literal", "a: |\n  \xC3\xA9\n  x\nb: 1\n"},
    };
    size_t left = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t length = strlen(rows[i].yaml);
        bool whole = is_taken(rows[i].name, rows[i].yaml, length, false);
        bool core = is_taken(rows[i].name, rows[i].yaml, length, true);
        CHECK(rows[i].name, whole == core);
        if (!whole) {
            print_message("left: %s\n", rows[i].name);
            left++;
        }
        /* However much of it has come, nothing is read otherwise. */
        for (size_t part = 0; part < length; part++)
            is_taken(rows[i].name, rows[i].yaml, part, false);
    }
    assert_int_equal(left, 0);
}

static void left(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"nothing", ""},
        {"only a comment", "# x\n"},
        {"an empty document", "---\n---\na: 1\n"},
        {"a scalar", "x\n"},
        {"content behind a marker", "--- a\n"},
        {"an end of a document", "a: 1\n...\n"},
        {"a directive", "%YAML 1.1\n---\na: 1\n"},
        {"an anchor", "a: &x 1\n"},
        {"an alias", "a: *x\n"},
        {"a tag", "a: !!str 1\n"},
        {"a merge", "<<: {}\n"},
        {"a folded block", "a: >\n  x\n"},
        {"an indentation indicator", "a: |2\n  x\n"},
        {"an empty literal block", "a: |\nb: 1\n"},
        {"a literal block of empty lines", "a: |+\n\n\n"},
        {"a deeper empty line first", "a: |\n    \n  x\n"},
        {"a tab in the indentation", "a: |\n  x\n \ty\n"},
        {"a comment behind the bar", "a: | # x\n  y\n"},
        {"braces", "a: {b: 1}\n"},
        {"brackets in brackets", "a: [[b]]\n"},
        {"a comma at the end", "a: [b,]\n"},
        {"two words in brackets", "a: [b c]\n"},
        {"brackets of two lines", "a: [b,\n  c]\n"},
        {"beyond ASCII in brackets", "a: ['\xC3\xA9', b]\n"},
        {"a key in quotes", "'a': 1\n"},
        {"a key with a space", "a b: 1\n"},
        {"a space before the colon", "a : 1\n"},
        {"a key that is no string", "1: x\n"},
        {"a key that is a boolean", "yes: x\n"},
        {"a key beyond ASCII", "\xC3\xA9: 1\n"},
        {"a key given twice", "a: 1\na: 2\n"},
        {"two colons", "a: b: c\n"},
        {"a colon at the end", "a: b:\n"},
        {"several lines", "a: x\n  y\n"},
        {"several lines in a list", "- x\n y\n"},
        {"several lines in quotes", "a: \"x\n  y\"\nb: 'x\n  y'\n"},
        {"below its key", "a:\n  x\n"},
        {"an escape", "a: \"\\x41\"\n"},
        {"an open quote", "a: 'x\n"},
        {"text behind a quote", "a: 'x' y\n"},
        {"a comment too near", "a: 'x'#y\n"},
        {"an item behind a key", "a: - b\n"},
        {"a key with less indentation", "a:\n    b: 1\n  c: 2\n"},
        {"an item with less indentation", "a:\n    - b\n  - c\n"},
        {"a map among items", "- a\nb: 1\n"},
        {"an item among keys", "a: 1\n- b\n"},
        {"a reserved character", "a: @x\nb: `x\n"},
        {"a tab", "a:\tx\n"},
        {"a tab in a text", "a: x\ty\n"},
        {"CR LF", "a: 1\r\n"},
        {"a byte order mark", "\xEF\xBB\xBF"
                              "a: 1\n"},
        {"a control character", "a: \x01\n"},
        {"DEL", "a: \x7F\n"},
        {"a C1 control character", "a: \xC2\x9F\n"},
        {"NEL", "a: x\xC2\x85y\n"},
        {"LS", "a: x\xE2\x80\xA8y\n"},
        {"a turning character", "a: '\xE2\x80\xAE'\n"},
        {"an isolating character", "# \xE2\x81\xA6\na: 1\n"},
        {"broken UTF-8", "a: \xC3\n"},
        {"a surrogate", "a: \xED\xA0\x80\n"},
        {"not a character", "a: \xEF\xBF\xBF\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK(rows[i].name, !is_taken(rows[i].name, rows[i].yaml,
                                      strlen(rows[i].yaml), false));
    CHECK("NUL", !is_taken("NUL", "a: \0x", 5, false));
}

/* `count` times `part`, then `rest`. */
static void append_times(struct text *text, size_t count, const char *part,
                         const char *rest)
{
    for (size_t i = 0; i < count; i++)
        text_append_string(text, part);
    text_append_string(text, rest);
}

/* The limits are the other reader's to report: at them this one still reads. */
static void limits(void **state)
{
    (void)state;
    static const struct {
        const char *name, *first, *part, *rest;
        size_t most;
    } rows[] = {
        {"levels", "", "- ", "x", VALUE_DEPTH_LIMIT},
        {"levels with brackets", "- ", "- ", "[]", VALUE_DEPTH_LIMIT - 2},
        {"levels with braces", "- ", "- ", "{}", VALUE_DEPTH_LIMIT - 2},
        {"bytes of a plain text", "a: ", "x", "\n", VALUE_SCALAR_LIMIT},
        {"bytes in single quotes", "a: '", "x", "'\n", VALUE_SCALAR_LIMIT},
        {"bytes in double quotes", "a: \"", "x", "\"\n", VALUE_SCALAR_LIMIT},
        {"bytes of a literal", "a: |-\n  ", "x", "\n", VALUE_SCALAR_LIMIT},
        {"values", "- a\n", "-\n", "", VALUE_NODES_LIMIT - 2},
        {"documents", "", "---\n- a\n", "", VALUE_DOCUMENTS_LIMIT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t more = 0; more < 2; more++) {
            CLEANUP(text_free) struct text text = {0};
            text_append_string(&text, rows[i].first);
            append_times(&text, rows[i].most + more, rows[i].part,
                         rows[i].rest);
            CLEANUP(arena_free) struct arena *arena = arena_new();
            bool read =
                yaml_block_read(arena, text.data, text.length, false) != NULL;
            CHECK(rows[i].name, read == (more == 0));
        }
}

static void names(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        CLEANUP(text_free) struct text text = {0};
        append_times(&text, VALUE_NAME_LIMIT + more, "x", ": 1\n");
        CHECK("bytes of a key", is_taken("a long key", text.data, text.length,
                                         false) == (more == 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken),
        cmocka_unit_test(left),
        cmocka_unit_test(limits),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
