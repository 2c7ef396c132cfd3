/*
 * Any text as a template: it is parsed, or refused with a place inside it; what
 * is left after resolving prints as a template of the same meaning; and any text
 * that is escaped reads back as itself.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/expression/node.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static int answer(void *context, struct arena *arena, const char *name,
                  size_t length, const struct expression **result,
                  struct error *error)
{
    (void)context;
    (void)error;
    if (length != 1)
        return 0;
    *result = name[0] == 'a'   ? expression_of_string(arena, "{{ b }}")
              : name[0] == 'b' ? expression_of_name(arena, "end")
                               : NULL;
    return *result != NULL;
}

static void escapes(struct arena *arena, const char *bytes, size_t size)
{
    CLEANUP(text_free) struct text text = {0};
    struct error error = {0};
    size_t length;
    expression_template_escape(&text, bytes, size);
    const struct expression_template *template = expression_template_parse(
        arena, text_string(&text), text.length, &error);
    require(template != NULL);
    template = expression_template_resolve(arena, template, NULL, &error);
    require(template != NULL);
    const char *same = expression_template_text(arena, template, &length);
    require(same && length == size && memcmp(same, bytes, size) == 0);
}

static void reads_back(struct arena *arena,
                       const struct expression_template *template)
{
    CLEANUP(text_free) struct text first = {0};
    CLEANUP(text_free) struct text second = {0};
    struct error error = {0};
    expression_template_print(&first, template);
    const struct expression_template *again = expression_template_parse(
        arena, text_string(&first), first.length, &error);
    if (!again && (first.length > 10000 || strstr(error.text, "nest")))
        return;
    require(again != NULL);
    again = expression_template_resolve(arena, again, NULL, &error);
    require(again != NULL);
    expression_template_print(&second, again);
    require(strcmp(text_string(&first), text_string(&second)) == 0);
    /* A block that stands alone now and did not before gives a text: a list
     * would be spliced otherwise. */
    const struct expression *sole = expression_template_sole(again);
    require(!sole || expression_template_sole(template) ||
            expression_template_is_static(template) ||
            node_type(sole) == TYPE_STRING);
}

static void found(void *context, const struct expression_finding *finding)
{
    const size_t *size = context;
    require(finding->offset <= *size && finding->text && finding->hint);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (memmem(data, size, "jq", 2)) /* each program would be a process */
        return 0;
    expression_template_lint((const char *)data, size, found, &size);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const struct expression_names names = {.name = answer};
    const char *text = arena_copy(arena, (const char *)data, size);
    if (size < 1000)
        escapes(arena, text, size);
    const struct expression_template *template =
        expression_template_parse(arena, text, size, &error);
    require((template == NULL) == error_is_set(&error));
    require(error.place.mark.offset <= size);
    if (!template)
        return 0;
    template = expression_template_resolve(arena, template, &names, &error);
    require((template == NULL) == error_is_set(&error));
    require(error.place.mark.offset <= size);
    if (template)
        reads_back(arena, template);
    return 0;
}
