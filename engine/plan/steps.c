/*
 * The resolved spec -> the step tree of run.json (docs/entrypoint.md), and which
 * container each leaf runs in. A run is one list: setup, steps, after. A step is a
 * leaf when it has exactly one thing to do; else a group of what it has, in the
 * fixed order setup, run, shell, steps.
 */
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/plan/limits.h"
#include "engine/plan/private.h"

/* What this version cannot carry out is refused, never left out in silence. */
static const char *const unsupported_in_step[] = {
    "services", "execute", "parallel", "artifacts", "paused",
};
static const char *const unsupported_in_spec[] = {
    "services",
    "pvcs",
};

static void refuse_unsupported(struct planning *planning,
                               const struct value *map,
                               const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct value *value = value_get(map, names[i]);
        if (!value || value_is(value, VALUE_NULL) ||
            (value_is(value, VALUE_BOOL) && !value->boolean))
            continue;
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E303",
                        value->mark,
                        "this version runs `run` and `shell` "
                        "steps, in groups or not",
                        "'%s' cannot be run by this version", names[i]);
    }
}

/* Where a step hangs in the tree. */
struct position {
    const char *prefix; /* "2." */
    size_t number;      /* of the last child */
    int depth;
};

/* What a leaf does. */
enum part { PART_RUN, PART_SHELL };

static const char *next_ref(struct planning *planning,
                            struct position *position)
{
    return arena_format(planning->arena, "%s%zu", position->prefix,
                        ++position->number);
}

static const char *step_id(struct planning *planning, const struct value *step)
{
    const char *given = value_string_at(step, "id");
    const char *name = value_string_at(step, "name");
    return given || !name ? given : workflow_id_of_name(planning->arena, name);
}

static bool id_is_taken(const struct planning *planning, const char *id)
{
    for (size_t i = 0; i < planning->id_count; i++)
        if (strcmp(planning->ids[i]->string.bytes, id) == 0)
            return true;
    return false;
}

static void add_id(struct planning *planning, const char *id)
{
    planning->ids[planning->id_count++] =
        value_make_string(planning->arena, id);
}

static const char *unique_id(struct planning *planning,
                             const struct value *step)
{
    const char *id = step_id(planning, step);
    const struct value *given = value_get(step, "id");
    if (!id)
        return NULL;
    if (given && id_is_taken(planning, id))
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E304",
                        given->mark, "ids of steps are unique in a workflow",
                        "the id '%.100s' is taken by another step", id);
    const char *made = id;
    for (int i = 1; !given && id_is_taken(planning, made) && i < 1000; i++)
        made = arena_format(planning->arena, "%s_%d", id, i);
    add_id(planning, made);
    return made;
}

static void set_flag(struct planning *planning, struct value *made,
                     const struct value *step, const char *name)
{
    if (value_bool_or(value_get(step, name), false))
        value_set(planning->arena, made, name,
                  value_make_bool(planning->arena, true));
}

static void set_duration(struct planning *planning, struct value *made,
                         const struct value *step, const char *name)
{
    const struct value *value = value_get(step, name);
    const char *text = value_is(value, VALUE_STRING)
                           ? names_static_text(planning, value)
                           : NULL;
    if (!text || text[0] == '\0')
        return;
    struct error error = {0};
    int64_t duration;
    if (duration_parse(text, &duration, &error) < 0)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E305",
                        value->mark, NULL, "%s", error.text);
    else if (duration < 0)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E305",
                        value->mark, NULL, "'%s' cannot be negative", name);
    value_set_string(planning->arena, made, name, text);
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

/* A node of the tree with what is common to leaves and groups. `step` gives the
 * name and the flags; NULL for a part of a step that is a group. */
static struct value *make_node(struct planning *planning,
                               struct position *position,
                               const struct value *step, const char *fallback)
{
    struct arena *arena = planning->arena;
    struct value *node = value_make_map(arena);
    const char *ref = next_ref(planning, position);
    value_set_string(arena, node, "ref", ref);
    const char *id = step ? unique_id(planning, step) : NULL;
    value_set_string(arena, node, "id", id);
    const struct value *name = value_get(step, "name");
    const char *text = value_is(name, VALUE_STRING) && name->string.length > 0
                           ? names_static_text(planning, name)
                           : NULL;
    value_set_string(arena, node, "name",
                     text       ? text
                     : fallback ? fallback
                                : arena_format(arena, "step %s", ref));
    if (!step)
        return node;
    const char *condition = value_string_at(step, "condition");
    if (condition && condition[0] != '\0')
        value_set_string(arena, node, "condition", condition);
    set_flag(planning, node, step, "negative");
    set_flag(planning, node, step, "optional");
    set_duration(planning, node, step, "timeout");
    set_duration(planning, node, step, "delay");
    return node;
}

