/* value_read_yaml: structure, aliases, merges, documents, marks, limits. */
#include "engine/value/limits.h"
#include "tests/unit/value_fixture.h"

static void reads(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input, *want; /* the list of documents */
    } rows[] = {
        {"nothing", "", "[]"},
        {"only a comment", "# nothing\n", "[]"},
        {"an empty document", "---\n", "[null]"},
        {"a scalar", "hello", "[\"hello\"]"},
        {"block map", "a: 1\nb:\n  c: x\n", "[{\"a\":1,\"b\":{\"c\":\"x\"}}]"},
        {"list in the column of its key", "a:\n- 1\n- 2\n", "[{\"a\":[1,2]}]"},
        {"indented list", "a:\n  - b: 1\n    c: 2\n  - 3\n",
         "[{\"a\":[{\"b\":1,\"c\":2},3]}]"},
        {"flow", "{a: [1, 'x', {b: }], \"c\": ~}",
         "[{\"a\":[1,\"x\",{\"b\":null}],\"c\":null}]"},
        {"JSON", "{\"a\":[1,true,null,\"x\\n\"]}",
         "[{\"a\":[1,true,null,\"x\\n\"]}]"},
        {"literal block", "a: |\n  x\n   y\n\n  z\n",
         "[{\"a\":\"x\\n y\\n\\nz\\n\"}]"},
        {"folded block", "a: >-\n  x\n  y\n\n  z\n", "[{\"a\":\"x y\\nz\"}]"},
        {"two documents", "a: 1\n---\nb: 2\n", "[{\"a\":1},{\"b\":2}]"},
        {"documents that end", "a\n...\n---\nb\n...\n", "[\"a\",\"b\"]"},
        {"YAML 1.1", "%YAML 1.1\n---\na\n", "[\"a\"]"},
        {"YAML 1.2", "%YAML 1.2\n---\na\n", "[\"a\"]"},
        {"byte order mark",
         "\xEF\xBB\xBF"
         "a: 1\n",
         "[{\"a\":1}]"},
        {"CR LF", "a: 1\r\nb: |\r\n  x\r\n  y\r\n",
         "[{\"a\":1,\"b\":\"x\\ny\\n\"}]"},
        {"alias", "a: &x [1, {b: c}]\nd: *x\n",
         "[{\"a\":[1,{\"b\":\"c\"}],\"d\":[1,{\"b\":\"c\"}]}]"},
        {"anchor redefined", "- &x 1\n- *x\n- &x 2\n- *x\n", "[[1,1,2,2]]"},
        {"alias as a key", "a: &x b\n*x : c\n", "[{\"a\":\"b\",\"b\":\"c\"}]"},
        {"merge", "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n",
         "[{\"a\":{\"b\":1,\"c\":2},\"d\":{\"c\":3,\"b\":1}}]"},
        {"keys before a merge win", "a: &x {b: 1}\nd:\n  b: 2\n  <<: *x\n",
         "[{\"a\":{\"b\":1},\"d\":{\"b\":2}}]"},
        {"of several merges the first wins",
         "- &x {a: 1, b: 1}\n- &y {b: 2, c: 2}\n- <<: [*x, *y]\n",
         "[[{\"a\":1,\"b\":1},{\"b\":2,\"c\":2},{\"a\":1,\"b\":1,\"c\":2}]]"},
        {"merge of a map in place", "{<<: {a: 1}, b: 2}",
         "[{\"b\":2,\"a\":1}]"},
        {"merge of a merged map",
         "- &x {a: 1}\n- &y {<<: *x, b: 2}\n- {<<: *y, c: 3}\n",
         "[[{\"a\":1},{\"b\":2,\"a\":1},{\"c\":3,\"b\":2,\"a\":1}]]"},
        {"a quoted << is a key", "\"<<\": 1\n'a': 2\n", "[{\"<<\":1,\"a\":2}]"},
        {"keys become strings",
         "true: 1\n12: 2\nnull: 3\n1.5: 4\nyes please: 5\n0x10: 6\n",
         "[{\"true\":1,\"12\":2,\"null\":3,\"1.5\":4,\"yes please\":5,"
         "\"16\":6}]"},
        {"on is true, as in Kubernetes", "on: push\n", "[{\"true\":\"push\"}]"},
        {"empty key", "?\n: x\n", "[{\"null\":\"x\"}]"},
        {"explicit key", "? a\n: b\n? c\n", "[{\"a\":\"b\",\"c\":null}]"},
        {"escaped control characters", "\"\\0\\x1b\\e\\u00e9\\U0001F600\"",
         "[\"\\u0000\\u001b\\u001b\xC3\xA9\xF0\x9F\x98\x80\"]"},
        {"comments", "a: b # c\n# d\ne: f#g\n",
         "[{\"a\":\"b\",\"e\":\"f#g\"}]"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CHECK_TEXT(rows[i].name,
                   as_json(arena, from_yaml_bytes(arena, rows[i].input,
                                                  strlen(rows[i].input))),
                   rows[i].want);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input, *want;
    } rows[] = {
        {"a key twice", "a: 1\nb: 2\na: 3\n",
         "E101 3:1 the key 'a' is given twice; first on line 1, column 1"},
        {"all that are given twice", "a: {b: 1, b: 2}\nc: 1\na: 3\nc: 4\n",
         "E101 1:11 the key 'b' is given twice; first on line 1, column 5\n"
         "E101 3:1 the key 'a' is given twice; first on line 1, column 1\n"
         "E101 4:1 the key 'c' is given twice; first on line 2, column 1"},
        {"the same after typing", "1: a\n'1': b\n",
         "E101 2:1 the key '1' is given twice; first on line 1, column 1"},
        {"two merges", "- &x {a: 1}\n- <<: *x\n  <<: *x\n",
         "E101 3:3 the key '<<' is given twice; first on line 2, column 3"},
        {"unknown alias", "a: *x\nb: *y\n",
         "E100 1:4 the alias '*x' names no anchor before it\n"
         "E100 2:4 the alias '*y' names no anchor before it"},
        {"anchor of another document", "&x a\n---\n*x\n",
         "E100 3:1 the alias '*x' names no anchor before it"},
        {"alias inside itself", "a: &x\n  b: *x\n",
         "E100 2:6 the alias '*x' is inside the value that it names"},
        {"alias inside itself, redefined", "- &x 1\n- &x [*x]\n",
         "E100 2:7 the alias '*x' is inside the value that it names"},
        {"list as a key", "[a, b]: c\n",
         "E100 1:1 a list cannot be a key: expected a text"},
        {"map as a key", "? {a: b}\n: c\n",
         "E100 1:3 a map cannot be a key: expected a text"},
        {"merge of a string", "<<: x\n",
         "E100 1:5 '<<' cannot take in a string"},
        {"merge of a list of strings", "<<: [{a: 1}, x]\n",
         "E100 1:14 '<<' cannot take in a string"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CHECK_TEXT(rows[i].name,
                   problems_of(arena, rows[i].input, strlen(rows[i].input)),
                   rows[i].want);
    }
}

/* What may look to a reader of the file like something else than it is. */
static void deceits(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input;
        size_t length; /* 0: to the NUL */
        const char *want;
    } rows[] = {
        {"NUL", "a: b\0c\n", 7, "E100 1:5 the control character 0x00"},
        {"escape sequence", "a: \x1b[2Jb\n", 0,
         "E100 1:4 the control character 0x1b"},
        {"control character of Latin-1",
         "a: \xC2\x9B"
         "2Jb\n",
         0, "E100 1:4 the control character 0x9b"},
        {"DEL", "a: \x7f\n", 0, "E100 1:4 the control character 0x7f"},
        {"overlong slash", "a: \xC0\xAF\n", 0,
         "E100 1:4 byte 0xc0 is not UTF-8"},
        {"half of a pair", "a: \xED\xA0\x80\n", 0,
         "E100 1:4 byte 0xed is not UTF-8"},
        {"turned comment",
         "a: b # \xE2\x80\xAE"
         "x\n",
         0,
         "E100 1:8 the invisible character U+202E shows the text after it in "
         "another order"},
        {"turned plain text",
         "a: b\xE2\x81\xA6"
         "c\n",
         0,
         "E100 1:5 the invisible character U+2066 shows the text after it in "
         "another order"},
        {"turned script", "a: |\n  rm \xE2\x80\xAA\n  x\xE2\x81\xA9\n", 0,
         "E100 2:6 the invisible character U+202A shows the text after it in "
         "another order\n"
         "E100 3:4 the invisible character U+2069 shows the text after it in "
         "another order"},
        {"turned key and quoted text",
         "'\xE2\x80\xAE': \"\xE2\x80\xAB\"\nb\xE2\x80\xAC: 1\n", 0,
         "E100 2:2 the invisible character U+202C shows the text after it in "
         "another order"},
        {"an object of Python", "a: !!python/object/apply:os.system [id]\n", 0,
         "E100 1:36 unknown tag '!!python/object/apply:os.system': expected "
         "!!str, !!int, !!float, !!bool, !!null, !!map or !!seq"},
        {"a tag of another program", "a: !include x.yaml\n", 0,
         "E100 1:13 unknown tag '!include': expected !!str, !!int, !!float, "
         "!!bool, !!null, !!map or !!seq"},
        {"a tag by its address", "a: !<tag:example.org,2000:x> b\n", 0,
         "E100 1:30 unknown tag 'tag:example.org,2000:x': expected !!str, "
         "!!int, !!float, !!bool, !!null, !!map or !!seq"},
        {"a tag with a prefix of the file",
         "%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!none x\n", 0,
         "E100 3:12 unknown tag '!!python/none': expected !!str, !!int, "
         "!!float, !!bool, !!null, !!map or !!seq"},
        {"a key that is given again by a merge in a list is none",
         "- &x {a: 1}\n- {<<: *x, a: 2, a: 3}\n", 0,
         "E101 2:18 the key 'a' is given twice; first on line 2, column 12"},
        {"the same key in quotes", "a: 1\n\"a\": 2\n", 0,
         "E101 2:1 the key 'a' is given twice; first on line 1, column 1"},
        {"the same key with an escape", "a: 1\n\"\\x61\": 2\n", 0,
         "E101 2:1 the key 'a' is given twice; first on line 1, column 1"},
        {"the same boolean", "yes: 1\non: 2\n", 0,
         "E101 2:1 the key 'true' is given twice; first on line 1, column 1"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        size_t length = rows[i].length ? rows[i].length : strlen(rows[i].input);
        CHECK_TEXT(rows[i].name, problems_of(arena, rows[i].input, length),
                   rows[i].want);
    }
}

/* Line breaks that editors do not show are breaks for Kubernetes too; what is in
 * quotes may hold any character; letters that look alike are not the same. */
static void other_characters(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input, *want;
    } rows[] = {
        {"CR alone", "a: 1\rb: 2\r", "[{\"a\":1,\"b\":2}]"},
        {"NEL",
         "a: 1\xC2\x85"
         "b: 2\n",
         "[{\"a\":1,\"b\":2}]"},
        {"LS",
         "a: 1\xE2\x80\xA8"
         "b: 2\n",
         "[{\"a\":1,\"b\":2}]"},
        {"PS",
         "a: 1\xE2\x80\xA9"
         "b: 2\n",
         "[{\"a\":1,\"b\":2}]"},
        {"turned text in quotes", "a: '\xE2\x80\xAEx'\n",
         "[{\"a\":\"\xE2\x80\xAEx\"}]"},
        {"other signs of that block", "a: \xE2\x80\x94 \xE2\x80\xA6\n",
         "[{\"a\":\"\xE2\x80\x94 \xE2\x80\xA6\"}]"},
        {"letters that look alike", "a: 1\n\xD0\xB0: 2\n",
         "[{\"a\":1,\"\xD0\xB0\":2}]"},
        {"accents are not composed", "'e\xCC\x81': 1\n\xC3\xA9: 2\n",
         "[{\"e\xCC\x81\":1,\"\xC3\xA9\":2}]"},
        {"tab between words and before a comment", "a: b\tc\t# d\n",
         "[{\"a\":\"b\\tc\"}]"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CHECK_TEXT(rows[i].name,
                   as_json(arena, from_yaml_bytes(arena, rows[i].input,
                                                  strlen(rows[i].input))),
                   rows[i].want);
    }
}

static void marks(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input, *path;
        struct mark want;
        enum value_style style;
    } rows[] = {
        {"plain", "a: b", "a", {1, 4, 3, 0}, STYLE_PLAIN},
        {"plain integer", "a:   12", "a", {1, 6, 5, 0}, STYLE_PLAIN},
        {"single quotes", "a: 'b'", "a", {1, 4, 3, 0}, STYLE_SINGLE_QUOTED},
        {"double quotes",
         "a:\n  \"b\"",
         "a",
         {2, 3, 5, 0},
         STYLE_DOUBLE_QUOTED},
        {"literal", "a: |-\n  b", "a", {1, 4, 3, 0}, STYLE_LITERAL},
        {"folded", "a: >\n  b", "a", {1, 4, 3, 0}, STYLE_FOLDED},
        {"characters are not bytes",
         "\xC3\xA9\xE2\x82\xAC: b",
         "\xC3\xA9\xE2\x82\xAC",
         {1, 5, 7, 0},
         STYLE_PLAIN},
        {"after other lines",
         "\xC3\xA9: |\n  \xC3\xA9\n\na: b",
         "a",
         {4, 4, 15, 0},
         STYLE_PLAIN},
        {"after CR LF", "x: y\r\na: b", "a", {2, 4, 9, 0}, STYLE_PLAIN},
        {"after a byte order mark",
         "\xEF\xBB\xBF"
         "a: b",
         "a",
         {1, 4, 6, 0},
         STYLE_PLAIN},
        {"anchor", "a: &x b", "a", {1, 7, 6, 0}, STYLE_PLAIN},
        {"anchor and tag",
         "a: &x !!str\n  'b'",
         "a",
         {2, 3, 14, 0},
         STYLE_SINGLE_QUOTED},
        {"tag and comment",
         "a: !!str # c\n  |\n  b",
         "a",
         {2, 3, 15, 0},
         STYLE_LITERAL},
        {"anchor of a map", "a: &x\n  b: c", "a", {2, 3, 8, 0}, STYLE_NONE},
        {"inside it", "a: &x\n  b: c", "a.b", {2, 6, 11, 0}, STYLE_PLAIN},
        {"an alias has the place of its anchor",
         "b: &x c\na: *x",
         "a",
         {1, 7, 6, 0},
         STYLE_PLAIN},
        {"list", "a:\n- b", "a", {2, 1, 3, 0}, STYLE_NONE},
        {"flow map", "a: { b: c }", "a", {1, 4, 3, 0}, STYLE_NONE},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const struct value *value =
            value_path(from_yaml(arena, rows[i].input), rows[i].path);
        CHECK(rows[i].name, value != NULL);
        CHECK(rows[i].name, value->mark.line == rows[i].want.line);
        CHECK(rows[i].name, value->mark.column == rows[i].want.column);
        CHECK(rows[i].name, value->mark.offset == rows[i].want.offset);
        CHECK(rows[i].name, value->style == rows[i].style);
    }
}

