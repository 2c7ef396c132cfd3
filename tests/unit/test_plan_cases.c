/*
 * Golden folders: tests/cases/plan/NAME/ holds workflow.yaml, perhaps config.yaml
 * (parameters) and options.yaml (as on the command line), and what must come out: plan.yaml, or error.txt with the findings.
 * With ASSAY_REWRITE_CASES=1 the expected files are written anew; review the diff.
 */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/plan/plan.h"
#include "tests/unit/case.h"

#define CASES SOURCE_FOLDER "/tests/cases/plan"

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

static void append_findings(struct text *text, const struct diagnostics *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct diagnostic *item = &list->items[i];
        text_append_format(text, "%u:%u %s %s\n", item->mark.line,
                           item->mark.column, item->code, item->text);
        if (item->hint)
            text_append_format(text, "    %s\n", item->hint);
    }
}

static void give_parameters(struct arena *arena, struct workflow *workflow,
                            const char *folder)
{
    struct diagnostics found = diagnostics_make(arena, "config.yaml");
    const char *text =
        read_text(arena, arena_format(arena, "%s/config.yaml", folder));
    if (!text)
        return;
    const struct value *documents =
        value_read_yaml(arena, text, strlen(text), &found);
    struct error error = {0};
    if (!documents ||
        workflow_set_all(arena, workflow, value_item(documents, 0), &error) < 0)
        fail_msg("%s/config.yaml: %s", folder, error.text);
}

/* `images` of the options: by name {entrypoint: [...], command: [...]}. */
static int find_image(void *context, const char *image,
                      const struct value **entrypoint,
                      const struct value **command, struct error *error)
{
    const struct value *found = value_get(context, image);
    *entrypoint = value_get(found, "entrypoint");
    *command = value_get(found, "command");
    return found ? 0 : error_set(error, ERROR_REMOTE, "there is no such image");
}

/* The options of a case, with ids that are always the same. */
static struct plan_options read_options(struct arena *arena, const char *folder)
{
    struct plan_options options = {
        .run_id = "0123456789abcdef",
        .token = "00000000000000000000000000000000",
    };
    struct diagnostics found = diagnostics_make(arena, "options.yaml");
    const char *text =
        read_text(arena, arena_format(arena, "%s/options.yaml", folder));
    if (!text)
        return options;
    const struct value *map =
        value_item(value_read_yaml(arena, text, strlen(text), &found), 0);
    const char *sequence = value_string_at(map, "sequence");
    options.no_pause = value_bool_or(value_get(map, "no-pause"), false);
    options.namespace_name = value_string_at(map, "namespace");
    if (value_get(map, "images"))
        options.images =
            (struct plan_images){find_image, value_get(map, "images")};
    options.workspace_size = value_string_at(map, "workspace-size");
    options.isolation_given = value_get(map, "isolation") != NULL;
    if (options.isolation_given &&
        strcmp(value_string_at(map, "isolation"), "step") == 0)
        options.isolation = ISOLATION_STEP;
    if (sequence)
        options.sequence = strcmp(sequence, "chained") == 0 ? SEQUENCE_CHAINED
                                                            : SEQUENCE_GATED;
    return options;
}

static struct plan *make_plan(struct arena *arena, const char *folder,
                              struct diagnostics *found)
{
    const struct plan_options options = read_options(arena, folder);
    const char *source =
        read_text(arena, arena_format(arena, "%s/workflow.yaml", folder));
    const struct value *documents =
        value_read_yaml(arena, source, strlen(source), found);
    struct workflow *workflow =
        documents ? workflow_decode(arena, value_item(documents, 0), source,
                                    strlen(source), found)
                  : NULL;
    if (!workflow)
        return NULL;
    give_parameters(arena, workflow, folder);
    if (workflow_resolve(arena, workflow, options.run_id, found) < 0)
        return NULL;
    return plan_make(arena, workflow, &options, found);
}

/* The digest of the entrypoint changes with the compiler: it has no place in a
 * golden file. */
static char *without_digest(struct arena *arena, const char *text)
{
    char *copy = arena_string(arena, text);
    char digest[13];
    snprintf(digest, sizeof digest, "%.12s", plan_entrypoint_digest());
    for (char *at = copy; (at = strstr(at, digest)) != NULL;)
        memcpy(at, "DIGESTDIGEST", 12);
    return copy;
}

static void compare(struct arena *arena, const char *path, const char *got)
{
    if (getenv("ASSAY_REWRITE_CASES")) {
        struct error error = {0};
        if (!got)
            unlink(path);
        else if (file_write_atomic(path, got, strlen(got), 0644, &error) < 0)
            fail_msg("%s", error.text);
        return;
    }
    const char *want = read_text(arena, path);
    if (!want && !got)
        return;
    if (!want || !got || strcmp(want, got) != 0)
        fail_msg("%s\n--- got:\n%s\n--- want:\n%s", path, got ? got : "nothing",
                 want ? want : "nothing");
}

