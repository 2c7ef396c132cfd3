/* file.h: limits from both sides, nothing half-written, no link followed. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "tests/unit/folder_fixture.h"

static void reads_up_to_the_limit(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    write_file("ten", "0123456789");
    struct error error = {0};
    size_t length;
    CHECK_TEXT("at the limit", file_read(arena, "ten", 10, &length, &error),
               "0123456789");
    assert_int_equal(length, 10);
    assert_null(file_read(arena, "ten", 9, &length, &error));
    assert_int_equal(error.kind, ERROR_INPUT);
    CHECK_TEXT("text", error.text, "'ten' is larger than the limit of 9 bytes");
}

static void endless_devices_stop_at_the_limit(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    size_t length;
    assert_null(file_read(arena, "/dev/zero", 100000, &length, &error));
    assert_int_equal(error.kind, ERROR_INPUT);
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *path, *want;
    } rows[] = {
        {"missing", "cannot open 'missing': No such file or directory"},
        {".", "'.' is a folder, not a file"},
        {"/proc/self/mem", "cannot read '/proc/self/mem': Input/output error"},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error error = {0};
        size_t length;
        assert_null(file_read(arena, rows[i].path, 100, &length, &error));
        CHECK_TEXT(rows[i].path, error.text, rows[i].want);
        CHECK(rows[i].path, error.kind == ERROR_INPUT);
    }
}

static void atomic_write_replaces_and_leaves_nothing(void **state)
{
    (void)state;
    write_file("kept", "old");
    write_file("kept", "new");
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    size_t length;
    CHECK_TEXT("new", file_read(arena, "kept", 10, &length, &error), "new");
    struct stat status;
    assert_int_equal(stat("kept", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(file_write_atomic("no/such/folder", "x", 1, 0600, &error),
                     -1);
    assert_int_equal(error.kind, ERROR_SYSTEM);
    assert_int_equal(system("test -z \"$(ls | grep tmp)\""), 0);
}

static void atomic_write_replaces_a_link_itself(void **state)
{
    (void)state;
    write_file("target", "precious");
    assert_int_equal(symlink("target", "link"), 0);
    write_file("link", "other");
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    size_t length;
    CHECK_TEXT("target", file_read(arena, "target", 10, &length, &error),
               "precious");
}

static void removing_does_not_follow_links(void **state)
{
    (void)state;
    struct error error = {0};
    write_file("outside", "precious");
    assert_int_equal(folder_make("tree/a/b/c", 0700, &error), 0);
    assert_int_equal(folder_make("tree/a/b/c", 0700, &error), 0);
    assert_int_equal(symlink("../outside", "tree/file-link"), 0);
    assert_int_equal(symlink("..", "tree/folder-link"), 0);
    assert_int_equal(chmod("tree/a/b", 0), 0);
    assert_int_equal(folder_remove("tree", &error), 0);
    assert_int_equal(access("tree", F_OK), -1);
    assert_int_equal(access("outside", F_OK), 0);
    assert_int_equal(folder_remove("tree", &error), 0); /* missing is fine */
    assert_int_equal(symlink(".", "self"), 0);
    assert_int_equal(folder_remove("self", &error), 0);
    assert_int_equal(access("outside", F_OK), 0);
}

static void a_file_in_the_way_of_a_folder(void **state)
{
    (void)state;
    struct error error = {0};
    write_file("way", "x");
    assert_int_equal(folder_make("way", 0700, &error), -1);
    CHECK_TEXT("text", error.text, "'way' is not a folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_up_to_the_limit),
        cmocka_unit_test(endless_devices_stop_at_the_limit),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(atomic_write_replaces_and_leaves_nothing),
        cmocka_unit_test(atomic_write_replaces_a_link_itself),
        cmocka_unit_test(removing_does_not_follow_links),
        cmocka_unit_test(a_file_in_the_way_of_a_folder),
    };
    return cmocka_run_group_tests(tests, folder_make_own, folder_drop_own);
}
