/*
 * The files that the steps of a run left, as a table and as values. Names come from
 * the steps: they are escaped like everything else from outside.
 */
#include <string.h>

#include "engine/report/style.h"

enum { DIGEST_SHOWN = 19 }; /* "sha256:" and 12 digits */

static struct value *text_value(struct arena *arena, const char *text)
{
    return event_text_value(arena, text, strlen(text));
}

struct value *report_artifacts_value(struct arena *arena,
                                     const struct run_state *state,
                                     const char *step)
{
    size_t count;
    const struct artifact_choice *chosen =
        event_choose_artifacts(arena, state, step, &count);
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < count; i++) {
        const struct artifact_state *artifact = chosen[i].artifact;
        struct value *map = value_make_map(arena);
        value_set(arena, map, "step", text_value(arena, artifact->step));
        value_set(arena, map, "name", text_value(arena, artifact->name));
        value_set(arena, map, "size", value_make_int(arena, artifact->size));
        value_set(arena, map, "digest", text_value(arena, artifact->digest));
        value_set(arena, map, "replaced",
                  value_make_bool(arena, chosen[i].replaced));
        value_append(arena, list, map);
    }
    return list;
}

static void add_row(struct table *table, const struct artifact_choice *choice)
{
    const struct artifact_state *artifact = choice->artifact;
    CLEANUP(text_free) struct text cell = {0};
    style_escape(&cell, artifact->step);
    table_add(table, text_string(&cell), 0);
    text_clear(&cell);
    style_escape(&cell, artifact->name);
    if (choice->replaced)
        text_append_string(&cell, " (replaced)");
    table_add(table, text_string(&cell), 0);
    text_clear(&cell);
    style_size(&cell, artifact->size);
    table_add(table, text_string(&cell), 0);
    text_clear(&cell);
    text_append_escaped(&cell, artifact->digest,
                        strnlen(artifact->digest, DIGEST_SHOWN), false);
    table_add(table, text_string(&cell), 0);
}

void report_artifacts(struct text *text, const struct run_state *state,
                      const char *step, const struct report_options *options)
{
    static const char *const head[] = {"STEP", "NAME", "SIZE", "DIGEST"};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct table table = {.arena = arena,
                          .columns = sizeof head / sizeof *head};
    size_t count;
    const struct artifact_choice *chosen =
        event_choose_artifacts(arena, state, step, &count);
    for (size_t i = 0; i < table.columns; i++)
        table_add(&table, head[i], 0);
    for (size_t i = 0; i < count; i++)
        add_row(&table, &chosen[i]);
    table_print(text, &table, options);
}
