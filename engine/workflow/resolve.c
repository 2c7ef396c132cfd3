/*
 * A document and parameters -> the resolved document: every template and
 * expression below spec with the names of this stage put in. What stays unknown
 * (env.X, status, secrets, ...) is printed back, so the result is a document in
 * the same language; text that came from values is escaped by the printer and so
 * is never an expression again.
 *
 * Invariant: the tree keeps its shape but for lists of strings (command, args,
 * paths), where an element that is one block with a list as its value is replaced
 * by the items.
 */
#include <stdio.h>
#include <string.h>

#include "engine/workflow/private.h"

static struct value *resolve_value(struct resolution *resolution,
                                   const struct value *value,
                                   enum field_tag tag, const char *field);

struct mark resolution_locate(const struct resolution *resolution,
                              const struct value *text, size_t offset)
{
    const struct diagnostics_source *other =
        diagnostics_source_of(resolution->diagnostics, text->mark);
    const struct workflow *workflow = resolution->workflow;
    return value_locate(text, offset, other ? other->text : workflow->source,
                        other ? other->length : workflow->source_length);
}

static void report(struct resolution *resolution, const char *code,
                   const struct value *text, const struct error *error)
{
    struct mark mark =
        resolution_locate(resolution, text, error->place.mark.offset);
    diagnostics_add(resolution->diagnostics, SEVERITY_ERROR, code, mark, NULL,
                    "%s", error->text);
}

struct name_visit {
    struct resolution *resolution;
    const struct value *text;
};

/* A config name that is left after resolution is not declared. */
static void refuse_unknown(void *context, const char *name, size_t length)
{
    static const char prefix[] = "config.";
    struct name_visit *visit = context;
    if (length <= strlen(prefix) || memcmp(name, prefix, strlen(prefix)) != 0)
        return;
    struct arena *arena = visit->resolution->arena;
    const struct scope *scope = &visit->resolution->scope;
    const char *wanted =
        arena_copy(arena, name + strlen(prefix), length - strlen(prefix));
    const char *hint = parameter_hint(arena, scope, prefix, wanted);
    size_t at = 0;
    const char *found = memmem(visit->text->string.bytes,
                               visit->text->string.length, name, length);
    if (found)
        at = (size_t)(found - visit->text->string.bytes);
    diagnostics_add(visit->resolution->diagnostics, SEVERITY_ERROR, "E202",
                    resolution_locate(visit->resolution, visit->text, at), hint,
                    "unknown parameter 'config.%s'", wanted);
}

static struct value *with_source(struct value *made, const struct value *source)
{
    made->mark = source->mark;
    made->style = source->style;
    return made;
}

/* The template of a string, resolved; NULL after a diagnostic. */
static const struct expression_template *
resolve_template(struct resolution *resolution, const struct value *text)
{
    struct error error = {0};
    struct arena *arena = resolution->arena;
    const struct expression_template *template = expression_template_parse(
        arena, text->string.bytes, text->string.length, &error);
    struct expression_names names = resolution_names(resolution);
    if (template)
        template = expression_template_resolve(arena, template, &names, &error);
    if (!template) {
        report(resolution, "E203", text, &error);
        return NULL;
    }
    struct name_visit visit = {resolution, text};
    expression_template_visit_names(template, refuse_unknown, &visit);
    return template;
}

static struct value *print_template(struct resolution *resolution,
                                    const struct value *text,
                                    const struct expression_template *template)
{
    CLEANUP(text_free) struct text printed = {0};
    expression_template_print(&printed, template);
    return with_source(value_make_bytes(resolution->arena,
                                        text_string(&printed), printed.length),
                       text);
}

static struct value *resolve_text(struct resolution *resolution,
                                  const struct value *text)
{
    if (!has_block(text))
        return value_copy(resolution->arena, text);
    const struct expression_template *template =
        resolve_template(resolution, text);
    if (!template)
        return value_copy(resolution->arena, text);
    return print_template(resolution, text, template);
}

