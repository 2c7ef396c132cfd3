#pragma once
/*
 * What the files of this folder share: the open database, prepared statements
 * with typed binding, and errors that name the file.
 */
#include <sqlite3.h>

#include "engine/history/history.h"

struct history {
    sqlite3 *database;
    char *path;
    bool write;
    bool relaxed;                  /* synchronous is NORMAL */
    struct history_writer *writer; /* of history_sink; NULL: none yet */
};

/* Fills `error` from the last failure of SQLite: "cannot <doing> history
 * '<path>': <reason>". Always returns -1. */
int database_error(const struct history *history, const char *doing,
                   struct error *error);

/* Runs one or more statements without results. */
int database_run(struct history *history, const char *sql,
                 struct error *error) MUST_CHECK;

/* BEGIN IMMEDIATE, waiting for other writers; COMMIT; ROLLBACK. A commit that
 * fails is rolled back. */
int database_begin(struct history *history, struct error *error) MUST_CHECK;
int database_commit(struct history *history, struct error *error) MUST_CHECK;
void database_rollback(struct history *history);

/* Says whether the next commits are safe against loss of power (FULL) or only
 * against the end of this process (NORMAL). Outside transactions only. */
int database_durable(struct history *history, bool durable,
                     struct error *error) MUST_CHECK;

/* A prepared statement with its parameters bound as `types` says, one character
 * each: i int64_t, t const char * (NULL: null), b const void * and size_t. Bound
 * memory must live until the statement is finalized. NULL on failure. */
sqlite3_stmt *database_prepare(struct history *history, struct error *error,
                               const char *sql, const char *types, ...);

/* The next row: 1, 0 at the end, -1 with `error`. */
int database_step(struct history *history, sqlite3_stmt *statement,
                  struct error *error) MUST_CHECK;

/* Prepares, binds, runs to the end and finalizes. */
int database_execute(struct history *history, struct error *error,
                     const char *sql, const char *types, ...) MUST_CHECK;

/* Column as text; "" for null. Until the next step. */
const char *database_text(sqlite3_stmt *statement, int column);

static inline void finalize(sqlite3_stmt *statement)
{
    sqlite3_finalize(statement);
}
DEFINE_CLEANUP(sqlite3_stmt *, finalize);

/* A run in the tables. `number` 0: it is not there (yet). */
struct run_key {
    const char *id;
    int64_t number;
    int64_t sequence; /* of the last event or chunk */
};

/* Looks `id` up: `key->number` is 0 when there is none. */
int query_key(struct history *history, const char *id, struct run_key *key,
              struct error *error) MUST_CHECK;

/* The state of a run, folded from its events. Lives in `arena`. */
struct run_state *query_state(struct history *history, struct arena *arena,
                              const struct run_key *key, struct error *error);

struct owner;

/* The process that writes an unfinished run. 1, 0 when there is none, -1. */
int query_owner(struct history *history, const char *id, struct owner *owner,
                struct error *error) MUST_CHECK;

/* An event as select_bodies and select_next have it: the text of its row. */
struct stored_event {
    const struct run_key *key;
    int64_t sequence;
    const char *body;
};

/* Reads it. One that cannot be read is a damaged history. Lives in `arena`. */
int query_decode(struct history *history, struct arena *arena,
                 const struct stored_event *stored, struct event *event,
                 struct error *error) MUST_CHECK;

/* The plain bytes of a chunk from its columns length, codec and bytes, which begin
 * at `column`: into `plain`, of HISTORY_CHUNK_LIMIT bytes, or where SQLite has them.
 * NULL when they are damaged, or with `error` when zstd is not there. */
const char *log_unpack(sqlite3_stmt *statement, int column, char *plain,
                       size_t *length, struct error *error);

/* "<n> bytes of output could not be recorded". */
void log_describe_gap(int64_t missing, char text[96]);

/* Writes one event as the next of the run and brings the row of the run up to
 * date: inside a transaction. EVENT_RUN_QUEUED makes the row. */
int write_event(struct history *history, struct run_key *key,
                const struct event *event, struct error *error) MUST_CHECK;

/* Flushes and frees the sink; output that cannot be written is lost. */
void writer_free(struct history_writer *writer);
DEFINE_CLEANUP(struct history_writer *, writer_free);
