/*
 * Gated or chained. Gated containers start at once and take turns, which is fast;
 * but a scheduler sets aside what all of them ask for together. A chain (of
 * initContainers, the last one behind them) asks for the largest only, and takes a
 * second from one to the next.
 */
#include <string.h>

#include "engine/plan/limits.h"
#include "engine/plan/private.h"

/* What a container asks for: a limit without a request is one. */
static void add_requests(struct planning *planning, struct value *sums,
                         struct value *largest, const struct value *resources)
{
    static const char *const members[] = {"requests", "limits"};
    struct arena *arena = planning->arena;
    const struct value *requests = value_get(resources, "requests");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const struct value *map = value_get(resources, members[i]);
        for (size_t j = 0; j < value_count(map); j++) {
            const struct member *member = &map->map.members[j];
            double amount;
            if ((map != requests && value_get(requests, member->name)) ||
                !object_read_quantity(arena, member->value, &amount))
                continue;
            const struct value *sum = value_get(sums, member->name);
            const struct value *most = value_get(largest, member->name);
            value_set(
                arena, sums, member->name,
                value_make_float(arena, (sum ? sum->number : 0) + amount));
            if (!most || most->number < amount)
                value_set(arena, largest, member->name,
                          value_make_float(arena, amount));
        }
    }
}

/* The resource of which the containers from `first` on that are of one stage ask for
 * much more together than the largest of them; NULL: none. */
static const char *find_excess(struct planning *planning, size_t first)
{
    struct value *sums = value_make_map(planning->arena);
    struct value *largest = value_make_map(planning->arena);
    const struct planned_container *containers = planning->containers;
    for (size_t i = first; i < planning->container_count &&
                           containers[i].stage == containers[first].stage;
         i++)
        add_requests(planning, sums, largest, containers[i].settings.resources);
    for (size_t i = 0; i < value_count(sums); i++) {
        const struct member *sum = &sums->map.members[i];
        const struct value *most = value_get(largest, sum->name);
        if (sum->value->number > PLAN_SEQUENCE_MULTIPLE * most->number)
            return sum->name;
    }
    return NULL;
}

static const char *find_any_excess(struct planning *planning)
{
    const char *found = NULL;
    for (size_t i = 0; i < planning->container_count && !found; i++)
        if (i == 0 ||
            planning->containers[i].stage != planning->containers[i - 1].stage)
            found = find_excess(planning, i);
    return found;
}

void sequence_choose(struct planning *planning)
{
    size_t count = planning->container_count;
    enum plan_sequence wish = planning->options->sequence;
    bool several = false;
    for (size_t i = 1; i < count; i++)
        several = several || planning->containers[i].stage ==
                                 planning->containers[i - 1].stage;
    if (!several)
        return;
    planning->sequence = "they start at once and take turns";
    const char *excess =
        wish == SEQUENCE_AUTO ? find_any_excess(planning) : NULL;
    if (planning->containers[count - 1].bare)
        planning->sequence = "the last step runs its image's own command";
    else if (wish == SEQUENCE_CHAINED)
        planning->sequence = "it was asked for";
    else if (excess)
        planning->sequence = arena_format(
            planning->arena,
            "all of them ask for more than %d times the largest request of %s",
            PLAN_SEQUENCE_MULTIPLE, excess);
    else
        return;
    planning->chained = true;
}
