/*
 * Functions on lists and maps. A list that a function makes has at most
 * EXPRESSION_ITEMS_LIMIT items; items are shared with the list they come from.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/base/utf8.h"
#include "engine/expression/evaluation.h"

static int check_items(struct call *call, size_t count)
{
    if (count <= EXPRESSION_ITEMS_LIMIT)
        return evaluation_spend(call->evaluation, call->node, count / 8);
    call_fail(call, "the list would have %zu items, expected at most %d", count,
              EXPRESSION_ITEMS_LIMIT);
    return -1;
}

static void append(struct call *call, struct value *list,
                   const struct value *item)
{
    value_append(call->arena, list, value_share(call->arena, item));
}

const struct value *function_list(struct call *call)
{
    if (check_items(call, call->count) < 0)
        return NULL;
    struct value *list = value_make_list(call->arena);
    for (size_t i = 0; i < call->count; i++)
        append(call, list, call->values[i]);
    return list;
}

/* Argument `index` as a list (none is an empty one). NULL with the error set. */
static const struct value *list_argument(struct call *call, size_t index)
{
    const struct value *value = call->values[index];
    if (is_none(value))
        return value_make_list(call->arena);
    if (value->kind == VALUE_LIST)
        return value;
    return call_fail(call, "expected a list, found %s",
                     value_kind_name(value->kind));
}

const struct value *function_join(struct call *call)
{
    if (is_none(call->values[0]))
        return &none_value;
    const struct value *list = list_argument(call, 0);
    size_t length = 1;
    const char *separator = ",";
    if (list && call->count > 1)
        separator = call_text(call, 1, &length);
    if (!list || !separator)
        return NULL;
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; i < list->list.count; i++) {
        if (i > 0)
            text_append(&text, separator, length);
        value_append_text(&text, list->list.items[i]);
        if (text.length > EXPRESSION_STRING_LIMIT)
            break;
    }
    return call_string(call, &text);
}

static const struct value *characters(struct call *call, const char *text,
                                      size_t length)
{
    struct value *list = value_make_list(call->arena);
    while (length > 0) {
        uint32_t code;
        size_t used = utf8_decode(text, length, &code);
        used = used > 0 ? used : 1;
        if (list->list.count >= EXPRESSION_ITEMS_LIMIT)
            return call_fail(call, "more than %d parts",
                             EXPRESSION_ITEMS_LIMIT);
        value_append(call->arena, list,
                     value_make_bytes(call->arena, text, used));
        text += used;
        length -= used;
    }
    return list;
}

const struct value *function_split(struct call *call)
{
    size_t length;
    size_t width = 1;
    const char *separator = ",";
    const char *text = call_text(call, 0, &length);
    if (text && call->count > 1)
        separator = call_text(call, 1, &width);
    if (!text || !separator)
        return NULL;
    if (width == 0)
        return characters(call, text, length);
    struct value *list = value_make_list(call->arena);
    const char *end = text + length;
    for (;;) {
        const char *found =
            memmem(text, (size_t)(end - text), separator, width);
        const char *stop = found ? found : end;
        if (list->list.count >= EXPRESSION_ITEMS_LIMIT)
            return call_fail(call, "more than %d parts",
                             EXPRESSION_ITEMS_LIMIT);
        value_append(
            call->arena, list,
            value_make_bytes(call->arena, text, (size_t)(stop - text)));
        if (!found)
            return list;
        text = found + width;
    }
}

const struct value *function_at(struct call *call)
{
    size_t unused;
    if (call->values[0]->kind == VALUE_STRING && !call_text(call, 0, &unused))
        return NULL;
    const struct value *part = value_at(
        call->arena, call->values[0], call->values[1], call->evaluation->error);
    return part ? part : evaluation_fail(call->evaluation, call->node, "at()");
}

const struct value *function_chunk(struct call *call)
{
    const struct value *list = list_argument(call, 0);
    int64_t size;
    if (!list || call_int(call, 1, &size) < 0)
        return NULL;
    if (size < 1)
        return call_fail(call, "expected a size of at least 1, found %lld",
                         (long long)size);
    if (check_items(call, list->list.count) < 0)
        return NULL;
    struct value *chunks = value_make_list(call->arena);
    struct value *chunk = NULL;
    for (size_t i = 0; i < list->list.count; i++) {
        if (!chunk || chunk->list.count == (uint64_t)size) {
            chunk = value_make_list(call->arena);
            value_append(call->arena, chunks, chunk);
        }
        append(call, chunk, list->list.items[i]);
    }
    return chunks;
}

/* From the first, without the last. */
const struct value *function_range(struct call *call)
{
    int64_t first = 0;
    int64_t last;
    if (call_int(call, call->count - 1, &last) < 0 ||
        (call->count > 1 && call_int(call, 0, &first) < 0))
        return NULL;
    uint64_t count =
        last > first ? (uint64_t)last - (uint64_t)first : UINT64_C(0);
    if (check_items(call, count) < 0)
        return NULL;
    struct value *list = value_make_list(call->arena);
    for (uint64_t i = 0; i < count; i++)
        value_append(call->arena, list,
                     value_make_int(call->arena, first + (int64_t)i));
    return list;
}

/* An item while an expression is resolved for it. */
struct item {
    const struct value *value;
    int64_t index;
};

