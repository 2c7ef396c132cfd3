#pragma once
/*
 * What can happen in a run, and the state that follows from it. A run is a
 * sequence of events; runtimes only emit them, sinks (history, live view,
 * ndjson) only read them. event_apply is the one pure function that gives the
 * next state, for live runs, restarts, history, reports and tests alike.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/value/value.h"

enum status {
    STATUS_QUEUED,
    STATUS_RUNNING,
    STATUS_PASSED,
    STATUS_FAILED,
    STATUS_TIMEOUT, /* of a step; a run: its own deadline passed */
    STATUS_SKIPPED, /* of a step only */
    STATUS_ABORTED,
    STATUS_ERROR,  /* of a run: it could not be run */
    STATUS_LOST,   /* of a run: its outcome is not known */
    STATUS_PAUSED, /* of a step: it waits for somebody to let it go on */
};

enum event_kind {
    /* The run is known: `data` = {workflow, file, digest, parameters, runtime,
     * steps, images, ...}, see docs/history.md. Always the first. */
    EVENT_RUN_QUEUED,
    EVENT_RUN_STARTED,   /* the runtime has begun; `data` = {sandbox, ...} */
    EVENT_STEP_STARTED,  /* step, attempt */
    EVENT_STEP_PAUSED,   /* step: it began, and waits for `assay resume` */
    EVENT_STEP_RESUMED,  /* step: it goes on */
    EVENT_OUTPUT,        /* step ("" = not inside a step), text, length */
    EVENT_STEP_FINISHED, /* step, status, exit_code, duration, text = why */
    EVENT_ARTIFACT, /* step; `data` = {name, size, digest}: a file was kept */
    EVENT_NOTE,     /* text: something that the user should see once */
    EVENT_RUN_FINISHED, /* status, text = why, when not passed */
};

/* One event. Pointers are valid during the call that hands it over; a sink that
 * keeps anything copies it. Fields that a kind does not use are zero. */
struct event {
    enum event_kind kind;
    enum status status;
    int exit_code;    /* of a step's last process; -1: it has none */
    int attempt;      /* of a step, from 1 */
    int64_t time;     /* nanoseconds since 1970 UTC */
    int64_t duration; /* nanoseconds; of a step that finished */
    const char *step; /* its ref: "1", "2.1"; NULL for events of the run */
    const char *text; /* NUL-terminated but for EVENT_OUTPUT */
    size_t length;    /* of `text` of EVENT_OUTPUT, which is raw bytes */
    const struct value *data;
};

/* A reader of events. `handle` returns 0, or -1 with `error` set, which ends the
 * run with that error. Embed it first in a struct of your own. */
struct event_sink {
    int (*handle)(struct event_sink *sink, const struct event *event,
                  struct error *error);
};

/* Hands `event` to the sink. */
int event_emit(struct event_sink *sink, const struct event *event,
               struct error *error) MUST_CHECK;

/* A sink that hands every event to `count` others, in order; the first failure
 * is returned after all have seen the event. */
struct event_fan {
    struct event_sink sink;
    struct event_sink **sinks;
    size_t count;
};
struct event_fan event_fan_make(struct event_sink **sinks, size_t count);

struct step_state {
    const char *ref;    /* "1", "2.1": position in the tree */
    const char *name;   /* as the user wrote it; or "" */
    const char *parent; /* ref of its group; NULL at the top */
    size_t depth;       /* groups around it; 0 at the top */
    bool group, optional, negative;
    enum status status;
    int exit_code; /* -1: none */
    int attempt;
    int64_t started, finished; /* 0: not yet */
    int64_t paused;            /* since when; 0: it is not */
    int pauses;                /* of this attempt, so far */
    int64_t duration;
    const char *reason; /* why it is not passed; NULL */
};

/* A file that a step left. A name may come again, from a further attempt or from
 * another step: the last one is meant. Names are as they came: look at
 * event_artifact_fault before one becomes a path. */
