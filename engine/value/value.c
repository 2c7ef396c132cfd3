/*
 * Trees of values in an arena: making, reading, comparing, copying.
 *
 * Arrays hold no capacity: it follows from the count, which only grows by one
 * (ARRAY_FIRST, then the powers of two). Maps keep their members in the order in
 * which they were added; from INDEX_FROM members on, a hash table of member
 * numbers makes finding a name independent of their count. The table is at most
 * half full. Its hash is keyed with the table's address, which an author of a
 * document does not know, so that a document cannot be made to collide.
 */
#include "engine/value/value.h"

#include <math.h>
#include <string.h>

#include "engine/base/number.h"

enum {
    ARRAY_FIRST = 4,
    INDEX_FROM = 16, /* a power of two */
};

struct map_index {
    uint64_t key;
    size_t mask;      /* slots - 1 */
    uint32_t slots[]; /* 1 + the number of a member; 0 is free */
};

static struct value *make(struct arena *arena, enum value_kind kind)
{
    struct value *value = arena_allocate(arena, sizeof *value);
    value->kind = kind;
    return value;
}

struct value *value_make_null(struct arena *arena)
{
    return make(arena, VALUE_NULL);
}

struct value *value_make_bool(struct arena *arena, bool boolean)
{
    struct value *value = make(arena, VALUE_BOOL);
    value->boolean = boolean;
    return value;
}

struct value *value_make_int(struct arena *arena, int64_t integer)
{
    struct value *value = make(arena, VALUE_INT);
    value->integer = integer;
    return value;
}

struct value *value_make_float(struct arena *arena, double number)
{
    struct value *value = make(arena, VALUE_FLOAT);
    value->number = number;
    return value;
}

struct value *value_make_string(struct arena *arena, const char *string)
{
    return value_make_bytes(arena, string, strlen(string));
}

struct value *value_make_bytes(struct arena *arena, const char *bytes,
                               size_t length)
{
    struct value *value = make(arena, VALUE_STRING);
    value->string.bytes = arena_copy(arena, bytes, length);
    value->string.length = length;
    return value;
}

struct value *value_make_list(struct arena *arena)
{
    return make(arena, VALUE_LIST);
}

struct value *value_make_map(struct arena *arena)
{
    return make(arena, VALUE_MAP);
}

/* An array of `count` items with room for one more. */
static void *make_room(struct arena *arena, void *array, size_t count,
                       size_t size)
{
    if (count == 0)
        return arena_allocate(arena, ARRAY_FIRST * size);
    if (count < ARRAY_FIRST || (count & (count - 1)) != 0)
        return array;
    return arena_grow(arena, array, count * size, 2 * count * size);
}

void value_append(struct arena *arena, struct value *list, struct value *item)
{
    size_t count = list->list.count;
    list->list.items =
        make_room(arena, list->list.items, count, sizeof *list->list.items);
    list->list.items[count] = item;
    list->list.count = count + 1;
}

static size_t hash_name(const struct map_index *index, const char *name,
                        size_t length)
{
    uint64_t hash = index->key + length;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)name[i]) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    return (size_t)hash;
}

static void index_add(struct map_index *index, const struct member *members,
                      size_t number)
{
    const struct member *member = &members[number];
    size_t at = hash_name(index, member->name, member->length);
    while (index->slots[at & index->mask] != 0)
        at++;
    index->slots[at & index->mask] = (uint32_t)number + 1;
}

/* A new table of all members, with four slots for each of them. */
static struct map_index *index_make(struct arena *arena,
                                    const struct value *map)
{
    size_t slots = 4 * map->map.count;
    struct map_index *index =
        arena_allocate(arena, sizeof *index + slots * sizeof index->slots[0]);
    index->key = (uint64_t)(uintptr_t)index * UINT64_C(0xD6E8FEB86659FD93);
    index->mask = slots - 1;
    for (size_t i = 0; i < map->map.count; i++)
        index_add(index, map->map.members, i);
    return index;
}

