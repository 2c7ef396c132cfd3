/*
 * A YAML stream -> a list of its documents: libyaml's events, one function for
 * each kind of node. A mistake of meaning (a key given twice, an unknown tag or
 * anchor) is noted and reading goes on, so that a document is checked whole; at a
 * mistake of syntax or a limit the reader stops, which NULL says on the way up.
 */
#include "engine/value/yaml_reader.h"

#include <string.h>
#include <yaml.h>

#include "engine/base/cleanup.h"
#include "engine/value/limits.h"
#include "engine/value/value.h"
#include "engine/value/yaml_problem.h"
#include "engine/value/yaml_scalar.h"
#include "engine/value/yaml_source.h"
#include "engine/value/yaml_tree.h"
#include "engine/value/yaml_turning.h"

struct reader {
    struct yaml_tree tree;
    yaml_parser_t parser;
    struct yaml_source source;
    struct yaml_turning turning;
    struct value *anchors; /* of this document: name -> node */
    /* anchors of the nodes that are being read; NULL where there is none */
    const char *open[VALUE_DEPTH_LIMIT + 1];
    bool plain_booleans; /* only true and false are booleans */
};

static struct value *read_node(struct reader *reader,
                               const yaml_event_t *event);

static void yaml_event_delete_cleanup(yaml_event_t *event)
{
    yaml_event_delete(event);
}

#define REPORT(reader, code, mark, hint, ...)                                  \
    diagnostics_add((reader)->tree.diagnostics, SEVERITY_ERROR, code, mark,    \
                    hint, __VA_ARGS__)

static int next_event(struct reader *reader, yaml_event_t *event)
{
    yaml_event_delete(event);
    if (yaml_parser_parse(&reader->parser, event))
        return 0;
    yaml_problem_report(&reader->parser, &reader->source,
                        reader->tree.diagnostics);
    return -1;
}

/* Moves over one anchor or tag. */
static const char *skip_property(const char *at, const char *end)
{
    const char *stops = " \t\r\n,[]{}";
    if (end - at >= 2 && at[0] == '!' && at[1] == '<')
        stops = ">";
    while (at < end && *at != '\0' && !strchr(stops, *at))
        at++;
    return at < end && *at == '>' ? at + 1 : at;
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (strchr(" \t\r\n", *at) || *at == '#') && *at != '\0')
        at = *at == '#' ? yaml_line_end(at, end) : at + 1;
    return at;
}

/* The place where a node's content begins: after its anchor and tag, unless it
 * has no content. */
