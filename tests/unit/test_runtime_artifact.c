/*
 * Files on their way out of a folder that steps can write to: control lines by a
 * real stream, files by the hands of a hostile step, a store that is a list.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "engine/base/file.h"
#include "engine/runtime/artifact.h"
#include "engine/runtime/limits.h"
#include "engine/runtime/stream.h"
#include "runtime_fixture.h"

/* Keeps files as lines of text: "<bytes>|". */
struct list {
    struct artifact_store store; /* first */
    struct text text;
    bool fails;
};

static int list_keep(struct artifact_store *store, int source, int64_t limit,
                     bool compress, struct artifact_kept *kept,
                     struct error *error)
{
    struct list *list = (struct list *)store;
    char bytes[64];
    ssize_t count = read(source, bytes, sizeof bytes);
    if (list->fails)
        return error_set(error, ERROR_SYSTEM, "the disk is full");
    if (count > limit)
        return error_set(error, ERROR_INPUT, "it grew");
    assert_true(count >= 0);
    text_append(&list->text, bytes, (size_t)count);
    text_append_string(&list->text, compress ? "(gzip)|" : "|");
    kept->size = count;
    strcpy(kept->digest, "D");
    return 0;
}

struct stage {
    struct arena *arena;
    char folder[40];
    struct list list;
    struct recorder recorder;
    struct artifact_collector *collector;
    struct stream *stream;
};

static int enter(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    *state = stage;
    strcpy(stage->folder, "/tmp/assay-test-artifact-XXXXXX");
    if (!mkdtemp(stage->folder) || chdir(stage->folder) != 0 ||
        mkdir("volumes", 0700) != 0 || mkdir("volumes/0", 0700) != 0 ||
        mkdir("volumes/1", 0777) != 0 ||
        mkdir("volumes/1/artifacts", 0777) != 0)
        return -1;
    stage->arena = arena_new();
    stage->list.store.keep = list_keep;
    stage->recorder = make_recorder();
    struct pod_volume *volumes =
        arena_allocate(stage->arena, 2 * sizeof *volumes);
    volumes[0] = (struct pod_volume){.name = "data", .empty = true};
    volumes[1] = (struct pod_volume){.name = "assay-state", .empty = true};
    struct pod *pod = arena_allocate(stage->arena, sizeof *pod);
    *pod = (struct pod){.volumes = volumes, .volume_count = 2};
    struct run_folder folder = {
        stage->folder, arena_format(stage->arena, "%s/volumes", stage->folder)};
    stage->collector = artifact_collect(
        stage->arena, pod, &folder, &stage->list.store, &stage->recorder.sink);
    stage->stream = stream_new(TEST_TOKEN, &stage->collector->sink);
    return 0;
}

static int leave(void **state)
{
    struct stage *stage = *state;
    struct error error = {0};
    stream_free(stage->stream);
    text_free(&stage->list.text);
    text_free(&stage->recorder.log);
    arena_free(stage->arena);
    int result = chdir("/") == 0 ? folder_remove(stage->folder, &error) : -1;
    free(stage);
    return result;
}

#define FILES "volumes/1/artifacts/"

static void put(const char *name, const char *text)
{
    struct error error = {0};
    char path[200];
    snprintf(path, sizeof path, FILES "%s", name);
    assert_int_equal(file_write_atomic(path, text, strlen(text), 0644, &error),
                     0);
}

/* The control line of a file, with names as JSON has them. */
static void say(struct stage *stage, const char *name, const char *file,
                const char *more)
{
    CLEANUP(text_free) struct text line = {0};
    struct error error = {0};
    text_append_format(&line,
                       "::assay:" TEST_TOKEN
                       ":{\"event\":\"artifact\",\"step\":\"2\",\"time\":5,"
                       "\"size\":7,\"name\":\"%s\",\"file\":\"%s\"%s}\n",
                       name, file, more);
    assert_int_equal(stream_feed(stage->stream, line.data, line.length, &error),
                     0);
}

