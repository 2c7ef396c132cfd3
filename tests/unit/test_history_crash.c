/*
 * The history when things go wrong: writers killed at any moment, many writers at
 * once, runs whose process is gone, and no room on the disk.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "engine/base/memory.h"
#include "tests/unit/history_fixture.h"

/* The number of an SQL query, from a database that must be sound. */
static int64_t query_int(const char *path, const char *sql)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    sqlite3_busy_timeout(database, 10000);
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(database));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t integer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return integer;
}

static void assert_sound(const char *path)
{
    assert_int_equal(query_int(path, "SELECT count(*) = 1 AND max("
                                     "integrity_check = 'ok') FROM "
                                     "pragma_integrity_check"),
                     1);
    assert_int_equal(
        query_int(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

static int emit(struct event_sink *sink, struct event event)
{
    struct error error = {0};
    event.time = clock_now();
    return event_emit(sink, &event, &error);
}

/* In a child: opens the history and begins a run; ends the child on failure. */
static struct event_sink *begin(const char *path, const char *id)
{
    struct error error = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct history *history = history_open(path, true, &error);
    struct event_sink *sink =
        history ? history_sink(history, id, &error) : NULL;
    if (!sink ||
        emit(sink, (struct event){.kind = EVENT_RUN_QUEUED,
                                  .data = run_data(arena, "w")}) < 0 ||
        emit(sink, (struct event){.kind = EVENT_RUN_STARTED}) < 0) {
        fprintf(stderr, "%s: %s\n", id, error.text);
        _exit(3);
    }
    return sink;
}

/* Writes attempts with output for ever; after each event that was reported as
 * written, one byte goes to `report`. */
static void write_for_ever(const char *path, const char *id, int report)
{
    static char noise[20000];
    memset(noise, 'n', sizeof noise);
    struct event_sink *sink = begin(path, id);
    for (int attempt = 1;; attempt++) {
        struct event start = {
            .kind = EVENT_STEP_STARTED, .step = "1", .attempt = attempt};
        struct event end = {.kind = EVENT_STEP_FINISHED,
                            .step = "1",
                            .status = STATUS_FAILED,
                            .exit_code = 1};
        if (emit(sink, start) < 0 || write(report, "s", 1) != 1)
            _exit(4);
        for (int i = 0; i < attempt % 20; i++)
            if (emit(sink, (struct event){.kind = EVENT_OUTPUT,
                                          .step = "1",
                                          .text = noise,
                                          .length = sizeof noise}) < 0)
                _exit(5);
        if (emit(sink, end) < 0 || write(report, "f", 1) != 1)
            _exit(6);
    }
}

/* Starts write_for_ever, kills it after `delay` microseconds; how many events it
 * reported as written. */
static int64_t write_and_kill(const char *path, const char *id, unsigned delay)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_for_ever(path, id, ends[1]);
    close(ends[1]);
    usleep(delay);
    kill(child, SIGKILL);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    char bytes[4096];
    int64_t reported = 0;
    for (ssize_t count; (count = read(ends[0], bytes, sizeof bytes)) > 0;)
        reported += count;
    close(ends[0]);
    return reported;
}

static void test_kill_loses_nothing_that_was_reported(void **state)
{
    const struct fixture *fixture = *state;
    unsigned delay = 3000;
    int64_t all = 0;
    for (int i = 0; i < 20; i++, delay += 1000 + delay % 7919) {
        char id[16], sql[128];
        snprintf(id, sizeof id, "run-%02d", i);
        int64_t reported = write_and_kill(fixture->path, id, delay);
        all += reported;
        if (access(fixture->path, F_OK) != 0)
            continue; /* killed before the file was made */
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(history_close)
        struct history *history = must_open(fixture->path, true);
        assert_sound(fixture->path);
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM event JOIN run ON number = run "
                 "WHERE id = '%s' AND kind LIKE 'step-%%'",
                 id);
        int64_t written = query_int(fixture->path, sql);
        assert_true(written == reported || written == reported + 1);
        /* Every stored run is a prefix: sequence without a hole, and it folds. */
        assert_int_equal(
            query_int(fixture->path,
                      "SELECT count(*) FROM (SELECT run, max(sequence) AS m, "
                      "count(*) AS c FROM (SELECT run, sequence FROM event "
                      "UNION ALL SELECT run, sequence FROM log_chunk) "
                      "GROUP BY run HAVING m <> c)"),
            0);
        struct error error = {0};
        if (reported > 0)
            assert_non_null(history_load(history, arena, id, &error));
    }
    assert_true(all > 0);
}

static int write_whole_run(const char *path, const char *id)
{
    struct event_sink *sink = begin(path, id);
    int result = 0;
    for (int attempt = 1; result == 0 && attempt <= 40; attempt++) {
        result |= emit(sink, (struct event){.kind = EVENT_STEP_STARTED,
                                            .step = "1",
                                            .attempt = attempt});
        result |= emit(sink, (struct event){.kind = EVENT_OUTPUT,
                                            .step = "1",
                                            .text = "line\n",
                                            .length = 5});
        result |= emit(sink, (struct event){.kind = EVENT_STEP_FINISHED,
                                            .step = "1",
                                            .exit_code = 1,
                                            .status = STATUS_FAILED});
    }
    result |= emit(sink, (struct event){.kind = EVENT_RUN_FINISHED,
                                        .status = STATUS_FAILED});
    return result;
}

static void test_many_writers_at_once(void **state)
{
    enum { WRITERS = 8 };
    const struct fixture *fixture = *state;
    pid_t children[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        char id[32];
        snprintf(id, sizeof id, "writer-%d", i);
        if (children[i] == 0)
            _exit(write_whole_run(fixture->path, id) == 0 ? 0 : 1);
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_sound(fixture->path);
    assert_int_equal(
        query_int(fixture->path,
                  "SELECT count(*) FROM run WHERE status = 'failed'"),
        WRITERS);
    assert_int_equal(query_int(fixture->path, "SELECT count(*) FROM event"),
                     WRITERS * (3 + 40 * 2));
    assert_int_equal(
        query_int(fixture->path, "SELECT sum(length) FROM log_chunk"),
        WRITERS * 40 * 5);
}

static const struct run_state *load(const struct fixture *fixture,
                                    struct arena *arena, const char *id)
{
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, false);
    struct error error = {0};
    const struct run_state *run = history_load(history, arena, id, &error);
    assert_non_null(run);
    return run;
}

static void reconcile(const struct fixture *fixture)
{
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    struct error error = {0};
    if (history_reconcile(history, &error) < 0)
        fail_msg("%s", error.text);
}

static void test_runs_of_dead_processes_are_lost(void **state)
{
    const struct fixture *fixture = *state;
    write_and_kill(fixture->path, "dead", 1000000);
    struct history *alive = must_open(fixture->path, true);
    struct event_sink *sink = must_sink(alive, "alive");
    emit_queued(sink, "w", 0);
    must_emit(sink, (struct event){.kind = EVENT_RUN_STARTED});

    reconcile(fixture);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct run_state *run = load(fixture, arena, "dead");
    assert_int_equal(run->status, STATUS_LOST);
    assert_string_equal(run->reason,
                        "the process that ran it ended without a result");
    assert_true(run->finished > 0);
    assert_int_equal(run->steps[1].status, STATUS_ABORTED);
    assert_int_equal(load(fixture, arena, "alive")->status, STATUS_RUNNING);

    int64_t events = query_int(fixture->path, "SELECT count(*) FROM event");
    reconcile(fixture);
    assert_int_equal(query_int(fixture->path, "SELECT count(*) FROM event"),
                     events);
    must_emit(sink, (struct event){.kind = EVENT_RUN_FINISHED,
                                   .status = STATUS_ABORTED});
    history_close(alive);
    assert_int_equal(query_int(fixture->path, "SELECT count(*) FROM run WHERE "
                                              "status IN ('lost', 'aborted')"),
                     2);
}

static void execute(const char *path, const char *sql)
{
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    sqlite3_close(database);
}

/* Who counts as gone, by changing what the row of a live run says. */
static void test_only_evidence_makes_a_run_lost(void **state)
{
    static const struct {
        const char *name, *change;
        enum status want;
    } rows[] = {
        {"this process", "process = process", STATUS_QUEUED},
        {"another start, so the pid was used again",
         "process_start = process_start + 1", STATUS_LOST},
        {"a pid that is not there", "process = 4194305", STATUS_LOST},
        {"a restart of the same machine", "boot = 'before'", STATUS_LOST},
        {"another machine", "boot = 'before', machine = 'elsewhere'",
         STATUS_QUEUED},
        {"another pid namespace",
         "process = 4194305, process_space = 'pid:[1]'", STATUS_QUEUED},
        {"no owner", "process = NULL, boot = 'before'", STATUS_QUEUED},
        {"an unknown boot", "process = 4194305, boot = ''", STATUS_QUEUED},
    };
    const struct fixture *fixture = *state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char id[16], sql[200];
        snprintf(id, sizeof id, "row-%zu", i);
        struct history *history = must_open(fixture->path, true);
        emit_queued(must_sink(history, id), "w", 0);
        history_close(history);
        snprintf(sql, sizeof sql, "UPDATE run SET %s WHERE id = '%s'",
                 rows[i].change, id);
        execute(fixture->path, sql);
        reconcile(fixture);
        enum status got = load(fixture, arena, id)->status;
        if (got != rows[i].want)
            fail_msg("%s: %s", rows[i].name, event_status_name(got));
    }
}

