/*
 * The list of runs as a table. Ids are cut to what tells the rows apart, so that
 * what is shown can be typed back.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/report/style.h"

enum { ID_SHOWN = 8 };

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t common_prefix(const char *a, const char *b)
{
    size_t length = 0;
    while (a[length] && a[length] == b[length])
        length++;
    return length;
}

/* How many characters of an id are shown: neighbours in sorted order have the
 * longest prefixes in common. */
static size_t shown_length(struct arena *arena, const struct report_row *rows,
                           size_t count)
{
    size_t shown = ID_SHOWN;
    const char **ids = arena_allocate(arena, (count + 1) * sizeof *ids);
    for (size_t i = 0; i < count; i++)
        ids[i] = rows[i].id;
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 1; i < count; i++) {
        size_t common = common_prefix(ids[i - 1], ids[i]);
        if (common >= shown)
            shown = common + 1;
    }
    return shown;
}

static void add_outside(struct table *table, const char *bytes, size_t length)
{
    CLEANUP(text_free) struct text cell = {0};
    text_append_escaped(&cell, bytes, length, false);
    table_add(table, cell.length ? text_string(&cell) : "-", 0);
}

static void add_time(struct table *table, int64_t time)
{
    char printed[CLOCK_TEXT] = "-";
    if (time != 0)
        clock_print(time, printed);
    table_add(table, printed, 0);
}

static void add_row(struct table *table, const struct report_row *row,
                    size_t shown)
{
    int64_t span = style_span(row->queued, row->started, row->finished);
    char printed[CLOCK_TEXT] = "-";
    if (span >= 0)
        duration_print(span, printed);
    add_outside(table, row->id, strnlen(row->id, shown));
    add_outside(table, row->workflow, strlen(row->workflow));
    table_add(table, event_status_name(row->status), (int)row->status + 1);
    add_outside(table, row->runtime, strlen(row->runtime));
    add_time(table, row->started ? row->started : row->queued);
    table_add(table, printed, 0);
}

void report_list(struct text *text, const struct report_row *rows, size_t count,
                 const struct report_options *options)
{
    static const char *const head[] = {"ID",      "WORKFLOW", "STATUS",
                                       "RUNTIME", "STARTED",  "DURATION"};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct table table = {.arena = arena,
                          .columns = sizeof head / sizeof *head};
    size_t shown = shown_length(arena, rows, count);
    for (size_t i = 0; i < table.columns; i++)
        table_add(&table, head[i], 0);
    for (size_t i = 0; i < count; i++)
        add_row(&table, &rows[i], shown);
    table_print(text, &table, options);
}
