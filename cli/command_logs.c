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

/* A character may be cut in two by the end of a chunk: `carried` is its beginning,
 * which waits for the next chunk of the same step. */
struct log_writer {
    struct event_sink sink;
    bool escape;
    struct text carried;
};

static int write_bytes(const char *bytes, size_t length, struct error *error)
{
    if (file_write_all(STDOUT_FILENO, bytes, length) == 0)
        return 0;
    return error_set_system(error, "cannot write the log");
}

/* Writes what is carried, and `length` bytes but for an unfinished character. */
static int write_escaped(struct log_writer *writer, const char *bytes,
                         size_t length, bool last, struct error *error)
{
    CLEANUP(text_free) struct text joined = {0};
    CLEANUP(text_free) struct text escaped = {0};
    text_append(&joined, text_string(&writer->carried), writer->carried.length);
    text_append(&joined, bytes, length);
    size_t kept =
        last ? 0 : event_text_pending(text_string(&joined), joined.length);
    size_t ready = joined.length - kept;
    text_clear(&writer->carried);
    text_append(&writer->carried, text_string(&joined) + ready, kept);
    text_append_escaped(&escaped, text_string(&joined), ready, true);
    return write_bytes(text_string(&escaped), escaped.length, error);
}

/* A note (a gap in the log) goes to the other stream: it is not output. */
static int write_chunk(struct event_sink *sink, const struct event *event,
                       struct error *error)
{
    struct log_writer *writer = (struct log_writer *)sink;
    if (event->kind == EVENT_NOTE) {
        print_note(event->text);
        return 0;
    }
    if (writer->escape)
        return write_escaped(writer, event->text, event->length, false, error);
    return write_bytes(event->text, event->length, error);
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
    struct log_writer writer = {{write_chunk}, escape, {0}};
    if (!error_is_set(&error) &&
        history_read_log(history, id, step, &writer.sink, &error) == 0)
        write_escaped(&writer, "", 0, true, &error);
    text_free(&writer.carried);
    return error_is_set(&error) ? print_error(&error) : EXIT_PASSED;
}

int command_logs(int count, char **arguments)
{
    const char *database = NULL, *step = NULL;
    bool raw = false;
    const struct option options[] = {
        {"step", 's', OPTION_TEXT, &step, "REF",
         "only this step, by its number: 1, 2.1"},
        {"raw", 0, OPTION_FLAG, &raw, NULL,
         "control characters as they are, on a terminal too"},
        {"db", 0, OPTION_TEXT, &database, "FILE", "the history to read"},
        {0},
    };
    struct error error = {0};
    static const struct command_help help = {
        .usage = "logs ID [options]",
        .text = "Prints the log of a run. ID is an id, the beginning of one, "
                "or `latest`.",
    };
    int code;
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    if (count != 1) {
        error_set(&error, ERROR_USAGE, "expected one id (or 'latest')");
        return print_error(&error);
    }
    return print_log(database, arguments[0], step,
                     !raw && isatty(STDOUT_FILENO));
}
