/* A file with workflows: checks, lints and comments that switch them off. */
#include <stdint.h>

#include "engine/workflow/workflow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *text = arena_copy(arena, (const char *)data, size);
    struct diagnostics found = diagnostics_make(arena, "workflows/fuzz.yaml");
    const struct value *documents = value_read_yaml(arena, text, size, &found);
    const struct workflow_lint_options options = {.marketplace = size % 2 == 0};
    for (size_t i = 0; i < value_count(documents); i++) {
        const struct value *document = value_item(documents, i);
        workflow_check(arena, document, text, size, &found);
        workflow_lint(document, text, size, &options, &found);
    }
    workflow_ignore(text, size, &found);
    diagnostics_sort(&found);
    return 0;
}