static struct value *resolve_expression(struct resolution *resolution,
                                        const struct value *text)
{
    struct error error = {0};
    struct arena *arena = resolution->arena;
    const struct expression *expression = expression_parse(
        arena, text->string.bytes, text->string.length, &error);
    struct expression_names names = resolution_names(resolution);
    if (expression)
        expression = expression_resolve(arena, expression, &names, &error);
    if (!expression) {
        report(resolution, "E203", text, &error);
        return value_copy(arena, text);
    }
    struct name_visit visit = {resolution, text};
    expression_visit_names(expression, refuse_unknown, &visit);
    CLEANUP(text_free) struct text printed = {0};
    expression_print(&printed, expression);
    return with_source(
        value_make_bytes(arena, text_string(&printed), printed.length), text);
}

/* A literal text in template syntax. */
static struct value *escaped_text(struct resolution *resolution,
                                  const char *bytes, size_t length)
{
    CLEANUP(text_free) struct text printed = {0};
    expression_template_escape(&printed, bytes, length);
    return value_make_bytes(resolution->arena, text_string(&printed),
                            printed.length);
}

/* Appends what one element of a list of texts becomes: nothing, one or many. */
static void splice_element(struct resolution *resolution, struct value *list,
                           const struct value *text)
{
    struct arena *arena = resolution->arena;
    const struct expression_template *template =
        resolve_template(resolution, text);
    if (!template) {
        value_append(arena, list, value_copy(arena, text));
        return;
    }
    const struct expression *sole = expression_template_sole(template);
    const struct value *value = sole ? expression_value(arena, sole) : NULL;
    if (!value) {
        value_append(arena, list, print_template(resolution, text, template));
        return;
    }
    if (value_is(value, VALUE_NULL))
        return;
    if (!value_is(value, VALUE_LIST)) {
        const char *plain = expression_text(arena, sole);
        value_append(
            arena, list,
            with_source(escaped_text(resolution, plain, strlen(plain)), text));
        return;
    }
    for (size_t i = 0; i < value->list.count; i++) {
        const char *plain = expression_text(
            arena, expression_of_value(arena, value->list.items[i]));
        value_append(
            arena, list,
            with_source(escaped_text(resolution, plain, strlen(plain)), text));
    }
}

static struct value *resolve_list(struct resolution *resolution,
                                  const struct value *value, enum field_tag tag,
                                  const char *field)
{
    struct value *list = with_source(value_make_list(resolution->arena), value);
    for (size_t i = 0; i < value->list.count; i++) {
        const struct value *item = value->list.items[i];
        if (tag == FIELD_LIST && value_is(item, VALUE_STRING) &&
            has_block(item))
            splice_element(resolution, list, item);
        else
            value_append(resolution->arena, list,
                         resolve_value(resolution, item, tag, field));
    }
    return list;
}

static void check_shell_text(struct resolution *resolution,
                             const struct value *text)
{
    struct error error = {0};
    if (!value_is(text, VALUE_STRING))
        return;
    const struct expression_template *template = expression_template_parse(
        resolution->arena, text->string.bytes, text->string.length, &error);
    if (template)
        splice_check(resolution, text, template);
}

/* What follows `-c` in command or args is shell code, or near enough to it. */
static void check_arguments(struct resolution *resolution,
                            const struct value *map)
{
    static const char *const fields[] = {"command", "args"};
    bool code = false;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const struct value *list = value_get(map, fields[i]);
        if (!value_is(list, VALUE_LIST))
            continue;
        for (size_t j = 0; j < value_count(list); j++) {
            const char *item = value_string(value_item(list, j));
            if (code)
                check_shell_text(resolution, value_item(list, j));
            size_t length = item ? strlen(item) : 0;
            if (length >= 2 && item[0] == '-' && item[length - 1] == 'c')
                code = true;
        }
    }
}

/*
 * The arguments of a template: resolved here, so that what the user gave is known
 * to be in them when the template puts them into shell text.
 */
static struct value *resolve_arguments(struct resolution *resolution,
                                       const struct value *config)
{
    struct arena *arena = resolution->arena;
    struct value *map = with_source(value_make_map(arena), config);
    for (size_t i = 0; i < value_count(config); i++) {
        const struct member *member = &config->map.members[i];
        struct value *made = resolution_value(resolution, member->value, "");
        struct member *added =
            value_set_bytes(arena, map, member->name, member->length, made);
        added->mark = member->mark;
        if (!value_is(member->value, VALUE_STRING))
            continue;
        struct error error = {0};
        const struct expression_template *template =
            expression_template_parse(arena, member->value->string.bytes,
                                      member->value->string.length, &error);
        struct use_argument *argument = arena_allocate(arena, sizeof *argument);
        argument->value = made;
        argument->taint =
            template ? splice_taint(&resolution->scope, template) : NULL;
        argument->next = resolution->uses->arguments;
        resolution->uses->arguments = argument;
    }
    return map;
}

