/* Text <-> the list of a file that has one. A version that is not ours is refused. */
#include "marketplace/list_file.h"

enum { VERSION = 1 };

const struct value *list_file_parse(struct arena *arena,
                                    const struct list_file *kind,
                                    const char *file, const char *text,
                                    size_t length, struct error *error)
{
    struct diagnostics diagnostics = diagnostics_make(arena, file);
    const struct value *documents =
        value_read_yaml(arena, text, length, &diagnostics);
    if (!documents) {
        error_set(error, ERROR_INPUT, "%s",
                  diagnostics.count > 0 ? diagnostics.items[0].text
                                        : "not YAML");
        error_place(error, file,
                    diagnostics.count > 0 ? diagnostics.items[0].mark
                                          : (struct mark){0});
        return NULL;
    }
    const struct value *map = value_item(documents, 0);
    const struct value *items = value_get(map, kind->member);
    if (value_count(documents) == 1 &&
        value_int_or(value_get(map, "version"), 0) == VERSION &&
        value_is(items, VALUE_LIST) &&
        value_count(items) <= (size_t)kind->limit)
        return items;
    error_set(error, ERROR_INPUT, "not %s of version %d with at most %d %s",
              kind->what, VERSION, kind->limit, kind->items);
    error_place(error, file, (struct mark){0});
    return NULL;
}

void list_file_print(struct arena *arena, const struct list_file *kind,
                     struct value *items, struct text *text)
{
    struct value *map = value_make_map(arena);
    value_set(arena, map, "version", value_make_int(arena, VERSION));
    value_set(arena, map, kind->member, items);
    text_append_string(text, kind->heading);
    value_write_yaml(text, map);
}
