#!/bin/sh
# Runs as Jobs of the test cluster: verdicts, exit codes, what is left behind, and
# what is recorded when things go wrong.
# Usage: ASSAY=path/to/assay KUBE_SERVER=path/to/test-kube-server \
#     tests/integration/kubernetes.sh
set -eu
. "$(dirname -- "$0")/checks.sh"
need kubectl bwrap curl
. "$here/kubernetes_setup.sh"
flows=$here/kubernetes
export ASSAY_RUNTIME=kubernetes
cluster_begin --objects "$flows/namespaces.yaml"

# The id of the newest run.
last_id() {
    "$ASSAY" history --output ndjson --limit 1 |
        sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p'
}

jobs() { kubectl get jobs -o name | wc -l; }

# no_more KIND: none of that kind is left within five seconds.
no_more() {
    if wait_for 5 sh -c "[ \"\$(kubectl get $1 -o name | grep -cvE 'assay-entrypoint|kube-root-ca')\" = 0 ]"; then
        pass "$2"
    else
        fail "$2" "left: $(kubectl get "$1" -o name)"
    fi
}

# Verdicts.
expect 'a run that passes' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml"
has 'what is printed without a newline' 'no newline'
has 'a pinned image is verified' "image of container 'steps-1': verified"
has 'one without a digest is not' "image of container 'steps-2': unverified"
no_more jobs 'a run that passed leaves no Job'
no_more pods 'and no pod'
no_more secrets 'and no Secret'
no_more configmaps 'and no ConfigMap but the shared one'
expect 'the record has the log' 0 'in the second container' "$ASSAY" logs latest
expect 'and the place' 0 '"namespace":"default"' \
    "$ASSAY" show latest --output ndjson
has 'with the security profile' '"security":"auto"'

expect 'a run that fails' 1 "step 'fourth' failed with exit code 4" \
    "$ASSAY" run "$flows/steps.yaml" --config exit_code=4
if [ "$(jobs)" -eq 1 ]; then
    pass 'its Job is kept'
else
    fail 'its Job is kept' "$(kubectl get jobs)"
fi
no_more secrets 'but not its Secret'
expect 'nothing is kept when so wished' 1 "step 'fourth' failed" \
    "$ASSAY" run "$flows/steps.yaml" --config exit_code=4 --keep never
kubectl delete jobs --all >/dev/null 2>&1 || true
expect 'an image that runs its own command' 1 "own" \
    "$ASSAY" run "$flows/bare.yaml" --keep never
expect 'files of steps' 0 'note: artifacts are not fetched from a cluster yet' \
    "$ASSAY" run "$flows/files.yaml" --keep never
count=$(grep -c 'not fetched' "$work/out" || true)
[ "$count" -eq 1 ] && pass 'which is told once' ||
    fail 'which is told once' "$count times: $(cat "$work/out")"
