/*
 * The record of a run in, its view out, while another process writes it. Waits for
 * news of the database; looks once a second whether the process is still there, so
 * that a run whose process was killed ends as lost here too. The run is never
 * changed but by signals to its process.
 */
#include "cli/control.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/store.h"
#include "engine/base/clock.h"

enum {              /* milliseconds */
       SOON = 10,   /* after news: it is told of before it can be read */
       PAUSE = 100, /* where nothing tells of news */
       LOOK = 1000, /* for the process */
};

struct control {
    struct history *history;
    const char *id;
    struct following following;
    struct history_place place;
    int news;   /* inotify; -1: none */
    int wishes; /* a byte for each Ctrl-C */
    int pause;  /* until the next look without news, in milliseconds */
    int64_t looked;
};

/* Takes the news away. Without any the pauses grow. */
static void take_news(struct control *control)
{
    char bytes[4096];
    bool any = false;
    while (control->news >= 0 && read(control->news, bytes, sizeof bytes) > 0)
        any = true;
    const int longest = control->news < 0 ? PAUSE : LOOK;
    control->pause = any ? SOON : control->pause * 2;
    if (control->pause > longest)
        control->pause = longest;
}

/* A run that has ended meanwhile needs no word. */
static int tell_to_end(struct control *control, struct error *error)
{
    struct error failure = {0};
    if (history_signal(control->history, control->id, SIGTERM, &failure) == 0 ||
        failure.kind == ERROR_USAGE)
        return 0;
    return error_set(error, failure.kind, "%s", failure.text);
}

static int pass_on_wishes(struct control *control, struct error *error)
{
    char wishes[16];
    ssize_t count = read(control->wishes, wishes, sizeof wishes);
    for (ssize_t i = 0; i < count; i++)
        if (tell_to_end(control, error) < 0)
            return -1;
    return 0;
}

/* A process that is gone leaves its runs to whoever looks. */
static void look_after(struct control *control)
{
    int64_t now = clock_monotonic();
    struct error ignored = {0};
    if (now - control->looked < LOOK * CLOCK_MILLISECOND)
        return;
    control->looked = now;
    if (store_reconcile(control->history, &ignored) < 0)
        return; /* the next look may do better */
}

static int wait_for_news(struct control *control, struct error *error)
{
    struct pollfd files[] = {{control->wishes, POLLIN, 0},
                             {control->news, POLLIN, 0}};
    if (poll(files, 2, control->pause) < 0 && errno != EINTR)
        return error_set_system(error, "cannot wait for the run");
    take_news(control);
    if (pass_on_wishes(control, error) < 0)
        return -1;
    look_after(control);
    return 0;
}

static int follow(struct control *control, struct error *error)
{
    const struct run_state *state = control->following.state;
    for (;;) {
        if (history_read_on(control->history, control->id, &control->place,
                            &control->following.fan.sink, error) < 0)
            return -1;
        if (event_status_is_final(state->status))
            return 0;
        /* Nobody sees it any more: the run goes on without us. */
        if (control->following.deserted)
            return 0;
        if (wait_for_news(control, error) < 0)
            return -1;
    }
}

int control_follow(struct history *history, const char *id, bool abort,
                   const struct following_options *look)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct control control = {.history = history, .id = id, .pause = SOON};
    if (following_open(&control.following, arena, NULL, id, look, &error) < 0)
        return print_error(&error);
    control.news = history_watch(history);
    control.wishes = following_catch_signals(false, &error);
    int result = control.wishes < 0 ? -1 : 0;
    if (result == 0 && abort)
        result = tell_to_end(&control, &error);
    if (result == 0)
        result = follow(&control, &error);
    if (control.news >= 0)
        close(control.news);
    int code = following_end(&control.following, result, &error);
    following_close(&control.following);
    return code;
}
