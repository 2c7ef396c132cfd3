/* Text in, requirements out; requirements and an object in, yes or no out. */
#include "tests/kube/selector.h"

#include <string.h>

static size_t skip_spaces(const char *text)
{
    return strspn(text, " ");
}

static void add_value(struct arena *arena, struct requirement *made,
                      size_t count, const char *value)
{
    size_t size = sizeof *made->values;
    made->values = arena_grow(arena, made->values, (count + (count > 0)) * size,
                              (count + 2) * size);
    made->values[count] = value;
}

/* " in (a, b)" behind a name; the length, or 0 when it is no such set. */
static size_t parse_set(struct arena *arena, const char *text,
                        struct requirement *made)
{
    const char *at = text + skip_spaces(text);
    made->negated = strncmp(at, "not", 3) == 0;
    at += made->negated ? 3 : 0;
    if (at == text || strncmp(at, "in", 2) != 0)
        return 0;
    at += 2;
    at += skip_spaces(at);
    const char *end = strchr(at, ')');
    if (*at != '(' || !end)
        return 0;
    size_t count = 0;
    for (at++; at <= end; at++) {
        at += skip_spaces(at);
        size_t length = strcspn(at, " ,)");
        add_value(arena, made, count++, arena_copy(arena, at, length));
        at += length;
        at += skip_spaces(at);
        if (*at != ',' && at != end)
            return 0;
    }
    return (size_t)(end - text) + 1;
}

/* One requirement; its length, or 0 when it is none. */
static size_t parse_one(struct arena *arena, const char *text,
                        struct requirement *made)
{
    size_t start = skip_spaces(text);
    bool absent = text[start] == '!';
    start += absent;
    size_t end = start + strcspn(text + start, " ,=!()");
    made->name = arena_copy(arena, text + start, end - start);
    if (end == start)
        return 0;
    const char *rest = text + end + skip_spaces(text + end);
    if (*rest == ',' || *rest == '\0') {
        made->negated = absent;
        return (size_t)(rest - text);
    }
    if (absent)
        return 0;
    if (*rest != '=' && *rest != '!') {
        size_t set = parse_set(arena, text + end, made);
        return set ? end + set : 0;
    }
    made->negated = *rest == '!';
    rest += made->negated;
    if (*rest != '=')
        return 0;
    rest += 1 + (rest[1] == '=' && !made->negated);
    rest += skip_spaces(rest);
    size_t length = strcspn(rest, ",()=! ");
    add_value(arena, made, 0, arena_copy(arena, rest, length));
    return (size_t)(rest + length - text);
}

int selector_parse(struct arena *arena, const char *text,
                   struct selector *selector, struct error *error)
{
    *selector = (struct selector){0};
    for (const char *at = text ? text : ""; *at;) {
        selector->items = arena_grow(
            arena, selector->items, selector->count * sizeof *selector->items,
            (selector->count + 1) * sizeof *selector->items);
        size_t length = parse_one(arena, at, &selector->items[selector->count]);
        at += length;
        at += skip_spaces(at);
        if (length == 0 || (*at && *at != ','))
            return error_set(error, ERROR_INPUT,
                             "unable to parse requirement: '%s'", text);
        selector->count++;
        at += *at == ',';
    }
    return 0;
}

static bool fits(const struct requirement *requirement, const char *text)
{
    bool found = text && !requirement->values;
    for (const char **value = requirement->values; text && value && *value;
         value++)
        found |= strcmp(text, *value) == 0;
    return found != requirement->negated;
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
