/*
 * What a Kubernetes server refuses, from both sides: the test server's own rules, and
 * odd workflows, of which each is either told by the planner, with its place, or
 * planned into objects that those rules accept.
 */
#include "engine/plan/plan.h"
#include "tests/kube/pod_rules.h"
#include "tests/kube/validation.h"
#include "tests/unit/value_fixture.h"

static const char *first_field(const struct value *causes)
{
    const char *field = value_string_at(value_item(causes, 0), "field");
    return field ? field : "";
}

/* --- the server ------------------------------------------------------------ */

static const struct {
    const char *pod, *want; /* the field that is refused; "": none */
} pods[] = {
    {"{}", ""},
    {"{volumes: [{name: A, emptyDir: {}}]}", "p.volumes[0].name"},
    {"{volumes: [{name: a, emptyDir: {}}, {name: a, emptyDir: {}}]}",
     "p.volumes[1].name"},
    {"{volumes: [{name: a}]}", "p.volumes[0]"},
    {"{volumes: [{name: a, emptyDir: {}, secret: {secretName: s}}]}",
     "p.volumes[0]"},
    {"{volumes: [{name: a, emptyDir: {sizeLimit: 1Xi}}]}",
     "p.volumes[0].emptyDir.sizeLimit"},
    {"{volumes: [{name: a, configMap: {}}]}", "p.volumes[0].configMap.name"},
    {"{volumes: [{name: a, configMap: {name: c, defaultMode: 0555}}]}", ""},
    {"{volumes: [{name: a, configMap: {name: c, defaultMode: 01000}}]}",
     "p.volumes[0].configMap.defaultMode"},
    {"{volumes: [{name: a, configMap: {name: c, items: [{key: k/1, path: "
     "p}]}}]}",
     "p.volumes[0].configMap.items[0].key"},
    {"{volumes: [{name: a, configMap: {name: c, items: [{key: k, path: "
     "a/../b}]}}]}",
     "p.volumes[0].configMap.items[0].path"},
    {"{volumes: [{name: a, downwardAPI: {items: [{path: annotations, "
     "fieldRef: {fieldPath: metadata.annotations}}]}}]}",
     ""},
    {"{volumes: [{name: a, persistentVolumeClaim: {claimName: C}}]}",
     "p.volumes[0].persistentVolumeClaim.claimName"},
    {"{containers: [{image: ' x'}]}", "p.containers[0].image"},
    {"{initContainers: [{image: ''}]}", "p.initContainers[0].image"},
    {"{containers: [{image: x, imagePullPolicy: Sometimes}]}",
     "p.containers[0].imagePullPolicy"},
    {"{containers: [{image: x, volumeMounts: [{name: a, mountPath: /a}, "
     "{name: b, mountPath: /a}]}]}",
     "p.containers[0].volumeMounts[1].mountPath"},
    {"{containers: [{image: x, volumeMounts: [{name: a, mountPath: /a, "
     "subPath: ../b}]}]}",
     "p.containers[0].volumeMounts[0].subPath"},
    {"{containers: [{image: x, env: [{name: 'a=b'}]}]}",
     "p.containers[0].env[0].name"},
    {"{containers: [{image: x, env: [{name: a, value: 5}]}]}",
     "p.containers[0].env[0].value"},
    {"{containers: [{image: x, env: [{name: a b.c-d}]}]}", ""},
    {"{containers: [{image: x, env: [{name: a, valueFrom: {secretKeyRef: "
     "{name: s, key: k/}}}]}]}",
     "p.containers[0].env[0].valueFrom.secretKeyRef.key"},
    {"{containers: [{image: x, env: [{name: a, valueFrom: {}}]}]}",
     "p.containers[0].env[0].valueFrom"},
    {"{containers: [{image: x, envFrom: [{prefix: P_}]}]}",
     "p.containers[0].envFrom[0]"},
    {"{containers: [{image: x, resources: {requests: {cpu: 1, memory: 0.5Gi}, "
     "limits: {cpu: 1000m}}}]}",
     ""},
    {"{containers: [{image: x, resources: {requests: {cpu: 2}, limits: {cpu: "
     "1999m}}}]}",
     "p.containers[0].resources.requests.cpu"},
    {"{containers: [{image: x, resources: {requests: {memory: 1025Ki}, "
     "limits: {memory: 1Mi}}}]}",
     "p.containers[0].resources.requests.memory"},
    {"{containers: [{image: x, resources: {limits: {cpu: -1}}}]}",
     "p.containers[0].resources.limits.cpu"},
    {"{containers: [{image: x, resources: {limits: {gpu: 1}}}]}",
     "p.containers[0].resources.limits.gpu"},
    {"{containers: [{image: x, resources: {limits: {cpu: much}}}]}",
     "p.containers[0].resources.limits.cpu"},
    {"{containers: [{image: x, securityContext: {runAsUser: '5'}}]}",
     "p.containers[0].securityContext.runAsUser"},
    {"{containers: [{image: x, securityContext: {privileged: true, "
     "allowPrivilegeEscalation: false}}]}",
     "p.containers[0].securityContext"},
    {"{securityContext: {fsGroup: 2147483648}}", "p.securityContext.fsGroup"},
    {"{serviceAccountName: A}", "p.serviceAccountName"},
    {"{hostname: a.b}", "p.hostname"},
    {"{activeDeadlineSeconds: 0}", "p.activeDeadlineSeconds"},
    {"{imagePullSecrets: [{name: a_b}]}", "p.imagePullSecrets[0].name"},
};