expect 'none are listed' 0 DIGEST "$ASSAY" artifacts latest
has_not 'as none were kept' a.txt
cat >"$work/claims.yaml" <<'EOF'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: claims}
spec:
  job: {namespace: NAMESPACE}
  pvcs: {data: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
  pod: {volumes: [{name: data, persistentVolumeClaim: {claimName: "{{ pvcs.data.name }}"}}]}
  steps: [{name: Use, run: {image: "busybox:1", shell: 'echo {{ pvcs.data.name }}'}}]
EOF
sed 's/NAMESPACE/default/' "$work/claims.yaml" >"$work/claimed.yaml"
expect 'a claim that is made for the run' 0 'assay-claims-' \
    "$ASSAY" run "$work/claimed.yaml" --keep always
check_owner() { kubectl get pvc -o yaml | grep -q 'kind: Job'; }
if check_owner; then
    pass 'and goes with its Job'
else
    fail 'and goes with its Job' "$(kubectl get pvc -o yaml)"
fi
kubectl delete jobs --all >/dev/null 2>&1 || true
sed 's/NAMESPACE/nowhere/' "$work/claims.yaml" >"$work/claimed.yaml"
expect 'a namespace that the workflow names' 5 'namespaces "nowhere" not found' \
    "$ASSAY" run "$work/claimed.yaml"
expect 'a namespace that is not there' 5 'namespaces "nowhere" not found' \
    "$ASSAY" run "$flows/steps.yaml" -n nowhere
expect 'a namespace that cannot be' 2 'is not the name of a namespace' \
    "$ASSAY" run "$flows/steps.yaml" -n ../kube-system

# What the cluster can do to a run.
rules '[{action: pull-error, image: "*busybox*", message: "manifest unknown"}]'
expect 'an image that cannot be pulled' 5 'manifest unknown' \
    "$ASSAY" run "$flows/steps.yaml"
no_more jobs 'nothing is left of it'
rules '[{action: pull-error, image: "*busybox*", message: "i/o timeout", times: 1}]'
expect 'a pull that succeeds later' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml"
rules '[{action: pull-error, image: "*busybox*", message: "i/o timeout"}]'
expect 'a pull that never does' 5 'i/o timeout' \
    "$ASSAY" run "$flows/steps.yaml" --start-timeout 3s
rules '[{action: invalid-image-name, image: "*busybox*"}]'
expect 'a name that is no image' 5 'InvalidImageName' \
    "$ASSAY" run "$flows/steps.yaml"
rules '[{action: unschedulable, message: "0/1 nodes are available: 1 Insufficient memory."}]'
expect 'no node' 5 'Insufficient memory' \
    "$ASSAY" run "$flows/steps.yaml" --start-timeout 2s
rules '[{action: refuse-pod, message: "exceeded quota: compute"}]'
expect 'no pod' 5 'exceeded quota: compute' \
    "$ASSAY" run "$flows/steps.yaml" --start-timeout 6s
count=$(grep -c '^note: waiting' "$work/out" || true)
[ "$count" -eq 1 ] && pass 'which is told once' ||
    fail 'which is told once' "$count times: $(cat "$work/out")"
rules '[{action: start-error, message: "exec format error"}]'
expect 'a program that cannot be started' 5 'exec format error' \
    "$ASSAY" run "$flows/steps.yaml"
rules '[{action: out-of-memory, delay: 500ms}]'
expect 'out of memory' 1 "container 'steps-1' ran out of memory" \
    "$ASSAY" run "$flows/slow.yaml" --keep never
has 'its log is there' 'tick 1'
rules '[{action: evict, delay: 500ms, message: "The node was low on resource: memory."}]'
expect 'evicted' 5 'The node was low on resource: memory.' \
    "$ASSAY" run "$flows/slow.yaml" --keep never
has 'the log up to then is there' 'tick 1'
rules '[{action: image, image: "*alpine*", digest: "sha256:0000000000000000000000000000000000000000000000000000000000000000"}]'
zeros=sha256:0000000000000000000000000000000000000000000000000000000000000000
pinned=sha256:1111111111111111111111111111111111111111111111111111111111111111
cat >"$work/pinned.yaml" <<YAML
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: pinned}
spec: {steps: [{run: {image: "alpine@$pinned", shell: sleep 1}}]}
YAML
expect 'another digest than the pinned one' 0 \
    "image of container 'steps-1': unverified" "$ASSAY" run "$work/pinned.yaml"
# The node's images: what is on it, and by which digests.
node_has() {
    node=$(kubectl get nodes -o name)
    curl -ksS -X PATCH -H "Authorization: Bearer $token" \
        -H 'Content-Type: application/merge-patch+json' --data-binary \
        "{\"status\": {\"images\": [{\"names\": $1, \"sizeBytes\": 1}]}}" \
        "https://127.0.0.1:$(cat "$work/port")/api/v1/nodes/${node#*/}/status" \
        >/dev/null
}
node_has "[\"docker.io/library/alpine@$zeros\", \"alpine@$pinned\"]"
expect 'which is one of the same image' 0 \
    "image of container 'steps-1': verified" "$ASSAY" run "$work/pinned.yaml"
node_has "[\"docker.io/library/alpine@$zeros\"]"
expect 'which is another image' 4 'runs another image' \
    "$ASSAY" run "$work/pinned.yaml"
rules
sed 's/^spec:/spec:\n  job: {activeDeadlineSeconds: 2}/' "$flows/slow.yaml" \
    >"$work/deadline.yaml"
expect 'its deadline passes' 6 'deadline of 2.0 s passed' \
    "$ASSAY" run "$work/deadline.yaml"
has 'with the log of its steps' 'tick 3'

