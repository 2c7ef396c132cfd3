/*
 * The log of a run, one chunk after the other: at most one compressed and one
 * plain chunk in memory. What is stored is not trusted: lengths are checked
 * against the ceiling, and zstd frames carry a checksum.
 */
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/history/database.h"
#include "engine/history/limits.h"
#include "engine/history/packing.h"

/* The steps of a group have refs that begin with its own and a dot; '/' is the
 * character after the dot. */
static const char select_chunks[] =
    "SELECT sequence, step, attempt, time, \"offset\", length, codec, bytes"
    " FROM log_chunk WHERE run = ?1 AND (?2 IS NULL OR step = ?2"
    " OR (step > ?2 || '.' AND step < ?2 || '/')) ORDER BY sequence";

static void release(void *memory)
{
    memory_free(memory);
}
DEFINE_CLEANUP(char *, release);

const char *log_unpack(sqlite3_stmt *statement, int column, char *plain,
                       size_t *length, struct error *error)
{
    int64_t said = sqlite3_column_int64(statement, column);
    const char *codec = database_text(statement, column + 1);
    const void *bytes = sqlite3_column_blob(statement, column + 2);
    size_t stored = (size_t)sqlite3_column_bytes(statement, column + 2);
    if (said < 1 || said > HISTORY_CHUNK_LIMIT || !bytes)
        return NULL;
    *length = (size_t)said;
    if (strcmp(codec, "raw") == 0)
        return stored == *length ? bytes : NULL;
    if (strcmp(codec, "zstd") != 0 || zstd_load(error) < 0)
        return NULL;
    size_t count =
        zstd.ZSTD_decompress(plain, HISTORY_CHUNK_LIMIT, bytes, stored);
    return !zstd.ZSTD_isError(count) && count == *length ? plain : NULL;
}

void log_describe_gap(int64_t missing, char text[96])
{
    snprintf(text, 96, "%lld bytes of output could not be recorded",
             (long long)missing);
}

static int emit_gap(sqlite3_stmt *statement, int64_t missing,
                    struct event_sink *sink, struct error *error)
{
    char text[96];
    log_describe_gap(missing, text);
    struct event note = {
        .kind = EVENT_NOTE,
        .time = sqlite3_column_int64(statement, 3),
        .text = text,
    };
    return event_emit(sink, &note, error);
}

static int emit_chunk(const struct run_key *key, sqlite3_stmt *statement,
                      char *plain, struct event_sink *sink, struct error *error)
{
    struct event event = {
        .kind = EVENT_OUTPUT,
        .step = database_text(statement, 1),
        .attempt = (int)sqlite3_column_int64(statement, 2),
        .time = sqlite3_column_int64(statement, 3),
    };
    event.text = log_unpack(statement, 5, plain, &event.length, error);
    if (!event.text && error_is_set(error))
        return -1;
    if (!event.text)
        return error_set(
            error, ERROR_SYSTEM, "the log of run '%s' is damaged at entry %lld",
            key->id, (long long)sqlite3_column_int64(statement, 0));
    return event_emit(sink, &event, error);
}

int history_read_log(struct history *history, const char *id, const char *step,
                     struct event_sink *sink, struct error *error)
{
    struct run_key key;
    if (query_key(history, id, &key, error) < 0)
        return -1;
    if (key.number == 0)
        return error_set(error, ERROR_USAGE, "there is no run '%.64s'", id);
    CLEANUP(release) char *plain = memory_allocate(HISTORY_CHUNK_LIMIT);
    CLEANUP(finalize)
    sqlite3_stmt *statement =
        database_prepare(history, error, select_chunks, "it", key.number, step);
    int row = statement ? 1 : -1;
    int64_t expected = 0;
    while (row == 1 && (row = database_step(history, statement, error)) == 1) {
        int64_t offset = sqlite3_column_int64(statement, 4);
        if (!step && offset > expected &&
            emit_gap(statement, offset - expected, sink, error) < 0)
            return -1;
        expected = offset + sqlite3_column_int64(statement, 5);
        if (emit_chunk(&key, statement, plain, sink, error) < 0)
            return -1;
    }
    return row;
}
