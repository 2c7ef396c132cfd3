#include "cli/following.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/print.h"

static int abort_pipe[2] = {-1, -1};

static void on_signal(int number)
{
    (void)number;
    char wish = 'a';
    ssize_t ignored = write(abort_pipe[1], &wish, 1);
    (void)ignored;
}

int following_catch_signals(bool ending, struct error *error)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const size_t count = ending ? sizeof signals / sizeof *signals : 1;
    if (pipe2(abort_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_set_system(error, "cannot make a pipe");
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < count; i++) {
        struct sigaction before;
        sigaction(signals[i], NULL, &before);
        if (signals[i] != SIGHUP || before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    /* Whoever has started us may have held them back until now. */
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    return abort_pipe[0];
}

/* Folds the events into the state that decides the exit code. */
static int fold(struct event_sink *sink, const struct event *event,
                struct error *error)
{
    struct following *following = (struct following *)sink;
    if (event->kind == EVENT_OUTPUT)
        return 0;
    return event_apply(following->state, event, error);
}

/* What cannot be shown is recorded all the same. */
static int show(struct event_sink *sink, const struct event *event,
                struct error *error)
{
    struct following *following =
        (struct following *)((char *)sink -
                             offsetof(struct following, view_sink));
    (void)error;
    if (error_is_set(&following->unseen))
        return 0;
    errno = 0;
    if (event_emit(following->view, event, &following->unseen) == 0)
        return 0;
    /* A terminal that was closed gives EIO. */
    following->deserted = errno == EPIPE || errno == EIO;
    return 0;
}

static void open_view(struct following *following, const char *id,
                      const struct following_options *options)
{
    struct report_options look = {
        .color = options->color || print_colours(stdout, options->no_color),
        .quiet = options->quiet,
        .raw = options->raw,
    };
    if (options->watcher) {
        following->view = options->watcher;
        return;
    }
    if (options->output == OUTPUT_TEXT) {
        following->live = report_live_new(stdout, id, &look);
        following->view = report_live_sink(following->live);
    } else if (options->output == OUTPUT_NDJSON) {
        following->ndjson = report_ndjson_new(stdout, id);
        following->view = report_ndjson_sink(following->ndjson);
    }
}

int following_open(struct following *following, struct arena *arena,
                   struct history *history, const char *id,
                   const struct following_options *options, struct error *error)
{
    *following = (struct following){
        .state_sink = {fold},
        .view_sink = {show},
        .arena = arena,
        .state = event_state_make(arena, id),
        .output = options->output,
        .silent = options->watcher != NULL,
    };
    struct event_sink *record =
        history ? history_sink(history, id, error) : NULL;
    if (history && !record)
        return -1;
    open_view(following, id, options);
    struct event_sink **sinks = following->sinks;
    sinks[0] = record;
    sinks[1] = &following->state_sink;
    sinks[2] = &following->view_sink;
    const size_t shown = following->view ? 2 : 1;
    following->shown = event_fan_make(sinks + 1, shown);
    following->fan =
        record ? event_fan_make(sinks, shown + 1) : following->shown;
    return 0;
}

void following_close(struct following *following)
{
    if (following->live)
        report_live_free(following->live);
    if (following->ndjson)
        report_ndjson_free(following->ndjson);
    following->live = NULL;
    following->ndjson = NULL;
}

int following_end(struct following *following, int result,
                  const struct error *error)
{
    const struct run_state *state = following->state;
    bool final = event_status_is_final(state->status);
    int code = exit_of_status(state->status);
    fflush(stdout);
    if (following->silent)
        return result < 0 && code == EXIT_PASSED ? exit_of_error(error) : code;
    if (error_is_set(&following->unseen) && !following->deserted) {
        int failure = print_error(&following->unseen);
        code = code == EXIT_PASSED ? failure : code;
    }
    if (result < 0) {
        /* The view has told the reason with the verdict: say it once. */
        int failure = following->live && final ? exit_of_error(error)
                                               : print_error(error);
        return code == EXIT_PASSED || error->kind == ERROR_TRUST ? failure
                                                                 : code;
    }
    if (following->output == OUTPUT_JSON || following->output == OUTPUT_YAML)
        output_print(report_run_value(following->arena, state),
                     following->output);
    return code;
}
