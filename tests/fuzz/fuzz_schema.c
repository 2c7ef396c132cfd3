/* A YAML stream, each document of it against the schema of a workflow and of a
 * template, whatever its kind says. */
#include "engine/base/arena.h"
#include "engine/schema/schema.h"
#include "engine/value/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"TestWorkflow", "TestWorkflowTemplate"};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct diagnostics list = diagnostics_make(arena, "fuzz.yaml");
    const char *text = arena_copy(arena, (const char *)data, size);
    const struct value *documents = value_read_yaml(arena, text, size, &list);
    for (size_t i = 0; i < 2 * value_count(documents); i++)
        schema_check(schema_of_kind(kinds[i % 2]), value_item(documents, i / 2),
                     &list);
    return 0;
}