# What is denied.
rules '[{verb: create, resource: jobs, status: 403}]'
expect 'may not create jobs' 5 'cannot create resource "jobs"' \
    "$ASSAY" run "$flows/steps.yaml"
rules '[{verb: watch, resource: pods, status: 403}]'
expect 'may not watch, but list' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml"
rules '[{verb: watch, resource: pods, status: 403}, {verb: list, resource: pods, status: 403}]'
expect 'may neither watch nor list' 5 'pods is forbidden' \
    "$ASSAY" run "$flows/steps.yaml"
rules '[{verb: get, resource: pods/log, status: 403}]'
expect 'may not read logs: no word, no pass' 5 'is forbidden' \
    "$ASSAY" run "$flows/steps.yaml" --keep never
rules '[{verb: get, resource: namespaces, status: 403}]'
expect 'may not look at the namespace' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml"
rules '[{verb: create, resource: secrets, status: 403}]'
expect 'may not create secrets' 5 'cannot create resource "secrets"' \
    "$ASSAY" run "$flows/steps.yaml"
if kubectl get jobs -o name | grep -q "steps-$(last_id | cut -c 1-10)"; then
    fail 'the Job is gone then' "$(kubectl get jobs)"
else
    pass 'the Job is gone then'
fi
rules

# Weather.
sed "s/:$(cat "$work/port")/:1/" "$work/kubeconfig" >"$work/unreachable"
expect 'nobody there' 5 'connect to 127.0.0.1' \
    "$ASSAY" run "$flows/steps.yaml" --kubeconfig "$work/unreachable"
sed 's/token: [0-9a-f]*/token: wrong/' "$work/kubeconfig" >"$work/unauthorized"
expect 'not let in' 5 'HTTP 401' \
    "$ASSAY" run "$flows/steps.yaml" --kubeconfig "$work/unauthorized"
rules '[{status: 500, message: "the store is away", times: 3}]'
expect 'a server that fails at first' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml"
rules '[{status: 429, retryAfter: 1, verb: create, times: 2}]'
expect 'a server that is busy' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml"
for kind in jobs secrets configmaps; do
    rules "[{action: lose-answer, verb: create, resource: $kind, times: 1}]"
    expect "an answer that is lost: $kind" 0 'in the second container' \
        "$ASSAY" run "$flows/steps.yaml"
done
seq 0 39 | sed 's/^/tick /' >"$work/ticks"
# All at once, each in a namespace of its own.
cuts=
cutting=
for bytes in 1 37 400 1000; do
    for clean in true false; do
        cut=cut-$bytes-$clean
        kubectl create namespace "$cut" >/dev/null
        cuts="$cuts{action: cut, namespace: $cut, resource: pods/log, bytes: $bytes, clean: $clean, times: 3}, "
    done
done
rules "[$cuts]"
for cut in $(echo "$cuts" | grep -oE 'cut-[0-9]+-[a-z]+'); do
    XDG_STATE_HOME="$work/$cut" "$ASSAY" run "$flows/ticks.yaml" -n "$cut" \
        >"$work/$cut.out" 2>&1 &
    cutting="$cutting $cut:$!"
done
for cut in $cutting; do
    status=0
    wait "${cut#*:}" || status=$?
    cut=${cut%:*}
    XDG_STATE_HOME="$work/$cut" "$ASSAY" logs latest >"$work/log" || true
    [ "$status" -eq 0 ] && grep -q 'tick 39' "$work/$cut.out" &&
        pass "a log that is cut: $cut" ||
        fail "a log that is cut: $cut" "exit code $status" "$(tail -n 5 "$work/$cut.out")"
    cmp -s "$work/ticks" "$work/log" && pass "no line is lost, none is there twice: $cut" ||
        fail "no line is lost, none is there twice: $cut" \
            "$(diff "$work/ticks" "$work/log" | head)"
done
rules '[{action: cut, verb: watch, bytes: 700, times: 8}]'
expect 'watches that break' 0 'tick 39' "$ASSAY" run "$flows/ticks.yaml"
rules '[{action: expire, verb: watch, times: 4}]'
expect 'watches that are too old' 0 'tick 39' "$ASSAY" run "$flows/ticks.yaml"
rules

