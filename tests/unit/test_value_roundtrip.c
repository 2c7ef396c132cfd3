/* What is written reads back as the same value: random trees, JSON and YAML. */
#include <math.h>

#include "engine/value/limits.h"
#include "tests/unit/value_fixture.h"

enum { TREES = 3000, STRINGS = 20000 };

struct generator {
    struct arena *arena;
    uint64_t seed; /* xorshift64: the same trees in every run */
};

static size_t pick(struct generator *generator, size_t count)
{
    generator->seed ^= generator->seed << 13;
    generator->seed ^= generator->seed >> 7;
    generator->seed ^= generator->seed << 17;
    return (size_t)(generator->seed >> 16) % count;
}

/* Pieces that mean something to a YAML reader somewhere. */
static const char *const pieces[] = {
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "a",
    "word",
    "- ",
    "-",
    ": ",
    ":",
    "#",
    " #",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&",
    "*",
    "!",
    "|",
    ">",
    "'",
    "\"",
    "%",
    "@",
    "`",
    "\\",
    "?",
    "? ",
    "~",
    "=",
    "<<",
    "---",
    "...",
    "yes",
    "No",
    "on",
    "off",
    "y",
    "null",
    "true",
    "0",
    "1",
    "0x1F",
    "0o7",
    "0b1",
    "12",
    "1e3",
    "1.5",
    ".inf",
    ".nan",
    "12:30:45",
    "2001-01-01",
    "_",
    "+",
    ".",
    "{{ config.host }}",
    "\r",
    "\r\n",
    "\x01",
    "\x1b[0m",
    "\x7f",
    "\xC2\x85",
    "\xC2\xA0",
    "\xE2\x80\xA8",
    "\xE2\x80\xA9",
    "\xEF\xBB\xBF",
    "\xEF\xBF\xBE",
    "\xF0\x9F\x98\x80",
    "\xC3\xA9",
    "\xE2\x80\xAE",
    "/",
    "$x",
};

static struct value *random_string(struct generator *generator)
{
    CLEANUP(text_free) struct text text = {0};
    size_t count = pick(generator, 7);
    for (size_t i = 0; i < count; i++)
        text_append_string(&text, pieces[pick(generator, COUNT_OF(pieces))]);
    if (pick(generator, 20) == 0)
        text_append(&text, "\0", 1);
    return value_make_bytes(generator->arena, text_string(&text), text.length);
}

static struct value *random_number(struct generator *generator)
{
    static const double floats[] = {0.0,  -0.0,  1.5,          1e-7,   1e21,
                                    1e20, 2.0,   -1e300,       5e-324, 0.1,
                                    1e6,  9e-10, 123456789.125};
    static const int64_t ints[] = {0, 1, -1, 42, INT64_MAX, INT64_MIN, 1000000};
    if (pick(generator, 2) == 0)
        return value_make_float(generator->arena,
                                floats[pick(generator, COUNT_OF(floats))]);
    return value_make_int(generator->arena,
                          ints[pick(generator, COUNT_OF(ints))]);
}

static struct value *random_value(struct generator *generator, size_t depth)
{
    struct arena *arena = generator->arena;
    size_t count = pick(generator, 5);
    struct value *value = NULL;
    switch (pick(generator, depth > 0 ? 8 : 5)) {
    case 0:
        return value_make_null(arena);
    case 1:
        return value_make_bool(arena, pick(generator, 2) == 0);
    case 2:
        return random_number(generator);
    case 3:
    case 4:
        return random_string(generator);
    case 5:
    case 6:
        value = value_make_map(arena);
        for (size_t i = 0; i < count; i++) {
            const struct value *name = random_string(generator);
            value_set_bytes(arena, value, name->string.bytes,
                            name->string.length,
                            random_value(generator, depth - 1));
        }
        return value;
    default:
        value = value_make_list(arena);
        for (size_t i = 0; i < count; i++)
            value_append(arena, value, random_value(generator, depth - 1));
        return value;
    }
}