static void the_server_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pods); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct value *causes = value_make_list(arena);
        pod_rules_check(arena, from_yaml(arena, pods[i].pod), "p", causes);
        CHECK_TEXT(pods[i].pod, first_field(causes), pods[i].want);
    }
}

static void metadata_and_data(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool data;
        size_t causes;
    } rows[] = {
        {"{labels: {a: b, x.io/a_b: '', A.b: 1.x}}", false, 0},
        {"{labels: {'a b': c}}", false, 1},
        {"{labels: {a: 'b c'}}", false, 1},
        {"{labels: {a: -b}}", false, 1},
        {"{labels: {x/y/z: b}}", false, 1},
        {"{labels: {X.io/a: b}}", false, 1},
        {"{labels: {a: "
         "0123456789012345678901234567890123456789012345678901234567890123}}",
         false, 1},
        {"{labels: {a: true}}", false, 1},
        {"{annotations: {a: 'anything, \xc3\xa4'}}", false, 0},
        {"{annotations: {'a:b': c}}", false, 1},
        {"{data: {run.json: x}}", true, 0},
        {"{data: {a/b: x}}", true, 1},
        {"{stringData: {'': x}}", true, 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct value *causes = value_make_list(arena);
        const struct value *value = from_yaml(arena, rows[i].text);
        if (rows[i].data)
            data_rules_check(arena, value, causes);
        else
            metadata_rules_check(arena, value, "metadata", causes);
        CHECK(rows[i].text, value_count(causes) == rows[i].causes);
    }
}

/* Sizes: exactly the limit, and one more. */
static void limits_of_size(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct value *causes = value_make_list(arena);
        struct value *object = value_make_map(arena);
        struct value *data = value_make_map(arena);
        size_t length = 1024 * 1024 + extra;
        char *bytes = arena_allocate(arena, length + 1);
        memset(bytes, 'x', length);
        bytes[length] = '\0';
        value_set_string(arena, data, "k", bytes);
        value_set(arena, object, "data", data);
        data_rules_check(arena, object, causes);
        assert_int_equal(value_count(causes), extra);
    }
}

/* --- odd workflows --------------------------------------------------------- */