static struct member *find(const struct value *map, const char *name,
                           size_t length)
{
    struct member *members = map->map.members;
    const struct map_index *index = map->map.index;
    if (!index) {
        for (size_t i = 0; i < map->map.count; i++)
            if (members[i].length == length &&
                memcmp(members[i].name, name, length) == 0)
                return &members[i];
        return NULL;
    }
    size_t at = hash_name(index, name, length);
    for (; index->slots[at & index->mask] != 0; at++) {
        struct member *member = &members[index->slots[at & index->mask] - 1];
        if (member->length == length && memcmp(member->name, name, length) == 0)
            return member;
    }
    return NULL;
}

struct member *value_add_member(struct arena *arena, struct value *map,
                                struct member added)
{
    size_t count = map->map.count;
    map->map.members =
        make_room(arena, map->map.members, count, sizeof *map->map.members);
    map->map.members[count] = added;
    map->map.count = count + 1;
    bool power = ((count + 1) & count) == 0;
    if (count + 1 >= INDEX_FROM && power)
        map->map.index = index_make(arena, map);
    else if (map->map.index)
        index_add(map->map.index, map->map.members, count);
    return &map->map.members[count];
}

struct member *value_set_bytes(struct arena *arena, struct value *map,
                               const char *name, size_t length,
                               struct value *item)
{
    struct member *found = find(map, name, length);
    if (found) {
        found->value = item;
        return found;
    }
    struct member added = {.name = arena_copy(arena, name, length),
                           .length = length,
                           .value = item};
    return value_add_member(arena, map, added);
}

struct member *value_set(struct arena *arena, struct value *map,
                         const char *name, struct value *item)
{
    return value_set_bytes(arena, map, name, strlen(name), item);
}

void value_set_string(struct arena *arena, struct value *map, const char *name,
                      const char *string)
{
    if (string)
        value_set(arena, map, name, value_make_string(arena, string));
}

struct value *value_need_map(struct arena *arena, struct value *map,
                             const char *name)
{
    struct value *found = value_get(map, name);
    if (!value_is(found, VALUE_MAP)) {
        found = value_make_map(arena);
        value_set(arena, map, name, found);
    }
    return found;
}

struct value *value_get_bytes(const struct value *map, const char *name,
                              size_t length)
{
    if (!value_is(map, VALUE_MAP))
        return NULL;
    const struct member *found = find(map, name, length);
    return found ? found->value : NULL;
}

struct value *value_get(const struct value *map, const char *name)
{
    return value_get_bytes(map, name, strlen(name));
}

struct value *value_path(const struct value *map, const char *dotted)
{
    for (;;) {
        size_t length = strcspn(dotted, ".");
        struct value *found = value_get_bytes(map, dotted, length);
        if (!found || dotted[length] == '\0')
            return found;
        map = found;
        dotted += length + 1;
    }
}

struct value *value_item(const struct value *list, size_t index)
{
    if (!value_is(list, VALUE_LIST) || index >= list->list.count)
        return NULL;
    return list->list.items[index];
}

size_t value_count(const struct value *value)
{
    if (value_is(value, VALUE_LIST))
        return value->list.count;
    return value_is(value, VALUE_MAP) ? value->map.count : 0;
}

const char *value_string(const struct value *value)
{
    return value_is(value, VALUE_STRING) ? value->string.bytes : NULL;
}

const char *value_string_at(const struct value *map, const char *name)
{
    return value_string(value_get(map, name));
}

int64_t value_int_or(const struct value *value, int64_t fallback)
{
    return value_is(value, VALUE_INT) ? value->integer : fallback;
}

bool value_bool_or(const struct value *value, bool fallback)
{
    return value_is(value, VALUE_BOOL) ? value->boolean : fallback;
}

bool value_is(const struct value *value, enum value_kind kind)
{
    return value && value->kind == kind;
}

static bool same_int_float(int64_t integer, double number)
{
    /* 2^63 is the first double beyond the integers; -2^63 is one of them. */
    return number >= -0x1p63 && number < 0x1p63 && (double)integer == number &&
           (int64_t)number == integer;
}

static bool same_number(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_INT && b->kind == VALUE_INT)
        return a->integer == b->integer;
    if (a->kind == VALUE_INT)
        return same_int_float(a->integer, b->number);
    if (b->kind == VALUE_INT)
        return same_int_float(b->integer, a->number);
    return a->number == b->number || (isnan(a->number) && isnan(b->number));
}

