#!/bin/sh
# Runs as Jobs of the test cluster that does to them what clusters do of their own:
# webhooks, quotas, volumes that do not come, images that take long, a server that
# starts again.
# Usage: ASSAY=path/to/assay KUBE_SERVER=path/to/test-kube-server \
#     tests/integration/kubernetes_weather.sh
set -eu
. "$(dirname -- "$0")/checks.sh"
need kubectl bwrap curl
. "$here/kubernetes_setup.sh"
flows=$here/kubernetes
export ASSAY_RUNTIME=kubernetes
# shellcheck disable=SC2119 # without options
cluster_begin

# flow NAME SPEC: a workflow in $work/NAME.yaml.
flow() { echo "$2" | sed 's/^/  /' | workflow "$1"; }

no_jobs() {
    if wait_for 10 sh -c '[ -z "$(kubectl get jobs,pods -o name)" ]'; then
        pass "$1"
    else
        fail "$1" "$(kubectl get jobs,pods)"
    fi
}

# Containers that a webhook puts into the pod.
rules '[{action: put-container, put: mesh}]'
expect 'a proxy that never ends' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml"
has 'the image of each container is looked at' \
    "image of container 'steps-1': verified"
no_jobs 'nothing is left of it'
expect 'the same after a failure' 1 "step 'fourth' failed with exit code 4" \
    "$ASSAY" run "$flows/steps.yaml" --config exit_code=4
no_jobs 'which is not kept, since nobody would end it'
expect 'a chain behind it' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml" --sequence chained
expect 'left alone and taken up again' 0 '' \
    "$ASSAY" run "$flows/ticks.yaml" --detach
expect 'which ends as well' 0 'tick 39' "$ASSAY" attach latest
no_jobs 'and leaves nothing'
rules '[{action: put-container, put: mesh-init, initial: true, message: "exit 0"}]'
expect 'an initContainer that passes' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml"
expect 'a chain behind that' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml" --sequence chained
rules '[{action: put-container, put: mesh-init, initial: true, message: "exit 3"}]'
expect 'one that fails' 5 \
    "container 'mesh-init', which the cluster has put into the pod, ended with exit code 3" \
    "$ASSAY" run "$flows/steps.yaml" --keep never

# Images that a webhook rewrites.
pinned=sha256:1111111111111111111111111111111111111111111111111111111111111111
other=sha256:2222222222222222222222222222222222222222222222222222222222222222
flow pinned "{steps: [{run: {image: \"alpine@$pinned\", shell: sleep 1}}]}"
rules "[{action: rewrite-image, image: \"alpine@*\", digest: \"$other\"}]"
expect 'another image than the workflow pins' 0 \
    "image of container 'steps-1': unverified" "$ASSAY" run "$work/pinned.yaml"
has_not 'whatever the pod asks for' "'steps-1': verified"
rules ''

# What a pod waits for on its node.
flow volume '{pod: {volumes: [{name: v, secret: {secretName: nowhere}}]}, container: {volumeMounts: [{name: v, mountPath: /v}]}, steps: [{run: {image: "busybox:1", shell: echo ran}}]}'
expect 'a volume that does not come' 5 'the containers of the pod do not run yet (FailedMount:' \
    "$ASSAY" run "$work/volume.yaml" --start-timeout 8s
has 'by name' 'nowhere'
rules '[{verb: list, resource: events, status: 403}]'
expect 'who may not read events' 5 'the containers of the pod do not run yet, for 8.0 s' \
    "$ASSAY" run "$work/volume.yaml" --start-timeout 8s
rules '[{action: pull-slowly, image: "*busybox*", delay: 7s}]'
expect 'an image that takes long' 0 'waiting: the containers of the pod do not run yet (Pulling image "' \
    "$ASSAY" run "$flows/steps.yaml"
rules ''

flow waits '{timeouts: {initialization: 2s}, pod: {nodeSelector: {no: node}}, steps: [{shell: echo ran}]}'
expect 'a workflow that says how long it may take' 5 'for 2.0 s' \
    "$ASSAY" run "$work/waits.yaml"

# Nodes that cannot execute the entrypoint.
node=$(kubectl get nodes -o name)
kubectl label "$node" kubernetes.io/arch=other --overwrite >/dev/null
expect 'a node of another processor' 5 \
    'the program that carries out the steps is for nodes of' \
    "$ASSAY" run "$flows/steps.yaml" --start-timeout 2s
expect 'an image that runs its own command can go there' 1 own \
    "$ASSAY" run "$flows/bare.yaml" --keep never
case $(uname -m) in
x86_64) processor=amd64 ;;
aarch64) processor=arm64 ;;
*) processor=$(uname -m) ;;
esac
kubectl label "$node" "kubernetes.io/arch=$processor" --overwrite >/dev/null
expect 'a node of ours' 0 'in the second container' \
    "$ASSAY" run "$flows/steps.yaml"