static const struct {
    const char *name; /* of the workflow */
    const char *spec;
    const char *want; /* LINE:COLUMN CODE ...; NULL: accepted by the server */
} workflows[] = {
    {"w", "  steps: [{shell: x}]\n", NULL},
    {"a.name.with.dots-and-0", "  steps: [{shell: x}]\n", NULL},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "  steps: [{shell: x}]\n", NULL},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-----c",
     "  steps: [{shell: x}]\n", NULL},
    {"w",
     "  steps: [{name: \"\xc3\xbc"
     "ber \xe2\x98\x83 'x'\", shell: x}]\n",
     NULL},
    {"w", "  pod: {labels: {team/a/b: x}}\n  steps: [{shell: x}]\n",
     "5:28 E320"},
    {"w", "  job: {labels: {team: a b}}\n  steps: [{shell: x}]\n", "5:24 E320"},
    {"w",
     "  job: {annotations: {team: 'a b \xe2\x98\x83'}}\n  steps: [{shell: "
     "x}]\n",
     NULL},
    {"w", "  job: {annotations: {'team!': a}}\n  steps: [{shell: x}]\n",
     "5:32 E320"},
    {"w", "  pod: {labels: {assay.dev/run: mine}}\n  steps: [{shell: x}]\n",
     NULL},
    {"w",
     "  pod: {volumes: [{name: v, emptyDir: {}}, {name: v, emptyDir: {}}]}"
     "\n  steps: [{shell: x}]\n",
     "5:51 E320"},
    {"w",
     "  pod: {volumes: [{name: assay-data, emptyDir: {}}]}\n"
     "  steps: [{shell: x}]\n",
     "5:26 E320"},
    {"w",
     "  pod: {volumes: [{name: My_Volume, emptyDir: {}}]}\n"
     "  steps: [{shell: x}]\n",
     "5:26 E320"},
    {"w", "  pod: {volumes: [{name: v}]}\n  steps: [{shell: x}]\n",
     "5:26 E320"},
    {"w",
     "  pod: {volumes: [{name: v, emptyDir: {}}]}\n  container: "
     "{volumeMounts: [{name: v, mountPath: /a}, {name: v, mountPath: "
     "/a/}]}\n  steps: [{shell: x}]\n",
     "6:77 E320"},
    {"w",
     "  pod: {volumes: [{name: v, emptyDir: {}}]}\n  container: "
     "{volumeMounts: [{name: v, mountPath: /data}, {name: v, mountPath: "
     "/tmp/}]}\n  steps: [{shell: x}]\n",
     NULL},
    {"w",
     "  pod: {volumes: [{name: v, emptyDir: {}}]}\n  container: "
     "{volumeMounts: [{name: v, mountPath: relative/path}]}\n  steps: "
     "[{shell: x}]\n",
     NULL},
    {"w",
     "  pod: {volumes: [{name: v, emptyDir: {}}]}\n  container: "
     "{volumeMounts: [{name: v, mountPath: /.assay/bin/x}]}\n  steps: "
     "[{shell: x}]\n",
     "6:51 E320"},
    {"w",
     "  pod: {volumes: [{name: v, emptyDir: {}}]}\n  container: "
     "{volumeMounts: [{name: v, mountPath: /a, subPath: ../b}]}\n  steps: "
     "[{shell: x}]\n",
     "6:64 E320"},
    {"w",
     "  container: {volumeMounts: [{name: v, mountPath: /a}]}\n  steps: "
     "[{shell: x}]\n",
     "5:37 E320"},
    {"w",
     "  container: {env: [{name: A}, {name: B, value: ''}]}\n  steps: "
     "[{shell: x}]\n",
     NULL},
    {"w",
     "  container: {envFrom: [{configMapRef: {name: Not_One}}]}\n  steps: "
     "[{shell: x}]\n",
     "5:47 E320"},
    {"w",
     "  container: {envFrom: [{prefix: P_, secretRef: {name: s, optional: "
     "true}}]}\n  steps: [{shell: x}]\n",
     NULL},
    {"w",
     "  container: {resources: {requests: {cpu: 1, memory: 64Mi}, limits: "
     "{cpu: '1.5', memory: 1e9}}}\n  steps: [{shell: x}]\n",
     NULL},
    {"w",
     "  container: {resources: {requests: {cpu: 2}, limits: {cpu: 1500m}}}"
     "\n  steps: [{shell: x}]\n",
     "5:43 E320"},
    {"w",
     "  container: {resources: {limits: {gpu: 1}}}\n  steps: [{shell: "
     "x}]\n",
     "5:41 E320"},
    {"w",
     "  container: {resources: {limits: {example.com/gpu: 1}}}\n  steps: "
     "[{shell: x}]\n",
     NULL},
    {"w",
     "  container: {resources: {limits: {cpu: -1}}}\n  steps: [{shell: "
     "x}]\n",
     "5:41 E320"},
    {"w",
     "  container: {securityContext: {runAsUser: '1000'}}\n  steps: "
     "[{shell: x}]\n",
     NULL},
    {"w",
     "  container: {securityContext: {runAsUser: 4294967296}}\n  steps: "
     "[{shell: x}]\n",
     "5:44 E320"},
    {"w", "  pod: {serviceAccountName: Not_One}\n  steps: [{shell: x}]\n",
     "5:29 E320"},
    {"w", "  pod: {hostname: a.b}\n  steps: [{shell: x}]\n", "5:19 E320"},
    {"w",
     "  job: {activeDeadlineSeconds: 99999999999}\n  steps: [{shell: "
     "x}]\n",
     "5:32 E320"},
    {"w", "  container: {image: 'a b'}\n  steps: [{shell: x}]\n", "5:22 E320"},
    {"w", "  pod: {imagePullSecrets: [{name: A}]}\n  steps: [{shell: x}]\n",
     "5:35 E320"},
};

