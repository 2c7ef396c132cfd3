#pragma once
/*
 * Everything that reads the events of one run while it goes on: the record first
 * (what is shown is already recorded), the state that decides the exit code, and
 * what the user sees.
 */
#include <stdbool.h>

#include "cli/output.h"
#include "engine/base/arena.h"
#include "engine/event/event.h"
#include "engine/history/history.h"
#include "engine/report/report.h"

struct following_options {
    enum output output;
    bool quiet, no_color, raw;
    bool color;                 /* though standard output is no terminal */
    struct event_sink *watcher; /* sees the events instead of the user, who is
                                 * told nothing; NULL: none */
};

struct following {
    struct event_sink state_sink; /* first */
    struct event_sink view_sink;
    struct arena *arena;
    struct run_state *state;
    struct report_live *live;
    struct report_ndjson *ndjson;
    struct event_sink *view; /* NULL: nothing is shown before the end */
    struct event_sink *sinks[3];
    struct event_fan fan;   /* hand the events to fan.sink */
    struct event_fan shown; /* the same without the record */
    enum output output;
    bool silent;
    struct error unseen; /* why the view ended before the run */
    bool deserted;       /* because its reader has gone */
};

/* The rows of an options table that fill following_options; `word` is a text. */
#define FOLLOWING_OPTIONS(options, word)                                       \
    {                                                                          \
        "output",                                                              \
        'o',                                                                   \
        OPTION_TEXT,                                                           \
        word,                                                                  \
        "FORM",                                                                \
        "text (default), ndjson (events), json or yaml (the result)"},         \
        {"quiet",           'q',  OPTION_FLAG,                                 \
         &(options)->quiet, NULL, "only the last line"},                       \
        {"raw",       0,                                                       \
         OPTION_FLAG, &(options)->raw,                                         \
         NULL,        "output of steps as it is, control characters and all"}, \
    {                                                                          \
        "no-color", 0, OPTION_FLAG, &(options)->no_color, NULL, "no colours"   \
    }

/* Fills `following` for the run `id`, whose events go into `history`; NULL: they are
 * recorded by somebody else. A view that can no longer be written ends alone: the
 * run goes on and is recorded. Must stay where it is; the caller closes it. */
int following_open(struct following *following, struct arena *arena,
                   struct history *history, const char *id,
                   const struct following_options *options,
                   struct error *error) MUST_CHECK;
void following_close(struct following *following);

/* Prints what is printed at the end, and what went wrong when `result` is -1;
 * the exit code. */
int following_end(struct following *following, int result,
                  const struct error *error);

/* Makes Ctrl-C write a byte to the descriptor that is returned; with `ending` also a
 * terminal that closes (unless that is ignored: nohup) and `kill`. -1. */
int following_catch_signals(bool ending, struct error *error) MUST_CHECK;
