/*
 * A tree of values -> JSON (RFC 8259). What comes out is always valid JSON in
 * valid UTF-8: numbers that JSON does not have become null, bytes that are not
 * UTF-8 become U+FFFD.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/cleanup.h"
#include "engine/base/memory.h"
#include "engine/base/number.h"
#include "engine/base/utf8.h"
#include "engine/value/value.h"

struct writer {
    struct text *text;
    unsigned flags;
    size_t depth;
};

static void write_value(struct writer *writer, const struct value *value);

static void free_members(const struct member **members)
{
    memory_free(members);
}
DEFINE_CLEANUP(const struct member **, free_members);

/* The letter of the two-character escape of `byte`, or 0. */
static char short_escape(char byte)
{
    static const char bytes[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *found = byte == '\0' ? NULL : strchr(bytes, byte);
    return found ? letters[found - bytes] : '\0';
}

static bool needs_escape(const struct writer *writer, uint32_t code)
{
    if (code < 0x20 || code == '"' || code == '\\')
        return true;
    if ((writer->flags & JSON_HTML_SAFE) == 0)
        return false;
    return code == '<' || code == '>' || code == '&' || code == 0x2028 ||
           code == 0x2029;
}

static void write_escape(struct text *text, uint32_t code)
{
    char letter = code < 0x80 ? short_escape((char)code) : '\0';
    if (letter == '\0') {
        text_append_format(text, "\\u%04x", code);
        return;
    }
    text_append_character(text, '\\');
    text_append_character(text, letter);
}

static void write_string(struct writer *writer, const char *bytes,
                         size_t length)
{
    struct text *text = writer->text;
    size_t pending = 0; /* everything before is written */
    size_t at = 0;
    text_append_character(text, '"');
    while (at < length) {
        uint32_t code = 0;
        size_t size = utf8_decode(bytes + at, length - at, &code);
        if (size > 0 && !needs_escape(writer, code)) {
            at += size;
            continue;
        }
        text_append(text, bytes + pending, at - pending);
        if (size == 0)
            text_append_string(text, "\xEF\xBF\xBD");
        else
            write_escape(text, code);
        at += size > 0 ? size : 1;
        pending = at;
    }
    text_append(text, bytes + pending, length - pending);
    text_append_character(text, '"');
}

static void write_line(const struct writer *writer)
{
    if ((writer->flags & JSON_INDENT) == 0)
        return;
    text_append_character(writer->text, '\n');
    for (size_t i = 0; i < writer->depth; i++)
        text_append(writer->text, "  ", 2);
}

static void write_list(struct writer *writer, const struct value *list)
{
    text_append_character(writer->text, '[');
    writer->depth++;
    for (size_t i = 0; i < list->list.count; i++) {
        if (i > 0)
            text_append_character(writer->text, ',');
        write_line(writer);
        write_value(writer, list->list.items[i]);
    }
    writer->depth--;
    if (list->list.count > 0)
        write_line(writer);
    text_append_character(writer->text, ']');
}

static void write_member(struct writer *writer, const struct member *member,
                         bool first)
{
    if (!first)
        text_append_character(writer->text, ',');
    write_line(writer);
    write_string(writer, member->name, member->length);
    text_append_character(writer->text, ':');
    if ((writer->flags & JSON_INDENT) != 0)
        text_append_character(writer->text, ' ');
    write_value(writer, member->value);
}

static int compare_names(const void *left, const void *right)
{
    const struct member *a = *(const struct member *const *)left;
    const struct member *b = *(const struct member *const *)right;
    size_t common = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->name, b->name, common);
    return order != 0 ? order
                      : (a->length > b->length) - (a->length < b->length);
}

static void write_sorted(struct writer *writer, const struct value *map)
{
    size_t count = map->map.count;
    CLEANUP(free_members)
    const struct member **sorted =
        memory_resize(NULL, count, sizeof(const struct member *));
    for (size_t i = 0; i < count; i++)
        sorted[i] = &map->map.members[i];
    qsort(sorted, count, sizeof *sorted, compare_names);
    for (size_t i = 0; i < count; i++)
        write_member(writer, sorted[i], i == 0);
}

static void write_map(struct writer *writer, const struct value *map)
{
    size_t count = map->map.count;
    text_append_character(writer->text, '{');
    writer->depth++;
    if ((writer->flags & JSON_SORT) != 0 && count > 1)
        write_sorted(writer, map);
    else
        for (size_t i = 0; i < count; i++)
            write_member(writer, &map->map.members[i], i == 0);
    writer->depth--;
    if (count > 0)
        write_line(writer);
    text_append_character(writer->text, '}');
}

static void write_value(struct writer *writer, const struct value *value)
{
    char number[NUMBER_TEXT];
    switch (value->kind) {
    case VALUE_NULL:
        text_append_string(writer->text, "null");
        break;
    case VALUE_BOOL:
        text_append_string(writer->text, value->boolean ? "true" : "false");
        break;
    case VALUE_INT:
        text_append(writer->text, number,
                    number_print_int(value->integer, number));
        break;
    case VALUE_FLOAT:
        if (isfinite(value->number))
            text_append(writer->text, number,
                        number_print_float(value->number, number));
        else
            text_append_string(writer->text, "null");
        break;
    case VALUE_STRING:
        write_string(writer, value->string.bytes, value->string.length);
        break;
    case VALUE_LIST:
        write_list(writer, value);
        break;
    case VALUE_MAP:
        write_map(writer, value);
        break;
    }
}

void value_write_json(struct text *text, const struct value *value,
                      unsigned flags)
{
    struct writer writer = {.text = text, .flags = flags};
    write_value(&writer, value);
}
