/*
 * References in, their runs out. Everything is prepared first; then each run gets a
 * process, its engine, in a session of its own, so that a Ctrl-C reaches this process
 * only, which passes it on. What the engines say comes through pipes and is written
 * in whole lines behind the workflow's name. This process writes no record.
 */
#include "cli/several.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/background.h"
#include "cli/command.h"
#include "cli/lines.h"
#include "cli/print.h"
#include "cli/store.h"

enum { READ_SIZE = 64 * 1024, STREAMS = 2 };

struct item {
    struct run run;
    const char *name; /* of the workflow, unlike those of the others */
    pid_t engine;     /* 0: not started, or ended */
    bool started;
    int pipes[STREAMS]; /* its standard output and error; -1: ended */
    struct lines lines[STREAMS];
    int code;
};

struct several {
    struct arena *arena;
    struct item *items;
    size_t count, next; /* to start */
    size_t parallel, running;
    int wishes; /* a byte for each Ctrl-C */
    bool ending;
    bool deserted; /* nobody reads what we write */
};

/* From the best to the worst. */
static const int order[] = {
    EXIT_PASSED,   EXIT_FAILED, EXIT_DEADLINE, EXIT_NOT_RUN,
    EXIT_DOCUMENT, EXIT_USAGE,  EXIT_REFUSED,  EXIT_ABORTED,
};

static int worse(int one, int other)
{
    for (size_t i = sizeof order / sizeof *order; i-- > 0;)
        if (one == order[i] || other == order[i])
            return order[i];
    return EXIT_NOT_RUN;
}

/* --- before anything starts ----------------------------------------------- */

/* "name", "name#2", ... */
static const char *make_name(const struct several *several, size_t index)
{
    const char *name = several->items[index].run.preparation.workflow->name;
    size_t same = 1;
    for (size_t i = 0; i < index; i++)
        if (strcmp(several->items[i].run.preparation.workflow->name, name) == 0)
            same++;
    return same == 1 ? name
                     : arena_format(several->arena, "%s#%zu", name, same);
}

/* A value that no workflow takes is a mistake. */
static int check_values(const struct request *request, const bool *used,
                        struct error *error)
{
    for (size_t i = 0; i < request->config.count; i++)
        if (!used[i])
            return error_set(error, ERROR_USAGE,
                             "--config: none of the workflows has a parameter "
                             "'%.*s'",
                             (int)strcspn(request->config.items[i], "="),
                             request->config.items[i]);
    return 0;
}

/* The exit code: 0 when all can run. What is wrong is told, and recorded. */
static int prepare_all(struct several *several, const struct run *common,
                       char **references)
{
    struct error error = {0};
    struct arena *arena = several->arena;
    CLEANUP(history_close)
    struct history *history = run_open_history(common->database, &error);
    if (!history)
        return print_error(&error);
    bool *used = arena_allocate(arena, OPTION_LIST_LIMIT * sizeof *used);
    int code = EXIT_PASSED;
    for (size_t i = 0; i < several->count; i++) {
        struct item *item = &several->items[i];
        bool ready;
        *item = (struct item){.run = *common, .pipes = {-1, -1}};
        item->run.request.file = references[i];
        item->run.look.color = print_colours(stdout, common->look.no_color);
        item->run.request.config_used = used;
        item->run.history = history;
        code = worse(code, run_prepare(&item->run, arena, &ready));
        item->run.history = NULL;
    }
    if (code == EXIT_PASSED && check_values(&common->request, used, &error) < 0)
        return print_error(&error);
    if (code != EXIT_PASSED)
        print_note("nothing was started: all workflows are checked first");
    return code;
}

/* Names, and what stands before the lines. */
static void name_all(struct several *several)
{
    struct arena *arena = several->arena;
    size_t width = 0;
    for (size_t i = 0; i < several->count; i++) {
        const char *name = make_name(several, i);
        several->items[i].name = name;
        width = strlen(name) > width ? strlen(name) : width;
    }
    for (size_t i = 0; i < several->count; i++) {
        struct item *item = &several->items[i];
        bool data = item->run.look.output == OUTPUT_NDJSON;
        const char *prefix =
            arena_format(arena, "%-*s | ", (int)width, item->name);
        item->lines[0] =
            (struct lines){.stream = stdout,
                           .prefix = data ? "" : prefix,
                           .limit = data ? LINES_WHOLE_LIMIT : LINES_LIMIT};
        item->lines[1] = (struct lines){
            .stream = stderr, .prefix = prefix, .limit = LINES_LIMIT};
    }
}

