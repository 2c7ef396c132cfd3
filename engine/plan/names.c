/*
 * Texts at plan time. A resolved text is still a template; here it becomes either
 * plain text or a template that the entrypoint evaluates, and what no one in the
 * pod can answer is reported now instead of failing there.
 */
#include <string.h>

#include "engine/plan/private.h"

static bool has_prefix(const char *name, size_t length, const char *prefix)
{
    size_t skip = strlen(prefix);
    return length > skip && memcmp(name, prefix, skip) == 0;
}

static const char *const words[] = {
    "status", "passed",       "success",     "failed",      "error",
    "always", "never",        "self.status", "self.passed", "self.failed",
    "env",    "self.success", "self.error",  "workingDir",  NULL,
};

/* step.results, step.<id>.results and step.<id>.outputs.<key>: what steps leave. */
static bool is_of_step(const struct planning *planning, const char *name,
                       size_t length)
{
    static const char first[] = "step.", last[] = ".results";
    static const char middle[] = ".outputs.";
    if (!has_prefix(name, length, first))
        return false;
    name += sizeof first - 1;
    length -= sizeof first - 1;
    if (length == sizeof last - 2 && memcmp(name, last + 1, length) == 0)
        return true;
    const char *dot = memchr(name, '.', length);
    size_t id = dot ? (size_t)(dot - name) : 0;
    if (!dot || !value_get_bytes(planning->ids, name, id))
        return false;
    return (length - id == sizeof last - 1 &&
            memcmp(dot, last, length - id) == 0) ||
           has_prefix(dot, length - id, middle);
}

static bool is_known(const struct planning *planning, const char *name,
                     size_t length)
{
    if (has_prefix(name, length, "env.") || has_prefix(name, length, "secret."))
        return true;
    for (const char *const *word = words; *word; word++)
        if (strlen(*word) == length && memcmp(*word, name, length) == 0)
            return true;
    if (value_get_bytes(planning->ids, name, length))
        return true;
    return is_of_step(planning, name, length);
}

struct name_visit {
    struct planning *planning;
    const struct value *text;
};

static void refuse_unknown(void *context, const char *name, size_t length)
{
    struct name_visit *visit = context;
    struct planning *planning = visit->planning;
    if (is_known(planning, name, length))
        return;
    const char *wanted = arena_copy(planning->arena, name, length);
    const char *nearest = diagnostics_nearest(wanted, words);
    const char *hint = "known in the pod: env.NAME, status, passed, failed, "
                       "always, never, self.*, and the ids of steps";
    if (nearest)
        hint = arena_format(planning->arena, "did you mean '%s'?", nearest);
    if (has_prefix(name, length, "step.") ||
        has_prefix(name, length, "output."))
        hint = "of a step there are step.<id>.outputs.<key> and "
               "step.<id>.results, and step.results of the step itself";
    if (has_prefix(name, length, "services."))
        hint = "services are not supported by this version";
    diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E205",
                    visit->text->mark, hint, "unknown name '%s'", wanted);
}

static bool is_word(const struct expression_reference *call, const char *word)
{
    return strlen(word) == call->length &&
           memcmp(word, call->name, call->length) == 0;
}

static void refuse_call(void *context, const struct expression_reference *call)
{
    struct name_visit *visit = context;
    int length = call->length > 100 ? 100 : (int)call->length;
    enum expression_function function =
        expression_function_of(call->name, call->length);
    if (function == FUNCTION_BEFORE_RUN)
        diagnostics_add(visit->planning->diagnostics, SEVERITY_ERROR, "E206",
                        visit->text->mark,
                        "an argument is known in the pod only: use a "
                        "parameter (config.*), or do it in the step's shell",
                        "function '%.*s' is available before the run starts "
                        "only",
                        length, call->name);
    if (is_word(call, "secret"))
        diagnostics_add(visit->planning->diagnostics, SEVERITY_ERROR, "E206",
                        visit->text->mark,
                        "take it into the step's env, and name env.X here",
                        "secret() needs a name and a key that are known before "
                        "the run, and cannot be called in a condition");
    else if (is_word(call, "credential"))
        diagnostics_add(visit->planning->diagnostics, SEVERITY_ERROR, "E206",
                        visit->text->mark,
                        "keep it in a Secret: {{ secret(\"name\", \"key\") }}",
                        "credential() asks Testkube's control plane, which is "
                        "not part of Assay");
    else if (function == FUNCTION_UNKNOWN)
        diagnostics_add(visit->planning->diagnostics, SEVERITY_ERROR, "E206",
                        visit->text->mark, "docs/expressions.md has them all",
                        "unknown function '%.*s'", length, call->name);
}

