/*
 * The resolved spec -> the tree of steps. A run is one list: setup, steps, after. A
 * step is a group of what it has, in a fixed order: delay, content, setup, run,
 * shell, steps, artifacts. A group of one thing is that thing, and a group that
 * nothing is said about is not there at all: its children take its place.
 *
 * The tree comes first, with all ids and refs; leaves.c then goes through it in the
 * order of execution, so that texts may name any step.
 */
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/plan/limits.h"
#include "engine/plan/private.h"

/* What this version cannot carry out is refused, never left out in silence. */
static const char *const unsupported_in_step[] = {
    "services",
    "execute",
    "parallel",
};
static const char *const unsupported_in_spec[] = {
    "services",
};

static void refuse_unsupported(struct planning *planning,
                               const struct value *map,
                               const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct value *value = value_get(map, names[i]);
        if (!value || value_is(value, VALUE_NULL))
            continue;
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E303",
                        value->mark,
                        "this version runs steps one after another: `run`, "
                        "`shell`, `content` and `artifacts`, in groups or not",
                        "'%s' cannot be run by this version", names[i]);
    }
}

/* --- ids -------------------------------------------------------------------- */

/* The map of ids has for each the number that the next one of its name gets. */
static void add_id(struct planning *planning, const char *id)
{
    if (!value_get(planning->ids, id))
        value_set(planning->arena, planning->ids, id,
                  value_make_int(planning->arena, 1));
}

static const char *numbered_id(struct planning *planning, const char *id)
{
    struct value *next = value_get(planning->ids, id);
    const char *made = id;
    while (next && value_get(planning->ids, made))
        made = arena_format(planning->arena, "%s_%d", id, (int)next->integer++);
    return made;
}

static const char *unique_id(struct planning *planning,
                             const struct value *step, const char *name)
{
    const struct value *given = value_get(step, "id");
    const char *id = value_string(given);
    if (id && value_get(planning->ids, id))
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E304",
                        given->mark, "ids of steps are unique in a workflow",
                        "the id '%.100s' is taken by another step", id);
    if (!id && name)
        id = workflow_id_of_name(planning->arena, name);
    if (!id)
        return NULL;
    if (!given)
        id = numbered_id(planning, id);
    add_id(planning, id);
    return id;
}

/* --- nodes ------------------------------------------------------------------ */

static const char *make_duration(struct planning *planning,
                                 const struct value *step, const char *name)
{
    const struct value *value = value_get(step, name);
    const char *text = value_is(value, VALUE_STRING)
                           ? names_static_text(planning, value)
                           : NULL;
    if (!text || text[0] == '\0')
        return NULL;
    struct error error = {0};
    int64_t duration;
    if (duration_parse(text, &duration, &error) < 0)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E305",
                        value->mark, NULL, "%s", error.text);
    else if (duration < 0)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E305",
                        value->mark, NULL, "'%s' cannot be negative", name);
    return text;
}

static void list_add(struct arena *arena, struct planned_list *list,
                     struct planned_step *step)
{
    /* Room doubles, at every power of two. */
    if ((list->count & (list->count + 1)) == 0)
        list->items =
            arena_grow(arena, list->items, list->count * sizeof *list->items,
                       (2 * list->count + 1) * sizeof *list->items);
    list->items[list->count++] = step;
}

/* Counts a node that will be in the tree; false after a diagnostic. */
static bool count_node(struct planning *planning, const struct value *source)
{
    if (planning->node_count++ < PLAN_STEPS_LIMIT)
        return true;
    if (planning->node_count == PLAN_STEPS_LIMIT + 1)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E311",
                        source ? source->mark : (struct mark){0}, NULL,
                        "more than %d steps, or groups more than %d deep",
                        PLAN_STEPS_LIMIT, PLAN_DEPTH_LIMIT);
    return false;
}