static void check_json(struct arena *arena, const struct value *value)
{
    static const unsigned flags[] = {JSON_COMPACT, JSON_INDENT, JSON_SORT,
                                     JSON_INDENT | JSON_SORT | JSON_HTML_SAFE};
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        CLEANUP(text_free) struct text text = {0};
        struct error error = {0};
        value_write_json(&text, value, flags[i]);
        struct value *again =
            value_read_json(arena, text.data, text.length, &error);
        if (!value_equal(value, again))
            fail_msg("%s\n%s", text_string(&text), error.text);
    }
}

static void check_yaml(struct arena *arena, const struct value *value)
{
    CLEANUP(text_free) struct text text = {0};
    value_write_yaml(&text, value);
    struct value *documents = from_yaml_bytes(arena, text.data, text.length);
    if (value_count(documents) != 1 ||
        !value_equal(value, value_item(documents, 0)))
        fail_msg("%s\nis read as %s\nnot as  %s", text_string(&text),
                 as_json(arena, documents), as_json(arena, value));
}

static void trees(void **state)
{
    (void)state;
    struct generator generator = {.seed = 0xA55A5};
    for (int i = 0; i < TREES; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        generator.arena = arena;
        const struct value *value = random_value(&generator, 4);
        check_json(arena, value);
        check_yaml(arena, value);
        assert_true(value_equal(value, value_copy(arena, value)));
    }
}

/* Strings as the root, as a value, as an item and as a key. */
static void strings(void **state)
{
    (void)state;
    struct generator generator = {.seed = 0xBEEF};
    for (int i = 0; i < STRINGS; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        generator.arena = arena;
        struct value *string = random_string(&generator);
        struct value *map = value_make_map(arena);
        struct value *list = value_make_list(arena);
        value_append(arena, list, string);
        value_append(arena, list, list->list.items[0]);
        value_set_bytes(arena, map, string->string.bytes, string->string.length,
                        string);
        value_set(arena, map, "list", list);
        value_set(arena, map, "last", string);
        check_yaml(arena, string);
        check_yaml(arena, map);
        check_json(arena, map);
    }
}

static void special_floats(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *list = value_make_list(arena);
    value_append(arena, list, value_make_float(arena, (double)NAN));
    value_append(arena, list, value_make_float(arena, (double)INFINITY));
    value_append(arena, list, value_make_float(arena, -(double)INFINITY));
    value_append(arena, list, value_make_float(arena, -0.0));
    check_yaml(arena, list);
    struct value *again = value_item(from_yaml_bytes(arena, "- -0.0\n", 7), 0);
    assert_true(signbit(value_item(again, 0)->number));
}

static void deepest_tree(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *value = value_make_int(arena, 1);
    for (int i = 0; i < VALUE_DEPTH_LIMIT; i++) {
        struct value *outer =
            i % 3 == 0 ? value_make_map(arena) : value_make_list(arena);
        if (outer->kind == VALUE_MAP)
            value_set(arena, outer, "k", value);
        else
            value_append(arena, outer, value);
        value = outer;
    }
    check_json(arena, value);
    check_yaml(arena, value);
}

static void longest_key(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t length = 990; length <= VALUE_NAME_LIMIT; length += 1) {
        struct value *map = value_make_map(arena);
        char name[VALUE_NAME_LIMIT];
        memset(name, length % 2 == 0 ? '\x01' : 'k', sizeof name);
        value_set_bytes(arena, map, name, length, value_make_list(arena));
        value_append(arena, map->map.members[0].value,
                     map->map.members[0].value ? value_make_int(arena, 1)
                                               : NULL);
        value_set(arena, map, "next", value_make_int(arena, 2));
        check_yaml(arena, map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees),          cmocka_unit_test(strings),
        cmocka_unit_test(special_floats), cmocka_unit_test(deepest_tree),
        cmocka_unit_test(longest_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
