/* value.h: making, reading, comparing and copying trees. */
#include "engine/value/value.h"
#include "tests/unit/value_fixture.h"

static void appends(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *list = value_make_list(arena);
    for (int64_t i = 0; i < 10000; i++)
        value_append(arena, list, value_make_int(arena, i));
    assert_int_equal(value_count(list), 10000);
    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(value_int_or(value_item(list, i), -1), i);
    assert_null(value_item(list, 10000));
}

static void sets_and_replaces(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *map = value_make_map(arena);
    value_set(arena, map, "b", value_make_int(arena, 1));
    value_set_string(arena, map, "a", "x");
    value_set_string(arena, map, "left out", NULL);
    value_set(arena, map, "b", value_make_bool(arena, true));
    value_set_bytes(arena, map, "a\0b", 3, value_make_null(arena));
    CHECK_TEXT("order of addition, last value", as_json(arena, map),
               "{\"b\":true,\"a\":\"x\",\"a\\u0000b\":null}");
    assert_true(value_is(value_get_bytes(map, "a\0b", 3), VALUE_NULL));
    assert_null(value_get(map, "c"));
}

/* The hash index begins at 16 members; names on both sides of it are found. */
static void finds_in_maps_of_any_size(void **state)
{
    (void)state;
    for (int count = 1; count < 70; count++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct value *map = value_make_map(arena);
        for (int i = 0; i < count; i++)
            value_set(arena, map, arena_format(arena, "name-%d", i),
                      value_make_int(arena, i));
        for (int i = 0; i < count; i++)
            assert_int_equal(
                value_int_or(value_get(map, arena_format(arena, "name-%d", i)),
                             -1),
                i);
        assert_null(value_get(map, "name-"));
        assert_null(value_get(map, arena_format(arena, "name-%d", count)));
        value_set(arena, map, "name-0", value_make_int(arena, 77));
        assert_int_equal(value_count(map), count);
        assert_int_equal(map->map.members[0].value->integer, 77);
    }
}

/* Quadratic behaviour would take minutes here. */
static void large_maps_are_linear(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *map = value_make_map(arena);
    char name[32];
    for (int i = 0; i < 200000; i++) {
        snprintf(name, sizeof name, "%d", i * 7919);
        value_set(arena, map, name, value_make_int(arena, i));
    }
    assert_int_equal(value_count(map), 200000);
    assert_int_equal(value_int_or(value_get(map, "7919"), 0), 1);
    assert_null(value_get(map, "7920"));
}

