/*
 * A YAML stream from a workflow with its templates to a plan: check, resolve, plan.
 * Every parameter gets a value that looks like a template and like shell code. What
 * is resolved must read back the same from YAML.
 */
#include <stdlib.h>

#include "engine/base/arena.h"
#include "engine/plan/plan.h"
#include "engine/workflow/workflow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char id[] = "0123456789abcdef";

static struct workflow *decode(struct arena *arena, const char *text,
                               size_t size, struct diagnostics *list)
{
    const struct value *documents = value_read_yaml(arena, text, size, list);
    struct workflow *workflow = NULL;
    if (value_count(documents) > 0)
        workflow =
            workflow_decode(arena, value_item(documents, 0), text, size, list);
    if (!workflow)
        return NULL;
    struct error error = {0};
    workflow->templates = workflow_templates_make(arena);
    if (workflow_templates_add_own(workflow->templates, documents, "fuzz.yaml",
                                   &error) < 0)
        return NULL;
    for (size_t i = 0; i < workflow->parameter_count; i++) {
        const char *name = workflow->parameters[i].name;
        (void)!workflow_set(
            arena, workflow,
            arena_format(arena, "%s={{ config.%s }} $(x)", name, name), &error);
        error = (struct error){0};
    }
    return workflow;
}

/* What was resolved is a document again. */
static void check_again(struct arena *arena, const struct workflow *workflow)
{
    CLEANUP(text_free) struct text printed = {0};
    struct diagnostics list = diagnostics_make(arena, "again.yaml");
    value_write_yaml(&printed, workflow->resolved);
    const struct value *again =
        value_read_yaml(arena, text_string(&printed), printed.length, &list);
    if (value_count(again) != 1 ||
        !value_equal(value_item(again, 0), workflow->resolved))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct diagnostics list = diagnostics_make(arena, "fuzz.yaml");
    const char *text = arena_copy(arena, (const char *)data, size);
    struct workflow *workflow = decode(arena, text, size, &list);
    if (!workflow || workflow_resolve(arena, workflow, id, &list) < 0)
        return 0;
    check_again(arena, workflow);
    const struct plan_options options = {.run_id = id, .token = id};
    struct plan *plan = plan_make(arena, workflow, &options, &list);
    if (!plan)
        return 0;
    CLEANUP(text_free) struct text printed = {0};
    plan_print(&printed, plan, true);
    return 0;
}
