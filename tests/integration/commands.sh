#!/bin/sh
# The commands and their contract: exit codes, what they print and where.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap
flow=$here/workflows/two_images.yaml

# Wrong usage is 2 and names what was meant.
expect 'no command' 2 'usage: assay' "$ASSAY"
expect 'unknown command' 2 "did you mean 'validate'" "$ASSAY" valdate
expect 'unknown option' 2 "did you mean '--runtime'" "$ASSAY" run --runtim host
expect 'no runtime' 2 'give --runtime host' "$ASSAY" run "$flow"
expect 'a cluster that is named is the default' 3 'nothing.yaml' \
    "$ASSAY" run "$flow" --kubeconfig "$work/nothing.yaml" --db "$work/first.db"
mkdir "$HOME/.kube"
echo 'clusters: {}' >"$HOME/.kube/config"
expect 'or one that kubectl would take' 3 'kubeconfig: expected a list' \
    "$ASSAY" run "$flow" --db "$work/first.db"
rm -r "$HOME/.kube"
expect 'unknown runtime' 2 "unknown runtime 'moon'" \
    "$ASSAY" run "$flow" --runtime moon
expect 'no file' 2 'expected a file or the name of a workflow' \
    "$ASSAY" run --runtime host
expect 'unknown parameter' 2 "did you mean 'greeting'" \
    "$ASSAY" run "$flow" --runtime host --config greting=x
has 'known parameters are told' 'known: greeting, exit_code'
expect 'a value beyond its limits' 2 "parameter 'exit_code'" \
    "$ASSAY" run "$flow" --runtime host --config exit_code=256
expect 'a value of the wrong type' 2 'expected an integer' \
    "$ASSAY" run "$flow" --runtime host --config exit_code=x
expect 'help' 0 'exit codes' "$ASSAY" help
for command in run validate plan history show logs artifacts version; do
    expect "help of $command" 0 "usage: assay $command" \
        "$ASSAY" "$command" --help
    expect "help $command" 0 "usage: assay $command" "$ASSAY" help "$command"
done
expect 'validate tells of an extension' 0 'note[W401]' \
    "$ASSAY" validate "$here/workflows/blocks.yaml"
expect 'a plan does not' 0 'kind: Job' "$ASSAY" plan "$here/workflows/blocks.yaml"
has_not 'say it each time' W401
expect 'version' 0 'assay ' "$ASSAY" version
expect '--version' 0 'assay ' "$ASSAY" --version

# Before the first run.
expect 'an empty history' 0 'no runs yet' "$ASSAY" history
expect 'no run to show' 2 'the history is empty' "$ASSAY" show latest

# A run that passes.
expect 'a run' 0 'read: hello' "$ASSAY" run "$flow" --runtime host
has 'says once that images are not used' 'images are not used'
has 'shows a skipped step' 'skipped'
expect 'it is in the history' 0 two-images "$ASSAY" history
has 'as passed' passed
expect 'its page' 0 'greeting' "$ASSAY" show latest
digest=$(sha256sum "$flow" | cut -d ' ' -f 1)
has 'with the digest of the file' "sha256:$digest"
has 'with the runtime' host
has 'with the images' 'docker.io/library/redis:7-alpine@sha256:'
has 'with the exit code of the optional step' 7
expect 'its page as JSON' 0 '"status": "passed"' \
    "$ASSAY" show latest --output json
id=$(sed -n 's/^  "id": "\([0-9a-f]*\)".*/\1/p' "$work/out")
prefix=$(printf '%.6s' "$id")
expect 'by the beginning of its id' 0 "$id" "$ASSAY" show "$prefix"
expect 'its log' 0 'read: hello' "$ASSAY" logs "$prefix"
expect 'the log of one step' 0 'read: hello' "$ASSAY" logs latest --step 2
has_not 'and of no other' trying
expect 'a step that is not there' 2 "no step '9'" \
    "$ASSAY" logs latest --step 9
expect 'an id that is not there' 2 'ffffffffff' "$ASSAY" show ffffffffff

# A run that fails; the exit code is the same for every output.
for form in text json ndjson yaml; do
    expect "a failing run, $form" 1 failed "$ASSAY" run "$flow" \
        --runtime host --config exit_code=3 --output "$form"
done
expect 'a failing run, quiet' 1 failed "$ASSAY" run "$flow" --runtime host \
    --config exit_code=3 --quiet
