/*
 * Which steps share a container: consecutive ones that differ in nothing but what
 * the entrypoint sets for each step (env, working directory, command). A step that
 * says `pure: false` has a container of its own, unless its neighbour says
 * `pure: true`; with a pure one, mounts may differ as long as no path is mounted
 * twice.
 */
#include <assert.h>
#include <string.h>

#include "engine/plan/limits.h"
#include "engine/plan/private.h"

static bool same(const struct value *a, const struct value *b)
{
    if (a == b)
        return true;
    if (!a || !b)
        return value_count(a) == 0 && value_count(b) == 0 && !a == !b;
    return value_equal(a, b);
}

/* The mount of `mounts` at the same path; NULL: none. */
static const struct value *find_mount(const struct value *mounts,
                                      const struct value *mount)
{
    const char *path = value_string_at(mount, "mountPath");
    for (size_t i = 0; path && i < value_count(mounts); i++) {
        const char *other = value_string_at(mounts->list.items[i], "mountPath");
        if (other && strcmp(other, path) == 0)
            return mounts->list.items[i];
    }
    return NULL;
}

/* Whether all of `some` could be in `mounts` too; `all`: whether they are. */
static bool agree(const struct value *mounts, const struct value *some,
                  bool all)
{
    if (mounts == some)
        return true;
    for (size_t i = 0; i < value_count(some); i++) {
        const struct value *mount = some->list.items[i];
        const struct value *found = find_mount(mounts, mount);
        if (found ? !value_equal(found, mount) : all)
            return false;
    }
    return true;
}

static bool may_share(const struct container_settings *a,
                      const struct container_settings *b)
{
    bool pure = a->purity == PURITY_PURE || b->purity == PURITY_PURE;
    bool alone = a->purity == PURITY_ALONE || b->purity == PURITY_ALONE;
    return (pure || !alone) && same(a->image, b->image) &&
           same(a->pull_policy, b->pull_policy) &&
           same(a->resources, b->resources) &&
           same(a->security_context, b->security_context) &&
           same(a->environment_from, b->environment_from) &&
           (pure ? agree(a->mounts, b->mounts, false)
                 : same(a->mounts, b->mounts));
}

/* The mounts of a leaf with absolute paths: relative ones are below its working
 * folder or /data. */
static struct value *absolute_mounts(struct planning *planning,
                                     const struct container_settings *settings)
{
    struct arena *arena = planning->arena;
    struct value *made = settings->mounts;
    const char *base = settings->working_directory;
    if (!base || base[0] != '/')
        base = "/data";
    for (size_t i = 0; i < value_count(settings->mounts); i++) {
        struct value *mount = settings->mounts->list.items[i];
        const char *path = value_string_at(mount, "mountPath");
        if (!path || path[0] == '/' || path[0] == '{')
            continue;
        if (made == settings->mounts) {
            made = value_make_list(arena);
            for (size_t j = 0; j < value_count(settings->mounts); j++)
                value_append(arena, made, settings->mounts->list.items[j]);
        }
        made->list.items[i] = value_copy(arena, mount);
        struct value *whole =
            value_make_string(arena, arena_format(arena, "%s/%s", base, path));
        whole->mark = value_get(mount, "mountPath")->mark;
        value_set(arena, made->list.items[i], "mountPath", whole);
    }
    return made;
}

/* The last container takes one more step. */
static void join(struct planning *planning, struct planned_container *last,
                 const struct container_settings *settings)
{
    struct container_settings *own = &last->settings;
    last->steps++;
    if (settings->purity != PURITY_PURE)
        own->purity = settings->purity;
    if (agree(own->mounts, settings->mounts, true))
        return;
    struct value *mounts = value_make_list(planning->arena);
    for (size_t i = 0; i < value_count(own->mounts); i++)
        value_append(planning->arena, mounts, own->mounts->list.items[i]);
    for (size_t i = 0; i < value_count(settings->mounts); i++)
        if (!find_mount(own->mounts, settings->mounts->list.items[i]))
            value_append(planning->arena, mounts,
                         settings->mounts->list.items[i]);
    own->mounts = mounts;
}

struct planned_container *container_last(struct planning *planning)
{
    size_t count = planning->container_count;
    struct planned_container *last =
        count ? &planning->containers[count - 1] : NULL;
    return last && last->stage == planning->stage ? last : NULL;
}

static struct planned_container *last_container(struct planning *planning)
{
    return planning->isolated ? NULL : container_last(planning);
}

struct planned_container *
container_add(struct planning *planning,
              const struct container_settings *settings)
{
    size_t count = planning->container_count;
    if (count >= PLAN_CONTAINERS_LIMIT) {
        diagnostics_add(
            planning->diagnostics, SEVERITY_ERROR, "E311", (struct mark){0},
            "steps that follow one another with the same image, "
            "resources and mounts share a container",
            "more than %d containers in one pod", PLAN_CONTAINERS_LIMIT);
        return NULL;
    }
    assert(planning->containers);
    struct planned_container *made = &planning->containers[count];
    *made = (struct planned_container){
        .settings = *settings,
        .index = count,
        .stage = planning->stage,
        .steps = 1,
        .variables = value_make_list(planning->arena),
        .known = value_make_map(planning->arena),
    };
    planning->container_count++;
    planning->waiting = false;
    return made;
}

struct planned_container *
container_place(struct planning *planning,
                const struct container_settings *settings)
{
    struct planned_container *last = last_container(planning);
    struct container_settings own = *settings;
    own.mounts = absolute_mounts(planning, settings);
    if (!last || last->bare || !may_share(&last->settings, &own))
        return container_add(planning, &own);
    join(planning, last, &own);
    return last;
}

struct planned_container *
container_place_anywhere(struct planning *planning,
                         const struct container_settings *settings)
{
    struct planned_container *last = last_container(planning);
    struct container_settings own = *settings;
    own.mounts = absolute_mounts(planning, settings);
    if (!last || last->bare || !agree(last->settings.mounts, own.mounts, true))
        return container_add(planning, &own);
    last->steps++;
    return last;
}
