/* The schemas that are built in: their files, and documents with mistakes. */
#include <ftw.h>
#include <stdlib.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "tests/unit/case.h"
#include "tests/unit/schema_fixture.h"

static const char *const kinds[] = {
    "TestWorkflow",
    "TestWorkflowTemplate",
    "TestWorkflowExecution",
};

static const char *const files[] = {
    "testworkflow.schema.json",
    "testworkflowtemplate.schema.json",
    "testworkflowexecution.schema.json",
};

static void test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        CHECK(kinds[i], schema_of_kind(kinds[i]) != NULL);
        CHECK(kinds[i], schema_of_kind(kinds[i]) == schema_of_kind(kinds[i]));
    }
    assert_null(schema_of_kind("ConfigMap"));
    assert_null(schema_of_kind("testworkflow"));
    assert_null(schema_of_kind(""));
}

/* The title or description of a schema, perhaps through references. */
static const char *find_word(const struct value *root,
                             const struct value *schema, const char *keyword,
                             const struct value *main_root)
{
    for (unsigned i = 0; schema && i < 8; i++) {
        const char *word = value_string_at(schema, keyword);
        const char *target = value_string_at(schema, "$ref");
        if (word || !target)
            return word;
        const char *pointer = strchr(target, '#');
        schema = target[0] == '#' ? root : main_root;
        char name[100];
        while (pointer && (pointer = strchr(pointer, '/'))) {
            size_t length = strcspn(++pointer, "/");
            snprintf(name, sizeof name, "%.*s", (int)length, pointer);
            schema = value_get(schema, name);
        }
        root = target[0] == '#' ? root : main_root;
    }
    return NULL;
}

struct walk {
    const struct value *root, *main_root;
    size_t properties;
};

static void check_words(struct walk *walk, const struct member *member)
{
    const char *title =
        find_word(walk->root, member->value, "title", walk->main_root);
    const char *description =
        find_word(walk->root, member->value, "description", walk->main_root);
    CHECK(member->name, title && title[0] != '\0');
    CHECK(member->name, description && description[0] != '\0');
    CHECK(description, description[strlen(description) - 1] == '.');
    walk->properties++;
}

static void walk_schema(struct walk *walk, const struct value *schema)
{
    const struct value *properties = value_get(schema, "properties");
    for (size_t i = 0;
         value_is(properties, VALUE_MAP) && i < properties->map.count; i++)
        check_words(walk, &properties->map.members[i]);
    if (value_is(schema, VALUE_MAP))
        for (size_t i = 0; i < schema->map.count; i++)
            walk_schema(walk, schema->map.members[i].value);
    for (size_t i = 0; value_is(schema, VALUE_LIST) && i < schema->list.count;
         i++)
        walk_schema(walk, schema->list.items[i]);
}

static const struct value *read_schema_file(struct arena *arena,
                                            const char *name)
{
    struct error error = {0};
    size_t length;
    char *path = arena_format(arena, "%s/schemas/%s", SOURCE_FOLDER, name);
    char *text = file_read(arena, path, 1 << 20, &length, &error);
    struct value *value =
        text ? value_read_json(arena, text, length, &error) : NULL;
    if (!value)
        fail_msg("%s: %s", name, error.text);
    return value;
}

/* Editors show title and description: every field has both. */
static void test_words(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct walk walk = {.main_root = read_schema_file(arena, files[0])};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        walk.root = read_schema_file(arena, files[i]);
        CHECK_TEXT(files[i], value_string_at(walk.root, "$schema"),
                   "https://json-schema.org/draft/2020-12/schema");
        CHECK(files[i], value_string_at(walk.root, "title") != NULL);
        CHECK(files[i], value_string_at(walk.root, "description") != NULL);
        walk_schema(&walk, walk.root);
    }
    assert_true(walk.properties > 300);
}

#define HEAD                                                                   \
    "apiVersion: testworkflows.testkube.io/v1\n"                               \
    "kind: TestWorkflow\n"                                                     \
    "metadata: {name: x}\n"
#define STEP HEAD "spec:\n  steps:\n"