/* env of a step: texts for the entrypoint; what Kubernetes must fetch becomes a
 * variable of the container, under a name that no image uses. */
static struct value *make_environment(struct planning *planning,
                                      struct planned_container *container,
                                      const struct container_settings *settings)
{
    struct arena *arena = planning->arena;
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < value_count(settings->environment); i++) {
        const struct value *entry = settings->environment->list.items[i];
        const char *name = value_string_at(entry, "name");
        const struct value *from = value_get(entry, "valueFrom");
        struct value *made = value_make_map(arena);
        value_set_string(arena, made, "name", name);
        value_append(arena, list, made);
        if (!value_is(from, VALUE_MAP)) {
            const struct value *text = value_get(entry, "value");
            const char *plain = text ? value_scalar_text(arena, text) : "";
            value_set(arena, made, "value",
                      value_is(text, VALUE_STRING)
                          ? names_text(planning, text)
                          : value_make_string(arena, plain ? plain : ""));
            continue;
        }
        bool secret = value_get(from, "secretKeyRef") != NULL;
        const char *variable =
            arena_format(arena, "ASSAY_%s_%zu", secret ? "SECRET" : "VALUE",
                         planning->variable_count++);
        value_set_string(arena, made, "variable", variable);
        struct value *own = value_make_map(arena);
        value_set_string(arena, own, "name", variable);
        value_set(arena, own, "valueFrom", names_static_value(planning, from));
        value_append(arena, container->variables, own);
        if (secret) {
            struct value *word = value_make_map(arena);
            value_set_string(arena, word, "name",
                             arena_format(arena, "variable.%s", variable));
            value_set_string(arena, word, "variable", variable);
            value_append(arena, planning->secrets, word);
        }
    }
    return list;
}

static void set_command(struct planning *planning, struct value *leaf,
                        const struct container_settings *settings)
{
    struct arena *arena = planning->arena;
    struct value *list = value_make_list(arena);
    const struct value *parts[] = {settings->command, settings->args};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (size_t j = 0; j < value_count(parts[i]); j++)
            value_append(arena, list,
                         names_text(planning, parts[i]->list.items[j]));
    value_set(arena, leaf, "command", list);
}

static void plan_leaf(struct planning *planning, struct value *leaf,
                      const struct value *step, enum part part,
                      const struct container_settings *settings)
{
    struct arena *arena = planning->arena;
    const struct value *run = value_get(step, "run");
    const struct value *shell =
        value_get(part == PART_RUN ? run : step, "shell");
    struct planned_container *container = container_place(planning, settings);
    if (!container)
        return;
    planning->step_count++;
    value_set(arena, leaf, "container",
              value_make_int(arena, (int64_t)container->index));
    set_retry(planning, leaf, step);
    if (value_is(shell, VALUE_STRING))
        value_set(arena, leaf, "shell", names_text(planning, shell));
    else if (value_count(settings->command) > 0)
        set_command(planning, leaf, settings);
    else
        planning->bare = true;
    if (settings->working_directory && settings->working_directory[0] != '\0')
        value_set(
            arena, leaf, "workingDir",
            names_text(planning,
                       value_make_string(arena, settings->working_directory)));
    struct value *environment = make_environment(planning, container, settings);
    if (value_count(environment) > 0)
        value_set(arena, leaf, "env", environment);
}

static void plan_step(struct planning *planning, struct value *list,
                      struct position *position, const struct value *step,
                      const struct container_settings *above);

