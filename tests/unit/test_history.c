/*
 * The history as its users see it: what was written comes back, from lists, by
 * id, as state, as events and as log; and every database that cannot be used is
 * refused with a message that helps.
 */
#include "engine/history/limits.h"
#include "tests/unit/history_fixture.h"

#define SECOND CLOCK_SECOND

/* What a sink saw, as text: one event a line. */
struct recorder {
    struct event_sink sink;
    struct text text;
    size_t bytes; /* of output */
};

static int record(struct event_sink *sink, const struct event *event,
                  struct error *error)
{
    (void)error;
    struct recorder *recorder = (struct recorder *)sink;
    struct text *text = &recorder->text;
    text_append_string(text, event_kind_name(event->kind));
    if (event->step)
        text_append_format(text, " %s", event->step);
    if (event->kind == EVENT_OUTPUT) {
        text_append_format(text, " #%d %.*s", event->attempt,
                           (int)(event->length < 40 ? event->length : 40),
                           event->text);
        recorder->bytes += event->length;
    } else if (event->text) {
        text_append_format(text, " %s", event->text);
    }
    text_append_character(text, '\n');
    return 0;
}

/* A whole run that fails in step 1 and ends. */
static void write_run(struct history *history, const char *id,
                      const char *workflow, int64_t time, enum status status)
{
    struct event_sink *sink = must_sink(history, id);
    emit_queued(sink, workflow, time);
    must_emit(sink,
              (struct event){.kind = EVENT_RUN_STARTED, .time = time + SECOND});
    must_emit(sink, (struct event){.kind = EVENT_STEP_STARTED,
                                   .step = "1",
                                   .attempt = 1,
                                   .time = time + SECOND});
    emit_output(sink, "1", "first\n", 6);
    emit_output(sink, "1", "second\n", 7);
    must_emit(sink, (struct event){.kind = EVENT_STEP_FINISHED,
                                   .step = "1",
                                   .status = STATUS_FAILED,
                                   .exit_code = 3,
                                   .duration = SECOND,
                                   .text = "bad",
                                   .time = time + 2 * SECOND});
    must_emit(sink, (struct event){.kind = EVENT_RUN_FINISHED,
                                   .status = status,
                                   .text = "why",
                                   .time = time + 3 * SECOND});
}

static bool list_line(void *context, const struct history_entry *entry)
{
    text_append_format(context, "%s %s %s %s %s %lld %lld %lld\n", entry->id,
                       entry->workflow, entry->runtime, entry->digest,
                       event_status_name(entry->status),
                       (long long)(entry->queued / SECOND),
                       (long long)(entry->started / SECOND),
                       (long long)(entry->finished / SECOND));
    return true;
}

static bool list_one(void *context, const struct history_entry *entry)
{
    list_line(context, entry);
    return false;
}

static void assert_list(struct history *history, struct history_query query,
                        const char *want)
{
    CLEANUP(text_free) struct text text = {0};
    struct error error = {0};
    assert_int_equal(history_list(history, &query, list_line, &text, &error),
                     0);
    assert_string_equal(text_string(&text), want);
}

#define ROW_A "aa11 check host sha256:0a failed 100 101 103\n"
#define ROW_B "ab22 check host sha256:0a error 300 301 303\n"
#define ROW_C "cc33 other host sha256:0a failed 200 201 203\n"

static void write_three(struct history *history)
{
    write_run(history, "aa11", "check", 100 * SECOND, STATUS_FAILED);
    write_run(history, "ab22", "check", 300 * SECOND, STATUS_ERROR);
    write_run(history, "cc33", "other", 200 * SECOND, STATUS_FAILED);
}

static void test_lists(void **state)
{
    const struct fixture *fixture = *state;
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    write_three(history);
    assert_list(history, (struct history_query){0}, ROW_B ROW_C ROW_A);
    assert_list(history, (struct history_query){.limit = 2}, ROW_B ROW_C);
    assert_list(history, (struct history_query){.workflow = "check"},
                ROW_B ROW_A);
    assert_list(history, (struct history_query){.status = STATUS_FAILED + 1},
                ROW_C ROW_A);
    assert_list(history, (struct history_query){.workflow = "che%"}, "");
    CLEANUP(text_free) struct text text = {0};
    struct error error = {0};
    struct history_query all = {0};
    assert_int_equal(history_list(history, &all, list_one, &text, &error), 0);
    assert_string_equal(text_string(&text), ROW_B);
}