static void marks_of_names(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct value *map =
        from_yaml(arena, "first: 1\n\n\"second\": {third: 3}\n");
    const struct member *second = &map->map.members[1];
    const struct member *third = &second->value->map.members[0];
    assert_int_equal(map->map.members[0].mark.line, 1);
    assert_int_equal(second->mark.line, 3);
    assert_int_equal(second->mark.column, 1);
    assert_int_equal(third->mark.line, 3);
    assert_int_equal(third->mark.column, 12);
}

/* What comes out of aliases belongs to the reader of it. */
static void aliases_are_copies(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *map = from_yaml(arena, "a: &x {b: [1]}\nc: *x\n");
    value_append(arena, value_path(map, "c.b"), value_make_int(arena, 2));
    CHECK_TEXT("only the copy", as_json(arena, map),
               "{\"a\":{\"b\":[1]},\"c\":{\"b\":[1,2]}}");
}

static void repeat(struct text *text, const char *prefix, const char *piece,
                   size_t count, const char *suffix)
{
    text_clear(text);
    text_append_string(text, prefix);
    for (size_t i = 0; i < count; i++)
        text_append_string(text, piece);
    text_append_string(text, suffix);
}

/* Reads a text at a limit (want NULL) or beyond it. */
static void check_limit(const struct text *text, const char *want)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    if (want)
        CHECK_TEXT(want, problems_of(arena, text->data, text->length), want);
    else
        from_yaml_bytes(arena, text->data, text->length);
}

