#include "engine/entrypoint/names.h"

#include <string.h>

#include "engine/entrypoint/files.h"
#include "engine/entrypoint/verdict.h"

static bool is(const char *name, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(name, word, length) == 0;
}

static bool after(const char *name, size_t length, const char *prefix,
                  const char **rest, size_t *rest_length)
{
    size_t skip = strlen(prefix);
    if (length <= skip || memcmp(name, prefix, skip) != 0)
        return false;
    *rest = name + skip;
    *rest_length = length - skip;
    return true;
}

static const struct expression *of_bool(struct arena *arena, bool value)
{
    return expression_of_value(arena, value_make_bool(arena, value));
}

static const struct expression *of_string(struct arena *arena,
                                          const char *string)
{
    return expression_of_value(arena, value_make_string(arena, string));
}

/* status, passed, ...: what came before the step on its path. */
static const struct expression *status_word(struct arena *arena,
                                            const struct names *names,
                                            const char *name, size_t length)
{
    bool failed = verdict_failed_before(names->step, names->instructions);
    if (is(name, length, "status"))
        return of_string(arena, names->aborted ? "aborted"
                                : failed       ? "failed"
                                               : "passed");
    if (is(name, length, "passed") || is(name, length, "success"))
        return of_bool(arena, !failed && !names->aborted);
    if (is(name, length, "failed") || is(name, length, "error"))
        return of_bool(arena, failed && !names->aborted);
    if (is(name, length, "always"))
        return of_bool(arena, true);
    return is(name, length, "never") ? of_bool(arena, false) : NULL;
}

static const struct expression *self_word(struct arena *arena,
                                          const struct names *names,
                                          const char *name, size_t length)
{
    bool good = names->self == STEP_PASSED || names->self == STEP_SKIPPED;
    if (is(name, length, "status"))
        return of_string(arena, verdict_name(names->self));
    if (is(name, length, "passed") || is(name, length, "success"))
        return of_bool(arena, names->self == STEP_PASSED);
    if (is(name, length, "failed") || is(name, length, "error"))
        return of_bool(arena, !good);
    return NULL;
}

static const struct expression *secret_value(struct arena *arena,
                                             const struct names *names,
                                             const char *name, size_t length)
{
    for (size_t i = 0; i < names->instructions->secret_count; i++) {
        const struct instruction_secret *secret =
            &names->instructions->secrets[i];
        if (!is(name, length, secret->name))
            continue;
        const char *value =
            environment_taken(names->environment, secret->variable);
        return of_string(arena, value ? value : "");
    }
    return NULL;
}

static const struct expression *variable_value(struct arena *arena,
                                               const struct names *names,
                                               const char *name, size_t length)
{
    const char *value =
        names->variables ? variables_get(names->variables, name, length) : NULL;
    return of_string(arena, value ? value : "");
}

static bool before(const char *name, size_t length, const char *suffix,
                   size_t *rest_length)
{
    size_t skip = strlen(suffix);
    if (length <= skip || memcmp(name + length - skip, suffix, skip) != 0)
        return false;
    *rest_length = length - skip;
    return true;
}

static int results_of(struct arena *arena, const struct names *names,
                      const struct step *step, const struct expression **found,
                      struct error *error)
{
    const char *path = outputs_results(arena, names->outputs, step, error);
    if (!path)
        return -1;
    *found = of_string(arena, path);
    return 1;
}

/* step.results, step.<id>.results, step.<id>.outputs.<key>; `name` is what is behind
 * "step.". An output that was not written is empty, as a variable is. */
static int shared_value(struct arena *arena, const struct names *names,
                        const char *name, size_t length,
                        const struct expression **found, struct error *error)
{
    static const char outputs[] = ".outputs.";
    size_t id_length;
    if (!names->outputs)
        return 0;
    if (is(name, length, "results"))
        return results_of(arena, names, names->step, found, error);
    const struct step *step = NULL;
    if (before(name, length, ".results", &id_length) &&
        (step = instructions_find(names->instructions, name, id_length)))
        return results_of(arena, names, step, found, error);
    const char *middle = memmem(name, length, outputs, sizeof outputs - 1);
    if (middle)
        step = instructions_find(names->instructions, name,
                                 (size_t)(middle - name));
    if (!step)
        return 0;
    const char *key = middle + sizeof outputs - 1;
    const char *text = outputs_find(arena, names->instructions, step, key,
                                    (size_t)(name + length - key));
    *found = of_string(arena, text ? text : "");
    return 1;
}

