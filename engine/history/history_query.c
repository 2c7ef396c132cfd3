/*
 * Looking things up: lists, ids by prefix, the state of a run folded from its
 * events, and the end of runs whose process is gone. What users type is bound as
 * a value, and prefixes are ranges, so no character of it means anything.
 */
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/history/database.h"
#include "engine/history/owner.h"

enum { FIND_NAMED = 5, FIND_SHORTEST = 2 };

static const char select_key[] =
    "SELECT number, max("
    " (SELECT coalesce(max(sequence), 0) FROM event WHERE run = number),"
    " (SELECT coalesce(max(sequence), 0) FROM log_chunk WHERE run = number))"
    " FROM run WHERE id = ?1";
/* A running run is shown as paused while a step of it is: after its last pause that
 * step has neither gone on nor ended. */
static const char select_runs[] =
    "SELECT id, workflow, runtime, digest, shown, queued, started, finished"
    " FROM (SELECT *, CASE WHEN status = 'running' AND EXISTS"
    " (SELECT 1 FROM event AS pause WHERE pause.run = number"
    " AND pause.kind = 'step-paused' AND NOT EXISTS"
    " (SELECT 1 FROM event AS next WHERE next.run = number"
    " AND next.sequence > pause.sequence AND next.kind LIKE 'step-%'"
    " AND next.body ->> 'step' = pause.body ->> 'step'))"
    " THEN 'paused' ELSE status END AS shown FROM run)"
    " WHERE (?1 IS NULL OR workflow = ?1)"
    " AND (?2 IS NULL OR status = ?2 OR shown = ?2)"
    " ORDER BY queued DESC, number DESC LIMIT ?3";
static const char select_latest[] =
    "SELECT id FROM run ORDER BY queued DESC, number DESC LIMIT 1";
/* Ids hold nothing above 'z', so x'7f' ends the range of a prefix. */
static const char select_prefix[] =
    "SELECT id FROM run WHERE id >= ?1 AND id < ?1 || x'7f'"
    " ORDER BY id = ?1 DESC, queued DESC, number DESC LIMIT ?2";
static const char select_bodies[] =
    "SELECT sequence, body FROM event WHERE run = ?1 ORDER BY sequence";
/* What has begun in a cluster goes on there, whoever looks. */
static const char select_unfinished[] =
    "SELECT id, process, process_start, process_space, boot, machine FROM run"
    " WHERE (status = 'queued' OR (status = 'running'"
    " AND runtime <> 'kubernetes')) AND process IS NOT NULL ORDER BY number";
static const char select_owner[] =
    "SELECT id, process, process_start, process_space, boot, machine FROM run"
    " WHERE id = ?1 AND status IN ('queued', 'running')"
    " AND process IS NOT NULL";

int query_key(struct history *history, const char *id, struct run_key *key,
              struct error *error)
{
    *key = (struct run_key){.id = id};
    CLEANUP(finalize)
    sqlite3_stmt *statement =
        database_prepare(history, error, select_key, "t", id);
    if (!statement)
        return -1;
    int row = database_step(history, statement, error);
    if (row == 1) {
        key->number = sqlite3_column_int64(statement, 0);
        key->sequence = sqlite3_column_int64(statement, 1);
    }
    return row < 0 ? -1 : 0;
}

static int find_key(struct history *history, const char *id,
                    struct run_key *key, struct error *error)
{
    if (query_key(history, id, key, error) < 0)
        return -1;
    if (key->number == 0)
        return error_set(error, ERROR_USAGE, "there is no run '%.64s'", id);
    return 0;
}

int query_decode(struct history *history, struct arena *arena,
                 const struct stored_event *stored, struct event *event,
                 struct error *error)
{
    const struct value *value =
        value_read_json(arena, stored->body, strlen(stored->body), error);
    if (value && event_decode(arena, value, event, error) == 0)
        return 0;
    error->kind = ERROR_SYSTEM;
    return error_context(error, "history '%.120s': run '%s': entry %lld",
                         history->path, stored->key->id,
                         (long long)stored->sequence);
}

/* Hands the stored events in order to `take`. */
static int each_event(struct history *history, const struct run_key *key,
                      int (*take)(void *context, const struct event *event,
                                  struct error *error),
                      void *context, struct error *error)
{
    CLEANUP(finalize)
    sqlite3_stmt *statement =
        database_prepare(history, error, select_bodies, "i", key->number);
    if (!statement)
        return -1;
    for (;;) {
        int row = database_step(history, statement, error);
        if (row != 1)
            return row;
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct event event;
        const struct stored_event stored = {key,
                                            sqlite3_column_int64(statement, 0),
                                            database_text(statement, 1)};
        if (query_decode(history, arena, &stored, &event, error) < 0)
            return -1;
        if (take(context, &event, error) < 0)
            return -1;
    }
}

