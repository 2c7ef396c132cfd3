/*
 * A run that another process writes: what was recorded since the last look, a
 * descriptor that tells when there is more, and a word to the writer. No row is
 * held while somebody reads what was in it: a reader that is slow must not keep
 * the write-ahead log from being emptied.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/memory.h"
#include "engine/history/database.h"
#include "engine/history/limits.h"
#include "engine/history/owner.h"

/* The next event or chunk; `body` is NULL for a chunk. */
static const char select_next[] =
    "SELECT sequence, '' AS step, 0, 0, 0, 0, '', NULL, body FROM event"
    " WHERE run = ?1 AND sequence > ?2"
    " UNION ALL SELECT sequence, step, attempt, time, \"offset\", length, "
    "codec,"
    " bytes, NULL FROM log_chunk WHERE run = ?1 AND sequence > ?2"
    " ORDER BY 1 LIMIT 1";

enum { COLUMN_STEP = 1, COLUMN_LENGTH = 5, COLUMN_BODY = 8 };

static void release(void *memory)
{
    memory_free(memory);
}
DEFINE_CLEANUP(char *, release);

/* One entry, with all that it points at. */
struct entry {
    struct arena *arena;
    struct event event;
    int64_t missing; /* bytes of output before it that were not recorded */
};

static int read_event(struct history *history, const struct run_key *key,
                      sqlite3_stmt *statement, struct entry *entry,
                      struct error *error)
{
    const struct stored_event stored = {key, sqlite3_column_int64(statement, 0),
                                        database_text(statement, COLUMN_BODY)};
    return query_decode(history, entry->arena, &stored, &entry->event, error);
}

static int read_chunk(const struct run_key *key, sqlite3_stmt *statement,
                      struct history_place *place, char *plain,
                      struct entry *entry, struct error *error)
{
    struct event *event = &entry->event;
    int64_t offset = sqlite3_column_int64(statement, 4);
    *event = (struct event){
        .kind = EVENT_OUTPUT,
        .step =
            arena_string(entry->arena, database_text(statement, COLUMN_STEP)),
        .attempt = (int)sqlite3_column_int64(statement, 2),
        .time = sqlite3_column_int64(statement, 3),
    };
    const char *bytes =
        log_unpack(statement, COLUMN_LENGTH, plain, &event->length, error);
    if (!bytes && error_is_set(error))
        return -1;
    if (!bytes)
        return error_set(
            error, ERROR_SYSTEM, "the log of run '%s' is damaged at entry %lld",
            key->id, (long long)sqlite3_column_int64(statement, 0));
    if (bytes != plain)
        memcpy(plain, bytes, event->length);
    event->text = plain;
    entry->missing = offset - place->offset;
    place->offset = offset + (int64_t)event->length;
    return 0;
}

/* A run that is being read. */
struct reading {
    struct history *history;
    struct run_key key;
    sqlite3_stmt *statement;
    struct history_place *place;
    char *plain; /* room for a chunk */
};

/* Takes the next entry out of the database. 1, 0 when there is none. */
static int read_next(const struct reading *reading, struct entry *entry,
                     struct error *error)
{
    sqlite3_stmt *statement = reading->statement;
    sqlite3_reset(statement);
    sqlite3_bind_int64(statement, 2, reading->place->sequence);
    int row = database_step(reading->history, statement, error);
    if (row != 1)
        return row;
    int result = sqlite3_column_type(statement, COLUMN_BODY) == SQLITE_NULL
                     ? read_chunk(&reading->key, statement, reading->place,
                                  reading->plain, entry, error)
                     : read_event(reading->history, &reading->key, statement,
                                  entry, error);
    reading->place->sequence = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return result < 0 ? -1 : 1;
}

static int hand_on(const struct entry *entry, struct event_sink *sink,
                   struct error *error)
{
    char text[96];
    log_describe_gap(entry->missing, text);
    struct event note = {
        .kind = EVENT_NOTE, .time = entry->event.time, .text = text};
    if (entry->missing > 0 && event_emit(sink, &note, error) < 0)
        return -1;
    return event_emit(sink, &entry->event, error);
}

int history_read_on(struct history *history, const char *id,
                    struct history_place *place, struct event_sink *sink,
                    struct error *error)
{
    struct reading reading = {.history = history, .place = place};
    if (query_key(history, id, &reading.key, error) < 0)
        return -1;
    if (reading.key.number == 0)
        return error_set(error, ERROR_USAGE, "there is no run '%.64s'", id);
    CLEANUP(release) char *plain = memory_allocate(HISTORY_CHUNK_LIMIT);
    CLEANUP(finalize)
    sqlite3_stmt *statement = database_prepare(
        history, error, select_next, "ii", reading.key.number, (int64_t)0);
    reading.plain = plain;
    reading.statement = statement;
    int row = statement ? 1 : -1;
    while (row == 1) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct entry entry = {.arena = arena};
        row = read_next(&reading, &entry, error);
        if (row == 1 && hand_on(&entry, sink, error) < 0)
            return -1;
    }
    return row;
}

int history_watch(const struct history *history)
{
    CLEANUP(text_free) struct text path = {0};
    text_append_format(&path, "%s-wal", history->path);
    int notices = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (notices >= 0 &&
        inotify_add_watch(notices, text_string(&path), IN_MODIFY) >= 0)
        return notices;
    if (notices >= 0)
        close(notices);
    return -1;
}

int history_signal(struct history *history, const char *id, int signal,
                   struct error *error)
{
    struct owner owner;
    int row = query_owner(history, id, &owner, error);
    if (row < 0)
        return -1;
    if (row == 0)
        return error_set(error, ERROR_USAGE, "nothing runs '%.64s'", id);
    int handle = owner_open(&owner);
    int result = handle < 0 ? -1
                            : (int)syscall(SYS_pidfd_send_signal, handle,
                                           signal, NULL, 0);
    int number = errno;
    if (handle >= 0)
        close(handle);
    if (result == 0)
        return 0;
    errno = number;
    if (number == ESRCH)
        return error_set(error, ERROR_SYSTEM,
                         "the process that runs '%.64s' (%lld on %s) cannot be "
                         "reached from here",
                         id, (long long)owner.process,
                         owner.machine[0] ? owner.machine : "another machine");
    return error_set_system(error, "cannot tell the process that runs '%.64s'",
                            id);
}
