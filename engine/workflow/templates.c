/*
 * TestWorkflowTemplates by name, and what becomes of one with its arguments. A
 * template is checked when it is first used, in its own text; its parameters are
 * its own and nobody else's; what an argument holds is data, or an expression that
 * is known in the pod only.
 */
#include "engine/workflow/templates.h"

#include <string.h>

#include "engine/base/digest.h"
#include "engine/workflow/limits.h"
#include "engine/workflow/private.h"

struct workflow_templates *workflow_templates_make(struct arena *arena)
{
    struct workflow_templates *made = arena_allocate(arena, sizeof *made);
    made->arena = arena;
    made->sources = arena_allocate(arena, sizeof *made->sources);
    made->source_count = 1; /* 0 is the text of the workflow itself */
    return made;
}

/* `a/b` is stored as `a--b`, and may be written either way. */
static bool same_name(const char *stored, const char *written)
{
    while (*stored && *written) {
        if (*written == '/' && stored[0] == '-' && stored[1] == '-') {
            stored += 2;
            written++;
        } else if (*stored++ != *written++) {
            return false;
        }
    }
    return *stored == *written;
}

static struct template *find(const struct workflow_templates *templates,
                             const char *name)
{
    for (size_t i = 0; templates && i < templates->count; i++)
        if (same_name(templates->items[i].name, name))
            return &templates->items[i];
    return NULL;
}

bool templates_has(const struct workflow_templates *templates, const char *name)
{
    return find(templates, name) != NULL;
}

static int add_document(struct workflow_templates *templates,
                        const struct value *document,
                        const struct template *made, struct error *error)
{
    const char *file = made->file;
    const char *name = value_string(value_path(document, "metadata.name"));
    if (!name)
        return error_set(error, ERROR_INPUT, "%.200s: a template has no name",
                         file);
    const struct template *other = find(templates, name);
    if (other)
        return error_set(error, ERROR_INPUT,
                         "template '%.100s' is there twice: in %.100s and in "
                         "%.100s",
                         name, other->file, file);
    if (templates->count >= TEMPLATES_LIMIT)
        return error_set(error, ERROR_INPUT,
                         "more than %d templates, which is too many",
                         TEMPLATES_LIMIT);
    size_t size = sizeof *templates->items;
    size_t count = templates->count;
    if ((count & (count - 1)) == 0)
        templates->items =
            arena_grow(templates->arena, templates->items, count * size,
                       (count ? count * 2 : 1) * size);
    struct template *added = &templates->items[templates->count++];
    *added = *made;
    added->name = name;
    added->document = document;
    return 0;
}

static bool is_template(const struct value *document)
{
    const char *kind = value_string_at(document, "kind");
    const struct value *version = value_get(document, "apiVersion");
    return kind && strcmp(kind, "TestWorkflowTemplate") == 0 &&
           (!version || version_is_ours(value_string(version)));
}

int workflow_templates_add(struct workflow_templates *templates,
                           const struct value *documents,
                           const struct diagnostics_source *text,
                           const struct value *origin, struct error *error)
{
    size_t size = sizeof *templates->sources;
    uint32_t number = templates->source_count;
    templates->sources = arena_grow(templates->arena, templates->sources,
                                    number * size, (number + 1) * size);
    templates->sources[templates->source_count++] = *text;
    int added = 0;
    const struct template made = {
        .file = text->file, .origin = origin, .source = number};
    for (size_t i = 0; i < value_count(documents); i++) {
        struct value *document = value_item(documents, i);
        if (!is_template(document))
            continue;
        value_set_source(document, number);
        if (add_document(templates, document, &made, error) < 0)
            return -1;
        added++;
    }
    return added;
}

int workflow_templates_add_own(struct workflow_templates *templates,
                               const struct value *documents, const char *file,
                               struct error *error)
{
    const struct template made = {.file = file};
    for (size_t i = 0; i < value_count(documents); i++) {
        const struct value *document = value_item(documents, i);
        if (is_template(document) &&
            add_document(templates, document, &made, error) < 0)
            return -1;
    }
    return 0;
}

void templates_attach(const struct workflow_templates *templates,
                      struct diagnostics *diagnostics)
{
    diagnostics->sources = templates->sources;
    diagnostics->source_count = templates->source_count;
}

/* "a -> b -> c" */
static const char *print_chain(struct resolution *resolution, const char *name)
{
    const char *text = name;
    for (const struct chain *link = resolution->chain; link; link = link->above)
        text = arena_format(resolution->arena, "%.100s -> %.400s",
                            link->template->name, text);
    return text;
}