static int apply(void *context, const struct event *event, struct error *error)
{
    return event_apply(context, event, error);
}

struct run_state *query_state(struct history *history, struct arena *arena,
                              const struct run_key *key, struct error *error)
{
    struct run_state *state = event_state_make(arena, key->id);
    if (each_event(history, key, apply, state, error) < 0)
        return NULL;
    return state;
}

struct run_state *history_load(struct history *history, struct arena *arena,
                               const char *id, struct error *error)
{
    struct run_key key;
    if (find_key(history, id, &key, error) < 0)
        return NULL;
    return query_state(history, arena, &key, error);
}

static int emit(void *context, const struct event *event, struct error *error)
{
    return event_emit(context, event, error);
}

int history_replay(struct history *history, const char *id,
                   struct event_sink *sink, struct error *error)
{
    struct run_key key;
    if (find_key(history, id, &key, error) < 0)
        return -1;
    return each_event(history, &key, emit, sink, error);
}

/* A text column into a fixed field, cut when it is longer. */
static void copy_text(char *field, size_t size, sqlite3_stmt *statement,
                      int column)
{
    snprintf(field, size, "%s", database_text(statement, column));
}

static void read_entry(sqlite3_stmt *statement, struct history_entry *entry)
{
    copy_text(entry->id, sizeof entry->id, statement, 0);
    copy_text(entry->workflow, sizeof entry->workflow, statement, 1);
    copy_text(entry->runtime, sizeof entry->runtime, statement, 2);
    copy_text(entry->digest, sizeof entry->digest, statement, 3);
    int status = event_status_parse(database_text(statement, 4));
    entry->status = status < 0 ? STATUS_LOST : (enum status)status;
    entry->queued = sqlite3_column_int64(statement, 5);
    entry->started = sqlite3_column_int64(statement, 6);
    entry->finished = sqlite3_column_int64(statement, 7);
}

int history_list(struct history *history, const struct history_query *query,
                 bool (*visit)(void *context,
                               const struct history_entry *entry),
                 void *context, struct error *error)
{
    const char *status =
        query->status ? event_status_name((enum status)(query->status - 1))
                      : NULL;
    int64_t limit =
        query->limit && query->limit < INT64_MAX ? (int64_t)query->limit : -1;
    CLEANUP(finalize)
    sqlite3_stmt *statement = database_prepare(
        history, error, select_runs, "tti", query->workflow, status, limit);
    int row = statement ? 1 : -1;
    while (row == 1) {
        row = database_step(history, statement, error);
        struct history_entry entry;
        if (row == 1)
            read_entry(statement, &entry);
        if (row == 1 && !visit(context, &entry))
            return 0;
    }
    return row;
}

static int find_latest(struct history *history, char id[40],
                       struct error *error)
{
    CLEANUP(finalize)
    sqlite3_stmt *statement =
        database_prepare(history, error, select_latest, "");
    int row = statement ? database_step(history, statement, error) : -1;
    if (row == 1)
        copy_text(id, 40, statement, 0);
    if (row == 0)
        return error_set(error, ERROR_USAGE,
                         "there is no latest run: the history is empty");
    return row < 0 ? -1 : 0;
}

int history_find(struct history *history, const char *name, char id[40],
                 struct error *error)
{
    if (strcmp(name, "latest") == 0)
        return find_latest(history, id, error);
    if (strlen(name) < FIND_SHORTEST)
        return error_set(error, ERROR_USAGE,
                         "'%s' is too short for a run: give at least %d "
                         "characters of its id, or 'latest'",
                         name, FIND_SHORTEST);
    CLEANUP(finalize)
    sqlite3_stmt *statement = database_prepare(
        history, error, select_prefix, "ti", name, (int64_t)FIND_NAMED + 1);
    if (!statement)
        return -1;
    char names[256] = "";
    int count = 0, row = 0;
    while ((row = database_step(history, statement, error)) == 1) {
        const char *found = database_text(statement, 0);
        if (count == 0)
            copy_text(id, 40, statement, 0);
        if (count == 0 && strcmp(found, name) == 0)
            return 0;
        size_t used = strlen(names);
        if (count < FIND_NAMED)
            snprintf(names + used, sizeof names - used, "%s%s",
                     count ? ", " : "", found);
        count++;
    }
    if (row < 0)
        return -1;
    if (count == 0)
        return error_set(error, ERROR_USAGE,
                         "there is no run '%.64s': 'assay history' lists them",
                         name);
    if (count > 1)
        return error_set(error, ERROR_USAGE,
                         "'%.64s' is the beginning of several runs: %s%s", name,
                         names, count > FIND_NAMED ? " and more" : "");
    return 0;
}

