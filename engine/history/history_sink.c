/*
 * Events in, rows out. A change of state is one transaction that is committed
 * when the sink returns; output is gathered into chunks of one step, compressed
 * and written when a chunk is full, a second has passed since the last one, or
 * any other event comes, so that the order of everything is kept.
 *
 * Invariants: no transaction is open between two calls, so a quiet run never
 * keeps another process waiting; an event that event_apply refuses is never
 * written, so every stored run can be folded again.
 */
#include <assert.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/history/database.h"
#include "engine/history/limits.h"
#include "engine/history/owner.h"
#include "engine/history/packing.h"

struct history_writer {
    struct event_sink sink;
    struct history *history;
    struct arena *arena;
    struct run_state *state;
    struct run_key key;
    bool broken; /* a change of state was lost: nothing may follow it */

    /* The chunk that is gathered: `length` bytes of `step`. */
    unsigned char *pending;
    size_t length;
    const char *step; /* lives in `arena`, or "" */
    int attempt;
    int64_t time;    /* of its first byte */
    int64_t offset;  /* of its first byte in the run's output */
    int64_t written; /* monotonic time of the last chunk written */

    ZSTD_CCtx *compressor; /* NULL: no output yet */
    unsigned char *packed;
    size_t packed_capacity;
};

enum {
    COMPRESSION_LEVEL = 1,
    WORTH_PACKING = 64, /* bytes: the form itself takes 18 */
};

static const char insert_run[] =
    "INSERT INTO run (id, workflow, runtime, digest, status, queued,"
    " process, process_start, process_space, boot, machine)"
    " VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?6, ?7, ?8, ?9, ?10)";
static const char own_run[] =
    "UPDATE run SET process = ?2, process_start = ?3, process_space = ?4,"
    " boot = ?5, machine = ?6"
    " WHERE number = ?1 AND status IN ('queued', 'running')";
static const char start_run[] =
    "UPDATE run SET status = 'running', started = ?2 WHERE number = ?1";
static const char finish_run[] =
    "UPDATE run SET status = ?2, finished = ?3 WHERE number = ?1";
static const char insert_event[] =
    "INSERT INTO event (run, sequence, time, kind, body)"
    " VALUES (?1, ?2, ?3, ?4, ?5)";
static const char insert_chunk[] =
    "INSERT INTO log_chunk (run, sequence, step, attempt, time, \"offset\","
    " length, codec, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
static const char select_end[] =
    "SELECT coalesce(max(\"offset\" + length), 0) FROM log_chunk"
    " WHERE run = ?1";

static const char *text_or_empty(const struct value *data, const char *name)
{
    const char *text = value_string_at(data, name);
    return text ? text : "";
}

static int write_run(struct history *history, struct run_key *key,
                     const struct event *event, struct error *error)
{
    struct owner owner;
    owner_self(&owner);
    if (database_execute(history, error, insert_run, "ttttiiittt", key->id,
                         text_or_empty(event->data, "workflow"),
                         text_or_empty(event->data, "runtime"),
                         text_or_empty(event->data, "digest"), event->time,
                         owner.process, owner.start, owner.space, owner.boot,
                         owner.machine) < 0)
        return -1;
    key->number = sqlite3_last_insert_rowid(history->database);
    return 0;
}

/* The row of the run as the event changes it. */
static int update_run(struct history *history, struct run_key *key,
                      const struct event *event, struct error *error)
{
    switch (event->kind) {
    case EVENT_RUN_QUEUED:
        return write_run(history, key, event, error);
    case EVENT_RUN_STARTED:
        return database_execute(history, error, start_run, "ii", key->number,
                                event->time);
    case EVENT_RUN_FINISHED:
        return database_execute(history, error, finish_run, "iti", key->number,
                                event_status_name(event->status), event->time);
    case EVENT_STEP_STARTED:
    case EVENT_STEP_PAUSED:
    case EVENT_STEP_RESUMED:
    case EVENT_OUTPUT:
    case EVENT_STEP_FINISHED:
    case EVENT_ARTIFACT:
    case EVENT_NOTE:
        break;
    }
    return 0;
}

