/*
 * Two pieces of a workflow in, one out: what a template gives lies below, what the
 * workflow itself says lies above and wins. The general rule: maps are merged,
 * lists are joined (below first), everything else is replaced. A table has the
 * fields that are different, as Testkube has them (docs/templates.md).
 */
#include <string.h>

#include "engine/workflow/private.h"

enum rule {
    RULE_DEEP,      /* the general one */
    RULE_REPLACE,   /* as a whole */
    RULE_NAMES,     /* a map whose values are replaced as a whole */
    RULE_UNION,     /* a list without repetition */
    RULE_OWN,       /* that of the template does not count */
    RULE_LAST,      /* a list, that of the template at its end */
    RULE_CONTAINER, /* an image brings its command with it */
};

/* By the map that holds the field, "" being a spec, a step or a service. */
static const struct {
    const char *parent, *name;
    enum rule rule;
} rules[] = {
    {"", "use", RULE_OWN},
    {"", "config", RULE_OWN},
    {"", "notifications", RULE_OWN},
    {"", "description", RULE_OWN},
    {"", "concurrency", RULE_REPLACE},
    {"", "services", RULE_NAMES},
    {"", "pvcs", RULE_NAMES},
    {"", "after", RULE_LAST},
    {"", "container", RULE_CONTAINER},
    {"content", "git", RULE_REPLACE},
    {"execution", "target", RULE_OWN},
    {"pod", "resourceClaims", RULE_LAST},
    {"capabilities", "add", RULE_UNION},
    {"capabilities", "drop", RULE_UNION},
};

static enum rule rule_of(const char *parent, const char *name)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].parent, parent) == 0 &&
            strcmp(rules[i].name, name) == 0)
            return rules[i].rule;
    return RULE_DEEP;
}

/* Two values of the field `name`, either of which may be NULL. */
static struct value *merge(struct arena *arena, const char *name,
                           struct value *below, struct value *above,
                           enum rule rule);

static struct value *join(struct arena *arena, const struct value *first,
                          const struct value *second, bool once)
{
    struct value *list = value_make_list(arena);
    const struct value *both[] = {first, second};
    list->mark = second->mark;
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < value_count(both[k]); i++) {
            bool known = false;
            for (size_t j = 0; once && j < value_count(list); j++)
                known = known || value_equal(list->list.items[j],
                                             both[k]->list.items[i]);
            if (!known)
                value_append(arena, list, both[k]->list.items[i]);
        }
    return list;
}

static void add(struct arena *arena, struct value *map,
                const struct member *member, struct value *value)
{
    value_set_bytes(arena, map, member->name, member->length, value)->mark =
        member->mark;
}

/* The maps of the field `name`, each member by its own rule. */
static struct value *merge_maps(struct arena *arena, const char *name,
                                const struct value *below,
                                const struct value *above)
{
    struct value *map = value_make_map(arena);
    map->mark = above->mark;
    for (size_t i = 0; i < value_count(above); i++) {
        const struct member *member = &above->map.members[i];
        struct value *given =
            value_get_bytes(below, member->name, member->length);
        add(arena, map, member,
            merge(arena, member->name, given, member->value,
                  rule_of(name, member->name)));
    }
    for (size_t i = 0; i < value_count(below); i++) {
        const struct member *member = &below->map.members[i];
        if (!value_get_bytes(above, member->name, member->length) &&
            rule_of(name, member->name) != RULE_OWN)
            add(arena, map, member, member->value);
    }
    return map;
}

/* The members of both, those above in the place of those below. */
static struct value *merge_names(struct arena *arena, const struct value *below,
                                 const struct value *above)
{
    struct value *map = value_make_map(arena);
    const struct value *both[] = {below, above};
    map->mark = above->mark;
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < value_count(both[k]); i++) {
            const struct member *member = &both[k]->map.members[i];
            add(arena, map, member, member->value);
        }
    return map;
}

/*
 * An image brings its own command and arguments, and a command its own arguments:
 * those of the template, which were meant for another, do not count.
 */
static struct value *merge_containers(struct arena *arena, const char *name,
                                      const struct value *below,
                                      const struct value *above)
{
    bool image = value_get(above, "image") != NULL;
    bool command = image || value_get(above, "command") != NULL;
    bool arguments = command || value_get(above, "args") != NULL;
    struct value *kept = value_make_map(arena);
    for (size_t i = 0; i < value_count(below); i++) {
        const struct member *member = &below->map.members[i];
        if ((command && strcmp(member->name, "command") == 0) ||
            (arguments && strcmp(member->name, "args") == 0))
            continue;
        add(arena, kept, member, member->value);
    }
    return merge_maps(arena, name, kept, above);
}

static struct value *merge(struct arena *arena, const char *name,
                           struct value *below, struct value *above,
                           enum rule rule)
{
    if (!below || (above && value_is(below, VALUE_NULL)))
        return above;
    if (!above || value_is(above, VALUE_NULL))
        return below;
    bool maps = value_is(below, VALUE_MAP) && value_is(above, VALUE_MAP);
    bool lists = value_is(below, VALUE_LIST) && value_is(above, VALUE_LIST);
    switch (rule) {
    case RULE_REPLACE:
    case RULE_OWN:
        return above;
    case RULE_NAMES:
        return maps ? merge_names(arena, below, above) : above;
    case RULE_UNION:
        return lists ? join(arena, below, above, true) : above;
    case RULE_LAST:
        return lists ? join(arena, above, below, false) : above;
    case RULE_CONTAINER:
        return maps ? merge_containers(arena, name, below, above) : above;
    case RULE_DEEP:
        if (maps)
            return merge_maps(arena, name, below, above);
        return lists ? join(arena, below, above, false) : above;
    }
    return above;
}

/* A map of the members of `map` that stand in `names`. */
static struct value *select_fields(struct arena *arena, const struct value *map,
                                   const char *const *names, size_t count)
{
    struct value *selected = value_make_map(arena);
    for (size_t i = 0; i < count; i++) {
        struct value *value = value_get(map, names[i]);
        if (value)
            value_set(arena, selected, names[i], value);
    }
    return selected;
}

struct value *merge_spec(struct arena *arena, const struct value *below,
                         const struct value *above)
{
    return merge_maps(arena, "", below, above);
}

struct value *merge_step(struct arena *arena, const struct value *below,
                         const struct value *above)
{
    static const char *const fields[] = {"content", "services", "container",
                                         "setup"};
    struct value *step = merge_maps(
        arena, "",
        select_fields(arena, below, fields, sizeof fields / sizeof *fields),
        above);
    struct value *steps = value_make_list(arena);
    const struct value *parts[] = {value_get(below, "steps"),
                                   value_get(above, "steps"),
                                   value_get(below, "after")};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        for (size_t i = 0; i < value_count(parts[k]); i++)
            value_append(arena, steps, value_item(parts[k], i));
    steps->mark = above->mark;
    if (value_count(steps) > 0)
        value_set(arena, step, "steps", steps);
    return step;
}

struct value *merge_service(struct arena *arena, const struct value *below,
                            const struct value *above)
{
    static const char *const fields[] = {"pod", "content", "pvcs"};
    struct value *given =
        select_fields(arena, below, fields, sizeof fields / sizeof *fields);
    const struct value *container = value_get(below, "container");
    for (size_t i = 0; i < value_count(container); i++) {
        const struct member *member = &container->map.members[i];
        add(arena, given, member, member->value);
    }
    return merge_containers(arena, "", given, above);
}