/* A limit on the size of files stands in for a full disk. */
static int write_until_full(const char *path)
{
    enum { SIZE = 256 * 1024 };
    struct event_sink *sink = begin(path, "full");
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 20, 1 << 20});
    char *noise = memory_allocate(SIZE);
    uint32_t seed = 1;
    for (int i = 0; i < SIZE; i++) {
        seed = seed * 1664525U + 1013904223U;
        noise[i] = (char)(seed >> 24);
    }
    struct error error = {0};
    struct event output = {.kind = EVENT_OUTPUT,
                           .time = 1,
                           .step = "1",
                           .text = noise,
                           .length = SIZE};
    int result = 0;
    for (int i = 0; i < 100 && result == 0; i++)
        result = event_emit(sink, &output, &error);
    memory_free(noise);
    bool good = result < 0 && error.kind == ERROR_SYSTEM &&
                strstr(error.text, "run 'full': cannot write history '") &&
                strstr(error.text, path) &&
                strstr(error.text, "see whether its disk is full");
    if (!good)
        fprintf(stderr, "%s\n", error.text);
    return good ? 0 : 1;
}

static void test_no_room_is_an_error_with_the_path(void **state)
{
    const struct fixture *fixture = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(write_until_full(fixture->path));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_sound(fixture->path);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    assert_int_equal(load(fixture, arena, "full")->status, STATUS_RUNNING);
}