static const struct {
    const char *name, *document, *want;
} rows[] = {
    {"small", STEP "  - shell: echo hello\n", ""},
    {"no apiVersion", "kind: TestWorkflow\nmetadata: {name: x}\nspec: {}\n",
     ""},
    {"nothing but a kind", "kind: TestWorkflow\n",
     "1:1 E111 missing field 'metadata'\n1:1 E111 missing field 'spec'"},
    {"other version",
     "apiVersion: testworkflows.testkube.io/v2\nkind: TestWorkflow\n"
     "metadata: {name: x}\nspec: {}\n",
     "1:13 E113 expected the string 'testworkflows.testkube.io/v1' for "
     "'apiVersion', found the string 'testworkflows.testkube.io/v2'"},
    {"no name", "kind: TestWorkflow\nmetadata: {labels: {a: yes}}\nspec: {}\n",
     "2:11 E111 missing field 'name' in 'metadata'\n"
     "2:24 E112 expected a string for 'labels.a', found the boolean true | put "
     "it in quotes: \"true\" (y, yes and on without quotes mean true as well)"},
    {"label value",
     "kind: TestWorkflow\nmetadata: {name: x, labels: {a: b c}}\nspec: {}\n",
     "2:33 E114 expected a text that matches "
     "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$ for 'labels.a', found the "
     "string 'b c' | At most 63 letters, digits, '-', '_' and '.', with a "
     "letter or digit at both ends; or empty."},
    {"misspelt", HEAD "spec:\n  stesp: []\n",
     "5:3 E110 unknown field 'stesp' in 'spec' | did you mean 'steps'?"},
    {"image beside shell", STEP "  - image: alpine\n    shell: ls\n",
     "6:5 E110 unknown field 'image' in 'spec.steps[0]' | 'image' is a field "
     "of 'container' or 'run'"},
    {"misspelt in a nested step",
     STEP "  - steps:\n    - setup:\n      - shel: ls\n",
     "8:9 E110 unknown field 'shel' in 'steps[0].setup[0]' | did you mean "
     "'shell'?"},
    {"empty list", HEAD "spec:\n  steps:\n",
     "5:9 E112 expected a list for 'spec.steps', found nothing | give it a "
     "value or remove the field"},
    {"environment",
     STEP "  - run:\n      env:\n      - {name: A, value: true}\n"
          "      - {name: B, value: 8080}\n      - {value: x}\n"
          "      - {name: C, valeu: x}\n",
     "8:26 E112 expected a string for 'env[0].value', found the boolean true | "
     "put it in quotes: \"true\" (y, yes and on without quotes mean true as "
     "well)\n"
     "9:26 E112 expected a string for 'env[1].value', found the integer 8080 | "
     "put it in quotes: \"8080\"\n"
     "10:9 E111 missing field 'name' in 'run.env[2]'\n"
     "11:19 E110 unknown field 'valeu' in 'run.env[3]' | did you mean "
     "'value'?"},
    {"value from",
     STEP "  - run:\n      env:\n      - name: A\n        valueFrom: {}\n"
          "      - name: B\n        valueFrom:\n"
          "          secretKeyRef: {name: s}\n",
     "9:20 E117 expected at least 1 field for 'env[0].valueFrom', found 0\n"
     "12:25 E111 missing field 'key' in 'valueFrom.secretKeyRef'"},
    {"step id", STEP "  - {id: My-Step, shell: ls}\n",
     "6:10 E114 expected a text that matches ^[a-z0-9][a-z0-9_]*$ for "
     "'steps[0].id', found the string 'My-Step' | Lower-case letters, digits "
     "and '_', beginning with a letter or digit; expressions see the step as "
     "step.<id>."},
    {"retries", STEP "  - {shell: ls, retry: {count: 0}}\n",
     "6:32 E115 expected at least 1 for 'retry.count', found 0"},
    {"timeout", STEP "  - {shell: ls, timeout: 5 minutes}\n",
     "6:26 E114 expected a duration such as '30s', '5m' or '1h30m' for "
     "'steps[0].timeout', found the string '5 minutes'"},
    {"timeout as a number", STEP "  - {shell: ls, timeout: 30}\n",
     "6:26 E112 expected a string for 'steps[0].timeout', found the integer 30 "
     "| put it in quotes: \"30\""},
    {"timeout as a template",
     STEP "  - {shell: ls, timeout: \"{{ config.t }}\"}\n", ""},
    {"delay", STEP "  - {shell: ls, delay: 1h2m3s4ms}\n", ""},
    {"delay that is no duration", STEP "  - {shell: ls, delay: \"1.5s\"}\n",
     "6:24 E114 expected a text that matches "
     "^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$ for 'steps[0].delay', found "
     "the string '1.5s' | Time to wait before the step: hours, minutes, "
     "seconds, milliseconds in this order, such as 1m30s. Not a template."},
    {"shell and command",
     STEP "  - run: {shell: ls, command: [ls], args: [a]}\n",
     "6:22 E119 field 'run.command' is not allowed here | Give either 'shell', "
     "or 'command' and 'args'.\n"
     "6:37 E119 field 'run.args' is not allowed here | Give either 'shell', or "
     "'command' and 'args'."},
    {"command as a text", STEP "  - run: {command: ls -l}\n",
     "6:20 E112 expected a list for 'run.command', found the string 'ls -l' | "
     "write a list, each item after '- '"},
    {"number in arguments", STEP "  - run: {args: [-p, 80]}\n",
     "6:22 E112 expected a string for 'run.args[1]', found the integer 80 | "
     "put it in quotes: \"80\""},
    {"user", STEP "  - container: {securityContext: {runAsUser: root}}\n",
     "6:46 E116 expected an integer or a template such as '{{ config.user }}' "
     "for 'securityContext.runAsUser', found the string 'root'"},
    {"pull policy", STEP "  - run: {imagePullPolicy: always}\n",
     "6:28 E116 expected 'Always', 'IfNotPresent' or 'Never' or a template for "
     "'run.imagePullPolicy', found the string 'always' | did you mean "
     "'Always'?"},
    {"quantity",
     HEAD "spec:\n  container:\n    resources:\n      limits: {cpu: 2, memory: "
          "50MB}\n",
     "7:32 E114 expected a quantity such as '250m', '2' or '128Mi' for "
     "'limits.memory', found the string '50MB'"},
    {"no artifacts", STEP "  - artifacts: {paths: []}\n",
     "6:24 E117 expected at least 1 item for 'artifacts.paths', found 0"},
    {"parameters",
     HEAD "spec:\n  config:\n    host: localhost\n    port: {type: integer, "
          "default: 6379}\n    list: []\n    kind: {type: text}\n"
          "    old: {defualt: 1}\n",
     "8:11 E112 expected a string, a number, true or false or a map for "
     "'config.list', found an empty list\n"
     "9:18 E113 expected 'string', 'integer', 'number' or 'boolean' for "
     "'kind.type', found the string 'text'\n"
     "10:11 E110 unknown field 'defualt' in 'config.old' | did you mean "
     "'default'?"},
    {"empty parameter name", HEAD "spec:\n  config:\n    \"\": x\n",
     "6:5 E118 an empty string cannot be a name in 'spec.config': expected at "
     "least 1 character, found 0"},
    {"schedule", HEAD "spec:\n  events:\n  - cronjob: {cron: daily}\n",
     "6:21 E114 expected a cron expression such as '0 6 * * *' or '@daily' for "
     "'cronjob.cron', found the string 'daily'"},
    {"old fields", HEAD "spec:\n  notifications: {disableWebhooks: true}\n",
     "5:3 W121 field 'spec.notifications' is deprecated | Has no effect; "
     "accepted for older files."},
    {"parallel",
     STEP "  - parallel: {count: config.n, matrix: {a: [1], b: "
          "list()}, shell: ls, concurrency: {}}\n",
     "6:73 E110 unknown field 'concurrency' in 'steps[0].parallel' | known "
     "fields: description, count, maxCount, matrix, shards, parallelism, "
     "failFast, logs, transfer, fetch, use, template, events, system, config, "
     "content, services, container, job, pod, notifications, execution, "
     "timeouts, pvcs, paused, negative, optional, retry, timeout, delay, "
     "shell, "
     "run, execute, artifacts, setup, steps, after"},
    {"execute", STEP "  - execute: {workflows: [{config: {a: 1}}]}\n",
     "6:27 E111 missing field 'name' in 'execute.workflows[0]'"},
    {"template reference without name", STEP "  - template: {config: {a: 1}}\n",
     "6:15 E111 missing field 'name' in 'steps[0].template'"},
    {"template in a template",
     "kind: TestWorkflowTemplate\nmetadata: {name: x}\nspec:\n  use: []\n"
     "  steps:\n  - parallel: {steps: [{template: {name: other}}]}\n"
     "  services: {db: {use: [], image: other}}\n",
     ""},
    {"template in a template, without a name",
     "kind: TestWorkflowTemplate\nmetadata: {name: x}\nspec:\n  use: [{}]\n"
     "  steps: [{template: {}}]\n",
     "4:9 E111 missing field 'name' in 'spec.use[0]'\n"
     "5:22 E111 missing field 'name' in 'steps[0].template'"},
    {"execution",
     "kind: TestWorkflowExecution\nmetadata: {name: x}\nspec:\n"
     "  testWorkflow: {name: other}\n  executionRequest: {config: {a: 1}, tag: "
     "{}}\n",
     "5:38 E110 unknown field 'tag' in 'spec.executionRequest' | did you mean "
     "'tags'?"},
};