static void find_secret(void *context, const struct expression_reference *call)
{
    bool *found = context;
    *found |= is_word(call, "secret");
}

static const struct expression_template *
with_names(struct planning *planning, const struct value *text,
           const struct expression_template *template,
           struct expression_names names)
{
    struct error error = {0};
    const struct expression_template *resolved =
        expression_template_resolve(planning->arena, template, &names, &error);
    if (!resolved)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E203",
                        text->mark, NULL, "%s", error.text);
    return resolved;
}

static bool names_claims(const struct value *text)
{
    return memmem(text->string.bytes, text->string.length, "pvcs.", 5);
}

static const struct expression_template *parse(struct planning *planning,
                                               const struct value *text)
{
    struct error error = {0};
    const struct expression_template *template = expression_template_parse(
        planning->arena, text->string.bytes, text->string.length, &error);
    if (!template)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E201",
                        text->mark, NULL, "%s", error.text);
    if (template && names_claims(text))
        template = with_names(planning, text, template, claims_names(planning));
    return template;
}

struct value *names_text(struct planning *planning, const struct value *text)
{
    struct arena *arena = planning->arena;
    const struct expression_template *template = parse(planning, text);
    if (!template)
        return value_make_string(arena, "");
    size_t length;
    const char *plain = expression_template_text(arena, template, &length);
    if (plain)
        return value_make_bytes(arena, plain, length);
    bool found = false;
    expression_template_visit_calls(template, find_secret, &found);
    if (found)
        template =
            with_names(planning, text, template, secrets_names(planning));
    if (!template)
        return value_make_string(arena, "");
    struct name_visit visit = {planning, text};
    expression_template_visit_names(template, refuse_unknown, &visit);
    expression_template_visit_calls(template, refuse_call, &visit);
    CLEANUP(text_free) struct text printed = {0};
    if (found || names_claims(text))
        expression_template_print(&printed, template);
    else
        text_append(&printed, text->string.bytes, text->string.length);
    struct value *map = value_make_map(arena);
    value_set(arena, map, "template",
              value_make_bytes(arena, text_string(&printed), printed.length));
    return map;
}

void names_check_condition(struct planning *planning,
                           const struct value *condition)
{
    struct error error = {0};
    const struct expression *expression =
        expression_parse(planning->arena, condition->string.bytes,
                         condition->string.length, &error);
    struct name_visit visit = {planning, condition};
    if (!expression) {
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E201",
                        condition->mark, NULL, "%s", error.text);
        return;
    }
    expression_visit_names(expression, refuse_unknown, &visit);
    expression_visit_calls(expression, refuse_call, &visit);
}

const char *names_static_text(struct planning *planning,
                              const struct value *text)
{
    const struct expression_template *template = parse(planning, text);
    if (!template)
        return NULL;
    size_t length;
    const char *plain =
        expression_template_text(planning->arena, template, &length);
    if (!plain)
        diagnostics_add(planning->diagnostics, SEVERITY_ERROR, "E207",
                        text->mark,
                        "use parameters (config.*) here: they are known "
                        "before the run",
                        "this field must be known before the run: '%.100s'",
                        text->string.bytes);
    return plain;
}

struct value *names_static_value(struct planning *planning,
                                 const struct value *value)
{
    struct arena *arena = planning->arena;
    if (value_is(value, VALUE_STRING)) {
        const char *text = names_static_text(planning, value);
        struct value *plain = value_make_string(arena, text ? text : "");
        plain->mark = value->mark;
        return plain;
    }
    if (value_is(value, VALUE_LIST)) {
        struct value *list = value_make_list(arena);
        list->mark = value->mark;
        for (size_t i = 0; i < value->list.count; i++)
            value_append(arena, list,
                         names_static_value(planning, value->list.items[i]));
        return list;
    }
    if (!value_is(value, VALUE_MAP))
        return value_copy(arena, value);
    struct value *map = value_make_map(arena);
    map->mark = value->mark;
    for (size_t i = 0; i < value->map.count; i++) {
        const struct member *member = &value->map.members[i];
        struct value name = {
            .kind = VALUE_STRING,
            .mark = member->mark,
            .string = {member->name, member->length},
        };
        const char *plain = names_static_text(planning, &name);
        value_set(arena, map, plain ? plain : member->name,
                  names_static_value(planning, member->value));
    }
    return map;
}
