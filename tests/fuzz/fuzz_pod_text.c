/* Texts that the pod hands to the entrypoint: annotations, the list of mounts, names
 * of files. What is said to be safe is; what is found stands there. */
#include <stdlib.h>
#include <string.h>

#include "engine/entrypoint/archive.h"
#include "engine/entrypoint/artifacts.h"
#include "engine/entrypoint/pause.h"
#include "engine/entrypoint/volumes.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_name(const char *name)
{
    CLEANUP(text_free) struct text header = {0};
    const struct stat status = {.st_size = 1, .st_mode = 0644};
    if (!artifacts_name_is_safe(name))
        return;
    if (name[0] == '/' || strstr(name, "//") || strcmp(name, "..") == 0 ||
        strncmp(name, "../", 3) == 0 || strstr(name, "/../"))
        abort();
    archive_append_header(&header, name, &status);
    if (header.length % ARCHIVE_BLOCK != 0 || header.length == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *text = arena_copy(arena, (const char *)data, size);
    if (pause_is_resumed_by(text, size, "1.2") &&
        !memmem(text, size, "assay.dev/resume.1.2=\"true\"", 27))
        abort();
    const struct volumes volumes = volumes_make(arena, text);
    for (size_t i = 0; i < volumes.count; i++)
        if (volumes.paths[i][0] != '/' ||
            !volumes_hold(&volumes, volumes.paths[i]))
            abort();
    if (volumes_hold(&volumes, "/proc/1/environ") ||
        volumes_hold(&volumes, "/.assay/state/journal"))
        abort();
    check_name(text);
    return 0;
}
