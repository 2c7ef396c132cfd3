/*
 * A plan for people, as comments in front of the YAML stream: how many containers,
 * how they follow one another, what they ask for together, which objects. Read from
 * the objects themselves, so that it says what a cluster will see.
 */
#include <math.h>
#include <string.h>

#include "engine/plan/private.h"

static const char *const lists[] = {"initContainers", "containers"};

/* The amount of a resource that a container asks for; 0: none. */
static double amount_of(struct arena *arena, const struct value *container,
                        const char *name)
{
    const struct value *resources = value_get(container, "resources");
    const struct value *amount =
        value_get(value_get(resources, "requests"), name);
    double number = 0;
    if (!amount)
        amount = value_get(value_get(resources, "limits"), name);
    return amount && object_read_quantity(arena, amount, &number) ? number : 0;
}

/* As Kubernetes counts a pod: the larger of its containers together and the
 * largest initContainer. */
static double total_of(struct arena *arena, const struct value *pod,
                       const char *name)
{
    double most = 0, sum = 0;
    const struct value *first = value_get(pod, lists[0]);
    const struct value *rest = value_get(pod, lists[1]);
    for (size_t i = 0; i < value_count(first); i++)
        most = fmax(most, amount_of(arena, value_item(first, i), name));
    for (size_t i = 0; i < value_count(rest); i++)
        sum += amount_of(arena, value_item(rest, i), name);
    return fmax(most, sum);
}

static void append_amount(struct text *text, double amount)
{
    static const struct {
        const char *unit;
        double factor;
    } units[] = {{"Gi", 0x1p30}, {"Mi", 0x1p20}, {"Ki", 0x1p10}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (amount >= units[i].factor && fmod(amount, units[i].factor) == 0) {
            text_append_format(text, "%.0f%s", amount / units[i].factor,
                               units[i].unit);
            return;
        }
    if (fabs(amount - round(amount)) < 1e-9)
        text_append_format(text, "%.0f", amount);
    else
        text_append_format(text, "%.0fm", ceil(amount * 1000 - 1e-6));
}

/* All resources that a container names, each once. */
static const struct value *names_of(struct arena *arena,
                                    const struct value *pod)
{
    static const char *const members[] = {"requests", "limits"};
    struct value *names = value_make_map(arena);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct value *list = value_get(pod, lists[i]);
        for (size_t j = 0; j < value_count(list) * 2; j++) {
            const struct value *map =
                value_get(value_get(value_item(list, j / 2), "resources"),
                          members[j % 2]);
            for (size_t k = 0; k < value_count(map); k++)
                value_set(arena, names, map->map.members[k].name,
                          value_make_null(arena));
        }
    }
    return names;
}

static void append_requests(struct text *text, struct arena *arena,
                            const struct value *pod)
{
    const struct value *names = names_of(arena, pod);
    text_append_string(text, "# requests:");
    for (size_t i = 0; i < value_count(names); i++) {
        const char *name = names->map.members[i].name;
        text_append_string(text, i > 0 ? ", " : " ");
        text_append_escaped(text, name, strlen(name), false);
        text_append_character(text, ' ');
        append_amount(text, total_of(arena, pod, name));
    }
    text_append_string(text, value_count(names) > 0 ? "\n" : " none\n");
}

static size_t count_steps(const struct value *steps, int64_t container)
{
    size_t count = 0;
    for (size_t i = 0; i < value_count(steps); i++) {
        const struct value *step = value_item(steps, i);
        count += count_steps(value_get(step, "steps"), container) +
                 (value_int_or(value_get(step, "container"), -1) == container);
    }
    return count;
}

static void append_container(struct text *text, const struct plan *plan,
                             const struct value *container, int64_t number)
{
    const char *name = value_string_at(container, "name");
    const char *image = value_string_at(container, "image");
    size_t steps = count_steps(value_get(plan->run, "steps"), number);
    text_append_format(text, "#   %s: ", name);
    text_append_escaped(text, image, strlen(image), false);
    text_append_format(text, ", %zu step%s\n", steps, steps == 1 ? "" : "s");
}

static void append_object(struct text *text, const struct value *object)
{
    text_append_format(text, " %s %s", value_string_at(object, "kind"),
                       value_string(value_path(object, "metadata.name")));
}

static void append_pod(struct text *text, struct arena *arena,
                       const struct plan *plan, const struct value *pod,
                       int64_t *number)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct value *list = value_get(pod, lists[i]);
        for (size_t j = 0; j < value_count(list); j++)
            append_container(text, plan, value_item(list, j), (*number)++);
    }
    append_requests(text, arena, pod);
}

static void append_objects(struct text *text, const struct plan *plan)
{
    const struct value *first[] = {plan->config_map, plan->secret,
                                   plan->workspace};
    text_append_string(text, "# objects:");
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (first[i]) {
            append_object(text, first[i]);
            text_append_character(text, ',');
        }
    for (size_t i = 0; i < value_count(plan->claims); i++) {
        append_object(text, value_item(plan->claims, i));
        text_append_character(text, ',');
    }
    for (size_t i = 0; i < plan->stage_count; i++) {
        append_object(text, plan->stages[i].job);
        text_append_character(text, i + 1 < plan->stage_count ? ',' : '\n');
    }
}

void plan_summarize(struct text *text, const struct plan *plan)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    size_t count = value_count(value_get(plan->run, "containers"));
    text_append_format(text, "# %s: %zu container%s", plan->workflow, count,
                       count == 1 ? "" : "s");
    if (plan->workspace)
        text_append_format(text, " in %zu Job%s, one after another",
                           plan->stage_count,
                           plan->stage_count == 1 ? "" : "s");
    if (plan->sequence)
        text_append_format(text, ", %s: %s",
                           plan->chained ? "chained" : "gated", plan->sequence);
    text_append_character(text, '\n');
    int64_t number = 0;
    for (size_t i = 0; i < plan->stage_count; i++)
        append_pod(text, arena, plan, plan->stages[i].pod, &number);
    append_objects(text, plan);
}
