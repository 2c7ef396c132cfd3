/*
 * A document -> struct workflow. What comes in has been read but not checked; what
 * comes out has passed the schema of its kind, so that everything after may rely
 * on the types. Parameters are taken from spec.config in file order; an entry is a
 * map (type, default, ...) or, as the marketplace also has it, the default itself.
 */
#include <stdio.h>
#include <string.h>

#include "engine/base/digest.h"
#include "engine/schema/schema.h"
#include "engine/workflow/limits.h"
#include "engine/workflow/private.h"
#include "engine/workflow/workflow.h"

static enum parameter_type decode_type(const struct value *entry)
{
    static const struct {
        const char *name;
        enum parameter_type type;
    } types[] = {
        {"integer", PARAMETER_INTEGER},
        {"number", PARAMETER_NUMBER},
        {"boolean", PARAMETER_BOOLEAN},
    };
    const char *name = value_string_at(entry, "type");
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    return PARAMETER_STRING;
}

static void decode_parameter(struct arena *arena, const struct member *member,
                             struct parameter *parameter)
{
    const struct value *entry = member->value;
    const struct value *fallback = entry;
    if (value_is(entry, VALUE_MAP))
        fallback = value_get(entry, "default");
    *parameter = (struct parameter){
        .name = member->name,
        .schema = entry,
        .type = decode_type(entry),
        .sensitive = value_bool_or(value_get(entry, "sensitive"), false),
    };
    if (fallback && !value_is(fallback, VALUE_NULL))
        parameter->fallback = value_scalar_text(arena, fallback);
}

int parameters_decode(struct arena *arena, const struct value *config,
                      struct scope *scope, struct diagnostics *diagnostics)
{
    size_t count = value_count(config);
    if (count > WORKFLOW_PARAMETERS_LIMIT)
        return diagnostics_add(diagnostics, SEVERITY_ERROR, "E310",
                               config->mark,
                               "merge parameters, or split the workflow",
                               "%zu parameters, expected at most %d", count,
                               WORKFLOW_PARAMETERS_LIMIT);
    scope->parameters =
        arena_allocate(arena, (count + 1) * sizeof *scope->parameters);
    scope->count = count;
    for (size_t i = 0; i < count; i++)
        decode_parameter(arena, &config->map.members[i], &scope->parameters[i]);
    return 0;
}

struct workflow *workflow_decode(struct arena *arena,
                                 const struct value *document,
                                 const char *source, size_t source_length,
                                 struct diagnostics *diagnostics)
{
    size_t before = diagnostics->errors;
    const char *kind = value_string_at(document, "kind");
    if (kind && strcmp(kind, "TestWorkflow") != 0) {
        diagnostics_add(diagnostics, SEVERITY_ERROR, "E301",
                        value_get(document, "kind")->mark,
                        "only a TestWorkflow can be run",
                        "expected kind 'TestWorkflow', found '%.100s'", kind);
        return NULL;
    }
    const struct value *version = value_get(document, "apiVersion");
    if (version && !version_is_ours(value_string(version))) {
        diagnostics_add(diagnostics, SEVERITY_ERROR, "E301", version->mark,
                        "apiVersion: testworkflows.testkube.io/v1",
                        "a TestWorkflow of another apiVersion cannot be run");
        return NULL;
    }
    workflow_check(arena, document, source, source_length, diagnostics);
    if (diagnostics->errors > before)
        return NULL;

    struct workflow *workflow = arena_allocate(arena, sizeof *workflow);
    workflow->document = document;
    workflow->source = source;
    workflow->source_length = source_length;
    workflow->file = diagnostics->file;
    workflow->name = value_string(value_path(document, "metadata.name"));
    struct digest digest = digest_compute(source, source_length);
    char hex[65];
    digest_print(&digest, hex);
    snprintf(workflow->digest, sizeof workflow->digest, "sha256:%s", hex);
    struct scope scope = {0};
    if (parameters_decode(arena, value_path(document, "spec.config"), &scope,
                          diagnostics) < 0)
        return NULL;
    workflow->parameters = scope.parameters;
    workflow->parameter_count = scope.count;
    return workflow;
}