static void test_find(void **state)
{
    static const struct {
        const char *name, *want; /* id, or the text of the error */
    } rows[] = {
        {"latest", "ab22"},
        {"cc33", "cc33"},
        {"cc", "cc33"},
        {"aa1", "aa11"},
        {"c", "'c' is too short for a run: give at least 2 characters of its "
              "id, or 'latest'"},
        {"", "'' is too short for a run: give at least 2 characters of its id, "
             "or 'latest'"},
        {"zz", "there is no run 'zz': 'assay history' lists them"},
        {"%%", "there is no run '%%': 'assay history' lists them"},
        {"__", "there is no run '__': 'assay history' lists them"},
        {"' OR 1 --", "there is no run '' OR 1 --': 'assay history' lists "
                      "them"},
        {"dd", "'dd' is the beginning of several runs: dd5, dd4, dd3, dd2, dd1 "
               "and more"},
        {"ee", "'ee' is the beginning of several runs: ee2, ee1"},
        {"ee1", "ee1"},
        {"ff", "ff"},
    };
    const struct fixture *fixture = *state;
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    static const char *const more[] = {"dd0", "dd1", "dd2", "dd3", "dd4",
                                       "dd5", "ee1", "ee2", "ff",  "ff1"};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        write_run(history, more[i], "w", (int64_t)(i + 1) * SECOND,
                  STATUS_FAILED);
    write_three(history);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = {0};
        char id[40] = "";
        int result = history_find(history, rows[i].name, id, &error);
        const char *got = result == 0 ? id : error.text;
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("'%s' gave '%s'", rows[i].name, got);
        assert_int_equal(error.kind, result == 0 ? ERROR_NONE : ERROR_USAGE);
    }
}

static void test_load_replay_and_log(void **state)
{
    const struct fixture *fixture = *state;
    struct error error = {0};
    struct history *writing = must_open(fixture->path, true);
    write_run(writing, "aa11", "check", 100 * SECOND, STATUS_FAILED);
    history_close(writing);

    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, false);
    const struct run_state *run = history_load(history, arena, "aa11", &error);
    assert_non_null(run);
    assert_string_equal(run->id, "aa11");
    assert_int_equal(run->status, STATUS_FAILED);
    assert_string_equal(run->reason, "why");
    assert_int_equal(run->steps[0].exit_code, 3);
    assert_string_equal(run->steps[0].reason, "bad");
    assert_int_equal(run->steps[2].status, STATUS_SKIPPED);
    assert_string_equal(value_string(value_path(run->data, "parameters.host")),
                        "localhost");

    struct recorder recorder = {.sink = {record}};
    assert_int_equal(history_replay(history, "aa11", &recorder.sink, &error),
                     0);
    assert_string_equal(text_string(&recorder.text),
                        "run-queued\nrun-started\nstep-started 1\n"
                        "step-finished 1 bad\nrun-finished why\n");
    text_clear(&recorder.text);
    assert_int_equal(
        history_read_log(history, "aa11", NULL, &recorder.sink, &error), 0);
    assert_string_equal(text_string(&recorder.text),
                        "output 1 #1 first\n\noutput 1 #1 second\n\n");
    text_free(&recorder.text);

    assert_null(history_load(history, arena, "bb", &error));
    assert_string_equal(error.text, "there is no run 'bb'");
    assert_int_equal(error.kind, ERROR_USAGE);
}

static void assert_log(struct history *history, const char *step,
                       const char *want)
{
    struct recorder recorder = {.sink = {record}};
    struct error error = {0};
    assert_int_equal(
        history_read_log(history, "aa11", step, &recorder.sink, &error), 0);
    assert_string_equal(text_string(&recorder.text), want);
    text_free(&recorder.text);
}

