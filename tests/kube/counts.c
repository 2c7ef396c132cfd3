/* Names in, numbers out. Beyond the limit of kinds only the sum is kept. */
#include "tests/kube/counts.h"

#include <stdio.h>
#include <string.h>

void counts_add(struct counts *counts, const char *method, const char *what)
{
    struct count wanted;
    snprintf(wanted.name, sizeof wanted.name, "%.20s %.50s", method, what);
    size_t i = 0;
    counts->all++;
    while (i < counts->used && strcmp(counts->items[i].name, wanted.name) != 0)
        i++;
    if (i == SERVER_COUNTS_LIMIT)
        return;
    if (i == counts->used) {
        counts->items[i] = wanted;
        counts->items[i].number = 0;
        counts->used++;
    }
    counts->items[i].number++;
}

struct value *counts_describe(struct arena *arena, const struct counts *counts)
{
    struct value *map = value_make_map(arena);
    struct value *kinds = value_make_map(arena);
    for (size_t i = 0; i < counts->used; i++)
        value_set(arena, kinds, counts->items[i].name,
                  value_make_int(arena, counts->items[i].number));
    value_set(arena, map, "requests", value_make_int(arena, counts->all));
    value_set(arena, map, "connections",
              value_make_int(arena, counts->connections));
    value_set(arena, map, "byKind", kinds);
    return map;
}