static void check_documents(struct arena *arena, const char *text,
                            size_t length, struct diagnostics *list)
{
    const struct value *documents = value_read_yaml(arena, text, length, list);
    for (size_t i = 0; i < value_count(documents); i++) {
        const struct value *document = value_item(documents, i);
        const char *kind = value_string_at(document, "kind");
        const struct schema *schema = kind ? schema_of_kind(kind) : NULL;
        if (schema)
            schema_check(schema, document, list);
    }
}

static void test_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text got = {0};
        struct diagnostics list = diagnostics_make(arena, "x.yaml");
        check_documents(arena, rows[i].document, strlen(rows[i].document),
                        &list);
        print_findings(&got, &list);
        CHECK_TEXT(rows[i].name, text_string(&got), rows[i].want);
    }
}

/* Every field of the format once, as the manual has them. */
static void test_whole_format(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    size_t length;
    char *text =
        file_read(arena, SOURCE_FOLDER "/tests/fuzz/corpus/schema/whole.yaml",
                  1 << 20, &length, &error);
    if (!text)
        fail_msg("%s", error.text);
    struct diagnostics list = diagnostics_make(arena, "whole.yaml");
    check_documents(arena, text, length, &list);
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].severity == SEVERITY_ERROR)
            fail_msg("whole.yaml:%u:%u: %s", list.items[i].mark.line,
                     list.items[i].mark.column, list.items[i].text);
}