static bool same_list(const struct value *a, const struct value *b)
{
    if (a->list.count != b->list.count)
        return false;
    for (size_t i = 0; i < a->list.count; i++)
        if (!value_equal(a->list.items[i], b->list.items[i]))
            return false;
    return true;
}

static bool same_map(const struct value *a, const struct value *b)
{
    if (a->map.count != b->map.count)
        return false;
    for (size_t i = 0; i < a->map.count; i++) {
        const struct member *member = &a->map.members[i];
        const struct member *other = find(b, member->name, member->length);
        if (!other || !value_equal(member->value, other->value))
            return false;
    }
    return true;
}

static bool is_number(const struct value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_FLOAT;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (!a || !b)
        return a == b;
    if (is_number(a) && is_number(b))
        return same_number(a, b);
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_BOOL:
        return a->boolean == b->boolean;
    case VALUE_STRING:
        return a->string.length == b->string.length &&
               memcmp(a->string.bytes, b->string.bytes, a->string.length) == 0;
    case VALUE_LIST:
        return same_list(a, b);
    case VALUE_MAP:
        return same_map(a, b);
    case VALUE_NULL:
    case VALUE_INT:
    case VALUE_FLOAT:
        break;
    }
    return true;
}

static void copy_items(struct arena *arena, struct value *copy,
                       const struct value *list)
{
    for (size_t i = 0; i < list->list.count; i++)
        value_append(arena, copy, value_copy(arena, list->list.items[i]));
}

static void copy_members(struct arena *arena, struct value *copy,
                         const struct value *map)
{
    for (size_t i = 0; i < map->map.count; i++) {
        struct member added = map->map.members[i];
        added.name = arena_copy(arena, added.name, added.length);
        added.value = value_copy(arena, added.value);
        value_add_member(arena, copy, added);
    }
}

void value_set_source(struct value *value, uint32_t source)
{
    value->mark.source = source;
    if (value->kind == VALUE_LIST)
        for (size_t i = 0; i < value->list.count; i++)
            value_set_source(value->list.items[i], source);
    if (value->kind == VALUE_MAP)
        for (size_t i = 0; i < value->map.count; i++) {
            value->map.members[i].mark.source = source;
            value_set_source(value->map.members[i].value, source);
        }
}

struct value *value_copy(struct arena *arena, const struct value *value)
{
    if (!value)
        return NULL;
    struct value *copy = make(arena, value->kind);
    copy->style = value->style;
    copy->mark = value->mark;
    switch (value->kind) {
    case VALUE_NULL:
        break;
    case VALUE_BOOL:
        copy->boolean = value->boolean;
        break;
    case VALUE_INT:
        copy->integer = value->integer;
        break;
    case VALUE_FLOAT:
        copy->number = value->number;
        break;
    case VALUE_STRING:
        copy->string.length = value->string.length;
        copy->string.bytes =
            arena_copy(arena, value->string.bytes, value->string.length);
        break;
    case VALUE_LIST:
        copy_items(arena, copy, value);
        break;
    case VALUE_MAP:
        copy_members(arena, copy, value);
        break;
    }
    return copy;
}

const char *value_kind_name(enum value_kind kind)
{
    static const char *const names[] = {
        [VALUE_NULL] = "null",     [VALUE_BOOL] = "boolean",
        [VALUE_INT] = "integer",   [VALUE_FLOAT] = "number",
        [VALUE_STRING] = "string", [VALUE_LIST] = "list",
        [VALUE_MAP] = "map",
    };
    return names[kind];
}

const char *value_scalar_text(struct arena *arena, const struct value *value)
{
    char text[NUMBER_TEXT];
    size_t length = 0;
    if (!value)
        return NULL;
    switch (value->kind) {
    case VALUE_NULL:
        break;
    case VALUE_BOOL:
        return value->boolean ? "true" : "false";
    case VALUE_INT:
        length = number_print_int(value->integer, text);
        break;
    case VALUE_FLOAT:
        length = number_print_float(value->number, text);
        break;
    case VALUE_STRING:
        return arena_copy(arena, value->string.bytes, value->string.length);
    case VALUE_LIST:
    case VALUE_MAP:
        return NULL;
    }
    return arena_copy(arena, text, length);
}