struct planned_step *steps_add(struct planning *planning,
                               struct planned_list *list, enum part part,
                               const struct value *source)
{
    if (!count_node(planning, source))
        return NULL;
    struct planned_step *made = arena_allocate(planning->arena, sizeof *made);
    made->part = part;
    made->source = source;
    list_add(planning->arena, list, made);
    return made;
}

/* A group for the step, with what is said of it as a whole. */
static struct planned_step *make_group(struct planning *planning,
                                       const struct value *step)
{
    struct planned_step *group = arena_allocate(planning->arena, sizeof *group);
    group->part = PART_GROUP;
    group->source = step;
    group->children = arena_allocate(planning->arena, sizeof *group->children);
    const struct value *name = value_get(step, "name");
    if (value_is(name, VALUE_STRING) && name->string.length > 0)
        group->name = names_static_text(planning, name);
    group->id = unique_id(planning, step, group->name);
    const char *condition = value_string_at(step, "condition");
    if (condition && condition[0] != '\0')
        group->condition = condition;
    group->negative = value_bool_or(value_get(step, "negative"), false);
    group->optional = value_bool_or(value_get(step, "optional"), false);
    group->paused = !planning->options->no_pause &&
                    value_bool_or(value_get(step, "paused"), false);
    group->timeout = make_duration(planning, step, "timeout");
    group->delay = make_duration(planning, step, "delay");
    return group;
}

/* --- one thing is no group -------------------------------------------------- */

static bool is_plain(const struct planned_step *group)
{
    return !group->name && !group->id && !group->condition &&
           !group->negative && !group->optional && !group->paused &&
           !group->timeout && !group->delay;
}

static bool may_merge(const struct planned_step *group,
                      const struct planned_step *child)
{
    return !((group->name || group->id) && (child->name || child->id)) &&
           !(group->timeout && (child->timeout || child->part == PART_IDLE)) &&
           !(group->delay && child->delay);
}

/* The only child takes over what is said of its group. */
static void merge(struct arena *arena, const struct planned_step *group,
                  struct planned_step *child)
{
    if (group->name || group->id) {
        child->name = group->name;
        child->id = group->id;
    }
    if (group->condition && child->condition)
        child->condition = arena_format(arena, "(%s)&&(%s)", group->condition,
                                        child->condition);
    else if (group->condition)
        child->condition = group->condition;
    child->negative = child->negative != group->negative;
    child->optional = child->optional || group->optional;
    child->paused = child->paused || group->paused;
    child->timeout = group->timeout ? group->timeout : child->timeout;
    child->delay = group->delay ? group->delay : child->delay;
}

static void hang(struct planning *planning, struct planned_list *list,
                 struct planned_step *group)
{
    struct planned_list *children = group->children;
    struct arena *arena = planning->arena;
    bool single = children->count == 1;
    if (single && may_merge(group, children->items[0])) {
        merge(arena, group, children->items[0]);
        list_add(arena, list, children->items[0]);
    } else if (is_plain(group)) {
        for (size_t i = 0; i < children->count; i++)
            list_add(arena, list, children->items[i]);
    } else if (count_node(planning, group->source))
        list_add(arena, list, group);
}

/* --- the parts of a step ---------------------------------------------------- */

static void add_step(struct planning *planning, struct planned_list *list,
                     const struct value *step,
                     const struct container_settings *above, int depth);

static void add_list(struct planning *planning, struct planned_list *list,
                     const struct value *steps,
                     const struct container_settings *above, int depth)
{
    for (size_t i = 0; i < value_count(steps); i++) {
        size_t first = list->count;
        add_step(planning, list, steps->list.items[i], above, depth);
        for (size_t j = first; depth == 0 && j < list->count; j++)
            list->items[j]->stage = planning->stage_count;
        planning->stage_count += depth == 0 && list->count > first;
    }
}

static void add_leaf(struct planning *planning, struct planned_list *list,
                     enum part part, const struct value *step,
                     const struct container_settings *settings)
{
    struct planned_step *leaf = steps_add(planning, list, part, step);
    if (leaf)
        leaf->settings = *settings;
}

