/*
 * In: the bytes of config.yaml. Out: its members, once its schema accepts them. One
 * problem is told and not all: a command that was given something else to do stops
 * there.
 */
#include "cli/config_file.h"

#include <stdlib.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/schema/schema.h"

const char *config_folder(struct arena *arena, const char *variable,
                          const char *below)
{
    const char *given = getenv(variable);
    const char *home = getenv("HOME");
    if (given && given[0] == '/') /* relative ones are to be ignored */
        return arena_string(arena, given);
    return home && home[0] ? arena_format(arena, "%s/%s", home, below) : NULL;
}

/* The document of the file, checked; NULL with ERROR_USAGE, or when the file is
 * empty. */
static const struct value *read_document(struct arena *arena, const char *path,
                                         struct error *error)
{
    size_t length;
    struct error unread = {0};
    const char *text =
        file_read(arena, path, CONFIG_FILE_BYTES_LIMIT, &length, &unread);
    if (!text) {
        error_set(error, ERROR_USAGE, "%s", unread.text);
        return NULL;
    }
    struct diagnostics found = diagnostics_make(arena, path);
    const struct value *documents =
        value_read_yaml(arena, text, length, &found);
    const struct value *map = value_item(documents, 0);
    if (value_count(documents) > 1)
        diagnostics_add(&found, SEVERITY_ERROR, "E102", (struct mark){0}, NULL,
                        "one document is expected");
    if (map && !value_is(map, VALUE_NULL))
        schema_check(schema_of_file("config.schema.json"), map, &found);
    diagnostics_sort(&found);
    if (found.errors == 0)
        return map;
    const struct diagnostic *first = &found.items[0];
    error_set(error, ERROR_USAGE, "%s%s%s%s", first->text,
              first->hint ? " (" : "", first->hint ? first->hint : "",
              first->hint ? ")" : "");
    error_place(error, path, first->mark);
    return NULL;
}

int config_file_read(struct arena *arena, struct config_file *config,
                     struct error *error)
{
    const char *folder = config_folder(arena, "XDG_CONFIG_HOME", ".config");
    *config = (struct config_file){0};
    if (!folder)
        return 0;
    config->path = arena_format(arena, "%s/assay/config.yaml", folder);
    if (access(config->path, F_OK) < 0)
        return 0;
    const struct value *map = read_document(arena, config->path, error);
    if (error_is_set(error))
        return -1;
    config->ignore = value_get(map, "ignore");
    config->runtime = value_string_at(map, "runtime");
    return 0;
}
