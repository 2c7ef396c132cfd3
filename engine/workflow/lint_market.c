/*
 * What the Testkube marketplace asks of metadata. Looked at when the user says so, or
 * when the document says that it belongs there: one of the labels, in a file below
 * a `workflows/` folder.
 */
#include <string.h>

#include "engine/workflow/lint.h"

static const char prefix[] = "marketplace.testkube.io/";

static bool is_in_catalog(const char *file)
{
    static const char folder[] = "workflows/";
    const char *found = file ? strstr(file, folder) : NULL;
    while (found && found != file && found[-1] != '/')
        found = strstr(found + 1, folder);
    return found != NULL;
}

static bool has_one(const struct value *map)
{
    for (size_t i = 0; value_is(map, VALUE_MAP) && i < value_count(map); i++)
        if (strncmp(map->map.members[i].name, prefix, strlen(prefix)) == 0)
            return true;
    return false;
}

/* NULL: any text will do. */
static const char *const categories[] = {
    "databases",     "messaging", "caching",    "storage", "networking",
    "observability", "security",  "kubernetes", "other",   NULL};
static const char *const validations[] = {"connectivity", "health",
                                          "performance", "security", NULL};

static const struct {
    const char *map, *name;
    const char *const *known;
} required[] = {
    {"labels", "category", categories},
    {"labels", "component", NULL},
    {"labels", "validation-type", validations},
    {"annotations", "display-name", NULL},
    {"annotations", "description", NULL},
};

static void check_value(struct lint *lint, const struct value *value,
                        const char *key, const char *const *known)
{
    const char *text = value_string(value);
    if (!text || !known)
        return;
    CLEANUP(text_free) struct text list = {0};
    for (; *known; known++) {
        if (strcmp(*known, text) == 0)
            return;
        text_append_format(&list, "%s%s", list.length ? ", " : "known are ",
                           *known);
    }
    lint_report(lint,
                &(struct lint_finding){"W427", value, 0, value->string.length,
                                       text_string(&list)},
                "'%.100s' is not a %s of the marketplace", text, key);
}

void lint_marketplace(struct lint *lint)
{
    const struct value *metadata = value_get(lint->document, "metadata");
    const char *kind = value_string_at(lint->document, "kind");
    bool belongs = (has_one(value_get(metadata, "labels")) ||
                    has_one(value_get(metadata, "annotations"))) &&
                   is_in_catalog(lint->diagnostics->file);
    if (!kind || strcmp(kind, "TestWorkflow") != 0 ||
        !value_is(metadata, VALUE_MAP) ||
        !(lint->options->marketplace || belongs))
        return;
    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        const struct value *map = value_get(metadata, required[i].map);
        const char *key =
            arena_format(lint->arena, "%s%s", prefix, required[i].name);
        const struct value *value = value_get(map, key);
        const char *text = value_string(value);
        if (text && text[0] != '\0') {
            check_value(lint, value, required[i].name, required[i].known);
            continue;
        }
        lint_report(lint,
                    &(struct lint_finding){
                        "W427", map ? map : metadata, 0, 0,
                        arena_format(lint->arena, "add it below metadata.%s",
                                     required[i].map)},
                    "'%s' is missing: the marketplace asks for it", key);
    }
}