static struct mark mark_of(struct reader *reader, const yaml_event_t *event)
{
    struct yaml_source *source = &reader->source;
    struct mark mark = yaml_source_seek(source, event->start_mark.index);
    const char *end = source->start + source->length;
    const char *at = source->start + mark.offset;
    bool scalar = event->type == YAML_SCALAR_EVENT;
    if (scalar && event->data.scalar.length == 0 &&
        event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        return mark;
    while (at < end && (*at == '&' || *at == '!'))
        at = skip_space(skip_property(at, end), end);
    return yaml_source_seek_offset(source, (size_t)(at - source->start));
}

static enum value_style style_of(yaml_scalar_style_t style)
{
    static const enum value_style styles[] = {
        [YAML_ANY_SCALAR_STYLE] = STYLE_PLAIN,
        [YAML_PLAIN_SCALAR_STYLE] = STYLE_PLAIN,
        [YAML_SINGLE_QUOTED_SCALAR_STYLE] = STYLE_SINGLE_QUOTED,
        [YAML_DOUBLE_QUOTED_SCALAR_STYLE] = STYLE_DOUBLE_QUOTED,
        [YAML_LITERAL_SCALAR_STYLE] = STYLE_LITERAL,
        [YAML_FOLDED_SCALAR_STYLE] = STYLE_FOLDED,
    };
    return styles[style];
}

/* Types a scalar. A string in `value` points into the event. */
static int resolve(struct reader *reader, const yaml_event_t *event,
                   struct value *value)
{
    const char *bytes = (const char *)event->data.scalar.value;
    const char *tag = (const char *)event->data.scalar.tag;
    size_t length = event->data.scalar.length;
    *value = (struct value){.kind = VALUE_STRING,
                            .style = style_of(event->data.scalar.style)};
    value->string.bytes = bytes;
    value->string.length = length;
    if (value->style == STYLE_SINGLE_QUOTED ||
        value->style == STYLE_DOUBLE_QUOTED)
        yaml_turning_pass_quoted(&reader->turning, event->start_mark.index,
                                 event->end_mark.index);
    value->mark = mark_of(reader, event);
    if (length > VALUE_SCALAR_LIMIT)
        return yaml_tree_stop(&reader->tree, value->mark,
                              "too many bytes in one text", VALUE_SCALAR_LIMIT);
    if (tag) {
        const char *wrong =
            yaml_scalar_apply_tag(reader->tree.arena, tag, value);
        if (wrong)
            REPORT(reader, "E100", value->mark,
                   "quote a text that begins with '!'", "%s", wrong);
    } else if (value->style == STYLE_PLAIN) {
        yaml_scalar_resolve(bytes, length, value);
        if (reader->plain_booleans && value->kind == VALUE_BOOL &&
            !strchr("tTfF", bytes[0])) {
            value->kind = VALUE_STRING;
            value->string.bytes = bytes;
            value->string.length = length;
        }
    }
    return 0;
}

static struct value *read_scalar(struct reader *reader,
                                 const yaml_event_t *event)
{
    struct value *value = value_make_null(reader->tree.arena);
    if (resolve(reader, event, value))
        return NULL;
    if (value->kind == VALUE_STRING)
        value->string.bytes = arena_copy(
            reader->tree.arena, value->string.bytes, value->string.length);
    return value;
}

static bool is_open(const struct reader *reader, const char *anchor)
{
    for (size_t i = 0; i < reader->tree.depth; i++)
        if (reader->open[i] && strcmp(reader->open[i], anchor) == 0)
            return true;
    return false;
}

/* The node that an alias names; NULL after a diagnostic. */
static const struct value *
find_anchor(struct reader *reader, const yaml_event_t *event, struct mark mark)
{
    const char *anchor = (const char *)event->data.alias.anchor;
    const struct value *found = value_get(reader->anchors, anchor);
    if (is_open(reader, anchor)) {
        REPORT(reader, "E100", mark, NULL,
               "the alias '*%.80s' is inside the value that it names", anchor);
        return NULL;
    }
    if (!found)
        REPORT(reader, "E100", mark,
               "put a text that begins with '*' in quotes",
               "the alias '*%.80s' names no anchor before it", anchor);
    return found;
}

static struct value *read_alias(struct reader *reader,
                                const yaml_event_t *event)
{
    struct mark mark =
        yaml_source_seek(&reader->source, event->start_mark.index);
    const struct value *found = find_anchor(reader, event, mark);
    if (found)
        return yaml_tree_copy(&reader->tree, found, mark);
    struct value *nothing = value_make_null(reader->tree.arena);
    nothing->mark = mark;
    return nothing;
}

static int read_items(struct reader *reader, struct value *list)
{
    CLEANUP(yaml_event_delete) yaml_event_t event = {0};
    for (;;) {
        if (next_event(reader, &event))
            return -1;
        if (event.type == YAML_SEQUENCE_END_EVENT)
            return 0;
        struct value *item = read_node(reader, &event);
        if (!item)
            return -1;
        value_append(reader->tree.arena, list, item);
    }
}

struct key {
    struct mark mark;
    const char *name; /* in the arena; NULL: nothing that can be a name */
    size_t length;
    bool merge;
};

/* A name from a key of any scalar type, as Kubernetes' tools make it. */
static void name_from(struct reader *reader, const struct value *value,
                      struct key *key)
{
    if (value->kind == VALUE_STRING) {
        key->length = value->string.length;
        key->name =
            arena_copy(reader->tree.arena, value->string.bytes, key->length);
        return;
    }
    key->name = value->kind == VALUE_NULL
                    ? "null"
                    : value_scalar_text(reader->tree.arena, value);
    key->length = key->name ? strlen(key->name) : 0;
}

static int read_scalar_key(struct reader *reader, const yaml_event_t *event,
                           struct key *key)
{
    struct value value;
    if (resolve(reader, event, &value))
        return -1;
    key->mark = value.mark;
    key->merge = value.kind == VALUE_STRING && value.style == STYLE_PLAIN &&
                 !event->data.scalar.tag && value.string.length == 2 &&
                 memcmp(value.string.bytes, "<<", 2) == 0;
    name_from(reader, &value, key);
    return 0;
}

static int read_key(struct reader *reader, const yaml_event_t *event,
                    struct key *key)
{
    *key = (struct key){
        .mark = yaml_source_seek(&reader->source, event->start_mark.index)};
    if (event->type == YAML_SCALAR_EVENT) {
        if (read_scalar_key(reader, event, key))
            return -1;
        if (key->length <= VALUE_NAME_LIMIT)
            return 0;
        return yaml_tree_stop(&reader->tree, key->mark,
                              "too many bytes in a key", VALUE_NAME_LIMIT);
    }
    size_t errors = reader->tree.diagnostics->errors;
    const struct value *value = read_node(reader, event);
    if (!value)
        return -1;
    name_from(reader, value, key);
    if (key->name && key->length <= VALUE_NAME_LIMIT)
        return 0;
    key->name = NULL;
    if (reader->tree.diagnostics->errors > errors)
        return 0;
    if (!yaml_problem_report_template(&reader->source, key->mark.offset,
                                      reader->tree.diagnostics))
        REPORT(reader, "E100", key->mark, NULL,
               "a %s cannot be a key: expected a text",
               value_kind_name(value->kind));
    return 0;
}

static void report_twice(struct reader *reader, const struct key *key,
                         struct mark first)
{
    const char *hint = key->merge ? "merge several maps with a list: "
                                    "<<: [*a, *b]"
                                  : "remove one of the two";
    REPORT(reader, "E101", key->mark, hint,
           "the key '%.80s' is given twice; first on line %u, column %u",
           key->name, first.line, first.column);
}

/* One key and its value; the value of '<<' goes to *merged. */
static int read_member(struct reader *reader, const yaml_event_t *event,
                       struct value *map, struct member *merged)
{
    struct key key;
    CLEANUP(yaml_event_delete) yaml_event_t content = {0};
    if (read_key(reader, event, &key) || next_event(reader, &content))
        return -1;
    struct value *value = read_node(reader, &content);
    if (!value)
        return -1;
    if (!key.name)
        return 0;
    if (key.merge) {
        if (merged->value)
            report_twice(reader, &key, merged->mark);
        *merged = (struct member){.mark = key.mark, .value = value};
        return 0;
    }
    if (value_get_bytes(map, key.name, key.length)) {
        struct member *first = value_set_bytes(reader->tree.arena, map,
                                               key.name, key.length, value);
        report_twice(reader, &key, first->mark);
        return 0;
    }
    struct member added = {key.name, key.length, key.mark, value};
    value_add_member(reader->tree.arena, map, added);
    return 0;
}

static int read_members(struct reader *reader, struct value *map)
{
    CLEANUP(yaml_event_delete) yaml_event_t event = {0};
    struct member merged = {0};
    for (;;) {
        if (next_event(reader, &event))
            return -1;
        if (event.type == YAML_MAPPING_END_EVENT)
            break;
        if (read_member(reader, &event, map, &merged))
            return -1;
    }
    if (merged.value)
        yaml_tree_merge(&reader->tree, map, merged.value);
    return 0;
}

static struct value *read_collection(struct reader *reader,
                                     const yaml_event_t *event)
{
    bool list = event->type == YAML_SEQUENCE_START_EVENT;
    const char *tag = (const char *)(list ? event->data.sequence_start.tag
                                          : event->data.mapping_start.tag);
    const char *anchor =
        (const char *)(list ? event->data.sequence_start.anchor
                            : event->data.mapping_start.anchor);
    struct value *value = list ? value_make_list(reader->tree.arena)
                               : value_make_map(reader->tree.arena);
    value->mark = mark_of(reader, event);
    if (reader->tree.depth >= VALUE_DEPTH_LIMIT) {
        yaml_tree_stop(&reader->tree, value->mark,
                       "too many levels of lists and maps", VALUE_DEPTH_LIMIT);
        return NULL;
    }
    const char *wrong =
        tag ? yaml_collection_check_tag(reader->tree.arena, tag, value->kind)
            : NULL;
    if (wrong)
        REPORT(reader, "E100", value->mark, NULL, "%s", wrong);
    reader->open[reader->tree.depth++] = anchor;
    int result = list ? read_items(reader, value) : read_members(reader, value);
    reader->tree.depth--;
    return result == 0 ? value : NULL;
}

static struct value *read_node(struct reader *reader, const yaml_event_t *event)
{
    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(reader, event);
    struct mark mark =
        yaml_source_seek(&reader->source, event->start_mark.index);
    if (yaml_tree_count(&reader->tree, mark))
        return NULL;
    const yaml_char_t *anchor = NULL;
    struct value *value = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        value = read_scalar(reader, event);
    } else {
        anchor = event->type == YAML_MAPPING_START_EVENT
                     ? event->data.mapping_start.anchor
                     : event->data.sequence_start.anchor;
        value = read_collection(reader, event);
    }
    if (anchor && value)
        value_set(reader->tree.arena, reader->anchors, (const char *)anchor,
                  value);
    return value;
}

