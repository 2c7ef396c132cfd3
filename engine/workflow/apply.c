/*
 * The walk over a resolved spec that puts templates in, wherever they may stand:
 * the spec itself, steps, services, parallel. `use` lays the step over the
 * templates, the first of the list being the outermost; `template` makes a step of
 * its own out of one, before the others.
 */
#include <string.h>

#include "engine/workflow/templates.h"

static struct value *apply_step(struct resolution *resolution,
                                const struct value *step);

/* A copy of the map without its use and template. */
static struct value *without_references(struct arena *arena,
                                        const struct value *map)
{
    struct value *rest = value_make_map(arena);
    rest->mark = map->mark;
    for (size_t i = 0; i < value_count(map); i++) {
        const struct member *member = &map->map.members[i];
        if (strcmp(member->name, "use") != 0 &&
            strcmp(member->name, "template") != 0)
            value_set_bytes(arena, rest, member->name, member->length,
                            member->value)
                ->mark = member->mark;
    }
    return rest;
}

typedef struct value *merge_function(struct arena *arena,
                                     const struct value *below,
                                     const struct value *above);

/* The map laid over the templates that `uses` lists, from the last to the first. */
static struct value *apply_uses(struct resolution *resolution,
                                const struct value *uses, struct value *map,
                                merge_function *merge)
{
    for (size_t i = value_count(uses); i > 0; i--) {
        struct chain link;
        const struct value *below =
            template_instantiate(resolution, value_item(uses, i - 1), &link);
        if (below) /* else it is reported, and the others are looked at */
            map = merge(resolution->arena, below, map);
    }
    return map;
}

/* Whether a step only holds others: it stands for them. */
static bool is_plain_group(const struct value *step)
{
    for (size_t i = 0; i < value_count(step); i++) {
        const char *name = step->map.members[i].name;
        if (strcmp(name, "steps") != 0 && strcmp(name, "setup") != 0)
            return false;
    }
    return value_count(step) > 0;
}

static void append_all(struct arena *arena, struct value *list,
                       const struct value *items)
{
    for (size_t i = 0; i < value_count(items); i++)
        value_append(arena, list, value_item(items, i));
}

/* The step or, for a plain group, its steps. */
static void append_step(struct arena *arena, struct value *list,
                        struct value *step)
{
    if (!is_plain_group(step)) {
        value_append(arena, list, step);
        return;
    }
    append_all(arena, list, value_get(step, "setup"));
    append_all(arena, list, value_get(step, "steps"));
}

/* The steps of the list; groups that templates made stand for their steps. */
static struct value *apply_steps(struct resolution *resolution,
                                 const struct value *steps)
{
    struct arena *arena = resolution->arena;
    struct value *made = value_make_list(arena);
    made->mark = steps->mark;
    for (size_t i = 0; i < value_count(steps); i++) {
        const struct value *step = value_item(steps, i);
        struct value *applied = apply_step(resolution, step);
        if (value_get(step, "use") || value_get(step, "template"))
            append_step(arena, made, applied);
        else
            value_append(arena, made, applied);
    }
    return made;
}

/* The template as a step before those that `map` has. */
static void apply_isolated(struct resolution *resolution, struct value *map,
                           const struct value *reference)
{
    struct arena *arena = resolution->arena;
    struct chain link;
    const struct value *below =
        template_instantiate(resolution, reference, &link);
    if (!below)
        return;
    struct value *nothing = value_make_map(arena);
    nothing->mark = reference->mark;
    struct value *step = merge_step(arena, below, nothing);
    if (value_count(value_get(step, "steps")) == 0 &&
        value_count(value_get(step, "setup")) == 0)
        return;
    struct value *steps = value_make_list(arena);
    steps->mark = reference->mark;
    append_step(arena, steps, step);
    append_all(arena, steps, value_get(map, "steps"));
    value_set(arena, map, "steps", steps);
}

/* The fields of a spec or of a step that hold steps. */
static void apply_lists(struct resolution *resolution, struct value *map)
{
    static const char *const lists[] = {"setup", "steps", "after"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct value *steps = value_get(map, lists[i]);
        if (!value_is(steps, VALUE_LIST))
            continue;
        value_set(resolution->arena, map, lists[i],
                  apply_steps(resolution, steps));
    }
}

static void apply_services(struct resolution *resolution, struct value *map)
{
    struct arena *arena = resolution->arena;
    const struct value *services = value_get(map, "services");
    if (!value_is(services, VALUE_MAP))
        return;
    struct value *made = value_make_map(arena);
    made->mark = services->mark;
    for (size_t i = 0; i < value_count(services); i++) {
        const struct member *member = &services->map.members[i];
        struct value *service = member->value;
        if (value_is(service, VALUE_MAP))
            service =
                apply_uses(resolution, value_get(service, "use"),
                           without_references(arena, service), merge_service);
        value_set_bytes(arena, made, member->name, member->length, service)
            ->mark = member->mark;
    }
    value_set(arena, map, "services", made);
}

/* Workers have a whole spec, and may take a template as their first step. */
static void apply_parallel(struct resolution *resolution, struct value *step)
{
    const struct value *parallel = value_get(step, "parallel");
    if (!value_is(parallel, VALUE_MAP))
        return;
    struct value *made = without_references(resolution->arena, parallel);
    const struct value *reference = value_get(parallel, "template");
    apply_lists(resolution, made);
    apply_services(resolution, made);
    made = apply_uses(resolution, value_get(parallel, "use"), made, merge_spec);
    if (reference)
        apply_isolated(resolution, made, reference);
    value_set(resolution->arena, step, "parallel", made);
}

/* Depth is that of the document, and of the chain of templates. */
static struct value *apply_step(struct resolution *resolution,
                                const struct value *step)
{
    if (!value_is(step, VALUE_MAP))
        return value_copy(resolution->arena, step);
    struct value *made = without_references(resolution->arena, step);
    const struct value *reference = value_get(step, "template");
    apply_lists(resolution, made);
    apply_services(resolution, made);
    apply_parallel(resolution, made);
    made = apply_uses(resolution, value_get(step, "use"), made, merge_step);
    if (reference)
        apply_isolated(resolution, made, reference);
    return made;
}

struct value *templates_apply(struct resolution *resolution,
                              const struct value *spec)
{
    if (!value_is(spec, VALUE_MAP))
        return value_copy(resolution->arena, spec);
    struct value *made = without_references(resolution->arena, spec);
    apply_lists(resolution, made);
    apply_services(resolution, made);
    return apply_uses(resolution, value_get(spec, "use"), made, merge_spec);
}
