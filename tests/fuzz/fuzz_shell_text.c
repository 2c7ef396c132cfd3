/* Any bytes are a script: words lie within it, depth within its limit. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    shell_text_visit((const char *)data, size, check, &size);
    return 0;
}
