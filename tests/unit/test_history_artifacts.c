/*
 * The store of artifacts: what it keeps and how, what is left when a writer is
 * killed, what it says about files that somebody changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <zlib.h>

#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/history/history.h"
#include "tests/unit/case.h"

/* echo -n hello | sha256sum */
#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define KEPT                                                                   \
    "db.artifacts/sha256/2c/"                                                  \
    "f24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

/* As long as a digest, but a path. */
#define SLASH_DIGEST                                                           \
    "sha256:2c/"                                                               \
    "f24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b982"

static int enter(void **state)
{
    (void)state;
    static char path[32];
    strcpy(path, "/tmp/assay-test-store-XXXXXX");
    *state = path;
    return mkdtemp(path) && chdir(path) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    struct error error = {0};
    return chdir("/") == 0 ? folder_remove(*state, &error) : -1;
}

static int make_source(const char *bytes, size_t length)
{
    int file = open("source", O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    assert_int_equal(file_write_all(file, bytes, length), 0);
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    return file;
}

static int keep_bytes(struct history_artifacts *store, const char *bytes,
                      size_t length, bool compress,
                      struct history_artifact *kept, struct error *error)
{
    CLEANUP(descriptor) int source = make_source(bytes, length);
    return history_artifacts_keep(store, source, 1 << 20, compress, kept,
                                  error);
}

static struct history_artifact must_keep(struct history_artifacts *store,
                                         const char *text, bool compress)
{
    struct history_artifact kept = {0};
    struct error error = {0};
    if (keep_bytes(store, text, strlen(text), compress, &kept, &error) != 0)
        fail_msg("%s", error.text);
    return kept;
}

/* The kept file as it comes out, or the text of the error. Lives in `arena`. */
static const char *fetch(struct arena *arena, struct history_artifacts *store,
                         const struct history_artifact *kept)
{
    struct error error = {0};
    CLEANUP(descriptor)
    int target = open("target", O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(target >= 0);
    if (history_artifacts_copy(store, kept, target, &error) != 0) {
        assert_int_equal(error.kind, ERROR_SYSTEM);
        return arena_string(arena, error.text);
    }
    size_t length;
    return file_read(arena, "target", 1 << 20, &length, &error);
}

static struct history_artifacts *open_store(bool write)
{
    struct error error = {0};
    struct history_artifacts *store =
        history_artifacts_open("db", write, &error);
    if (!store)
        fail_msg("%s", error.text);
    return store;
}

static int count_entries(const char *command)
{
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    int count = 0, character;
    while ((character = getc(pipe)) != EOF)
        count += character == '\n';
    pclose(pipe);
    return count;
}

static unsigned mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode & 07777;
}

static void a_file_is_kept_by_its_content(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(history_artifacts_close)
    struct history_artifacts *store = open_store(true);
    assert_int_equal(access("db.artifacts", F_OK), -1);
    struct history_artifact kept = must_keep(store, "hello", false);
    assert_string_equal(kept.digest, "sha256:" HELLO);
    assert_int_equal(kept.size, 5);
    assert_string_equal(fetch(arena, store, &kept), "hello");
    assert_int_equal(mode_of(KEPT), 0600);
    assert_int_equal(mode_of("db.artifacts"), 0700);
    assert_int_equal(mode_of("db.artifacts/sha256/2c"), 0700);
}

static void the_same_content_is_kept_once(void **state)
{
    (void)state;
    CLEANUP(history_artifacts_close)
    struct history_artifacts *store = open_store(true);
    must_keep(store, "hello", false);
    must_keep(store, "hello", false);
    must_keep(store, "", false);
    struct error error = {0};
    assert_int_equal(history_artifacts_flush(store, &error), 0);
    assert_int_equal(count_entries("find db.artifacts -type f"), 2);
    assert_int_equal(count_entries("find db.artifacts/incoming -type f"), 0);
}

static void gzip_is_the_same_each_time(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(history_artifacts_close)
    struct history_artifacts *store = open_store(true);
    char text[300001];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct history_artifact kept = must_keep(store, text, true);
    struct history_artifact again = must_keep(store, text, true);
    assert_string_equal(kept.digest, again.digest);
    assert_true(kept.size < 1000);
    assert_true(fetch(arena, store, &kept) != NULL);
    struct error error = {0};
    size_t length;
    const char *packed = file_read(arena, "target", 1 << 20, &length, &error);
    assert_int_equal(length, kept.size);
    /* No flags (no name), no time, no system: nothing of where and when. */
    assert_memory_equal(packed, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    gzFile file = gzopen("target", "rb");
    char *plain = arena_allocate(arena, sizeof text);
    assert_int_equal(gzread(file, plain, sizeof text), sizeof text - 1);
    gzclose(file);
    assert_string_equal(plain, text);
}

static void a_source_has_a_limit(void **state)
{
    (void)state;
    for (int compress = 0; compress <= 1; compress++) {
        CLEANUP(history_artifacts_close)
        struct history_artifacts *store = open_store(true);
        CLEANUP(descriptor) int source = make_source("hello", 5);
        struct history_artifact kept;
        struct error error = {0};
        assert_int_equal(
            history_artifacts_keep(store, source, 4, compress, &kept, &error),
            -1);
        assert_int_equal(error.kind, ERROR_INPUT);
        assert_string_equal(error.text, "it has more than 4 bytes");
        assert_int_equal(lseek(source, 0, SEEK_SET), 0);
        error = (struct error){0};
        assert_int_equal(
            history_artifacts_keep(store, source, 5, compress, &kept, &error),
            0);
        assert_int_equal(count_entries("find db.artifacts/incoming -type f"),
                         0);
    }
}

static void what_was_changed_is_named(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    static const char changed[] =
        "the kept file '" KEPT "' was changed: it is not what was recorded";
    CLEANUP(history_artifacts_close)
    struct history_artifacts *store = open_store(true);
    struct history_artifact kept = must_keep(store, "hello", false);
    struct error error = {0};
    assert_int_equal(file_write_atomic(KEPT, "jello", 5, 0600, &error), 0);
    assert_string_equal(fetch(arena, store, &kept), changed);
    assert_int_equal(file_write_atomic(KEPT, "hello!", 6, 0600, &error), 0);
    assert_string_equal(fetch(arena, store, &kept), changed);
    assert_int_equal(unlink(KEPT), 0);
    assert_non_null(strstr(fetch(arena, store, &kept), "No such file"));
    assert_int_equal(symlink("/etc/passwd", KEPT), 0);
    assert_non_null(strstr(fetch(arena, store, &kept), "cannot open"));
    assert_int_equal(unlink(KEPT), 0);
    assert_int_equal(mkfifo(KEPT, 0600), 0);
    assert_string_equal(fetch(arena, store, &kept), changed);
    /* Kept again, it is whole again. */
    must_keep(store, "hello", false);
    assert_string_equal(fetch(arena, store, &kept), "hello");
}

static void a_wrong_record_is_refused(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(history_artifacts_close)
    struct history_artifacts *store = open_store(true);
    struct history_artifact kept = must_keep(store, "hello", false);
    kept.size = INT64_MAX;
    assert_non_null(strstr(fetch(arena, store, &kept), "was changed"));
    static const char *const digests[] = {
        "", "sha256:", "sha256:../../../../etc/passwd", SLASH_DIGEST};
    for (size_t i = 0; i < COUNT_OF(digests); i++) {
        snprintf(kept.digest, sizeof kept.digest, "%s", digests[i]);
        assert_non_null(strstr(fetch(arena, store, &kept), "is no digest"));
    }
}

static void a_store_that_is_not_there_has_nothing(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(history_artifacts_close)
    struct history_artifacts *store = open_store(false);
    struct history_artifact kept = {.size = 5, .digest = "sha256:" HELLO};
    assert_non_null(strstr(fetch(arena, store, &kept), "No such file"));
    assert_int_equal(access("db.artifacts", F_OK), -1);
}

static void a_link_is_no_store(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(mkdir("elsewhere", 0700), 0);
    assert_int_equal(symlink("elsewhere", "db.artifacts"), 0);
    assert_null(history_artifacts_open("db", true, &error));
    assert_int_equal(error.kind, ERROR_SYSTEM);
    assert_int_equal(unlink("db.artifacts"), 0);
}

/* A writer is killed in the middle of a file that never ends. */
static void a_kill_leaves_only_what_the_next_run_removes(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct history_artifacts *store = open_store(true);
        struct history_artifact kept;
        struct error error = {0};
        close(ends[1]);
        int result = history_artifacts_keep(store, ends[0], 1 << 20, false,
                                            &kept, &error);
        _exit(result == 0 ? 0 : 1);
    }
    close(ends[0]);
    assert_int_equal(write(ends[1], "half", 4), 4);
    while (count_entries("find db.artifacts/incoming -size -2 -type f "
                         "2>/dev/null") != 1)
        usleep(1000);
    /* While the writer lives, nobody takes its file away. */
    history_artifacts_close(open_store(true));
    assert_int_equal(count_entries("find db.artifacts -type f"), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[1]);
    history_artifacts_close(open_store(false));
    assert_int_equal(count_entries("find db.artifacts -type f"), 1);
    history_artifacts_close(open_store(true));
    assert_int_equal(count_entries("find db.artifacts -type f"), 0);
}

static void a_full_disk_leaves_nothing(void **state)
{
    (void)state;
    CLEANUP(history_artifacts_close)
    struct history_artifacts *store = open_store(true);
    must_keep(store, "first", false);
    pid_t child = fork();
    if (child == 0) {
        /* A limit of this process fails like a full disk. */
        struct history_artifact kept;
        struct error error = {0};
        static char bytes[100000];
        CLEANUP(descriptor) int source = make_source(bytes, sizeof bytes);
        signal(SIGXFSZ, SIG_IGN);
        const struct rlimit limit = {50000, 50000};
        setrlimit(RLIMIT_FSIZE, &limit);
        int result = history_artifacts_keep(store, source, 1 << 20, false,
                                            &kept, &error);
        _exit(result == -1 && error.kind == ERROR_SYSTEM ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(count_entries("find db.artifacts -type f"), 1);
}

/* The digest in pieces is the digest of the whole. */
static void digests_do_not_depend_on_pieces(void **state)
{
    (void)state;
    static const char text[] = "some text that is longer than one block of "
                               "SHA-256, which has sixty-four bytes";
    struct digest whole = digest_compute(text, sizeof text);
    for (size_t piece = 1; piece <= sizeof text; piece++) {
        CLEANUP(digest_stream_free)
        struct digest_stream *stream = digest_stream_new();
        for (size_t at = 0; at < sizeof text; at += piece)
            digest_stream_add(stream, text + at,
                              sizeof text - at < piece ? sizeof text - at
                                                       : piece);
        struct digest parts = digest_stream_end(stream);
        assert_memory_equal(&parts, &whole, sizeof whole);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_kept_by_its_content),
        TEST(the_same_content_is_kept_once),
        TEST(gzip_is_the_same_each_time),
        TEST(a_source_has_a_limit),
        TEST(what_was_changed_is_named),
        TEST(a_wrong_record_is_refused),
        TEST(a_store_that_is_not_there_has_nothing),
        TEST(a_link_is_no_store),
        TEST(a_kill_leaves_only_what_the_next_run_removes),
        TEST(a_full_disk_leaves_nothing),
        cmocka_unit_test(digests_do_not_depend_on_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
