/*
 * Everything that can be said of a document without parameters: the schema of its
 * kind, and whether each template and expression in it can be parsed. One walk
 * over spec, steered by a table that says how the strings below a field are read.
 */
#include "engine/workflow/check.h"

#include <stdio.h>
#include <string.h>

#include "engine/schema/schema.h"
#include "engine/workflow/limits.h"

/* Fields whose strings are no templates; everything else below spec is one. NULL
 * stands for any parent, or for any name. */
static const struct {
    const char *parent, *name;
    enum field_tag tag;
} tags[] = {
    {NULL, "condition", FIELD_EXPRESSION},
    {"retry", "until", FIELD_EXPRESSION},
    {"", "config", FIELD_LITERAL}, /* defaults: when they are used */
    {"", "events", FIELD_LITERAL},
    {NULL, "id", FIELD_LITERAL},
    {NULL, "description", FIELD_LITERAL},
    {NULL, "delay", FIELD_LITERAL},
    {NULL, "verbosity", FIELD_LITERAL},
    {"job", "namespace", FIELD_LITERAL},
    {"matrix", NULL, FIELD_STRATEGY},
    {"shards", NULL, FIELD_STRATEGY},
    {"parallel", "count", FIELD_EXPRESSION},
    {"parallel", "maxCount", FIELD_EXPRESSION},
    {"parallel", "config", FIELD_LITERAL},
    {NULL, "command", FIELD_LIST},
    {NULL, "args", FIELD_LIST},
    {NULL, "paths", FIELD_LIST},
};

enum field_tag field_tag_of(const char *parent, const char *name)
{
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if ((!tags[i].name ||
             (tags[i].name[0] == name[0] && strcmp(tags[i].name, name) == 0)) &&
            (!tags[i].parent || (tags[i].parent[0] == parent[0] &&
                                 strcmp(tags[i].parent, parent) == 0)))
            return tags[i].tag;
    return FIELD_TEMPLATE;
}

struct mark check_locate(struct check *check, const struct value *text,
                         size_t offset)
{
    if (check->located > WORKFLOW_LOCATE_LIMIT ||
        check->diagnostics->count >= DIAGNOSTICS_LIMIT) /* only counted */
        return text->mark;
    check->located += offset;
    return value_locate(text, offset, check->source, check->source_length);
}

static void report(struct check *check, const struct value *text,
                   const struct error *error, const char *hint)
{
    struct mark mark = check_locate(check, text, error->place.mark.offset);
    diagnostics_add(check->diagnostics, SEVERITY_ERROR, "E201", mark, hint,
                    "%s", error->text);
}

/* Blocks are for texts: in a field that is an expression they begin a map. */
static const char *braces_hint(const struct value *text)
{
    const char *start = text->string.bytes;
    start += strspn(start, " \t\r\n");
    return strncmp(start, "{{", 2) == 0
               ? "this field is an expression as it stands: leave '{{' and "
                 "'}}' out"
               : NULL;
}

struct lint_text {
    struct check *check;
    const struct value *text;
};

static void warn(void *context, const struct expression_finding *finding)
{
    const struct lint_text *lint = context;
    struct mark mark = check_locate(lint->check, lint->text, finding->offset);
    diagnostics_add(lint->check->diagnostics, SEVERITY_WARNING, finding->code,
                    mark, finding->hint, "%s", finding->text);
}

static void see_reference(void *context,
                          const struct expression_reference *reference)
{
    const struct lint_text *lint = context;
    check_reference(lint->check, lint->text, reference);
}

static void check_template(struct check *check, const struct value *text)
{
    if (!has_block(text))
        return;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const struct expression_template *template = expression_template_parse(
        arena, text->string.bytes, text->string.length, &error);
    struct lint_text lint = {check, text};
    if (!template)
        report(check, text, &error, NULL);
    else
        expression_template_visit_references(template, see_reference, &lint);
    if (template && expression_template_uses_blocks(template))
        diagnostics_add(check->diagnostics, SEVERITY_NOTE, "W401", text->mark,
                        "Testkube itself refuses this text: use "
                        "`{{ cond ? a : b }}` where the file must run there "
                        "too",
                        "'{{ if }}' blocks are an extension of Assay");
    expression_template_lint(text->string.bytes, text->string.length, warn,
                             &lint);
}

static void check_expression(struct check *check, const struct value *text,
                             bool is_condition)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const struct expression *expression = expression_parse(
        arena, text->string.bytes, text->string.length, &error);
    struct lint_text lint = {check, text};
    if (!expression)
        report(check, text, &error, braces_hint(text));
    else
        expression_visit_references(expression, see_reference, &lint);
    expression_lint(text->string.bytes, text->string.length, is_condition, warn,
                    &lint);
}