static void expect(struct stage *stage, const char *name, const char *log,
                   const char *kept)
{
    CHECK_TEXT(name, text_string(&stage->recorder.log), log);
    CHECK_TEXT(name, text_string(&stage->list.text), kept);
    text_clear(&stage->recorder.log);
    text_clear(&stage->list.text);
}

#define NOTE(name, why)                                                        \
    "note artifact '" name "' of step 2 was not kept: " why "\n"

static void files_are_kept_and_removed(void **state)
{
    struct stage *stage = *state;
    put("2-0", "one");
    say(stage, "out/report.xml", "2-0", "");
    put("2-1", "two");
    say(stage, "\\u00e9/\xf0\x9f\x98\x80.txt", "2-1", ",\"compress\":true");
    put("2-2", "");
    say(stage, "out/report.xml", "2-2", "");
    expect(stage, "three",
           "artifact 2 {\"name\":\"out/report.xml\",\"size\":3,"
           "\"digest\":\"D\"}\n"
           "artifact 2 {\"name\":\"\xc3\xa9/\xf0\x9f\x98\x80.txt\",\"size\":3,"
           "\"digest\":\"D\"}\n"
           "artifact 2 {\"name\":\"out/report.xml\",\"size\":0,"
           "\"digest\":\"D\"}\n",
           "one|two(gzip)||");
    assert_int_equal(rmdir(FILES), 0);
}

static void wrong_names_are_refused(void **state)
{
    struct stage *stage = *state;
    static const struct {
        const char *json, *shown, *why;
    } rows[] = {
        {"../x", "../x", "its name has a part '.' or '..'"},
        {"/etc/passwd", "/etc/passwd", "its name is absolute"},
        {"a/../../x", "a/../../x", "its name has a part '.' or '..'"},
        {"", "", "its name is empty"},
        {"a\\nb", "a\nb", "its name has control characters"},
        {"a\\u001b[2J", "a\x1b[2J", "its name has control characters"},
        {"a//b", "a//b", "its name has an empty part"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char want[300];
        put("2-0", "x");
        say(stage, rows[i].json, "2-0", "");
        snprintf(want, sizeof want, NOTE("%s", "%s"), rows[i].shown,
                 rows[i].why);
        expect(stage, rows[i].json, want, "");
        assert_int_equal(access(FILES "2-0", F_OK), -1);
    }
    put("2-0", "x");
    say(stage, "a\\u0000b", "2-0", "");
    assert_non_null(
        strstr(text_string(&stage->recorder.log), "has control characters"));
}

static void names_have_their_limit(void **state)
{
    struct stage *stage = *state;
    char name[1026];
    memset(name, 'n', sizeof name);
    for (size_t length = 1024; length <= 1025; length++) {
        name[1024] = 'n';
        name[length] = '\0';
        put("2-0", "x");
        say(stage, name, "2-0", "");
        const char *log = text_string(&stage->recorder.log);
        if (length == 1024)
            assert_non_null(strstr(log, "artifact 2 {"));
        else
            assert_non_null(strstr(log, "nnn'... of step 2 was not kept: its "
                                        "name is too long"));
        text_clear(&stage->recorder.log);
    }
}

static void files_come_from_their_folder_only(void **state)
{
    struct stage *stage = *state;
    struct error error = {0};
    assert_int_equal(
        file_write_atomic("volumes/1/status.json", "x", 1, 0600, &error), 0);
    static const char *const files[] = {
        "../status.json", "..", ".", "/etc/passwd", "a/b", "", ".hidden"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        say(stage, "a", files[i], "");
        assert_non_null(strstr(text_string(&stage->recorder.log),
                               "note artifact 'a' of step 2 was not kept: "));
        expect(stage, files[i], text_string(&stage->recorder.log), "");
    }
    assert_int_equal(access("volumes/1/status.json", F_OK), 0);
    say(stage, "a", "2-7", "");
    expect(stage, "none", NOTE("a", "No such file or directory"), "");
}

/* What a step may have put in the place of the file. */
static void planted_things_are_refused(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(symlink("/etc/passwd", FILES "2-0"), 0);
    say(stage, "a", "2-0", "");
    expect(stage, "a link", NOTE("a", "it is a symbolic link"), "");

    put("other", "secret");
    assert_int_equal(link(FILES "other", FILES "2-1"), 0);
    say(stage, "a", "2-1", "");
    expect(stage, "a hard link", NOTE("a", "it has other names (hard links)"),
           "");
    assert_int_equal(access(FILES "other", F_OK), 0);

    assert_int_equal(mkfifo(FILES "2-2", 0666), 0);
    say(stage, "a", "2-2", "");
    expect(stage, "a FIFO", NOTE("a", "it is no regular file"), "");

    assert_int_equal(mkdir(FILES "2-3", 0777), 0);
    say(stage, "a", "2-3", "");
    expect(stage, "a folder", NOTE("a", "it is no regular file"), "");

    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strcpy(name.sun_path, FILES "2-4");
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&name, sizeof name), 0);
    say(stage, "a", "2-4", "");
    assert_non_null(strstr(text_string(&stage->recorder.log),
                           "note artifact 'a' of step 2 was not kept: "));
    expect(stage, "a socket", text_string(&stage->recorder.log), "");
    close(server);
    assert_int_equal(access(FILES "2-4", F_OK), -1);
}

