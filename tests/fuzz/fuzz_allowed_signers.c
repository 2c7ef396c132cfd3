/* Any text as a file of allowed signers. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "marketplace/allowed_signers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct allowed_signers signers;
    struct error error = {0};
    int result = allowed_signers_parse(arena, "file", (const char *)data, size,
                                       &signers, &error);
    if ((result < 0) != error_is_set(&error))
        abort();
    for (size_t i = 0; result == 0 && i < signers.count; i++) {
        error = (struct error){0};
        const struct allowed_signer *found = allowed_signers_find(
            &signers, &signers.items[i].blob, "git", 0, &error);
        if (!found != error_is_set(&error))
            abort();
    }
    return 0;
}
