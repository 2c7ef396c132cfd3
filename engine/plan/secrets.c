/*
 * secret(name, key) in a text -> a name that the entrypoint knows. The key of the
 * Secret becomes a variable of every container, as the workflow's own secrets do,
 * and is masked as they are; its value is never here. Each key is one variable,
 * however often it is named.
 */
#include <string.h>

#include "engine/plan/limits.h"
#include "engine/plan/private.h"

/* As Kubernetes has the names of Secrets and the keys in them. */
static bool is_name(const struct value *value)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    const char *name = value_string(value);
    size_t length = name ? strlen(name) : 0;
    return length > 0 && length <= 253 && length == value->string.length &&
           strspn(name, letters) == length;
}

static bool is_same(const struct value *variable, const char *name,
                    const char *key)
{
    const struct value *reference =
        value_path(variable, "valueFrom.secretKeyRef");
    return strcmp(value_string_at(reference, "name"), name) == 0 &&
           strcmp(value_string_at(reference, "key"), key) == 0;
}

static const char *add_variable(struct planning *planning, const char *name,
                                const char *key)
{
    struct arena *arena = planning->arena;
    const char *variable =
        arena_format(arena, "ASSAY_SECRET_%zu", planning->variable_count++);
    value_append(arena, planning->references,
                 plan_secret_variable(planning, variable, name, key));
    struct value *word = value_make_map(arena);
    value_set_string(arena, word, "name",
                     arena_format(arena, "reference.%s", variable));
    value_set_string(arena, word, "variable", variable);
    value_append(arena, planning->secrets, word);
    return variable;
}

const char *secrets_add_literal(struct planning *planning, const char *name,
                                const char *text)
{
    struct arena *arena = planning->arena;
    const char *variable =
        arena_format(arena, "ASSAY_SECRET_%zu", planning->variable_count++);
    struct value *word = value_make_map(arena);
    value_set_string(arena, word, "name",
                     arena_format(arena, "%s.%s", name, variable));
    value_set_string(arena, word, "variable", variable);
    value_append(arena, planning->secrets, word);
    value_set_string(arena, planning->secret_map, variable, text);
    return variable;
}

static int answer_secret(struct planning *planning,
                         const struct expression_call *call,
                         const struct expression **answer, struct error *error)
{
    const struct value *const *arguments = call->arguments;
    size_t count = call->count;
    if (count < 2 || count > 3 ||
        (count == 3 && arguments[2]->kind != VALUE_BOOL))
        return error_set(error, ERROR_INPUT,
                         "secret(): expected the name of a Secret and a key of "
                         "it (and perhaps whether it is computed: true or "
                         "false)");
    if (!is_name(arguments[0]) || !is_name(arguments[1]))
        return error_set(error, ERROR_INPUT,
                         "secret(): the name of a Secret and its key are 1 to "
                         "253 letters, digits, '-', '_' and '.'");
    const char *name = value_string(arguments[0]);
    const char *key = value_string(arguments[1]);
    const char *variable = NULL;
    for (size_t i = 0; i < value_count(planning->references) && !variable; i++)
        if (is_same(planning->references->list.items[i], name, key))
            variable =
                value_string_at(planning->references->list.items[i], "name");
    if (!variable &&
        value_count(planning->references) == PLAN_SECRET_REFERENCES_LIMIT)
        return error_set(error, ERROR_INPUT,
                         "secret(): more than %d keys of Secrets",
                         PLAN_SECRET_REFERENCES_LIMIT);
    if (!variable)
        variable = add_variable(planning, name, key);
    *answer = expression_of_name(
        planning->arena,
        arena_format(planning->arena, "secret.reference.%s", variable));
    return 1;
}

static int answer_call(void *context, struct arena *arena,
                       const struct expression_call *call,
                       const struct expression **answer, struct error *error)
{
    (void)arena;
    if (call->length == strlen("secret") &&
        memcmp(call->name, "secret", call->length) == 0)
        return answer_secret(context, call, answer, error);
    return 0;
}

struct expression_names secrets_names(struct planning *planning)
{
    return (struct expression_names){.call = answer_call, .context = planning};
}