static void test_log_of_steps_and_groups(void **state)
{
    const struct fixture *fixture = *state;
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    struct event_sink *sink = must_sink(history, "aa11");
    emit_queued(sink, "check", 0);
    must_emit(sink, (struct event){.kind = EVENT_RUN_STARTED});
    emit_output(sink, "", "out", 3);
    emit_output(sink, "1", "one", 3);
    emit_output(sink, "2", "group", 5);
    emit_output(sink, "2.1", "inner", 5);
    emit_output(sink, "2.1", "!", 1);
    emit_output(sink, NULL, "end", 3);
    emit_output(sink, NULL, "", 0);
    struct error error = {0};
    assert_int_equal(history_flush(history, &error), 0);
    assert_log(history, NULL,
               "output  #0 out\noutput 1 #0 one\noutput 2 #0 group\n"
               "output 2.1 #0 inner!\noutput  #0 end\n");
    assert_log(history, "1", "output 1 #0 one\n");
    assert_log(history, "2", "output 2 #0 group\noutput 2.1 #0 inner!\n");
    assert_log(history, "2.1", "output 2.1 #0 inner!\n");
    assert_log(history, "", "output  #0 out\noutput  #0 end\n");
    assert_log(history, "%", "");
}

/* Output of all sizes around the size of a chunk comes back byte by byte. */
struct comparer {
    struct event_sink sink;
    const unsigned char *want;
    size_t offset;
};

static int compare(struct event_sink *sink, const struct event *event,
                   struct error *error)
{
    struct comparer *comparer = (struct comparer *)sink;
    assert_int_equal(event->kind, EVENT_OUTPUT);
    assert_true(event->length <= HISTORY_CHUNK_LIMIT);
    assert_memory_equal(event->text, comparer->want + comparer->offset,
                        event->length);
    comparer->offset += event->length;
    (void)error;
    return 0;
}

static void fill(unsigned char *bytes, size_t length, bool noise)
{
    uint32_t seed = 12345;
    for (size_t i = 0; i < length; i++) {
        seed = seed * 1664525U + 1013904223U;
        bytes[i] = noise ? (unsigned char)(seed >> 24)
                         : (unsigned char)("line\n"[i % 5]);
    }
}

static void test_output_of_all_sizes(void **state)
{
    const struct fixture *fixture = *state;
    static const size_t sizes[] = {1, HISTORY_CHUNK_LIMIT - 1,
                                   HISTORY_CHUNK_LIMIT, HISTORY_CHUNK_LIMIT + 1,
                                   3 * HISTORY_CHUNK_LIMIT + 7};
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    unsigned char *bytes = malloc(sizes[4]);
    for (int i = 0; i < 10; i++) {
        struct error error = {0};
        size_t size = sizes[i % 5];
        char id[16];
        snprintf(id, sizeof id, "run%d", i);
        fill(bytes, size, i >= 5);
        struct event_sink *sink = must_sink(history, id);
        emit_queued(sink, "w", 0);
        must_emit(sink, (struct event){.kind = EVENT_RUN_STARTED});
        size_t half = size / 2;
        emit_output(sink, "1", (char *)bytes, half);
        emit_output(sink, "1", (char *)bytes + half, size - half);
        must_emit(sink, (struct event){.kind = EVENT_RUN_FINISHED,
                                       .status = STATUS_ABORTED});
        struct comparer comparer = {{compare}, bytes, 0};
        assert_int_equal(
            history_read_log(history, id, NULL, &comparer.sink, &error), 0);
        assert_int_equal(comparer.offset, size);
    }
    free(bytes);
}

static int64_t query_int(const char *path, const char *sql)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(database));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t integer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return integer;
}

static void test_output_is_compressed(void **state)
{
    const struct fixture *fixture = *state;
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    static unsigned char bytes[100000];
    struct event_sink *sink = must_sink(history, "aa");
    emit_queued(sink, "w", 0);
    must_emit(sink, (struct event){.kind = EVENT_RUN_STARTED});
    fill(bytes, sizeof bytes, false);
    emit_output(sink, "1", (char *)bytes, sizeof bytes);
    fill(bytes, sizeof bytes, true);
    emit_output(sink, "2", (char *)bytes, sizeof bytes);
    struct error error = {0};
    assert_int_equal(history_flush(history, &error), 0);
    assert_true(query_int(fixture->path,
                          "SELECT length(bytes) FROM log_chunk "
                          "WHERE step = '1' AND codec = 'zstd'") < 1000);
    assert_int_equal(query_int(fixture->path,
                               "SELECT length(bytes) FROM log_chunk WHERE "
                               "step = '2' AND codec = 'raw'"),
                     100000);
}

