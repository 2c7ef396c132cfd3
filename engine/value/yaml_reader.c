#include "engine/value/value.h"
struct value *value_read_yaml(struct arena *arena, const char *text,
                              size_t length, struct diagnostics *diagnostics)
{
    struct error error = {0};
    struct value *list = value_make_list(arena);
    struct value *value = value_read_json(arena, text, length, &error);
    if (!value) {
        diagnostics_add_error(diagnostics, "E100", &error);
        return NULL;
    }
    value_append(arena, list, value);
    return list;
}