static struct value *resolve_map(struct resolution *resolution,
                                 const struct value *value, const char *field)
{
    struct value *map = with_source(value_make_map(resolution->arena), value);
    bool use = strcmp(field, "use") == 0 || strcmp(field, "template") == 0;
    if (strcmp(field, "parallel") == 0 && value_get(value, "config"))
        return value_copy(resolution->arena, value); /* its names are its own */
    check_shell_text(resolution, value_get(value, "shell"));
    check_arguments(resolution, value);
    for (size_t i = 0; i < value->map.count; i++) {
        const struct member *member = &value->map.members[i];
        enum field_tag tag = field_tag_of(field, member->name);
        struct value *key =
            value_make_bytes(resolution->arena, member->name, member->length);
        key->mark = member->mark;
        if (tag != FIELD_LITERAL)
            key = resolve_text(resolution, key);
        struct value *below =
            use && strcmp(member->name, "config") == 0
                ? resolve_arguments(resolution, member->value)
                : resolve_value(resolution, member->value, tag, member->name);
        struct member *made =
            value_set_bytes(resolution->arena, map, key->string.bytes,
                            key->string.length, below);
        made->mark = member->mark;
    }
    return map;
}

static struct value *resolve_value(struct resolution *resolution,
                                   const struct value *value,
                                   enum field_tag tag, const char *field)
{
    if (tag == FIELD_LITERAL)
        return value_copy(resolution->arena, value);
    bool expression = tag == FIELD_EXPRESSION || tag == FIELD_STRATEGY;
    if (value_is(value, VALUE_STRING) && expression)
        return resolve_expression(resolution, value);
    if (value_is(value, VALUE_STRING))
        return resolve_text(resolution, value);
    if (value_is(value, VALUE_LIST))
        return resolve_list(resolution, value,
                            tag == FIELD_STRATEGY ? FIELD_TEMPLATE : tag,
                            field);
    if (value_is(value, VALUE_MAP))
        return resolve_map(resolution, value, field);
    return value_copy(resolution->arena, value);
}

struct value *resolution_value(struct resolution *resolution,
                               const struct value *value, const char *field)
{
    return resolve_value(resolution, value, FIELD_TEMPLATE, field);
}

int resolution_settle(struct resolution *resolution)
{
    size_t before = resolution->diagnostics->errors;
    for (size_t i = 0; i < resolution->scope.count; i++) {
        struct parameter *parameter = &resolution->scope.parameters[i];
        if (parameter->later || (!parameter->given && !parameter->fallback))
            continue;
        struct error error = {0};
        const struct expression *answer;
        struct expression_names names = resolution_names(resolution);
        const char *name =
            arena_format(resolution->arena, "config.%s", parameter->name);
        if (names.name(names.context, resolution->arena, name, strlen(name),
                       &answer, &error) >= 0)
            continue;
        struct mark mark = parameter->schema->mark;
        diagnostics_add(resolution->diagnostics, SEVERITY_ERROR, "E204", mark,
                        NULL, "%s", error.text);
    }
    return resolution->diagnostics->errors > before ? -1 : 0;
}

int workflow_resolve(struct arena *arena, struct workflow *workflow,
                     const char *run_id, struct diagnostics *diagnostics)
{
    size_t before = diagnostics->errors;
    struct use uses = {0};
    if (workflow->templates)
        templates_attach(workflow->templates, diagnostics);
    struct resolution resolution = {
        .arena = arena,
        .workflow = workflow,
        .scope = {workflow->parameters, workflow->parameter_count, NULL},
        .run_id = run_id,
        .diagnostics = diagnostics,
        .uses = &uses,
    };
    if (resolution_settle(&resolution) < 0)
        return -1;
    struct value *resolved = value_copy(arena, workflow->document);
    struct value *spec =
        resolution_value(&resolution, value_get(resolved, "spec"), "");
    if (diagnostics->errors == before)
        spec = templates_apply(&resolution, spec);
    if (diagnostics->errors > before)
        return -1;
    value_set(arena, resolved, "spec", spec);
    workflow->resolved = resolved;
    return 0;
}
