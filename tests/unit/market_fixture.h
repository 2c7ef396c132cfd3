#pragma once
/* A folder for one test program, and real programs run in it: git, ssh-keygen.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/arena.h"
#include "engine/base/file.h"
#include "tests/unit/case.h"

static char market_folder[64];

__attribute__((unused)) static int market_set_up(void **state)
{
    const char *parent = getenv("TMPDIR");
    (void)state;
    snprintf(market_folder, sizeof market_folder, "%.32s/assay-test-XXXXXX",
             parent && parent[0] ? parent : "/tmp");
    if (!mkdtemp(market_folder) || chdir(market_folder) < 0)
        return -1;
    /* Programs see no configuration but their own. */
    setenv("HOME", market_folder, 1);
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    setenv("GIT_AUTHOR_NAME", "Test", 1);
    setenv("GIT_AUTHOR_EMAIL", "test@example.com", 1);
    setenv("GIT_COMMITTER_NAME", "Test", 1);
    setenv("GIT_COMMITTER_EMAIL", "test@example.com", 1);
    return 0;
}

__attribute__((unused)) static int market_tear_down(void **state)
{
    struct error error = {0};
    (void)state;
    return chdir("/") == 0 ? folder_remove(market_folder, &error) : -1;
}

/* Runs a program of PATH with its output thrown away; its exit code. */
__attribute__((unused)) static int market_try(const char *const *arguments)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    while (waitpid(child, &status, 0) < 0)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The same, and it must succeed. */
#define RUN(...)                                                               \
    do {                                                                       \
        const char *const arguments_[] = {__VA_ARGS__, NULL};                  \
        int code_ = market_try(arguments_);                                    \
        if (code_ != 0)                                                        \
            fail_msg("'%s %s' ended with %d", arguments_[0], arguments_[1],    \
                     code_);                                                   \
    } while (0)

__attribute__((unused)) static void
market_write(const char *path, const char *bytes, size_t length)
{
    struct error error = {0};
    if (file_write_atomic(path, bytes, length, 0600, &error) < 0)
        fail_msg("%s", error.text);
}

__attribute__((unused)) static char *
market_read(struct arena *arena, const char *path, size_t *length)
{
    struct error error = {0};
    char *bytes = file_read(arena, path, 1 << 20, length, &error);
    if (!bytes)
        fail_msg("%s", error.text);
    return bytes;
}

/* Fails unless `error` is of the kind and its text holds `want`. */
#define CHECK_ERROR(row, error, wanted_kind, want)                             \
    do {                                                                       \
        if ((error).kind != (wanted_kind) || !strstr((error).text, (want)))    \
            fail_msg("%s: got kind %d '%s', want kind %d '%s'", (row),         \
                     (int)(error).kind, (error).text, (int)(wanted_kind),      \
                     (want));                                                  \
    } while (0)