expect 'the log of after steps' 0 'status failed' "$ASSAY" logs latest
has 'the failed step ran' 'something failed'
expect 'only failed runs' 0 failed "$ASSAY" history --status failed
has_not 'no others' passed

# Parameters are data.
expect 'a value that looks like a template' 0 'read: {{ 1+1 }}' \
    "$ASSAY" run "$flow" --runtime host --config 'greeting={{ 1+1 }}'
expect 'a value with shell characters by env' 0 'read: $(id);`id`' \
    "$ASSAY" run "$flow" --runtime host --config 'greeting=$(id);`id`'
cat >"$work/splice.yaml" <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: splice}
spec:
  config: {word: fine}
  steps:
    - shell: echo "the word is {{ config.word }}"
YAML
expect 'a harmless value in shell text' 0 'the word is ok-1' \
    "$ASSAY" run "$work/splice.yaml" --runtime host --config word=ok-1
for value in '$(id)' '`id`' 'a;b' 'a&&b' "a'b" 'a"b' 'a b' '*' '-n' 'a
b'; do
    expect "refused in shell text: $value" 4 'S501' \
        "$ASSAY" run "$work/splice.yaml" --runtime host --config "word=$value"
done
has 'the safe form is told' '--allow-splice word'
expect 'the refusal is in the history' 0 error "$ASSAY" history
expect 'allowed when asked for' 0 'the word is a b' \
    "$ASSAY" run "$work/splice.yaml" --runtime host --config 'word=a b' \
    --allow-splice word

# Parameters from a file; the command line wins.
printf 'greeting: from file\nexit_code: 4\n' >"$work/config.yaml"
expect 'parameters from a file' 1 'read: from file' "$ASSAY" run "$flow" \
    --runtime host --config-file "$work/config.yaml"
has 'all of them' 'exit code 4'
expect 'the command line wins' 0 'read: mine' "$ASSAY" run "$flow" \
    --runtime host --config-file "$work/config.yaml" \
    --config greeting=mine --config exit_code=0

# Documents that cannot be run.
printf 'spec: [\n' >"$work/broken.yaml"
expect 'broken YAML' 3 "$work/broken.yaml:2:1" \
    "$ASSAY" run "$work/broken.yaml" --runtime host
expect 'a missing file' 3 'No such file' \
    "$ASSAY" run "$work/none.yaml" --runtime host
sed 's/^  steps:/  stpes:/' "$flow" >"$work/typo.yaml"
expect 'an unknown field' 3 "did you mean 'steps'" \
    "$ASSAY" validate "$work/typo.yaml"
expect 'and its place' 3 "$work/typo.yaml:20:3: error[E" \
    "$ASSAY" run "$work/typo.yaml" --runtime host
expect 'the failure has a record' 0 error "$ASSAY" history
printf 'apiVersion: testworkflows.testkube.io/v1\nkind: TestWorkflow\nmetadata: {name: x}\nspec: {steps: [{shell: "echo {{ config.nope }}"}]}\n' \
    >"$work/unknown.yaml"
expect 'an undeclared parameter' 3 "config.nope" \
    "$ASSAY" run "$work/unknown.yaml" --runtime host
expect 'nothing after the last ---' 0 ': valid' \
    sh -c '{ cat "$1"; echo ---; } | "$0" validate -' "$ASSAY" "$flow"
expect 'nothing but ---' 3 'the file is empty' \
    sh -c 'echo --- | "$0" validate -' "$ASSAY"
expect 'standard input' 0 ': valid' sh -c '"$0" validate - <"$1"' "$ASSAY" "$flow"

# Control characters stop before a terminal, and only there.
cat >"$work/escapes.yaml" <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: escapes}
spec:
  steps:
    - shell: |
        printf 'a\033[2Jb \342\202\254\n'
YAML
expect 'a step prints control characters' 0 'a\x1b[2Jb €' \
    script -qec "'$ASSAY' run '$work/escapes.yaml' --runtime host" /dev/null
expect 'its log on a terminal' 0 'a\x1b[2Jb €' \
    script -qec "'$ASSAY' logs latest" /dev/null
expect 'its log in a file' 0 "$(printf 'a\033[2Jb €')" "$ASSAY" logs latest

# A history of its own.
expect 'another database' 0 'no runs yet' "$ASSAY" history --db "$work/other.db"
expect 'a database that is none' 5 'other.txt' sh -c '
    echo "not a database, but long enough to be taken for one at first" >"$1"
    "$0" history --db "$1"' "$ASSAY" "$work/other.txt"
finish
