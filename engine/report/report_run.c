/*
 * The page of one run: facts, one name and value a line, then the table of its
 * steps as an indented tree.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/report/style.h"

enum { NAME_WIDTH = 11 };

static bool made_it_fail(const struct step_state *step)
{
    return step->status == STATUS_FAILED || step->status == STATUS_TIMEOUT ||
           step->status == STATUS_ABORTED;
}

/* The first step with an exit code or reason of its own that counts. A group
 * only repeats what happened in it, so it comes second; in one that is negative
 * failures are wanted. */
static const struct step_state *find_culprit(const struct run_state *state)
{
    const struct step_state *group = NULL;
    size_t excused = SIZE_MAX; /* depth of what we are in and is no cause */
    for (size_t i = 0; i < state->step_count; i++) {
        const struct step_state *step = &state->steps[i];
        if (step->depth <= excused)
            excused = step->optional ? step->depth : SIZE_MAX;
        if (excused != SIZE_MAX)
            continue;
        if (step->group && step->negative)
            excused = step->depth;
        if (!made_it_fail(step))
            continue;
        if (!step->group)
            return step;
        if (!group)
            group = step;
    }
    return group;
}

void report_why(struct text *text, const struct run_state *state)
{
    const struct step_state *step = NULL;
    style_escape(text, state->reason);
    if (state->reason || state->status == STATUS_PASSED ||
        !(step = find_culprit(state)))
        return;
    text_append_string(text, "step ");
    style_escape(text, step->ref);
    if (step->name[0] != '\0') {
        text_append_string(text, " '");
        style_escape(text, step->name);
        text_append_string(text, "'");
    }
    text_append_format(text, ": %s", event_status_name(step->status));
    if (step->exit_code > 0)
        text_append_format(text, ", exit code %d", step->exit_code);
    if (step->reason)
        text_append_string(text, ": ");
    style_escape(text, step->reason);
}

/* "name       value"; an empty name continues the fact above. */
static void add_fact(struct text *text, const char *name, const char *escaped)
{
    text_append_format(text, "%-*s %s\n", NAME_WIDTH, name, escaped);
}

static void add_outside(struct text *text, const char *name, const char *string)
{
    CLEANUP(text_free) struct text escaped = {0};
    style_escape(&escaped, string);
    if (escaped.length > 0)
        add_fact(text, name, text_string(&escaped));
}

static void add_time(struct text *text, const char *name, int64_t time)
{
    char printed[CLOCK_TEXT] = "-";
    if (time != 0)
        clock_print(time, printed);
    add_fact(text, name, printed);
}

static void add_status(struct text *text, const struct run_state *state,
                       const struct report_options *options)
{
    CLEANUP(text_free) struct text line = {0};
    CLEANUP(text_free) struct text why = {0};
    enum status status = event_shown_status(state);
    style_colored(&line, status, event_status_name(status), options);
    report_why(&why, state);
    if (why.length > 0)
        text_append_string(&line, ": ");
    text_append(&line, text_string(&why), why.length);
    add_fact(text, "status", text_string(&line));
}

static void add_artifacts(struct text *text, const struct run_state *state)
{
    CLEANUP(text_free) struct text line = {0};
    style_artifacts(&line, state);
    if (line.length > 0)
        add_fact(text, "artifacts", text_string(&line));
}

/* The steps that wait, and how to let them go on. */
static void add_pauses(struct text *text, const struct run_state *state)
{
    const char *name = "paused";
    for (size_t i = 0; i < state->step_count; i++) {
        CLEANUP(text_free) struct text line = {0};
        const struct step_state *step = &state->steps[i];
        char since[CLOCK_TEXT];
        if (step->status != STATUS_PAUSED)
            continue;
        clock_print(step->paused, since);
        text_append_string(&line, "step ");
        style_escape(&line, step->ref);
        text_append_format(&line, " since %s: `assay resume ", since);
        style_escape(&line, state->id);
        text_append_character(&line, ' ');
        style_escape(&line, step->ref);
        text_append_character(&line, '`');
        add_fact(text, name, text_string(&line));
        name = "";
    }
}

static void add_runtime(struct text *text, const struct run_state *state)
{
    CLEANUP(text_free) struct text line = {0};
    style_place(&line, state);
    add_fact(text, "runtime", text_string(&line));
}

static void add_list(struct text *text, const char *name,
                     const struct value *list)
{
    for (size_t i = 0; i < value_count(list); i++)
        add_outside(text, i == 0 ? name : "",
                    value_string(value_item(list, i)));
}