static const char *hint_of_names(struct resolution *resolution,
                                 const char *name)
{
    const struct workflow_templates *templates =
        resolution->workflow->templates;
    size_t count = templates ? templates->count : 0;
    const char **names =
        arena_allocate(resolution->arena, (count + 1) * sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = templates->items[i].name;
    const char *nearest = diagnostics_nearest(name, names);
    if (nearest)
        return arena_format(resolution->arena, "did you mean '%.100s'?",
                            nearest);
    return "give what has it with --template: a file, a folder, or its name in "
           "a marketplace";
}

/* One more template: not within itself, not too deep and not too many. */
static bool may_use(struct resolution *resolution,
                    const struct template *template, const struct value *name)
{
    struct use *uses = resolution->uses;
    const char *why = NULL, *hint = NULL;
    size_t depth = 0;
    for (const struct chain *link = resolution->chain; link;
         link = link->above) {
        depth++;
        if (link->template == template) {
            why = "templates use each other in a circle";
            hint = "a template cannot use itself, nor what uses it";
        }
    }
    if (!why && depth >= TEMPLATES_DEPTH_LIMIT)
        why = "templates are used by templates too deep";
    if (!why && ++uses->count > TEMPLATES_USES_LIMIT) {
        why = uses->full ? "" : "too many templates are used";
        uses->full = true;
    }
    if (why && *why)
        diagnostics_add(resolution->diagnostics, SEVERITY_ERROR, "E313",
                        name->mark, hint, "%s: %.600s", why,
                        print_chain(resolution, template->name));
    return !why;
}

static struct template *choose(struct resolution *resolution,
                               const struct value *reference)
{
    const struct value *text = value_get(reference, "name");
    const char *name = value_string(text);
    struct diagnostics *diagnostics = resolution->diagnostics;
    if (!name) {
        diagnostics_add(diagnostics, SEVERITY_ERROR, "E312", reference->mark,
                        NULL, "a template is used without a name");
        return NULL;
    }
    struct template *found = find(resolution->workflow->templates, name);
    if (!found) {
        diagnostics_add(diagnostics, SEVERITY_ERROR, "E312", text->mark,
                        hint_of_names(resolution, name),
                        resolution->chain
                            ? "template '%.200s' is not found (%.400s)"
                            : "template '%.200s' is not found",
                        name, print_chain(resolution, name));
        return NULL;
    }
    return may_use(resolution, found, text) ? found : NULL;
}

static int check_template(struct resolution *resolution,
                          struct template *template)
{
    if (template->checked)
        return template->good ? 0 : -1;
    struct diagnostics *diagnostics = resolution->diagnostics;
    const struct workflow *workflow = resolution->workflow;
    const struct diagnostics_source *other =
        diagnostics_source_of(diagnostics, template->document->mark);
    size_t before = diagnostics->errors;
    workflow_check(resolution->arena, template->document,
                   other ? other->text : workflow->source,
                   other ? other->length : workflow->source_length,
                   diagnostics);
    template->checked = true;
    template->good = diagnostics->errors == before;
    return template->good ? 0 : -1;
}

static const struct use_argument *
find_argument(const struct resolution *resolution, const struct value *value)
{
    const struct use_argument *argument = resolution->uses->arguments;
    while (argument && argument->value != value)
        argument = argument->next;
    return argument;
}

/* The value of a parameter: known now, or an expression for the pod. */
static int set_argument(struct resolution *resolution,
                        struct parameter *parameter, const struct value *value,
                        struct error *error)
{
    struct arena *arena = resolution->arena;
    const struct use_argument *argument = find_argument(resolution, value);
    parameter->taint = argument ? argument->taint : NULL;
    if (!value_is(value, VALUE_STRING)) {
        parameter->text = value_scalar_text(arena, value);
    } else {
        const struct expression_template *template = expression_template_parse(
            arena, value->string.bytes, value->string.length, error);
        if (!template)
            return -1;
        size_t length;
        parameter->text = expression_template_text(arena, template, &length);
        if (!parameter->text) {
            parameter->later = expression_of_template(arena, template, error);
            return parameter->later ? 0 : -1;
        }
    }
    if (!parameter->text)
        return error_set(error, ERROR_INPUT,
                         "parameter '%s': expected one value, found a %s",
                         parameter->name, value_kind_name(value->kind));
    return parameter_check(parameter, parameter->text, error);
}

static int set_arguments(struct resolution *resolution,
                         const struct value *config)
{
    int result = 0;
    for (size_t i = 0; i < value_count(config); i++) {
        const struct member *member = &config->map.members[i];
        struct scope *scope = &resolution->scope;
        struct parameter *parameter =
            parameter_find(scope, member->name, member->length);
        struct error error = {0};
        if (!parameter)
            result = diagnostics_add(
                resolution->diagnostics, SEVERITY_ERROR, "E202", member->mark,
                parameter_hint(resolution->arena, scope, "", member->name),
                "template '%.100s' has no parameter '%.100s'",
                scope->template_name, member->name);
        else if (set_argument(resolution, parameter, member->value, &error) < 0)
            result = diagnostics_add(resolution->diagnostics, SEVERITY_ERROR,
                                     "E204", member->value->mark, NULL,
                                     "template '%.100s', %.600s",
                                     scope->template_name, error.text);
    }
    return result;
}

/* A sensitive parameter of a template goes to the Secret like one of the
 * workflow, under a name that no workflow can have. */
static void keep_secrets(struct resolution *resolution)
{
    struct workflow *workflow = resolution->workflow;
    const struct scope *scope = &resolution->scope;
    for (size_t i = 0; i < scope->count; i++) {
        struct parameter *parameter = &scope->parameters[i];
        if (!parameter->sensitive || parameter->later || !parameter->text ||
            parameter->text[0] == '\0')
            continue;
        size_t count = workflow->secret_count;
        size_t size = sizeof *workflow->secrets;
        workflow->secrets = arena_grow(resolution->arena, workflow->secrets,
                                       count * size, (count + 1) * size);
        workflow->secrets[workflow->secret_count++] = parameter;
        parameter->secret = arena_format(resolution->arena, "template_%zu.%s",
                                         count + 1, parameter->name);
    }
}

static size_t size_of(const struct value *value)
{
    size_t size = 1;
    if (value_is(value, VALUE_LIST))
        for (size_t i = 0; i < value->list.count; i++)
            size += size_of(value->list.items[i]);
    if (value_is(value, VALUE_MAP))
        for (size_t i = 0; i < value->map.count; i++)
            size += size_of(value->map.members[i].value);
    return size;
}

/* Templates that use templates grow by powers. */
static int count_nodes(struct resolution *resolution, const struct value *name,
                       const struct value *made)
{
    struct use *uses = resolution->uses;
    uses->nodes += size_of(made);
    if (uses->nodes <= TEMPLATES_NODES_LIMIT)
        return 0;
    if (uses->full)
        return -1;
    uses->full = true;
    return diagnostics_add(resolution->diagnostics, SEVERITY_ERROR, "E313",
                           name->mark, NULL,
                           "the templates of the workflow have more than %d "
                           "values together",
                           TEMPLATES_NODES_LIMIT);
}

struct value *template_instantiate(struct resolution *resolution,
                                   const struct value *reference,
                                   struct chain *link)
{
    struct template *template = choose(resolution, reference);
    if (!template || check_template(resolution, template) < 0)
        return NULL;
    template->used = true;
    size_t before = resolution->diagnostics->errors;
    *link = (struct chain){template, resolution->chain};
    struct resolution inner = *resolution;
    inner.chain = link;
    inner.depth = 0;
    inner.scope = (struct scope){.template_name = template->name};
    const struct value *spec = value_get(template->document, "spec");
    if (parameters_decode(inner.arena, value_get(spec, "config"), &inner.scope,
                          inner.diagnostics) < 0 ||
        set_arguments(&inner, value_get(reference, "config")) < 0 ||
        resolution_settle(&inner) < 0)
        return NULL;
    keep_secrets(&inner);
    struct value *made = value_make_map(inner.arena);
    if (spec)
        made = resolution_value(&inner, spec, "");
    if (inner.diagnostics->errors > before ||
        count_nodes(&inner, value_get(reference, "name"), made) < 0)
        return NULL;
    return templates_apply(&inner, made);
}

static const char *digest_of(struct arena *arena, const char *bytes,
                             size_t length)
{
    struct digest digest = digest_compute(bytes, length);
    char hex[65];
    digest_print(&digest, hex);
    return arena_format(arena, "sha256:%s", hex);
}

struct value *workflow_templates_used(struct arena *arena,
                                      const struct workflow *workflow)
{
    const struct workflow_templates *templates = workflow->templates;
    struct value *list = NULL;
    for (size_t i = 0; templates && i < templates->count; i++) {
        const struct template *template = &templates->items[i];
        if (!template->used)
            continue;
        const struct diagnostics_source *source =
            &templates->sources[template->source];
        struct value *map = value_make_map(arena);
        value_set_string(arena, map, "name", template->name);
        value_set_string(arena, map, "file", template->file);
        value_set_string(arena, map, "digest",
                         template->source == 0
                             ? workflow->digest
                             : digest_of(arena, source->text, source->length));
        if (template->origin)
            value_set(arena, map, "source",
                      value_copy(arena, template->origin));
        if (!list)
            list = value_make_list(arena);
        value_append(arena, list, map);
    }
    return list;
}