int write_event(struct history *history, struct run_key *key,
                const struct event *event, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text body = {0};
    value_write_json(&body, event_encode(arena, event), JSON_COMPACT);
    if (body.length > HISTORY_BODY_LIMIT)
        return error_set(
            error, ERROR_SYSTEM,
            "cannot record '%s' of run '%s': it has %zu bytes, and "
            "an event has at most %d",
            event_kind_name(event->kind), key->id, body.length,
            HISTORY_BODY_LIMIT);
    if (update_run(history, key, event, error) < 0)
        return -1;
    return database_execute(history, error, insert_event, "iiitt", key->number,
                            ++key->sequence, event->time,
                            event_kind_name(event->kind), text_string(&body));
}

/* What the database keeps of a chunk. */
struct packed {
    const char *codec;
    const void *bytes;
    size_t length;
};

static int make_compressor(struct history_writer *writer, struct error *error)
{
    if (writer->compressor)
        return 0;
    if (zstd_load(error) < 0)
        return -1;
    writer->compressor = zstd.ZSTD_createCCtx();
    assert(writer->compressor); /* fails only without memory */
    zstd.ZSTD_CCtx_setParameter(writer->compressor, ZSTD_c_compressionLevel,
                                COMPRESSION_LEVEL);
    zstd.ZSTD_CCtx_setParameter(writer->compressor, ZSTD_c_checksumFlag, 1);
    writer->packed_capacity = zstd.ZSTD_compressBound(HISTORY_CHUNK_LIMIT);
    writer->packed = memory_allocate(writer->packed_capacity);
    return 0;
}

/* Compresses the pending bytes, unless that makes them longer. */
static int pack(struct history_writer *writer, struct packed *packed,
                struct error *error)
{
    *packed = (struct packed){"raw", writer->pending, writer->length};
    if (writer->length < WORTH_PACKING)
        return 0;
    if (make_compressor(writer, error) < 0)
        return -1;
    size_t length = zstd.ZSTD_compress2(writer->compressor, writer->packed,
                                        writer->packed_capacity,
                                        writer->pending, writer->length);
    if (!zstd.ZSTD_isError(length) && length < writer->length)
        *packed = (struct packed){"zstd", writer->packed, length};
    return 0;
}

static int write_chunk(struct history_writer *writer,
                       const struct packed *packed, struct error *error)
{
    return database_execute(
        writer->history, error, insert_chunk, "iitiiiitb", writer->key.number,
        ++writer->key.sequence, writer->step, (int64_t)writer->attempt,
        writer->time, writer->offset, (int64_t)writer->length, packed->codec,
        packed->bytes, packed->length);
}

/* The pending chunk is in the database, or is given up. */
static void drop_chunk(struct history_writer *writer)
{
    writer->offset += (int64_t)writer->length;
    writer->length = 0;
    writer->written = clock_monotonic();
}

/* Writes the pending chunk and then `event` (NULL: none) in one transaction. */
static int write_transaction(struct history_writer *writer,
                             const struct event *event, struct error *error)
{
    struct history *history = writer->history;
    struct run_key before = writer->key;
    struct packed packed = {0};
    int result = writer->length > 0 ? pack(writer, &packed, error) : 0;
    if (result == 0)
        result = database_begin(history, error);
    if (result == 0 && writer->length > 0)
        result = write_chunk(writer, &packed, error);
    if (result == 0 && event)
        result = write_event(history, &writer->key, event, error);
    if (result == 0)
        result = database_commit(history, error);
    if (writer->length > 0)
        drop_chunk(writer);
    if (result == 0)
        return 0;
    database_rollback(history);
    writer->key = before;
    return error_context(error, "run '%s'", writer->key.id);
}

static int flush(struct history_writer *writer, struct error *error)
{
    if (writer->length == 0 || writer->broken)
        return 0;
    if (database_durable(writer->history, false, error) < 0)
        return -1;
    return write_transaction(writer, NULL, error);
}

