#pragma once
/* Whether two readers made the same of a YAML text: not only equal values, but
 * the same kinds, styles, places and order of members. */
#include <string.h>

#include "engine/value/value.h"

static inline bool yaml_same_mark(struct mark a, struct mark b)
{
    return a.line == b.line && a.column == b.column && a.offset == b.offset &&
           a.source == b.source;
}

static inline bool yaml_same(const struct value *a, const struct value *b);

static inline bool yaml_same_content(const struct value *a,
                                     const struct value *b)
{
    switch (a->kind) {
    case VALUE_NULL:
        return true;
    case VALUE_BOOL:
        return a->boolean == b->boolean;
    case VALUE_INT:
        return a->integer == b->integer;
    case VALUE_FLOAT: /* the same bits: NaN is itself, -0 is not 0 */
        return memcmp(&a->number, &b->number, sizeof a->number) == 0;
    case VALUE_STRING:
        return a->string.length == b->string.length &&
               memcmp(a->string.bytes, b->string.bytes, a->string.length + 1) ==
                   0;
    case VALUE_LIST:
    case VALUE_MAP:
        break;
    }
    if (value_count(a) != value_count(b))
        return false;
    for (size_t i = 0; a->kind == VALUE_LIST && i < a->list.count; i++)
        if (!yaml_same(a->list.items[i], b->list.items[i]))
            return false;
    for (size_t i = 0; a->kind == VALUE_MAP && i < a->map.count; i++) {
        const struct member *one = &a->map.members[i];
        const struct member *other = &b->map.members[i];
        if (one->length != other->length ||
            memcmp(one->name, other->name, one->length + 1) != 0 ||
            !yaml_same_mark(one->mark, other->mark) ||
            !yaml_same(one->value, other->value))
            return false;
    }
    return true;
}

static inline bool yaml_same(const struct value *a, const struct value *b)
{
    if (!a || !b)
        return a == b;
    return a->kind == b->kind && a->style == b->style &&
           yaml_same_mark(a->mark, b->mark) && yaml_same_content(a, b);
}
