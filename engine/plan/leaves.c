/*
 * The tree of steps, once it stands, -> run.json's (docs/entrypoint.md): the
 * leaves in the order of execution, each with its container, its texts and its
 * environment.
 */
#include <string.h>

#include "engine/plan/limits.h"
#include "engine/plan/private.h"

static void set_flag(struct arena *arena, struct value *made, const char *name,
                     bool flag)
{
    if (flag)
        value_set(arena, made, name, value_make_bool(arena, true));
}

/* What leaves and groups have in common. */
static struct value *make_node(struct arena *arena,
                               const struct planned_step *step)
{
    struct value *node = value_make_map(arena);
    value_set_string(arena, node, "ref", step->ref);
    value_set_string(arena, node, "id", step->id);
    value_set_string(arena, node, "name", step->name);
    value_set_string(arena, node, "condition", step->condition);
    set_flag(arena, node, "negative", step->negative);
    set_flag(arena, node, "optional", step->optional);
    set_flag(arena, node, "paused", step->paused);
    value_set_string(arena, node, "timeout", step->timeout);
    value_set_string(arena, node, "delay", step->delay);
    return node;
}

static void set_retry(struct planning *planning, struct value *made,
                      const struct value *step)
{
    const struct value *retry = value_get(step, "retry");
    if (!value_is(retry, VALUE_MAP))
        return;
    struct value *copy = value_make_map(planning->arena);
    value_set(planning->arena, copy, "count",
              value_make_int(planning->arena,
                             value_int_or(value_get(retry, "count"), 0)));
    value_set_string(planning->arena, copy, "until",
                     value_string_at(retry, "until"));
    value_set(planning->arena, made, "retry", copy);
}

/* --- what a leaf does ------------------------------------------------------- */

static struct value *make_command(struct planning *planning,
                                  const struct container_settings *settings)
{
    struct value *list = value_make_list(planning->arena);
    const struct value *parts[] = {settings->command, settings->args};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (size_t j = 0; j < value_count(parts[i]); j++)
            value_append(planning->arena, list,
                         names_text(planning, parts[i]->list.items[j]));
    return list;
}

static void set_directory(struct planning *planning, struct value *map,
                          const char *directory)
{
    struct arena *arena = planning->arena;
    if (directory && directory[0] != '\0')
        value_set(arena, map, "workingDir",
                  names_text(planning, value_make_string(arena, directory)));
}

/* The folder of the artifacts: their own, below the step's when it is relative. */
static const char *artifacts_folder(struct arena *arena,
                                    const struct planned_step *leaf,
                                    const struct value *artifacts)
{
    struct value *own = value_make_map(arena);
    value_set_string(arena, own, "workingDir",
                     value_string_at(artifacts, "workingDir"));
    return container_merge(arena, &leaf->settings, own).working_directory;
}

static void set_artifacts(struct planning *planning, struct value *made,
                          const struct planned_step *leaf)
{
    struct arena *arena = planning->arena;
    const struct value *artifacts = value_get(leaf->source, "artifacts");
    const struct value *paths = value_get(artifacts, "paths");
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < value_count(paths); i++)
        value_append(arena, list, names_text(planning, paths->list.items[i]));
    struct value *kept = value_make_map(arena);
    value_set(arena, kept, "paths", list);
    set_directory(planning, kept, artifacts_folder(arena, leaf, artifacts));
    const struct value *archive = value_path(artifacts, "compress.name");
    if (value_is(archive, VALUE_STRING))
        value_set_string(arena, kept, "archive",
                         names_static_text(planning, archive));
    value_set(arena, made, "artifacts", kept);
}

/* A step that only waits: in whichever container has the turn. */
static void plan_idle(struct planning *planning, struct value *made)
{
    const struct planned_container *last = container_last(planning);
    size_t number = last ? last->index : planning->container_count;
    planning->waiting = !last;
    value_set(planning->arena, made, "container",
              value_make_int(planning->arena, (int64_t)number));
    value_set(planning->arena, made, "idle",
              value_make_bool(planning->arena, true));
}

static void set_process(struct planning *planning, struct value *made,
                        const struct planned_step *leaf,
                        struct planned_container *container)
{
    struct arena *arena = planning->arena;
    const struct value *source = leaf->source;
    if (leaf->part == PART_RUN)
        source = value_get(source, "run");
    const struct value *shell = value_get(source, "shell");
    if (bare_is(leaf)) {
        container->bare = true;
        /* No entrypoint comes to it; those before it only pass it by. */
        value_set(arena, made, "idle", value_make_bool(arena, true));
    } else if (value_is(shell, VALUE_STRING))
        value_set(arena, made, "shell", names_text(planning, shell));
    else
        value_set(arena, made, "command",
                  make_command(planning, &leaf->settings));
}

static struct planned_container *place(struct planning *planning,
                                       const struct planned_step *leaf)
{
    if (leaf->part == PART_ARTIFACTS)
        return container_place_anywhere(planning, &leaf->settings);
    if (bare_is(leaf))
        return container_add(planning, &leaf->settings);
    return container_place(planning, &leaf->settings);
}

static void plan_leaf(struct planning *planning, struct value *made,
                      const struct planned_step *leaf)
{
    struct arena *arena = planning->arena;
    struct planned_container *container = place(planning, leaf);
    if (!container)
        return;
    value_set(arena, made, "container",
              value_make_int(arena, (int64_t)container->index));
    set_retry(planning, made, leaf->source);
    struct value *environment =
        environment_make(planning, container, &leaf->settings);
    if (leaf->part == PART_ARTIFACTS)
        set_artifacts(planning, made, leaf);
    else if (leaf->part == PART_GIT || leaf->part == PART_TARBALL)
        value_set(arena, made, "shell",
                  fetch_script(planning, leaf, container, environment));
    else {
        set_process(planning, made, leaf, container);
        set_directory(planning, made, leaf->settings.working_directory);
    }
    if (value_count(environment) > 0)
        value_set(arena, made, "env", environment);
}

/* --- the tree ---------------------------------------------------------------- */

/* What only waits needs a container all the same. */
static void begin_stage(struct planning *planning, size_t stage)
{
    static const struct value image = {
        .kind = VALUE_STRING,
        .string = {PLAN_DEFAULT_IMAGE, sizeof PLAN_DEFAULT_IMAGE - 1},
    };
    static const struct container_settings settings = {.image = &image};
    if (stage != planning->stage && planning->waiting)
        container_add(planning, &settings);
    planning->stage = stage;
}

static void plan_list(struct planning *planning, struct value *made,
                      const struct planned_list *list)
{
    struct arena *arena = planning->arena;
    for (size_t i = 0; i < list->count; i++) {
        const struct planned_step *step = list->items[i];
        if (list == &planning->tree)
            begin_stage(planning, planning->staged ? step->stage : 0);
        struct value *node = make_node(arena, step);
        if (step->part == PART_GROUP) {
            struct value *children = value_make_list(arena);
            plan_list(planning, children, step->children);
            value_set(arena, node, "steps", children);
        } else {
            planning->leaf_count++;
            if (step->part == PART_IDLE)
                plan_idle(planning, node);
            else
                plan_leaf(planning, node, step);
        }
        set_flag(arena, node, "after", step->after);
        planning->paused = planning->paused || step->paused;
        value_append(arena, made, node);
    }
}

void leaves_plan(struct planning *planning)
{
    bare_find(planning);
    plan_list(planning, planning->steps, &planning->tree);
    begin_stage(planning, SIZE_MAX);
    bare_check(planning);
}