static struct plan *make_plan(struct arena *arena, const char *source,
                              struct diagnostics *found)
{
    static const struct plan_options options = {
        .run_id = "0123456789abcdef",
        .token = "00000000000000000000000000000000",
        .namespace_name = "default",
    };
    const struct value *documents =
        value_read_yaml(arena, source, strlen(source), found);
    struct workflow *workflow =
        documents ? workflow_decode(arena, value_item(documents, 0), source,
                                    strlen(source), found)
                  : NULL;
    if (!workflow ||
        workflow_resolve(arena, workflow, options.run_id, found) < 0)
        return NULL;
    return plan_make(arena, workflow, &options, found);
}

static void check_object(struct arena *arena, const char *row,
                         const char *group, const char *kind,
                         const struct value *object)
{
    const struct resource *resource = discovery_find(group, "v1", kind);
    const char *unknown = validation_unknown(arena, resource, object);
    const struct value *causes =
        validation_causes(arena, resource, object, NULL);
    if (unknown)
        fail_msg("%s: %s", row, unknown);
    if (value_count(causes) > 0)
        fail_msg("%s: %s: %s", row, first_field(causes),
                 value_string_at(value_item(causes, 0), "message"));
}

static void odd_workflows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(workflows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text got = {0};
        const char *row = workflows[i].spec;
        const char *source = arena_format(
            arena,
            "apiVersion: testworkflows.testkube.io/v1\nkind: TestWorkflow\n"
            "metadata: {name: %s}\nspec:\n%s",
            workflows[i].name, row);
        struct diagnostics found = diagnostics_make(arena, "w.yaml");
        const struct plan *plan = make_plan(arena, source, &found);
        for (size_t k = 0; k < found.count; k++)
            text_append_format(&got, "%s%u:%u %s", k ? " " : "",
                               found.items[k].mark.line,
                               found.items[k].mark.column, found.items[k].code);
        CHECK_TEXT(row, text_string(&got),
                   workflows[i].want ? workflows[i].want : "");
        if (!plan)
            continue;
        check_object(arena, row, "batch", "jobs", plan->job);
        check_object(arena, row, "", "configmaps", plan->config_map);
        check_object(arena, row, "", "secrets", plan->secret);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_refuses),
        cmocka_unit_test(metadata_and_data),
        cmocka_unit_test(limits_of_size),
        cmocka_unit_test(odd_workflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
