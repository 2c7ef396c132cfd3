#pragma once
/* Values as text, for tables. */
#include "engine/base/arena.h"
#include "engine/base/diagnostics.h"
#include "engine/value/value.h"
#include "tests/unit/case.h"

/* The value as compact JSON, in the arena. */
static inline char *as_json(struct arena *arena, const struct value *value)
{
    CLEANUP(text_free) struct text text = {0};
    if (!value)
        return arena_string(arena, "NULL");
    value_write_json(&text, value, JSON_COMPACT);
    return arena_copy(arena, text_string(&text), text.length);
}

/* The value as YAML, in the arena. */
static inline char *as_yaml(struct arena *arena, const struct value *value)
{
    CLEANUP(text_free) struct text text = {0};
    value_write_yaml(&text, value);
    return arena_copy(arena, text_string(&text), text.length);
}

static inline struct value *from_json(struct arena *arena, const char *json)
{
    struct error error = {0};
    struct value *value = value_read_json(arena, json, strlen(json), &error);
    if (!value)
        fail_msg("%s: %s", json, error.text);
    return value;
}

/* All problems, one a line: "code line:column text". */
static inline char *as_problems(struct arena *arena,
                                const struct diagnostics *list)
{
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; i < list->count; i++)
        text_append_format(&text, "%s%s %u:%u %s", i > 0 ? "\n" : "",
                           list->items[i].code, list->items[i].mark.line,
                           list->items[i].mark.column, list->items[i].text);
    return arena_copy(arena, text_string(&text), text.length);
}

/* The documents of a stream; fails the test when it has a problem. */
static inline struct value *from_yaml_bytes(struct arena *arena,
                                            const char *yaml, size_t length)
{
    struct diagnostics list = diagnostics_make(arena, "test.yaml");
    struct value *documents = value_read_yaml(arena, yaml, length, &list);
    if (!documents || list.count > 0)
        fail_msg("%.*s:\n%s", (int)length, yaml, as_problems(arena, &list));
    return documents;
}

/* The only document of a stream. */
static inline struct value *from_yaml(struct arena *arena, const char *yaml)
{
    struct value *documents = from_yaml_bytes(arena, yaml, strlen(yaml));
    assert_int_equal(value_count(documents), 1);
    return value_item(documents, 0);
}

/* What is wrong with a stream that must not be read. */
static inline char *problems_of(struct arena *arena, const char *yaml,
                                size_t length)
{
    struct diagnostics list = diagnostics_make(arena, "test.yaml");
    if (value_read_yaml(arena, yaml, length, &list))
        fail_msg("read, but should not be:\n%.200s", yaml);
    return as_problems(arena, &list);
}
