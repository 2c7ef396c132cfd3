/*
 * The folder of a run on this machine (run_folder.c) and a step's ref in, the file
 * that the entrypoint waits for out. The steps of the run can write where that file
 * goes: it is made under a name of its own, without following links, and then renamed,
 * so that it is whole when it is seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/random.h"
#include "engine/runtime/limits.h"
#include "engine/runtime/run_folder.h"
#include "engine/runtime/runtime.h"

/* Refs become a part of a name. */
static bool is_plain(const char *ref)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    size_t length = strnlen(ref, RESUME_REF_LIMIT + 1);
    return length > 0 && length <= RESUME_REF_LIMIT &&
           strspn(ref, letters) == length;
}

/* The folder, which must be private and ours; -1. */
static int open_folder(const char *path)
{
    struct stat status;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0 ||
        (fstat(folder, &status) == 0 && status.st_uid == geteuid() &&
         (status.st_mode & 077) == 0))
        return folder;
    close(folder);
    errno = EPERM;
    return -1;
}

static int read_token(int folder, char *token, size_t size)
{
    int file = openat(folder, RUN_FOLDER_TOKEN,
                      O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return -1;
    ssize_t length = read(file, token, size - 1);
    close(file);
    token[length > 0 ? length : 0] = '\0';
    errno = ENODATA;
    return length > 0 ? 0 : -1;
}

static int write_token(int state, const char *hidden, const char *name,
                       const char *token)
{
    int file =
        openat(state, hidden,
               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file < 0)
        return -1;
    /* The steps may be another user's. */
    int result = fchmod(file, 0644) == 0 &&
                         file_write_all(file, token, strlen(token)) == 0 &&
                         renameat(state, hidden, state, name) == 0
                     ? 0
                     : -1;
    int number = errno;
    close(file);
    if (result < 0)
        unlinkat(state, hidden, 0);
    errno = number;
    return result;
}

/* The folder that the entrypoint watches; -1 with `error`. */
static int open_state(int folder, const char *path, struct error *error)
{
    /* The link is ours: only we can write in the folder itself. */
    int state = folder < 0 ? -1
                           : openat(folder, RUN_FOLDER_STATE,
                                    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state < 0)
        error_set_system(error, "cannot open the run's folder '%.200s'", path);
    return state;
}

int runtime_resume(const char *folder, const char *ref, struct error *error)
{
    char token[STREAM_TOKEN_LIMIT + 1];
    char name[RESUME_REF_LIMIT + 16], hidden[32], number[17];
    if (!is_plain(ref))
        return error_set(error, ERROR_USAGE, "'%.100s' is no ref of a step",
                         ref);
    random_hex(number, sizeof number - 1);
    snprintf(name, sizeof name, "resume-%s", ref);
    snprintf(hidden, sizeof hidden, ".resume-%s", number);
    int opened = open_folder(folder);
    int state = open_state(opened, folder, error);
    int result = state < 0 ? -1 : 0;
    if (result == 0 && (read_token(opened, token, sizeof token) < 0 ||
                        write_token(state, hidden, name, token) < 0))
        result = error_set_system(error, "cannot resume step '%s' in '%.200s'",
                                  ref, folder);
    if (state >= 0)
        close(state);
    if (opened >= 0)
        close(opened);
    return result;
}

void runtime_resume_end(const char *folder, const char *ref)
{
    char name[RESUME_REF_LIMIT + 16];
    struct error ignored = {0};
    int opened = is_plain(ref) ? open_folder(folder) : -1;
    int state = open_state(opened, folder, &ignored);
    snprintf(name, sizeof name, "resume-%s", ref);
    if (state >= 0) {
        unlinkat(state, name, 0);
        close(state);
    }
    if (opened >= 0)
        close(opened);
}