static void limits(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text text = {0};
    repeat(&text, "", "- ", VALUE_DEPTH_LIMIT, "x");
    check_limit(&text, NULL);
    repeat(&text, "", "- ", VALUE_DEPTH_LIMIT + 1, "x");
    check_limit(&text, "E102 1:201 too many levels of lists and maps: at most "
                       "100 are read");
    repeat(&text, "", "[", VALUE_DEPTH_LIMIT + 1, "x");
    check_limit(&text, "E102 1:101 too many levels of lists and maps: at most "
                       "100 are read");
    repeat(&text, "", "- 0\n", VALUE_NODES_LIMIT - 1, "");
    check_limit(&text, NULL);
    repeat(&text, "", "- 0\n", VALUE_NODES_LIMIT, "");
    check_limit(&text, "E102 1000000:3 too many values in one file: at most "
                       "1000000 are read");
    repeat(&text, "\"", "k", VALUE_NAME_LIMIT - 2, "\": 1");
    check_limit(&text, NULL);
    repeat(&text, "? ", "k", VALUE_NAME_LIMIT, "\n: 1");
    check_limit(&text, NULL);
    repeat(&text, "? ", "k", VALUE_NAME_LIMIT + 1, "\n: 1");
    check_limit(&text, "E102 1:3 too many bytes in a key: at most 1024 are "
                       "read");
    repeat(&text, "a: ", "0123456789abcdef", VALUE_SCALAR_LIMIT / 16, "");
    check_limit(&text, NULL);
    repeat(&text, "a: ", "0123456789abcdef", VALUE_SCALAR_LIMIT / 16, "x");
    check_limit(&text, "E102 1:4 too many bytes in one text: at most 4194304 "
                       "are read");
    repeat(&text, "", "--- 1\n", VALUE_DOCUMENTS_LIMIT, "");
    check_limit(&text, NULL);
    repeat(&text, "", "--- 1\n", VALUE_DOCUMENTS_LIMIT + 1, "");
    check_limit(&text, "E102 10001:1 too many documents in one file: at most "
                       "10000 are read");
    repeat(&text, "", "#", VALUE_BYTES_LIMIT, "");
    check_limit(&text, NULL);
    repeat(&text, "", "#", VALUE_BYTES_LIMIT + 1, "");
    check_limit(&text, "E102 0:0 too many bytes in one file: at most 16777216 "
                       "are read");
}

