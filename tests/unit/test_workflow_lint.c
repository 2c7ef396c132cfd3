/* workflow.h: what is valid and warned of, and what looks like it and is not. */
#include "engine/base/text.h"
#include "engine/workflow/workflow.h"
#include "tests/unit/case.h"

#define HEAD                                                                   \
    "apiVersion: testworkflows.testkube.io/v1\n"                               \
    "kind: TestWorkflow\n"                                                     \
    "metadata: {name: w}\n"

/* Everything that is found in the source: "line:column code", sorted. The caller
 * frees the text. */
static struct text lint(const char *source, const char *file, bool marketplace)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    size_t length = strlen(source);
    struct diagnostics found = diagnostics_make(arena, file);
    struct error error = {0};
    const struct value *documents =
        value_read_yaml(arena, source, length, &found);
    assert_non_null(documents);
    struct workflow_templates *own = workflow_templates_make(arena);
    assert_int_equal(workflow_templates_add_own(own, documents, file, &error),
                     0);
    const struct workflow_lint_options options = {.own = own,
                                                  .marketplace = marketplace};
    for (size_t i = 0; i < value_count(documents); i++) {
        const struct value *document = value_item(documents, i);
        workflow_check(arena, document, source, length, &found);
        workflow_lint(document, source, length, &options, &found);
    }
    workflow_ignore(source, length, &found);
    diagnostics_sort(&found);
    struct text text = {0};
    for (size_t i = 0; i < found.count; i++)
        text_append_format(&text, "%s%u:%u %s", i > 0 ? ", " : "",
                           found.items[i].mark.line, found.items[i].mark.column,
                           found.items[i].code);
    return text;
}

