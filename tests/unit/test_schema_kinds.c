/* The schemas that are built in: their files, and documents with mistakes. */
#include <ftw.h>
#include <stdlib.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/schema/private.h"
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
    "kubernetes.schema.json",
    "lock.schema.json",
    "marketplaces.schema.json",
    "catalogindex.schema.json",
    "config.schema.json",
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
    assert_ptr_equal(schema_of_file("testworkflow.schema.json"),
                     schema_of_kind("TestWorkflow"));
    assert_non_null(schema_of_file("config.schema.json"));
    assert_null(schema_of_file("config"));
}

enum { FILES = COUNT_OF(files) };

struct walk {
    const struct value *roots[FILES];
    size_t properties;
};

/* What a reference in `root` names, and the document that it is in. */
static const struct value *follow(const struct walk *walk, const char *target,
                                  const struct value **root)
{
    size_t length = strcspn(target, "#");
    for (size_t i = 0; i < FILES; i++)
        if (strlen(files[i]) == length && memcmp(files[i], target, length) == 0)
            *root = walk->roots[i];
    const struct value *found = *root;
    const char *pointer = target + length;
    while ((pointer = strchr(pointer, '/'))) {
        size_t part = strcspn(++pointer, "/");
        found = value_get_bytes(found, pointer, part);
    }
    return found;
}

/* The title or description of a schema, perhaps through references. */
static const char *find_word(const struct walk *walk, const struct value *root,
                             const struct value *schema, const char *keyword)
{
    for (unsigned i = 0; schema && i < 8; i++) {
        const char *word = value_string_at(schema, keyword);
        const char *target = value_string_at(schema, "$ref");
        if (word || !target)
            return word;
        schema = follow(walk, target, &root);
    }
    return NULL;
}

static void check_words(struct walk *walk, const struct value *root,
                        const struct member *member)
{
    const char *title = find_word(walk, root, member->value, "title");
    const char *description =
        find_word(walk, root, member->value, "description");
    CHECK(member->name, title && title[0] != '\0');
    CHECK(member->name, description && description[0] != '\0');
    CHECK(description, description[strlen(description) - 1] == '.');
    walk->properties++;
}

