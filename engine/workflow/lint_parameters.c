/*
 * The defaults of spec.config, which nobody has looked at before a run that uses them:
 * a value that its own declaration refuses (E204), a template that cannot be read
 * (E201), a parameter in it that there is not (E202). An empty default stands for a
 * value that the user has to give, whatever the declaration says.
 */
#include <string.h>

#include "engine/workflow/limits.h"
#include "engine/workflow/lint.h"

struct default_visit {
    struct lint *lint;
    const struct scope *scope;
    const struct value *text;
};

static void see_reference(void *context,
                          const struct expression_reference *reference)
{
    static const char prefix[] = "config.";
    struct default_visit *visit = context;
    size_t skip = strlen(prefix);
    if (reference->call || reference->length <= skip ||
        memcmp(reference->name, prefix, skip) != 0)
        return;
    const char *name = reference->name + skip;
    size_t length = reference->length - skip;
    const char *dot = memchr(name, '.', length);
    size_t first = dot ? (size_t)(dot - name) : length;
    if (parameter_find(visit->scope, name, length) ||
        parameter_find(visit->scope, name, first))
        return;
    const char *wanted = arena_copy(visit->lint->arena, name, length);
    lint_report(
        visit->lint,
        &(struct lint_finding){
            "E202", visit->text, reference->offset, reference->length,
            parameter_hint(visit->lint->arena, visit->scope, prefix, wanted)},
        "unknown parameter 'config.%.200s'", wanted);
}

static void lint_template_default(struct lint *lint, const struct scope *scope,
                                  const struct value *text)
{
    struct error error = {0};
    const struct expression_template *template = expression_template_parse(
        lint->arena, text->string.bytes, text->string.length, &error);
    struct default_visit visit = {lint, scope, text};
    if (template)
        expression_template_visit_references(template, see_reference, &visit);
    else
        lint_report(lint,
                    &(struct lint_finding){"E201", text,
                                           error.place.mark.offset, 0, NULL},
                    "%s", error.text);
}

static void lint_default(struct lint *lint, const struct scope *scope,
                         const struct parameter *parameter,
                         const struct value *value)
{
    struct error error = {0};
    if (value_is(value, VALUE_STRING) && strstr(parameter->fallback, "{{"))
        lint_template_default(lint, scope, value);
    else if (parameter_check(parameter, parameter->fallback, &error) < 0)
        lint_report(lint, &(struct lint_finding){"E204", value, 0, 0, NULL},
                    "the default of %s", error.text);
}

void lint_parameters(struct lint *lint)
{
    const struct value *config = value_path(lint->document, "spec.config");
    struct scope scope = {0};
    if (!value_is(config, VALUE_MAP) ||
        parameters_decode(lint->arena, config, &scope, lint->diagnostics) < 0)
        return;
    for (size_t i = 0; i < scope.count; i++) {
        const struct value *entry = config->map.members[i].value;
        const struct value *value =
            value_is(entry, VALUE_MAP) ? value_get(entry, "default") : entry;
        const char *fallback = scope.parameters[i].fallback;
        if (value && fallback && fallback[0] != '\0')
            lint_default(lint, &scope, &scope.parameters[i], value);
    }
}
