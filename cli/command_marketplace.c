/*
 * `assay marketplace ...`: a table of commands below the command. Each reads
 * its own options; what they print is made in market_print.c. Only add, update
 * and pull use the network.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/market.h"
#include "cli/options.h"
#include "cli/print.h"
#include "engine/base/file.h"

/* What the options of all of them fill. */
struct market_request {
    struct option_list signers;
    const char *allowed_signers, *ca, *lock, *file, *output_word;
    bool tofu, allow_rollback, offline;
    size_t timeout;

    char **operands;
    int count;
    enum output output;
    struct arena *arena;
    struct marketplace_places places;
    struct marketplace_list list;
};

enum { TIMEOUT_LIMIT = 3600 };

static struct marketplace_fetch
fetch_options(const struct market_request *request)
{
    return (struct marketplace_fetch){
        .seconds = request->timeout,
        .allow_rollback = request->allow_rollback,
    };
}

/* A fetch may take a while: somebody who waits is told for what. */
static void tell_fetch(const char *name)
{
    CLEANUP(text_free) struct text text = {0};
    if (!isatty(STDERR_FILENO))
        return;
    text_append_string(&text, "fetching ");
    text_append_escaped(&text, name, strlen(name), false);
    text_append_string(&text, " ...\n");
    fputs(text_string(&text), stderr);
}

static int market_add(struct market_request *request)
{
    struct error error = {0};
    struct marketplace_change change;
    struct marketplace_fetch options = fetch_options(request);
    struct marketplace market = {
        .name = request->operands[0],
        .url = request->operands[1],
        .ca = request->ca,
        .tofu = request->tofu,
        .signers = request->signers.items,
        .signer_count = request->signers.count,
        .allowed_signers = request->allowed_signers,
    };
    tell_fetch(market.name);
    if (marketplace_add(request->arena, &request->places, &market, &options,
                        &change, &error) < 0)
        return print_error(&error);
    if (request->output == OUTPUT_TEXT)
        market_print_change(market.name, true, &change);
    else
        output_print(market_change_value(request->arena, market.name, &change),
                     request->output);
    market_warn_problems(market.name, &change);
    return EXIT_PASSED;
}

/* One of several updates; the result is added to `values`. */
static int update_one(struct market_request *request, const char *name,
                      struct value *values)
{
    struct error error = {0};
    struct marketplace_change change;
    struct marketplace_fetch options = fetch_options(request);
    tell_fetch(name);
    if (marketplace_update(request->arena, &request->places, name, &options,
                           &change, &error) < 0)
        return print_error(&error);
    if (request->output == OUTPUT_TEXT)
        market_print_change(name, false, &change);
    value_append(request->arena, values,
                 market_change_value(request->arena, name, &change));
    market_warn_problems(name, &change);
    return EXIT_PASSED;
}

static int market_update(struct market_request *request)
{
    struct value *values = value_make_list(request->arena);
    const struct marketplace_list *list = &request->list;
    int code = EXIT_PASSED;
    if (request->count == 1)
        code = update_one(request, request->operands[0], values);
    for (size_t i = 0; request->count == 0 && i < list->count; i++) {
        int here = update_one(request, list->items[i].name, values);
        code = here > code ? here : code;
    }
    if (request->output != OUTPUT_TEXT)
        output_print(values, request->output);
    return code;
}

static int market_remove(struct market_request *request)
{
    struct error error = {0};
    if (marketplace_remove(request->arena, &request->places,
                           request->operands[0], &error) < 0)
        return print_error(&error);
    return EXIT_PASSED;
}