static void limits_of_aliases(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text text = {0};
    repeat(&text, "- &x 1\n", "- *x\n", VALUE_ALIAS_LIMIT, "");
    check_limit(&text, NULL);
    repeat(&text, "- &x 1\n", "- *x\n", VALUE_ALIAS_LIMIT + 1, "");
    check_limit(&text, "E102 10002:3 too many values made by aliases: at most "
                       "10000 are read");
    text_clear(&text);
    text_append_string(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 9; i++)
        text_append_format(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d]\n",
                           i, i, i - 1, i - 1, i - 1, i - 1, i - 1);
    check_limit(&text, "E102 6:10 too many values made by aliases: at most "
                       "10000 are read");
    /* 1 MiB named 16 times is within the bytes of a file; 17 times is not. */
    repeat(&text, "- &x ", "0123456789abcdef", 65536, "\n");
    for (int i = 0; i < 16; i++)
        text_append_string(&text, "- *x\n");
    check_limit(&text, NULL);
    text_append_string(&text, "- *x\n");
    check_limit(&text, "E102 18:3 too many bytes made by aliases: at most "
                       "16777216 are read");
    /* Each level names the one before: depth grows without nesting. */
    text_clear(&text);
    text_append_string(&text, "- &a0 x\n");
    for (int i = 1; i < VALUE_DEPTH_LIMIT; i++)
        text_append_format(&text, "- &a%d [*a%d]\n", i, i - 1);
    check_limit(&text, NULL);
    text_append_format(&text, "- &a100 [*a99]\n");
    check_limit(&text, "E102 101:10 too many levels of lists and maps: at "
                       "most 100 are read");
}