static void paths(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *map =
        from_json(arena, "{\"a\":{\"b\":{\"c\":5}},\"s\":\"x\",\"\":{\"\":9}}");
    static const struct {
        const char *path, *want;
    } rows[] = {
        {"a", "{\"b\":{\"c\":5}}"},
        {"a.b", "{\"c\":5}"},
        {"a.b.c", "5"},
        {"a.x.c", "NULL"},
        {"a.b.c.d", "NULL"},
        {"s.x", "NULL"},
        {"a.", "NULL"},
        {".", "9"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK_TEXT(rows[i].path, as_json(arena, value_path(map, rows[i].path)),
                   rows[i].want);
}

static void readers_allow_anything(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct value *others[] = {NULL, value_make_null(arena),
                                    value_make_float(arena, 2.5)};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        assert_null(value_get(others[i], "a"));
        assert_null(value_path(others[i], "a.b"));
        assert_null(value_item(others[i], 0));
        assert_null(value_string(others[i]));
        assert_null(value_string_at(others[i], "a"));
        assert_int_equal(value_count(others[i]), 0);
        assert_int_equal(value_int_or(others[i], 7), 7);
        assert_true(value_bool_or(others[i], true));
        assert_false(value_is(others[i], VALUE_MAP));
    }
    assert_false(value_bool_or(value_make_bool(arena, false), true));
    assert_int_equal(value_int_or(value_make_int(arena, 3), 7), 3);
}

static void compares(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    static const struct {
        const char *a, *b;
        bool want;
    } rows[] = {
        {"null", "null", true},
        {"null", "false", false},
        {"true", "true", true},
        {"true", "false", false},
        {"1", "1", true},
        {"1", "1.0", true},
        {"1.0", "1", true},
        {"1", "1.5", false},
        {"0", "-0", true},
        {"9007199254740993", "9007199254740992.0", false},
        {"9223372036854775807", "9223372036854775808", false},
        {"-9223372036854775808", "-9223372036854775808.0", true},
        {"1", "\"1\"", false},
        {"\"a\"", "\"a\"", true},
        {"\"a\"", "\"ab\"", false},
        {"\"a\\u0000b\"", "\"a\\u0000c\"", false},
        {"[]", "{}", false},
        {"[1,2]", "[1,2]", true},
        {"[1,2]", "[2,1]", false},
        {"[1,2]", "[1,2,3]", false},
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true},
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
        {"{\"a\":1,\"b\":2}", "{\"a\":1}", false},
        {"{\"a\":[{\"b\":1}]}", "{\"a\":[{\"b\":2}]}", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct value *a = from_json(arena, rows[i].a);
        const struct value *b = from_json(arena, rows[i].b);
        const char *row = arena_format(arena, "%s = %s", rows[i].a, rows[i].b);
        CHECK(row, value_equal(a, b) == rows[i].want);
        CHECK(row, value_equal(b, a) == rows[i].want);
    }
    assert_true(value_equal(NULL, NULL));
    assert_false(value_equal(NULL, value_make_null(arena)));
}

static void copies(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *source = arena_new();
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *json = "{\"a\":[1,2.5,\"x\",null,true,{}],\n \"b\":{\"c\":[]}}";
    struct value *original = from_json(source, json);
    struct value *copy = value_copy(arena, original);
    assert_true(value_equal(copy, original));
    arena_free(TAKE(source));
    CHECK_TEXT("outlives its source", as_json(arena, copy),
               "{\"a\":[1,2.5,\"x\",null,true,{}],\"b\":{\"c\":[]}}");
    assert_int_equal(copy->map.members[1].mark.line, 2);
    assert_int_equal(copy->map.members[1].mark.column, 2);
    assert_int_equal(value_get(copy, "b")->mark.column, 6);
    value_append(arena, value_get(copy, "a"), value_make_int(arena, 9));
    assert_int_equal(value_count(value_get(copy, "a")), 7);
    assert_null(value_copy(arena, NULL));
}

static void scalars_as_text(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    static const struct {
        const char *json, *want;
    } rows[] = {
        {"null", ""},   {"true", "true"}, {"false", "false"}, {"-12", "-12"},
        {"1.5", "1.5"}, {"2.0", "2"},     {"\"a b\"", "a b"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK_TEXT(rows[i].json,
                   value_scalar_text(arena, from_json(arena, rows[i].json)),
                   rows[i].want);
    assert_null(value_scalar_text(arena, value_make_list(arena)));
    assert_null(value_scalar_text(arena, value_make_map(arena)));
    assert_null(value_scalar_text(arena, NULL));
}

static void names_of_kinds(void **state)
{
    (void)state;
    static const char *const names[] = {
        "null", "boolean", "integer", "number", "string", "list", "map"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        CHECK_TEXT(names[i], value_kind_name((enum value_kind)i), names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends),
        cmocka_unit_test(sets_and_replaces),
        cmocka_unit_test(finds_in_maps_of_any_size),
        cmocka_unit_test(large_maps_are_linear),
        cmocka_unit_test(paths),
        cmocka_unit_test(readers_allow_anything),
        cmocka_unit_test(compares),
        cmocka_unit_test(copies),
        cmocka_unit_test(scalars_as_text),
        cmocka_unit_test(names_of_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