static unsigned corpus_files, corpus_errors;

static int visit_file(const char *path, const struct stat *status, int type)
{
    (void)status;
    size_t length = strlen(path);
    if (type != FTW_F || length < 5 || strcmp(path + length - 5, ".yaml") != 0)
        return 0;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    char *text = file_read(arena, path, 1 << 24, &length, &error);
    if (!text)
        fail_msg("%s", error.text);
    struct diagnostics list = diagnostics_make(arena, path);
    check_documents(arena, text, length, &list);
    for (size_t i = 0; i < list.count; i++)
        print_message("%s:%u:%u: %s %s\n", path, list.items[i].mark.line,
                      list.items[i].mark.column, list.items[i].code,
                      list.items[i].text);
    corpus_files++;
    corpus_errors += list.errors > 0;
    return 0;
}

/* Real workflows, when they are there. */
static void test_corpus(void **state)
{
    (void)state;
    const char *folder = getenv("ASSAY_CORPUS");
    if (!folder || folder[0] == '\0')
        skip();
    int64_t start = clock_monotonic();
    assert_int_equal(ftw(folder, visit_file, 8), 0);
    char took[CLOCK_TEXT];
    duration_print(clock_monotonic() - start, took);
    print_message("%u files, %u with errors, %s\n", corpus_files, corpus_errors,
                  took);
    assert_int_equal(corpus_errors, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),     cmocka_unit_test(test_words),
        cmocka_unit_test(test_documents), cmocka_unit_test(test_whole_format),
        cmocka_unit_test(test_corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
