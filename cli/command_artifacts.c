/* `assay artifacts ID`: the files that a run left, listed or fetched. */
#include "cli/command.h"
#include "cli/download.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/print.h"
#include "cli/store.h"
#include "engine/report/report.h"

struct artifacts {
    const char *database, *step, *folder, *output_word;
    enum output output;
    bool force;
};

static int fetch(const struct artifacts *wanted, const struct run_state *state,
                 struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct store_artifacts store;
    size_t count;
    const struct artifact_choice *chosen =
        event_choose_artifacts(arena, state, wanted->step, &count);
    if (store_artifacts_open(&store, wanted->database, false, error) < 0)
        return -1;
    int result = download_artifacts(store.kept, chosen, count, wanted->folder,
                                    wanted->force, error);
    store_artifacts_close(&store);
    return result;
}

static void print_list(const struct artifacts *wanted,
                       const struct run_state *state)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    if (wanted->output != OUTPUT_TEXT) {
        output_print(report_artifacts_value(arena, state, wanted->step),
                     wanted->output);
        return;
    }
    CLEANUP(text_free) struct text text = {0};
    struct report_options look = {0};
    report_artifacts(&text, state, wanted->step, &look);
    print_text(&text);
}

static int run_artifacts(const struct artifacts *wanted, const char *name)
{
    struct error error = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(history_close)
    struct history *history = store_open_reconciled(wanted->database, &error);
    char id[40];
    if (!history || history_find(history, name, id, &error) < 0)
        return print_error(&error);
    const struct run_state *state = history_load(history, arena, id, &error);
    if (state && wanted->step && !event_find_step(state, wanted->step))
        error_set(&error, ERROR_USAGE,
                  "run %s has no step '%.100s': `assay show %.8s` lists them",
                  id, wanted->step, id);
    if (!error_is_set(&error) && wanted->folder)
        (void)!fetch(wanted, state, &error);
    if (error_is_set(&error))
        return print_error(&error);
    print_list(wanted, state);
    return EXIT_PASSED;
}

int command_artifacts(int count, char **arguments)
{
    struct artifacts wanted = {0};
    const struct option options[] = {
        {"download", 'd', OPTION_TEXT, &wanted.folder, "DIR",
         "write them below DIR; of several of one name the last"},
        {"force", 0, OPTION_FLAG, &wanted.force, NULL,
         "write over files that are there already"},
        {"step", 's', OPTION_TEXT, &wanted.step, "REF",
         "only those of this step, or of the steps in this group"},
        {"db", 0, OPTION_TEXT, &wanted.database, "FILE", "the history to read"},
        {"output", 'o', OPTION_TEXT, &wanted.output_word, "FORM",
         "text (default), json, ndjson or yaml"},
        {0},
    };
    struct error error = {0};
    static const struct command_help help = {
        .usage = "artifacts ID [options]",
        .text = "Lists the files that the steps of a run left, or fetches "
                "them. ID is an id,\n"
                "the beginning of one, or `latest`.",
    };
    int code;
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    if (count != 1)
        error_set(&error, ERROR_USAGE, "expected one id (or 'latest')");
    else
        output_parse(wanted.output_word, &wanted.output, &error);
    if (error_is_set(&error))
        return print_error(&error);
    return run_artifacts(&wanted, arguments[0]);
}