static void plan_list(struct planning *planning, struct value *list,
                      struct position *position, const struct value *steps,
                      const struct container_settings *above)
{
    for (size_t i = 0; i < value_count(steps); i++)
        plan_step(planning, list, position, steps->list.items[i], above);
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

static void plan_group(struct planning *planning, struct value *group,
                       const struct value *step, int depth,
                       const struct container_settings *settings)
{
    struct arena *arena = planning->arena;
    struct value *children = value_make_list(arena);
    struct position inner = {
        .prefix = arena_format(arena, "%s.", value_string_at(group, "ref")),
        .depth = depth + 1,
    };
    const char *name = value_string_at(group, "name");
    plan_list(planning, children, &inner, value_get(step, "setup"), settings);
    const struct value *run = value_get(step, "run");
    if (run) {
        struct container_settings own = run_settings(planning, run, settings);
        struct value *leaf = make_node(planning, &inner, NULL,
                                       arena_format(arena, "%s: run", name));
        plan_leaf(planning, leaf, step, PART_RUN, &own);
        value_append(arena, children, leaf);
    }
    if (value_get(step, "shell")) {
        struct value *leaf = make_node(planning, &inner, NULL,
                                       arena_format(arena, "%s: shell", name));
        plan_leaf(planning, leaf, step, PART_SHELL, settings);
        value_append(arena, children, leaf);
    }
    plan_list(planning, children, &inner, value_get(step, "steps"), settings);
    value_set(arena, group, "steps", children);
}

static void plan_step(struct planning *planning, struct value *list,
                      struct position *position, const struct value *step,
                      const struct container_settings *above)
{
    if (position->depth >= PLAN_DEPTH_LIMIT ||
        planning->id_count + 2 >= 2 * (size_t)PLAN_STEPS_LIMIT) {
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E311",
                        step->mark, NULL,
                        "more than %d steps, or groups more than %d deep",
                        PLAN_STEPS_LIMIT, PLAN_DEPTH_LIMIT);
        return;
    }
    refuse_unsupported(planning, step, unsupported_in_step,
                       sizeof unsupported_in_step / sizeof(char *));
    struct container_settings settings =
        container_merge(planning->arena, above, value_get(step, "container"));
    struct value *directory = value_make_map(planning->arena);
    value_set_string(planning->arena, directory, "workingDir",
                     value_string_at(step, "workingDir"));
    settings = container_merge(planning->arena, &settings, directory);
    settings = content_merge(planning, &settings, value_get(step, "content"));

    const struct value *run = value_get(step, "run");
    const struct value *shell = value_get(step, "shell");
    size_t nested = value_count(value_get(step, "setup")) +
                    value_count(value_get(step, "steps"));
    struct value *node = make_node(planning, position, step, NULL);
    add_id(planning, value_string_at(node, "ref"));
    if (nested > 0 || (run && shell)) {
        plan_group(planning, node, step, position->depth, &settings);
    } else if (run) {
        struct container_settings own = run_settings(planning, run, &settings);
        plan_leaf(planning, node, step, PART_RUN, &own);
    } else if (shell) {
        plan_leaf(planning, node, step, PART_SHELL, &settings);
    } else {
        value_set(planning->arena, node, "steps",
                  value_make_list(planning->arena));
    }
    value_append(planning->arena, list, node);
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

/* What `after` holds runs after an abort as well. */
static void mark_after(struct planning *planning, size_t first)
{
    struct arena *arena = planning->arena;
    for (size_t i = first; i < value_count(planning->steps); i++)
        value_set(arena, planning->steps->list.items[i], "after",
                  value_make_bool(arena, true));
}

void steps_plan(struct planning *planning)
{
    static const char *const phases[] = {"setup", "steps", "after"};
    const struct value *spec = value_get(planning->workflow->resolved, "spec");
    refuse_unsupported(planning, spec, unsupported_in_spec,
                       sizeof unsupported_in_spec / sizeof(char *));
    planning->isolated =
        value_bool_or(value_path(spec, "system.isolatedContainers"), false);
    struct container_settings defaults = {.image = &default_image};
    struct container_settings settings = container_merge(
        planning->arena, &defaults, value_get(spec, "container"));
    settings = content_merge(planning, &settings, value_get(spec, "content"));
    struct position top = {.prefix = ""};
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        size_t first = value_count(planning->steps);
        plan_list(planning, planning->steps, &top, value_get(spec, phases[i]),
                  &settings);
        if (strcmp(phases[i], "after") == 0)
            mark_after(planning, first);
    }
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        check_conditions(planning, value_get(spec, phases[i]));
    if (planning->step_count == 0 && planning->diagnostics->errors == 0)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E307",
                        spec ? spec->mark : (struct mark){0},
                        "give a step `run` or `shell`",
                        "the workflow has nothing to run");
    if (planning->bare && planning->step_count > 1)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E308",
                        spec->mark,
                        "give the step `command`, `args` and "
                        "`command`, or `shell`",
                        "a step without a command runs its image's own, which "
                        "this version can do for the only step of a workflow");
}