static void devices_are_refused(void **state)
{
    struct stage *stage = *state;
    if (mknod(FILES "2-0", S_IFCHR | 0666, (dev_t)0x105) != 0)
        skip(); /* only root may make one: so may no step */
    say(stage, "a", "2-0", "");
    assert_non_null(strstr(text_string(&stage->recorder.log),
                           "note artifact 'a' of step 2 was not kept: "));
    assert_int_equal(stage->list.text.length, 0);
}

static void a_planted_folder_is_not_entered(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(mkdir("outside", 0700), 0);
    struct error error = {0};
    assert_int_equal(file_write_atomic("outside/2-0", "x", 1, 0600, &error), 0);
    assert_int_equal(rmdir(FILES), 0);
    assert_int_equal(symlink("../../outside", "volumes/1/artifacts"), 0);
    say(stage, "a", "2-0", "");
    assert_non_null(strstr(text_string(&stage->recorder.log),
                           "note artifact 'a' of step 2 was not kept: "));
    assert_int_equal(stage->list.text.length, 0);
    assert_int_equal(access("outside/2-0", F_OK), 0);
}

static void the_count_of_a_run_is_limited(void **state)
{
    struct stage *stage = *state;
    stage->collector->limits.count = 2;
    for (int i = 0; i < 4; i++) {
        char file[16];
        snprintf(file, sizeof file, "2-%d", i);
        put(file, "x");
        say(stage, "a", file, "");
    }
    expect(stage, "four",
           "artifact 2 {\"name\":\"a\",\"size\":1,\"digest\":\"D\"}\n"
           "artifact 2 {\"name\":\"a\",\"size\":1,\"digest\":\"D\"}\n"
           "note artifacts beyond 2 are not kept\n",
           "x|x|");
    assert_int_equal(rmdir(FILES), 0);
}

static void the_bytes_of_a_run_are_limited(void **state)
{
    struct stage *stage = *state;
    stage->collector->limits.run = 7;
    static const char *const texts[] = {"four", "four", "thr", "one"};
    for (int i = 0; i < 4; i++) {
        char file[16];
        snprintf(file, sizeof file, "2-%d", i);
        put(file, texts[i]);
        say(stage, "a", file, "");
    }
    expect(stage, "bytes",
           "artifact 2 {\"name\":\"a\",\"size\":4,\"digest\":\"D\"}\n"
           "note the artifacts of this run are too large together: further "
           "ones are not kept\n"
           "artifact 2 {\"name\":\"a\",\"size\":3,\"digest\":\"D\"}\n",
           "four|thr|");
}

