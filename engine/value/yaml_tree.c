/*
 * Aliases are copied, not shared: what comes out is a tree that its owner may
 * change. The copies share the bytes of strings. Their nodes and bytes are
 * counted, so that a small document cannot unfold into a large tree.
 */
#include "engine/value/yaml_tree.h"

#include "engine/value/limits.h"

int yaml_tree_stop(struct yaml_tree *tree, struct mark mark, const char *what,
                   size_t limit)
{
    diagnostics_add(tree->diagnostics, SEVERITY_ERROR, "E102", mark, NULL,
                    "%s: at most %zu are read", what, limit);
    return -1;
}

int yaml_tree_count(struct yaml_tree *tree, struct mark mark)
{
    if (++tree->nodes > VALUE_NODES_LIMIT)
        return yaml_tree_stop(tree, mark, "too many values in one file",
                              VALUE_NODES_LIMIT);
    return 0;
}

static int copy_members(struct yaml_tree *tree, const struct value *map,
                        struct value *copy, struct mark alias)
{
    for (size_t i = 0; i < map->map.count; i++) {
        const struct member *member = &map->map.members[i];
        struct value *item = yaml_tree_copy(tree, member->value, alias);
        if (!item)
            return -1;
        tree->alias_bytes += member->length;
        value_set_bytes(tree->arena, copy, member->name, member->length, item)
            ->mark = member->mark;
    }
    return 0;
}

static int copy_content(struct yaml_tree *tree, const struct value *value,
                        struct value *copy, struct mark alias)
{
    if (value->kind == VALUE_MAP)
        return copy_members(tree, value, copy, alias);
    for (size_t i = 0; i < value->list.count; i++) {
        struct value *item = yaml_tree_copy(tree, value->list.items[i], alias);
        if (!item)
            return -1;
        value_append(tree->arena, copy, item);
    }
    return 0;
}

struct value *yaml_tree_copy(struct yaml_tree *tree, const struct value *value,
                             struct mark alias)
{
    bool nested = value->kind == VALUE_LIST || value->kind == VALUE_MAP;
    const char *wrong = NULL;
    size_t limit = 0;
    if (value->kind == VALUE_STRING)
        tree->alias_bytes += value->string.length;
    if (++tree->alias_nodes > VALUE_ALIAS_LIMIT) {
        wrong = "too many values made by aliases";
        limit = VALUE_ALIAS_LIMIT;
    } else if (tree->alias_bytes > VALUE_BYTES_LIMIT) {
        wrong = "too many bytes made by aliases";
        limit = VALUE_BYTES_LIMIT;
    } else if (nested && tree->depth >= VALUE_DEPTH_LIMIT) {
        wrong = "too many levels of lists and maps";
        limit = VALUE_DEPTH_LIMIT;
    }
    if (wrong) {
        yaml_tree_stop(tree, alias, wrong, limit);
        return NULL;
    }
    if (yaml_tree_count(tree, alias))
        return NULL;
    struct value *copy = value_make_null(tree->arena);
    if (!nested) {
        *copy = *value;
        return copy;
    }
    copy->kind = value->kind;
    copy->mark = value->mark;
    tree->depth++;
    int result = copy_content(tree, value, copy, alias);
    tree->depth--;
    return result == 0 ? copy : NULL;
}

/* Adds the members of a merged map that are not there yet. */
static void merge_map(struct yaml_tree *tree, struct value *map,
                      const struct value *merged)
{
    if (merged->kind != VALUE_MAP) {
        diagnostics_add(tree->diagnostics, SEVERITY_ERROR, "E100", merged->mark,
                        "name a map, or a list of maps: <<: [*a, *b]",
                        "'<<' cannot take in a %s",
                        value_kind_name(merged->kind));
        return;
    }
    for (size_t i = 0; i < merged->map.count; i++) {
        const struct member *member = &merged->map.members[i];
        if (!value_get_bytes(map, member->name, member->length))
            value_set_bytes(tree->arena, map, member->name, member->length,
                            member->value)
                ->mark = member->mark;
    }
}

void yaml_tree_merge(struct yaml_tree *tree, struct value *map,
                     const struct value *merged)
{
    if (merged->kind != VALUE_LIST) {
        merge_map(tree, map, merged);
        return;
    }
    for (size_t i = 0; i < merged->list.count; i++)
        merge_map(tree, map, merged->list.items[i]);
}
