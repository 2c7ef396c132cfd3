/*
 * Runs a fuzz target on stored inputs, for builds without libFuzzer:
 * driver FILE-OR-FOLDER... Folders are walked in the order of their names. Fails
 * when there is not one input, so that a lost corpus does not pass.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/arena.h"
#include "engine/base/error.h"
#include "engine/base/file.h"

enum {
    INPUT_LIMIT = 64 * 1024 * 1024,
    DEPTH_LIMIT = 8, /* folders in folders */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    size_t length = 0;
    const char *text = file_read(arena, path, INPUT_LIMIT, &length, &error);
    if (!text) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    /* A block of its own: sanitizers see a read beyond its end. */
    uint8_t *data = malloc(length > 0 ? length : 1);
    if (!data)
        abort();
    memcpy(data, text, length);
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(data, length);
    free(data);
    return 1;
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Returns how many inputs were run. */
static int run_path(const char *path, int depth)
{
    struct stat status;
    if (stat(path, &status) != 0 || depth > DEPTH_LIMIT) {
        fprintf(stderr, "cannot use '%s'\n", path);
        exit(1);
    }
    if (!S_ISDIR(status.st_mode))
        return run_file(path);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct dirent **entries = NULL;
    int runs = 0;
    int count = scandir(path, &entries, is_shown, alphasort);
    for (int i = 0; i < count; i++) {
        runs += run_path(arena_format(arena, "%s/%s", path, entries[i]->d_name),
                         depth + 1);
        free(entries[i]);
    }
    free(entries);
    return runs;
}

int main(int argc, char **argv)
{
    int runs = 0;
    for (int i = 1; i < argc; i++)
        runs += run_path(argv[i], 0);
    fprintf(stderr, "%d inputs\n", runs);
    return runs > 0 ? 0 : 1;
}
