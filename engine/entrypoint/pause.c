/*
 * Folders are watched (inotify), not files: one file appears by renaming, the other
 * is replaced by the kubelet, which swaps a link beside it. Where a volume tells of
 * no changes (some virtual machines), a look now and then finds them.
 */
#include "engine/entrypoint/pause.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/entrypoint/limits.h"

enum { PATH_SIZE = 4096, TOKEN_ROOM = 64, LOOK_AGAIN = 10000 };

/* In each value of the file newlines are written as \n: a whole line is one. */
bool pause_is_resumed_by(const char *annotations, size_t length,
                         const char *ref)
{
    char line[ENTRYPOINT_REF_LIMIT + 40];
    int wanted =
        snprintf(line, sizeof line, "assay.dev/resume.%s=\"true\"", ref);
    if (wanted < 0 || (size_t)wanted >= sizeof line)
        return false;
    const char *end = annotations + length;
    while (annotations < end) {
        const char *newline =
            memchr(annotations, '\n', (size_t)(end - annotations));
        const char *stop = newline ? newline : end;
        if (stop - annotations == wanted &&
            memcmp(annotations, line, (size_t)wanted) == 0)
            return true;
        annotations = stop + 1;
    }
    return false;
}

/* Whether the file holds the token, perhaps with a newline. Anybody in the pod can
 * make a file of that name: another content is no answer. */
static bool holds_token(const char *path, const char *token)
{
    char bytes[TOKEN_ROOM];
    struct stat status;
    int descriptor =
        open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        return false;
    ssize_t length = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)
                         ? read(descriptor, bytes, sizeof bytes)
                         : -1;
    close(descriptor);
    while (length > 0 && bytes[length - 1] == '\n')
        length--;
    return length > 0 && (size_t)length == strlen(token) &&
           memcmp(bytes, token, (size_t)length) == 0;
}

static int look_at_file(const struct pause *pause, struct error *error)
{
    char path[PATH_SIZE];
    int length =
        snprintf(path, sizeof path, "%s/resume-%s", pause->state, pause->ref);
    if (length < 0 || (size_t)length >= sizeof path ||
        !holds_token(path, pause->token))
        return 0;
    /* The next process must not find the token there. */
    if (unlink(path) < 0)
        return error_set_system(error, "cannot remove '%.200s'", path);
    return 1;
}

static bool look_at_annotations(const struct pause *pause)
{
    char path[PATH_SIZE];
    int length = snprintf(path, sizeof path, "%s/annotations", pause->pod);
    if (length < 0 || (size_t)length >= sizeof path || access(path, R_OK) < 0)
        return false;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error unreadable = {0};
    size_t size;
    const char *text = file_read(arena, path, ENTRYPOINT_ANNOTATIONS_LIMIT,
                                 &size, &unreadable);
    return text && pause_is_resumed_by(text, size, pause->ref);
}

/* Something happened, or may have. 1: look again, 0: told to stop. */
static int wait_for_news(const struct pause *pause, int notices,
                         struct error *error)
{
    struct pollfd files[] = {{notices, POLLIN, 0},
                             {pause->signals->descriptor, POLLIN, 0}};
    if (poll(files, 2, LOOK_AGAIN) < 0 && errno != EINTR)
        return error_set_system(error, "cannot wait to be resumed");
    char events[4096];
    if (files[0].revents && read(notices, events, sizeof events) < 0 &&
        errno != EAGAIN && errno != EINTR)
        return error_set_system(error, "cannot wait to be resumed");
    return files[1].revents && signals_take(pause->signals) > 0 ? 0 : 1;
}

static int wait_watching(const struct pause *pause, int notices,
                         struct error *error)
{
    const uint32_t news = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB;
    if (inotify_add_watch(notices, pause->state, news) < 0)
        return error_set_system(error, "cannot watch '%.200s'", pause->state);
    if (access(pause->pod, F_OK) == 0 &&
        inotify_add_watch(notices, pause->pod, news) < 0)
        return error_set_system(error, "cannot watch '%.200s'", pause->pod);
    for (;;) {
        int resumed = look_at_file(pause, error);
        if (resumed != 0)
            return resumed;
        if (look_at_annotations(pause))
            return 1;
        int more = wait_for_news(pause, notices, error);
        if (more <= 0)
            return more;
    }
}

int pause_wait(const struct pause *pause, struct error *error)
{
    int notices = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (notices < 0)
        return error_set_system(error, "cannot use inotify");
    int result = wait_watching(pause, notices, error);
    close(notices);
    return result;
}
