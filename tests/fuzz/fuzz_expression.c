/*
 * Any text as an expression: it is parsed, or refused with a place inside it;
 * what was parsed and what it resolves to print, read back and print the same.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/expression/expression.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static void reads_back(struct arena *arena, const struct expression *expression)
{
    CLEANUP(text_free) struct text first = {0};
    CLEANUP(text_free) struct text second = {0};
    struct error error = {0};
    expression_print(&first, expression);
    const struct expression *again =
        expression_parse(arena, text_string(&first), first.length, &error);
    /* A printed form may be longer and deeper than what was written. */
    if (!again && (first.length > 10000 || strstr(error.text, "nest")))
        return;
    require(again != NULL);
    expression_print(&second, again);
    require(strcmp(text_string(&first), text_string(&second)) == 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const struct expression *expression =
        expression_parse(arena, (const char *)data, size, &error);
    require((expression == NULL) == error_is_set(&error));
    require(error.place.mark.offset <= size);
    if (!expression)
        return 0;
    reads_back(arena, expression);
    const struct expression *resolved =
        expression_resolve(arena, expression, NULL, &error);
    require((resolved == NULL) == error_is_set(&error));
    require(error.place.mark.offset <= size);
    if (!resolved)
        return 0;
    /* Integers beyond 2^53 are exact as values and not as literals. */
    if (!expression_is_static(resolved))
        reads_back(arena, resolved);
    else
        require(expression_text(arena, resolved) != NULL);
    return 0;
}
