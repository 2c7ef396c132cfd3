/*
 * What editors need of the schema files: a title and a description for each field,
 * and references that yaml-language-server resolves: it puts what a reference names
 * into the place of the reference, so that a local one beside a reference to another
 * file would be looked for in that file.
 */
#include "engine/base/file.h"
#include "tests/unit/case.h"
#include "tests/unit/value_fixture.h"

static const char *const names[] = {
    "catalogindex",
    "config",
    "kubernetes",
    "lock",
    "marketplaces",
    "testworkflow",
    "testworkflowexecution",
    "testworkflowtemplate",
};

enum { FILES = sizeof names / sizeof *names, REFERENCES_MOST = 10 };

struct files {
    struct arena *arena;
    const char *names[FILES];
    struct value *roots[FILES];
    size_t fields;
};

static struct files read_files(struct arena *arena)
{
    struct files files = {.arena = arena};
    for (size_t i = 0; i < FILES; i++) {
        struct error error = {0};
        size_t length;
        files.names[i] = arena_format(arena, "%s.schema.json", names[i]);
        char *path =
            arena_format(arena, "%s/schemas/%s", SOURCE_FOLDER, files.names[i]);
        char *text = file_read(arena, path, 1 << 20, &length, &error);
        files.roots[i] = text ? from_json(arena, text) : NULL;
        if (!files.roots[i])
            fail_msg("%s: %s", path, error.text);
    }
    return files;
}

/* What "FILE#/a/b" in the file *at names; *at becomes its file. */
static const struct value *follow(const struct files *files,
                                  const char *reference, size_t *at)
{
    size_t length = strcspn(reference, "#");
    for (size_t i = 0; length > 0 && i < FILES; i++)
        if (strlen(files->names[i]) == length &&
            strncmp(files->names[i], reference, length) == 0)
            *at = i;
    const struct value *found = files->roots[*at];
    const char *part = reference + length + 1;
    while (*part == '/') {
        size_t size = strcspn(++part, "/");
        found = value_get_bytes(found, part, size);
        part += size;
    }
    CHECK(reference, found != NULL);
    return found;
}

/* Whether the schema, or what it refers to, says it. */
static bool says(const struct files *files, size_t at,
                 const struct value *schema, const char *what)
{
    for (int i = 0; i < REFERENCES_MOST; i++) {
        const char *reference = value_string_at(schema, "$ref");
        const char *text = value_string_at(schema, what);
        if (text || !reference)
            return text && *text;
        schema = follow(files, reference, &at);
    }
    return false;
}

static void check_fields(struct files *files, size_t at,
                         const struct value *fields)
{
    for (size_t i = 0; value_is(fields, VALUE_MAP) && i < fields->map.count;
         i++) {
        const struct member *field = &fields->map.members[i];
        if (!value_is(field->value, VALUE_MAP))
            continue; /* false: none of this name */
        files->fields++;
        if (!says(files, at, field->value, "title") ||
            !says(files, at, field->value, "description"))
            fail_msg("%s:%u: the field '%s' has no title or no description",
                     files->names[at], field->mark.line, field->name);
    }
}

/* Fails at a local reference, below a schema that refers to another file. */
static void check_near(const struct files *files, size_t at,
                       const struct value *value)
{
    for (size_t i = 0; i < value_count(value); i++) {
        bool map = value->kind == VALUE_MAP;
        const struct value *inner =
            map ? value->map.members[i].value : value->list.items[i];
        const char *text = value_string(inner);
        if (map && text && text[0] == '#' &&
            strcmp(value->map.members[i].name, "$ref") == 0)
            fail_msg("%s: '%s' stands beside a reference to another file: "
                     "write '%s%s'",
                     files->names[at], text, files->names[at], text);
        check_near(files, at, inner);
    }
}

static void walk(struct files *files, size_t at, const struct value *value)
{
    const char *reference = value_string_at(value, "$ref");
    if (reference && reference[0] != '#')
        check_near(files, at, value);
    check_fields(files, at, value_get(value, "properties"));
    for (size_t i = 0; i < value_count(value); i++)
        walk(files, at,
             value->kind == VALUE_MAP ? value->map.members[i].value
                                      : value->list.items[i]);
}

static void test_files(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct files files = read_files(arena);
    for (size_t i = 0; i < FILES; i++)
        walk(&files, i, files.roots[i]);
    assert_true(files.fields > 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