static int market_list(struct market_request *request)
{
    static const char *const head[] = {"NAME", "HEAD", "TRUST", "UPDATED",
                                       "URL"};
    enum { COLUMNS = sizeof head / sizeof *head };
    struct arena *arena = request->arena;
    const struct marketplace_list *list = &request->list;
    struct value *values = value_make_list(arena);
    const char **cells =
        arena_allocate(arena, (list->count + 1) * COLUMNS * sizeof *cells);
    memcpy(cells, head, sizeof head);
    for (size_t i = 0; i < list->count; i++) {
        const struct marketplace *market = &list->items[i];
        const char **row = cells + (i + 1) * COLUMNS;
        row[0] = market->name;
        row[1] = arena_format(arena, "%.12s", market->head);
        row[2] = market_trust_text(arena, market);
        row[3] = market->updated;
        row[4] = market->url;
        value_append(arena, values, market_value(arena, market));
    }
    if (request->output != OUTPUT_TEXT) {
        output_print(values, request->output);
        return EXIT_PASSED;
    }
    CLEANUP(text_free) struct text text = {0};
    if (list->count == 0)
        text_append_string(&text, "no marketplaces yet; `assay marketplace add "
                                  "NAME URL` makes one known\n");
    else
        market_print_table(&text, cells, list->count + 1, COLUMNS);
    print_text(&text);
    return EXIT_PASSED;
}

static bool entry_matches(const struct marketplace_entry *entry,
                          const char *wanted)
{
    return !wanted || strcasestr(entry->name, wanted) ||
           strcasestr(entry->display_name, wanted) ||
           strcasestr(entry->description, wanted) ||
           strcasestr(entry->category, wanted) ||
           strcasestr(entry->component, wanted);
}

/* What a search has found so far. */
struct findings {
    struct value *values;
    const char **cells;
    size_t rows;
};

enum { SEARCH_COLUMNS = 3 };

static void add_finding(struct arena *arena, struct findings *findings,
                        const char *market,
                        const struct marketplace_entry *entry)
{
    const size_t row_size = SEARCH_COLUMNS * sizeof *findings->cells;
    findings->cells =
        arena_grow(arena, findings->cells, findings->rows * row_size,
                   (findings->rows + 1) * row_size);
    const char **row = findings->cells + findings->rows++ * SEARCH_COLUMNS;
    row[0] = arena_format(arena, "%s/%s", market, entry->name);
    row[1] = entry->category;
    row[2] = entry->description;
    value_append(arena, findings->values,
                 market_entry_value(arena, market, entry));
}

static int market_search(struct market_request *request)
{
    static const char *const head[] = {"WORKFLOW", "CATEGORY", "DESCRIPTION"};
    struct arena *arena = request->arena;
    const char *wanted = request->count == 1 ? request->operands[0] : NULL;
    struct findings findings = {
        .values = value_make_list(arena),
        .cells = arena_allocate(arena, sizeof head),
        .rows = 1,
    };
    int code = EXIT_PASSED;
    memcpy(findings.cells, head, sizeof head);
    for (size_t i = 0; i < request->list.count; i++) {
        const struct marketplace *market = &request->list.items[i];
        struct marketplace_index index = {0};
        struct error error = {0};
        if (marketplace_index_read(arena, &request->places, market, &index,
                                   &error) < 0)
            code = print_error(&error);
        for (size_t k = 0; k < index.count; k++)
            if (entry_matches(&index.entries[k], wanted))
                add_finding(arena, &findings, market->name, &index.entries[k]);
    }
    CLEANUP(text_free) struct text text = {0};
    if (request->output != OUTPUT_TEXT)
        output_print(findings.values, request->output);
    else if (findings.rows == 1)
        text_append_string(&text, "no workflows found\n");
    else
        market_print_table(&text, findings.cells, findings.rows,
                           SEARCH_COLUMNS);
    print_text(&text);
    return code;
}

static int market_show(struct market_request *request)
{
    struct error error = {0};
    struct marketplace_source source;
    const struct marketplace_lookup lookup = {0};
    if (marketplace_resolve(request->arena, &request->places,
                            request->operands[0], &lookup, &source, &error) < 0)
        return print_error(&error);
    if (request->output != OUTPUT_TEXT) {
        struct value *value = market_source_value(request->arena, &source);
        value_set(request->arena, value, "parameters",
                  source.entry->parameters
                      ? value_copy(request->arena, source.entry->parameters)
                      : value_make_map(request->arena));
        output_print(value, request->output);
        return EXIT_PASSED;
    }
    CLEANUP(text_free) struct text text = {0};
    market_print_source(&text, request->arena, &source);
    print_text(&text);
    return EXIT_PASSED;
}

