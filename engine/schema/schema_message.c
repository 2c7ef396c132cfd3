/*
 * In: schemas and values. Out: the words of messages: what was expected, what was
 * found, where, and how to mend it. Found texts are cut at SCHEMA_SHOWN_LIMIT.
 */
#include <stdio.h>
#include <string.h>

#include "engine/schema/limits.h"
#include "engine/schema/private.h"

/* The end of `text` cut to at most `limit` bytes, between characters. */
static size_t cut_length(const char *text, size_t length, size_t limit)
{
    if (length <= limit)
        return length;
    while (limit > 0 && ((unsigned char)text[limit] & 0xC0) == 0x80)
        limit--;
    return limit;
}

static void append_name(struct text *text, const struct schema_where *where,
                        unsigned names)
{
    if (!where || names == 0)
        return;
    if (!where->name) {
        append_name(text, where->up, names);
        text_append_format(text, "[%zu]", where->index);
        return;
    }
    append_name(text, where->up, names - 1);
    if (text->length > 0)
        text_append_character(text, '.');
    text_append(text, where->name,
                cut_length(where->name, where->length, SCHEMA_SHOWN_LIMIT));
}

const char *message_where(struct arena *arena, const char *word,
                          const struct schema_where *where)
{
    CLEANUP(text_free) struct text name = {0};
    append_name(&name, where, 2);
    if (name.length == 0)
        return "";
    return arena_format(arena, " %s '%s'", word, text_string(&name));
}

static const char *quote(struct arena *arena, const struct value *value)
{
    size_t length = value->string.length;
    size_t shown = cut_length(value->string.bytes, length, SCHEMA_SHOWN_LIMIT);
    const char *line = memchr(value->string.bytes, '\n', shown);
    if (line)
        shown = (size_t)(line - value->string.bytes);
    return arena_format(arena, "'%.*s%s'", (int)shown, value->string.bytes,
                        shown < length ? "..." : "");
}

const char *message_found(struct arena *arena, const struct value *value)
{
    switch (value->kind) {
    case VALUE_NULL:
        return "nothing";
    case VALUE_LIST:
        return value_count(value) ? "a list" : "an empty list";
    case VALUE_MAP:
        return value_count(value) ? "a map" : "an empty map";
    case VALUE_STRING:
        if (value->string.length == 0)
            return "an empty string";
        return arena_format(arena, "the string %s", quote(arena, value));
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_FLOAT:
        break;
    }
    return arena_format(arena, "the %s %s", value_kind_name(value->kind),
                        value_scalar_text(arena, value));
}

/* "a, b or c" from pieces that are added one by one. */
struct enumeration {
    struct text text;
    const char *last;
};

static void enumerate(struct enumeration *list, const char *piece)
{
    if (list->last)
        text_append_format(&list->text, "%s%s", list->text.length ? ", " : "",
                           list->last);
    list->last = piece;
}

static const char *finish(struct arena *arena, struct enumeration *list)
{
    const char *result =
        list->text.length == 0
            ? arena_string(arena, list->last ? list->last : "nothing")
            : arena_format(arena, "%s or %s", text_string(&list->text),
                           list->last);
    text_free(&list->text);
    return result;
}

static void enumerate_types(struct enumeration *list, unsigned types)
{
    static const struct {
        unsigned type;
        const char *name;
    } names[] = {
        {TYPE_STRING, "a string"}, {TYPE_INTEGER, "an integer"},
        {TYPE_NUMBER, "a number"}, {TYPE_BOOLEAN, "true or false"},
        {TYPE_ARRAY, "a list"},    {TYPE_OBJECT, "a map"},
        {TYPE_NULL, "null"},
    };
    if (types & TYPE_NUMBER)
        types &= ~(unsigned)TYPE_INTEGER;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (types & names[i].type)
            enumerate(list, names[i].name);
}

const char *message_types(struct arena *arena, unsigned types)
{
    struct enumeration list = {0};
    enumerate_types(&list, types);
    return finish(arena, &list);
}

const char *message_forms(struct arena *arena, const struct schema_list *forms)
{
    struct enumeration list = {0};
    unsigned types = 0;
    for (size_t i = 0; i < forms->count; i++) {
        const struct schema *form = schema_use(forms->items[i]);
        while (!form->title && form->reference)
            form = schema_use(form->reference);
        if (form->title)
            enumerate(&list, form->title);
        else
            types |= schema_types(form);
    }
    enumerate_types(&list, types);
    if (!list.last)
        enumerate(&list, "another form");
    return finish(arena, &list);
}

static const char *show_value(struct arena *arena, const struct value *value)
{
    const char *scalar = value_scalar_text(arena, value);
    if (value->kind == VALUE_STRING)
        return quote(arena, value);
    return value->kind == VALUE_NULL ? "null"
           : scalar                  ? scalar
                                     : message_found(arena, value);
}