/* A script in a block; its first line is line 8, and begins in column 9. */
static void scripts(void **state)
{
    (void)state;
    static const struct {
        const char *script, *want;
    } rows[] = {
        /* Downloads. */
        {"apk add --no-cache kubectl", "8:9 W425"},
        {"echo 'apk add kubectl'", ""},
        {"# apk add kubectl", ""},
        {"apk info kubectl", ""},
        {"apk add --no-network ./x.apk", ""},
        {"set -e; /sbin/apk add x", "8:17 W425"},
        {"sudo apt-get update && sudo apt-get install -y x", "8:37 W425"},
        {"apt-get -qq install x", "8:9 W425"},
        {"apt-get update", ""},
        {"apt install x", "8:9 W425"},
        {"pip install -r requirements.txt", "8:9 W425"},
        {"pip install --require-hashes -r requirements.txt", ""},
        {"pip list", ""},
        {"python3 -m pip install x", "8:9 W425"},
        {"python3 -m pytest install", ""},
        {"npm install", "8:9 W425"},
        {"npm ci", ""},
        {"npm run install", ""},
        {"env A=1 npm i x", "8:17 W425"},
        {"if ! command -v kubectl; then apk add kubectl; fi", "8:39 W425"},
        {"x=$(apk add y)", "8:13 W425"},
        {"a='\napk add b'", ""},
        {"cat <<E\napk add b\nE", ""},
        {"apk \\\n  add b", "8:9 W425"},
        {"curl -fsSL https://example.com/x | sh", "8:9 W425"},
        {"wget -qO- https://example.com/x | sudo bash -s", "8:9 W425"},
        {"curl https://example.com/x | tee y | sh", "8:9 W425"},
        {"curl https://example.com/x | jq .", ""},
        {"curl https://example.com/x; sh y", ""},
        {"curl https://example.com/x || sh y", ""},
        {"sh -c \"$(curl https://example.com/x)\"", "8:18 W425"},
        {"bash <(curl https://example.com/x)", "8:16 W425"},
        {"echo \"$(curl https://example.com/x)\"", ""},
        {"x=$(curl https://example.com/x)", ""},
        /* Failures that are hidden. */
        {"kubectl get pods || true", "8:29 W426"},
        {"kubectl get pods || :", "8:29 W426"},
        {"kubectl get pods || exit 1", ""},
        {"kubectl get pods || exit 0", "8:29 W426"},
        {"kubectl get pods || return 1", ""},
        {"kubectl get pods || return 0", "8:29 W426"},
        {"kubectl get pods || status=$?", ""},
        {"kubectl get pods || fail 'no pods'", ""},
        {"kubectl get pods || { echo failed; exit 1; }", ""},
        {"kubectl get pods || { true; }", "8:31 W426"},
        {"kubectl get pods; true", ""},
        {"kubectl get pods && true", ""},
        {"kubectl get pods # || true", ""},
        {"echo 'kubectl get pods || true'", ""},
        {"kubectl get pods -o json | jq . || true", "8:44 W426"},
        {"jq . x || true", ""},
        {"for n in a; do\n  kubectl get pods -n $n >/dev/null || "
         "continue\ndone",
         "9:48 W426"},
        {"kubectl get pods \\\n  || true", "9:14 W426"},
        {"x=$(kubectl get pods) || true", "8:34 W426"},
        {"x=$(kubectl get pods || true)", "8:33 W426"},
        {"x=\"$(kubectl get pods | grep y || true)\"", "8:43 W426"},
        {"x=$(kubectl get pods) || exit 1", ""},
        {"echo \"$(kubectl get pods)\" || true", ""},
        {"(kubectl get pods) || true", "8:31 W426"},
        {"timeout 60 kubectl get pods || true", "8:40 W426"},
        {"kubectl get pods && echo found || true", "8:43 W426"},
        {"kubectl get pods 2>/dev/null || echo none", "8:41 W426"},
        {"kubectl get pods || echo none", ""},
        {"kubectl get pods 2>/dev/null || exit 1", ""},
        {"kubectl get pods >/dev/null 2>&1 || printf none", "8:45 W426"},
        {"x=$(kubectl get pods) || x=\"\"", "8:34 W426"},
        {"x=$(kubectl get pods) || x=", "8:34 W426"},
        {"x=$(kubectl get pods 2>/dev/null) || failed=1", ""},
        {"x=$(kubectl get pods 2>/dev/null) || status=$?", ""},
        {"kubectl delete pod x || true", ""},
        {"kubectl describe pod x || true", ""},
        {"kubectl -n y logs x || true", ""},
        {"if kubectl get pods; then true; fi", ""},
        {"kubectl get pods\ntrue || true", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(text_free) struct text source = {0};
        text_append_string(&source, HEAD "spec:\n  steps:\n"
                                         "    - name: s\n      shell: |\n"
                                         "        ");
        for (const char *at = rows[i].script; *at; at++) {
            text_append_character(&source, *at);
            if (*at == '\n')
                text_append_string(&source, "        ");
        }
        text_append_character(&source, '\n');
        CLEANUP(text_free)
        struct text got = lint(text_string(&source), "w.yaml", false);
        CHECK_TEXT(rows[i].script, text_string(&got), rows[i].want);
    }
}

/* What stands below `spec:`, from line 5 on. */
static void specs(void **state)
{
    (void)state;
#define DIGEST                                                                 \
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const struct {
        const char *name, *spec, *want;
    } rows[] = {
        {"an image with a tag", "  steps: [{run: {image: 'redis:7'}}]\n",
         "5:26 W420"},
        {"an image with a digest",
         "  steps: [{run: {image: 'redis:7@" DIGEST "'}}]\n", ""},
        {"a digest that is too short",
         "  steps: [{run: {image: 'redis@sha256:0123'}}]\n", "5:26 W420"},
        {"an image from a pinned default",
         "  config: {image: {default: 'redis@" DIGEST "'}}\n"
         "  steps: [{run: {image: '{{ config.image }}'}}]\n",
         ""},
        {"an image from a default with a tag",
         "  config: {image: {default: 'redis:7'}}\n"
         "  steps: [{run: {image: '{{config.image}}'}}]\n",
         "5:30 W420"},
        {"an image from a bare default",
         "  config: {image: 'redis:7'}\n"
         "  steps: [{run: {image: '{{ config.image }}'}}]\n",
         "5:20 W420"},
        {"an image that is given",
         "  config: {image: {type: string}}\n"
         "  steps: [{run: {image: '{{ config.image "
         "}}'}}]\n",
         ""},
        {"a tag that is given",
         "  config: {tag: {type: string}}\n"
         "  container: {image: 'redis:{{ config.tag }}'}\n"
         "  steps: [{shell: x}]\n",
         "6:23 W420"},
        {"a digest that is given",
         "  config: {digest: {type: string}}\n"
         "  container: {image: 'redis@sha256:{{ config.digest }}'}\n"
         "  steps: [{shell: x}]\n",
         ""},
        {"the image of a service",
         "  services: {image: {image: 'redis:7'}}\n  steps: [{shell: x}]\n",
         "5:30 W420"},
        {"the image of a worker",
         "  steps: [{parallel: {container: {image: 'redis:7'}, shell: x}}]\n",
         "5:43 W420"},
        {"a label called image",
         "  pod: {labels: {image: 'redis:7'}}\n  steps: [{shell: x}]\n", ""},
        {"a text in shell",
         "  config: {host: {type: string}}\n"
         "  steps: [{shell: 'ping {{ config.host }}'}]\n",
         "6:28 W421"},
        {"twice in one text is told once",
         "  config: {host: {type: string}}\n"
         "  steps: [{shell: '{{ config.host }} {{ config.host }}'}]\n",
         "6:23 W421"},
        {"a number in shell",
         "  config: {port: {type: integer}}\n"
         "  steps: [{shell: 'nc {{ config.port }}'}]\n",
         ""},
        {"a plain choice in shell",
         "  config: {mode: {enum: [fast, slow]}}\n"
         "  steps: [{shell: 'x {{ config.mode }}'}]\n",
         ""},
        {"an odd choice in shell",
         "  config: {mode: {enum: [fast, 'a b']}}\n"
         "  steps: [{shell: 'x {{ config.mode }}'}]\n",
         "6:25 W421"},
        {"a condition in shell shows nothing",
         "  config: {host: {type: string}}\n"
         "  steps: [{shell: '{{ if config.host }}x{{ end }}'}]\n",
         "6:19 W401"},
        {"after a condition",
         "  config: {host: {type: string}}\n"
         "  steps:\n"
         "    - shell: '{{ if config.host }}{{ config.host }}{{ end }}'\n",
         "7:14 W401, 7:38 W421"},
        {"the name as plain text does not count",
         "  config: {host: {type: string}}\n"
         "  steps: [{shell: 'config.host {{ config.host }}'}]\n",
         "6:35 W421"},
        {"as a quoted word",
         "  config: {host: {type: string}}\n"
         "  steps: [{shell: 'a --x={{ shellquote(config.host) }}'}]\n",
         ""},
        {"as a quoted word in quotes",
         "  config: {host: {type: string}}\n"
         "  steps: [{shell: 'a \"{{ shellquote(config.host) }}\"'}]\n",
         "6:37 W421"},
        {"by env",
         "  config: {host: {type: string}}\n"
         "  steps: [{run: {env: [{name: H, value: '{{ config.host "
         "}}'}], shell: 'ping $H'}}]\n",
         ""},
        {"in the code of a command",
         "  config: {host: {type: string}}\n"
         "  steps: [{run: {command: [sh, -c, 'ping {{ config.host }}']}}]\n",
         "6:45 W421"},
        {"in the code of args",
         "  config: {host: {type: string}}\n"
         "  steps: [{run: {command: [/bin/bash], args: [-ec, 'a {{ config.host "
         "}}']}}]\n",
         "6:58 W421"},
        {"as an argument of a program",
         "  config: {host: {type: string}}\n"
         "  steps: [{run: {command: [ping, '{{ config.host }}']}}]\n",
         ""},
        {"defaults that their declaration refuses",
         "  config:\n    a: {type: integer, default: abc}\n"
         "    b: {enum: [q, r], default: s}\n"
         "    c: {type: integer, maximum: 3, default: 5}\n"
         "    d: {pattern: '[', default: s}\n"
         "  steps: [{shell: x}]\n",
         "6:33 E204, 7:32 E204, 8:45 E204, 9:32 E204"},
        {"defaults that are calculated",
         "  config:\n    a: {default: '{{ 1 + }}'}\n"
         "    b: {default: 'x {{ config.d }}'}\n"
         "    c: {default: '{{ config.a }}'}\n"
         "  steps: [{shell: x}]\n",
         "6:26 E201, 7:24 E202"},
        {"defaults that the user has to give, and good ones",
         "  config:\n    a: {type: integer, default: ''}\n"
         "    b: {enum: [q, r], default: ''}\n    c: {default: text}\n"
         "    d: {type: boolean, default: true}\n    e: 5\n"
         "    f: {type: number, default: 1.5, minimum: 1}\n"
         "  steps: [{shell: x}]\n",
         ""},
        {"an id that is given twice",
         "  setup: [{id: a, shell: x}]\n  steps:\n"
         "    - steps: [{id: b, shell: x}, {id: a, shell: x}]\n"
         "    - {id: c, parallel: {steps: [{id: a, shell: x}, {id: a}]}}\n"
         "    - {id: c, shell: x}\n",
         "7:39 E304, 8:58 E304, 9:12 E304"},
        {"a template that is not there",
         "  use: [{name: a/b}]\n  steps: [{template: {name: c}}]\n",
         "5:16 W422, 6:29 W422"},
        {"a template with a name that is calculated",
         "  config: {x: {type: string}}\n  use: [{name: '{{ config.x }}'}]\n"
         "  steps: [{shell: x}]\n",
         ""},
        {"a template of the same file",
         "  use: [{name: a/b}]\n  steps: [{shell: x}]\n---\n"
         "apiVersion: testworkflows.testkube.io/v1\n"
         "kind: TestWorkflowTemplate\nmetadata: {name: a--b}\n"
         "spec: {steps: [{shell: x}]}\n",
         ""},
        {"a step that never runs", "  steps: [{condition: never, shell: x}]\n",
         "5:23 W423"},
        {"a group that never runs",
         "  steps: [{condition: 'false', steps: [{shell: x}]}]\n",
         "5:24 W414, 5:40 W423"},
        {"a step that may run", "  steps: [{condition: failed, shell: x}]\n",
         ""},
        {"a secret in env",
         "  container: {env: [{name: DB_PASSWORD, value: hunter2}]}\n"
         "  steps: [{shell: x}]\n",
         "5:48 W424"},
        {"names that are secrets",
         "  container:\n    env:\n"
         "      - {name: TOKEN, value: x}\n"
         "      - {name: API_KEY, value: x}\n"
         "      - {name: aws_secret_access_key, value: x}\n"
         "      - {name: CLIENT-SECRET, value: x}\n"
         "  steps: [{shell: x}]\n",
         "7:30 W424, 8:32 W424, 9:46 W424, 10:38 W424"},
        {"names that only sound so",
         "  container:\n    env:\n"
         "      - {name: PASSWORD_FILE, value: x}\n"
         "      - {name: TOKEN_URL, value: x}\n"
         "      - {name: MONKEY, value: x}\n"
         "      - {name: KEYBOARD, value: x}\n"
         "      - {name: PUBLIC_KEY, value: x}\n"
         "      - {name: SECRETS, value: x}\n"
         "      - {name: PWD, value: x}\n"
         "  steps: [{shell: x}]\n",
         ""},
        {"values that are no secrets",
         "  config: {token: ''}\n  container:\n    env:\n"
         "      - {name: A_TOKEN, value: ''}\n"
         "      - {name: B_TOKEN, value: /run/secrets/token}\n"
         "      - {name: C_TOKEN, value: '{{ config.token }}'}\n"
         "      - {name: D_TOKEN, value: '$(TOKEN)'}\n"
         "      - {name: E_TOKEN, value: 'true'}\n"
         "      - {name: F_TOKEN, valueFrom: {secretKeyRef: {name: a, key: "
         "b}}}\n"
         "  steps: [{shell: x}]\n",
         ""},
        {"a token of git",
         "  content: {git: {uri: 'https://example.com/x', token: abc}}\n"
         "  steps: [{shell: x}]\n",
         "5:56 W424"},
        {"a privileged container",
         "  container: {securityContext: {privileged: true}}\n"
         "  steps: [{shell: x}]\n",
         "5:45 W430"},
        {"one that is not",
         "  container: {securityContext: {privileged: false}}\n"
         "  steps: [{shell: x}]\n",
         ""},
        {"a folder of the node",
         "  pod: {volumes: [{name: a, hostPath: {path: /}}, {name: b, "
         "emptyDir: {}}]}\n  steps: [{shell: x}]\n",
         "5:39 W431"},
        {"capabilities",
         "  container: {securityContext: {capabilities: {add: [CHOWN, "
         "NET_ADMIN], drop: [ALL]}}}\n  steps: [{shell: x}]\n",
         "5:61 W432"},
        {"no seccomp",
         "  pod: {securityContext: {seccompProfile: {type: Unconfined}}}\n"
         "  steps: [{shell: x}]\n",
         "5:50 W433"},
        {"seccomp",
         "  pod: {securityContext: {seccompProfile: {type: "
         "RuntimeDefault}}}\n"
         "  steps: [{shell: x}]\n",
         ""},
        {"what only 'restricted' refuses",
         "  container: {securityContext: {allowPrivilegeEscalation: true, "
         "runAsUser: 0}}\n"
         "  pod: {serviceAccountName: a}\n  steps: [{shell: x}]\n",
         ""},
        {"the processes of the node",
         "  pod: {hostPID: true}\n  steps: [{shell: x}]\n", "5:18 S502"},
        {"those of a service",
         "  services: {a: {pod: {hostPID: true}}}\n  steps: [{shell: x}]\n",
         "5:33 S502"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(text_free) struct text source = {0};
        text_append_format(&source, HEAD "spec:\n%s", rows[i].spec);
        CLEANUP(text_free)
        struct text got = lint(text_string(&source), "w.yaml", false);
        CHECK_TEXT(rows[i].name, text_string(&got), rows[i].want);
    }
}

static void marketplace(void **state)
{
    (void)state;
#define MARKET "marketplace.testkube.io/"
#define COMPLETE                                                               \
    "  labels: {" MARKET "category: storage, " MARKET "component: c, " MARKET  \
    "validation-type: health}\n"                                               \
    "  annotations: {" MARKET "display-name: d, " MARKET "description: e}\n"
    static const struct {
        const char *name, *file, *metadata, *want;
        bool marketplace;
    } rows[] = {
        {"not asked for", "w.yaml", "", "", false},
        {"asked for", "w.yaml", "",
         "4:3 W427, 4:3 W427, 4:3 W427, 4:3 W427, 4:3 W427", true},
        {"complete", "w.yaml", COMPLETE, "", true},
        {"in a catalog", "workflows/a/w.yaml",
         "  labels: {" MARKET "category: storage, " MARKET "component: c}\n"
         "  annotations: {" MARKET "display-name: d, " MARKET
         "description: e}\n",
         "5:11 W427", false},
        {"in a catalog further up", "/x/workflows/a/w.yaml",
         "  labels: {" MARKET "category: storage}\n",
         "4:3 W427, 4:3 W427, 5:11 W427, 5:11 W427", false},
        {"a folder of another name", "myworkflows/w.yaml",
         "  labels: {" MARKET "category: storage}\n", "", false},
        {"a workflow of one's own", "workflows/w.yaml", "  labels: {team: a}\n",
         "", false},
        {"an unknown category", "w.yaml",
         "  labels: {" MARKET "category: stuff, " MARKET "component: c, " MARKET
         "validation-type: health}\n"
         "  annotations: {" MARKET "display-name: d, " MARKET
         "description: e}\n",
         "5:46 W427", true},
        {"an empty name", "w.yaml",
         "  labels: {" MARKET "category: storage, " MARKET
         "component: c, " MARKET "validation-type: health}\n"
         "  annotations: {" MARKET "display-name: '', " MARKET
         "description: e}\n",
         "6:16 W427", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(text_free) struct text source = {0};
        text_append_format(&source,
                           "apiVersion: testworkflows.testkube.io/v1\n"
                           "kind: TestWorkflow\nmetadata:\n  name: w\n%s"
                           "spec: {steps: [{shell: x}]}\n",
                           rows[i].metadata);
        CLEANUP(text_free)
        struct text got =
            lint(text_string(&source), rows[i].file, rows[i].marketplace);
        CHECK_TEXT(rows[i].name, text_string(&got), rows[i].want);
    }
}

static void comments(void **state)
{
    (void)state;
    static const struct {
        const char *name, *spec, *want;
    } rows[] = {
        {"at the end of the line",
         "  steps:\n    - shell: apk add x # assay: ignore W425\n", ""},
        {"on the line before",
         "  steps:\n    # assay: ignore W425\n    - shell: apk add x\n", ""},
        {"with a reason",
         "  steps:\n    - shell: apk add x # assay: ignore W425 -- a test\n",
         ""},
        {"in a block",
         "  steps:\n    - shell: |\n"
         "        # assay: ignore W425\n"
         "        apk add x\n"
         "        kubectl get x || true # assay: ignore W426\n",
         ""},
        {"several codes",
         "  container:\n    # assay: ignore W420, W424\n"
         "    {image: 'a:b', env: [{name: TOKEN, value: x}]}\n"
         "  steps: [{shell: x}]\n",
         ""},
        {"comments one below the other",
         "  container:\n    # assay: ignore W420\n    # assay: ignore W424\n"
         "    {image: 'a:b', env: [{name: TOKEN, value: x}]}\n"
         "  steps: [{shell: x}]\n",
         ""},
        {"the other code stays",
         "  steps:\n    - shell: apk add x # assay: ignore W426\n",
         "6:14 W425, 6:40 W403"},
        {"two lines before does nothing",
         "  steps:\n    # assay: ignore W425\n\n    - shell: apk add x\n",
         "6:21 W403, 8:14 W425"},
        {"the end of the line before does nothing",
         "  steps: # assay: ignore W425\n    - shell: apk add x\n",
         "5:26 W403, 6:14 W425"},
        {"errors stay",
         "  stesp: [] # assay: ignore E110\n  steps: [{shell: x}]\n",
         "5:3 E110, 5:29 W403"},
        {"security stays",
         "  pod: {hostPID: true} # assay: ignore S502\n"
         "  steps: [{shell: x}]\n",
         "5:18 S502, 5:40 W403"},
        {"no such code", "  steps: [{shell: x}] # assay: ignore W999\n",
         "5:39 W403"},
        {"not a comment",
         "  steps:\n    - shell: \"apk add x; echo '#assay: ignore W425'\"\n",
         "6:15 W425"},
        {"without a code", "  steps: [{shell: x}] # assay: ignore \n", ""},
        {"wide characters before",
         "  steps: [{shell: 日本}] # assay: ignore W425\n", "5:40 W403"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(text_free) struct text source = {0};
        text_append_format(&source, HEAD "spec:\n%s", rows[i].spec);
        CLEANUP(text_free)
        struct text got = lint(text_string(&source), "w.yaml", false);
        CHECK_TEXT(rows[i].name, text_string(&got), rows[i].want);
    }
}

/* Hostile sizes: many findings in one large text take bounded time. */
static void large_scripts(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text source = {0};
    text_append_string(&source, HEAD "spec:\n  steps:\n    - shell: |\n");
    while (source.length < 3000000)
        text_append_string(&source, "        apk add x; kubectl get x || :\n");
    CLEANUP(text_free)
    struct text got = lint(text_string(&source), "w.yaml", false);
    assert_non_null(strstr(text_string(&got), "7:9 W425, 7:37 W426"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts),       cmocka_unit_test(specs),
        cmocka_unit_test(marketplace),   cmocka_unit_test(comments),
        cmocka_unit_test(large_scripts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
