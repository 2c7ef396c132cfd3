/* Any text as the name of an image, as what a server asks for, and as the
 * configuration of an image. */
#include <stdint.h>
#include <stdlib.h>

#include "engine/registry/private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0}, damage = {0};
    struct reference reference;
    struct challenge challenge;
    struct registry_image image;
    const char *text = arena_copy(arena, (const char *)data, size);
    bool good = reference_read(arena, text, &reference, &error) == 0;
    if (good == error_is_set(&error))
        abort();
    if (challenge_read(arena, text, &challenge) && !challenge.basic &&
        !challenge.realm)
        abort();
    const struct value *object =
        value_read_json(arena, (const char *)data, size, &damage);
    error = (struct error){0};
    if (object && config_read(arena, object, &image, &error) == 0 &&
        (!image.entrypoint || !image.command))
        abort();
    (void)config_choose(object);
    return 0;
}