/* Depth is that of the document, which its reader has bounded. */
static void check_strings(struct check *check, const struct value *value,
                          enum field_tag tag, const char *field)
{
    if (tag == FIELD_LITERAL)
        return;
    bool expression = tag == FIELD_EXPRESSION || tag == FIELD_STRATEGY;
    if (value_is(value, VALUE_STRING) && expression)
        check_expression(check, value,
                         strcmp(field, "condition") == 0 ||
                             strcmp(field, "until") == 0);
    else if (value_is(value, VALUE_STRING))
        check_template(check, value);
    else if (value_is(value, VALUE_LIST))
        for (size_t i = 0; i < value->list.count; i++)
            check_strings(check, value->list.items[i],
                          tag == FIELD_STRATEGY ? FIELD_TEMPLATE : tag, field);
    else if (value_is(value, VALUE_MAP))
        for (size_t i = 0; i < value->map.count; i++) {
            const struct member *member = &value->map.members[i];
            check_strings(check, member->value,
                          field_tag_of(field, member->name), member->name);
        }
}

bool version_is_ours(const char *version)
{
    const char *slash = version ? strchr(version, '/') : NULL;
    static const char group[] = "testkube.io";
    if (!slash || (size_t)(slash - version) < strlen(group))
        return false;
    return memcmp(slash - strlen(group), group, strlen(group)) == 0;
}

/* Documents of Testkube that are no workflows, and may stand beside them. */
static bool is_of_testkube(const char *kind, const char *version)
{
    static const char *const kinds[] = {
        "Executor",        "Test",        "TestExecution", "TestSource",
        "TestSuite",       "TestTrigger", "Webhook",       "TestSuiteExecution",
        "WebhookTemplate", NULL};
    for (const char *const *known = kinds; *known; known++)
        if (strcmp(*known, kind) == 0)
            return strncmp(version, "tests.", strlen("tests.")) == 0 ||
                   strncmp(version, "executor.", strlen("executor.")) == 0;
    return false;
}

static void unknown_kind(const struct value *document,
                         struct diagnostics *diagnostics)
{
    static const char known[] =
        "known kinds: TestWorkflow, TestWorkflowTemplate, "
        "TestWorkflowExecution (apiVersion testworkflows.testkube.io/v1)";
    const struct value *kind = value_get(document, "kind");
    const char *name = value_string(kind);
    const char *version = value_string_at(document, "apiVersion");
    struct mark mark = kind ? kind->mark : document->mark;
    if (!value_is(document, VALUE_MAP))
        diagnostics_add(diagnostics, SEVERITY_ERROR, "E301", mark, known,
                        "expected a document with apiVersion, kind and spec, "
                        "found %s",
                        value_kind_name(document->kind));
    else if (!name)
        diagnostics_add(diagnostics, SEVERITY_ERROR, "E301", mark, known,
                        "the document has no kind");
    else if (!version ||
             (version_is_ours(version) && !is_of_testkube(name, version)))
        diagnostics_add(diagnostics, SEVERITY_ERROR, "E301", mark, known,
                        "unknown kind '%.100s'", name);
    else
        diagnostics_add(diagnostics, SEVERITY_NOTE, "W402", mark, known,
                        "a '%.100s' is not a workflow: not checked", name);
}

/* Names become object names and labels: RFC 1123, as Kubernetes has it. */
static void check_name(const struct value *document,
                       struct diagnostics *diagnostics)
{
    const struct value *value = value_path(document, "metadata.name");
    const char *name = value_string(value);
    if (!name)
        return;
    static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    size_t length = strlen(name);
    bool good = length > 0 && length <= 253 && strspn(name, inner) == length &&
                !strchr("-.", name[0]) && !strchr("-.", name[length - 1]);
    if (!good)
        diagnostics_add(diagnostics, SEVERITY_ERROR, "E302", value->mark,
                        "lower-case letters, digits, '-' and '.', at most 253, "
                        "a letter or digit at both ends",
                        "'%.100s' is not a name that Kubernetes accepts", name);
}

/* At the top, and in services and workers, which have pods of their own. */
static void check_pods(const struct value *map, struct diagnostics *diagnostics)
{
    for (size_t i = 0; value_is(map, VALUE_MAP) && i < map->map.count; i++) {
        const struct member *member = &map->map.members[i];
        bool pod = member->length == 3 && memcmp(member->name, "pod", 3) == 0;
        const struct value *shared =
            pod ? value_get(member->value, "hostPID") : NULL;
        if (shared && value_bool_or(shared, false))
            diagnostics_add(
                diagnostics, SEVERITY_ERROR, "S502", shared->mark, "remove it",
                "'hostPID' is refused: it opens the node to the steps");
        if (has_parts(member->value))
            check_pods(member->value, diagnostics);
    }
    for (size_t i = 0; value_is(map, VALUE_LIST) && i < map->list.count; i++)
        check_pods(map->list.items[i], diagnostics);
}

void workflow_check(struct arena *arena, const struct value *document,
                    const char *source, size_t source_length,
                    struct diagnostics *diagnostics)
{
    const char *kind = value_string_at(document, "kind");
    const struct schema *schema = kind ? schema_of_kind(kind) : NULL;
    const char *version = value_string_at(document, "apiVersion");
    if (!schema || (version && !version_is_ours(version))) {
        unknown_kind(document, diagnostics);
        return;
    }
    schema_check(schema, document, diagnostics);
    check_name(document, diagnostics);
    check_pods(value_get(document, "spec"), diagnostics);
    struct check check = {.names = {.arena = arena},
                          .document = document,
                          .source = source,
                          .source_length = source_length,
                          .diagnostics = diagnostics};
    check_strings(&check, value_get(document, "spec"), FIELD_TEMPLATE, "");
}