/* Output waits for more, but not when the last was written a second ago. */
static void test_output_is_gathered_for_a_second(void **state)
{
    const struct fixture *fixture = *state;
    static const char count[] = "SELECT count(*) FROM log_chunk";
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    struct event_sink *sink = must_sink(history, "aa");
    emit_queued(sink, "w", 0);
    must_emit(sink, (struct event){.kind = EVENT_RUN_STARTED});
    emit_output(sink, "1", "a", 1);
    int64_t first = query_int(fixture->path, count);
    emit_output(sink, "1", "b", 1);
    emit_output(sink, "1", "c", 1);
    assert_int_equal(query_int(fixture->path, count), first);
    usleep((HISTORY_FLUSH_EVERY + 50) * 1000);
    emit_output(sink, "1", "d", 1);
    assert_int_equal(query_int(fixture->path, count), first + 1);
    must_emit(sink, (struct event){.kind = EVENT_NOTE, .text = "n"});
    emit_output(sink, "1", "e", 1);
    must_emit(sink, (struct event){.kind = EVENT_NOTE, .text = "n"});
    assert_int_equal(query_int(fixture->path, count), first + 2);
}

static void test_order_of_output_and_events_is_kept(void **state)
{
    const struct fixture *fixture = *state;
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    write_run(history, "aa", "w", SECOND, STATUS_FAILED);
    /* The first line after a silence is written at once, the next ones wait. */
    assert_int_equal(
        query_int(fixture->path, "SELECT max(sequence) FROM log_chunk"), 5);
    assert_int_equal(query_int(fixture->path, "SELECT sequence FROM event "
                                              "WHERE kind = 'step-finished'"),
                     6);
}

static void test_refused_events_are_not_written(void **state)
{
    const struct fixture *fixture = *state;
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    struct event_sink *sink = must_sink(history, "aa");
    emit_queued(sink, "w", 0);
    struct event event = {
        .kind = EVENT_STEP_STARTED, .step = "1", .attempt = 1, .time = 1};
    struct error error = {0};
    assert_int_equal(event_emit(sink, &event, &error), -1);
    assert_string_equal(error.text,
                        "run 'aa': 'step-started' cannot follow: it comes "
                        "while the run is running, but this run is queued");
    must_emit(sink, (struct event){.kind = EVENT_RUN_STARTED});
    assert_int_equal(query_int(fixture->path, "SELECT count(*) FROM event"), 2);
}

static void test_a_run_is_continued(void **state)
{
    const struct fixture *fixture = *state;
    struct error error = {0};
    struct history *first = must_open(fixture->path, true);
    struct event_sink *sink = must_sink(first, "aa11");
    emit_queued(sink, "w", 0);
    must_emit(sink, (struct event){.kind = EVENT_RUN_STARTED});
    emit_output(sink, "1", "abc", 3);
    history_close(first); /* writes what waits */

    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    sink = must_sink(history, "aa11");
    struct event again = {.kind = EVENT_RUN_QUEUED, .time = 1};
    assert_int_equal(event_emit(sink, &again, &error), -1);
    emit_output(sink, "1", "def", 3);
    must_emit(sink, (struct event){.kind = EVENT_RUN_FINISHED,
                                   .status = STATUS_ABORTED});
    assert_log(history, NULL, "output 1 #0 abc\noutput 1 #0 def\n");
    assert_list(history,
                (struct history_query){.status = STATUS_ABORTED + 1,
                                       .workflow = "none"},
                "");
    CLEANUP(arena_free) struct arena *arena = arena_new();
    error = (struct error){0};
    assert_int_equal(history_load(history, arena, "aa11", &error)->status,
                     STATUS_ABORTED);
}

static bool take_status(void *context, const struct history_entry *entry)
{
    *(int *)context = (int)entry->status;
    return true;
}

/* The status of the only run in the list, or -1 when it is not in it. */
static int listed_status(struct history *history, int wanted)
{
    int status = -1;
    struct error error = {0};
    struct history_query query = {.status = wanted + 1};
    assert_int_equal(
        history_list(history, &query, take_status, &status, &error), 0);
    return status;
}

