/*
 * file(), glob() and workingDir in the pod: what conditions see of real files, and
 * that what would never end to be read is refused.
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/entrypoint/names.h"
#include "tests/unit/case.h"

static char folder[PATH_MAX];

static void write_file(const char *name, const char *bytes, size_t length)
{
    struct error error = {0};
    if (file_write_atomic(name, bytes, length, 0600, &error) < 0)
        fail_msg("%s", error.text);
}

static int set_up(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    char made[PATH_MAX];
    snprintf(made, sizeof made, "%s/assay-files-XXXXXX",
             parent ? parent : "/tmp");
    if (!mkdtemp(made) || chdir(made) != 0 || !getcwd(folder, sizeof folder))
        return -1;
    static const char odd[] = "a\0\xFF z";
    write_file("a.txt", "hello", 5);
    write_file("odd", odd, sizeof odd - 1);
    if (mkdir("sub", 0700) != 0 || mkfifo("pipe.txt", 0600) != 0 ||
        symlink("../a.txt", "sub/link.txt") != 0 ||
        symlink("..", "sub/up") != 0 || symlink("nowhere", "sub/gone") != 0)
        return -1;
    write_file("sub/b.txt", "b", 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    struct error error = {0};
    return chdir("/") != 0 || folder_remove(folder, &error) < 0 ? -1 : 0;
}

/* 1, 0, or -1 with the error set. */
static int holds(const char *condition, struct error *error)
{
    struct instructions instructions = {0};
    struct environment environment = {0};
    struct step step = {0};
    struct names names = {.instructions = &instructions,
                          .environment = &environment,
                          .step = &step};
    return names_condition(&names, condition, error);
}

static void test_files_are_seen(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "file(\"a.txt\") == \"hello\"",
        "file(workingDir + \"/a.txt\") == \"hello\"",
        "file(\"sub/link.txt\") == \"hello\"",
        "tojson(file(\"odd\")) == \"\\\"a\\\\u0000\xEF\xBF\xBD z\\\"\"",
        "len(file(\"/dev/../\" + workingDir + \"/a.txt\")) == 5",
        ("join(map(glob(\"**/*.txt\"), \"relpath(_.value)\")) == "
         "\"a.txt,sub/b.txt,sub/link.txt\""),
        "len(glob(\"nowhere/**\")) == 0",
        "len(glob(\"sub/up/*\")) == 2", /* named, links are followed */
        "len(glob(\"sub/gone\")) == 0",
        "relpath(\"/\", \"/\") == \".\"",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error error = {0};
        if (holds(rows[i], &error) != 1)
            fail_msg("%s: %s", rows[i], error.text);
    }
}

static void test_what_cannot_be_read(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"file(\"none\")", "No such file"},
        {"file(\"sub\")", "not a regular file"},
        {"file(\"pipe.txt\")", "not a regular file"},
        {"file(\"/dev/zero\")", "not a regular file"},
        {"file(\"large\")", "more than 4194304 bytes"},
    };
    write_file("large", "", 0);
    assert_int_equal(truncate("large", 4 * 1024 * 1024 + 1), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error error = {0};
        if (holds(rows[i][0], &error) != -1 || !strstr(error.text, rows[i][1]))
            fail_msg("%s: %s", rows[i][0], error.text);
    }
    assert_int_equal(truncate("large", 4 * 1024 * 1024), 0);
    struct error error = {0};
    assert_int_equal(holds("len(file(\"large\")) - 4194304 == 0", &error), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_are_seen),
        cmocka_unit_test(test_what_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