# Others, and the user.
rm -f "$work/out"
"$ASSAY" run "$flows/slow.yaml" >"$work/out" 2>&1 &
run=$!
wait_for 10 grep -q 'tick 3' "$work/out"
kubectl delete jobs --all >/dev/null 2>&1
status=0
wait $run || status=$?
[ $status -eq 130 ] && pass 'a Job that somebody else deletes' ||
    fail 'a Job that somebody else deletes' "exit code $status"
has 'the reason' 'was deleted from outside'

rm -f "$work/out"
"$ASSAY" run "$flows/slow.yaml" >"$work/out" 2>&1 &
run=$!
wait_for 10 grep -q 'tick 3' "$work/out"
kill -INT $run
status=0
wait $run || status=$?
[ $status -eq 130 ] && pass 'Ctrl-C' || fail 'Ctrl-C' "exit code $status"
has 'aborts' 'aborted by the user'
no_more jobs 'and leaves no Job'

# Runs that are left alone and taken up again.
expect 'detached' 0 '' "$ASSAY" run "$flows/ticks.yaml" --detach
id=$(last_id)
has 'its id is printed' "$id"
expect 'it is running' 0 running "$ASSAY" history
expect 'attached to' 0 'tick 39' "$ASSAY" attach "$id"
"$ASSAY" logs "$id" >"$work/log"
cmp -s "$work/ticks" "$work/log" && pass 'the log is whole' ||
    fail 'the log is whole' "$(diff "$work/ticks" "$work/log" | head)"
expect 'once more' 0 "run $id has ended: passed" "$ASSAY" attach "$id"

# killed_after SECONDS: one of them, so long after it said that it begins, with a
# history of its own; all wait at once.
killed_after() {
    export XDG_STATE_HOME="$work/killed-$1"
    "$ASSAY" run "$flows/ticks.yaml" >"$work/killed-$1.run" 2>&1 &
    run=$!
    tries=2000
    until [ -s "$work/killed-$1.run" ] || [ $tries -eq 0 ]; do
        tries=$((tries - 1))
        sleep 0.01
    done
    sleep "$1"
    kill -9 $run
    wait $run 2>/dev/null || true
    status=0
    "$ASSAY" attach latest >"$work/killed-$1.out" 2>&1 || status=$?
    echo $status >"$work/killed-$1.code"
    "$ASSAY" logs latest >"$work/killed-$1.log" 2>&1 || true
}
moments='0 0.05 0.1 0.2 0.3 0.6 1 1.5 2.2'
attached=
for moment in $moments; do
    killed_after "$moment" &
    attached="$attached $!"
done
# shellcheck disable=SC2086 # several
wait $attached
for moment in $moments; do
    killed=$work/killed-$moment
    status=$(cat "$killed.code")
    if [ "$status" -eq 0 ] && cmp -s "$work/ticks" "$killed.log"; then
        pass "killed after $moment s, attached to"
    elif [ "$status" -eq 5 ] && [ ! -s "$killed.log" ] &&
        grep -qE 'ended without a result|was never made|has no Job|has ended: lost' "$killed.out"
    then
        pass "killed after $moment s: before all was created"
    else
        fail "killed after $moment s, attached to" "exit code $status" \
            "$(tail -n 3 "$killed.out")" "$(diff "$work/ticks" "$killed.log" | head)"
    fi
done
no_more jobs 'no Job of them is left'
"$ASSAY" run "$flows/ticks.yaml" --detach >"$work/out"
id=$(grep -E '^[0-9a-f]{16}$' "$work/out")
expect 'attached to from another machine' 0 'tick 39' \
    env XDG_STATE_HOME="$work/elsewhere" "$ASSAY" attach "$id"
"$ASSAY" run "$flows/slow.yaml" --detach >/dev/null
sleep 1
expect 'aborted' 130 'aborted by the user' "$ASSAY" abort latest
has 'its log is kept' 'tick 1'
no_more jobs 'and no Job is left'
rm -f "$work/followed"
"$ASSAY" run "$flows/slow.yaml" >"$work/followed" 2>&1 &
run=$!
wait_for 10 grep -q 'tick 3' "$work/followed"
expect 'attach leaves a run to the process that follows it' 2 \
    'is followed by another process' "$ASSAY" attach latest
expect 'abort of a run that another process follows' 0 'told to end' \
    "$ASSAY" abort latest