/* A running run is listed as paused while one of its steps is. */
static void test_paused_runs_are_listed(void **state)
{
    const struct fixture *fixture = *state;
    static const struct {
        enum event_kind kind;
        const char *step;
        enum status want;
    } rows[] = {
        {EVENT_RUN_STARTED, NULL, STATUS_RUNNING},
        {EVENT_STEP_STARTED, "1", STATUS_RUNNING},
        {EVENT_STEP_PAUSED, "1", STATUS_PAUSED},
        {EVENT_NOTE, NULL, STATUS_PAUSED},
        {EVENT_STEP_RESUMED, "1", STATUS_RUNNING},
        {EVENT_STEP_PAUSED, "1", STATUS_PAUSED},
        {EVENT_STEP_FINISHED, "1", STATUS_RUNNING},
        {EVENT_RUN_FINISHED, NULL, STATUS_ABORTED},
    };
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    struct event_sink *sink = must_sink(history, "aa11");
    emit_queued(sink, "w", 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum status want = rows[i].want;
        must_emit(sink, (struct event){.kind = rows[i].kind,
                                       .step = rows[i].step,
                                       .text = "note",
                                       .attempt = 1,
                                       .exit_code = -1,
                                       .status = STATUS_ABORTED});
        assert_int_equal(listed_status(history, -1), want);
        assert_int_equal(listed_status(history, STATUS_PAUSED),
                         want == STATUS_PAUSED ? STATUS_PAUSED : -1);
        assert_int_equal(listed_status(history, STATUS_RUNNING),
                         want == STATUS_ABORTED ? -1 : (int)want);
    }
}

static void test_ids_are_checked(void **state)
{
    static const struct {
        const char *id;
        bool good;
    } rows[] = {
        {"aa", true},
        {"a", false},
        {"", false},
        {"0123456789abcdef", true},
        {"012345678901234567890123456789012345678", true},
        {"0123456789012345678901234567890123456789", false},
        {"AA", false},
        {"a/b", false},
        {"a b", false},
    };
    const struct fixture *fixture = *state;
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = {0};
        if ((history_sink(history, rows[i].id, &error) != NULL) != rows[i].good)
            fail_msg("'%s': %s", rows[i].id, error.text);
    }
}

static void test_size_of_an_event_is_limited(void **state)
{
    const struct fixture *fixture = *state;
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    char *text = malloc(HISTORY_BODY_LIMIT + 1);
    memset(text, 'x', HISTORY_BODY_LIMIT);
    text[HISTORY_BODY_LIMIT] = '\0';
    struct event_sink *sink = must_sink(history, "aa");
    emit_queued(sink, "w", 0);
    struct event note = {.kind = EVENT_NOTE, .time = 1, .text = text + 64};
    struct error error = {0};
    assert_int_equal(event_emit(sink, &note, &error), 0);
    note.text = text;
    assert_int_equal(event_emit(sink, &note, &error), -1);
    assert_string_equal(error.text,
                        "run 'aa': cannot record 'note' of run 'aa': it has "
                        "4194339 bytes, and an event has at most 4194304");
    free(text);
}

/* The triggers, whoever writes. */
static void test_append_only(void **state)
{
    static const char *const statements[] = {
        "UPDATE event SET body = '{}'",
        "DELETE FROM event",
        "REPLACE INTO event SELECT * FROM event",
        "UPDATE log_chunk SET step = '2'",
        "DELETE FROM log_chunk",
        "DELETE FROM run",
        "UPDATE run SET workflow = 'x'",
        "UPDATE run SET status = 'passed'",
        "INSERT INTO event VALUES (99, 1, 1, 'note', '{}')",
    };
    const struct fixture *fixture = *state;
    struct history *history = must_open(fixture->path, true);
    write_run(history, "aa", "w", SECOND, STATUS_FAILED);
    history_close(history);
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(fixture->path, &database), SQLITE_OK);
    sqlite3_exec(database,
                 "PRAGMA foreign_keys = ON;"
                 "PRAGMA recursive_triggers = ON",
                 NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (sqlite3_exec(database, statements[i], NULL, NULL, NULL) !=
            SQLITE_CONSTRAINT)
            fail_msg("%s: %s", statements[i], sqlite3_errmsg(database));
    sqlite3_close(database);
}

