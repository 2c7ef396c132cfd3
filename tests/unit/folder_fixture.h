#pragma once
/* A folder of the test program's own, which is its working directory:
 * cmocka_run_group_tests(tests, folder_make_own, folder_drop_own). */
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "tests/unit/case.h"

static char own_folder[] = "/tmp/assay-test-XXXXXX";

static inline int folder_make_own(void **state)
{
    (void)state;
    return mkdtemp(own_folder) && chdir(own_folder) == 0 ? 0 : -1;
}

static inline int folder_drop_own(void **state)
{
    (void)state;
    struct error error = {0};
    return chdir("/") == 0 ? folder_remove(own_folder, &error) : -1;
}

static inline void write_file(const char *path, const char *text)
{
    struct error error = {0};
    assert_int_equal(file_write_atomic(path, text, strlen(text), 0600, &error),
                     0);
}