static void walk_schema(struct walk *walk, const struct value *root,
                        const struct value *schema)
{
    const struct value *properties = value_get(schema, "properties");
    for (size_t i = 0;
         value_is(properties, VALUE_MAP) && i < properties->map.count; i++)
        check_words(walk, root, &properties->map.members[i]);
    if (value_is(schema, VALUE_MAP))
        for (size_t i = 0; i < schema->map.count; i++)
            walk_schema(walk, root, schema->map.members[i].value);
    for (size_t i = 0; value_is(schema, VALUE_LIST) && i < schema->list.count;
         i++)
        walk_schema(walk, root, schema->list.items[i]);
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

/* Every part can be compiled: the program compiles only what it uses, and ends
 * when it finds a mistake. */
static void test_all_parts(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct schema_document documents[FILES];
    struct schema *roots[FILES];
    struct error error = {0};
    for (size_t i = 0; i < FILES; i++)
        documents[i] = (struct schema_document){
            .name = files[i], .value = read_schema_file(arena, files[i])};
    int result = schema_compile_all(arena, documents, FILES, roots, &error);
    CHECK_TEXT("error", error.text, "");
    assert_int_equal(result, 0);
}

/* Editors show title and description: every field has both. */
static void test_words(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct walk walk = {0};
    for (size_t i = 0; i < FILES; i++)
        walk.roots[i] = read_schema_file(arena, files[i]);
    for (size_t i = 0; i < FILES; i++) {
        const struct value *root = walk.roots[i];
        CHECK_TEXT(files[i], value_string_at(root, "$schema"),
                   "https://json-schema.org/draft/2020-12/schema");
        CHECK(files[i], value_string_at(root, "title") != NULL);
        CHECK(files[i], value_string_at(root, "description") != NULL);
        walk_schema(&walk, root, root);
    }
    assert_true(walk.properties > 600);
}

#define HEAD                                                                   \
    "apiVersion: testworkflows.testkube.io/v1\n"                               \
    "kind: TestWorkflow\n"                                                     \
    "metadata: {name: x}\n"
#define STEP HEAD "spec:\n  steps:\n"
#define POD  HEAD "spec:\n  pod:\n"

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
    {"label name",
     "kind: TestWorkflow\nmetadata: {name: x, labels: {a b: c, x.y/z: d}, "
     "annotations: {A/b: x, a/b/c: q, _: z, example.com/A_b: u}}\nspec: {}\n",
     "2:30 E118 the string 'a b' cannot be a name in 'metadata.labels': "
     "expected a label's name such as 'app' or 'example.com/app', found the "
     "string 'a b'\n2:71 E118 the string 'a/b/c' cannot be a name in "
     "'metadata.annotations': expected an annotation's name such as 'a' or "
     "'example.com/a', found the string 'a/b/c'\n2:81 E118 the string '_' "
     "cannot be a name in 'metadata.annotations': expected an annotation's "
     "name such as 'a' or 'example.com/a', found the string '_'"},
    {"units of durations",
     STEP "  - {shell: x, timeout: 30}\n  - {shell: x, timeout: 5 minutes}\n"
          "  - {shell: x, timeout: 2d}\n  - {shell: x, timeout: 5x}\n"
          "  - {shell: x, timeout: 1.5 Hours}\n",
     "6:25 E112 expected a string for 'steps[0].timeout', found the integer 30 "
     "| did you mean \"30s\"?\n7:25 E114 expected a duration such as '30s', "
     "'5m' or '1h30m' for 'steps[1].timeout', found the string '5 minutes' | "
     "did you mean \"5m\"?\n8:25 E114 expected a duration such as '30s', '5m' "
     "or '1h30m' for 'steps[2].timeout', found the string '2d' | did you mean "
     "\"48h\"?\n9:25 E114 expected a duration such as '30s', '5m' or '1h30m' "
     "for 'steps[3].timeout', found the string '5x'\n10:25 E114 expected a "
     "duration such as '30s', '5m' or '1h30m' for 'steps[4].timeout', found "
     "the string '1.5 Hours' | did you mean \"1.5h\"?"},
    {"units of quantities",
     STEP "  - run:\n      resources:\n        limits:\n"
          "          memory: 128MB\n          cpu: 2 cores\n"
          "          ephemeral-storage: 1K\n          other: 5x\n",
     "9:19 E114 expected a quantity such as '250m', '2' or '128Mi' for "
     "'limits.memory', found the string '128MB' | did you mean "
     "\"128M\"?\n10:16 E114 expected a quantity such as '250m', '2' or '128Mi' "
     "for 'limits.cpu', found the string '2 cores' | did you mean "
     "\"2\"?\n11:30 E114 expected a quantity such as '250m', '2' or '128Mi' "
     "for 'limits.ephemeral-storage', found the string '1K' | did you mean "
     "\"1k\"?\n12:18 E114 expected a quantity such as '250m', '2' or '128Mi' "
     "for 'limits.other', found the string '5x'"},
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
     "9:20 E117 expected at least 1 field for 'env[0].valueFrom', found 0 | "
     "Exactly one of configMapKeyRef, secretKeyRef, fieldRef and "
     "resourceFieldRef.\n"
     "12:25 E111 missing field 'key' in 'valueFrom.secretKeyRef'"},
    {"step id", STEP "  - {id: My-Step, shell: ls}\n",
     "6:10 E114 expected a text that matches ^[a-z0-9][a-z0-9_]*$ for "
     "'steps[0].id', found the string 'My-Step' | Lower-case letters, digits "
     "and '_', beginning with a letter or digit; expressions see the step as "
     "step.<id>."},
    {"retries", STEP "  - {shell: ls, retry: {count: 0}}\n",
     "6:32 E115 expected at least 1 for 'retry.count', found 0 | How many "
     "times the step is repeated after its first attempt."},
    {"timeout", STEP "  - {shell: ls, timeout: 5 minutes}\n",
     "6:26 E114 expected a duration such as '30s', '5m' or '1h30m' for "
     "'steps[0].timeout', found the string '5 minutes' "
     "| did you mean \"5m\"?"},
    {"timeout as a number", STEP "  - {shell: ls, timeout: 30}\n",
     "6:26 E112 expected a string for 'steps[0].timeout', found the integer 30 "
     "| did you mean \"30s\"?"},
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
     "'limits.memory', found the string '50MB' | did you mean "
     "\"50M\"?"},
    {"request for a resource",
     HEAD "spec:\n  container: {resources: {requests: {cpu: 0.5}}}\n",
     "5:43 E112 expected a string or an integer for 'requests.cpu', found the "
     "number 0.5 | put it in quotes: \"0.5\""},
    {"quantities",
     HEAD "spec:\n  container:\n    resources:\n      limits: {a: 1, b: '1.5', "
          "c: .5, d: 1e3, e: 100m, f: 2.Gi, g: '{{ config.x }}', h: -1}\n"
          "      requests: {a: 1 Gi, b: 1g, c: '', d: 1mi}\n",
     "7:35 E112 expected a string or an integer for 'limits.c', found the "
     "number 0.5 | put it in quotes: \"0.5\"\n"
     "8:21 E114 expected a quantity such as '250m', '2' or '128Mi' for "
     "'requests.a', found the string '1 Gi' | did you mean \"1Gi\"?\n"
     "8:30 E114 expected a quantity such as '250m', '2' or '128Mi' for "
     "'requests.b', found the string '1g' | did you mean \"1G\"?\n"
     "8:37 E114 expected a quantity such as '250m', '2' or '128Mi' for "
     "'requests.c', found an empty string\n"
     "8:44 E114 expected a quantity such as '250m', '2' or '128Mi' for "
     "'requests.d', found the string '1mi' | did you mean \"1Mi\"?"},
    {"volumes",
     POD "    volumes:\n    - {name: a, emptyDir: {medium: Memory}}\n"
         "    - {name: b, emptydir: {}}\n"
         "    - {name: c, emptyDir: {}, secret: {secretName: s}}\n"
         "    - {name: d, configMap: {name: x, defaultMode: 0644}}\n"
         "    - {name: e, secret: {secretName: '{{ config.s }}', "
         "defaultMode: 644}}\n"
         "    - {emptyDir: {sizeLimit: 1GB}}\n"
         "    - {name: g, persistentVolumeClaim: {claim: x}}\n"
         "    - {name: h, hostPath: {path: /x, type: Dir}}\n",
     "8:17 E110 unknown field 'emptydir' in 'pod.volumes[1]' | did you mean "
     "'emptyDir'?\n"
     "9:7 E117 expected at most 2 fields for 'pod.volumes[2]', found 3 | A "
     "name and one source, such as emptyDir, configMap, secret or "
     "persistentVolumeClaim.\n"
     "11:69 E115 expected at most 511 for 'secret.defaultMode', found 644 | "
     "Access rights, 0 to 0777; a leading 0 makes the number octal.\n"
     "12:7 E111 missing field 'name' in 'pod.volumes[5]'\n"
     "12:30 E114 expected a quantity such as '250m', '2' or '128Mi' for "
     "'emptyDir.sizeLimit', found the string '1GB' | did you mean \"1G\"?\n"
     "13:40 E111 missing field 'claimName' in "
     "'volumes[6].persistentVolumeClaim'\n"
     "13:41 E110 unknown field 'claim' in "
     "'volumes[6].persistentVolumeClaim' | known fields: claimName, readOnly\n"
     "14:44 E116 expected 'DirectoryOrCreate', 'Directory', 'FileOrCreate', "
     "'File', 'Socket', 'CharDevice' or 'BlockDevice' or a template for "
     "'hostPath.type', found the string 'Dir'"},
    {"tolerations",
     POD "    tolerations:\n    - {key: a, operator: Exist, effect: "
         "NoSchedul}\n    - {operator: Exists, tolerationSeconds: '5'}\n",
     "7:26 E116 expected 'Equal', 'Exists', 'Lt' or 'Gt' or a template for "
     "'tolerations[0].operator', found the string 'Exist' | did you mean "
     "'Exists'?\n"
     "7:41 E116 expected 'NoSchedule', 'PreferNoSchedule' or 'NoExecute' or a "
     "template for 'tolerations[0].effect', found the string 'NoSchedul' | did "
     "you mean 'NoSchedule'?\n"
     "8:45 E112 expected an integer for 'tolerations[1].tolerationSeconds', "
     "found the string '5' | remove the quotes: 5"},
    {"affinity",
     POD "    affinity:\n      nodeAffinity:\n"
         "        requiredDuringSchedulingIgnoredDuringExecution:\n"
         "          nodeSelectorTerms:\n"
         "          - matchExpressions: [{key: a, operator: in, values: [b]}]\n"
         "      podAntiAffinity:\n"
         "        preferredDuringSchedulingIgnoredDuringExecution:\n"
         "        - {weight: 101, podAffinityTerm: {topology: x}}\n"
         "      podsAffinity: {}\n",
     "10:51 E116 expected 'In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt' or "
     "'Lt' or a template for 'matchExpressions[0].operator', found the string "
     "'in' | did you mean 'In'?\n"
     "13:20 E115 expected at most 100 for "
     "'preferredDuringSchedulingIgnoredDuringExecution[0].weight', found 101 | "
     "Weight of the wish, 1 to 100.\n"
     "13:42 E111 missing field 'topologyKey' in "
     "'preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm'\n"
     "13:43 E110 unknown field 'topology' in "
     "'preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm' | "
     "known fields: labelSelector, namespaceSelector, namespaces, "
     "topologyKey, matchLabelKeys, mismatchLabelKeys\n"
     "14:7 E110 unknown field 'podsAffinity' in 'pod.affinity' | did you mean "
     "'podAffinity'?"},
    {"spread",
     POD "    topologySpreadConstraints:\n"
         "    - {maxSkew: 0, topologyKey: zone, whenUnsatisfiable: Schedule}\n",
     "7:17 E115 expected at least 1 for "
     "'topologySpreadConstraints[0].maxSkew', "
     "found 0 | By how many pods two domains may differ.\n"
     "7:58 E116 expected 'DoNotSchedule' or 'ScheduleAnyway' or a template for "
     "'topologySpreadConstraints[0].whenUnsatisfiable', found the string "
     "'Schedule'"},
    {"names and addresses",
     POD "    dnsPolicy: Cluster\n    dnsConfig: {nameserver: [1.1.1.1]}\n"
         "    hostAliases: [{hostnames: [a]}]\n",
     "6:16 E116 expected 'ClusterFirst', 'ClusterFirstWithHostNet', 'Default' "
     "or 'None' or a template for 'pod.dnsPolicy', found the string "
     "'Cluster'\n"
     "7:17 E110 unknown field 'nameserver' in 'pod.dnsConfig' | did you mean "
     "'nameservers'?\n"
     "8:19 E111 missing field 'ip' in 'pod.hostAliases[0]'"},
    {"security contexts",
     POD "    securityContext: {fsGroup: 1001, runAsUser: '{{ config.u }}', "
         "fsGroupChangePolicy: Never, privileged: true}\n"
         "  container: {securityContext: {runAsNonRoot: 'yes', capabilities: "
         "{drop: ALL}, seccompProfile: {type: Default}}}\n",
     "6:88 E116 expected 'OnRootMismatch' or 'Always' or a template for "
     "'securityContext.fsGroupChangePolicy', found the string 'Never'\n"
     "6:95 E110 unknown field 'privileged' in 'pod.securityContext' | known "
     "fields: runAsUser, runAsGroup, runAsNonRoot, fsGroup, "
     "fsGroupChangePolicy, supplementalGroups, supplementalGroupsPolicy, "
     "sysctls, seccompProfile, appArmorProfile, seLinuxOptions, "
     "seLinuxChangePolicy, windowsOptions\n"
     "7:47 E112 expected true or false for 'securityContext.runAsNonRoot', "
     "found the string 'yes'\n"
     "7:75 E112 expected a list for 'capabilities.drop', found the string "
     "'ALL' | write a list, each item after '- '\n"
     "7:104 E116 expected 'RuntimeDefault', 'Unconfined' or 'Localhost' or a "
     "template for 'seccompProfile.type', found the string 'Default'"},
    {"probes",
     HEAD "spec:\n  services:\n    db:\n      readinessProbe:\n"
          "        httpGet: {port: 70000, scheme: http}\n"
          "        tcpSocket: {port: Not_a_name}\n"
          "        grpc: {port: '50051'}\n        periodSeconds: 0\n",
     "8:25 E116 expected a number from 1 to 65535, the name of a port or a "
     "template for 'httpGet.port', found the integer 70000\n"
     "8:40 E116 expected 'HTTP' or 'HTTPS' or a template for "
     "'httpGet.scheme', found the string 'http' | did you mean 'HTTP'?\n"
     "9:27 E116 expected a number from 1 to 65535, the name of a port or a "
     "template for 'tcpSocket.port', found the string 'Not_a_name'\n"
     "10:22 E112 expected an integer for 'grpc.port', found the string "
     "'50051' | remove the quotes: 50051\n"
     "11:24 E115 expected at least 1 for 'readinessProbe.periodSeconds', found "
     "0 | Seconds between probes."},
    {"volume claims",
     HEAD "spec:\n  pvcs:\n    a: {accessModes: [ReadWrite], resources: "
          "{requests: {storage: 1Gb}}, volumeMode: File}\n",
     "6:23 E116 expected 'ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany' or "
     "'ReadWriteOncePod' or a template for 'a.accessModes[0]', found the "
     "string "
     "'ReadWrite'\n"
     "6:67 E114 expected a quantity such as '250m', '2' or '128Mi' for "
     "'requests.storage', found the string '1Gb' | did you mean \"1G\"?\n"
     "6:86 E116 expected 'Filesystem' or 'Block' or a template for "
     "'a.volumeMode', found the string 'File'"},
    {"mounts",
     HEAD "spec:\n  container:\n    volumeMounts:\n"
          "    - {name: a, mountPath: /a, readonly: true}\n    - {name: b}\n",
     "7:32 E110 unknown field 'readonly' in 'container.volumeMounts[0]' | did "
     "you mean 'readOnly'?\n"
     "8:7 E111 missing field 'mountPath' in 'container.volumeMounts[1]'"},
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
        cmocka_unit_test(test_kinds),        cmocka_unit_test(test_all_parts),
        cmocka_unit_test(test_words),        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_whole_format), cmocka_unit_test(test_corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
