/* Any bytes as JSON: refused with a place, or read, written and read the same. */
#include <stdlib.h>
#include <string.h>

#include "engine/value/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* What was written reads back as what writes the same. It is equal too, but for
 * whole floats beyond 2^53: their shortest digits, filled up with zeros, read back
 * as an integer near them. So it is the second reading that must be equal. */
static void check_written(struct arena *arena, const struct value *value,
                          unsigned flags)
{
    CLEANUP(text_free) struct text text = {0};
    CLEANUP(text_free) struct text again = {0};
    struct error error = {0};
    value_write_json(&text, value, flags);
    const struct value *read =
        value_read_json(arena, text.data, text.length, &error);
    require(read != NULL);
    value_write_json(&again, read, flags);
    require(text.length == again.length &&
            memcmp(text.data, again.data, text.length) == 0);
    require(value_equal(
        read, value_read_json(arena, again.data, again.length, &error)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const struct value *value =
        value_read_json(arena, (const char *)data, size, &error);
    require((value == NULL) == error_is_set(&error));
    if (!value) {
        require(error.place.mark.offset <= size);
        require(error.place.mark.line > 0);
        return 0;
    }
    check_written(arena, value, JSON_COMPACT);
    check_written(arena, value, JSON_INDENT | JSON_SORT | JSON_HTML_SAFE);
    require(value_equal(value, value_copy(arena, value)));
    return 0;
}
