/*
 * Container settings, from the workflow down to the step (workflow-spec section 4),
 * and which steps share a container: consecutive ones that differ in nothing but
 * what the entrypoint sets for each step (env, working directory, command).
 */
#include <assert.h>
#include <string.h>

#include "engine/plan/limits.h"
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

/* Later entries of a name replace earlier ones, at the later place. */
static struct value *merge_environment(struct arena *arena, struct value *above,
                                       const struct value *below)
{
    struct value *all = concatenate(arena, above, below);
    if (all == above)
        return above;
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < value_count(all); i++) {
        const char *name = value_string_at(all->list.items[i], "name");
        bool last = true;
        for (size_t j = i + 1; last && j < value_count(all); j++) {
            const char *later = value_string_at(all->list.items[j], "name");
            last = !name || !later || strcmp(name, later) != 0;
        }
        if (last)
            value_append(arena, list, all->list.items[i]);
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
    made.resources =
        overlay(arena, above->resources, value_get(container, "resources"));
    made.security_context = overlay(arena, above->security_context,
                                    value_get(container, "securityContext"));
    made.environment = merge_environment(arena, above->environment,
                                         value_get(container, "env"));
    made.environment_from = concatenate(arena, above->environment_from,
                                        value_get(container, "envFrom"));
    made.mounts =
        concatenate(arena, above->mounts, value_get(container, "volumeMounts"));
    return made;
}

static bool same(const struct value *a, const struct value *b)
{
    if (!a || !b)
        return value_count(a) == 0 && value_count(b) == 0 && !a == !b;
    return value_equal(a, b);
}

static bool may_share(const struct container_settings *a,
                      const struct container_settings *b)
{
    return same(a->image, b->image) && same(a->pull_policy, b->pull_policy) &&
           same(a->resources, b->resources) &&
           same(a->security_context, b->security_context) &&
           same(a->environment_from, b->environment_from) &&
           same(a->mounts, b->mounts);
}

struct planned_container *
container_place(struct planning *planning,
                const struct container_settings *settings)
{
    size_t count = planning->container_count;
    struct planned_container *last =
        count ? &planning->containers[count - 1] : NULL;
    if (last && !planning->isolated && may_share(&last->settings, settings)) {
        last->steps++;
        return last;
    }
    if (count >= PLAN_CONTAINERS_LIMIT) {
        diagnostics_add(
            planning->diagnostics, SEVERITY_ERROR, "E311", (struct mark){0},
            "steps that follow one another with the same image, "
            "resources and mounts share a container",
            "more than %d containers in one pod", PLAN_CONTAINERS_LIMIT);
        return last;
    }
    assert(planning->containers);
    struct planned_container *made = &planning->containers[count];
    *made = (struct planned_container){
        .settings = *settings,
        .index = count,
        .steps = 1,
        .variables = value_make_list(planning->arena),
    };
    planning->container_count++;
    return made;
}