status=0
wait $run || status=$?
[ $status -eq 130 ] && pass 'it ends as aborted' ||
    fail 'it ends as aborted' "exit code $status" "$(cat "$work/followed")"

# Security.
expect 'a namespace that enforces restricted' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml" -n strict
expect 'is found out' 0 '"security":"restricted"' \
    "$ASSAY" show latest --output ndjson
cat >"$work/more.yaml" <<YAML
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: more}
spec:
  container:
    securityContext: {privileged: true}
  steps:
    - shell: echo ran, \$HOME
YAML
expect 'more than a namespace admits' 4 \
    "the profile 'restricted' admits: container 'steps-1': securityContext.privileged" \
    "$ASSAY" run "$work/more.yaml" -n strict
expect 'the same of baseline' 4 \
    "the profile 'baseline' admits: container 'steps-1': securityContext.privileged" \
    "$ASSAY" run "$work/more.yaml" -n based
no_more jobs 'and nothing is created'
expect 'a namespace that enforces nothing' 0 'ran' \
    "$ASSAY" run "$work/more.yaml"
expect 'more than the profile of the command line' 4 'more.yaml:6:35: error[S503]' \
    "$ASSAY" run "$work/more.yaml" --security baseline
expect 'which a plan tells as well' 4 'more.yaml:6:35: error[S503]' \
    "$ASSAY" plan "$work/more.yaml" --security restricted
sed '/container:/,/securityContext/d' "$work/more.yaml" >"$work/less.yaml"
expect 'the home of the user of restricted' 0 'ran, /tmp' \
    "$ASSAY" run "$work/less.yaml" -n strict
expect 'privileged adds nothing' 0 'ran' \
    "$ASSAY" run "$work/less.yaml" --security privileged --keep always
kubectl get pods -o yaml >"$work/out"
has_not 'no profile' 'RuntimeDefault'
has_not 'no word about escalation' 'allowPrivilegeEscalation'
kubectl delete jobs --all >/dev/null 2>&1
expect 'restricted by wish' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml" --security restricted --keep always
kubectl get pods -o yaml >"$work/out"
has 'no root' 'runAsNonRoot: true'
has 'no capabilities' '- ALL'
has 'no writable image' 'readOnlyRootFilesystem: true'
has 'no token' 'automountServiceAccountToken: false'
kubectl delete jobs --all >/dev/null 2>&1
rules '[{action: refuse-pod, namespace: strict, message: "violates PodSecurity \"restricted:latest\""}]'
expect 'baseline in a namespace that wants more' 5 'violates PodSecurity' \
    "$ASSAY" run "$flows/steps.yaml" -n strict --security baseline \
    --start-timeout 4s
rules
expect 'with a service account' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml" --service-account checker --keep always
kubectl get pods -o yaml >"$work/out"
has 'its name' 'serviceAccountName: checker'
has 'its token' 'automountServiceAccountToken: true'
kubectl delete jobs --all >/dev/null 2>&1

# doctor.
expect 'doctor' 0 'Kubernetes v1.32' "$ASSAY" doctor
has 'the clocks are compared' "agrees with the server's"
has 'finds nothing wrong' 'ok  permissions'
rules '[{verb: create, resource: jobs, status: 403}]'
expect 'doctor with rights missing' 5 'create jobs' "$ASSAY" doctor
rules
expect 'doctor, nobody there' 5 'connect to' \
    "$ASSAY" doctor --kubeconfig "$work/unreachable"
expect 'doctor without a cluster' 0 'none: runs can only go' \
    env -u KUBECONFIG "$ASSAY" doctor
expect 'the rights' 0 'kind: RoleBinding' "$ASSAY" doctor --rbac -n shop
has 'in the namespace' 'namespace: shop'

# Options that do not fit.
expect 'host options are refused' 2 '--sandbox is for --runtime host' \
    "$ASSAY" run "$flows/steps.yaml" --sandbox none
expect 'and the other way round' 2 '--keep is for --runtime kubernetes' \
    "$ASSAY" run "$flows/steps.yaml" --runtime host --keep always
expect 'a profile that is none' 2 'expected auto, restricted, baseline or privileged' \
    "$ASSAY" run "$flows/steps.yaml" --security high
finish
