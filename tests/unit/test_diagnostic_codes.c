/* The table of codes: each example has the problem that it is an example of. */
#include "engine/plan/plan.h"
#include "engine/workflow/workflow.h"
#include "tests/unit/case.h"

/* What `assay validate` does with `source`. */
static const struct value *validate(struct arena *arena, const char *source,
                                    struct diagnostics *found)
{
    size_t length = strlen(source);
    const struct value *documents =
        value_read_yaml(arena, source, length, found);
    if (!documents)
        return NULL;
    const struct value *document = value_item(documents, 0);
    const struct workflow_lint_options options = {.marketplace = true};
    workflow_lint(document, source, length, &options, found);
    workflow_check(arena, document, source, length, found);
    workflow_ignore(source, length, found);
    return document;
}

/* Runs all stages of the path over `source`, as far as they go. */
static void look_at(struct arena *arena, const char *source,
                    struct diagnostics *found)
{
    const struct value *document = validate(arena, source, found);
    if (!document)
        return;
    size_t length = strlen(source);
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

/* What no small text can be an example of. */
static bool is_too_large(const struct diagnostic_code *row)
{
    return row->example[0] == '#' && !strstr(row->example, "spec:");
}

static void examples(void **state)
{
    (void)state;
    for (const struct diagnostic_code *row = diagnostics_codes(); row->code;
         row++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct diagnostics found = diagnostics_make(arena, "example.yaml");
        if (is_too_large(row))
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

/* The first finding of a code, or NULL. */
static const struct diagnostic *find(const struct diagnostics *found,
                                     const char *code)
{
    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->items[i].code, code) == 0)
            return &found->items[i];
    return NULL;
}

/* `source` with a comment on a line of its own before line `number`, that far in. */
static const char *with_comment(struct arena *arena, const char *source,
                                size_t number, const char *code)
{
    const char *line = source;
    for (size_t i = 1; i < number && strchr(line, '\n'); i++)
        line = strchr(line, '\n') + 1;
    return arena_format(arena, "%.*s%*s# assay: ignore %s\n%s",
                        (int)(line - source), source, (int)strspn(line, " "),
                        "", code, line);
}

/* Each warning and note can be switched off where it is, and each error stays; but
 * for W403, which is about such comments. */
static void comments(void **state)
{
    (void)state;
    for (const struct diagnostic_code *row = diagnostics_codes(); row->code;
         row++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        if (is_too_large(row) || strcmp(row->code, "W403") == 0)
            continue;
        struct diagnostics found = diagnostics_make(arena, "example.yaml");
        const char *source = complete(arena, row->example);
        validate(arena, source, &found);
        const struct diagnostic *item = find(&found, row->code);
        CHECK(row->code, item || row->severity == SEVERITY_ERROR);
        if (!item)
            continue;
        /* Several of one code are in several places. */
        for (int i = 0; i < 8 && item; i++) {
            source = with_comment(arena, source, item->mark.line, row->code);
            found = diagnostics_make(arena, "example.yaml");
            validate(arena, source, &found);
            item = find(&found, row->code);
        }
        CHECK(row->code, !item == (row->severity != SEVERITY_ERROR));
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
        cmocka_unit_test(comments),
        cmocka_unit_test(the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
