/* Trees in, trees out; a tree that was given is never changed by the merges. */
#include "tests/kube/tree.h"

#include <stdlib.h>
#include <string.h>

void tree_drop(struct arena *arena, struct value *map, const char *name)
{
    if (!value_get(map, name))
        return;
    struct value *rest = value_make_map(arena);
    for (size_t i = 0; i < map->map.count; i++) {
        const struct member *member = &map->map.members[i];
        if (strcmp(member->name, name) != 0)
            value_set_bytes(arena, rest, member->name, member->length,
                            member->value);
    }
    *map = *rest;
}

struct value *tree_map(struct arena *arena, struct value *map, const char *name)
{
    struct value *found = value_get(map, name);
    if (!value_is(found, VALUE_MAP)) {
        found = value_make_map(arena);
        value_set(arena, map, name, found);
    }
    return found;
}

void tree_default(struct arena *arena, struct value *map, const char *name,
                  struct value *item)
{
    const struct value *known = value_get(map, name);
    if (!known || value_is(known, VALUE_NULL))
        value_set(arena, map, name, item);
}

void tree_default_string(struct arena *arena, struct value *map,
                         const char *name, const char *text)
{
    tree_default(arena, map, name, value_make_string(arena, text));
}

bool tree_holds(const struct value *list, const char *text)
{
    for (size_t i = 0; i < value_count(list); i++) {
        const char *item = value_string(value_item(list, i));
        if (item && strcmp(item, text) == 0)
            return true;
    }
    return false;
}

struct value *tree_without(struct arena *arena, const struct value *list,
                           const char *text)
{
    struct value *rest = value_make_list(arena);
    for (size_t i = 0; i < value_count(list); i++) {
        struct value *item = value_item(list, i);
        const char *string = value_string(item);
        if (!string || strcmp(string, text) != 0)
            value_append(arena, rest, item);
    }
    return rest;
}

struct value *tree_entry(const struct value *list, const char *key,
                         const char *text)
{
    for (size_t i = 0; value_is(list, VALUE_LIST) && i < value_count(list);
         i++) {
        const char *found = value_string_at(value_item(list, i), key);
        if (found && strcmp(found, text) == 0)
            return value_item(list, i);
    }
    return NULL;
}

/* The lists that are merged by a member of their entries. */
static const struct {
    const char *list, *key;
} keyed_lists[] = {
    {"containers", "name"},
    {"initContainers", "name"},
    {"env", "name"},
    {"volumes", "name"},
    {"volumeMounts", "mountPath"},
    {"conditions", "type"},
    {"ownerReferences", "uid"},
};

static const char *find_key(const char *list)
{
    for (size_t i = 0; i < sizeof keyed_lists / sizeof *keyed_lists; i++)
        if (strcmp(keyed_lists[i].list, list) == 0)
            return keyed_lists[i].key;
    return NULL;
}

static struct value *merge(struct arena *arena, const struct value *target,
                           const struct value *patch, bool strategic);

static bool is_directive(const struct value *patch, const char *what)
{
    const char *directive = value_string_at(patch, "$patch");
    return directive && strcmp(directive, what) == 0;
}

/* Entries of both, those of the patch merged into the target's of their key. */
static struct value *merge_list(struct arena *arena, const struct value *target,
                                const struct value *patch, const char *key)
{
    struct value *made = value_make_list(arena);
    for (size_t i = 0; i < value_count(target); i++) {
        struct value *entry = value_item(target, i);
        const char *name = value_string_at(entry, key);
        const struct value *change = name ? tree_entry(patch, key, name) : NULL;
        if (!change)
            value_append(arena, made, entry);
        else if (!is_directive(change, "delete"))
            value_append(arena, made, merge(arena, entry, change, true));
    }
    for (size_t i = 0; i < value_count(patch); i++) {
        const struct value *entry = value_item(patch, i);
        const char *name = value_string_at(entry, key);
        if (!(name && tree_entry(target, key, name)) &&
            !value_get(entry, "$patch"))
            value_append(arena, made, value_copy(arena, entry));
    }
    return made;
}

static struct value *merge_member(struct arena *arena,
                                  const struct value *target,
                                  const struct member *member, bool strategic)
{
    const char *key = strategic ? find_key(member->name) : NULL;
    if (key && value_is(target, VALUE_LIST) &&
        value_is(member->value, VALUE_LIST))
        return merge_list(arena, target, member->value, key);
    return merge(arena, target, member->value, strategic);
}