/* The settings that `run` adds, and what it must not say. */
static struct container_settings
run_settings(struct planning *planning, const struct value *run,
             const struct container_settings *settings)
{
    const struct value *shell = value_get(run, "shell");
    if (shell && (value_get(run, "command") || value_get(run, "args")))
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E306",
                        shell->mark, "keep one of them",
                        "run.shell cannot stand beside run.command or "
                        "run.args");
    return container_merge(planning->arena, settings, run);
}

/* The settings of everything in a step. */
static struct container_settings
scope_settings(struct planning *planning, const struct value *step,
               const struct container_settings *above)
{
    struct container_settings settings =
        container_merge(planning->arena, above, value_get(step, "container"));
    const struct value *directory = value_get(step, "workingDir");
    if (directory) {
        struct value *more = value_make_map(planning->arena);
        value_set_string(planning->arena, more, "workingDir",
                         value_string(directory));
        settings = container_merge(planning->arena, &settings, more);
    }
    const struct value *pure = value_get(step, "pure");
    if (value_is(pure, VALUE_BOOL))
        settings.purity = pure->boolean ? PURITY_PURE : PURITY_ALONE;
    return content_merge(planning, &settings, value_get(step, "content"));
}

/* Files are kept whatever became of the step that made them, unless the step says
 * when it is to happen. */
static void add_artifacts(struct planning *planning, struct planned_step *group,
                          const struct value *step,
                          const struct container_settings *settings)
{
    if (!value_is(value_get(step, "artifacts"), VALUE_MAP))
        return;
    bool alone = group->children->count == 0;
    add_leaf(planning, group->children, PART_ARTIFACTS, step, settings);
    if (!alone && !group->condition)
        group->children->items[group->children->count - 1]->condition =
            "always";
}

/* A wait that is all there is, or that counts against the step's time. */
static void add_wait(struct planning *planning, struct planned_step *group,
                     const struct value *step)
{
    if (!group->delay || !group->timeout)
        return;
    struct planned_step *leaf =
        steps_add(planning, group->children, PART_IDLE, step);
    if (leaf)
        leaf->delay = group->delay;
    group->delay = NULL;
}

static void add_step(struct planning *planning, struct planned_list *list,
                     const struct value *step,
                     const struct container_settings *above, int depth)
{
    if (depth >= PLAN_DEPTH_LIMIT) {
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E311",
                        step->mark, NULL,
                        "more than %d steps, or groups more than %d deep",
                        PLAN_STEPS_LIMIT, PLAN_DEPTH_LIMIT);
        return;
    }
    refuse_unsupported(planning, step, unsupported_in_step,
                       sizeof unsupported_in_step / sizeof(char *));
    struct planned_step *group = make_group(planning, step);
    struct container_settings settings = scope_settings(planning, step, above);
    struct planned_list *parts = group->children;
    add_wait(planning, group, step);
    fetch_add(planning, parts, step, value_get(step, "content"), &settings);
    add_list(planning, parts, value_get(step, "setup"), &settings, depth + 1);
    const struct value *run = value_get(step, "run");
    if (run) {
        struct container_settings own = run_settings(planning, run, &settings);
        add_leaf(planning, parts, PART_RUN, step, &own);
    }
    if (value_get(step, "shell"))
        add_leaf(planning, parts, PART_SHELL, step, &settings);
    add_list(planning, parts, value_get(step, "steps"), &settings, depth + 1);
    add_artifacts(planning, group, step, &settings);
    if (parts->count == 0 && (group->delay || group->paused))
        steps_add(planning, parts, PART_IDLE, step);
    hang(planning, list, group);
}

/* --- names and places ------------------------------------------------------- */

static const char *const part_words[] = {
    [PART_GROUP] = NULL,
    [PART_IDLE] = "delay",
    [PART_GIT] = "Clone Git repository",
    [PART_TARBALL] = "Fetch archive",
    [PART_RUN] = "run",
    [PART_SHELL] = "shell",
    [PART_ARTIFACTS] = "artifacts",
};