/* --- engines --------------------------------------------------------------- */

static int look_away(struct event_sink *sink, const struct event *event,
                     struct error *error)
{
    (void)sink;
    (void)event;
    (void)error;
    return 0;
}

/* The engine's whole life. Signals are blocked until it is ready for them. */
static _Noreturn void carry_out(struct run *run, const int *outputs)
{
    struct error error = {0};
    struct event_sink nobody = {look_away};
    setsid();
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    dup2(outputs[0], STDOUT_FILENO);
    dup2(outputs[1], STDERR_FILENO);
    if (run->look.output == OUTPUT_JSON || run->look.output == OUTPUT_YAML)
        run->look.watcher = &nobody; /* printed together at the end */
    int code;
    run->history = store_open(run->database, true, &error);
    if (!run->history) {
        code = print_error(&error);
    } else {
        code = run_carry_out(run, &error);
        if (run->look.watcher && error_is_set(&error))
            print_error(&error);
    }
    history_close(run->history);
    fflush(NULL);
    _exit(code);
}

static void block_signals(int how)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(how, &set, NULL);
}

static void close_pair(int *pair)
{
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0)
            close(pair[i]);
        pair[i] = -1;
    }
}

static int start(struct several *several, struct item *item,
                 struct error *error)
{
    int outputs[STREAMS] = {-1, -1};
    for (int i = 0; i < STREAMS; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0) {
            error_set_system(error, "cannot make a pipe");
            close_pair(outputs);
            close_pair(item->pipes);
            return -1;
        }
        item->pipes[i] = ends[0];
        outputs[i] = ends[1];
    }
    fflush(NULL);
    block_signals(SIG_BLOCK);
    item->engine = fork();
    if (item->engine == 0)
        carry_out(&item->run, outputs);
    int number = errno;
    block_signals(SIG_UNBLOCK);
    close_pair(outputs);
    errno = number;
    if (item->engine < 0) {
        item->engine = 0;
        close_pair(item->pipes);
        return error_set_system(error, "cannot start a process");
    }
    item->started = true;
    several->running++;
    return 0;
}

/* All it said has been handed on. */
static void end(struct several *several, struct item *item)
{
    int status = 0;
    while (waitpid(item->engine, &status, 0) < 0 && errno == EINTR)
        continue;
    item->code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_NOT_RUN;
    item->engine = 0;
    several->running--;
}

static void take_output(struct several *several, struct item *item, int stream)
{
    static char bytes[READ_SIZE];
    ssize_t length = read(item->pipes[stream], bytes, sizeof bytes);
    if (length < 0 && errno == EINTR)
        return;
    int result = length > 0
                     ? lines_feed(&item->lines[stream], bytes, (size_t)length)
                     : lines_finish(&item->lines[stream]);
    if (result < 0 && stream == 0)
        several->deserted = true; /* the runs go on and are recorded */
    if (length > 0)
        return;
    close(item->pipes[stream]);
    item->pipes[stream] = -1;
    if (item->pipes[0] < 0 && item->pipes[1] < 0)
        end(several, item);
}

static void pass_on_wishes(struct several *several)
{
    char wishes[16];
    ssize_t count = read(several->wishes, wishes, sizeof wishes);
    for (ssize_t i = 0; i < count; i++) {
        several->ending = true;
        for (size_t k = 0; k < several->count; k++)
            if (several->items[k].engine > 0)
                kill(several->items[k].engine, SIGTERM);
    }
}

static int take_turn(struct several *several, struct pollfd *files,
                     struct error *error)
{
    size_t count = several->count;
    for (size_t i = 0; i < count * STREAMS; i++)
        files[i] = (struct pollfd){
            several->items[i / STREAMS].pipes[i % STREAMS], POLLIN, 0};
    files[count * STREAMS] = (struct pollfd){several->wishes, POLLIN, 0};
    if (poll(files, count * STREAMS + 1, -1) < 0 && errno != EINTR)
        return error_set_system(error, "cannot wait for the runs");
    if (files[count * STREAMS].revents)
        pass_on_wishes(several);
    for (size_t i = 0; i < count * STREAMS; i++)
        if (files[i].fd >= 0 && files[i].revents)
            take_output(several, &several->items[i / STREAMS],
                        (int)(i % STREAMS));
    return 0;
}