static struct value *merge(struct arena *arena, const struct value *target,
                           const struct value *patch, bool strategic)
{
    if (!value_is(patch, VALUE_MAP))
        return value_copy(arena, patch);
    struct value *made = value_make_map(arena);
    bool fresh = !value_is(target, VALUE_MAP) ||
                 (strategic && is_directive(patch, "replace"));
    for (size_t i = 0; !fresh && i < target->map.count; i++) {
        const struct member *member = &target->map.members[i];
        const struct value *change =
            value_get_bytes(patch, member->name, member->length);
        if (!change || !value_is(change, VALUE_NULL))
            value_set_bytes(arena, made, member->name, member->length,
                            member->value);
    }
    for (size_t i = 0; i < patch->map.count; i++) {
        const struct member *member = &patch->map.members[i];
        const struct value *before =
            value_get_bytes(made, member->name, member->length);
        if (value_is(member->value, VALUE_NULL) ||
            (strategic && member->name[0] == '$'))
            continue;
        value_set_bytes(arena, made, member->name, member->length,
                        merge_member(arena, before, member, strategic));
    }
    return made;
}

struct value *tree_merge(struct arena *arena, const struct value *target,
                         const struct value *patch)
{
    return merge(arena, target, patch, false);
}

struct value *tree_merge_strategic(struct arena *arena,
                                   const struct value *target,
                                   const struct value *patch)
{
    return merge(arena, target, patch, true);
}

/* The part of a JSON pointer that begins at `*at` behind its slash; ~1 is /, ~0
 * is ~. Moves to the next one. */
static char *take_part(struct arena *arena, const char **at)
{
    size_t length = strcspn(*at, "/");
    char *part = arena_allocate(arena, length + 1);
    size_t made = 0;
    for (size_t i = 0; i < length; i++) {
        char c = (*at)[i];
        if (c == '~' && i + 1 < length)
            c = (*at)[++i] == '1' ? '/' : '~';
        part[made++] = c;
    }
    *at += length + ((*at)[length] == '/');
    return part;
}

/* The index that a part is in a list; the list's length for "-" and for what is
 * no index of it. */
static size_t read_index(const struct value *list, const char *part)
{
    char *end = NULL;
    unsigned long index = strtoul(part, &end, 10);
    return *part < '0' || *part > '9' || *end || index > value_count(list)
               ? value_count(list)
               : index;
}

static struct value *edit_list(struct arena *arena, const struct value *list,
                               const char *part, const char *kind,
                               struct value *item)
{
    struct value *made = value_make_list(arena);
    size_t index = read_index(list, part);
    for (size_t i = 0; i <= value_count(list); i++) {
        if (i == index && item)
            value_append(arena, made, item);
        if (i < value_count(list) && (i != index || strcmp(kind, "add") == 0))
            value_append(arena, made, value_item(list, i));
    }
    return made;
}

/* Carries out one operation on a tree of our own. */
static int edit(struct arena *arena, struct value *tree, const char *kind,
                const char *path, struct value *item)
{
    if (*path++ != '/')
        return -1;
    for (;;) {
        char *part = take_part(arena, &path);
        bool list = value_is(tree, VALUE_LIST);
        struct value *next = list ? value_item(tree, read_index(tree, part))
                                  : value_get(tree, part);
        if (*path != '\0') {
            if (!next)
                return -1;
            tree = next;
            continue;
        }
        if (strcmp(kind, "test") == 0)
            return next && item && value_equal(next, item) ? 0 : -1;
        if (!next && strcmp(kind, "add") != 0)
            return -1;
        if (list)
            *tree = *edit_list(arena, tree, part, kind, item);
        else if (!value_is(tree, VALUE_MAP))
            return -1;
        else if (item)
            value_set(arena, tree, part, item);
        else
            tree_drop(arena, tree, part);
        return 0;
    }
}

struct value *tree_edit(struct arena *arena, const struct value *target,
                        const struct value *operations, struct error *error)
{
    struct value *tree = value_copy(arena, target);
    for (size_t i = 0; i < value_count(operations); i++) {
        const struct value *operation = value_item(operations, i);
        const char *kind = value_string_at(operation, "op");
        const char *path = value_string_at(operation, "path");
        struct value *item = value_get(operation, "value");
        bool removes = kind && strcmp(kind, "remove") == 0;
        if (!kind || !path || (!item && !removes) ||
            edit(arena, tree, kind, path, removes ? NULL : item) < 0) {
            error_set(error, ERROR_INPUT,
                      "the operation %zu of the patch cannot be applied", i);
            return NULL;
        }
    }
    return tree;
}
