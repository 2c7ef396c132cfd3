/*
 * Opens the database file with care: it must be a regular file of ours, not
 * reached through a symbolic link as its last name; it is made private; and it is
 * brought to the newest version under the write lock, so that several processes
 * may open a new one at the same time.
 *
 * Order: look at the file, open it, harden the connection, check whose it is,
 * migrate. Reading a history that is not there opens an empty one in memory, so
 * that queries need no special case and nothing is created on disk.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/history/database.h"
#include "engine/history/limits.h"

extern const unsigned char history_schema[], history_schema_end[];

/* Marks the file as ours (PRAGMA application_id): "Assy". */
enum { APPLICATION_ID = 0x41737379 };

/* Migrations in order: the one at [n] brings version n to n + 1. The first is
 * the whole schema; texts are never changed once released. */
static const struct {
    const unsigned char *sql;
    const unsigned char *end;
} migrations[] = {
    {history_schema, history_schema_end},
};

enum { NEWEST = sizeof migrations / sizeof *migrations };

static void release(void *memory)
{
    memory_free(memory);
}
DEFINE_CLEANUP(char *, release);

/* What stands at the path: 1 a regular file, 0 nothing, -1 an error. */
static int look(const char *path, struct error *error)
{
    struct stat status;
    if (lstat(path, &status) < 0) {
        if (errno == ENOENT)
            return 0;
        return error_set_system(error, "cannot open history '%.200s'", path);
    }
    if (S_ISLNK(status.st_mode))
        return error_set(error, ERROR_SYSTEM,
                         "history '%.200s' is a symbolic link, which is not "
                         "followed: name the file itself with --db",
                         path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_SYSTEM,
                         "history '%.200s' is not a regular file: use --db "
                         "with another file",
                         path);
    return 1;
}

/* The folder part of `path` ("." when it has none). The caller frees it. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return memory_copy(".", 1);
    return memory_copy(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Makes the folders and an empty private file. Another process may be first. */
static int create(const char *path, struct error *error)
{
    CLEANUP(release) char *folder = folder_of(path);
    if (folder_make(folder, 0700, error) < 0)
        return -1;
    int file =
        open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0 && errno != EEXIST)
        return error_set_system(error, "cannot make history '%.200s'", path);
    if (file >= 0)
        close(file);
    return look(path, error) == 1 ? 0 : -1;
}

/* `path` with its folder resolved: SQLITE_OPEN_NOFOLLOW refuses a link anywhere
 * in the path, and a home folder may well stand behind one. Caller frees. */
static char *resolve(const char *path, struct error *error)
{
    CLEANUP(release) char *folder = folder_of(path);
    char real[PATH_MAX];
    if (!realpath(folder, real)) {
        error_set_system(error, "cannot open history '%.200s'", path);
        return NULL;
    }
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = strlen(real) + strlen(name) + 2;
    char *result = memory_allocate(length);
    snprintf(result, length, "%s/%s", real, name);
    return result;
}

static int harden(struct history *history, struct error *error)
{
    sqlite3 *database = history->database;
    int keep = 1;
    /* An empty log at the end instead of none: making two files anew, and the
     * folder's entry for them safe, takes longer than recording a run. */
    sqlite3_file_control(database, NULL, SQLITE_FCNTL_PERSIST_WAL, &keep);
    sqlite3_busy_timeout(database, HISTORY_BUSY_LIMIT);
    sqlite3_extended_result_codes(database, 1);
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return database_run(history,
                        "PRAGMA foreign_keys = ON;"
                        "PRAGMA recursive_triggers = ON;" /* for REPLACE */
                        "PRAGMA cell_size_check = ON;"
                        "PRAGMA synchronous = FULL",
                        error);
}

/* The version of the file: 0 when it is empty. A database of somebody else or
 * of a newer Assay is refused before anything is written. One statement, so that
 * it sees the file before or after the migration of another process. */
static int read_version(struct history *history, int64_t *version,
                        struct error *error)
{
    static const char select_version[] =
        "SELECT (SELECT application_id FROM pragma_application_id),"
        " (SELECT user_version FROM pragma_user_version),"
        " (SELECT count(*) FROM sqlite_schema)";
    CLEANUP(finalize)
    sqlite3_stmt *statement =
        database_prepare(history, error, select_version, "");
    if (!statement || database_step(history, statement, error) < 0)
        return -1;
    int64_t application = sqlite3_column_int64(statement, 0);
    int64_t objects = sqlite3_column_int64(statement, 2);
    *version = sqlite3_column_int64(statement, 1);
    bool empty = application == 0 && *version == 0 && objects == 0;
    if (!empty && application != APPLICATION_ID)
        return error_set(error, ERROR_SYSTEM,
                         "'%.200s' is a database of another program: use --db "
                         "with another file",
                         history->path);
    if (*version < 0 || *version > NEWEST)
        return error_set(error, ERROR_SYSTEM,
                         "history '%.200s' has version %lld, and this assay "
                         "knows up to %d: use a newer assay, or --db with "
                         "another file",
                         history->path, (long long)*version, NEWEST);
    return 0;
}