/* Starts them in order, so many at once, until all have ended. */
static int carry_out_all(struct several *several, struct error *error)
{
    struct pollfd *files = arena_allocate(
        several->arena, (several->count * STREAMS + 1) * sizeof *files);
    several->wishes = following_catch_signals(true, error);
    if (several->wishes < 0)
        return -1;
    for (;;) {
        while (!several->ending && several->next < several->count &&
               several->running < several->parallel) {
            struct item *item = &several->items[several->next++];
            if (start(several, item, error) < 0)
                several->ending = true; /* what runs may end */
        }
        if (several->running == 0)
            return error_is_set(error) ? -1 : 0;
        if (take_turn(several, files, error) < 0)
            return -1;
    }
}

/* --- the end ---------------------------------------------------------------- */

static void append_row(struct report_row *row, const struct run_state *state)
{
    const char *workflow = value_string_at(state->data, "workflow");
    const char *runtime = value_string_at(state->data, "runtime");
    const char *digest = value_string_at(state->data, "digest");
    *row = (struct report_row){
        .id = state->id,
        .workflow = workflow ? workflow : "",
        .runtime = runtime ? runtime : "",
        .digest = digest ? digest : "",
        .status = state->status,
        .queued = state->queued,
        .started = state->started,
        .finished = state->finished,
    };
}

static void append_counts(struct text *text, const struct several *several,
                          const struct report_row *rows, size_t count)
{
    text_append_format(text, "%zu run%s", count, count == 1 ? "" : "s");
    const char *separator = ": ";
    for (int status = STATUS_QUEUED; status <= STATUS_LOST; status++) {
        size_t same = 0;
        for (size_t i = 0; i < count; i++)
            same += rows[i].status == (enum status)status;
        if (same == 0)
            continue;
        text_append_format(text, "%s%zu %s", separator, same,
                           event_status_name((enum status)status));
        separator = ", ";
    }
    if (count < several->count)
        text_append_format(text, "; %zu not started", several->count - count);
    text_append_character(text, '\n');
}

/* What the history has of the runs: a table, or a list of the results. */
static int report(const struct several *several, const struct run *common,
                  struct error *error)
{
    struct arena *arena = several->arena;
    CLEANUP(history_close)
    struct history *history = store_open(common->database, false, error);
    struct report_row *rows =
        arena_allocate(arena, several->count * sizeof *rows);
    struct value *list = value_make_list(arena);
    size_t count = 0;
    for (size_t i = 0; history && i < several->count; i++) {
        const struct item *item = &several->items[i];
        struct error missing = {0};
        const struct run_state *state =
            item->started ? history_load(history, arena,
                                         item->run.preparation.run_id, &missing)
                          : NULL;
        if (!state)
            continue;
        append_row(&rows[count++], state);
        value_append(arena, list, report_run_value(arena, state));
    }
    if (!history)
        return -1;
    const enum output output = common->look.output;
    struct report_options look = {
        .color = print_colours(stdout, common->look.no_color)};
    CLEANUP(text_free) struct text text = {0};
    if (output == OUTPUT_JSON || output == OUTPUT_YAML)
        output_print(list, output);
    if (output != OUTPUT_TEXT)
        return 0;
    text_append_character(&text, '\n');
    if (count > 0)
        report_list(&text, rows, count, &look);
    append_counts(&text, several, rows, count);
    print_text(&text);
    return 0;
}

static int leave_all(struct several *several)
{
    int code = EXIT_PASSED;
    for (size_t i = 0; i < several->count; i++)
        code = worse(code, background_start(&several->items[i].run));
    return code;
}

int several_run(const struct run *common, char **references, size_t count,
                size_t parallel)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct several several = {
        .arena = arena,
        .items = arena_allocate(arena, count * sizeof(struct item)),
        .count = count,
        .parallel = parallel ? parallel : 1,
    };
    int code = prepare_all(&several, common, references);
    if (code != EXIT_PASSED)
        return code;
    if (common->detach && common->place != PLACE_KUBERNETES)
        return leave_all(&several);
    name_all(&several);
    int result = carry_out_all(&several, &error);
    for (size_t i = 0; i < count; i++) {
        const struct item *item = &several.items[i];
        code = worse(code, item->started ? item->code : EXIT_ABORTED);
    }
    if (result < 0)
        code = worse(code == EXIT_ABORTED ? EXIT_PASSED : code,
                     print_error(&error));
    struct error unread = {0};
    if (!several.deserted && report(&several, common, &unread) < 0)
        code = worse(code, print_error(&unread));
    return code;
}
