/*
 * env of a step: texts for the entrypoint; what Kubernetes must fetch becomes a
 * variable of the container, under a name that no image uses, once for each source.
 */
#include <string.h>

#include "engine/plan/limits.h"
#include "engine/plan/private.h"

/* What is missing in the cluster is an empty variable, not a pod that never
 * starts. */
static struct value *make_source(struct planning *planning,
                                 const struct value *from)
{
    struct value *made = names_static_value(planning, from);
    for (size_t i = 0; i < value_count(made); i++) {
        struct member *member = &made->map.members[i];
        if (strcmp(member->name, "secretKeyRef") != 0 &&
            strcmp(member->name, "configMapKeyRef") != 0)
            continue;
        if (!value_get(member->value, "optional"))
            value_set(planning->arena, member->value, "optional",
                      value_make_bool(planning->arena, true));
    }
    return made;
}

/* The variable of the container that holds what `from` names. */
static const char *add_source(struct planning *planning,
                              struct planned_container *container,
                              const struct value *from)
{
    struct arena *arena = planning->arena;
    struct value *source = make_source(planning, from);
    CLEANUP(text_free) struct text json = {0};
    value_write_json(&json, source, JSON_COMPACT);
    const char *variable =
        value_string_at(planning->sources, text_string(&json));
    bool secret = value_get(source, "secretKeyRef") != NULL;
    bool first = !variable;
    if (first)
        variable =
            arena_format(arena, "ASSAY_%s_%zu", secret ? "SECRET" : "VALUE",
                         planning->variable_count++);
    if (!value_get(container->known, variable)) {
        struct value *own = value_make_map(arena);
        value_set_string(arena, own, "name", variable);
        value_set(arena, own, "valueFrom", source);
        value_append(arena, container->variables, own);
        value_set(arena, container->known, variable, own);
    }
    if (first)
        value_set_string(arena, planning->sources,
                         arena_copy(arena, json.data, json.length), variable);
    if (first && secret) {
        struct value *word = value_make_map(arena);
        value_set_string(arena, word, "name",
                         arena_format(arena, "variable.%s", variable));
        value_set_string(arena, word, "variable", variable);
        value_append(arena, planning->secrets, word);
    }
    return variable;
}

void environment_add(struct planning *planning,
                     struct planned_container *container, struct value *list,
                     const struct value *entry)
{
    struct arena *arena = planning->arena;
    const struct value *from = value_get(entry, "valueFrom");
    struct value *made = value_make_map(arena);
    value_set_string(arena, made, "name", value_string_at(entry, "name"));
    value_append(arena, list, made);
    if (value_is(from, VALUE_MAP)) {
        value_set_string(arena, made, "variable",
                         add_source(planning, container, from));
        return;
    }
    const struct value *text = value_get(entry, "value");
    const char *plain = text ? value_scalar_text(arena, text) : "";
    value_set(arena, made, "value",
              value_is(text, VALUE_STRING)
                  ? names_text(planning, text)
                  : value_make_string(arena, plain ? plain : ""));
}

/* Later steps have what is marked `global`, unless they say otherwise. */
static void remember_globals(struct planning *planning,
                             const struct value *environment)
{
    struct arena *arena = planning->arena;
    struct value *found = value_make_list(arena);
    for (size_t i = 0; i < value_count(environment); i++) {
        struct value *entry = environment->list.items[i];
        if (value_bool_or(value_get(entry, "global"), false))
            value_append(arena, found, entry);
    }
    if (value_count(found) > 0)
        planning->globals =
            container_merge_environment(arena, planning->globals, found);
}

struct value *environment_make(struct planning *planning,
                               struct planned_container *container,
                               const struct container_settings *settings)
{
    struct arena *arena = planning->arena;
    struct value *list = value_make_list(arena);
    const struct value *all = settings->environment;
    if (planning->globals)
        all = container_merge_environment(arena, planning->globals, all);
    for (size_t i = 0; i < value_count(all); i++)
        environment_add(planning, container, list, all->list.items[i]);
    remember_globals(planning, settings->environment);
    return list;
}

/* The variable of the run's Secret that the text names and nothing else; NULL. */
static const char *secret_of_text(struct planning *planning,
                                  const struct value *text)
{
    const char *template =
        value_string_at(names_text(planning, text), "template");
    for (size_t i = 0; template && i < value_count(planning->secrets); i++) {
        const struct value *secret = value_item(planning->secrets, i);
        const char *variable = value_string_at(secret, "variable");
        const char *whole = arena_format(planning->arena, "{{secret.%s}}",
                                         value_string_at(secret, "name"));
        if (strcmp(template, whole) == 0 &&
            value_get(planning->secret_map, variable))
            return variable;
    }
    return NULL;
}

/* One entry for Kubernetes itself. */
static struct value *make_plain(struct planning *planning,
                                const struct value *entry, const char *object)
{
    struct arena *arena = planning->arena;
    const char *name = value_string_at(entry, "name");
    const struct value *from = value_get(entry, "valueFrom");
    const struct value *text = value_get(entry, "value");
    struct value *made = value_make_map(arena);
    value_set_string(arena, made, "name", name);
    if (value_is(from, VALUE_MAP)) {
        value_set(arena, made, "valueFrom", make_source(planning, from));
        return made;
    }
    bool template = value_is(text, VALUE_STRING) &&
                    memmem(text->string.bytes, text->string.length, "{{", 2);
    const char *key = template ? secret_of_text(planning, text) : NULL;
    if (key)
        return plan_secret_variable(planning, name, object, key);
    const char *plain = template ? names_static_text(planning, text)
                                 : value_scalar_text(arena, text);
    value_set_string(arena, made, "value", plain ? plain : "");
    return made;
}

struct value *environment_plain(struct planning *planning,
                                const struct value *environment,
                                const char *object)
{
    struct arena *arena = planning->arena;
    struct value *list = value_make_list(arena);
    struct value *first = value_make_map(arena);
    value_set_string(arena, first, "name", "CI");
    value_set_string(arena, first, "value", "1");
    value_append(arena, list, first);
    for (size_t i = 0; i < value_count(environment); i++)
        value_append(arena, list,
                     make_plain(planning, environment->list.items[i], object));
    return list;
}