/* Quadratic behaviour would take minutes here. */
static void large_files_are_linear(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text text = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (int i = 0; i < 100000; i++)
        text_append_format(&text, "key-%d: {a: [1, 'x']}\n", i);
    assert_int_equal(value_count(value_item(
                         from_yaml_bytes(arena, text.data, text.length), 0)),
                     100000);
    text_clear(&text);
    text_append_character(&text, '{');
    for (int i = 0; i < 100000; i++) /* all on one line */
        text_append_format(&text, "\"key-%d\": \xC3\xA9, ", i);
    text_append_character(&text, '}');
    assert_int_equal(value_count(value_item(
                         from_yaml_bytes(arena, text.data, text.length), 0)),
                     100000);
}

/* Long and short lines, with characters of one to four bytes, in front of a
 * value: its place is counted in characters, as editors count. */
static void places_in_long_texts(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "\xC3\xA9", "\xE2\x9C\x93",
                                         "\xF0\x9F\x98\x80"};
    enum { LINES = 400 };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text text = {0};
    uint32_t columns[LINES], offsets[LINES];
    for (uint32_t i = 0; i < LINES; i++) {
        uint32_t characters = i * 7 % 61;
        text_append_string(&text, "- ['");
        for (uint32_t j = 0; j < characters; j++)
            text_append_string(&text, pieces[i % 3 ? 0 : (i / 3 + j) % 4]);
        text_append_string(&text, "', x]\n");
        columns[i] = 5 + characters + 3;
        offsets[i] = (uint32_t)text.length - 3;
    }
    struct diagnostics list = diagnostics_make(arena, "x.yaml");
    const struct value *documents =
        value_read_yaml(arena, text_string(&text), text.length, &list);
    for (uint32_t i = 0; i < LINES; i++) {
        const struct value *line = value_item(value_item(documents, 0), i);
        const struct value *item = value_item(line, 1);
        assert_non_null(item);
        assert_int_equal(item->mark.line, i + 1);
        assert_int_equal(item->mark.column, columns[i]);
        assert_int_equal(item->mark.offset, offsets[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_in_long_texts),
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses),
        cmocka_unit_test(deceits),
        cmocka_unit_test(other_characters),
        cmocka_unit_test(marks),
        cmocka_unit_test(marks_of_names),
        cmocka_unit_test(aliases_are_copies),
        cmocka_unit_test(limits),
        cmocka_unit_test(limits_of_aliases),
        cmocka_unit_test(large_files_are_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
