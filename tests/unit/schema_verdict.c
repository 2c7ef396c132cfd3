/*
 * Reads YAML files and writes a line of JSON for each document of a kind that
 * has a schema: {"kind", "file", "valid", "document"}. A test gives the lines to
 * another implementation of JSON Schema and compares.
 */
#include <stdio.h>

#include "engine/base/file.h"
#include "engine/schema/schema.h"
#include "engine/value/value.h"

static void judge(struct arena *arena, const char *file, struct value *document)
{
    const char *kind = value_string_at(document, "kind");
    const struct schema *schema = kind ? schema_of_kind(kind) : NULL;
    if (!schema)
        return;
    CLEANUP(text_free) struct text line = {0};
    struct diagnostics found = diagnostics_make(arena, file);
    schema_check(schema, document, &found);
    struct value *verdict = value_make_map(arena);
    value_set_string(arena, verdict, "kind", kind);
    value_set_string(arena, verdict, "file", file);
    value_set(arena, verdict, "valid",
              value_make_bool(arena, found.errors == 0));
    value_set(arena, verdict, "document", document);
    value_write_json(&line, verdict, 0);
    printf("%s\n", text_string(&line));
}

int main(int count, char **files)
{
    for (int i = 1; i < count; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct diagnostics found = diagnostics_make(arena, files[i]);
        size_t length;
        char *text = file_read(arena, files[i], 1 << 24, &length, &error);
        if (!text) {
            fprintf(stderr, "%s\n", error.text);
            return 1;
        }
        struct value *documents = value_read_yaml(arena, text, length, &found);
        for (size_t j = 0; j < value_count(documents); j++)
            judge(arena, files[i], value_item(documents, j));
    }
    return 0;
}
