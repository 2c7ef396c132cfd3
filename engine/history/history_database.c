/*
 * SQLite with typed binding and errors that name the file. No text from outside
 * ever becomes SQL: statements are literals, values are bound.
 */
#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "engine/history/database.h"
#include "engine/history/limits.h"

/* What helps with the failures that users meet. */
static const struct {
    int code;
    const char *hint;
} hints[] = {
    {SQLITE_FULL, "; free some space, or use --db FILE on another disk"},
    {SQLITE_IOERR, "; see whether its disk is full, read-only or failing"},
    {SQLITE_NOTADB, "; it is no history of ours: use --db with another file"},
    {SQLITE_CORRUPT, "; the file is damaged: restore a copy, or move it away"},
    {SQLITE_BUSY, "; another process keeps it locked"},
    {SQLITE_READONLY, "; it and its folder must be writable"},
    {SQLITE_PERM, "; it and its folder must be accessible"},
    {SQLITE_CANTOPEN, "; it and its folder must be accessible"},
};

int database_error(const struct history *history, const char *doing,
                   struct error *error)
{
    int code = sqlite3_errcode(history->database) & 0xff;
    int number = sqlite3_system_errno(history->database);
    const char *hint = "";
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].code == code)
            hint = hints[i].hint;
    bool io = code == SQLITE_IOERR || code == SQLITE_CANTOPEN;
    return error_set(
        error, ERROR_SYSTEM, "cannot %s history '%.200s': %s%s%s%s", doing,
        history->path, sqlite3_errmsg(history->database),
        io && number ? ": " : "", io && number ? strerror(number) : "", hint);
}

int database_run(struct history *history, const char *sql, struct error *error)
{
    if (sqlite3_exec(history->database, sql, NULL, NULL, NULL) != SQLITE_OK)
        return database_error(history, history->write ? "write" : "read",
                              error);
    return 0;
}

int database_begin(struct history *history, struct error *error)
{
    return database_run(history, "BEGIN IMMEDIATE", error);
}

int database_commit(struct history *history, struct error *error)
{
    if (database_run(history, "COMMIT", error) == 0)
        return 0;
    database_rollback(history);
    return -1;
}

void database_rollback(struct history *history)
{
    if (!sqlite3_get_autocommit(history->database))
        sqlite3_exec(history->database, "ROLLBACK", NULL, NULL, NULL);
}

int database_durable(struct history *history, bool durable, struct error *error)
{
    if (durable != history->relaxed)
        return 0;
    history->relaxed = !durable;
    return database_run(history,
                        durable ? "PRAGMA synchronous = FULL"
                                : "PRAGMA synchronous = NORMAL",
                        error);
}

static int bind(sqlite3_stmt *statement, const char *types, va_list values)
{
    int result = SQLITE_OK;
    for (int i = 1; types[i - 1] != '\0' && result == SQLITE_OK; i++) {
        if (types[i - 1] == 'i') {
            result = sqlite3_bind_int64(statement, i, va_arg(values, int64_t));
            continue;
        }
        const char *bytes = va_arg(values, const char *);
        if (types[i - 1] == 't') {
            result = sqlite3_bind_text(statement, i, bytes, -1, SQLITE_STATIC);
            continue;
        }
        assert(types[i - 1] == 'b');
        size_t length = va_arg(values, size_t);
        result =
            sqlite3_bind_blob64(statement, i, bytes, length, SQLITE_STATIC);
    }
    return result;
}

static sqlite3_stmt *prepare(struct history *history, struct error *error,
                             const char *sql, const char *types, va_list values)
{
    CLEANUP(finalize) sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(history->database, sql, -1, &statement, NULL) !=
            SQLITE_OK ||
        bind(statement, types, values) != SQLITE_OK) {
        database_error(history, "use", error);
        return NULL;
    }
    return TAKE(statement);
}

sqlite3_stmt *database_prepare(struct history *history, struct error *error,
                               const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    sqlite3_stmt *statement = prepare(history, error, sql, types, values);
    va_end(values);
    return statement;
}

int database_step(struct history *history, sqlite3_stmt *statement,
                  struct error *error)
{
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        return 1;
    if (result == SQLITE_DONE)
        return 0;
    return database_error(
        history, sqlite3_stmt_readonly(statement) ? "read" : "write", error);
}

int database_execute(struct history *history, struct error *error,
                     const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    CLEANUP(finalize)
    sqlite3_stmt *statement = prepare(history, error, sql, types, values);
    va_end(values);
    int result = 1;
    while (statement && result == 1)
        result = database_step(history, statement, error);
    return statement ? result : -1;
}

const char *database_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text ? (const char *)text : "";
}