static int apply(struct history *history, int64_t version, struct error *error)
{
    const unsigned char *sql = migrations[version].sql;
    CLEANUP(release)
    char *text =
        memory_copy((const char *)sql, (size_t)(migrations[version].end - sql));
    char stamp[96];
    snprintf(stamp, sizeof stamp,
             "PRAGMA user_version = %lld; PRAGMA application_id = %d",
             (long long)version + 1, APPLICATION_ID);
    if (database_run(history, text, error) < 0)
        return -1;
    return database_run(history, stamp, error);
}

/* Brings the database to the newest version, in one transaction; the version is
 * read again inside it. */
static int migrate(struct history *history, struct error *error)
{
    int64_t version = 0;
    if (read_version(history, &version, error) < 0)
        return -1;
    if (version == NEWEST)
        return 0;
    if (database_begin(history, error) < 0)
        return -1;
    int result = read_version(history, &version, error);
    for (; result == 0 && version < NEWEST; version++)
        result = apply(history, version, error);
    if (result == 0)
        return database_commit(history, error);
    database_rollback(history);
    return -1;
}

/* Write-ahead logging. The change of mode does not wait for locks by itself
 * (the busy handler is not asked), so this does. */
static int use_wal(struct history *history, struct error *error)
{
    int result = SQLITE_BUSY;
    for (int waited = 0; waited < HISTORY_BUSY_LIMIT; waited += 10) {
        result = sqlite3_exec(history->database, "PRAGMA journal_mode = WAL",
                              NULL, NULL, NULL);
        if ((result & 0xff) != SQLITE_BUSY)
            break;
        sqlite3_sleep(10);
    }
    if (result != SQLITE_OK)
        return database_error(history, "open", error);
    return database_run(history,
                        "PRAGMA wal_autocheckpoint = 4000;" /* 16 MiB */
                        "PRAGMA journal_size_limit = 67108864",
                        error);
}

/* True for a history in a folder that we cannot write, with nothing in a write-ahead
 * log: an archive. SQLite reads such a file only when told that nobody changes it. */
static bool is_archive(const char *path)
{
    CLEANUP(release) char *folder = folder_of(path);
    CLEANUP(text_free) struct text log = {0};
    text_append_format(&log, "%s-wal", path);
    struct stat status;
    return faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) < 0 &&
           (stat(text_string(&log), &status) < 0 || status.st_size == 0);
}

/* The path as a URI of SQLite: all but the plainest bytes as %XX. */
static void append_uri(struct text *uri, const char *path)
{
    text_append_string(uri, "file:");
    for (; *path; path++)
        if (isalnum((unsigned char)*path) || strchr("/._-", *path))
            text_append_character(uri, *path);
        else
            text_append_format(uri, "%%%02X", (unsigned char)*path);
}

/* Only the folder's real path goes to SQLite; messages name what the user did. */
static int open_file(struct history *history, struct error *error)
{
    CLEANUP(release) char *real = resolve(history->path, error);
    if (!real)
        return -1;
    CLEANUP(text_free) struct text uri = {0};
    append_uri(&uri, real);
    bool archive = !history->write && is_archive(real);
    if (archive)
        text_append_string(&uri, "?immutable=1");
    int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_PRIVATECACHE |
                (archive ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    if (sqlite3_open_v2(text_string(&uri), &history->database, flags, NULL) !=
        SQLITE_OK)
        return database_error(history, "open", error);
    if (history->write && sqlite3_db_readonly(history->database, "main") == 1)
        return error_set(error, ERROR_SYSTEM,
                         "cannot write history '%.200s': it is read-only",
                         history->path);
    return harden(history, error);
}

static int open_empty(struct history *history, struct error *error)
{
    if (sqlite3_open_v2(":memory:", &history->database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return database_error(history, "open", error);
    if (harden(history, error) < 0)
        return -1;
    return migrate(history, error);
}

static int open_for_reading(struct history *history, struct error *error)
{
    int there = look(history->path, error);
    if (there < 0)
        return -1;
    if (there == 0)
        return open_empty(history, error);
    int64_t version = 0;
    if (open_file(history, error) < 0 ||
        database_run(history, "PRAGMA query_only = ON", error) < 0 ||
        read_version(history, &version, error) < 0)
        return -1;
    if (version == NEWEST)
        return 0;
    if (version == 0) {
        sqlite3_close_v2(history->database);
        history->database = NULL;
        return open_empty(history, error);
    }
    return error_set(error, ERROR_SYSTEM,
                     "history '%.200s' has the older version %lld, which can "
                     "only be read once it was opened for writing",
                     history->path, (long long)version);
}

static int open_for_writing(struct history *history, struct error *error)
{
    int there = look(history->path, error);
    if (there < 0 || (there == 0 && create(history->path, error) < 0))
        return -1;
    int64_t version = 0;
    /* The version comes first: WAL would already change a foreign file. */
    if (open_file(history, error) < 0 ||
        read_version(history, &version, error) < 0 ||
        use_wal(history, error) < 0)
        return -1;
    return migrate(history, error);
}

struct history *history_open(const char *path, bool write, struct error *error)
{
    CLEANUP(history_close)
    struct history *history = memory_allocate(sizeof *history);
    history->path = memory_copy(path, strlen(path));
    history->write = write;
    int result = write ? open_for_writing(history, error)
                       : open_for_reading(history, error);
    return result < 0 ? NULL : TAKE(history);
}

void history_close(struct history *history)
{
    if (!history)
        return;
    if (history->writer)
        writer_free(history->writer);
    sqlite3_close_v2(history->database);
    memory_free(history->path);
    memory_free(history);
}