/* With the real limit: the file has no blocks. */
static void the_bytes_of_a_file_are_limited(void **state)
{
    struct stage *stage = *state;
    for (int beyond = 0; beyond <= 1; beyond++) {
        put("2-0", "");
        if (truncate(FILES "2-0", ARTIFACT_FILE_LIMIT + beyond) != 0)
            skip();
        say(stage, "a", "2-0", "");
        if (beyond)
            expect(stage, "beyond", NOTE("a", "it is too large"), "");
        else
            assert_non_null(
                strstr(text_string(&stage->recorder.log), "artifact 2 {"));
        text_clear(&stage->recorder.log);
        text_clear(&stage->list.text);
    }
}

static void a_store_that_fails_does_not_end_the_run(void **state)
{
    struct stage *stage = *state;
    stage->list.fails = true;
    put("2-0", "x");
    say(stage, "a", "2-0", "");
    expect(stage, "full", NOTE("a", "the disk is full"), "");
    stage->list.fails = false;
    put("2-1", "y");
    say(stage, "b", "2-1", "");
    expect(stage, "again",
           "artifact 2 {\"name\":\"b\",\"size\":1,\"digest\":\"D\"}\n", "y|");
}

static void notes_are_limited(void **state)
{
    struct stage *stage = *state;
    for (int i = 0; i < ARTIFACT_NOTE_LIMIT + 5; i++)
        say(stage, "a", "none", "");
    size_t lines = 0;
    for (size_t i = 0; i < stage->recorder.log.length; i++)
        lines += stage->recorder.log.data[i] == '\n';
    assert_int_equal(lines, ARTIFACT_NOTE_LIMIT + 1);
    assert_non_null(strstr(stage->recorder.log.data,
                           "note more artifacts were not kept; no further "
                           "notes about them\n"));
}

static void without_a_store_one_note_says_so(void **state)
{
    struct stage *stage = *state;
    stage->collector->store = NULL;
    say(stage, "a", "2-0", "");
    say(stage, "b", "2-1", "");
    expect(stage, "no store",
           "note artifacts are not kept: this run has no store\n", "");
}

static void what_cannot_be_reached_is_told_once(void **state)
{
    struct stage *stage = *state;
    struct error error = {0};
    for (int told = 0; told <= 1; told++) {
        struct artifact_collector *collector = artifact_refuse(
            stage->arena, "not here", told, &stage->recorder.sink);
        struct event event = {.kind = EVENT_ARTIFACT, .time = 1, .step = "1"};
        for (int i = 0; i < 2; i++)
            assert_int_equal(event_emit(&collector->sink, &event, &error), 0);
        expect(stage, "refused", told ? "" : "note not here\n", "");
    }
}

static void other_events_pass(void **state)
{
    struct stage *stage = *state;
    struct error error = {0};
    static const char text[] =
        "hello\n::assay:" TEST_TOKEN ":{\"event\":\"pause\",\"step\":\"1\"}\n";
    assert_int_equal(stream_feed(stage->stream, text, sizeof text - 1, &error),
                     0);
    expect(stage, "others", "print  hello\npause 1\n", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_are_kept_and_removed),
        TEST(wrong_names_are_refused),
        TEST(names_have_their_limit),
        TEST(files_come_from_their_folder_only),
        TEST(planted_things_are_refused),
        TEST(devices_are_refused),
        TEST(a_planted_folder_is_not_entered),
        TEST(the_count_of_a_run_is_limited),
        TEST(the_bytes_of_a_run_are_limited),
        TEST(the_bytes_of_a_file_are_limited),
        TEST(a_store_that_fails_does_not_end_the_run),
        TEST(notes_are_limited),
        TEST(without_a_store_one_note_says_so),
        TEST(what_cannot_be_reached_is_told_once),
        TEST(other_events_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
