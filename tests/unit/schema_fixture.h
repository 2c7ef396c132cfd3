#pragma once
/* Findings as lines of text: "2:5 E110 unknown field 'x' | did you mean 'y'?". */
#include <string.h>

#include "engine/base/arena.h"
#include "engine/base/text.h"
#include "engine/schema/schema.h"
#include "engine/value/value.h"

static inline void print_findings(struct text *text,
                                  const struct diagnostics *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct diagnostic *item = &list->items[i];
        text_append_format(text, "%s%u:%u %s %s%s%s", i ? "\n" : "",
                           item->mark.line, item->mark.column, item->code,
                           item->text, item->hint ? " | " : "",
                           item->hint ? item->hint : "");
    }
}

/* Reads a text that the test itself wrote; NULL when it is wrong. */
static inline struct value *read_json_text(struct arena *arena,
                                           const char *json)
{
    struct error error = {0};
    return value_read_json(arena, json, strlen(json), &error);
}