/* What a node without a name is called. */
static const char *make_name(struct arena *arena,
                             const struct planned_step *group,
                             const struct planned_step *step)
{
    const char *word = part_words[step->part];
    if (step->part == PART_GIT || step->part == PART_TARBALL)
        return word;
    bool own_part = group && group->source == step->source;
    if (word && own_part)
        return arena_format(arena, "%s: %s", group->name, word);
    if (step->part == PART_ARTIFACTS)
        return arena_format(arena, "step %s: %s", step->ref, word);
    return arena_format(arena, "step %s", step->ref);
}

/* Gives all nodes their refs, and names to those without one. */
static void settle(struct planning *planning, struct planned_list *list,
                   const struct planned_step *group)
{
    struct arena *arena = planning->arena;
    for (size_t i = 0; i < list->count; i++) {
        struct planned_step *step = list->items[i];
        step->ref = arena_format(arena, "%s%s%zu", group ? group->ref : "",
                                 group ? "." : "", i + 1);
        add_id(planning, step->ref);
        if (!step->name)
            step->name = make_name(arena, group, step);
        if (step->children)
            settle(planning, step->children, step);
    }
}

/* Conditions may name steps that come later, so they are checked at the end. */
static void check_conditions(struct planning *planning,
                             const struct value *steps)
{
    for (size_t i = 0; i < value_count(steps); i++) {
        const struct value *step = steps->list.items[i];
        if (value_is(value_get(step, "condition"), VALUE_STRING) &&
            value_get(step, "condition")->string.length > 0)
            names_check_condition(planning, value_get(step, "condition"));
        const struct value *until = value_path(step, "retry.until");
        if (value_is(until, VALUE_STRING))
            names_check_condition(planning, until);
        check_conditions(planning, value_get(step, "setup"));
        check_conditions(planning, value_get(step, "steps"));
    }
}

static const struct value default_image = {
    .kind = VALUE_STRING,
    .string = {PLAN_DEFAULT_IMAGE, sizeof PLAN_DEFAULT_IMAGE - 1},
};

void steps_plan(struct planning *planning)
{
    static const char *const phases[] = {"setup", "steps", "after"};
    const struct value *spec = value_get(planning->workflow->resolved, "spec");
    refuse_unsupported(planning, spec, unsupported_in_spec,
                       sizeof unsupported_in_spec / sizeof(char *));
    const char *isolation =
        value_string(value_path(spec, "system.assay.isolation"));
    planning->staged = planning->options->isolation_given
                           ? planning->options->isolation == ISOLATION_STEP
                           : isolation && strcmp(isolation, "step") == 0;
    planning->isolated =
        value_bool_or(value_path(spec, "system.isolatedContainers"), false);
    struct container_settings defaults = {.image = &default_image};
    if (value_bool_or(value_path(spec, "system.pureByDefault"), false))
        defaults.purity = PURITY_PURE;
    struct container_settings settings = container_merge(
        planning->arena, &defaults, value_get(spec, "container"));
    const struct value *content = value_get(spec, "content");
    settings = content_merge(planning, &settings, content);
    fetch_add(planning, &planning->tree, NULL, content, &settings);
    planning->stage_count = planning->tree.count > 0; /* what was fetched */
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        size_t first = planning->tree.count;
        add_list(planning, &planning->tree, value_get(spec, phases[i]),
                 &settings, 0);
        for (size_t j = first; j < planning->tree.count; j++)
            planning->tree.items[j]->after = strcmp(phases[i], "after") == 0;
    }
    settle(planning, &planning->tree, NULL);
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        check_conditions(planning, value_get(spec, phases[i]));
    leaves_plan(planning);
    if (planning->leaf_count == 0 && planning->diagnostics->errors == 0)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E307",
                        spec ? spec->mark : (struct mark){0},
                        "give a step `run` or `shell`",
                        "the workflow has nothing to run");
}
