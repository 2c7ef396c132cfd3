/* An image's index or configuration in, what matters of it out. */
#include <string.h>

#include "engine/registry/limits.h"
#include "engine/registry/private.h"

#if defined(__x86_64__)
#define PROCESSOR "amd64"
#elif defined(__aarch64__)
#define PROCESSOR "arm64"
#else
#define PROCESSOR ""
#endif

const char *config_choose(const struct value *index)
{
    const struct value *manifests = value_get(index, "manifests");
    for (size_t i = 0; i < value_count(manifests); i++) {
        const struct value *item = value_item(manifests, i);
        const char *system = value_string(value_path(item, "platform.os"));
        const char *processor =
            value_string(value_path(item, "platform.architecture"));
        const char *digest = value_string_at(item, "digest");
        if (digest && system && processor && strcmp(system, "linux") == 0 &&
            strcmp(processor, PROCESSOR) == 0)
            return digest;
    }
    return NULL;
}

/* A list of words; null and a missing one are empty. NULL: it is something else. */
static const struct value *read_words(struct arena *arena,
                                      const struct value *list)
{
    struct value *made = value_make_list(arena);
    if (!list || value_is(list, VALUE_NULL))
        return made;
    if (!value_is(list, VALUE_LIST) || value_count(list) > REGISTRY_WORDS_LIMIT)
        return NULL;
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *item = value_item(list, i);
        if (!value_is(item, VALUE_STRING) ||
            item->string.length > REGISTRY_WORD_LIMIT ||
            strlen(item->string.bytes) != item->string.length)
            return NULL;
        value_append(arena, made, value_make_string(arena, item->string.bytes));
    }
    return made;
}

int config_read(struct arena *arena, const struct value *config,
                struct registry_image *made, struct error *error)
{
    const struct value *own = value_get(config, "config");
    made->entrypoint = read_words(arena, value_get(own, "Entrypoint"));
    made->command = read_words(arena, value_get(own, "Cmd"));
    return made->entrypoint && made->command
               ? 0
               : error_set(error, ERROR_REMOTE,
                           "the image's configuration has no list of words as "
                           "its entrypoint or command");
}