static void check_case(const char *name)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *folder = arena_format(arena, CASES "/%s", name);
    struct diagnostics found = diagnostics_make(arena, "workflow.yaml");
    const struct plan *plan = make_plan(arena, folder, &found);
    CHECK(name, !plan == (found.errors > 0));
    CLEANUP(text_free) struct text printed = {0};
    CLEANUP(text_free) struct text findings = {0};
    diagnostics_sort(&found);
    append_findings(&findings, &found);
    if (plan) {
        plan_summarize(&printed, plan);
        plan_print(&printed, plan, false);
    }
    compare(arena, arena_format(arena, "%s/plan.yaml", folder),
            plan ? without_digest(arena, text_string(&printed)) : NULL);
    compare(arena, arena_format(arena, "%s/error.txt", folder),
            findings.length ? text_string(&findings) : NULL);
}

static void golden_cases(void **state)
{
    (void)state;
    struct dirent **entries;
    int count = scandir(CASES, &entries, NULL, alphasort);
    assert_true(count > 10);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            print_message("  %s\n", entries[i]->d_name);
            check_case(entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
}

/* How many errors planning `count` steps of this YAML gives, and the first of them. */
static size_t count_errors(struct arena *arena, int count, const char *step,
                           const char **first)
{
    static const struct plan_options options = {
        .run_id = "0123456789abcdef",
        .token = "00000000000000000000000000000000",
    };
    CLEANUP(text_free) struct text text = {0};
    struct diagnostics found = diagnostics_make(arena, "workflow.yaml");
    text_append_string(&text, "apiVersion: testworkflows.testkube.io/v1\n"
                              "kind: TestWorkflow\n"
                              "metadata: {name: many}\n"
                              "spec:\n  steps:\n");
    for (int i = 0; i < count; i++) {
        text_append_string(&text, "  - ");
        for (const char *letter = step; *letter; letter++)
            if (*letter == '#')
                text_append_format(&text, "%d", i % 2);
            else
                text_append_character(&text, *letter);
        text_append_character(&text, '\n');
    }
    const struct value *documents =
        value_read_yaml(arena, text.data, text.length, &found);
    struct workflow *workflow =
        documents ? workflow_decode(arena, value_item(documents, 0), text.data,
                                    text.length, &found)
                  : NULL;
    if (workflow &&
        workflow_resolve(arena, workflow, options.run_id, &found) == 0)
        plan_make(arena, workflow, &options, &found);
    *first = found.count ? arena_string(arena, found.items[0].text) : "";
    return found.errors;
}

static void limits_have_two_sides(void **state)
{
    (void)state;
    static const char many[] = "more than 10000 steps, or groups more than 32 "
                               "deep";
    static const char containers[] = "more than 100 containers in one pod";
    static const struct {
        int count;
        const char *step, *error;
    } rows[] = {
        {10000, "{shell: \"true\"}", ""},
        {10001, "{shell: \"true\"}", many},
        {3333, "{name: x, shell: \"true\", artifacts: {paths: [x]}}", ""},
        {3334, "{name: x, shell: \"true\", artifacts: {paths: [x]}}", many},
        {100, "{run: {image: i#, shell: \"true\"}}", ""},
        {101, "{run: {image: i#, shell: \"true\"}}", containers},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const char *first;
        size_t errors =
            count_errors(arena, rows[i].count, rows[i].step, &first);
        CHECK_TEXT(rows[i].step, first, rows[i].error);
        CHECK(rows[i].step, !errors == !rows[i].error[0]);
    }
}

static void same_input_same_bytes(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text first = {0};
    CLEANUP(text_free) struct text second = {0};
    struct diagnostics found = diagnostics_make(arena, "workflow.yaml");
    const char *folder = CASES "/groups";
    plan_print(&first, make_plan(arena, folder, &found), true);
    plan_print(&second, make_plan(arena, folder, &found), true);
    CHECK_TEXT("groups", text_string(&first), text_string(&second));
}

static void the_entrypoint_is_a_static_program(void **state)
{
    (void)state;
    size_t length;
    const unsigned char *program = plan_entrypoint(&length);
    assert_memory_equal(program, "\177ELF", 4);
    assert_true(length < 900 * 1024);
    assert_int_equal(strlen(plan_entrypoint_digest()), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_cases),
        cmocka_unit_test(limits_have_two_sides),
        cmocka_unit_test(same_input_same_bytes),
        cmocka_unit_test(the_entrypoint_is_a_static_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
