/*
 * A run followed while another handle writes it: everything once and in order, news
 * of each write, and a word to the process that writes it, but to no other.
 */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/history_fixture.h"

/* What a sink saw, as text: one event a line, output with its length. */
struct recorder {
    struct event_sink sink;
    struct text text;
};

static int record(struct event_sink *sink, const struct event *event,
                  struct error *error)
{
    (void)error;
    struct text *text = &((struct recorder *)sink)->text;
    text_append_string(text, event_kind_name(event->kind));
    if (event->kind == EVENT_OUTPUT)
        text_append_format(text, " %s#%d %zu", event->step, event->attempt,
                           event->length);
    else if (event->text)
        text_append_format(text, " %s", event->text);
    text_append_character(text, '\n');
    return 0;
}

static char *read_on(struct history *history, struct arena *arena,
                     struct history_place *place)
{
    struct error error = {0};
    struct recorder recorder = {{record}, {0}};
    if (history_read_on(history, "aa", place, &recorder.sink, &error) < 0)
        fail_msg("%s", error.text);
    char *text = arena_string(arena, text_string(&recorder.text));
    text_free(&recorder.text);
    return text;
}

static void test_everything_is_read_once(void **state)
{
    const struct fixture *fixture = *state;
    static char bytes[300 * 1024];
    struct error error = {0};
    struct history_place place = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(history_close)
    struct history *writer = must_open(fixture->path, true);
    CLEANUP(history_close) struct history *reader = NULL;
    struct event_sink *sink = must_sink(writer, "aa");
    emit_queued(sink, "w", 0);
    reader = must_open(fixture->path, false);
    assert_string_equal(read_on(reader, arena, &place), "run-queued\n");
    assert_string_equal(read_on(reader, arena, &place), "");
    must_emit(sink, (struct event){.kind = EVENT_RUN_STARTED});
    must_emit(sink, (struct event){
                        .kind = EVENT_STEP_STARTED, .step = "1", .attempt = 1});
    memset(bytes, 'x', sizeof bytes);
    emit_output(sink, "1", bytes, sizeof bytes);
    assert_int_equal(history_flush(writer, &error), 0);
    assert_string_equal(read_on(reader, arena, &place),
                        "run-started\nstep-started\noutput 1#1 262144\n"
                        "output 1#1 45056\n");
    emit_output(sink, "1", "late", 4);
    assert_string_equal(read_on(reader, arena, &place), "");
    must_emit(sink, (struct event){.kind = EVENT_RUN_FINISHED,
                                   .status = STATUS_ABORTED,
                                   .text = "why"});
    assert_string_equal(read_on(reader, arena, &place),
                        "output 1#1 4\nrun-finished why\n");
    assert_string_equal(read_on(reader, arena, &place), "");
    place = (struct history_place){0};
    assert_string_equal(
        read_on(reader, arena, &place),
        "run-queued\nrun-started\nstep-started\noutput 1#1 262144\n"
        "output 1#1 45056\noutput 1#1 4\nrun-finished why\n");
    assert_int_equal(history_read_on(reader, "bb", &place, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
}

static void test_news_are_told(void **state)
{
    const struct fixture *fixture = *state;
    char events[4096];
    CLEANUP(history_close)
    struct history *writer = must_open(fixture->path, true);
    struct event_sink *sink = must_sink(writer, "aa");
    emit_queued(sink, "w", 0);
    CLEANUP(history_close)
    struct history *reader = must_open(fixture->path, false);
    struct pollfd news = {history_watch(reader), POLLIN, 0};
    assert_true(news.fd >= 0);
    assert_int_equal(poll(&news, 1, 0), 0);
    must_emit(sink, (struct event){.kind = EVENT_RUN_STARTED});
    assert_int_equal(poll(&news, 1, 5000), 1);
    assert_true(read(news.fd, events, sizeof events) > 0);
    assert_int_equal(poll(&news, 1, 0), 0);
    close(news.fd);
}

/* A process that writes the run "aa" and waits. */
static pid_t start_writer(const char *path)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct history *history = must_open(path, true);
        emit_queued(must_sink(history, "aa"), "w", 0);
        if (write(ready[1], "r", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void execute(const char *path, const char *sql)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

static void test_only_the_writer_is_told(void **state)
{
    static const struct {
        const char *change, *back;
    } strangers[] = {
        {"process_start = process_start + 1",
         "process_start = process_start - 1"},
        {"process_start = -process_start", "process_start = -process_start"},
        {"process_space = 'x' || process_space",
         "process_space = substr(process_space, 2)"},
        {"boot = 'x' || boot", "boot = substr(boot, 2)"},
        {"process = process + 4194304", "process = process - 4194304"},
    };
    const struct fixture *fixture = *state;
    int status;
    pid_t pid = start_writer(fixture->path);
    CLEANUP(history_close)
    struct history *history = must_open(fixture->path, true);
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        struct error error = {0};
        char sql[120];
        snprintf(sql, sizeof sql, "UPDATE run SET %s", strangers[i].change);
        execute(fixture->path, sql);
        if (history_signal(history, "aa", SIGKILL, &error) == 0)
            fail_msg("%s: a stranger was told", strangers[i].change);
        assert_int_equal(error.kind, ERROR_SYSTEM);
        snprintf(sql, sizeof sql, "UPDATE run SET %s", strangers[i].back);
        execute(fixture->path, sql);
    }
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    struct error error = {0};
    assert_int_equal(history_signal(history, "aa", SIGTERM, &error), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_int_equal(history_reconcile(history, &error), 0);
    assert_int_equal(history_signal(history, "aa", SIGTERM, &error), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_everything_is_read_once),
        FIXTURE_TEST(test_news_are_told),
        FIXTURE_TEST(test_only_the_writer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
