/* beneath.h: both ways of opening, in a folder in which somebody has planted links,
 * and paths that would lead out of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "engine/base/beneath.h"
#include "engine/base/file.h"
#include "tests/unit/case.h"

static char base[] = "/tmp/assay-test-beneath-XXXXXX";
static int folder = -1;

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(base) || chdir(base) != 0 || mkdir("in", 0700) != 0 ||
        mkdir("in/a", 0700) != 0 || mkdir("in/a/b", 0700) != 0 ||
        symlink("..", "in/up") != 0 || symlink("a", "in/alias") != 0 ||
        symlink("a/file", "in/link") != 0 ||
        symlink("/etc/passwd", "in/a/passwd") != 0 ||
        mkfifo("in/pipe", 0600) != 0)
        return -1;
    static const char *const files[] = {"secret", "in/file", "in/a/file",
                                        "in/a/b/file"};
    for (size_t i = 0; i < 4; i++) {
        int file = open(files[i], O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (file < 0 || close(file) != 0)
            return -1;
    }
    folder = open("in", O_RDONLY | O_DIRECTORY);
    return folder < 0;
}

static int drop_folder(void **state)
{
    (void)state;
    struct error error = {0};
    return close(folder) == 0 && chdir("/") == 0 ? folder_remove(base, &error)
                                                 : -1;
}

static const struct {
    const char *path;
    int want; /* errno; 0: it opens */
    int also; /* another one that will do */
} rows[] = {
    {"file", 0, 0},
    {"a/file", 0, 0},
    {"a/b/file", 0, 0},
    {"a/b", 0, 0},
    {"pipe", 0, 0},
    {"none", ENOENT, 0},
    {"none/file", ENOENT, 0},
    {"file/x", ENOTDIR, 0},
    {"link", ELOOP, 0},
    {"a/passwd", ELOOP, 0},
    {"alias/file", ELOOP, ENOTDIR},
    {"up/secret", ELOOP, ENOTDIR},
    {"", EXDEV, 0},
    {".", EXDEV, 0},
    {"..", EXDEV, 0},
    {"../secret", EXDEV, 0},
    {"a/../file", EXDEV, 0},
    {"a/./file", EXDEV, 0},
    {"a//file", EXDEV, 0},
    {"a/", EXDEV, 0},
    {"/etc/passwd", EXDEV, 0},
};

static void check_all(int (*open_one)(int, const char *, int, mode_t))
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        errno = 0;
        int opened = open_one(folder, rows[i].path, O_RDONLY | O_NONBLOCK, 0);
        int got = opened >= 0 ? 0 : errno;
        if (opened >= 0)
            assert_int_equal(close(opened), 0);
        if (got != rows[i].want && got != (rows[i].also ? rows[i].also : -1))
            fail_msg("'%s': got %s", rows[i].path, strerror(got));
    }
}

static void opens_only_what_is_below(void **state)
{
    (void)state;
    check_all(beneath_open);
    check_all(beneath_walk);
}

static void names_have_a_limit(void **state)
{
    (void)state;
    char name[260];
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    assert_int_equal(beneath_open(folder, name, O_RDONLY, 0), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    name[255] = '\0';
    assert_int_equal(beneath_open(folder, name, O_RDONLY, 0), -1);
    assert_int_equal(errno, ENOENT);
}

static void makes_files_with_their_mode(void **state)
{
    (void)state;
    int (*const ways[])(int, const char *, int, mode_t) = {beneath_open,
                                                           beneath_walk};
    for (size_t i = 0; i < 2; i++) {
        struct stat status;
        int made = ways[i](folder, "a/new", O_WRONLY | O_CREAT | O_EXCL, 0640);
        assert_true(made >= 0 && fstat(made, &status) == 0);
        assert_int_equal(status.st_mode & 0777, 0640);
        assert_int_equal(close(made), 0);
        assert_int_equal(
            ways[i](folder, "a/passwd", O_WRONLY | O_CREAT | O_EXCL, 0600), -1);
        assert_int_equal(unlinkat(folder, "a/new", 0), 0);
    }
}

static void makes_folders_through_no_link(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool good;
    } makes[] = {{"", true},      {"x", true},       {"x/y/z", true},
                 {"a/b/c", true}, {"up/x", false},   {"alias/x", false},
                 {"../x", false}, {"/x", false},     {"x//y", false},
                 {"x/", false},   {"file/x", false}, {"alias", false},
                 {"pipe", false}};
    for (size_t i = 0; i < COUNT_OF(makes); i++) {
        int made = beneath_make(folder, makes[i].path, 0700);
        if ((made >= 0) != makes[i].good)
            fail_msg("'%s': %s", makes[i].path, strerror(errno));
        if (made >= 0)
            assert_int_equal(close(made), 0);
    }
    assert_int_equal(access("x", F_OK), -1);
    assert_int_equal(access("in/x/y/z", F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_only_what_is_below),
        cmocka_unit_test(names_have_a_limit),
        cmocka_unit_test(makes_files_with_their_mode),
        cmocka_unit_test(makes_folders_through_no_link),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
