/*
 * fork: the child is the engine of the run. It has a session of its own and nothing of
 * ours but a pipe, on which it says two words: that the run is recorded, and that its
 * first step has begun or why it could not. An open database must not cross a fork, so
 * each side opens the history for itself.
 */
#include "cli/background.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/store.h"
#include "engine/base/clock.h"
#include "engine/base/file.h"

/* How long a first step may take to begin before the command leaves all the same. */
#define BEGIN_PATIENCE (5 * CLOCK_SECOND)

enum { FIRST_DESCRIPTOR = 3, DESCRIPTOR_CEILING = 1024 };

enum progress { PROGRESS_RECORDED = 1, PROGRESS_BEGUN, PROGRESS_FAILED };

/* What the engine says. The error has no places. */
struct word {
    enum progress progress;
    struct error error;
};

struct announcer {
    struct event_sink sink; /* first */
    int pipe;               /* -1: all was said */
};

static void say(struct announcer *announcer, enum progress progress,
                const struct error *error)
{
    if (announcer->pipe < 0)
        return;
    struct word word = {.progress = progress};
    if (error)
        word.error = *error;
    (void)!file_write_all(announcer->pipe, (const char *)&word, sizeof word);
    if (progress == PROGRESS_RECORDED)
        return;
    close(announcer->pipe);
    announcer->pipe = -1;
}

static int announce(struct event_sink *sink, const struct event *event,
                    struct error *error)
{
    struct announcer *announcer = (struct announcer *)sink;
    struct error cause = {0};
    (void)error;
    if (event->kind == EVENT_RUN_QUEUED) {
        say(announcer, PROGRESS_RECORDED, NULL);
    } else if (event->kind == EVENT_RUN_FINISHED &&
               event->status == STATUS_ERROR) {
        error_set(&cause, ERROR_SYSTEM, "%s", event->text ? event->text : "");
        say(announcer, PROGRESS_FAILED, &cause);
    } else if (event->step || event->kind == EVENT_RUN_FINISHED) {
        say(announcer, PROGRESS_BEGUN, NULL);
    }
    return 0;
}

/* Leaves the terminal and everything else of the command that was typed. The working
 * folder stays: names of files may be relative to it. */
static void become_engine(struct announcer *announcer)
{
    setsid();
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
        dup2(nothing, i);
    dup2(announcer->pipe, FIRST_DESCRIPTOR);
    announcer->pipe = FIRST_DESCRIPTOR;
    fcntl(FIRST_DESCRIPTOR, F_SETFD, FD_CLOEXEC);
    if (close_range(FIRST_DESCRIPTOR + 1, ~0U, 0) != 0)
        for (int i = FIRST_DESCRIPTOR + 1; i < DESCRIPTOR_CEILING; i++)
            close(i);
}

/* The engine's whole life. */
static _Noreturn void carry_out(struct run *run, int pipe)
{
    struct error error = {0};
    struct announcer announcer = {{announce}, pipe};
    become_engine(&announcer);
    run->look.watcher = &announcer.sink;
    run->history = store_open(run->database, true, &error);
    if (run->history)
        run_carry_out(run, &error);
    say(&announcer, PROGRESS_FAILED, &error);
    history_close(run->history);
    _exit(EXIT_PASSED);
}

/* The next word: 1, 0 when the patience ended (0: none), -1 when there is none. */
static int hear(int pipe, int64_t patience, struct word *word)
{
    struct pollfd file = {pipe, POLLIN, 0};
    int wait = patience > 0 ? (int)(patience / CLOCK_MILLISECOND) : -1;
    int ready;
    while ((ready = poll(&file, 1, wait)) < 0 && errno == EINTR)
        continue;
    if (ready == 0)
        return 0;
    return read(pipe, word, sizeof *word) == (ssize_t)sizeof *word ? 1 : -1;
}

/* Waits until the run is recorded, and a while for its first step. */
static int wait_until_begun(int pipe, struct error *error)
{
    struct word word;
    int heard = hear(pipe, 0, &word);
    if (heard == 1 && word.progress == PROGRESS_RECORDED)
        heard = hear(pipe, BEGIN_PATIENCE, &word);
    if (heard < 0)
        return error_set(error, ERROR_SYSTEM,
                         "the process that was to carry out the run is gone");
    if (heard == 1 && word.progress == PROGRESS_FAILED)
        return error_set(error, word.error.kind, "%s", word.error.text);
    return 0;
}

/* What is recorded by now, in the form that was wanted. */
static int tell(const struct run *run)
{
    struct error error = {0};
    const char *id = run->preparation.run_id;
    if (run->look.output == OUTPUT_TEXT) {
        CLEANUP(text_free) struct text text = {0};
        text_append_format(&text, "%s\n", id);
        print_text(&text);
        return EXIT_PASSED;
    }
    CLEANUP(history_close)
    struct history *history = store_open(run->database, false, &error);
    const struct run_state *state =
        history ? history_load(history, run->preparation.arena, id, &error)
                : NULL;
    if (!state)
        return print_error(&error);
    output_print(report_run_value(run->preparation.arena, state),
                 run->look.output);
    return EXIT_PASSED;
}

int background_start(struct run *run)
{
    struct error error = {0};
    int ends[2];
    history_close(TAKE(run->history));
    if (pipe2(ends, O_CLOEXEC) < 0) {
        error_set_system(&error, "cannot make a pipe");
        return print_error(&error);
    }
    fflush(NULL);
    pid_t engine = fork();
    if (engine == 0)
        carry_out(run, ends[1]);
    close(ends[1]);
    if (engine < 0)
        error_set_system(&error, "cannot start a process");
    else
        wait_until_begun(ends[0], &error);
    close(ends[0]);
    return error_is_set(&error) ? print_error(&error) : tell(run);
}
