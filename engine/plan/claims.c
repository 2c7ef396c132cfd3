/*
 * spec.pvcs: claims that are made for the run and go with it. Each is an object of a
 * name of its own, which the workflow's texts know as pvcs.<name>.name.
 */
#include <string.h>

#include "engine/plan/limits.h"
#include "engine/plan/private.h"

static const struct value *all_claims(const struct planning *planning)
{
    return value_path(planning->workflow->resolved, "spec.pvcs");
}

/* Names of objects have small letters, digits and dashes. */
static char name_letter(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return (char)(letter - 'A' + 'a');
    bool kept =
        (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    return kept ? letter : '-';
}

static const char *claim_name(struct planning *planning, size_t index)
{
    const struct member *member = &all_claims(planning)->map.members[index];
    char *made = arena_format(planning->arena, "%s-%zu-%.60s", planning->name,
                              index + 1, member->name);
    for (char *letter = made; *letter; letter++)
        *letter = name_letter(*letter);
    for (size_t end = strlen(made); end > 0 && made[end - 1] == '-';)
        made[--end] = '\0';
    return made;
}

static int answer_name(void *context, struct arena *arena, const char *name,
                       size_t length, const struct expression **answer,
                       struct error *error)
{
    static const char prefix[] = "pvcs.", suffix[] = ".name";
    struct planning *planning = context;
    const size_t before = sizeof prefix - 1, after = sizeof suffix - 1;
    const struct value *claims = all_claims(planning);
    (void)error;
    if (length <= before + after || memcmp(name, prefix, before) != 0 ||
        memcmp(name + length - after, suffix, after) != 0)
        return 0;
    name += before;
    length -= before + after;
    for (size_t i = 0; i < value_count(claims); i++) {
        const struct member *member = &claims->map.members[i];
        if (member->length != length || memcmp(member->name, name, length) != 0)
            continue;
        *answer = expression_of_value(
            arena, value_make_string(arena, claim_name(planning, i)));
        return 1;
    }
    return 0;
}

struct expression_names claims_names(struct planning *planning)
{
    return (struct expression_names){.name = answer_name, .context = planning};
}

struct value *claims_make(struct planning *planning)
{
    struct arena *arena = planning->arena;
    const struct value *claims = all_claims(planning);
    struct value *list = value_make_list(arena);
    if (value_count(claims) > PLAN_CLAIMS_LIMIT) {
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E311",
                        claims->mark, NULL, "more than %d claims",
                        PLAN_CLAIMS_LIMIT);
        return list;
    }
    for (size_t i = 0; i < value_count(claims); i++) {
        struct value *object = objects_object(
            planning, "v1", "PersistentVolumeClaim", claim_name(planning, i));
        value_set(arena, object, "spec",
                  names_static_value(planning, claims->map.members[i].value));
        value_append(arena, list, object);
    }
    return list;
}
