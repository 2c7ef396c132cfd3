/*
 * The names that are known before a run starts: parameters, the workflow's own
 * name and labels, the execution. Everything else is left for a later stage.
 * Values come back as static expressions: data, never read as templates again.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/workflow/limits.h"
#include "engine/workflow/private.h"

static const struct expression *of_string(struct arena *arena,
                                          const char *string)
{
    return expression_of_value(arena, value_make_string(arena, string));
}

/* The template of a default, with its names put in. */
static const char *default_text(struct resolution *resolution,
                                const char *source,
                                const struct parameter **taint,
                                struct error *error)
{
    struct arena *arena = resolution->arena;
    struct expression_names names = resolution_names(resolution);
    const struct expression_template *template =
        expression_template_parse(arena, source, strlen(source), error);
    const struct expression_template *parsed = template;
    if (template)
        template = expression_template_resolve(arena, template, &names, error);
    if (!template)
        return NULL;
    *taint = splice_taint(&resolution->scope, parsed);
    size_t length;
    const char *text = expression_template_text(arena, template, &length);
    if (!text)
        error_set(error, ERROR_INPUT,
                  "'%.100s' uses a name that is not known before the run",
                  source);
    return text;
}

/* A default is the author's template: it may use other names. */
static int evaluate_default(struct resolution *resolution,
                            struct parameter *parameter, struct error *error)
{
    if (parameter->settling ||
        resolution->depth >= WORKFLOW_DEFAULT_DEPTH_LIMIT)
        return error_set(error, ERROR_INPUT,
                         parameter->settling
                             ? "the default of parameter '%s' refers to itself"
                             : "the default of parameter '%s' refers to too "
                               "many others",
                         parameter->name);
    parameter->settling = true;
    resolution->depth++;
    parameter->text =
        default_text(resolution, parameter->fallback, &parameter->taint, error);
    resolution->depth--;
    parameter->settling = false;
    if (parameter->text)
        return 0;
    return resolution->depth > 0
               ? -1
               : error_context(error, "the default of parameter '%s'",
                               parameter->name);
}

static int answer_parameter(struct resolution *resolution, const char *name,
                            size_t length, const struct expression **answer,
                            struct error *error)
{
    struct parameter *parameter =
        parameter_find(&resolution->scope, name, length);
    const char *template_name = resolution->scope.template_name;
    if (!parameter)
        return 0;
    if (!parameter->text)
        parameter->text = parameter->given;
    if (!parameter->text && !parameter->later && parameter->fallback &&
        evaluate_default(resolution, parameter, error) < 0)
        return -1;
    if (!parameter->text && !parameter->later && template_name)
        return error_set(error, ERROR_INPUT,
                         "parameter '%s' of template '%.100s' has no value: "
                         "give one below 'config', where the template is used",
                         parameter->name, template_name);
    if (!parameter->text && !parameter->later)
        return error_set(error, ERROR_USAGE,
                         "parameter '%s' has no value: give one with "
                         "--config %s=VALUE",
                         parameter->name, parameter->name);
    *answer = parameter_expression(resolution->arena, parameter, error);
    return *answer ? 1 : -1;
}

static int answer_workflow(struct resolution *resolution, const char *name,
                           size_t length, const struct expression **answer,
                           struct error *error)
{
    (void)error;
    if (length != strlen("name") || memcmp(name, "name", length) != 0)
        return 0;
    *answer = of_string(resolution->arena, resolution->workflow->name);
    return 1;
}

/* labels.<key>, where `.`, `-` and `/` of the key are written `_`. */
static int answer_label(struct resolution *resolution, const char *name,
                        size_t length, const struct expression **answer,
                        struct error *error)
{
    (void)error;
    const struct value *labels =
        value_path(resolution->workflow->document, "metadata.labels");
    for (size_t i = 0; i < value_count(labels); i++) {
        const struct member *label = &labels->map.members[i];
        bool same = label->length == length;
        for (size_t j = 0; same && j < length; j++) {
            char letter = label->name[j];
            same = name[j] == (strchr(".-/", letter) ? '_' : letter);
        }
        const char *text =
            same ? value_scalar_text(resolution->arena, label->value) : NULL;
        if (text) {
            *answer = of_string(resolution->arena, text);
            return 1;
        }
    }
    return 0;
}

static int answer_execution(struct resolution *resolution, const char *name,
                            size_t length, const struct expression **answer,
                            struct error *error)
{
    (void)error;
    struct arena *arena = resolution->arena;
    if (length == 2 && memcmp(name, "id", 2) == 0)
        *answer = of_string(arena, resolution->run_id);
    else if (length == 4 && memcmp(name, "name", 4) == 0)
        *answer = of_string(arena, arena_format(arena, "%s-%.8s",
                                                resolution->workflow->name,
                                                resolution->run_id));
    else if (length == 11 && memcmp(name, "scheduledAt", 11) == 0 &&
             resolution->workflow->scheduled > 0) {
        char text[CLOCK_TEXT];
        clock_print(resolution->workflow->scheduled, text);
        *answer = of_string(arena, text);
    } else
        *answer = expression_none();
    return 1;
}

static int answer_resource(struct resolution *resolution, const char *name,
                           size_t length, const struct expression **answer,
                           struct error *error)
{
    (void)error;
    if ((length != 2 || memcmp(name, "id", 2) != 0) &&
        (length != 4 || memcmp(name, "root", 4) != 0))
        return 0;
    *answer = of_string(resolution->arena, resolution->run_id);
    return 1;
}

/* What Testkube's control plane would know: without one it is empty. */
static int answer_nothing(struct resolution *resolution, const char *name,
                          size_t length, const struct expression **answer,
                          struct error *error)
{
    (void)name;
    (void)error;
    if (length > 0)
        return 0;
    *answer = of_string(resolution->arena, "");
    return 1;
}

static const struct {
    const char *prefix;
    int (*answer)(struct resolution *resolution, const char *name,
                  size_t length, const struct expression **answer,
                  struct error *error);
} prefixes[] = {
    {"config.", answer_parameter},      {"workflow.labels.", answer_label},
    {"workflow.", answer_workflow},     {"labels.", answer_label},
    {"execution.", answer_execution},   {"resource.fsPrefix", answer_nothing},
    {"resource.", answer_resource},     {"organization.id", answer_nothing},
    {"environment.id", answer_nothing}, {"dashboard.url", answer_nothing},
};

static int answer_name(void *context, struct arena *arena, const char *name,
                       size_t length, const struct expression **answer,
                       struct error *error)
{
    (void)arena; /* answers may be kept: they live in the resolution's arena */
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t skip = strlen(prefixes[i].prefix);
        bool part = prefixes[i].prefix[skip - 1] == '.';
        if (length >= skip + part &&
            memcmp(name, prefixes[i].prefix, skip) == 0)
            return prefixes[i].answer(context, name + skip, length - skip,
                                      answer, error);
    }
    return 0;
}

struct expression_names resolution_names(struct resolution *resolution)
{
    return (struct expression_names){.name = answer_name,
                                     .context = resolution};
}