# A node that is lost: what runs there is deleted some day, and says no more.
rules '[{action: lose-node, delay: 500ms}]'
rm -f "$work/out"
"$ASSAY" run "$flows/slow.yaml" --keep never >"$work/out" 2>&1 &
run=$!
wait_for 20 grep -q 'tick 1' "$work/out"
sleep 1
kubectl delete pods --all --grace-period=1 --wait=false >/dev/null
status=0
wait $run || status=$?
[ $status -eq 5 ] && pass 'a node that is lost' ||
    fail 'a node that is lost' "exit code $status" "$(cat "$work/out")"
has 'by name' "does not say that it has ended"
kubectl delete pods --all --grace-period=0 --force >/dev/null 2>&1 || true
rules ''

# A log whose stream says nothing more, though its container does.
flow long '{steps: [{run: {image: "busybox:1", shell: "for i in $(seq 0 299); do echo tick $i; sleep 0.1; done"}}]}'
rules '[{action: cut, resource: pods/log, bytes: 900, stall: true, times: 1}]'
rm -f "$work/out"
"$ASSAY" run "$work/long.yaml" >"$work/out" 2>&1 &
run=$!
wait_for 28 grep -q 'tick 150' "$work/out" && kill -0 $run 2>/dev/null &&
    pass 'a log whose stream says nothing more' ||
    fail 'a log whose stream says nothing more' "$(tail -n 3 "$work/out")"
status=0
wait $run || status=$?
seq 0 299 | sed 's/^/tick /' >"$work/ticks"
"$ASSAY" logs latest >"$work/log"
[ $status -eq 0 ] && cmp -s "$work/ticks" "$work/log" &&
    pass 'no line of it is lost' ||
    fail 'no line of it is lost' "exit code $status" \
        "$(diff "$work/ticks" "$work/log" | head)"
rules ''

# What steps ask of the cluster themselves.
flow asks '{steps: [{run: {image: "busybox:1", shell: "true || kubectl get pods"}}]}'
expect 'kubectl without a service account' 0 'no service account is named' \
    "$ASSAY" run "$work/asks.yaml"
expect 'which is told with the run' 0 'no service account is named' \
    "$ASSAY" show latest
expect 'with one' 0 '' "$ASSAY" run "$work/asks.yaml" --service-account default
has_not 'there is nothing to say' 'no service account is named'

# A pod of somebody else with the labels of the run.
rules '[{action: refuse-pod, name: "assay-ticks*", times: 3}]'
rm -f "$work/out"
"$ASSAY" run "$flows/ticks.yaml" >"$work/out" 2>&1 &
run=$!
wait_for 20 grep -q 'assay-ticks-' "$work/out"
id=$(sed -n 's/^. run \([0-9a-f]*\):.*/\1/p' "$work/out")
kubectl run --image=busybox:1 --restart=Never other \
    --labels "assay.dev/run=$id" -- true >/dev/null
status=0
wait $run || status=$?
[ $status -eq 0 ] && pass 'a pod with the labels of another run' ||
    fail 'a pod with the labels of another run' "exit code $status" \
        "$(cat "$work/out")"
kubectl delete pods --all --grace-period=0 --force >/dev/null 2>&1 || true
rules ''

# What is on the way.
expect 'a proxy is not for a server on this machine' 0 'in the second container' \
    env https_proxy=http://127.0.0.1:1 no_proxy= "$ASSAY" run "$flows/steps.yaml"
sed "s/127.0.0.1:$(cat "$work/port")/localhost:$(cat "$work/port")/" \
    "$work/kubeconfig" >"$work/named"
expect 'nor for one that is called localhost' 0 'Kubernetes v1.32' \
    env https_proxy=http://127.0.0.1:1 no_proxy= \
    "$ASSAY" doctor --kubeconfig "$work/named"
perl "$here/gate.pl" "$(cat "$work/port")" "$work/gate" &
gate=$!
servers="$servers $gate"
wait_for 10 test -s "$work/gate"
sed "s/:$(cat "$work/port")/:$(cat "$work/gate")/" "$work/kubeconfig" \
    >"$work/gated"
seq 0 39 | sed 's/^/tick /' >"$work/ticks"
rm -f "$work/out"
"$ASSAY" run "$flows/ticks.yaml" --kubeconfig "$work/gated" >"$work/out" 2>&1 &
run=$!
wait_for 20 grep -q 'tick 3' "$work/out"
kill -USR1 $gate
status=0
wait $run || status=$?
"$ASSAY" logs latest >"$work/log"
if [ $status -eq 0 ] && cmp -s "$work/ticks" "$work/log"; then
    pass 'a server that starts again behind a balancer'
else
    fail 'a server that starts again behind a balancer' "exit code $status" \
        "$(cat "$work/out")"
fi
finish