/* name = value, strings as they are and the rest as JSON. */
static void add_parameters(struct text *text, const struct value *map)
{
    for (size_t i = 0; value_is(map, VALUE_MAP) && i < map->map.count; i++) {
        const struct member *member = &map->map.members[i];
        CLEANUP(text_free) struct text line = {0};
        text_append(&line, member->name, member->length);
        text_append_string(&line, " = ");
        if (value_is(member->value, VALUE_STRING))
            text_append(&line, member->value->string.bytes,
                        member->value->string.length);
        else
            value_write_json(&line, member->value, JSON_COMPACT);
        CLEANUP(text_free) struct text escaped = {0};
        text_append_escaped(&escaped, line.data, line.length, false);
        add_fact(text, i == 0 ? "parameters" : "", text_string(&escaped));
    }
}

static void add_duration(struct text *text, const struct run_state *state)
{
    char printed[CLOCK_TEXT] = "-";
    int64_t span = style_span(state->queued, state->started, state->finished);
    if (span >= 0)
        duration_print(span, printed);
    add_fact(text, "duration", printed);
}

/* The marketplace that the workflow came from, if it came from one. */
static void add_origin(struct text *text, const struct value *origin)
{
    if (!value_is(origin, VALUE_MAP))
        return;
    const char *signer = style_member(origin, "signer");
    add_outside(text, "marketplace", style_member(origin, "marketplace"));
    add_outside(text, "", style_member(origin, "url"));
    add_outside(text, "path", style_member(origin, "path"));
    add_outside(text, "commit", style_member(origin, "commit"));
    add_outside(text, "signer", signer[0] ? signer : "(not checked)");
}

/* The templates that were put in: name, file, digest. */
static void add_templates(struct text *text, const struct value *templates)
{
    for (size_t i = 0; i < value_count(templates); i++) {
        const struct value *template = value_item(templates, i);
        CLEANUP(text_free) struct text line = {0};
        text_append_format(
            &line, "%.253s, %.500s, %.80s", style_member(template, "name"),
            style_member(template, "file"), style_member(template, "digest"));
        add_outside(text, i == 0 ? "templates" : "", text_string(&line));
    }
}

static void add_step_name(struct table *table, const struct step_state *step)
{
    CLEANUP(text_free) struct text name = {0};
    for (size_t i = 0; i < step->depth; i++)
        text_append_string(&name, "  ");
    style_escape(&name, step->ref);
    if (step->name[0] != '\0')
        text_append_character(&name, ' ');
    style_escape(&name, step->name);
    if (step->optional)
        text_append_string(&name, " (optional)");
    if (step->negative)
        text_append_string(&name, " (negative)");
    table_add(table, text_string(&name), 0);
}

static void add_number(struct table *table, int number, bool there)
{
    char printed[16] = "-";
    if (there)
        snprintf(printed, sizeof printed, "%d", number);
    table_add(table, printed, 0);
}

static void add_step(struct table *table, const struct step_state *step)
{
    char duration[CLOCK_TEXT] = "-";
    CLEANUP(text_free) struct text reason = {0};
    if (step->started != 0 && step->finished != 0)
        duration_print(step->duration, duration);
    style_escape(&reason, step->reason);
    add_step_name(table, step);
    table_add(table, event_status_name(step->status), (int)step->status + 1);
    add_number(table, step->exit_code, step->exit_code >= 0);
    table_add(table, duration, 0);
    add_number(table, step->attempt, step->attempt > 0);
    table_add(table, text_string(&reason), 0);
}

static void add_steps(struct text *text, const struct run_state *state,
                      const struct report_options *options)
{
    static const char *const head[] = {"STEP",     "STATUS",   "EXIT",
                                       "DURATION", "ATTEMPTS", "REASON"};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct table table = {.arena = arena,
                          .columns = sizeof head / sizeof *head};
    for (size_t i = 0; i < table.columns; i++)
        table_add(&table, head[i], 0);
    for (size_t i = 0; i < state->step_count; i++)
        add_step(&table, &state->steps[i]);
    text_append_character(text, '\n');
    table_print(text, &table, options);
}

void report_run(struct text *text, const struct run_state *state,
                const struct report_options *options)
{
    add_outside(text, "run", state->id);
    add_outside(text, "workflow", style_member(state->data, "workflow"));
    add_outside(text, "file", style_member(state->data, "file"));
    add_outside(text, "digest", style_member(state->data, "digest"));
    add_origin(text, value_get(state->data, "source"));
    add_templates(text, value_get(state->data, "templates"));
    add_status(text, state, options);
    add_runtime(text, state);
    add_list(text, "images", value_get(state->data, "images"));
    add_time(text, "queued", state->queued);
    add_time(text, "started", state->started);
    add_time(text, "finished", state->finished);
    add_duration(text, state);
    add_parameters(text, value_get(state->data, "parameters"));
    add_list(text, "spliced", value_get(state->data, "spliced"));
    add_pauses(text, state);
    add_artifacts(text, state);
    for (size_t i = 0; i < state->note_count; i++)
        add_outside(text, i == 0 ? "notes" : "", state->notes[i]);
    if (state->step_count > 0)
        add_steps(text, state, options);
}
