/*
 * The one table of codes: what `assay validate --explain`, the rules of SARIF and
 * docs/diagnostics.md say of them. Examples are tried by a test, which puts those
 * that begin with `spec:` below a head of their own.
 */
#include <string.h>

#include "engine/base/diagnostics.h"

static const struct diagnostic_code codes[] = {
    {"E100", SEVERITY_ERROR, "not YAML",
     "The text is not YAML: indentation, quotes, an alias without its anchor, "
     "bytes that are not UTF-8.",
     "Mend what the message points at. A value that begins with `{{`, `*`, `!` "
     "or `@` needs quotes.",
     "spec:\n"
     "  steps:\n"
     "    - shell: \"echo\n"},
    {"E101", SEVERITY_ERROR, "key given twice",
     "A map has the same key twice, and one of the two would have been "
     "ignored.",
     "Keep one of them, or merge them.",
     "spec:\n"
     "  steps:\n"
     "    - shell: echo one\n"
     "      shell: echo two\n"},
    {"E102", SEVERITY_ERROR, "larger than a document may be",
     "A ceiling was passed: bytes, depth, nodes, aliases, documents of one "
     "file.",
     "Split the file.", "# 16 MiB of text, a list in a list a hundred deep\n"},
    {"E110", SEVERITY_ERROR, "unknown field",
     "The format has no field of this name here. It would have been ignored, "
     "and what it asks for would not happen.",
     "Correct or remove it. For a file of a newer version, `--validation warn` "
     "makes it a warning.",
     "spec:\n"
     "  stesp:\n"
     "    - shell: echo\n"},
    {"E111", SEVERITY_ERROR, "missing field",
     "A required field is not there. The place is the map that should hold "
     "it.",
     "Add it.",
     "spec:\n"
     "  steps:\n"
     "    - shell: echo\n"
     "      container:\n"
     "        env: [{value: x}]\n"},
    {"E112", SEVERITY_ERROR, "wrong type",
     "The value is of another type than the field. In YAML `true`, `yes`, `5` "
     "and `1.5` without quotes are not texts.",
     "Put it in quotes, or remove the quotes.",
     "spec:\n"
     "  steps:\n"
     "    - shell: echo\n"
     "      container:\n"
     "        env: [{name: DEBUG, value: true}]\n"},
    {"E113", SEVERITY_ERROR, "value not accepted",
     "The field accepts a few values only; letter case matters.",
     "Take one of those that the message lists.",
     "spec:\n"
     "  config:\n"
     "    size: {type: int}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"E114", SEVERITY_ERROR, "wrong form",
     "The text does not have the form that the field asks for, such as that "
     "of a duration (`1m30s`).",
     "Write it in that form.",
     "spec:\n"
     "  steps:\n"
     "    - shell: echo\n"
     "      timeout: 5 minutes\n"},
    {"E115", SEVERITY_ERROR, "number out of range",
     "The number is too small, too large, or not a multiple.",
     "Take one in the range.",
     "spec:\n"
     "  steps:\n"
     "    - shell: echo\n"
     "      retry: {count: 0}\n"},
    {"E116", SEVERITY_ERROR, "none of the forms",
     "The field accepts several forms, and the value has none of them.",
     "Take one of those that the message lists.",
     "spec:\n"
     "  container:\n"
     "    securityContext: {runAsUser: root}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"E117", SEVERITY_ERROR, "wrong size",
     "A text, list or map is too short or too long, or a list repeats an "
     "item.",
     "Add or remove something.",
     "spec:\n"
     "  steps:\n"
     "    - artifacts: {paths: []}\n"},
    {"E118", SEVERITY_ERROR, "wrong name",
     "A name that the author may choose, such as that of a parameter, has a "
     "wrong form.",
     "Choose another.",
     "spec:\n"
     "  config:\n"
     "    \"\": {type: string}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"E119", SEVERITY_ERROR, "not allowed here",
     "The field is known, but not in this place, or not beside another one "
     "that is there.",
     "Keep one of them.",
     "spec:\n"
     "  steps:\n"
     "    - run: {image: busybox, shell: ls, command: [ls]}\n"},
    {"E120", SEVERITY_ERROR, "too much to check",
     "The check ended early, because the document is too large. What was not "
     "looked at is not known to be good.",
     "Split the file.", "# a list of millions of items\n"},
    {"W121", SEVERITY_WARNING, "deprecated field",
     "The field is accepted for older files and has no effect.", "Remove it.",
     "spec:\n"
     "  notifications: {disableWebhooks: true}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"E201", SEVERITY_ERROR, "expression cannot be parsed",
     "An expression or a `{{ ... }}` template cannot be parsed.",
     "The message says what was expected, and where.",
     "spec:\n"
     "  steps:\n"
     "    - shell: echo '{{ 1 + }}'\n"},
    {"E202", SEVERITY_ERROR, "unknown parameter",
     "`config.NAME` names a parameter that is not declared.",
     "Declare it under `spec.config`, or correct the name.",
     "spec:\n"
     "  config:\n"
     "    target: shop\n"
     "  steps:\n"
     "    - run:\n"
     "        env: [{name: T, value: '{{ config.traget }}'}]\n"
     "        shell: echo \"$T\"\n"},
    {"E203", SEVERITY_ERROR, "expression cannot be evaluated",
     "Wrong types, a wrong argument, a parameter without a value.",
     "Give the parameter a value, or mend the expression.",
     "spec:\n"
     "  config:\n"
     "    target: {type: string}\n"
     "  steps:\n"
     "    - name: '{{ config.target }}'\n"
     "      shell: echo\n"},
    {"E204", SEVERITY_ERROR, "value out of its bounds",
     "A parameter's value, or its default, is not of its type or breaks its "
     "limits.",
     "Give another value.",
     "spec:\n"
     "  config:\n"
     "    size: {type: integer, default: 5, maximum: 3}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"E205", SEVERITY_ERROR, "unknown name",
     "There is no such step or variable, and nothing of that name that Assay "
     "provides.",
     "Correct the name.",
     "spec:\n"
     "  steps:\n"
     "    - shell: echo '{{ stats.x }}'\n"},
    {"E206", SEVERITY_ERROR, "unknown function",
     "The function is unknown, or cannot be called where the expression is "
     "evaluated: `jq`, `yaml` and `toyaml` are available before the run starts "
     "only.",
     "Use another, or give it what is known before the run.",
     "spec:\n"
     "  steps:\n"
     "    - shell: echo '{{ frobnicate(env.HOME) }}'\n"},
    {"E207", SEVERITY_ERROR, "not known before the run",
     "A field that must be known before the run depends on something that "
     "only the run can tell, such as `env` or the state of a step.",
     "Use parameters (`config.*`) there.",
     "spec:\n"
     "  steps:\n"
     "    - run: {image: '{{ env.IMAGE }}', shell: echo}\n"},
    {"E301", SEVERITY_ERROR, "no kind, or an unknown one",
     "The document has no kind, or not one that can be run or checked here.",
     "`apiVersion: testworkflows.testkube.io/v1` and `kind: TestWorkflow`.",
     "apiVersion: testworkflows.testkube.io/v1\n"
     "kind: TestFlow\n"},
    {"E302", SEVERITY_ERROR, "name that Kubernetes refuses",
     "The name of the document becomes that of objects in a cluster.",
     "Lower-case letters, digits, `-` and `.`, at most 253, a letter or digit "
     "at both ends.",
     "apiVersion: testworkflows.testkube.io/v1\n"
     "kind: TestWorkflow\n"
     "metadata: {name: My_Test}\n"
     "spec:\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"E303", SEVERITY_ERROR, "not in this version",
     "The workflow asks for something that this version cannot do.",
     "This version runs steps one after another: `run`, `shell`, `content` and "
     "`artifacts`, in groups or not, and templates of them.",
     "spec:\n"
     "  steps:\n"
     "    - execute: {workflows: [{name: other}]}\n"},
    {"E304", SEVERITY_ERROR, "step id given twice",
     "Two steps have the same id, so that `step.<id>` could mean either.",
     "Give each its own.",
     "spec:\n"
     "  steps:\n"
     "    - {id: a, shell: echo one}\n"
     "    - {id: a, shell: echo two}\n"},
    {"E305", SEVERITY_ERROR, "not a duration",
     "A timeout, delay or the like is not a duration, or is negative.",
     "Write `30s`, `1m30s`.",
     "spec:\n"
     "  config:\n"
     "    wait: 5 minutes\n"
     "  steps:\n"
     "    - shell: echo\n"
     "      timeout: '{{ config.wait }}'\n"},
    {"E306", SEVERITY_ERROR, "two commands in one step",
     "`run.shell` stands beside `run.command` or `run.args`, one of them from "
     "a template.",
     "Keep one of them.",
     "# the step has run.shell, the template that it uses run.command\n"},
    {"E307", SEVERITY_ERROR, "nothing to run",
     "There is no step that runs anything.", "Give a step `run` or `shell`.",
     "spec:\n"
     "  steps: []\n"},
    {"E308", SEVERITY_ERROR, "step without a command",
     "A step without a command would run what its image contains. For the last "
     "step of a workflow that can be left to the image, without what Assay's "
     "own program in the container does: retries, timeouts and the like. For "
     "any other the image's registry is asked, which could not tell, or may "
     "not be asked.",
     "Give it `command` or `shell`.",
     "spec:\n"
     "  steps:\n"
     "    - run: {image: busybox}\n"
     "    - shell: echo\n"},
    {"E310", SEVERITY_ERROR, "too many parameters",
     "The document declares more parameters than a workflow may have.",
     "Merge some, or split the workflow.", "# 501 entries in spec.config\n"},
    {"E311", SEVERITY_ERROR, "plan too large",
     "Steps, depth of groups, containers, bytes of the ConfigMap or the "
     "Secret.",
     "Split the workflow, or move large scripts into files.",
     "# groups in groups, a hundred deep\n"},
    {"E312", SEVERITY_ERROR, "template not found",
     "The workflow uses a template that is not among those given, or does not "
     "name it.",
     "Give its file or folder with `--template PATH`, or correct the name.",
     "spec:\n"
     "  use: [{name: nowhere}]\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"E313", SEVERITY_ERROR, "templates in a circle, or too many",
     "A template uses itself, also by way of others; or there are more of "
     "them, or deeper in each other, than a workflow may have.",
     "A template cannot use itself, nor what uses it.",
     "# template a uses b, template b uses a\n"},
    {"E314", SEVERITY_ERROR, "path of a file",
     "It leads up, ends in a slash, holds a `:`, or hides what Assay needs "
     "below `/.assay`.",
     "Write a path such as `/data/config.yaml`.",
     "spec:\n"
     "  content: {files: [{path: ../up, content: text}]}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"E315", SEVERITY_ERROR, "password in an address",
     "The address of a repository holds a password, which would be in the "
     "cluster's objects and in the repository's configuration.",
     "Give it as `token`, best by `tokenFrom` from a Secret.",
     "spec:\n"
     "  content: {git: {uri: 'https://me:secret@example.com/x.git'}}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"E320", SEVERITY_ERROR, "not accepted by Kubernetes",
     "A name, label, volume, mount, amount or number is one that a Kubernetes "
     "server refuses, and with it the whole run.",
     "The message says what is accepted.",
     "spec:\n"
     "  pod:\n"
     "    labels: {team: a b}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"W401", SEVERITY_NOTE, "block conditional",
     "The text has `{{ if }}` blocks. They are an extension of Assay; Testkube "
     "refuses such a text.",
     "`{{ cond ? a : b }}` runs in both.",
     "spec:\n"
     "  steps:\n"
     "    - shell: echo {{ if env.A }}yes{{ end }}\n"},
    {"W402", SEVERITY_NOTE, "not a workflow",
     "The document is of a kind of somebody else: it was not checked.",
     "Nothing, when it stands beside the workflows on purpose.",
     "apiVersion: v1\n"
     "kind: ConfigMap\n"},
    {"W403", SEVERITY_NOTE, "ignore without effect",
     "An `# assay: ignore` comment names a code that is not found at its "
     "place, that there is not, or that cannot be ignored (errors).",
     "Remove it, or put it at the end of the line that is meant, or on the "
     "line before.",
     "spec:\n"
     "  steps:\n"
     "    - shell: echo # assay: ignore W425\n"},
    {"W410", SEVERITY_WARNING, "&& and || mixed",
     "They have one level and group from the left: `a || b && c` is "
     "`(a || b) && c`.",
     "Put one of them in parentheses.",
     "spec:\n"
     "  steps:\n"
     "    - condition: always || failed && env.FORCE\n"
     "      shell: echo\n"},
    {"W411", SEVERITY_WARNING, "choice after choice",
     "Choices group from the left: `a ? b : c ? d : e` is "
     "`(a ? b : c) ? d : e`, and `a ? b : c && d` is `(a ? b : c) && d`.",
     "Put the inner one in parentheses.",
     "spec:\n"
     "  steps:\n"
     "    - shell: \"echo {{ env.A ? 1 : env.B ? 2 : 3 }}\"\n"},
    {"W412", SEVERITY_WARNING, "minus before more",
     "A minus takes in the rest of the expression: `-3 + 5` is -8. Behind "
     "`{{` it is a minus too; only `{{- if`, `{{- else` and `{{- end` trim "
     "white space.",
     "Write `(-3) + 5`, or leave the minus out.",
     "spec:\n"
     "  steps:\n"
     "    - shell: echo '{{ -3 + env.COUNT }}'\n"},
    {"W413", SEVERITY_WARNING, "number compared with text",
     "`==` compares texts, and the text of a number may be another than what "
     "is written: 1000000 has the text `1e+06`.",
     "Write both in the same way: `env.COUNT == \"1000000\"`.",
     "spec:\n"
     "  steps:\n"
     "    - condition: env.COUNT == 1000000\n"
     "      shell: echo\n"},
    {"W414", SEVERITY_WARNING, "condition that is constant",
     "It is always true, or never, whatever happens.",
     "Correct it, or leave it out.",
     "spec:\n"
     "  steps:\n"
     "    - condition: '1 == 2'\n"
     "      shell: echo\n"},
    {"W420", SEVERITY_WARNING, "image not pinned",
     "A tag can be moved to other content at any time: what ran yesterday is "
     "not what runs today. A digest names the content itself.",
     "Write `name:tag@sha256:<64 digits>`. `docker buildx imagetools inspect "
     "NAME:TAG` and `skopeo inspect` print the digest.",
     "spec:\n"
     "  steps:\n"
     "    - run: {image: 'docker.io/library/redis:7', shell: redis-cli "
     "ping}\n"},
    {"W421", SEVERITY_WARNING, "parameter in shell text",
     "The value of a parameter becomes part of the text of a script, where a "
     "quote, a blank or `$()` in it is code. Assay refuses to run it with "
     "such a value (S501); other programs run it.",
     "Pass it by `env`, and write `\"$NAME\"` in the script; or write `{{ "
     "shellquote(config.NAME) }}` outside of quotes. Parameters of type "
     "integer, number and boolean cannot do harm and are not reported.",
     "spec:\n"
     "  config:\n"
     "    host: {type: string, default: localhost}\n"
     "  steps:\n"
     "    - shell: ping -c 1 {{ config.host }}\n"},
    {"W422", SEVERITY_WARNING, "template not at hand",
     "The workflow uses a template that is neither in its own file nor among "
     "those given, so that it was not checked as a whole.",
     "Give it with `--template PATH`, or correct the name.",
     "spec:\n"
     "  use: [{name: nowhere}]\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"W423", SEVERITY_WARNING, "step that never runs",
     "Its condition, or that of a group around it, is never true.",
     "Correct the condition, or remove the step.",
     "spec:\n"
     "  steps:\n"
     "    - condition: never\n"
     "      steps:\n"
     "        - shell: echo\n"},
    {"W424", SEVERITY_WARNING, "secret in the file",
     "The name says that the value is secret, and it stands in the file for "
     "everybody who reads it.",
     "A parameter with `sensitive: true`, or `valueFrom.secretKeyRef`.",
     "spec:\n"
     "  container:\n"
     "    env: [{name: DB_PASSWORD, value: hunter2}]\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"W425", SEVERITY_WARNING, "download at run time",
     "The script installs a program each time it runs: what arrives is not "
     "pinned, the run needs the internet and often root, and a failure of the "
     "mirror is a failure of the check.",
     "An image that has the program. `npm ci` and `pip install "
     "--require-hashes`, which take what is pinned, are not reported.",
     "spec:\n"
     "  steps:\n"
     "    - shell: apk add --no-cache curl\n"},
    {"W426", SEVERITY_WARNING, "failure hidden",
     "The script goes on when a question to the cluster fails: denied access "
     "then looks as if there were nothing to find, and the check passes.",
     "End with a failure: `|| exit 1`, or keep the status (`|| status=$?`). "
     "`kubectl` and `oc` are looked at, without `delete`, `describe` and "
     "`logs`.",
     "spec:\n"
     "  steps:\n"
     "    - shell: kubectl get pods || true\n"},
    {"W427", SEVERITY_WARNING, "incomplete for the marketplace",
     "The marketplace asks for the labels `category`, `component` and "
     "`validation-type` and the annotations `display-name` and `description`, "
     "all with `marketplace.testkube.io/` before them. Looked at with "
     "`--marketplace`, and in files below a `workflows/` folder that have one "
     "of them.",
     "Add it.",
     "apiVersion: testworkflows.testkube.io/v1\n"
     "kind: TestWorkflow\n"
     "metadata:\n"
     "  name: check\n"
     "  labels:\n"
     "    marketplace.testkube.io/category: databases\n"
     "spec:\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"W430", SEVERITY_WARNING, "privileged container",
     "It has nearly all rights of root on the node. Namespaces with the Pod "
     "Security Standard `baseline` do not admit it.",
     "Remove it, or run in a namespace that is made for it.",
     "spec:\n"
     "  container:\n"
     "    securityContext: {privileged: true}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"W431", SEVERITY_WARNING, "folder of the node",
     "A `hostPath` volume lets the steps into the file system of the node. "
     "`baseline` does not admit it.",
     "`emptyDir`, a ConfigMap or a PersistentVolumeClaim.",
     "spec:\n"
     "  pod:\n"
     "    volumes: [{name: node, hostPath: {path: /var/lib}}]\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"W432", SEVERITY_WARNING, "capability beyond the usual ones",
     "The capability is not among those that a container runtime gives by "
     "default. `baseline` does not admit it.",
     "Remove it. `baseline` admits AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, "
     "FSETID, KILL, MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID "
     "and SYS_CHROOT.",
     "spec:\n"
     "  container:\n"
     "    securityContext: {capabilities: {add: [SYS_ADMIN]}}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"W433", SEVERITY_WARNING, "confinement switched off",
     "A seccomp or AppArmor profile `Unconfined`, `procMount: Unmasked`, an "
     "SELinux user, role or unusual type, or a sysctl that is not safe. "
     "`baseline` does not admit it.",
     "Remove it.",
     "spec:\n"
     "  container:\n"
     "    securityContext: {seccompProfile: {type: Unconfined}}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"S501", SEVERITY_ERROR, "dangerous value in shell text",
     "A parameter's value has characters that a shell acts on, and the "
     "workflow puts it into shell text.",
     "Let the step take the value by `env`, or write `{{ "
     "shellquote(config.NAME) }}` outside of quotes. `--allow-splice NAME` "
     "says that you mean it.",
     "# run with --config 'host=x; id'\n"
     "spec:\n"
     "  config:\n"
     "    host: {type: string, default: localhost}\n"
     "  steps:\n"
     "    - shell: ping -c 1 {{ config.host }}\n"},
    {"S502", SEVERITY_ERROR, "processes of the node",
     "`hostPID` shows the steps every process of the node, and lets them into "
     "its memory and files.",
     "Remove it.",
     "spec:\n"
     "  pod: {hostPID: true}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"S503", SEVERITY_ERROR, "more than 'baseline' admits",
     "The run is to be confined by the profile `baseline` or `restricted`, and "
     "the workflow asks for something that both forbid.",
     "Leave the field out; or run in a namespace that is made for it, with "
     "`--security privileged` (docs/security.md).",
     "# run with --security baseline\n"
     "spec:\n"
     "  container:\n"
     "    securityContext: {privileged: true}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {"S504", SEVERITY_ERROR, "more than 'restricted' admits",
     "The run is to be confined by the profile `restricted`, and the workflow "
     "asks for something that it forbids.",
     "Leave the field out, or run with `--security baseline`.",
     "# run with --security restricted\n"
     "spec:\n"
     "  container:\n"
     "    securityContext: {runAsUser: 0}\n"
     "  steps:\n"
     "    - shell: echo\n"},
    {0},
};

const struct diagnostic_code *diagnostics_codes(void)
{
    return codes;
}

const struct diagnostic_code *diagnostics_code_find(const char *code)
{
    for (const struct diagnostic_code *row = codes; row->code; row++)
        if (strcmp(row->code, code) == 0)
            return row;
    return NULL;
}

const char *diagnostics_severity_name(enum severity severity)
{
    static const char *const names[] = {
        [SEVERITY_ERROR] = "error",
        [SEVERITY_WARNING] = "warning",
        [SEVERITY_NOTE] = "note",
    };
    return names[severity];
}