static int read_document(struct reader *reader, struct value *documents)
{
    CLEANUP(yaml_event_delete) yaml_event_t event = {0};
    reader->anchors = value_make_map(reader->tree.arena);
    if (next_event(reader, &event))
        return -1;
    struct value *value = read_node(reader, &event);
    if (!value)
        return -1;
    value_append(reader->tree.arena, documents, value);
    return next_event(reader, &event); /* the end of the document */
}

static int read_stream(struct reader *reader, struct value *documents)
{
    CLEANUP(yaml_event_delete) yaml_event_t event = {0};
    for (;;) {
        if (next_event(reader, &event))
            return -1;
        if (event.type == YAML_STREAM_END_EVENT)
            return 0;
        if (event.type != YAML_DOCUMENT_START_EVENT)
            continue;
        struct mark mark =
            yaml_source_seek(&reader->source, event.start_mark.index);
        if (documents->list.count == VALUE_DOCUMENTS_LIMIT)
            return yaml_tree_stop(&reader->tree, mark,
                                  "too many documents in one file",
                                  VALUE_DOCUMENTS_LIMIT);
        if (read_document(reader, documents))
            return -1;
    }
}

struct value *yaml_reader_read(struct arena *arena, const char *text,
                               size_t length, bool plain_booleans,
                               struct diagnostics *diagnostics)
{
    struct reader reader = {
        .tree = {.arena = arena, .diagnostics = diagnostics},
        .plain_booleans = plain_booleans,
        .source = yaml_source_make(text, length)};
    struct value *documents = value_make_list(arena);
    size_t errors = diagnostics->errors;
    if (length > VALUE_BYTES_LIMIT) {
        yaml_tree_stop(&reader.tree, (struct mark){0},
                       "too many bytes in one file", VALUE_BYTES_LIMIT);
        return NULL;
    }
    if (!yaml_parser_initialize(&reader.parser)) {
        REPORT(&reader, "E102", (struct mark){0}, NULL, "out of memory");
        return NULL;
    }
    size_t skipped = reader.source.mark.offset;
    yaml_parser_set_input_string(&reader.parser,
                                 (const unsigned char *)text + skipped,
                                 length - skipped);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    reader.turning = yaml_turning_make(&reader.source, diagnostics);
    int result = read_stream(&reader, documents);
    if (result == 0)
        yaml_turning_report(&reader.turning, length);
    yaml_parser_delete(&reader.parser);
    return result == 0 && diagnostics->errors == errors ? documents : NULL;
}
