#!/bin/sh
# Templates and parameters, through the commands: where they come from, what wins,
# what is recorded, and what is refused.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap git
. "$here/marketplace_setup.sh"

mkdir templates
cat >templates/say.yaml <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflowTemplate
metadata: {name: team--say}
spec:
  config:
    words: {type: string, default: nothing}
  steps:
    - name: Say {{ config.words }}
      run:
        env: [{name: WORDS, value: "{{ config.words }}"}]
        shell: echo "words are $WORDS"
YAML
cat >workflow.yaml <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: talk}
spec:
  config:
    who: {type: string, default: world}
    pin_code: {type: string, sensitive: true, default: ""}
    max.size: {type: integer, default: 1}
  use: [{name: quiet}]
  steps:
    - name: First
      template: {name: team/say, config: {words: "hello {{ config.who }}"}}
    - name: Second
      run:
        env: [{name: PIN, value: "{{ config.pin_code }}"}]
        shell: echo "length ${#PIN}, size {{ config.max.size }}, $QUIET"
---
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflowTemplate
metadata: {name: quiet}
spec: {container: {env: [{name: QUIET, value: quiet}]}}
YAML
run() { "$ASSAY" run workflow.yaml --runtime host "$@"; }

expect 'a template that is not there' 3 \
    "workflow.yaml:12:24: error[E312]: template 'team/say' is not found" \
    run
has 'how to give it' 'give what has it with --template'
expect 'a folder of templates' 0 'words are hello world' run --template templates
has 'and one of the same file' 'quiet'
expect 'they are recorded' 0 \
    "team--say, templates/say.yaml, $(digest_of templates/say.yaml)" \
    "$ASSAY" show latest
has 'with the digest of their file' "quiet, workflow.yaml, $(digest_of workflow.yaml)"
expect 'as JSON' 0 '"name": "team--say"' "$ASSAY" show latest --output json
expect 'a file' 0 'words are hello world' run --template templates/say.yaml
expect 'twice the same' 3 "template 'team--say' is there twice" \
    run --template templates --template templates/say.yaml
expect 'an empty folder' 2 'there is no TestWorkflowTemplate in it' \
    run --template "$HOME"
expect 'no such file' 2 "no file 'nowhere'" run --template nowhere
echo 'a: [' >broken.yaml
expect 'broken YAML' 3 'broken.yaml:' run --template broken.yaml
expect 'a template cannot be run' 3 "expected kind 'TestWorkflow'" \
    "$ASSAY" run templates/say.yaml --runtime host

# What wins: the command line, the file, the environment, the default.
echo 'who: file' >config.yaml
export ASSAY_CONFIG_WHO=environment ASSAY_CONFIG_OTHER=ignored
expect 'the environment' 0 'words are hello environment' \
    run --template templates
expect 'a file of parameters' 0 'words are hello file' \
    run --template templates --config-file config.yaml
expect 'the command line' 0 'words are hello me' \
    run --template templates --config-file config.yaml --config who=me
unset ASSAY_CONFIG_WHO
ASSAY_CONFIG_MAX_SIZE=7
export ASSAY_CONFIG_MAX_SIZE
expect 'other characters of a name' 0 'size 7,' run --template templates
ASSAY_CONFIG_MAX_SIZE=seven
expect 'a wrong value names its variable' 2 'variable ASSAY_CONFIG_MAX_SIZE' \
    run --template templates
unset ASSAY_CONFIG_MAX_SIZE

# Sensitive values, never on the command line.
echo four >pin
expect 'from a file' 0 'length 4,' run --template templates \
    --config pin_code=@pin
has_not 'it is not shown' four
expect 'nor recorded' 0 'pin_code = REDACTED' "$ASSAY" show latest
expect 'a file that is not there' 3 "parameter 'pin_code'" \
    run --template templates --config pin_code=@nothing
code=0
printf 'secret\r\n' | "$ASSAY" run workflow.yaml --runtime host \
    --template templates --config pin_code=- >"$work/out" 2>&1 || code=$?
[ "$code" -eq 0 ] && grep -q 'length 6,' "$work/out" &&
    pass 'from standard input' || fail 'from standard input' "$(cat "$work/out")"
code=0
"$ASSAY" run - --runtime host --config pin_code=- <workflow.yaml \
    >"$work/out" 2>&1 || code=$?
[ "$code" -eq 2 ] && pass 'not when the workflow comes from it' ||
    fail 'not when the workflow comes from it' "exit code $code"
