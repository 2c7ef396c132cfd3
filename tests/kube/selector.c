/* Text in, requirements out; requirements and an object in, yes or no out. */
#include "tests/kube/selector.h"

#include <string.h>

static int parse_one(struct arena *arena, const char *part,
                     struct requirement *made, struct error *error)
{
    if (strpbrk(part, "() ") || *part == '\0')
        return error_set(error, ERROR_INPUT,
                         "the test server does not know the selector '%s'",
                         part);
    const char *equals = strchr(part, '=');
    if (!equals) {
        made->negated = *part == '!';
        made->name = part + made->negated;
        return 0;
    }
    size_t length = (size_t)(equals - part);
    made->negated = length > 0 && part[length - 1] == '!';
    made->name = arena_copy(arena, part, length - made->negated);
    made->value = equals + 1 + (equals[1] == '=');
    return 0;
}

int selector_parse(struct arena *arena, const char *text,
                   struct selector *selector, struct error *error)
{
    *selector = (struct selector){0};
    while (*text) {
        size_t length = strcspn(text, ",");
        selector->items = arena_grow(
            arena, selector->items, selector->count * sizeof *selector->items,
            (selector->count + 1) * sizeof *selector->items);
        if (parse_one(arena, arena_copy(arena, text, length),
                      &selector->items[selector->count], error) < 0)
            return -1;
        selector->count++;
        text += length + (text[length] == ',');
    }
    return 0;
}

static bool fits(const struct requirement *requirement, const char *text)
{
    bool equal =
        text && (!requirement->value || strcmp(text, requirement->value) == 0);
    return equal != requirement->negated;
}

bool selector_fits_labels(const struct selector *selector,
                          const struct value *object)
{
    const struct value *labels = value_path(object, "metadata.labels");
    for (size_t i = 0; i < selector->count; i++) {
        if (!fits(&selector->items[i],
                  value_string_at(labels, selector->items[i].name)))
            return false;
    }
    return true;
}

bool selector_fits_fields(const struct selector *selector,
                          const struct value *object)
{
    for (size_t i = 0; i < selector->count; i++) {
        const char *text =
            value_string(value_path(object, selector->items[i].name));
        if (!fits(&selector->items[i], text ? text : ""))
            return false;
    }
    return true;
}
