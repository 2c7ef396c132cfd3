/* workflow.h: parameters as data, what is checked of a document. */
#include "engine/base/clock.h"
#include "engine/workflow/limits.h"
#include "engine/workflow/workflow.h"
#include "tests/unit/case.h"

#define HEAD                                                                   \
    "apiVersion: testworkflows.testkube.io/v1\n"                               \
    "kind: TestWorkflow\n"                                                     \
    "metadata: {name: w}\n"

static const char *const declarations =
    HEAD "spec:\n"
         "  config:\n"
         "    bare: text\n"
         "    size: {type: integer, minimum: 1, maximum: 10}\n"
         "    ratio: {type: number, exclusiveMinimum: 0}\n"
         "    flag: {type: boolean}\n"
         "    mode: {type: string, enum: [fast, slow]}\n"
         "    code: {type: string, pattern: '^[a-z]+$', maxLength: 4}\n"
         "    secret: {type: string, sensitive: true, pattern: '^x'}\n"
         "  steps: [{shell: echo}]\n";

static struct workflow *decode(struct arena *arena, const char *source,
                               struct diagnostics *found)
{
    const struct value *documents =
        value_read_yaml(arena, source, strlen(source), found);
    assert_non_null(documents);
    return workflow_decode(arena, value_item(documents, 0), source,
                           strlen(source), found);
}

static void values_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *input, *want; /* "" : accepted */
    } rows[] = {
        {"bare=anything {{ at }} $(all)", ""},
        {"bare=", ""},
        {"size=1", ""},
        {"size=10", ""},
        {"size=5.0", ""},
        {"size=1e1", ""},
        {"size=1e300", "parameter 'size': expected an integer"},
        {"size=0", "parameter 'size': "},
        {"size=11", "parameter 'size': "},
        {"size=1.5", "parameter 'size': expected an integer, found '1.5'"},
        {"size= 1", "parameter 'size': expected an integer, found ' 1'"},
        {"size=99999999999999999999", "parameter 'size': expected an integer"},
        {"ratio=0.1", ""},
        {"ratio=1e3", ""},
        {"ratio=0", "parameter 'ratio': "},
        {"ratio=0x10", "parameter 'ratio': expected a number, found '0x10'"},
        {"ratio=nan", "parameter 'ratio': expected a number, found 'nan'"},
        {"ratio=1e999", "parameter 'ratio': expected a number"},
        {"flag=true", ""},
        {"flag=True", ""},
        {"flag=1", ""},
        {"flag=0", ""},
        {"flag=off", ""},
        {"flag=False", "parameter 'flag': expected true or false"},
        {"flag=", "parameter 'flag': expected true or false"},
        {"flag=no", "parameter 'flag': expected true or false, found 'no'"},
        {"mode=fast", ""},
        {"mode=warp", "parameter 'mode': 'warp' is not one of 'fast', 'slow'"},
        {"code=abcd", ""},
        {"code=abcde", "parameter 'code': "},
        {"code=AB", "parameter 'code': "},
        {"secret=xyz", ""},
        {"secret=hunter2", "parameter 'secret': the value breaks its limits"},
        {"nothing", "expected --config name=value, found 'nothing'"},
        {"=x", "expected --config name=value, found '=x'"},
        {"siez=1",
         "unknown parameter 'siez', did you mean 'size'? known: bare"},
        {"other=1", "unknown parameter 'other', known: bare, size, ratio"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct diagnostics found = diagnostics_make(arena, "w.yaml");
        struct workflow *workflow = decode(arena, declarations, &found);
        assert_non_null(workflow);
        struct error error = {0};
        int result = workflow_set(arena, workflow, rows[i].input, &error);
        CHECK(rows[i].input, (result == 0) == (rows[i].want[0] == '\0'));
        if (result < 0 &&
            strncmp(error.text, rows[i].want, strlen(rows[i].want)) != 0)
            fail_msg("%s: got %s", rows[i].input, error.text);
        CHECK(rows[i].input, result == 0 || error.kind == ERROR_USAGE);
    }
}

