/*
 * Golden folders: tests/cases/resolve/NAME/ holds workflow.yaml, perhaps
 * templates.yaml and config.yaml (parameters), and what must come out:
 * resolved.yaml (the spec), or error.txt with the findings. With
 * ASSAY_REWRITE_CASES=1 the expected files are written anew; review the diff.
 */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/workflow/limits.h"
#include "engine/workflow/workflow.h"
#include "tests/unit/case.h"

#define CASES SOURCE_FOLDER "/tests/cases/resolve"

static const char *read_text(struct arena *arena, const char *path)
{
    struct error error = {0};
    size_t length;
    if (access(path, F_OK) < 0)
        return NULL;
    char *text = file_read(arena, path, 1 << 20, &length, &error);
    if (!text)
        fail_msg("%s", error.text);
    return text;
}

static const struct value *read_yaml(struct arena *arena, const char *file,
                                     const char *text)
{
    struct diagnostics found = diagnostics_make(arena, file);
    const struct value *documents =
        value_read_yaml(arena, text, strlen(text), &found);
    if (!documents)
        fail_msg("%s: %s", file, found.items[0].text);
    return documents;
}

static void give_parameters(struct arena *arena, struct workflow *workflow,
                            const char *text)
{
    struct error error = {0};
    if (text &&
        workflow_set_all(arena, workflow,
                         value_item(read_yaml(arena, "config.yaml", text), 0),
                         &error) < 0)
        fail_msg("config.yaml: %s", error.text);
}

static void give_templates(struct arena *arena, struct workflow *workflow,
                           const struct value *documents, const char *text)
{
    struct error error = {0};
    workflow->templates = workflow_templates_make(arena);
    int added = workflow_templates_add_own(workflow->templates, documents,
                                           "workflow.yaml", &error);
    if (added == 0 && text) {
        const struct diagnostics_source source = {"templates.yaml", text,
                                                  strlen(text)};
        added = workflow_templates_add(workflow->templates,
                                       read_yaml(arena, source.file, text),
                                       &source, NULL, &error);
    }
    if (added < 0)
        fail_msg("%s", error.text);
}

static void append_findings(struct text *text, const struct diagnostics *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct diagnostic *item = &list->items[i];
        text_append_format(text, "%s:%u:%u %s %s\n", item->file,
                           item->mark.line, item->mark.column, item->code,
                           item->text);
        if (item->hint)
            text_append_format(text, "    %s\n", item->hint);
    }
}

/* The resolved spec, or NULL with findings. */
static const struct value *resolve(struct arena *arena, const char *folder,
                                   struct diagnostics *found)
{
    const char *source =
        read_text(arena, arena_format(arena, "%s/workflow.yaml", folder));
    const struct value *documents = read_yaml(arena, "workflow.yaml", source);
    struct workflow *workflow = workflow_decode(arena, value_item(documents, 0),
                                                source, strlen(source), found);
    if (!workflow)
        return NULL;
    give_parameters(
        arena, workflow,
        read_text(arena, arena_format(arena, "%s/config.yaml", folder)));
    give_templates(
        arena, workflow, documents,
        read_text(arena, arena_format(arena, "%s/templates.yaml", folder)));
    if (workflow_resolve(arena, workflow, "0123456789abcdef", found) < 0)
        return NULL;
    return value_get(workflow->resolved, "spec");
}

static bool run_case(const char *name)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct diagnostics found = diagnostics_make(arena, "workflow.yaml");
    const char *folder = arena_format(arena, "%s/%s", CASES, name);
    const struct value *spec = resolve(arena, folder, &found);
    CLEANUP(text_free) struct text got = {0};
    diagnostics_sort(&found);
    if (spec)
        value_write_yaml(&got, spec);
    else
        append_findings(&got, &found);
    const char *file = arena_format(arena, "%s/%s", folder,
                                    spec ? "resolved.yaml" : "error.txt");
    const char *want = read_text(arena, file);
    if (getenv("ASSAY_REWRITE_CASES")) {
        struct error error = {0};
        assert_int_equal(file_write_atomic(file, text_string(&got), got.length,
                                           0644, &error),
                         0);
        return true;
    }
    if (want && strcmp(want, text_string(&got)) == 0)
        return true;
    print_error("%s\n--- got:\n%s\n--- want:\n%s\n", file, text_string(&got),
                want ? want : "(no such file)");
    return false;
}

