/* A plan as a YAML stream that kubectl reads. */
#include <string.h>

#include "engine/plan/plan.h"

static const struct value *redacted(struct arena *arena,
                                    const struct value *secret)
{
    struct value *copy = value_copy(arena, secret);
    struct value *data = value_get(copy, "stringData");
    for (size_t i = 0; i < value_count(data); i++)
        data->map.members[i].value = value_make_string(arena, "REDACTED");
    return copy;
}

void plan_print(struct text *text, const struct plan *plan, bool secrets)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct value *first[] = {
        plan->config_map,
        secrets ? plan->secret : redacted(arena, plan->secret),
        plan->workspace,
    };
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        if (!first[i])
            continue;
        value_write_yaml(text, first[i]);
        text_append_string(text, "---\n");
    }
    for (size_t i = 0; i < value_count(plan->claims); i++) {
        value_write_yaml(text, value_item(plan->claims, i));
        text_append_string(text, "---\n");
    }
    for (size_t i = 0; i < plan->stage_count; i++) {
        if (i > 0)
            text_append_string(text, "---\n");
        value_write_yaml(text, plan->stages[i].job);
    }
}
