/* `assay show ID`: one run as a page, or as data. */
#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/print.h"
#include "cli/store.h"
#include "engine/report/report.h"

static int show(const char *database, const char *name, enum output output,
                const struct report_options *look)
{
    struct error error = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(history_close)
    struct history *history = store_open_reconciled(database, &error);
    char id[40];
    if (!history || history_find(history, name, id, &error) < 0)
        return print_error(&error);
    const struct run_state *state = history_load(history, arena, id, &error);
    if (!state)
        return print_error(&error);
    if (output != OUTPUT_TEXT) {
        output_print(report_run_value(arena, state), output);
        return EXIT_PASSED;
    }
    CLEANUP(text_free) struct text text = {0};
    report_run(&text, state, look);
    print_text(&text);
    return EXIT_PASSED;
}

int command_show(int count, char **arguments)
{
    const char *database = NULL, *output_word = NULL;
    bool no_color = false;
    const struct option options[] = {
        {"db", 0, OPTION_TEXT, &database, "FILE", "the history to read"},
        {"output", 'o', OPTION_TEXT, &output_word, "FORM",
         "text (default), json, ndjson or yaml"},
        {"no-color", 0, OPTION_FLAG, &no_color, NULL, "no colours"},
        {0},
    };
    struct error error = {0};
    enum output output = OUTPUT_TEXT;
    static const struct command_help help = {
        .usage = "show ID [options]",
        .text =
            "Shows one run. ID is an id, the beginning of one, or `latest`.",
    };
    int code;
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    if (count != 1)
        error_set(&error, ERROR_USAGE, "expected one id (or 'latest')");
    else
        output_parse(output_word, &output, &error);
    if (error_is_set(&error))
        return print_error(&error);
    struct report_options look = {.color = print_colours(stdout, no_color)};
    return show(database, arguments[0], output, &look);
}
