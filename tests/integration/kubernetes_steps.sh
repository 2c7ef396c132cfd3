#!/bin/sh
# Steps in a cluster beyond one pod's turn taking: containers that are started one
# after another, images' own commands behind steps, pauses, repositories.
# Usage: ASSAY=path/to/assay KUBE_SERVER=path/to/test-kube-server \
#     tests/integration/kubernetes_steps.sh
set -eu
. "$(dirname -- "$0")/checks.sh"
need kubectl bwrap curl git
. "$here/kubernetes_setup.sh"
flows=$here/kubernetes
export ASSAY_RUNTIME=kubernetes TMPDIR="$work"
cluster_begin --objects "$flows/namespaces.yaml"

# An image's own command, behind steps and in a group.
expect 'a command of an image behind steps' 0 'own words' \
    "$ASSAY" run "$flows/chain.yaml"
has 'its group ends with it' '3 group: passed'
expect 'it is not started after a failure' 1 "step 'second' failed with exit code 3" \
    "$ASSAY" run "$flows/chain.yaml" --config exit_code=3 --keep never
has 'nor what comes before it' '3.2 own command: skipped'
"$ASSAY" run "$flows/chain.yaml" --config exit_code=3 --detach >"$work/out"
id=$(grep -E '^[0-9a-f]{16}$' "$work/out")
expect 'attached to, the verdict is the same' 1 '3.2 own command: skipped' \
    env XDG_STATE_HOME="$work/elsewhere" "$ASSAY" attach "$id"
kubectl delete jobs --all >/dev/null 2>&1

# Gated and chained: the same, as it is recorded.
record_as() { # record_as WAY FILE: nothing of it stays in the cluster
    record "$1" "$ASSAY" run "$2" --sequence "$1" --keep never
}
for file in "$here"/parity/*.yaml; do
    record_as gated "$file"
    record_as chained "$file"
    told_alike "$(basename "$file" .yaml)" gated chained
done
expect 'a chain as initContainers' 0 'initContainers:' \
    "$ASSAY" plan "$flows/steps.yaml" --sequence chained
expect 'of which none is root' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml" --sequence chained -n strict
"$ASSAY" run "$flows/slow.yaml" --sequence chained --detach >/dev/null
sleep 1
expect 'a chain is aborted' 130 'aborted by the user' "$ASSAY" abort latest

# Pauses.
paused() { grep -q "$1: paused" "$work/followed"; }
for sequence in gated chained; do
    rm -f "$work/followed"
    "$ASSAY" run "$flows/paused.yaml" --sequence $sequence \
        >"$work/followed" 2>&1 &
    run=$!
    wait_for 20 paused '2 look at it'
    expect "$sequence: the only paused step" 0 'step 2 look at it goes on' \
        "$ASSAY" resume latest
    wait_for 20 paused '3 again'
    expect "$sequence: it is no longer paused" 2 'is not paused' \
        "$ASSAY" resume latest look
    pod=$(kubectl get pods -o name | head -n 1)
    kubectl annotate "$pod" assay.dev/resume.3=true >/dev/null
    status=0
    wait $run || status=$?
    [ $status -eq 0 ] && pass "$sequence: kubectl annotate does the same" ||
        fail "$sequence: kubectl annotate does the same" \
            "exit code $status" "$(cat "$work/followed")"
done
"$ASSAY" run "$flows/paused.yaml" --detach >/dev/null
id=$("$ASSAY" history --output ndjson --limit 1 |
    sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p')
pod_is_there() { kubectl get pods -o name | grep -q paused; }
wait_for 20 pod_is_there
expect 'a run that nobody follows: name the step' 2 'name the step' \
    "$ASSAY" resume "$id"
expect 'by its id' 0 'step 2 look at it was told to go on' \
    "$ASSAY" resume "$id" look
expect 'by its number, before its turn' 0 'step 3 again was told to go on' \
    "$ASSAY" resume "$id" 3
expect 'both have gone on' 0 'after the second pause' "$ASSAY" attach "$id"
expect 'and nothing is left to resume' 2 'has ended: passed' \
    "$ASSAY" resume "$id" 2
expect 'without pauses' 0 'after the second pause' \
    "$ASSAY" run "$flows/paused.yaml" --no-pause
expect 'a plan without pauses needs no volume for them' 0 'kind: Job' \
    "$ASSAY" plan "$flows/paused.yaml" --no-pause
has_not 'no fields of the pod' 'downwardAPI'
expect 'the right is in the Role' 0 'patch' "$ASSAY" doctor --rbac

# A repository, as the image's user and as the one of the profile restricted.
git init -q "$work/repositories/one"
(
    cd "$work/repositories/one"
    git config user.email a@example.org
    git config user.name a
    echo 'from the repository' >file
    git add file
    git commit -qm 'A file'
)
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(
    LocalAddr => "127.0.0.1", Listen => 1)->sockport')
git daemon --base-path="$work/repositories" --export-all --listen=127.0.0.1 \
    --port="$port" --pid-file="$work/daemon" >/dev/null 2>&1 &
servers="$servers $!"
wait_for 10 test -s "$work/daemon"
cat >"$work/content.yaml" <<YAML
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: content}
spec:
  content:
    git: {uri: "git://127.0.0.1:$port/one", mountPath: /data/one}
  steps:
    - name: look
      workingDir: /data/one
      shell: |
        cat file
        echo more >>file
        echo "user \$(id -u), home \$HOME, \$(git status --short)"
YAML
expect 'a repository' 0 'from the repository' "$ASSAY" run "$work/content.yaml"
has 'its files can be changed' 'M file'
expect 'in a restricted namespace' 0 'user 65532, home /tmp,  M file' \
    "$ASSAY" run "$work/content.yaml" -n strict
expect 'the image is pinned' 0 'docker.io/alpine/git:2.49.1@sha256:' \
    "$ASSAY" plan "$work/content.yaml"
finish