static int take_output(struct history_writer *writer, const struct event *event,
                       struct error *error)
{
    const struct step_state *step =
        event->step ? event_find_step(writer->state, event->step) : NULL;
    const char *ref = step ? step->ref : "";
    if (ref != writer->step && flush(writer, error) < 0)
        return -1;
    writer->step = ref;
    const char *bytes = event->text;
    size_t left = event->length;
    while (left > 0) {
        size_t room = HISTORY_CHUNK_LIMIT - writer->length;
        size_t count = left < room ? left : room;
        if (writer->length == 0) {
            writer->time = event->time;
            writer->attempt = step ? step->attempt : 0;
        }
        memcpy(writer->pending + writer->length, bytes, count);
        writer->length += count;
        bytes += count;
        left -= count;
        if (writer->length == HISTORY_CHUNK_LIMIT && flush(writer, error) < 0)
            return -1;
    }
    if (clock_monotonic() - writer->written <
        HISTORY_FLUSH_EVERY * CLOCK_MILLISECOND)
        return 0;
    return flush(writer, error);
}

/* A change of state. When it cannot be written, everything after it would be a
 * history that never was, so the sink takes nothing more. */
static int write_change(struct history_writer *writer,
                        const struct event *event, struct error *error)
{
    bool boundary =
        event->kind == EVENT_RUN_QUEUED || event->kind == EVENT_RUN_FINISHED;
    if (database_durable(writer->history, boundary, error) == 0 &&
        write_transaction(writer, event, error) == 0)
        return 0;
    writer->broken = true;
    return -1;
}

static int handle(struct event_sink *sink, const struct event *event,
                  struct error *error)
{
    struct history_writer *writer = (struct history_writer *)sink;
    if (writer->broken)
        return error_set(error, ERROR_SYSTEM,
                         "run '%s' is no longer recorded: history '%.200s' "
                         "could not be written before",
                         writer->key.id, writer->history->path);
    if (event_apply(writer->state, event, error) < 0)
        return error_context(error, "run '%s'", writer->key.id);
    if (event->kind == EVENT_OUTPUT)
        return take_output(writer, event, error);
    return write_change(writer, event, error);
}

void writer_free(struct history_writer *writer)
{
    struct error ignored = {0};
    (void)!flush(writer, &ignored);
    if (writer->compressor)
        zstd.ZSTD_freeCCtx(writer->compressor);
    memory_free(writer->packed);
    memory_free(writer->pending);
    arena_free(writer->arena);
    memory_free(writer);
}

static int check_id(const char *id, struct error *error)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz-";
    size_t length = strnlen(id, HISTORY_ID_LIMIT + 1);
    if (length >= 2 && length <= HISTORY_ID_LIMIT &&
        strspn(id, letters) == length)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "'%.64s' is no id of a run: 2 to %d of 0-9, a-z and -", id,
                     HISTORY_ID_LIMIT);
}

/* Continues a run that is there: its state, its place, and its owner, who is
 * this process from now on. */
static int resume(struct history_writer *writer, struct error *error)
{
    struct history *history = writer->history;
    struct run_key *key = &writer->key;
    writer->state = query_state(history, writer->arena, key, error);
    CLEANUP(finalize)
    sqlite3_stmt *statement =
        database_prepare(history, error, select_end, "i", key->number);
    if (!writer->state || !statement ||
        database_step(history, statement, error) < 0)
        return -1;
    writer->offset = sqlite3_column_int64(statement, 0);
    struct owner owner;
    owner_self(&owner);
    return database_execute(history, error, own_run, "iiittt", key->number,
                            owner.process, owner.start, owner.space, owner.boot,
                            owner.machine);
}

struct event_sink *history_sink(struct history *history, const char *id,
                                struct error *error)
{
    assert(history->write);
    if (history->writer)
        writer_free(TAKE(history->writer));
    if (check_id(id, error) < 0)
        return NULL;
    CLEANUP(writer_free)
    struct history_writer *writer = memory_allocate(sizeof *writer);
    writer->sink.handle = handle;
    writer->history = history;
    writer->arena = arena_new();
    writer->pending = memory_allocate(HISTORY_CHUNK_LIMIT);
    writer->step = "";
    if (query_key(history, arena_string(writer->arena, id), &writer->key,
                  error) < 0)
        return NULL;
    if (writer->key.number == 0)
        writer->state = event_state_make(writer->arena, id);
    else if (resume(writer, error) < 0)
        return NULL;
    history->writer = TAKE(writer);
    return &history->writer->sink;
}

int history_flush(struct history *history, struct error *error)
{
    return history->writer ? flush(history->writer, error) : 0;
}
