/* Schemas that are refused, with their messages, and the limits of compiling. */
#include "engine/schema/limits.h"
#include "tests/unit/case.h"
#include "tests/unit/schema_fixture.h"

static const struct {
    const char *schema, *want;
} refused[] = {
    {"5", "1:1 expected a schema (an object, true or false), found integer"},
    {"{\"typ\": \"string\"}", "1:2 schema keyword 'typ' is not supported"},
    {"{\"$anchor\": \"x\"}", "1:2 schema keyword '$anchor' is not supported"},
    {"{\"$defs\": {\"unused\": {\"contains\": true}}}",
     "1:23 schema keyword 'contains' is not supported"},
    {"{\"$defs\": []}",
     "1:11 schema keyword '$defs': expected an object of schemas"},
    {"{\"type\": \"text\"}",
     "1:10 schema keyword 'type': expected one or more of null, boolean, "
     "integer, number, string, array, object"},
    {"{\"type\": []}",
     "1:10 schema keyword 'type': expected one or more of null, boolean, "
     "integer, number, string, array, object"},
    {"{\"type\": [\"string\", 1]}",
     "1:10 schema keyword 'type': expected one or more of null, boolean, "
     "integer, number, string, array, object"},
    {"{\"title\": 1}", "1:11 schema keyword 'title': expected a string"},
    {"{\"required\": \"a\"}",
     "1:14 schema keyword 'required': expected a list of names"},
    {"{\"required\": [1]}",
     "1:14 schema keyword 'required': expected a list of names"},
    {"{\"enum\": []}", "1:10 schema keyword 'enum': expected a list of values"},
    {"{\"minLength\": -1}",
     "1:15 schema keyword 'minLength': expected an integer from 0"},
    {"{\"maxItems\": \"1\"}",
     "1:14 schema keyword 'maxItems': expected an integer from 0"},
    {"{\"minimum\": \"1\"}",
     "1:13 schema keyword 'minimum': expected a number"},
    {"{\"multipleOf\": 0}",
     "1:16 schema keyword 'multipleOf': expected a number greater than 0"},
    {"{\"uniqueItems\": 1}",
     "1:17 schema keyword 'uniqueItems': expected true or false"},
    {"{\"pattern\": \"(\"}",
     "1:13 schema keyword 'pattern': a group has no ')'"},
    {"{\"pattern\": 1}", "1:13 schema keyword 'pattern': expected a string"},
    {"{\"patternProperties\": {\"[\": true}}", "1:23 a class has no ']'"},
    {"{\"format\": \"date\"}",
     "1:12 schema keyword 'format': expected go-duration, cron, quantity or "
     "expression"},
    {"{\"items\": []}",
     "1:11 expected a schema (an object, true or false), found list"},
    {"{\"anyOf\": []}",
     "1:11 schema keyword 'anyOf': expected a list of schemas"},
    {"{\"anyOf\": {}}",
     "1:11 schema keyword 'anyOf': expected a list of schemas"},
    {"{\"allOf\": [1]}",
     "1:12 expected a schema (an object, true or false), found integer"},
    {"{\"properties\": []}",
     "1:16 schema keyword 'properties': expected an object of schemas"},
    {"{\"$ref\": 1}", "1:10 schema keyword '$ref': expected a string"},
    {"{\"$ref\": \"#/$defs/x\"}",
     "1:10 schema keyword '$ref': there is no '#/$defs/x'"},
    {"{\"$ref\": \"other.json#/x\"}",
     "1:10 schema keyword '$ref': there is no 'other.json#/x'"},
    {"{\"$ref\": \"#x\"}", "1:10 schema keyword '$ref': there is no '#x'"},
    {"{\"$ref\": \"#\"}", "1:1 the schema refers to itself in a circle"},
    {"{\"anyOf\": [true, {\"allOf\": [{\"$ref\": \"#\"}]}]}",
     "1:1 the schema refers to itself in a circle"},
    {"{\"if\": {\"not\": {\"$ref\": \"#/if\"}}}",
     "1:8 the schema refers to itself in a circle"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const char *text = refused[i].schema;
        struct error error = {0};
        struct value *document = read_json_text(arena, text);
        CHECK(text, document != NULL);
        CHECK(text, !schema_compile(arena, document, &error));
        CHECK(text, error.kind == ERROR_INPUT);
        CHECK_TEXT(text,
                   arena_format(arena, "%u:%u %s", error.place.mark.line,
                                error.place.mark.column, error.text),
                   refused[i].want);
    }
}

static const char *const accepted[] = {
    "true",
    "false",
    "{}",
    "{\"properties\": {\"a\": {\"$ref\": \"#\"}}}",
    "{\"items\": {\"items\": {\"$ref\": \"#/items\"}}}",
    "{\"$ref\": \"#/$defs/a~1b/properties/~0\", \"$defs\": {\"a/b\": "
    "{\"properties\": {\"~\": true}}}}",
    "{\"$schema\": \"x\", \"$comment\": \"x\", \"title\": \"x\", "
    "\"description\": \"x\", \"default\": 1, \"examples\": [1], "
    "\"deprecated\": true}",
};

static void test_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(accepted); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct value *document = read_json_text(arena, accepted[i]);
        if (!schema_compile(arena, document, &error))
            fail_msg("%s: %s", accepted[i], error.text);
    }
}

/* {"items": {}, "prefixItems": [{}, ...]} with `count` schemas in all. */
static bool compiles_nodes(size_t count)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *root = value_make_map(arena);
    struct value *list = value_make_list(arena);
    struct error error = {0};
    for (size_t i = 1; i < count; i++)
        value_append(arena, list, value_make_map(arena));
    value_set(arena, root, "prefixItems", list);
    return schema_compile(arena, root, &error);
}

/* `count` schemas that apply to the same value. */
static bool compiles_chain(size_t count)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *inner = value_make_map(arena);
    struct error error = {0};
    for (size_t i = 1; i < count; i++) {
        struct value *outer = value_make_map(arena);
        value_set(arena, outer, "not", inner);
        inner = outer;
    }
    return schema_compile(arena, inner, &error);
}

/* The same, but the far end is measured first. */
static bool compiles_backward_chain(size_t count)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *root = value_make_map(arena);
    struct value *parts = value_make_map(arena);
    struct error error = {0};
    value_set(arena, root, "$defs", parts);
    value_set(arena, parts, "0", value_make_map(arena));
    for (size_t i = 1; i < count; i++) {
        struct value *part = value_make_map(arena);
        value_set_string(arena, part, "$ref",
                         arena_format(arena, "#/$defs/%zu", i - 1));
        value_set(arena, parts, arena_format(arena, "%zu", i), part);
    }
    return schema_compile(arena, root, &error);
}

static void test_limits(void **state)
{
    (void)state;
    CHECK("nodes", compiles_nodes(SCHEMA_NODES_LIMIT));
    CHECK("nodes", !compiles_nodes(SCHEMA_NODES_LIMIT + 1));
    CHECK("chain", compiles_chain(SCHEMA_CHAIN_LIMIT));
    CHECK("chain", !compiles_chain(SCHEMA_CHAIN_LIMIT + 1));
    CHECK("chain", compiles_backward_chain(SCHEMA_CHAIN_LIMIT));
    CHECK("chain", !compiles_backward_chain(SCHEMA_CHAIN_LIMIT + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