struct artifact_state {
    const char *step;   /* its ref */
    const char *name;   /* relative, with '/' between folders */
    int64_t size;       /* bytes */
    const char *digest; /* "sha256:<64 hex digits>" */
};

/* The state of a run; belongs to its arena. Terminal run states absorb. */
struct run_state {
    struct arena *arena;
    const char *id;
    enum status status;
    int64_t queued, started, finished; /* 0: not yet */
    const char *reason;                /* NULL when there is nothing to say */
    const struct value *data;          /* of EVENT_RUN_QUEUED; a copy */
    const struct value *environment;   /* of EVENT_RUN_STARTED; a copy */
    struct step_state *steps;          /* depth first, in file order */
    size_t step_count;
    size_t note_count;
    const char **notes;
    size_t artifact_count;
    size_t artifact_capacity;
    struct artifact_state *artifacts; /* in the order in which they came */
};

/* The state before the first event. */
struct run_state *event_state_make(struct arena *arena, const char *id);

/* The next state. An event that cannot follow (a step unknown, a run that has
 * ended, a run passed while a step that counts has not) is ERROR_SYSTEM and
 * leaves the state as it was. The rules are the tables of event_state.c:
 * - a finished step may start again with a higher attempt; when that is a group,
 *   the steps under it are queued again;
 * - a step starts only inside groups that are running;
 * - a running step may be paused and resumed. A paused one can end as aborted or
 *   timeout only, and nothing starts in a paused group;
 * - at the end of the run a step still running or paused is aborted. One still queued is
 *   skipped, but aborted when the run is aborted, lost or an error. */
int event_apply(struct run_state *state, const struct event *event,
                struct error *error) MUST_CHECK;

/* The step of that ref, or NULL. */
struct step_state *event_find_step(const struct run_state *state,
                                   const char *ref);

/* The status to show: paused while a step of a running run is. */
enum status event_shown_status(const struct run_state *state);

/* Why `name` cannot be the name of an artifact, in words that follow "its name";
 * NULL when it can: at most EVENT_ARTIFACT_NAME_LIMIT bytes of UTF-8 without
 * control characters, relative, at most EVENT_ARTIFACT_DEPTH_LIMIT parts between
 * '/', none of them empty, '.' or '..'. */
const char *event_artifact_fault(const char *name, size_t length);

/* One of the artifacts that somebody asks for. */
struct artifact_choice {
    const struct artifact_state *artifact;
    bool replaced; /* a later one of these has the same name */
};

/* The artifacts of `step` (NULL: of all; a group: of the steps in it), in the order
 * in which they came. Lives in `arena`. */
struct artifact_choice *event_choose_artifacts(struct arena *arena,
                                               const struct run_state *state,
                                               const char *step, size_t *count);

/* "passed"; and back: -1 when there is no such word. */
const char *event_status_name(enum status status);
int event_status_parse(const char *name);
bool event_status_is_final(enum status status);
const char *event_kind_name(enum event_kind kind); /* "step-started" */

/* An event as a value, and back: the form of the history and of ndjson, with the
 * members event, time, step, status, exitCode, attempt, duration, text, data.
 * What the kind does not use, and an exit code of -1, is left out; so is the text
 * of EVENT_OUTPUT. Lives in `arena`. Decoding
 * ignores members that it does not know; ERROR_INPUT for the rest. */
struct value *event_encode(struct arena *arena, const struct event *event);
int event_decode(struct arena *arena, const struct value *value,
                 struct event *event, struct error *error) MUST_CHECK;

/* `length` bytes from outside as a string value: each byte that is not part of
 * valid UTF-8 becomes U+FFFD. Lives in `arena`. */
struct value *event_text_value(struct arena *arena, const char *bytes,
                               size_t length);

/* How many of the last bytes (0 to 3) are the beginning of a UTF-8 sequence
 * that may be completed by what follows: for readers of chunks. */
size_t event_text_pending(const char *bytes, size_t length);