/* Updates the marketplaces that the reference may be in. */
static int refresh_for_pull(struct market_request *request,
                            const char *reference, struct error *error)
{
    struct marketplace_reference parts;
    struct marketplace_change change;
    struct marketplace_fetch options = fetch_options(request);
    if (marketplace_reference_parse(request->arena, reference, &parts, error) <
        0)
        return -1;
    const char *market = parts.market;
    if (!market)
        market = marketplace_of(request->arena, &request->places, reference);
    for (size_t i = 0; i < request->list.count; i++) {
        const char *name = request->list.items[i].name;
        if (market && strcmp(name, market) != 0)
            continue;
        tell_fetch(name);
        if (marketplace_update(request->arena, &request->places, name, &options,
                               &change, error) < 0)
            return -1;
    }
    return 0;
}

/* Writes the bytes; a file that holds others is left alone. */
static int save_bytes(struct arena *arena, const char *file,
                      const struct marketplace_source *source,
                      struct error *error)
{
    size_t length;
    if (access(file, F_OK) < 0)
        return file_write_atomic(file, source->bytes, source->length, 0644,
                                 error);
    const char *bytes = file_read(arena, file, source->length, &length, error);
    if (bytes && length == source->length &&
        memcmp(bytes, source->bytes, length) == 0)
        return 0;
    *error = (struct error){0};
    return error_set(error, ERROR_INPUT,
                     "'%.200s' is there already and differs: remove it first",
                     file);
}

static int market_pull(struct market_request *request)
{
    struct error error = {0};
    struct marketplace_source source;
    const struct marketplace_lookup lookup = {0};
    const char *reference = request->operands[0];
    const char *lock = request->lock ? request->lock : market_lock_file;
    const char *before = NULL;
    if ((!request->offline &&
         refresh_for_pull(request, reference, &error) < 0) ||
        marketplace_resolve(request->arena, &request->places, reference,
                            &lookup, &source, &error) < 0 ||
        (request->file &&
         save_bytes(request->arena, request->file, &source, &error) < 0) ||
        marketplace_lock_put(request->arena, lock, &source, &before, &error) <
            0)
        return print_error(&error);
    if (request->output == OUTPUT_TEXT)
        market_print_pulled(&source, before, lock);
    else
        output_print(market_source_value(request->arena, &source),
                     request->output);
    return EXIT_PASSED;
}

/* Which options a command has. */
enum {
    HAS_TRUST = 1,
    HAS_FETCH = 2,
    HAS_ROLLBACK = 4,
    HAS_LOCK = 8,
};

static const struct market_command {
    const char *name;
    int (*run)(struct market_request *request);
    const char *arguments;
    const char *help;
    int least, most; /* operands */
    unsigned options;
} market_commands[] = {
    {"add", market_add, "NAME URL",
     "fetch a marketplace, check it and make it known", 2, 2,
     HAS_TRUST | HAS_FETCH},
    {"update", market_update, "[NAME]", "fetch what is new, of one or all", 0,
     1, HAS_FETCH | HAS_ROLLBACK},
    {"list", market_list, "", "list the known marketplaces", 0, 0, 0},
    {"search", market_search, "[TEXT]",
     "list workflows, all or those about TEXT", 0, 1, 0},
    {"show", market_show, "[MARKETPLACE/]NAME[@sha256:HEX]",
     "show one workflow: parameters, images, digest", 1, 1, 0},
    {"pull", market_pull, "[MARKETPLACE/]NAME[@sha256:HEX]",
     "write the version of a workflow to assay.lock", 1, 1,
     HAS_FETCH | HAS_LOCK},
    {"remove", market_remove, "NAME", "forget a marketplace", 1, 1, 0},
};

enum { COMMAND_COUNT = sizeof market_commands / sizeof *market_commands };
enum { OPTIONS_MOST = 16 };

