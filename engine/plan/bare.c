/*
 * Steps that say neither `shell` nor `command`: they run what their image runs by
 * itself. The node would start that, without our program in the container; so it
 * can be done for the last step only, and without what our program does. Any other
 * one needs the image's words: whoever plans may be able to ask for them.
 */
#include <string.h>

#include "engine/plan/private.h"

bool bare_is(const struct planned_step *leaf)
{
    const struct value *run = value_get(leaf->source, "run");
    return leaf->part == PART_RUN && !value_get(run, "shell") &&
           value_count(leaf->settings.command) == 0;
}

/* What only the entrypoint could do. */
static const char *find_trouble(const struct planned_step *step)
{
    return step->optional                     ? "optional"
           : step->paused                     ? "paused"
           : step->timeout                    ? "timeout"
           : step->delay                      ? "delay"
           : value_get(step->source, "retry") ? "retry"
                                              : NULL;
}

static bool is_default(const char *condition)
{
    return !condition || strcmp(condition, "passed") == 0;
}

/* Calls `take` for each such leaf that is not last, or has something around it
 * that stands against it (`trouble`). `alone`: a condition does not. */
static void walk(struct planning *planning, const struct planned_list *list,
                 bool last, const char *trouble, bool alone,
                 void (*take)(struct planning *planning,
                              struct planned_step *leaf, const char *trouble))
{
    for (size_t i = 0; i < list->count; i++) {
        struct planned_step *step = list->items[i];
        bool is_last = last && i + 1 == list->count;
        const char *own = trouble;
        if (!own)
            own = find_trouble(step);
        if (!own && !alone && !is_default(step->condition))
            own = "condition";
        if (step->children)
            walk(planning, step->children, is_last, own, alone, take);
        else if (bare_is(step) && (!is_last || own))
            take(planning, step, is_last ? own : NULL);
    }
}

/* --- asking ------------------------------------------------------------------ */

/* The words of the image as the step's command. They are no templates. */
static struct value *join(struct arena *arena, const struct value *first,
                          const struct value *second)
{
    const struct value *parts[] = {first, second};
    struct value *list = value_make_list(arena);
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < value_count(parts[i]); k++)
            value_append(arena, list, value_item(parts[i], k));
    return list;
}

static bool has_template(const struct value *list)
{
    for (size_t i = 0; i < value_count(list); i++) {
        const char *word = value_string(value_item(list, i));
        if (word && strstr(word, "{{"))
            return true;
    }
    return false;
}

static int ask(struct planning *planning, struct planned_step *leaf,
               const char *image, struct error *error)
{
    const struct plan_images *images = &planning->options->images;
    struct container_settings *settings = &leaf->settings;
    const struct value *entrypoint = NULL, *command = NULL;
    if (images->find(images->context, image, &entrypoint, &command, error) < 0)
        return -1;
    if (value_count(settings->args) > 0)
        command = settings->args;
    else if (has_template(command))
        return error_set(error, ERROR_INPUT, "its command holds '{{'");
    if (has_template(entrypoint))
        return error_set(error, ERROR_INPUT, "its entrypoint holds '{{'");
    struct value *words = join(planning->arena, entrypoint, command);
    if (value_count(words) == 0)
        return error_set(error, ERROR_INPUT, "it has none");
    settings->command = words;
    settings->args = NULL;
    return 0;
}

static void find(struct planning *planning, struct planned_step *leaf,
                 const char *trouble)
{
    const char *name = value_string(leaf->settings.image);
    struct error error = {0};
    (void)trouble;
    if (name && !strstr(name, "{{") && ask(planning, leaf, name, &error) < 0)
        leaf->unknown =
            arena_format(planning->arena, "%.120s: %s", name, error.text);
}

void bare_find(struct planning *planning)
{
    if (planning->options->images.find)
        walk(planning, &planning->tree, true, NULL, false, find);
}

/* --- refusing ----------------------------------------------------------------- */

static void refuse(struct planning *planning, struct planned_step *leaf,
                   const char *why)
{
    const struct value *run = value_get(leaf->source, "run");
    const char *unknown = leaf->unknown;
    diagnostics_add(
        planning->diagnostics, SEVERITY_ERROR, "E308",
        run ? run->mark : (struct mark){0},
        "give the step `command`, `args` and `command`, or `shell`",
        "a step without a command runs its image's own, which is not known "
        "here and can be left to the image for the last step of a workflow "
        "only%s%s%s%s%s",
        why ? ", and without " : "", why ? why : "", unknown ? " (" : "",
        unknown ? unknown : "", unknown ? ")" : "");
}

void bare_check(struct planning *planning)
{
    walk(planning, &planning->tree, true, NULL, planning->container_count <= 1,
         refuse);
}