static void values_have_formats(void **state)
{
    (void)state;
    static const struct {
        const char *format, *text;
        bool good;
    } rows[] = {
        {"date", "2024-02-29", true},
        {"date", "2023-02-29", false},
        {"date", "2023-13-01", false},
        {"date", "2023-1-1", false},
        {"date", "", true},
        {"date-time", "2026-01-31T12:00:00Z", true},
        {"date-time", "2026-01-31T12:00:00.5+02:00", true},
        {"date-time", "2026-01-31T24:00:00Z", false},
        {"date-time", "2026-01-31T12:00:00", false},
        {"date-time", "2026-01-31 12:00:00Z", false},
        {"duration", "1h30m", true},
        {"duration", "soon", false},
        {"email", "a.b@example.com", true},
        {"email", "@example.com", false},
        {"email", "a b@example.com", false},
        {"hostname", "db-1.example.com", true},
        {"hostname", "-db.example.com", false},
        {"hostname", "db..example.com", false},
        {"hostname", "db_1", false},
        {"ipv4", "192.0.2.1", true},
        {"ipv4", "192.0.2.256", false},
        {"ipv6", "2001:db8::1", true},
        {"ipv6", "2001:db8::g", false},
        {"uri", "https://example.com/a?b=%20", true},
        {"uri", "example.com", false},
        {"uri", "https://exa mple.com", false},
        {"uri", "9p://x", false},
        {"uuid", "123e4567-e89b-12d3-a456-426614174000", true},
        {"uuid", "123e4567e89b12d3a456426614174000", false},
        {"colour of the sky", "anything", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct diagnostics found = diagnostics_make(arena, "w.yaml");
        const char *source = arena_format(
            arena,
            HEAD "spec: {config: {x: {format: %s}}, steps: [{shell: x}]}\n",
            rows[i].format);
        struct workflow *workflow = decode(arena, source, &found);
        struct error error = {0};
        assert_non_null(workflow);
        const char *assignment = arena_format(arena, "x=%s", rows[i].text);
        bool good = workflow_set(arena, workflow, assignment, &error) == 0;
        if (good != rows[i].good)
            fail_msg("%s '%s': %s", rows[i].format, rows[i].text, error.text);
    }
}

static void a_value_has_a_ceiling(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct diagnostics found = diagnostics_make(arena, "w.yaml");
    struct workflow *workflow = decode(arena, declarations, &found);
    struct error error = {0};
    char *text = arena_allocate(arena, WORKFLOW_PARAMETER_BYTES_LIMIT + 20);
    memset(text, 'a', WORKFLOW_PARAMETER_BYTES_LIMIT + 5);
    memcpy(text, "bare=", 5);
    assert_int_equal(workflow_set(arena, workflow, text, &error), 0);
    text[WORKFLOW_PARAMETER_BYTES_LIMIT + 5] = 'a';
    assert_int_equal(workflow_set(arena, workflow, text, &error), -1);
}

static void what_is_given_stays_before_a_file(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct diagnostics found = diagnostics_make(arena, "w.yaml");
    struct workflow *workflow = decode(arena, declarations, &found);
    struct error error = {0};
    struct value *map = value_make_map(arena);
    value_set_string(arena, map, "bare", "from file");
    value_set(arena, map, "size", value_make_int(arena, 7));
    assert_int_equal(workflow_set(arena, workflow, "bare=mine", &error), 0);
    assert_int_equal(workflow_set_all(arena, workflow, map, &error), 0);
    assert_int_equal(
        workflow_resolve(arena, workflow, "0123456789abcdef", &found), 0);
    const struct value *shown = workflow_parameters(arena, workflow);
    CHECK_TEXT("bare", value_string_at(shown, "bare"), "mine");
    CHECK_TEXT("size", value_string_at(shown, "size"), "7");
    value_set(arena, map, "flag", value_make_list(arena));
    assert_int_equal(workflow_set_all(arena, workflow, map, &error), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
}

static void sensitive_values_are_not_shown(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct diagnostics found = diagnostics_make(arena, "w.yaml");
    struct workflow *workflow = decode(arena, declarations, &found);
    struct error error = {0};
    assert_int_equal(workflow_set(arena, workflow, "secret=xhunter2", &error),
                     0);
    assert_int_equal(
        workflow_resolve(arena, workflow, "0123456789abcdef", &found), 0);
    CLEANUP(text_free) struct text text = {0};
    value_write_json(&text, workflow_parameters(arena, workflow), JSON_COMPACT);
    value_write_json(&text, workflow->resolved, JSON_COMPACT);
    assert_null(strstr(text_string(&text), "xhunter2"));
    assert_non_null(strstr(text_string(&text), "REDACTED"));
}

static void names_of_the_execution(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
        int64_t scheduled;
    } rows[] = {
        {"{{ execution.scheduledAt }}", "1970-01-01T00:00:01.500Z",
         1500 * CLOCK_MILLISECOND},
        {"{{ shellquote(execution.scheduledAt) }}", "1970-01-01T00:00:00.001Z",
         CLOCK_MILLISECOND},
        {"[{{ execution.scheduledAt }}]", "[]", 0},
        {"[{{ organization.id }}{{ environment.id }}{{ dashboard.url }}"
         "{{ resource.fsPrefix }}]",
         "[]", 0},
        {"{{ organization.identity }}", "{{organization.identity}}", 0},
        {"{{ resource.id }}", "0123456789abcdef", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct diagnostics found = diagnostics_make(arena, "w.yaml");
        struct workflow *workflow =
            decode(arena,
                   arena_format(arena, HEAD "spec: {steps: [{shell: '%s'}]}\n",
                                rows[i].text),
                   &found);
        workflow->scheduled = rows[i].scheduled;
        assert_int_equal(
            workflow_resolve(arena, workflow, "0123456789abcdef", &found), 0);
        CHECK_TEXT(
            rows[i].text,
            value_string_at(
                value_item(value_path(workflow->resolved, "spec.steps"), 0),
                "shell"),
            rows[i].want);
    }
}

/* The first finding of a document: "line:column code". */
static void documents_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *name, *source, *want;
        size_t errors;
    } rows[] = {
        {"valid", HEAD "spec: {steps: [{shell: echo}]}\n", "", 0},
        {"a list", "- x\n", "1:1 E301", 1},
        {"no kind", "a: b\n", "1:1 E301", 1},
        {"unknown kind of ours",
         "apiVersion: testworkflows.testkube.io/v1\nkind: TestFlow\n",
         "2:7 E301", 1},
        {"a kind of others", "apiVersion: v1\nkind: ConfigMap\n", "2:7 W402",
         0},
        {"a kind that sounds like ours",
         "apiVersion: example.com/v1\nkind: TestWorkflow\n", "2:7 W402", 0},
        {"a bad name",
         "apiVersion: testworkflows.testkube.io/v1\nkind: TestWorkflow\n"
         "metadata: {name: A_b}\nspec: {steps: [{shell: echo}]}\n",
         "3:18 E302", 1},
        {"an expression error in a block",
         HEAD "spec:\n  steps:\n    - shell: |\n        one\n"
              "        two {{ 1 + }}\n",
         "8:", 1},
        {"an error in a condition",
         HEAD "spec:\n  steps:\n    - condition: passed &&\n      shell: x\n",
         "6:", 1},
        {"a block conditional",
         HEAD "spec: {steps: [{shell: '{{ if env.A }}x{{ end }}'}]}\n",
         "4:24 W401", 0},
        {"an unknown parameter",
         HEAD "spec:\n  config: {url: x}\n  steps:\n    - shell: |\n"
              "        one\n        two {{ config.urll }}\n",
         "9:16 E202", 1},
        {"an unknown parameter in a condition",
         HEAD "spec:\n  steps: [{shell: x, condition: config.x == 1}]\n",
         "5:33 E202", 1},
        {"an unknown function",
         HEAD "spec:\n  steps: [{shell: '{{ lenght(env.X) }}'}]\n", "5:23 E206",
         1},
        {"an unknown name", HEAD "spec:\n  steps: [{shell: '{{ confg.x }}'}]\n",
         "5:23 E205", 1},
        {"an unknown word",
         HEAD "spec:\n  steps: [{shell: x, condition: passd}]\n", "5:33 E205",
         1},
        {"an unknown step",
         HEAD "spec:\n  steps: [{id: a, shell: '{{ step.b.results }}'}]\n",
         "5:30 E205", 1},
        {"names of steps",
         HEAD "spec:\n  setup: [{name: Get It, shell: x}]\n  steps:\n"
              "    - {id: a, shell: '{{ step.a.outputs.x }}'}\n"
              "    - {name: Get It, shell: '{{ step.get_it.results }}'}\n"
              "    - {shell: x, condition: get_it_1 && a}\n"
              "    - {shell: '{{ step.results }}'}\n",
         "", 0},
        {"names that somebody knows",
         HEAD "spec:\n  config: {a: '', b: {default: x}}\n  steps:\n"
              "    - shell: '{{ config.a }}{{ config.b.c }}{{ env.X }}"
              "{{ workflow.name }}{{ labels.x }}{{ execution.id }}"
              "{{ resource.id }}{{ services.db.0.ip }}{{ matrix.x }}"
              "{{ shard.x }}{{ index + count }}{{ shardIndex }}"
              "{{ at(services, \"x-y\").0.ip }}{{ services.db.*.ip }}"
              "{{ pvcs.x.name }}{{ internal.namespace }}{{ output.x }}"
              "{{ file(\"x\") }}{{ secret(\"a\", \"b\") }}"
              "{{ credential(\"a\") }}{{ workingDir }}{{ status }}'\n"
              "      retry: {count: 2, until: self.passed || always}\n",
         "", 0},
        {"parameters of workers",
         HEAD "spec:\n  steps:\n    - parallel:\n        count: 2\n"
              "        config: {size: 5}\n"
              "        steps: [{shell: 'echo {{ config.size }}'}]\n",
         "", 0},
        {"templates may bring steps",
         HEAD "spec:\n  use: [{name: t}]\n  steps:\n"
              "    - {shell: x, condition: 'theirs && step.theirs.ok'}\n",
         "", 0},
        {"a template's parameters",
         "apiVersion: testworkflows.testkube.io/v1\n"
         "kind: TestWorkflowTemplate\nmetadata: {name: t}\nspec:\n"
         "  steps: [{shell: '{{ config.x }}'}]\n",
         "5:23 E202", 1},
        {"another kind of Testkube",
         "apiVersion: tests.testkube.io/v1\nkind: TestTrigger\n", "2:7 W402",
         0},
        {"a misspelt kind of Testkube",
         "apiVersion: tests.testkube.io/v1\nkind: TestTriger\n", "2:7 E301", 1},
        {"descriptions are no templates",
         HEAD "spec: {steps: [{shell: echo}]}\ndescription: '{{ 1 + }}'\n", "",
         0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct diagnostics found = diagnostics_make(arena, "w.yaml");
        const struct value *documents = value_read_yaml(
            arena, rows[i].source, strlen(rows[i].source), &found);
        CHECK(rows[i].name, documents);
        workflow_check(arena, value_item(documents, 0), rows[i].source,
                       strlen(rows[i].source), &found);
        diagnostics_sort(&found);
        char got[64] = "";
        if (found.count > 0)
            snprintf(got, sizeof got, "%u:%u %s", found.items[0].mark.line,
                     found.items[0].mark.column, found.items[0].code);
        if (strncmp(got, rows[i].want, strlen(rows[i].want)) != 0 ||
            (rows[i].want[0] == '\0' && got[0] != '\0'))
            fail_msg("%s: got '%s', want '%s'", rows[i].name, got,
                     rows[i].want);
        CHECK(rows[i].name, found.errors == rows[i].errors);
    }
}

/* The list is full of warnings, and yet no error is lost: it decides. */
static void errors_count_behind_warnings(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text text = {0};
    text_append_string(&text, HEAD "spec:\n  steps:\n    - shell: |\n");
    for (int i = 0; i < DIAGNOSTICS_LIMIT + 10; i++)
        text_append_string(&text, "        {{ env.A || env.B && env.C }}\n");
    text_append_string(&text,
                       "    - shell: '{{ config.x + f() + nobody.x }}'\n");
    struct diagnostics found = diagnostics_make(arena, "w.yaml");
    const struct value *documents =
        value_read_yaml(arena, text_string(&text), text.length, &found);
    workflow_check(arena, value_item(documents, 0), text_string(&text),
                   text.length, &found);
    assert_int_equal(found.count, DIAGNOSTICS_LIMIT);
    assert_int_equal(found.errors, 3);
}

static void parameters_have_a_ceiling(void **state)
{
    (void)state;
    for (int more = 0; more < 2; more++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text text = {0};
        text_append_string(&text, HEAD "spec:\n  steps: [{shell: echo}]\n"
                                       "  config:\n");
        for (int i = 0; i < WORKFLOW_PARAMETERS_LIMIT + more; i++)
            text_append_format(&text, "    p%d: x\n", i);
        struct diagnostics found = diagnostics_make(arena, "w.yaml");
        const struct workflow *workflow =
            decode(arena, text_string(&text), &found);
        assert_true(!workflow == (more > 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(values_have_formats),
        cmocka_unit_test(a_value_has_a_ceiling),
        cmocka_unit_test(what_is_given_stays_before_a_file),
        cmocka_unit_test(sensitive_values_are_not_shown),
        cmocka_unit_test(names_of_the_execution),
        cmocka_unit_test(documents_are_checked),
        cmocka_unit_test(errors_count_behind_warnings),
        cmocka_unit_test(parameters_have_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
