/* Reading YAML: the quick reader first, and libyaml for what it leaves. */
#include "engine/value/value.h"
#include "engine/value/yaml_block.h"
#include "engine/value/yaml_reader.h"

static struct value *read_yaml(struct arena *arena, const char *text,
                               size_t length, bool plain_booleans,
                               struct diagnostics *diagnostics)
{
    struct value *documents =
        yaml_block_read(arena, text, length, plain_booleans);
    if (documents)
        return documents;
    return yaml_reader_read(arena, text, length, plain_booleans, diagnostics);
}

struct value *value_read_yaml(struct arena *arena, const char *text,
                              size_t length, struct diagnostics *diagnostics)
{
    return read_yaml(arena, text, length, false, diagnostics);
}

struct value *value_read_yaml_core(struct arena *arena, const char *text,
                                   size_t length,
                                   struct diagnostics *diagnostics)
{
    return read_yaml(arena, text, length, true, diagnostics);
}
