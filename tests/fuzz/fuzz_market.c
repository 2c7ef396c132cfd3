/* What else comes from outside: the lock, the file of marketplaces, a workflow
 * of a repository, references and URLs. The first byte chooses. A lock that is
 * accepted must be the same after it is written and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "marketplace/fetch.h"
#include "marketplace/index.h"
#include "marketplace/lock.h"
#include "marketplace/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_lock(struct arena *arena, const char *text, size_t length)
{
    struct lock lock, again;
    struct error error = {0};
    CLEANUP(text_free) struct text first = {0};
    CLEANUP(text_free) struct text second = {0};
    if (lock_parse(arena, "lock", text, length, &lock, &error) < 0) {
        if (!error_is_set(&error))
            abort();
        return;
    }
    lock_print(&first, &lock);
    if (lock_parse(arena, "lock", first.data, first.length, &again, &error) < 0)
        abort();
    lock_print(&second, &again);
    if (strcmp(text_string(&first), text_string(&second)) != 0)
        abort();
}

static void try_settings(struct arena *arena, const char *text, size_t length)
{
    struct marketplace_list list;
    struct error error = {0};
    int result = settings_parse(arena, "settings", text, length, &list, &error);
    if ((result < 0) != error_is_set(&error))
        abort();
}

static void try_index(struct arena *arena, const char *text, size_t length)
{
    struct marketplace_index index = {0};
    struct error error = {0};
    if (index_add_file(arena, "workflows/a.yaml", text, length, &index,
                       &error) < 0)
        abort();
}

static void try_names(struct arena *arena, const char *text, size_t length)
{
    const char *string = arena_copy(arena, text, length);
    struct marketplace_reference reference;
    struct error error = {0};
    bool is = marketplace_is_reference(string);
    if (marketplace_reference_parse(arena, string, &reference, &error) == 0 &&
        !is)
        abort();
    error = (struct error){0};
    if ((fetch_check_url(string, &error) < 0) != error_is_set(&error))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const targets[])(struct arena *, const char *, size_t) = {
        try_lock, try_settings, try_index, try_names};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    if (size > 0)
        targets[data[0] % 4](arena, (const char *)data + 1, size - 1);
    return 0;
}
