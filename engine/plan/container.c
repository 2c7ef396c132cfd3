/*
 * Container settings, from the workflow down to the step: what each level says of
 * image, environment, rights and mounts, put together field by field.
 */
#include <string.h>

#include "engine/plan/private.h"

/* `above` and `below` concatenated; a list of `arena`, or NULL for both empty. */
static struct value *concatenate(struct arena *arena, struct value *above,
                                 const struct value *below)
{
    if (value_count(below) == 0)
        return above;
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < value_count(above); i++)
        value_append(arena, list, above->list.items[i]);
    for (size_t i = 0; i < value_count(below); i++)
        value_append(arena, list, below->list.items[i]);
    return list;
}

struct value *container_merge_environment(struct arena *arena,
                                          struct value *above,
                                          const struct value *below)
{
    if (value_count(below) == 0)
        return above;
    struct value *all = concatenate(arena, above, below);
    struct value *last = value_make_map(arena); /* name -> its last entry */
    for (size_t i = 0; i < value_count(all); i++) {
        const char *name = value_string_at(all->list.items[i], "name");
        if (name)
            value_set(arena, last, name, all->list.items[i]);
    }
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < value_count(all); i++) {
        struct value *entry = all->list.items[i];
        const char *name = value_string_at(entry, "name");
        if (!name || value_get(last, name) == entry)
            value_append(arena, list, entry);
    }
    return list;
}

/* The members of `below` replace those of `above`, one level deep. */
static const struct value *overlay(struct arena *arena,
                                   const struct value *above,
                                   const struct value *below)
{
    if (!above || !below)
        return below ? below : above;
    struct value *map = value_make_map(arena);
    for (size_t i = 0; i < value_count(above); i++)
        value_set(arena, map, above->map.members[i].name,
                  above->map.members[i].value);
    for (size_t i = 0; i < value_count(below); i++)
        value_set(arena, map, below->map.members[i].name,
                  below->map.members[i].value);
    return map;
}

/* Requests are replaced as a whole, and so are limits; what names none of them
 * replaces nothing. */
static const struct value *merge_resources(struct arena *arena,
                                           const struct value *above,
                                           const struct value *below)
{
    struct value *filled = value_make_map(arena);
    for (size_t i = 0; i < value_count(below); i++)
        if (value_count(below->map.members[i].value) > 0)
            value_set(arena, filled, below->map.members[i].name,
                      below->map.members[i].value);
    return value_count(filled) > 0 ? overlay(arena, above, filled) : above;
}

/* The items of both lists, each once. */
static struct value *unite(struct arena *arena, const struct value *above,
                           const struct value *below)
{
    struct value *list = value_make_list(arena);
    const struct value *parts[] = {above, below};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (size_t j = 0; j < value_count(parts[i]); j++) {
            struct value *item = value_item(parts[i], j);
            bool known = false;
            for (size_t k = 0; k < value_count(list) && !known; k++)
                known = value_equal(list->list.items[k], item);
            if (!known)
                value_append(arena, list, item);
        }
    return list;
}

/* Field by field, but capabilities: added and dropped ones are put together. */
static const struct value *merge_security(struct arena *arena,
                                          const struct value *above,
                                          const struct value *below)
{
    static const char *const lists[] = {"add", "drop"};
    const struct value *both = overlay(arena, above, below);
    const struct value *higher = value_get(above, "capabilities");
    const struct value *lower = value_get(below, "capabilities");
    if (!higher || !lower)
        return both;
    struct value *capabilities = value_make_map(arena);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct value *list = unite(arena, value_get(higher, lists[i]),
                                   value_get(lower, lists[i]));
        if (value_count(list) > 0)
            value_set(arena, capabilities, lists[i], list);
    }
    struct value *made = value_make_map(arena);
    for (size_t i = 0; i < value_count(both); i++)
        value_set(arena, made, both->map.members[i].name,
                  both->map.members[i].value);
    value_set(arena, made, "capabilities", capabilities);
    return made;
}

/* A relative directory is below its parent's; "" is the image's own. */
static const char *merge_directory(struct arena *arena, const char *above,
                                   const char *below)
{
    if (!below)
        return above;
    if (!above || above[0] == '\0' || below[0] == '/')
        return below;
    return below[0] == '\0' ? above
                            : arena_format(arena, "%s/%s", above, below);
}

static const struct value *string_or(const struct value *map, const char *name,
                                     const struct value *fallback)
{
    const struct value *value = value_get(map, name);
    return value_is(value, VALUE_STRING) && value->string.length > 0 ? value
                                                                     : fallback;
}

struct container_settings
container_merge(struct arena *arena, const struct container_settings *above,
                const struct value *container)
{
    struct container_settings made = *above;
    if (!value_is(container, VALUE_MAP))
        return made;
    made.image = string_or(container, "image", above->image);
    made.pull_policy =
        string_or(container, "imagePullPolicy", above->pull_policy);
    const struct value *command = value_get(container, "command");
    const struct value *args = value_get(container, "args");
    if (value_is(command, VALUE_LIST)) {
        made.command = command;
        made.args = NULL;
    }
    if (value_is(args, VALUE_LIST))
        made.args = args;
    made.working_directory =
        merge_directory(arena, above->working_directory,
                        value_string_at(container, "workingDir"));
    made.resources = merge_resources(arena, above->resources,
                                     value_get(container, "resources"));
    made.security_context =
        merge_security(arena, above->security_context,
                       value_get(container, "securityContext"));
    made.environment = container_merge_environment(arena, above->environment,
                                                   value_get(container, "env"));
    made.environment_from = concatenate(arena, above->environment_from,
                                        value_get(container, "envFrom"));
    made.mounts =
        concatenate(arena, above->mounts, value_get(container, "volumeMounts"));
    return made;
}