static int answer(void *context, struct arena *arena, const char *name,
                  size_t length, const struct expression **found,
                  struct error *error)
{
    const struct names *names = context;
    const char *rest;
    size_t rest_length;
    if (after(name, length, "step.", &rest, &rest_length))
        return shared_value(arena, names, rest, rest_length, found, error);
    if (after(name, length, "env.", &rest, &rest_length))
        *found = variable_value(arena, names, rest, rest_length);
    else if (after(name, length, "secret.", &rest, &rest_length))
        *found = secret_value(arena, names, rest, rest_length);
    else if (after(name, length, "self.", &rest, &rest_length))
        *found = self_word(arena, names, rest, rest_length);
    else if (names->until)
        *found = self_word(arena, names, name, length);
    else
        *found = NULL;
    if (!*found)
        *found = status_word(arena, names, name, length);
    if (*found)
        return 1;
    const struct step *step =
        instructions_find(names->instructions, name, length);
    if (!step)
        return 0;
    *found = of_bool(arena, step->status == STEP_PASSED ||
                                step->status == STEP_SKIPPED);
    return 1;
}

/* Everyone who answers: first the run, then the container's files. */
struct machine {
    struct names names;
    struct container_files container;
    struct expression_names files;
    struct expression_names run;
};

static const struct expression_names *machine(const struct names *names,
                                              struct machine *made)
{
    made->names = *names;
    files_make(&made->container);
    made->files = expression_files_names(&made->container.files);
    made->run = (struct expression_names){
        .name = answer, .context = &made->names, .next = &made->files};
    return &made->run;
}

static int unknown(const struct expression_reference *reference,
                   struct error *error)
{
    return error_set(error, ERROR_INPUT, "unknown %s '%.*s'",
                     reference->call ? "function" : "name",
                     (int)reference->length, reference->name);
}

int names_condition(const struct names *names, const char *condition,
                    struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct machine made;
    const struct expression_names *chain = machine(names, &made);
    const struct expression *expression =
        expression_parse(arena, condition, strlen(condition), error);
    if (expression)
        expression = expression_resolve(arena, expression, chain, error);
    if (!expression)
        return error_context(error, "condition '%.100s'", condition);
    struct expression_reference reference;
    if (expression_first_name(expression, &reference)) {
        unknown(&reference, error);
        return error_context(error, "condition '%.100s'", condition);
    }
    return expression_truth(expression);
}

static const struct expression_template *
resolve(struct arena *arena, const struct names *names,
        const struct instruction_text *text, struct error *error)
{
    struct machine made;
    const struct expression_names *chain = machine(names, &made);
    const struct expression_template *template =
        expression_template_parse(arena, text->bytes, text->length, error);
    if (template)
        template = expression_template_resolve(arena, template, chain, error);
    struct expression_reference reference;
    if (template && expression_template_first_name(template, &reference)) {
        unknown(&reference, error);
        return NULL;
    }
    return template;
}

const char *names_text(struct arena *arena, const struct names *names,
                       const struct instruction_text *text, struct error *error)
{
    if (!text->template)
        return text->bytes;
    const struct expression_template *template =
        resolve(arena, names, text, error);
    size_t length;
    const char *made =
        template ? expression_template_text(arena, template, &length) : NULL;
    if (template && !made)
        error_set(error, ERROR_INPUT, "the text is too long");
    return made;
}

int names_arguments(struct arena *arena, const struct names *names,
                    const struct instruction_text *text, struct value *list,
                    struct error *error)
{
    const char *plain = text->bytes;
    if (text->template) {
        const struct expression_template *template =
            resolve(arena, names, text, error);
        if (!template)
            return -1;
        const struct expression *sole = expression_template_sole(template);
        const struct value *value = sole ? expression_value(arena, sole) : NULL;
        if (value_is(value, VALUE_NULL))
            return 0;
        if (value_is(value, VALUE_LIST)) {
            for (size_t i = 0; i < value_count(value); i++)
                value_append(
                    arena, list,
                    value_make_string(
                        arena, expression_text(
                                   arena, expression_of_value(
                                              arena, value_item(value, i)))));
            return 0;
        }
        size_t length;
        plain = expression_template_text(arena, template, &length);
        if (!plain)
            return error_set(error, ERROR_INPUT, "the text is too long");
    }
    value_append(arena, list, value_make_string(arena, plain));
    return 0;
}
