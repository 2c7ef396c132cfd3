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

static void report(struct resolution *resolution, const char *code,
                   const struct value *text, const struct error *error)
{
    const struct workflow *workflow = resolution->workflow;
    struct mark mark = value_locate(text, error->place.mark.offset,
                                    workflow->source, workflow->source_length);
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
    const struct workflow *workflow = visit->resolution->workflow;
    struct arena *arena = visit->resolution->arena;
    size_t count = workflow->parameter_count;
    const char **names = arena_allocate(arena, (count + 1) * sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = workflow->parameters[i].name;
    const char *wanted =
        arena_copy(arena, name + strlen(prefix), length - strlen(prefix));
    const char *nearest = diagnostics_nearest(wanted, names);
    const char *hint = "declare it below spec.config";
    if (nearest)
        hint = arena_format(arena, "did you mean 'config.%s'?", nearest);
    size_t at = 0;
    const char *found = memmem(visit->text->string.bytes,
                               visit->text->string.length, name, length);
    if (found)
        at = (size_t)(found - visit->text->string.bytes);
    diagnostics_add(visit->resolution->diagnostics, SEVERITY_ERROR, "E202",
                    value_locate(visit->text, at, workflow->source,
                                 workflow->source_length),
                    hint, "unknown parameter 'config.%s'", wanted);
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
    if (!memmem(text->string.bytes, text->string.length, "{{", 2))
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
            memmem(item->string.bytes, item->string.length, "{{", 2))
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

static struct value *resolve_map(struct resolution *resolution,
                                 const struct value *value, const char *field)
{
    struct value *map = with_source(value_make_map(resolution->arena), value);
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
        struct member *made = value_set_bytes(
            resolution->arena, map, key->string.bytes, key->string.length,
            resolve_value(resolution, member->value, tag, member->name));
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
    if (value_is(value, VALUE_STRING) && tag == FIELD_EXPRESSION)
        return resolve_expression(resolution, value);
    if (value_is(value, VALUE_STRING))
        return resolve_text(resolution, value);
    if (value_is(value, VALUE_LIST))
        return resolve_list(resolution, value, tag, field);
    if (value_is(value, VALUE_MAP))
        return resolve_map(resolution, value, field);
    return value_copy(resolution->arena, value);
}

/* Every parameter gets its value, also those that no template names: they are
 * shown in the record of the run. */
static void settle_parameters(struct resolution *resolution)
{
    struct workflow *workflow = resolution->workflow;
    for (size_t i = 0; i < workflow->parameter_count; i++) {
        struct parameter *parameter = &workflow->parameters[i];
        if (!parameter->given && !parameter->fallback)
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
}

int workflow_resolve(struct arena *arena, struct workflow *workflow,
                     const char *run_id, struct diagnostics *diagnostics)
{
    size_t before = diagnostics->errors;
    struct resolution resolution = {
        .arena = arena,
        .workflow = workflow,
        .run_id = run_id,
        .diagnostics = diagnostics,
    };
    settle_parameters(&resolution);
    if (diagnostics->errors > before)
        return -1;
    struct value *resolved = value_make_map(arena);
    const struct value *document = workflow->document;
    for (size_t i = 0; i < value_count(document); i++) {
        const struct member *member = &document->map.members[i];
        bool spec = strcmp(member->name, "spec") == 0;
        value_set(
            arena, resolved, member->name,
            spec ? resolve_value(&resolution, member->value, FIELD_TEMPLATE, "")
                 : value_copy(arena, member->value));
    }
    if (diagnostics->errors > before)
        return -1;
    workflow->resolved = resolved;
    return 0;
}
