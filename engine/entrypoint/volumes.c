#include "engine/entrypoint/volumes.h"

#include <string.h>

#include "engine/base/file.h"
#include "engine/entrypoint/limits.h"

static const char *const always[] = {"/data", "/tmp", "/testkube"};

/* Nothing in these is a file that somebody made to be kept. */
static const char *const never[] = {
    "/proc",
    "/sys",
    "/dev",
    "/.assay",
    "/var/run/secrets/kubernetes.io",
    "/run/secrets/kubernetes.io",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
};

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    if (strcmp(folder, "/") == 0)
        return true;
    return strncmp(path, folder, length) == 0 &&
           (path[length] == '\0' || path[length] == '/');
}

static bool is_never(const char *path)
{
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (is_below(path, never[i]))
            return true;
    return false;
}

/* The kernel writes white space and backslashes as three octal digits. */
static char *unescape(struct arena *arena, const char *text, size_t length)
{
    char *made = arena_copy(arena, text, length), *to = made;
    for (const char *at = made; *at; at++) {
        bool octal = at[0] == '\\' && at[1] >= '0' && at[1] <= '3' &&
                     at[2] >= '0' && at[2] <= '7' && at[3] >= '0' &&
                     at[3] <= '7';
        *to++ =
            octal ? (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + at[3] - '0')
                  : *at;
        at += octal ? 3 : 0;
    }
    *to = '\0';
    return made;
}

static void add(struct arena *arena, struct volumes *volumes, const char *path)
{
    size_t size = sizeof *volumes->paths;
    volumes->paths = arena_grow(arena, volumes->paths, volumes->count * size,
                                (volumes->count + 1) * size);
    volumes->paths[volumes->count++] = path;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime ...": the fifth word. */
static const char *fifth_word(const char *line, size_t *length)
{
    for (int i = 0; i < 4; i++) {
        line += strcspn(line, " \n");
        if (*line != ' ')
            return NULL;
        line++;
    }
    *length = strcspn(line, " \n");
    return line;
}

struct volumes volumes_make(struct arena *arena, const char *mounts)
{
    struct volumes made = {0};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        add(arena, &made, always[i]);
    while (mounts && *mounts) {
        size_t length;
        const char *word = fifth_word(mounts, &length);
        const char *path = word ? unescape(arena, word, length) : "/";
        if (path[0] == '/' && path[1] != '\0' && !is_never(path))
            add(arena, &made, path);
        mounts += strcspn(mounts, "\n");
        mounts += *mounts == '\n';
    }
    return made;
}

struct volumes volumes_read(struct arena *arena)
{
    struct error unknown = {0};
    size_t length;
    return volumes_make(arena,
                        file_read(arena, "/proc/self/mountinfo",
                                  ENTRYPOINT_MOUNTS_LIMIT, &length, &unknown));
}

bool volumes_hold(const struct volumes *volumes, const char *path)
{
    for (size_t i = 0; i < volumes->count; i++)
        if (is_below(path, volumes->paths[i]))
            return !is_never(path);
    return false;
}

bool volumes_lead(const struct volumes *volumes, const char *path)
{
    for (size_t i = 0; i < volumes->count; i++)
        if (is_below(path, volumes->paths[i]) ||
            is_below(volumes->paths[i], path))
            return !is_never(path);
    return false;
}