has 'which is said' 'standard input is the workflow'
expect 'others begin with @ as they are' 0 'words are hello @pin' \
    run --template templates --config who=@pin

# resolve.
expect 'resolve' 0 'name: Say hello world' \
    "$ASSAY" resolve workflow.yaml --template templates
has 'the value is in' 'value: hello world'
has_not 'no template is left' 'template:'
expect 'resolve with a secret' 0 'secret.config.pin_code' \
    "$ASSAY" resolve workflow.yaml --template templates --config pin_code=@pin
has_not 'it is not shown either' four
"$ASSAY" resolve workflow.yaml --template templates >resolved.yaml
expect 'what is resolved is a workflow' 0 'valid' "$ASSAY" validate resolved.yaml
expect 'which runs like the first' 0 'words are hello world' \
    "$ASSAY" run resolved.yaml --runtime host
expect 'a file without one' 2 'there is no TestWorkflowTemplate in it' \
    "$ASSAY" plan resolved.yaml --template resolved.yaml
expect 'resolve as JSON' 0 '"kind": "TestWorkflow"' \
    "$ASSAY" resolve workflow.yaml --template templates --output json
expect 'where a value comes from' 0 'templates/say.yaml:11:16' \
    "$ASSAY" resolve workflow.yaml --template templates \
    --explain 'spec.steps[0].steps[0].run.shell'
expect 'one of the same file' 0 'workflow.yaml:21:' \
    "$ASSAY" resolve workflow.yaml --template templates \
    --explain spec.container.env.0.value
expect 'a place that is not' 2 "there is no '9' in 'spec.steps'" \
    "$ASSAY" resolve workflow.yaml --template templates --explain 'spec.steps[9]'

# What a user gives is data, through templates too.
cat >shell.yaml <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: shell}
spec:
  config: {who: {type: string}}
  steps: [{template: {name: sh, config: {line: "echo {{ config.who }}"}}}]
---
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflowTemplate
metadata: {name: sh}
spec:
  config: {line: {type: string}}
  steps: [{shell: "{{ config.line }}"}]
YAML
# The words are for the shell that must not see them.
# shellcheck disable=SC2016
for value in '$(id)' '`id`' 'a;id' 'a && id' '"; id' "'; id" '*' '-n' 'a
b' 'a b' '{{ config.who }}' '~' '#x' '!!' '<x' '>x' '|x' '\x'; do
    expect "refused: $value" 4 'error[S501]' \
        "$ASSAY" plan shell.yaml --config "who=$value"
done
expect 'a harmless word' 0 'plain.word' \
    "$ASSAY" run shell.yaml --runtime host --config who=plain.word
expect 'when it is wanted' 0 'it is fine' \
    "$ASSAY" run shell.yaml --runtime host --config 'who="it is fine"' \
    --allow-splice who
expect 'which is recorded' 0 'spliced     who' "$ASSAY" show latest

# Templates of a marketplace, each with a digest of its own.
make_source
mkdir "$source/templates"
cp templates/say.yaml "$source/templates/"
git -C "$source" add .
commit '' first
pin=$(digest_of templates/say.yaml)
quietly() { "$ASSAY" marketplace add team "file://$source" --tofu >/dev/null; }
quietly
expect 'it is found' 0 team--say "$ASSAY" marketplace search say
expect 'as what it is' 0 'template    team--say' \
    "$ASSAY" marketplace show team/team--say
expect 'used by name' 0 'words are hello world' run --template team/team--say
expect 'its source is recorded' 0 '"marketplace": "team"' \
    "$ASSAY" show latest --output json
expect 'used by digest' 0 'words are hello world' \
    run --template "team--say@$pin"
expect 'a wrong digest' 4 digest-mismatch \
    run --template "team--say@sha256:$(printf '%064d' 0)"
cp workflow.yaml "$source/workflows/"
git -C "$source" add .
commit '' second
"$ASSAY" marketplace update team >/dev/null
"$ASSAY" marketplace pull team/talk >/dev/null
expect 'not locked' 4 not-locked "$ASSAY" run team/talk --runtime host \
    --locked --template team/team--say
"$ASSAY" marketplace pull team/team--say >/dev/null
expect 'locked' 0 'words are hello world' "$ASSAY" run team/talk \
    --runtime host --locked --template team/team--say
expect 'a file is not locked' 4 not-locked "$ASSAY" run team/talk \
    --runtime host --locked --template templates/say.yaml
finish
