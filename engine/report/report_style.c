/*
 * The look of statuses. A status is always a word; marks and colours only help
 * the eye.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/report/style.h"

static const struct look {
    const char *mark, *ascii, *color;
} looks[] = {
    [STATUS_QUEUED] = {"·", ".", "2"},   [STATUS_RUNNING] = {"▸", ">", "36"},
    [STATUS_PASSED] = {"✓", "+", "32"},  [STATUS_FAILED] = {"✗", "x", "31"},
    [STATUS_TIMEOUT] = {"✗", "x", "31"}, [STATUS_SKIPPED] = {"-", "-", "2"},
    [STATUS_ABORTED] = {"!", "!", "33"}, [STATUS_ERROR] = {"!", "!", "31"},
    [STATUS_LOST] = {"?", "?", "33"},    [STATUS_PAUSED] = {"‖", "=", "33"},
};

const char *style_mark(enum status status, const struct report_options *options)
{
    return options->ascii ? looks[status].ascii : looks[status].mark;
}

void style_colored(struct text *text, enum status status, const char *word,
                   const struct report_options *options)
{
    if (options->color)
        text_append_format(text, "\x1b[%sm%s\x1b[0m", looks[status].color,
                           word);
    else
        text_append_string(text, word);
}

void style_escape(struct text *text, const char *string)
{
    if (string)
        text_append_escaped(text, string, strlen(string), false);
}

void style_duration(struct text *text, int64_t duration)
{
    char printed[CLOCK_TEXT];
    duration_print(duration, printed);
    text_append_string(text, printed);
}

void style_size(struct text *text, int64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1000) {
        text_append_format(text, "%d B", (int)bytes);
        return;
    }
    size_t unit = 0;
    for (; bytes >= 999950; unit++)
        bytes /= 1000;
    int64_t tenths = (bytes + 50) / 100;
    text_append_format(text, "%d.%d %s", (int)(tenths / 10), (int)(tenths % 10),
                       units[unit]);
}

void style_artifacts(struct text *text, const struct run_state *state)
{
    int64_t size = 0;
    for (size_t i = 0; i < state->artifact_count; i++)
        if (state->artifacts[i].size < INT64_MAX - size)
            size += state->artifacts[i].size;
    if (state->artifact_count == 0)
        return;
    text_append_format(text, "%zu artifact%s, ", state->artifact_count,
                       state->artifact_count == 1 ? "" : "s");
    style_size(text, size);
    text_append_string(text, ": `assay artifacts ");
    style_escape(text, state->id);
    text_append_string(text, "`");
}

int64_t style_span(int64_t queued, int64_t started, int64_t finished)
{
    int64_t begin = started ? started : queued;
    if (finished == 0)
        return -1;
    return finished > begin ? finished - begin : 0;
}

const char *style_member(const struct value *map, const char *name)
{
    const char *string = value_string_at(map, name);
    return string ? string : "";
}

void style_place(struct text *text, const struct run_state *state)
{
    static const char *const facts[] = {"sandbox", "network",  "namespace",
                                        "job",     "security", NULL};
    style_escape(text, style_member(state->data, "runtime"));
    for (const char *const *fact = facts; *fact; fact++) {
        const char *value = style_member(state->environment, *fact);
        if (value[0] == '\0')
            continue;
        text_append_format(text, ", %s ", *fact);
        style_escape(text, value);
    }
}
