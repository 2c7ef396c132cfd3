#include "cli/document.h"

#include <string.h>
#include <unistd.h>

#include "cli/market.h"
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

/* Whether `name` means a workflow of a marketplace. 1, 0, or -1: it could be a
 * file as well, and a wrong guess would run what was not meant. */
static int is_reference(struct arena *arena, const char *name,
                        const struct marketplace_places *places,
                        struct error *error)
{
    if (!marketplace_is_reference(name))
        return 0;
    if (strchr(name, '@') || access(name, F_OK) < 0)
        return 1;
    const char *market = marketplace_of(arena, places, name);
    if (!market)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "'%.200s' is a file here and a workflow of marketplace "
                     "'%s': write './%.200s' for the file, or move it away",
                     name, market, name);
}

static int read_reference(struct arena *arena, const char *name,
                          const struct marketplace_places *places,
                          const struct document_choice *choice,
                          struct document *document, struct error *error)
{
    struct marketplace_source source;
    const struct marketplace_lookup lookup = {
        .lock = choice && choice->lock ? choice->lock : market_lock_file,
        .locked = choice && choice->locked,
    };
    if (marketplace_resolve(arena, places, name, &lookup, &source, error) < 0)
        return -1;
    *document = (struct document){
        .file = arena_format(arena, "%s/%s", source.market->name,
                             source.entry->name),
        .source = source.bytes,
        .length = source.length,
        .workflow = source.entry->name,
        .origin = market_origin(arena, &source),
    };
    return 0;
}

int document_open(struct arena *arena, const char *name,
                  const struct document_choice *choice,
                  struct document *document, struct diagnostics *diagnostics,
                  struct error *error)
{
    struct marketplace_places places = {0};
    bool locked = choice && choice->locked;
    int reference = 1;
    *document = (struct document){.file = name};
    if (!marketplace_is_reference(name)) {
        if (!locked)
            return document_read(arena, name, document, diagnostics, error);
        return error_set(error, ERROR_TRUST,
                         "not-locked: '%.200s' is a file, and --locked takes "
                         "workflows of marketplaces only",
                         name);
    }
    if (market_places(arena, &places, error) < 0)
        return -1;
    if (!locked)
        reference = is_reference(arena, name, &places, error);
    if (reference < 0)
        return -1;
    if (reference == 0)
        return document_read(arena, name, document, diagnostics, error);
    if (read_reference(arena, name, &places, choice, document, error) < 0)
        return -1;
    diagnostics->file = document->file;
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
