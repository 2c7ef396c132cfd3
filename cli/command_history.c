/* `assay history [list]`: past runs, newest first. */
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/print.h"
#include "cli/store.h"
#include "engine/report/report.h"

enum { ROWS_LIMIT = 10000, ROWS_DEFAULT = 50 };

struct rows {
    struct arena *arena;
    struct report_row *items;
    size_t count;
};

static bool collect(void *context, const struct history_entry *entry)
{
    struct rows *rows = context;
    struct arena *arena = rows->arena;
    rows->items[rows->count++] = (struct report_row){
        .id = arena_string(arena, entry->id),
        .workflow = arena_string(arena, entry->workflow),
        .runtime = arena_string(arena, entry->runtime),
        .digest = arena_string(arena, entry->digest),
        .status = entry->status,
        .queued = entry->queued,
        .started = entry->started,
        .finished = entry->finished,
    };
    return rows->count < ROWS_LIMIT;
}

static int list(const char *database, const struct history_query *query,
                enum output output, const struct report_options *look)
{
    struct error error = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(history_close)
    struct history *history = store_open_reconciled(database, &error);
    struct rows rows = {arena, NULL, 0};
    rows.items = arena_allocate(arena, ROWS_LIMIT * sizeof *rows.items);
    if (!history || history_list(history, query, collect, &rows, &error) < 0)
        return print_error(&error);
    if (output != OUTPUT_TEXT) {
        output_print(report_list_value(arena, rows.items, rows.count), output);
        return EXIT_PASSED;
    }
    CLEANUP(text_free) struct text text = {0};
    if (rows.count == 0 && (query->workflow || query->status))
        text_append_string(&text, "no such runs\n");
    else if (rows.count == 0)
        text_append_string(&text, "no runs yet: `assay run FILE --runtime "
                                  "host` makes one\n");
    else
        report_list(&text, rows.items, rows.count, look);
    print_text(&text);
    return EXIT_PASSED;
}

int command_history(int count, char **arguments)
{
    const char *database = NULL, *output_word = NULL, *status = NULL;
    struct history_query query = {.limit = ROWS_DEFAULT};
    bool no_color = false;
    const struct option options[] = {
        {"workflow", 'w', OPTION_TEXT, &query.workflow, "NAME",
         "only runs of this workflow"},
        {"status", 's', OPTION_TEXT, &status, "STATUS",
         "only runs with this status: passed, failed, lost, ..."},
        {"limit", 0, OPTION_COUNT, &query.limit, "N",
         "at most N runs (50); 0: all"},
        {"db", 0, OPTION_TEXT, &database, "FILE", "the history to read"},
        {"output", 'o', OPTION_TEXT, &output_word, "FORM",
         "text (default), json, ndjson or yaml"},
        {"no-color", 0, OPTION_FLAG, &no_color, NULL, "no colours"},
        {0},
    };
    struct error error = {0};
    enum output output = OUTPUT_TEXT;
    static const struct command_help help = {
        .usage = "history [list] [options]",
        .text = "Lists past runs, newest first.",
    };
    int code;
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    if (count > 1 || (count == 1 && strcmp(arguments[0], "list") != 0))
        error_set(&error, ERROR_USAGE,
                  "expected 'history list', found '%.100s'; `assay show ID` "
                  "shows one run",
                  arguments[count - 1]);
    else if (status && event_status_parse(status) < 0)
        error_set(&error, ERROR_USAGE, "--status: unknown status '%.100s'",
                  status);
    else
        output_parse(output_word, &output, &error);
    if (error_is_set(&error))
        return print_error(&error);
    if (status)
        query.status = event_status_parse(status) + 1;
    struct report_options look = {.color = print_colours(stdout, no_color)};
    return list(database, &query, output, &look);
}