const char *message_values(struct arena *arena, const struct value *list)
{
    struct enumeration values = {0};
    for (size_t i = 0; i < value_count(list) && i < SCHEMA_NAMES_LIMIT; i++) {
        const struct value *item = value_item(list, i);
        if (item->kind != VALUE_STRING || item->string.length > 0)
            enumerate(&values, show_value(arena, item));
    }
    return finish(arena, &values);
}

/* Whether the string looks like a number or a boolean that was quoted. */
static bool is_quoted_scalar(const struct value *value, unsigned types)
{
    const char *text = value_string(value);
    if (!text || text[0] == '\0')
        return false;
    size_t figures = strspn(text, "0123456789");
    if (types & (TYPE_INTEGER | TYPE_NUMBER) && text[figures] == '\0')
        return true;
    return types & TYPE_BOOLEAN &&
           (strcmp(text, "true") == 0 || strcmp(text, "false") == 0);
}

const char *message_type_hint(struct arena *arena, unsigned types,
                              const struct value *value)
{
    bool scalar = value->kind == VALUE_INT || value->kind == VALUE_FLOAT;
    if (value->kind == VALUE_NULL)
        return "give it a value or remove the field";
    if (types & TYPE_STRING && value->kind == VALUE_BOOL)
        return value->boolean ? "put it in quotes: \"true\" (y, yes and on "
                                "without quotes mean true as well)"
                              : "put it in quotes: \"false\" (n, no and off "
                                "without quotes mean false as well)";
    if (types & TYPE_STRING && scalar)
        return arena_format(arena, "put it in quotes: \"%s\"",
                            value_scalar_text(arena, value));
    if (value->kind == VALUE_STRING && is_quoted_scalar(value, types))
        return arena_format(arena, "remove the quotes: %s",
                            value_string(value));
    if (value->kind == VALUE_STRING && strstr(value->string.bytes, "{{") &&
        types & (TYPE_INTEGER | TYPE_NUMBER | TYPE_BOOLEAN))
        return "this field cannot be a template";
    if (types == TYPE_ARRAY)
        return "write a list, each item after '- '";
    if (types == TYPE_OBJECT && value->kind == VALUE_LIST)
        return "write 'name: value' lines without '- '";
    return NULL;
}

const char *message_value_hint(struct arena *arena, const struct value *list,
                               const struct value *value)
{
    const char *names[SCHEMA_NAMES_LIMIT + 1];
    const char *text = value_string(value);
    size_t count = 0;
    for (size_t i = 0; i < value_count(list) && count < SCHEMA_NAMES_LIMIT;
         i++) {
        const char *name = value_string(value_item(list, i));
        if (name && name[0] != '\0')
            names[count++] = name;
    }
    names[count] = NULL;
    const char *nearest = text ? diagnostics_nearest(text, names) : NULL;
    return nearest ? arena_format(arena, "did you mean '%s'?", nearest) : NULL;
}

static const struct schema *target(const struct schema *schema)
{
    schema = schema_use(schema);
    while (schema->reference && schema->properties.count == 0)
        schema = schema_use(schema->reference);
    return schema;
}

static bool has_property(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->properties.count; i++) {
        const struct schema_property *item = &schema->properties.items[i];
        if (strcmp(item->name, name) == 0 &&
            !schema_use(item->schema)->refuses &&
            !target(item->schema)->negated)
            return true;
    }
    return false;
}

/* The names of fields here that have a field `name` inside: 'image' stands in
 * 'container' and 'run', not beside them. */
static const char *find_inside(struct arena *arena, const struct schema *schema,
                               const char *name)
{
    struct enumeration places = {0};
    for (size_t i = 0; i < schema->properties.count; i++) {
        const struct schema_property *item = &schema->properties.items[i];
        if (has_property(target(item->schema), name))
            enumerate(&places, arena_format(arena, "'%s'", item->name));
    }
    if (!places.last)
        return NULL;
    return finish(arena, &places);
}

static const char *list_names(struct arena *arena, const char *const *names)
{
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; names[i]; i++)
        text_append_format(&text, "%s%s", i ? ", " : "", names[i]);
    return arena_format(arena, "known fields: %s", text_string(&text));
}

const char *message_field_hint(struct arena *arena, const struct schema *schema,
                               const struct member *field)
{
    const char *names[SCHEMA_NAMES_LIMIT + 1];
    size_t count = 0;
    for (size_t i = 0;
         i < schema->properties.count && count < SCHEMA_NAMES_LIMIT; i++)
        if (has_property(schema, schema->properties.items[i].name))
            names[count++] = schema->properties.items[i].name;
    names[count] = NULL;
    if (count == 0)
        return NULL;
    const char *inside = find_inside(arena, schema, field->name);
    const char *nearest = diagnostics_nearest(field->name, names);
    if (inside)
        return arena_format(arena, "'%s' is a field of %s", field->name,
                            inside);
    if (nearest)
        return arena_format(arena, "did you mean '%s'?", nearest);
    return list_names(arena, names);
}