static void test_file_and_folders_are_private(void **state)
{
    const struct fixture *fixture = *state;
    char path[300], folder[300];
    snprintf(folder, sizeof folder, "%s/a", fixture->folder);
    snprintf(path, sizeof path, "%s/a/b/history.db", fixture->folder);
    mode_t before = umask(0);
    struct history *history = must_open(path, true);
    umask(before);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(stat(folder, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    snprintf(path, sizeof path, "%s/a/b/history.db-wal", fixture->folder);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    /* At the end all is in the database; the log stays, empty. */
    assert_int_not_equal(status.st_size, 0);
    history_close(history);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 0);
}

static void test_settings(void **state)
{
    const struct fixture *fixture = *state;
    history_close(must_open(fixture->path, true));
    assert_int_equal(query_int(fixture->path, "PRAGMA user_version"), 1);
    assert_int_equal(query_int(fixture->path, "PRAGMA application_id"),
                     0x41737379);
    assert_int_equal(query_int(fixture->path,
                               "SELECT journal_mode = 'wal' FROM "
                               "pragma_journal_mode"),
                     1);
}

static void test_missing_is_empty_for_reading(void **state)
{
    const struct fixture *fixture = *state;
    struct error error = {0};
    char id[40];
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, false);
    assert_list(history, (struct history_query){0}, "");
    assert_int_equal(history_find(history, "latest", id, &error), -1);
    assert_string_equal(error.text,
                        "there is no latest run: the history is empty");
    assert_int_equal(access(fixture->path, F_OK), -1);
    /* An empty file is what a kill during the very first opening leaves. */
    FILE *file = fopen(fixture->path, "w");
    assert_non_null(file);
    fclose(file);
    history_close(TAKE(history));
    history = must_open(fixture->path, false);
    assert_list(history, (struct history_query){0}, "");
    history_close(TAKE(history));
    history = must_open(fixture->path, true);
    assert_list(history, (struct history_query){0}, "");
}

/* Makes at `path` what is not a history of ours. */
static void make_link(const char *path)
{
    char target[300];
    snprintf(target, sizeof target, "%s.target", path);
    history_close(must_open(target, true));
    assert_int_equal(symlink(target, path), 0);
}

static void make_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

static void make_text(const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("this is no database\n", file);
    fclose(file);
}

static void make_with(const char *path, const char *sql)
{
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

static void make_foreign(const char *path)
{
    make_with(path, "CREATE TABLE mine (a)");
}

static void make_newer(const char *path)
{
    history_close(must_open(path, true));
    make_with(path, "PRAGMA user_version = 2");
}

static void test_unusable_files(void **state)
{
    static const struct {
        const char *name;
        void (*make)(const char *path);
        const char *want; /* after the path in quotes */
    } rows[] = {
        {"link", make_link,
         " is a symbolic link, which is not followed: name the file itself "
         "with --db"},
        {"folder", make_folder,
         " is not a regular file: use --db with another file"},
        {"text", make_text,
         ": file is not a database; it is no history of ours: use --db with "
         "another file"},
        {"foreign", make_foreign,
         " is a database of another program: use --db with another file"},
        {"newer", make_newer,
         " has version 2, and this assay knows up to 1: use a newer assay, or "
         "--db with another file"},
    };
    const struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows * 2; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%zu-%s", fixture->folder, i % 2,
                 rows[i / 2].name);
        rows[i / 2].make(path);
        struct error error = {0};
        assert_null(history_open(path, i % 2 == 1, &error));
        assert_int_equal(error.kind, ERROR_SYSTEM);
        if (!strstr(error.text, path) || !strstr(error.text, rows[i / 2].want))
            fail_msg("%s: %s", rows[i / 2].name, error.text);
    }
    assert_int_equal(
        query_int(strcat(strcpy((char[300]){0}, fixture->folder), "/1-foreign"),
                  "SELECT count(*) FROM sqlite_schema"),
        1);
}

/* A home folder behind a link is usual, and fine. */
static void test_folders_may_be_links(void **state)
{
    const struct fixture *fixture = *state;
    char folder[300], link[300], path[400];
    snprintf(folder, sizeof folder, "%s/real", fixture->folder);
    snprintf(link, sizeof link, "%s/link", fixture->folder);
    snprintf(path, sizeof path, "%s/history.db", link);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(symlink(folder, link), 0);
    history_close(must_open(path, true));
    history_close(must_open(path, false));
}

/* Paths that mean something in a URI. */
static void test_odd_names(void **state)
{
    static const char *const names[] = {
        "a b.db",    "a?mode=memory",  "a#b",
        "100%41.db", "caf\xc3\xa9.db", ":memory:"};
    const struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s", fixture->folder, names[i]);
        struct history *history = must_open(path, true);
        write_run(history, "aa11", "check", 100 * SECOND, STATUS_FAILED);
        history_close(history);
        struct stat status;
        if (stat(path, &status) < 0 || status.st_size == 0)
            fail_msg("'%s' is not the file", names[i]);
        history = must_open(path, false);
        assert_list(history, (struct history_query){0}, ROW_A);
        history_close(history);
    }
}

