/*
 * Runs as values for `--output json` and `yaml`. Names and order are a contract
 * (docs/history.md): a member that does not apply is null, never absent.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/report/style.h"

static void set_text(struct arena *arena, struct value *map, const char *name,
                     const char *text)
{
    value_set(arena, map, name,
              text ? event_text_value(arena, text, strlen(text))
                   : value_make_null(arena));
}

static void set_time(struct arena *arena, struct value *map, const char *name,
                     int64_t time)
{
    char printed[CLOCK_TEXT];
    if (time != 0)
        clock_print(time, printed);
    set_text(arena, map, name, time != 0 ? printed : NULL);
}

static void set_int(struct arena *arena, struct value *map, const char *name,
                    int64_t integer, bool there)
{
    value_set(arena, map, name,
              there ? value_make_int(arena, integer) : value_make_null(arena));
}

static void set_bool(struct arena *arena, struct value *map, const char *name,
                     bool boolean)
{
    value_set(arena, map, name, value_make_bool(arena, boolean));
}

/* A member of the data of the run as it is. */
static void set_copy(struct arena *arena, struct value *map, const char *name,
                     const struct value *from)
{
    const struct value *value = value_get(from, name);
    value_set(arena, map, name,
              value ? value_copy(arena, value) : value_make_null(arena));
}

static void set_span(struct arena *arena, struct value *map, int64_t span)
{
    set_int(arena, map, "duration", span, span >= 0);
}

static struct value *step_value(struct arena *arena,
                                const struct step_state *step)
{
    struct value *map = value_make_map(arena);
    bool over = step->started != 0 && step->finished != 0;
    set_text(arena, map, "ref", step->ref);
    set_text(arena, map, "name", step->name);
    set_text(arena, map, "parent", step->parent);
    set_bool(arena, map, "group", step->group);
    set_bool(arena, map, "optional", step->optional);
    set_bool(arena, map, "negative", step->negative);
    set_text(arena, map, "status", event_status_name(step->status));
    set_text(arena, map, "reason", step->reason);
    set_int(arena, map, "exitCode", step->exit_code, step->exit_code >= 0);
    set_int(arena, map, "attempts", step->attempt, true);
    set_time(arena, map, "started", step->started);
    set_time(arena, map, "finished", step->finished);
    set_int(arena, map, "duration", step->duration, over);
    return map;
}

static void set_outcome(struct arena *arena, struct value *map,
                        const struct run_state *state)
{
    CLEANUP(text_free) struct text why = {0};
    report_why(&why, state);
    set_text(arena, map, "status",
             event_status_name(event_shown_status(state)));
    set_text(arena, map, "reason", why.length ? text_string(&why) : NULL);
    set_time(arena, map, "queued", state->queued);
    set_time(arena, map, "started", state->started);
    set_time(arena, map, "finished", state->finished);
    set_span(arena, map,
             style_span(state->queued, state->started, state->finished));
}

/* The refs of the steps that wait for somebody. */
static struct value *paused_value(struct arena *arena,
                                  const struct run_state *state)
{
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < state->step_count; i++)
        if (state->steps[i].status == STATUS_PAUSED)
            value_append(arena, list,
                         event_text_value(arena, state->steps[i].ref,
                                          strlen(state->steps[i].ref)));
    return list;
}

struct value *report_run_value(struct arena *arena,
                               const struct run_state *state)
{
    struct value *map = value_make_map(arena);
    struct value *notes = value_make_list(arena);
    struct value *steps = value_make_list(arena);
    for (size_t i = 0; i < state->note_count; i++)
        value_append(
            arena, notes,
            event_text_value(arena, state->notes[i], strlen(state->notes[i])));
    for (size_t i = 0; i < state->step_count; i++)
        value_append(arena, steps, step_value(arena, &state->steps[i]));

    set_text(arena, map, "id", state->id);
    set_copy(arena, map, "workflow", state->data);
    set_copy(arena, map, "file", state->data);
    set_copy(arena, map, "digest", state->data);
    set_outcome(arena, map, state);
    set_copy(arena, map, "runtime", state->data);
    value_set(arena, map, "environment",
              state->environment ? value_copy(arena, state->environment)
                                 : value_make_null(arena));
    set_copy(arena, map, "images", state->data);
    set_copy(arena, map, "parameters", state->data);
    set_copy(arena, map, "source", state->data);
    set_copy(arena, map, "templates", state->data);
    set_copy(arena, map, "spliced", state->data);
    set_copy(arena, map, "assay", state->data);
    value_set(arena, map, "notes", notes);
    value_set(arena, map, "steps", steps);
    value_set(arena, map, "paused", paused_value(arena, state));
    value_set(arena, map, "artifacts",
              report_artifacts_value(arena, state, NULL));
    return map;
}

static struct value *row_value(struct arena *arena,
                               const struct report_row *row)
{
    struct value *map = value_make_map(arena);
    set_text(arena, map, "id", row->id);
    set_text(arena, map, "workflow", row->workflow);
    set_text(arena, map, "digest", row->digest);
    set_text(arena, map, "status", event_status_name(row->status));
    set_text(arena, map, "runtime", row->runtime);
    set_time(arena, map, "queued", row->queued);
    set_time(arena, map, "started", row->started);
    set_time(arena, map, "finished", row->finished);
    set_span(arena, map, style_span(row->queued, row->started, row->finished));
    return map;
}

struct value *report_list_value(struct arena *arena,
                                const struct report_row *rows, size_t count)
{
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < count; i++)
        value_append(arena, list, row_value(arena, &rows[i]));
    return list;
}
