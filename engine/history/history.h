#pragma once
/*
 * Runs kept in SQLite: every event of a run in order, and the log of every step
 * in compressed chunks. Append-only. The tables are in schemas/history.sql; its
 * version is PRAGMA user_version. A kill at any moment leaves a database that
 * opens, with all state changes that were reported as written. Several processes
 * may write runs at the same time. One handle is for one thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/event/event.h"

struct history;

/* Opens the database at `path`, making it (mode 0600, folders 0700) when it is
 * missing and `write` is set, and brings it to the newest version. Without `write`
 * a missing file is an empty history, and nothing is made. A newer version than
 * ours, a file that is no history or a symbolic link is ERROR_SYSTEM with a hint.
 * The caller closes it; closing writes output that still waits. */
struct history *history_open(const char *path, bool write, struct error *error);
void history_close(struct history *history);
DEFINE_CLEANUP(struct history *, history_close);

/* A sink that writes the events of run `id`: one transaction for each change of
 * state, output gathered into chunks and compressed. An event that cannot follow
 * is refused and not written. A run that is there already is continued, and this
 * process becomes its owner. Belongs to `history` until the next history_sink or
 * history_close; one at a time for one run. Ids are 2 to 39 of 0-9 a-z and -. */
struct event_sink *history_sink(struct history *history, const char *id,
                                struct error *error);

/* Writes the output that still waits for more (at most 256 KiB that came within
 * the last second); nothing when there is none. */
int history_flush(struct history *history, struct error *error) MUST_CHECK;

/* Ends every unfinished run whose process on this machine is gone as `lost`. A
 * run of another machine or pid namespace is left alone, and so is one in a
 * cluster, which goes on without its process and may be attached to. Goes on after a failure
 * and returns the first. */
int history_reconcile(struct history *history, struct error *error) MUST_CHECK;

/* The same; `visit` is called for each run that was ended so, with its state. */
int history_reconcile_each(struct history *history,
                           void (*visit)(void *context,
                                         const struct run_state *state),
                           void *context, struct error *error) MUST_CHECK;

/* Whether another process, which is still there as far as can be seen, writes
 * the run. -1 with ERROR_USAGE when there is no run of that id. */
int history_is_owned(struct history *history, const char *id, bool *owned,
                     struct error *error) MUST_CHECK;

/* The files that the steps of all runs left, by content, in a folder beside the
 * database: <database>.artifacts/sha256/ab/<62 hex digits>. Opening makes nothing
 * (the first file that is kept does) and, with `write`, removes what a run that was
 * killed left half-written. A folder of another user is ERROR_SYSTEM. The caller
 * closes it. */
struct history_artifacts;
struct history_artifacts *
history_artifacts_open(const char *database, bool write, struct error *error);
void history_artifacts_close(struct history_artifacts *artifacts);
DEFINE_CLEANUP(struct history_artifacts *, history_artifacts_close);

struct history_artifact {
    int64_t size;    /* bytes of what is kept */
    char digest[72]; /* "sha256:<64 hex digits>" */
};

/* Keeps what the file `source` has from where it stands, with `compress` as gzip.
 * More than `limit` bytes in the source is ERROR_INPUT. A kill leaves nothing that
 * looks like a kept file. */
int history_artifacts_keep(struct history_artifacts *artifacts, int source,
                           int64_t limit, bool compress,
                           struct history_artifact *kept,
                           struct error *error) MUST_CHECK;

/* Returns when all that was kept is safe against a loss of power; at once when
 * nothing was. */
int history_artifacts_flush(struct history_artifacts *artifacts,
                            struct error *error) MUST_CHECK;

/* Writes the kept file to the descriptor `target` while comparing it. One that is
 * missing, or is not what its digest says, is ERROR_SYSTEM that names it. */
int history_artifacts_copy(struct history_artifacts *artifacts,
                           const struct history_artifact *kept, int target,
                           struct error *error) MUST_CHECK;

/* How far a run was read: {0} is its beginning. */
struct history_place {
    int64_t sequence; /* of the last entry */
    int64_t offset;   /* in the run's output */
};

/* Hands on what was recorded after `place`, events and output in their order, and
 * moves `place` on. A gap in the output is an EVENT_NOTE. Never a whole log in
 * memory, and nothing is locked while `sink` works. */
int history_read_on(struct history *history, const char *id,
                    struct history_place *place, struct event_sink *sink,
                    struct error *error) MUST_CHECK;

/* An inotify descriptor that is readable after something was written, of this run
 * or of another; -1 where the system cannot tell. The caller empties and closes it. */
int history_watch(const struct history *history);

/* Sends a signal to the process that writes the run, once it is certain that it is
 * that process. ERROR_USAGE when the run has ended; ERROR_SYSTEM when it is on
 * another machine, or another user's. */
int history_signal(struct history *history, const char *id, int signal,
                   struct error *error) MUST_CHECK;

/* One line of the list. */
struct history_entry {
    char id[40];
    char workflow[256];
    char runtime[32];
    char digest[72]; /* sha256:... of the workflow's bytes */
    enum status status;
    int64_t queued, started, finished;
};

/* What to list; {0} is everything. */
struct history_query {
    const char *workflow; /* exactly this name; NULL: any */
    int status;           /* enum status + 1; 0: any */
    size_t limit;         /* 0: no limit */
};

/* Calls `visit` for each run, newest first, until it returns false. */
int history_list(struct history *history, const struct history_query *query,
                 bool (*visit)(void *context,
                               const struct history_entry *entry),
                 void *context, struct error *error) MUST_CHECK;

/* The full id for "latest", an id, or an unambiguous prefix of one (at least two
 * characters). None or several is ERROR_USAGE that names up to five. */
int history_find(struct history *history, const char *name, char id[40],
                 struct error *error) MUST_CHECK;

/* The state of a run, folded from its events. Lives in `arena`. NULL with
 * ERROR_USAGE when there is no run of that id. */
struct run_state *history_load(struct history *history, struct arena *arena,
                               const char *id, struct error *error);

/* Hands every event of the run to `visit` in order, output left out. */
int history_replay(struct history *history, const char *id,
                   struct event_sink *sink, struct error *error) MUST_CHECK;

/* Hands the log of a run in order, one chunk at a time as EVENT_OUTPUT, with
 * step, attempt and time. `step` NULL: of all steps; a group: of the steps in it.
 * Output that could not be written leaves an EVENT_NOTE in its place (when all
 * steps are read). Never a whole log in memory. */
int history_read_log(struct history *history, const char *id, const char *step,
                     struct event_sink *sink, struct error *error) MUST_CHECK;