/* Gives a run the end `lost`, unless somebody else has ended it meanwhile. */
static int settle(struct history *history, const char *id, const char *reason,
                  bool *settled, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct run_key key;
    if (query_key(history, id, &key, error) < 0)
        return -1;
    struct run_state *state = query_state(history, arena, &key, error);
    if (!state)
        return -1;
    if (event_status_is_final(state->status))
        return 0;
    struct event event = {
        .kind = EVENT_RUN_FINISHED,
        .status = STATUS_LOST,
        .time = clock_now(),
        .text = reason,
    };
    if (event_apply(state, &event, error) < 0)
        return -1;
    *settled = true;
    return write_event(history, &key, &event, error);
}

static int settle_in_transaction(struct history *history, const char *id,
                                 const char *reason, bool *settled,
                                 struct error *error)
{
    *settled = false;
    if (database_durable(history, true, error) < 0 ||
        database_begin(history, error) < 0)
        return -1;
    if (settle(history, id, reason, settled, error) == 0)
        return database_commit(history, error);
    database_rollback(history);
    return -1;
}

/* The owner in a row of select_unfinished or select_owner. */
static void read_owner(sqlite3_stmt *statement, struct owner *owner)
{
    *owner = (struct owner){
        .process = sqlite3_column_int64(statement, 1),
        .start = sqlite3_column_int64(statement, 2),
    };
    copy_text(owner->space, sizeof owner->space, statement, 3);
    copy_text(owner->boot, sizeof owner->boot, statement, 4);
    copy_text(owner->machine, sizeof owner->machine, statement, 5);
}

/* The ids of runs without an end whose process is gone, as a map to the reason. */
static struct value *find_abandoned(struct history *history,
                                    struct arena *arena, struct error *error)
{
    struct value *ids = value_make_map(arena);
    CLEANUP(finalize)
    sqlite3_stmt *statement =
        database_prepare(history, error, select_unfinished, "");
    int row = statement ? 1 : -1;
    while (row == 1 && (row = database_step(history, statement, error)) == 1) {
        struct owner owner;
        read_owner(statement, &owner);
        const char *fate = owner_fate(&owner);
        if (fate)
            value_set_string(arena, ids,
                             arena_string(arena, database_text(statement, 0)),
                             fate);
    }
    return row < 0 ? NULL : ids;
}

int query_owner(struct history *history, const char *id, struct owner *owner,
                struct error *error)
{
    CLEANUP(finalize)
    sqlite3_stmt *statement =
        database_prepare(history, error, select_owner, "t", id);
    int row = statement ? database_step(history, statement, error) : -1;
    if (row == 1)
        read_owner(statement, owner);
    return row;
}

int history_is_owned(struct history *history, const char *id, bool *owned,
                     struct error *error)
{
    struct run_key key;
    if (find_key(history, id, &key, error) < 0)
        return -1;
    struct owner owner, self;
    int row = query_owner(history, id, &owner, error);
    *owned = false;
    if (row != 1)
        return row;
    owner_self(&self);
    *owned = !owner_is_gone(&owner) &&
             (owner.process != self.process || owner.start != self.start);
    return 0;
}

/* Ends one run; those who want to know are told. */
static int settle_one(struct history *history, const struct member *run,
                      void (*visit)(void *context,
                                    const struct run_state *state),
                      void *context, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    bool settled;
    if (settle_in_transaction(history, run->name, value_string(run->value),
                              &settled, error) < 0)
        return -1;
    if (!settled || !visit)
        return 0;
    const struct run_state *state =
        history_load(history, arena, run->name, error);
    if (!state)
        return -1;
    visit(context, state);
    return 0;
}

int history_reconcile_each(struct history *history,
                           void (*visit)(void *context,
                                         const struct run_state *state),
                           void *context, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct value *ids = find_abandoned(history, arena, error);
    int result = ids ? 0 : -1;
    for (size_t i = 0; ids && i < value_count(ids); i++) {
        struct error later = {0};
        if (settle_one(history, &ids->map.members[i], visit, context,
                       result ? &later : error) < 0)
            result = -1;
    }
    return result;
}

int history_reconcile(struct history *history, struct error *error)
{
    return history_reconcile_each(history, NULL, NULL, error);
}