/* A copy in a folder that cannot be written is read all the same. Root may write
 * everywhere, so it becomes somebody else for a moment. */
static void test_archives_are_read(void **state)
{
    enum { SOMEBODY = 65534 };
    const struct fixture *fixture = *state;
    bool root = geteuid() == 0;
    struct history *history = must_open(fixture->path, true);
    write_run(history, "aa11", "check", 100 * SECOND, STATUS_FAILED);
    history_close(history);
    assert_int_equal(chmod(fixture->path, 0444), 0);
    assert_int_equal(chmod(fixture->folder, 0555), 0);
    assert_true(!root || seteuid(SOMEBODY) == 0);
    struct error error = {0};
    history = history_open(fixture->path, false, &error);
    if (history)
        assert_list(history, (struct history_query){0}, ROW_A);
    history_close(history);
    assert_true(!root || seteuid(0) == 0);
    assert_int_equal(chmod(fixture->folder, 0700), 0);
    assert_string_equal(error.text, "");
}

static void test_damage_is_reported(void **state)
{
    const struct fixture *fixture = *state;
    struct history *history = must_open(fixture->path, true);
    write_run(history, "aa", "w", SECOND, STATUS_FAILED);
    history_close(history);
    make_with(fixture->path,
              "DROP TRIGGER event_no_update; DROP TRIGGER log_chunk_no_update;"
              "UPDATE event SET body = '{\"event\":' WHERE sequence = 2;"
              "UPDATE log_chunk SET bytes = x'00'");
    history = must_open(fixture->path, false);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    assert_null(history_load(history, arena, "aa", &error));
    assert_int_equal(error.kind, ERROR_SYSTEM);
    assert_non_null(strstr(error.text, "run 'aa': entry 2: "));
    error = (struct error){0};
    struct recorder recorder = {.sink = {record}};
    assert_int_equal(
        history_read_log(history, "aa", NULL, &recorder.sink, &error), -1);
    assert_string_equal(error.text,
                        "the log of run 'aa' is damaged at entry 4");
    history_close(history);
}

static void test_gap_in_the_log_is_shown(void **state)
{
    const struct fixture *fixture = *state;
    struct history *history = must_open(fixture->path, true);
    write_run(history, "aa11", "w", SECOND, STATUS_FAILED);
    history_close(history);
    make_with(fixture->path, "DROP TRIGGER log_chunk_no_update;"
                             "UPDATE log_chunk SET \"offset\" = 1000");
    history = must_open(fixture->path, false);
    assert_log(history, NULL,
               "note 1000 bytes of output could not be recorded\n"
               "output 1 #1 first\n\noutput 1 #1 second\n\n");
    history_close(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_lists),
        FIXTURE_TEST(test_find),
        FIXTURE_TEST(test_load_replay_and_log),
        FIXTURE_TEST(test_log_of_steps_and_groups),
        FIXTURE_TEST(test_output_of_all_sizes),
        FIXTURE_TEST(test_output_is_compressed),
        FIXTURE_TEST(test_output_is_gathered_for_a_second),
        FIXTURE_TEST(test_order_of_output_and_events_is_kept),
        FIXTURE_TEST(test_refused_events_are_not_written),
        FIXTURE_TEST(test_a_run_is_continued),
        FIXTURE_TEST(test_paused_runs_are_listed),
        FIXTURE_TEST(test_ids_are_checked),
        FIXTURE_TEST(test_size_of_an_event_is_limited),
        FIXTURE_TEST(test_append_only),
        FIXTURE_TEST(test_file_and_folders_are_private),
        FIXTURE_TEST(test_settings),
        FIXTURE_TEST(test_missing_is_empty_for_reading),
        FIXTURE_TEST(test_unusable_files),
        FIXTURE_TEST(test_folders_may_be_links),
        FIXTURE_TEST(test_odd_names),
        FIXTURE_TEST(test_archives_are_read),
        FIXTURE_TEST(test_damage_is_reported),
        FIXTURE_TEST(test_gap_in_the_log_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
