/*
 * Any text as an expression: it is parsed, or refused with a place inside it;
 * what was parsed and what it resolves to print, read back and print the same;
 * what is found about it lies within it. Files are two small ones. jq programs are
 * left out: each would be a process.
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

static void found(void *context, const struct expression_finding *finding)
{
    const size_t *size = context;
    require(finding->offset <= *size && finding->text && finding->hint);
}

static const char *read_file(void *context, struct arena *arena,
                             const char *path, size_t *length,
                             struct error *error)
{
    (void)context;
    require(path[0] == '/');
    *length = 3;
    if (strlen(path) < 5)
        return arena_copy(arena, "a\0\xFF", 3);
    error_set(error, ERROR_INPUT, "no such file");
    return NULL;
}

static void list_files(void *context, const char *path,
                       bool (*entry)(void *list, const char *name,
                                     bool is_folder),
                       void *list)
{
    (void)context;
    if (strlen(path) < 5 && entry(list, "a", true))
        (void)entry(list, "b.c", false);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (memmem(data, size, "jq", 2))
        return 0;
    expression_lint((const char *)data, size, true, found, &size);
    struct expression_files files = {
        .folder = "/a", .read = read_file, .list = list_files};
    struct expression_names names = expression_files_names(&files);
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
        expression_resolve(arena, expression, &names, &error);
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