/* The options of a command, in `options`, which has room for all. */
static void make_options(struct market_request *request, unsigned has,
                         struct option options[OPTIONS_MOST])
{
    const struct {
        unsigned has;
        struct option option;
    } rows[] = {
        {HAS_TRUST,
         {"signer", 0, OPTION_LIST, &request->signers, "SHA256:...",
          "trust this key; may be given several times"}},
        {HAS_TRUST,
         {"allowed-signers", 0, OPTION_TEXT, &request->allowed_signers, "FILE",
          "trust the keys of this file (ssh-keygen, ALLOWED SIGNERS)"}},
        {HAS_TRUST,
         {"tofu", 0, OPTION_FLAG, &request->tofu, NULL,
          "take the first head unchecked, later ones only if they follow"}},
        {HAS_TRUST,
         {"ca", 0, OPTION_TEXT, &request->ca, "FILE",
          "certificates of the authority of an https server"}},
        {HAS_ROLLBACK,
         {"allow-rollback", 0, OPTION_FLAG, &request->allow_rollback, NULL,
          "take a head that does not follow the last one"}},
        {HAS_FETCH,
         {"timeout", 0, OPTION_COUNT, &request->timeout, "SECONDS",
          "give up after (120)"}},
        {HAS_LOCK,
         {"offline", 0, OPTION_FLAG, &request->offline, NULL,
          "use what the last update has fetched"}},
        {HAS_LOCK,
         {"lock", 0, OPTION_TEXT, &request->lock, "FILE",
          "the lock to write (assay.lock)"}},
        {HAS_LOCK,
         {"file", 0, OPTION_TEXT, &request->file, "FILE",
          "write the workflow's bytes too"}},
        {~0U,
         {"output", 'o', OPTION_TEXT, &request->output_word, "FORM",
          "text (default), json, ndjson or yaml"}},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].has == ~0U || (rows[i].has & has))
            options[count++] = rows[i].option;
    options[count] = (struct option){0};
}

static void print_overview(void)
{
    CLEANUP(text_free) struct text text = {0};
    text_append_string(&text, "usage: assay marketplace COMMAND [ARGUMENTS]\n\n"
                              "Workflows from git repositories whose head is "
                              "trusted by a rule of yours.\n\ncommands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        text_append_format(&text, "  %-7s %-32s %s\n", market_commands[i].name,
                           market_commands[i].arguments,
                           market_commands[i].help);
    text_append_string(&text, "\n`assay marketplace COMMAND --help` tells the "
                              "options of a command.\n");
    print_text(&text);
}

static int check_request(const struct market_command *command,
                         struct market_request *request, struct error *error)
{
    if (request->count < command->least || request->count > command->most)
        return error_set(error, ERROR_USAGE,
                         "expected: assay marketplace %s %s", command->name,
                         command->arguments);
    if (request->timeout > TIMEOUT_LIMIT)
        return error_set(error, ERROR_USAGE, "--timeout: at most %d seconds",
                         TIMEOUT_LIMIT);
    return output_parse(request->output_word, &request->output, error);
}

static int run_command(const struct market_command *command, int count,
                       char **arguments)
{
    struct market_request request = {0};
    struct option options[OPTIONS_MOST];
    struct error error = {0};
    int code;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct command_help help = {
        .usage = arena_format(arena, "marketplace %s %s", command->name,
                              command->arguments),
        .text = command->help,
    };
    make_options(&request, command->options, options);
    if (!options_take(options, &help, &count, arguments, &code))
        return code;
    request.count = count;
    request.arena = arena;
    request.operands = arguments;
    if (check_request(command, &request, &error) < 0 ||
        market_places(arena, &request.places, &error) < 0 ||
        marketplace_list_read(arena, &request.places, &request.list, &error) <
            0)
        return print_error(&error);
    return command->run(&request);
}

int command_marketplace(int count, char **arguments)
{
    const char *names[COMMAND_COUNT + 1] = {NULL};
    struct error error = {0};
    if (count == 0 || strcmp(arguments[0], "--help") == 0 ||
        strcmp(arguments[0], "-h") == 0) {
        print_overview();
        return count == 0 ? EXIT_USAGE : EXIT_PASSED;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        names[i] = market_commands[i].name;
        if (strcmp(names[i], arguments[0]) == 0)
            return run_command(&market_commands[i], count - 1, arguments + 1);
    }
    const char *nearest = diagnostics_nearest(arguments[0], names);
    error_set(&error, ERROR_USAGE,
              nearest ? "unknown command 'marketplace %.100s', did you mean "
                        "'%s'?"
                      : "unknown command 'marketplace %.100s', see `assay "
                        "marketplace --help`",
              arguments[0], nearest);
    return print_error(&error);
}