static int answer_item(void *context, struct arena *arena, const char *name,
                       size_t length, const struct expression **answer,
                       struct error *error)
{
    static const char *const names[] = {"_.value", "_.index", "_.key"};
    const struct item *item = context;
    (void)error;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i]) != length || memcmp(names[i], name, length) != 0)
            continue;
        *answer = node_of_value(
            arena, i == 0 ? item->value : value_make_int(arena, item->index),
            0);
        return 1;
    }
    return 0;
}

/* The text of argument 1 as an expression; parsed once for all items. */
static const struct expression *item_expression(struct call *call)
{
    size_t length;
    const char *text = call_text(call, 1, &length);
    if (!text || evaluation_spend(call->evaluation, call->node, length / 4) < 0)
        return NULL;
    const struct expression *expression = parse_inner(
        call->arena, text, length, call->node->offset, call->evaluation->error);
    return expression ? expression : call_fail(call, "argument 2");
}

/* Only the item's own names are known in it; what else it uses is resolved with
 * the result of the call. */
static const struct expression *resolve_item(struct call *call,
                                             const struct expression *each,
                                             const struct item *item)
{
    struct item current = *item;
    struct expression_names names = {.name = answer_item, .context = &current};
    const struct expression_names *outer = call->evaluation->names;
    call->evaluation->names = &names;
    const struct expression *resolved = resolve_node(call->evaluation, each);
    call->evaluation->names = outer;
    return resolved;
}

const struct expression *function_map(struct call *call)
{
    const struct value *list = list_argument(call, 0);
    const struct expression *each = list ? item_expression(call) : NULL;
    if (!each || check_items(call, list->list.count) < 0)
        return NULL;
    size_t count = list->list.count;
    struct argument *results =
        arena_allocate(call->arena, (count + 1) * sizeof *results);
    for (size_t i = 0; i < count; i++) {
        struct item item = {list->list.items[i], (int64_t)i};
        results[i].expression = resolve_item(call, each, &item);
        if (!results[i].expression)
            return NULL;
    }
    return node_of_call(call->arena, "list", results, count,
                        call->node->offset);
}

const struct value *function_filter(struct call *call)
{
    const struct value *list = list_argument(call, 0);
    const struct expression *each = list ? item_expression(call) : NULL;
    if (!each || check_items(call, list->list.count) < 0)
        return NULL;
    struct value *kept = value_make_list(call->arena);
    for (size_t i = 0; i < list->list.count; i++) {
        struct item item = {list->list.items[i], (int64_t)i};
        const struct expression *wanted = resolve_item(call, each, &item);
        if (!wanted)
            return NULL;
        struct expression_reference unknown;
        if (!expression_is_static(wanted) &&
            expression_first_name(wanted, &unknown))
            return call_fail(call, "item %zu: '%.*s' is not known", i,
                             (int)(unknown.length > 60 ? 60 : unknown.length),
                             unknown.name);
        if (expression_truth(wanted))
            append(call, kept, list->list.items[i]);
    }
    return kept;
}

static int by_name(const void *left, const void *right)
{
    const struct member *a = *(const struct member *const *)left;
    const struct member *b = *(const struct member *const *)right;
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->name, b->name, shorter);
    return order != 0 ? order
                      : (a->length > b->length) - (a->length < b->length);
}

static void append_entry(struct call *call, struct value *entries,
                         struct value *key, const struct value *value)
{
    struct value *entry = value_make_map(call->arena);
    value_set(call->arena, entry, "key", key);
    value_set(call->arena, entry, "value", value_share(call->arena, value));
    value_append(call->arena, entries, entry);
}

/* In the order of the names, so that the result is always the same. */
static const struct value *map_entries(struct call *call,
                                       const struct value *map)
{
    size_t count = map->map.count;
    struct value *entries = value_make_list(call->arena);
    const struct member **sorted = arena_allocate(
        call->arena, (count + 1) * sizeof(const struct member *));
    for (size_t i = 0; i < count; i++)
        sorted[i] = &map->map.members[i];
    qsort(sorted, count, sizeof *sorted, by_name);
    for (size_t i = 0; i < count; i++)
        append_entry(
            call, entries,
            value_make_bytes(call->arena, sorted[i]->name, sorted[i]->length),
            sorted[i]->value);
    return entries;
}

const struct value *function_entries(struct call *call)
{
    const struct value *value = call->values[0];
    if (check_items(call, value_count(value)) < 0)
        return NULL;
    if (value->kind == VALUE_MAP)
        return map_entries(call, value);
    const struct value *list = list_argument(call, 0);
    if (!list)
        return NULL;
    struct value *entries = value_make_list(call->arena);
    for (size_t i = 0; i < list->list.count; i++)
        append_entry(
            call, entries,
            value_make_string(call->arena, arena_format(call->arena, "%zu", i)),
            list->list.items[i]);
    return entries;
}

const struct expression *function_eval(struct call *call)
{
    size_t length;
    const char *text = call_text(call, 0, &length);
    if (!text || evaluation_spend(call->evaluation, call->node, length / 4) < 0)
        return NULL;
    const struct expression *expression = parse_inner(
        call->arena, text, length, call->node->offset, call->evaluation->error);
    return expression ? expression : call_fail(call, "the argument");
}
