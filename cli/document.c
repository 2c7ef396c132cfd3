#include "cli/document.h"

#include <string.h>

#include "engine/base/file.h"
#include "engine/value/limits.h"

int document_read(struct arena *arena, const char *file,
                  struct document *document, struct diagnostics *diagnostics,
                  struct error *error)
{
    *document = (struct document){.file = file};
    document->source =
        file_read(arena, file, VALUE_BYTES_LIMIT, &document->length, error);
    if (!document->source)
        return -1;
    document->documents =
        value_read_yaml(arena, document->source, document->length, diagnostics);
    return 0;
}

static bool is_workflow(const struct value *document)
{
    const char *kind = value_string_at(document, "kind");
    return kind && strcmp(kind, "TestWorkflow") == 0;
}

const struct value *document_choose(const struct document *document,
                                    const char *name, struct error *error)
{
    const struct value *chosen = NULL;
    size_t count = value_count(document->documents);
    size_t found = 0;
    CLEANUP(text_free) struct text names = {0};
    for (size_t i = 0; i < count; i++) {
        const struct value *item = value_item(document->documents, i);
        const char *own = value_string(value_path(item, "metadata.name"));
        if (!is_workflow(item))
            continue;
        text_append_format(&names, "%s%s", names.length ? ", " : "",
                           own ? own : "(no name)");
        if (name && (!own || strcmp(name, own) != 0))
            continue;
        chosen = item;
        found++;
    }
    if (found == 1)
        return chosen;
    if (count == 1 && !name) /* let the checks say what is wrong with it */
        return value_item(document->documents, 0);
    error_set(error, ERROR_INPUT,
              found > 1 ? "several workflows, choose one with --workflow: %s"
              : names.length
                  ? "no workflow of that name in the file, which has: %s"
                  : "no TestWorkflow in the file%s",
              text_string(&names));
    error_place(error, document->file, (struct mark){0});
    return NULL;
}
