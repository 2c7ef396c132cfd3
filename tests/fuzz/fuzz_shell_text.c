/* Any bytes are a script: words lie within it, depth within its limit; and what is
 * said of the place of a block is the same when it is read in one go. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/workflow/shell_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *context, const struct shell_command *command)
{
    const size_t *size = context;
    if (command->depth >= SHELL_DEPTH_LIMIT ||
        command->count > SHELL_WORDS_LIMIT)
        abort();
    for (size_t i = 0; i < command->count; i++) {
        const struct shell_word *word = &command->words[i];
        if (word->offset > *size || word->length > *size - word->offset + 1)
            abort();
        if (!memchr(word->text, '\0', sizeof word->text))
            abort();
    }
}

/* Blocks in their order, as the parser of templates finds them. */
static void check_places(const char *text, size_t size)
{
    struct shell_place place = {0};
    const char *end = text + size;
    const char *at = text;
    for (int i = 0; i < 100 && !place.lost; i++) {
        struct shell_place fresh = {0};
        at = memmem(at, (size_t)(end - at), "{{", 2);
        if (!at)
            return;
        size_t inside = (size_t)(at - text) + 2;
        if (shell_text_parts_words(&place, text, size, inside) !=
            shell_text_parts_words(&fresh, text, size, inside))
            abort();
        at = memmem(at, (size_t)(end - at), "}}", 2);
        if (!at)
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    shell_text_visit((const char *)data, size, check, &size);
    check_places((const char *)data, size);
    return 0;
}