static void golden_cases(void **state)
{
    (void)state;
    DIR *folder = opendir(CASES);
    assert_non_null(folder);
    size_t count = 0, bad = 0;
    const struct dirent *entry;
    while ((entry = readdir(folder)))
        if (entry->d_name[0] != '.') {
            count++;
            bad += !run_case(entry->d_name);
        }
    closedir(folder);
    assert_true(count >= 14);
    assert_int_equal(bad, 0);
}

#define HEAD                                                                   \
    "apiVersion: testworkflows.testkube.io/v1\n"                               \
    "kind: TestWorkflow\n"                                                     \
    "metadata: {name: w}\n"
#define TEMPLATE                                                               \
    "---\n"                                                                    \
    "apiVersion: testworkflows.testkube.io/v1\n"                               \
    "kind: TestWorkflowTemplate\n"

/* The code of the first finding, or "" when the text resolves. */
static const char *code_of(struct arena *arena, const char *source)
{
    struct diagnostics found = diagnostics_make(arena, "workflow.yaml");
    const struct value *documents = read_yaml(arena, "workflow.yaml", source);
    struct workflow *workflow = workflow_decode(arena, value_item(documents, 0),
                                                source, strlen(source), &found);
    assert_non_null(workflow);
    give_templates(arena, workflow, documents, NULL);
    if (workflow_resolve(arena, workflow, "0123456789abcdef", &found) == 0)
        return "";
    return found.items[0].code;
}

/* t1 uses t2 and so on, each `width` times, down to a step. */
static const char *chain_of(struct arena *arena, int depth, int width)
{
    CLEANUP(text_free) struct text text = {0};
    text_append_string(&text, HEAD "spec: {steps: [{use: [{name: t1}]}]}\n");
    for (int i = 1; i <= depth; i++) {
        text_append_format(
            &text, TEMPLATE "metadata: {name: t%d}\nspec:\n  steps:\n", i);
        for (int k = 0; k < width; k++)
            text_append_format(&text,
                               i < depth ? "  - {use: [{name: t%d}]}\n"
                                         : "  - {shell: 'echo %d'}\n",
                               i + 1);
    }
    return arena_copy(arena, text_string(&text), text.length);
}

static void growth_has_ceilings(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int depth, width;
        const char *want;
    } rows[] = {
        {"one", 1, 1, ""},
        {"as deep as allowed", TEMPLATES_DEPTH_LIMIT, 1, ""},
        {"too deep", TEMPLATES_DEPTH_LIMIT + 1, 1, "E313"},
        {"many", 8, 2, ""},
        {"powers of two", 12, 2, "E313"},
        {"few, but large", 5, 9, "E313"},
        {"large", 2, 120, ""},
        {"too many values", 3, 200, "E313"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const char *source = chain_of(arena, rows[i].depth, rows[i].width);
        CHECK_TEXT(rows[i].name, code_of(arena, source), rows[i].want);
    }
}

static void a_name_is_there_once(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct workflow_templates *templates = workflow_templates_make(arena);
    const char *source = TEMPLATE "metadata: {name: a--b}\nspec: {}\n";
    const struct diagnostics_source one = {"one.yaml", source, strlen(source)};
    const struct diagnostics_source two = {"two.yaml", source, strlen(source)};
    struct error error = {0};
    assert_int_equal(workflow_templates_add(templates,
                                            read_yaml(arena, "one", source),
                                            &one, NULL, &error),
                     1);
    assert_int_equal(workflow_templates_add(templates,
                                            read_yaml(arena, "two", source),
                                            &two, NULL, &error),
                     -1);
    CHECK_TEXT("twice", error.text,
               "template 'a--b' is there twice: in one.yaml and in two.yaml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_cases),
        cmocka_unit_test(growth_has_ceilings),
        cmocka_unit_test(a_name_is_there_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
