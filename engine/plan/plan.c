/*
 * The order of planning: steps and their containers, then the pod, then the
 * objects that carry both. Everything that is wrong is reported, then NULL.
 */
#include "engine/plan/plan.h"

#include <string.h>

#include "engine/plan/limits.h"
#include "engine/plan/private.h"

/* Sensitive parameters with a value: secrets of the pod, whether or not a text
 * names them. */
static void add_secret(struct planning *planning,
                       const struct parameter *parameter)
{
    struct arena *arena = planning->arena;
    const char *name = parameter->secret;
    if (!name)
        name = arena_format(arena, "config.%s", parameter->name);
    const char *variable =
        arena_format(arena, "ASSAY_SECRET_%zu", planning->variable_count++);
    struct value *secret = value_make_map(arena);
    value_set_string(arena, secret, "name", name);
    value_set_string(arena, secret, "variable", variable);
    value_append(arena, planning->secrets, secret);
    value_set_string(arena, planning->secret_map, variable, parameter->text);
}

static void add_secrets(struct planning *planning)
{
    const struct workflow *workflow = planning->workflow;
    value_set_string(planning->arena, planning->secret_map, "token",
                     planning->options->token);
    for (size_t i = 0; i < workflow->parameter_count; i++) {
        const struct parameter *parameter = &workflow->parameters[i];
        if (parameter->sensitive && parameter->text &&
            parameter->text[0] != '\0')
            add_secret(planning, parameter);
    }
    for (size_t i = 0; i < workflow->secret_count; i++)
        add_secret(planning, workflow->secrets[i]);
}

static const struct value *list_images(const struct planning *planning)
{
    struct value *images = value_make_list(planning->arena);
    for (size_t i = 0; i < planning->container_count; i++) {
        struct value *image = value_make_string(
            planning->arena,
            value_string(planning->containers[i].settings.image));
        bool known = false;
        for (size_t j = 0; j < value_count(images); j++)
            known = known || value_equal(images->list.items[j], image);
        if (!known)
            value_append(planning->arena, images, image);
    }
    return images;
}

/* Images end up in the pod and in the record as plain text. */
static void settle_images(struct planning *planning)
{
    for (size_t i = 0; i < planning->container_count; i++) {
        struct container_settings *settings = &planning->containers[i].settings;
        const char *image = names_static_text(planning, settings->image);
        struct value *plain =
            value_make_string(planning->arena, image ? image : "");
        plain->mark = settings->image ? settings->image->mark : plain->mark;
        settings->image = plain;
    }
}

/* The volume's list of files begins with the instructions. */
static struct value *first_items(struct arena *arena)
{
    struct value *list = value_make_list(arena);
    struct value *item = value_make_map(arena);
    value_set_string(arena, item, "key", "run.json");
    value_set_string(arena, item, "path", "run.json");
    value_append(arena, list, item);
    return list;
}

struct plan *plan_make(struct arena *arena, const struct workflow *workflow,
                       const struct plan_options *options,
                       struct diagnostics *diagnostics)
{
    size_t before = diagnostics->errors;
    struct planning planning = {
        .arena = arena,
        .workflow = workflow,
        .options = options,
        .diagnostics = diagnostics,
        .secrets = value_make_list(arena),
        .secret_map = value_make_map(arena),
        .references = value_make_list(arena),
        .steps = value_make_list(arena),
        .files = value_make_map(arena),
        .file_items = first_items(arena),
        .sources = value_make_map(arena),
        .content_volumes = value_make_list(arena),
        .containers = arena_allocate(arena, PLAN_CONTAINERS_LIMIT *
                                                sizeof *planning.containers),
        .ids = value_make_map(arena),
    };
    planning.name = objects_name(&planning);
    add_secrets(&planning);
    steps_plan(&planning);
    settle_images(&planning);
    sequence_choose(&planning);
    struct plan *plan = arena_allocate(arena, sizeof *plan);
    *plan = (struct plan){
        .run_id = options->run_id,
        .token = options->token,
        .workflow = workflow->name,
        .images = list_images(&planning),
        .chained = planning.chained,
        .sequence = planning.sequence,
    };
    if (diagnostics->errors > before)
        return NULL;
    objects_make(&planning, plan);
    plan->bare = plan->stages[plan->stage_count - 1].bare;
    return diagnostics->errors > before ? NULL : plan;
}