/* When a change of state is lost, what follows it is not written either. */
static void test_nothing_follows_a_lost_change(void **state)
{
    const struct fixture *fixture = *state;
    struct history *history = must_open(fixture->path, true);
    struct event_sink *sink = must_sink(history, "aa");
    emit_queued(sink, "w", 0);
    execute(fixture->path, "CREATE TRIGGER stop BEFORE INSERT ON event "
                           "BEGIN SELECT RAISE(ABORT, 'no room'); END");
    struct error error = {0};
    struct event event = {.kind = EVENT_RUN_STARTED, .time = 1};
    assert_int_equal(event_emit(sink, &event, &error), -1);
    assert_non_null(strstr(error.text, "no room"));
    execute(fixture->path, "DROP TRIGGER stop");
    error = (struct error){0};
    event.kind = EVENT_NOTE;
    event.text = "late";
    assert_int_equal(event_emit(sink, &event, &error), -1);
    assert_non_null(strstr(error.text, "run 'aa' is no longer recorded"));
    history_close(history);
    assert_int_equal(query_int(fixture->path, "SELECT count(*) FROM event"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_kill_loses_nothing_that_was_reported),
        FIXTURE_TEST(test_many_writers_at_once),
        FIXTURE_TEST(test_runs_of_dead_processes_are_lost),
        FIXTURE_TEST(test_only_evidence_makes_a_run_lost),
        FIXTURE_TEST(test_no_room_is_an_error_with_the_path),
        FIXTURE_TEST(test_nothing_follows_a_lost_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
