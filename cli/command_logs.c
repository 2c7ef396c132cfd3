/*
 * `assay logs ID`: the output of the steps as it was recorded, byte for byte into a
 * file or a pipe; onto a terminal through the escaping writer unless --raw.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/print.h"
#include "cli/store.h"
#include "engine/base/file.h"

struct log_writer {
    struct event_sink sink;
    bool escape;
};

static int write_output(struct event_sink *sink, const struct event *event,
                        struct error *error)
{
    const struct log_writer *writer = (const struct log_writer *)sink;
    CLEANUP(text_free) struct text text = {0};
    const char *bytes = event->text;
    size_t length = event->length;
    if (writer->escape) {
        text_append_escaped(&text, bytes, length, true);
        bytes = text_string(&text);
        length = text.length;
    }
    if (file_write_all(STDOUT_FILENO, bytes, length) == 0)
        return 0;
    return error_set_system(error, "cannot write the log");
}

static int print_log(const char *database, const char *name, const char *step,
                     bool escape)
{
    struct error error = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(history_close)
    struct history *history = store_open_reconciled(database, &error);
    char id[40];
    if (!history || history_find(history, name, id, &error) < 0)
        return print_error(&error);
    const struct run_state *state =
        step ? history_load(history, arena, id, &error) : NULL;
    if (step && state && !event_find_step(state, step))
        error_set(&error, ERROR_USAGE,
                  "run %s has no step '%.100s': `assay show %.8s` lists them",
                  id, step, id);
    struct log_writer writer = {{write_output}, escape};
    if (error_is_set(&error) ||
        history_read_log(history, id, step, &writer.sink, &error) < 0)
        return print_error(&error);
    return EXIT_PASSED;
}

int command_logs(int count, char **arguments)
{
    const char *database = NULL, *step = NULL;
    bool raw = false;
    const struct option options[] = {
        {"step",       's', OPTION_TEXT, &step, "REF",
         "only this step, by its number: 1, 2.1"},
        {"raw", 0, OPTION_FLAG, &raw, NULL,
         "control characters as they are, on a terminal too"},
        {"db",       0, OPTION_TEXT, &database, "FILE", "the history to read"},
        {0           },
    };
    struct error error = {0};
    bool help;
    int rest;
    if (options_read(options, count, arguments, &rest, &help, &error) < 0)
        return print_error(&error);
    if (help) {
        options_help("logs ID [options]",
                     "Prints the log of a run. ID is an id, the beginning of "
                     "one, or `latest`.",
                     options);
        return EXIT_PASSED;
    }
    if (rest != 1) {
        error_set(&error, ERROR_USAGE, "expected one id (or 'latest')");
        return print_error(&error);
    }
    return print_log(database, arguments[0], step,
                     !raw && isatty(STDOUT_FILENO));
}
