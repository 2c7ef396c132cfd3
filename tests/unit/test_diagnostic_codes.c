/* The table of codes: each example has the problem that it is an example of. */
#include "engine/plan/plan.h"
#include "engine/workflow/workflow.h"
#include "tests/unit/case.h"

/* Runs all stages of the path over `source`, as far as they go. */
static void look_at(struct arena *arena, const char *source,
                    struct diagnostics *found)
{
    size_t length = strlen(source);
    const struct value *documents =
        value_read_yaml(arena, source, length, found);
    if (!documents)
        return;
    const struct value *document = value_item(documents, 0);
    const struct workflow_lint_options options = {.marketplace = true};
    workflow_lint(document, source, length, &options, found);
    workflow_check(arena, document, source, length, found);
    workflow_ignore(source, length, found);
    struct diagnostics later = diagnostics_make(arena, "example.yaml");
    struct workflow *workflow =
        workflow_decode(arena, document, source, length, &later);
    struct error error = {0};
    bool given = strncmp(source, "# run with --config", 19) == 0;
    if (workflow && given)
        assert_int_equal(workflow_set(arena, workflow, "host=x; id", &error),
                         0);
    struct plan_options plan = {
        .run_id = "0123456789abcdef",
        .token = "0123456789abcdef0123456789abcdef",
    };
    if (strncmp(source, "# run with --security baseline", 30) == 0)
        plan.security = SECURITY_BASELINE;
    if (strncmp(source, "# run with --security restricted", 32) == 0)
        plan.security = SECURITY_RESTRICTED;
    if (workflow && workflow_resolve(arena, workflow, plan.run_id, &later) == 0)
        (void)plan_make(arena, workflow, &plan, &later);
    for (size_t i = 0; i < later.count; i++)
        diagnostics_add(found, later.items[i].severity, later.items[i].code,
                        later.items[i].mark, NULL, "%s", later.items[i].text);
}

static const char *complete(struct arena *arena, const char *example)
{
    static const char head[] = "apiVersion: testworkflows.testkube.io/v1\n"
                               "kind: TestWorkflow\n"
                               "metadata: {name: example}\n";
    const char *spec = strstr(example, "spec:\n");
    if (!spec || strstr(example, "kind:"))
        return example;
    return arena_format(arena, "%.*s%s%s", (int)(spec - example), example, head,
                        spec);
}

static void examples(void **state)
{
    (void)state;
    for (const struct diagnostic_code *row = diagnostics_codes(); row->code;
         row++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct diagnostics found = diagnostics_make(arena, "example.yaml");
        bool none = row->example[0] == '#' && !strstr(row->example, "spec:");
        if (none) /* too large for an example */
            continue;
        look_at(arena, complete(arena, row->example), &found);
        bool there = false;
        for (size_t i = 0; i < found.count; i++) {
            const struct diagnostic *item = &found.items[i];
            bool same = strcmp(item->code, row->code) == 0;
            there = there || same;
            CHECK(row->code, !same || item->severity == row->severity);
            CHECK(item->code, diagnostics_code_find(item->code));
        }
        CHECK(row->code, there);
    }
}

/* The families in their order; texts that can stand in Markdown. */
static void the_table(void **state)
{
    (void)state;
    const struct diagnostic_code *before = NULL;
    for (const struct diagnostic_code *row = diagnostics_codes(); row->code;
         before = row++) {
        CHECK(row->code, diagnostics_code_find(row->code) == row);
        CHECK(row->code, strlen(row->code) == 4 && strchr("EWS", row->code[0]));
        CHECK(row->code,
              !before || strcmp(row->code + 1, before->code + 1) > 0);
        CHECK(row->code,
              row->title[0] && row->title[strlen(row->title) - 1] != '.');
        CHECK(row->code, row->remedy[strlen(row->remedy) - 1] == '.');
        CHECK(row->code, row->meaning[strlen(row->meaning) - 1] == '.');
        CHECK(row->code, row->example[strlen(row->example) - 1] == '\n');
        CHECK(row->code,
              (row->severity == SEVERITY_ERROR) == (row->code[0] != 'W'));
    }
    assert_null(diagnostics_code_find("E999"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),
        cmocka_unit_test(the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
