/* The first line is a pattern, the rest a text that it is tried on. */
#include <string.h>

#include "engine/base/arena.h"
#include "engine/schema/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const char *text = arena_copy(arena, (const char *)data, size);
    const char *line = memchr(text, '\n', size);
    size_t length = line ? (size_t)(line - text) : size;
    struct pattern *pattern = pattern_compile(arena, text, length, &error);
    if (pattern && line)
        pattern_match(pattern, line + 1, size - length - 1);
    return 0;
}
