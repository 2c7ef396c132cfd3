/*
 * Any bytes as YAML: refused with a diagnostic, or read; then written and read
 * as the same value, with every place inside the source. What the quick reader
 * takes, the reader on libyaml takes too, and makes the same tree of it.
 */
#include <stdlib.h>

#include "engine/value/value.h"
#include "engine/value/yaml_block.h"
#include "engine/value/yaml_reader.h"
#include "tests/unit/yaml_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_places(const struct value *value, const char *source,
                         size_t size)
{
    require(value->mark.line > 0 && value->mark.offset <= size);
    for (size_t i = 0; i < value_count(value); i++)
        check_places(value->kind == VALUE_MAP ? value->map.members[i].value
                                              : value->list.items[i],
                     source, size);
    if (value->kind != VALUE_STRING)
        return;
    size_t step = value->string.length / 32 + 1;
    for (size_t at = 0; at <= value->string.length; at += step) {
        struct mark mark = value_locate(value, at, source, size);
        require(mark.offset >= value->mark.offset && mark.offset <= size);
        require(mark.line >= value->mark.line && mark.column > 0);
    }
}

static void check_written(struct arena *arena, const struct value *value)
{
    CLEANUP(text_free) struct text text = {0};
    struct diagnostics list = diagnostics_make(arena, "written");
    value_write_yaml(&text, value);
    const struct value *documents =
        value_read_yaml(arena, text.data, text.length, &list);
    require(value_count(documents) == 1);
    require(value_equal(value, value_item(documents, 0)));
}

static void check_readers(struct arena *arena, const char *source, size_t size,
                          bool plain_booleans)
{
    struct diagnostics list = diagnostics_make(arena, "fuzz");
    const struct value *quick =
        yaml_block_read(arena, source, size, plain_booleans);
    if (!quick)
        return;
    const struct value *documents =
        yaml_reader_read(arena, source, size, plain_booleans, &list);
    require(documents && list.count == 0);
    require(value_count(quick) == value_count(documents));
    for (size_t i = 0; i < value_count(quick); i++)
        require(yaml_same(value_item(quick, i), value_item(documents, i)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *source = (const char *)data;
    struct diagnostics list = diagnostics_make(arena, "fuzz");
    const struct value *documents = value_read_yaml(arena, source, size, &list);
    require((documents == NULL) == (list.errors > 0));
    for (size_t i = 0; i < list.count; i++)
        require(list.items[i].mark.offset <= size);
    for (size_t i = 0; i < value_count(documents); i++) {
        check_places(value_item(documents, i), source, size);
        check_written(arena, value_item(documents, i));
    }
    check_readers(arena, source, size, false);
    check_readers(arena, source, size, true);
    return 0;
}
