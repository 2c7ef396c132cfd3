#include "cli/following.h"

#include <fcntl.h>
#include <signal.h>
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

int following_catch_signals(struct error *error)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    if (pipe2(abort_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_set_system(error, "cannot make a pipe");
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
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

static void open_view(struct following *following, const char *id,
                      const struct following_options *options)
{
    struct report_options look = {
        .color = print_colours(stdout, options->no_color),
        .quiet = options->quiet,
        .raw = options->raw,
    };
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
        .arena = arena,
        .state = event_state_make(arena, id),
        .output = options->output,
    };
    struct event_sink *record = history_sink(history, id, error);
    if (!record)
        return -1;
    open_view(following, id, options);
    following->sinks[0] = record;
    following->sinks[1] = &following->state_sink;
    following->sinks[2] = following->view;
    following->fan = event_fan_make(following->sinks, following->view ? 3 : 2);
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
