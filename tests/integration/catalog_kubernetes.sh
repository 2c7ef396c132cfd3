#!/bin/sh
# The catalog's checks of a cluster, with a real kubectl against the test server.
# Usage: ASSAY=path/to/assay KUBE_SERVER=path/to/test-kube-server \
#     tests/integration/catalog_kubernetes.sh
# With ASSAY=tests/kube/catalog/run_script.sh the scripts run without Assay, with
# the kubectl of PATH and the shell of SHELL_PROGRAM.
set -eu
. "$(dirname -- "$0")/checks.sh"
need kubectl bwrap
. "$here/kubernetes_setup.sh"
catalog=$root/marketplace/catalog/workflows
inputs=$root/tests/kube/catalog

cluster_begin --objects "$inputs/objects.yaml" --rules "$inputs/rules.yaml"

# check FILE CODE TEXT NAME=VALUE...
check() {
    file=$1 code=$2 text=$3
    shift 3
    name="$(basename "$file" .yaml):"
    for assignment; do
        name="$name $assignment"
        set -- "$@" --config "$assignment"
        shift
    done
    expect "$name: exit code $code" "$code" "$text" \
        "$ASSAY" run "$file" --runtime host --expose kubeconfig "$@"
}

pods=$catalog/kubernetes/pods/pod-health-check.yaml
claims=$catalog/storage/persistent-volumes/pv-attachment-check.yaml
ingresses=$catalog/networking/ingress/ingress-health-check.yaml

# Pods.
check "$pods" 0 'ok: 3 pods in namespace healthy' namespaces=healthy
check "$pods" 1 'FAIL: pod healthy/web-0: container sidecar was restarted 10 times, allowed are 9' \
    namespaces=healthy max_restarts=9
check "$pods" 1 'FAIL: pod healthy/backup: phase Succeeded' \
    namespaces=healthy allowed_phases=Running
check "$pods" 1 'FAIL: pod pending/stuck: phase Pending' namespaces=pending
check "$pods" 0 'ok: 1 pods in namespace pending' \
    namespaces=pending 'allowed_phases=Running , Pending'
check "$pods" 1 'FAIL: pod failed/evicted: phase Failed (Evicted)' \
    namespaces=failed
check "$pods" 1 'FAIL: pod restarts/often: container main was restarted 11 times, allowed are 10' \
    namespaces=restarts
has 'init containers count' 'container first was restarted 12 times'
check "$pods" 0 'ok: 1 pods in namespace restarts' \
    namespaces=restarts max_restarts=12
check "$pods" 1 'FAIL: pod looping/loop: container main is waiting: CrashLoopBackOff' \
    namespaces=looping
check "$pods" 0 'note: pod leaving/goer is being deleted: not judged' \
    namespaces=leaving
check "$pods" 1 'FAIL: pod pending/stuck' namespaces=pending,healthy
has 'the other namespace is looked at too' 'ok: 3 pods in namespace healthy'

# Claims.
check "$claims" 0 'ok: claim healthy/data is mounted by pod web-0' \
    namespaces=healthy
has 'a block device' 'ok: claim healthy/block is mounted by pod cache-0'
has 'an ephemeral claim' \
    'ok: claim healthy/cache-0-scratch is mounted by pod cache-0'
check "$claims" 1 'FAIL: claim unmounted/lonely is not mounted by a running pod (the claim is Pending)' \
    namespaces=unmounted
check "$claims" 1 'FAIL: claim prefix/data is not mounted' namespaces=prefix
has 'names are compared as a whole' 'ok: claim prefix/data-old is mounted'
has 'also their ends' 'FAIL: claim prefix/old is not mounted'
check "$claims" 1 'FAIL: claim stopped/data is not mounted' namespaces=stopped
check "$claims" 1 'FAIL: claim listed/data is not mounted' namespaces=listed
check "$claims" 0 'note: claim leaving/goes-too is being deleted: not judged' \
    namespaces=leaving
check "$claims" 1 'FAIL: cannot list pods in namespace half' namespaces=half

# Ingresses.
check "$ingresses" 0 'ok: ingress healthy/front: service web' \
    namespaces=healthy
has 'a condition that is not told' 'ok: ingress healthy/front: service api'
has 'a resource' 'note: ingress healthy/front: backend Bucket files is not a service: not judged'
check "$ingresses" 1 'FAIL: ingress unready/front: service web has no ready endpoint' \
    namespaces=unready
check "$ingresses" 1 'FAIL: ingress gone/front: service web does not exist' \
    namespaces=gone
check "$ingresses" 1 'FAIL: ingress bare/front: there is no backend' \
    namespaces=bare
check "$ingresses" 0 'note: ingress elsewhere/front: service far is an external name: not judged' \
    namespaces=elsewhere
check "$ingresses" 0 'note: ingress bucket/front: backend Bucket files is not a service: not judged' \
    namespaces=bucket
check "$ingresses" 0 'ok: ingress old/front: service web' namespaces=old
has 'says where it looked' 'looking at Endpoints'
check "$ingresses" 1 'FAIL: ingress old-unready/front: service web has no ready endpoint' \
    namespaces=old-unready
check "$ingresses" 1 'FAIL: cannot list endpoints in namespace half' \
    namespaces=half
has 'with the reason for the slices' 'cannot list resource "endpointslices"'

# What no check may pass.
for file in "$pods" "$claims" "$ingresses"; do
    check "$file" 1 'is forbidden: User "tester" cannot list resource' \
        namespaces=denied
    has 'says what it could not see' 'FAIL: cannot list'
    check "$file" 1 'is forbidden' namespaces=healthy,denied
    check "$file" 1 'namespaces "missing" not found' namespaces=missing
    has 'says that it cannot tell' \
        'FAIL: cannot tell whether namespace missing exists'
    check "$file" 1 'FAIL: cannot tell whether namespace hidden exists' \
        namespaces=hidden
    check "$file" 1 'the store is away' namespaces=broken
    check "$file" 1 "FAIL: 'Shop;id' is not the name of a namespace" \
        'namespaces=healthy, Shop;id'
    check "$file" 1 "FAIL: '*' is not the name of a namespace" 'namespaces=*'
    check "$file" 1 'FAIL: no namespace is given' 'namespaces= , ,'
    check "$file" 0 'nothing to check: no ' namespaces=empty
    check "$file" 1 'FAIL: nothing to check: no ' \
        namespaces=empty fail_when_empty=true
    check "$file" 0 'nothing to check: no ' 'namespaces= , healthy,, empty ,'
done

# Servers that do not answer, or not us.
sed "s/:$(cat "$work/port")/:1/" "$work/kubeconfig" >"$work/unreachable"
sed 's/token: [0-9a-f]*/token: wrong/' "$work/kubeconfig" >"$work/unauthorized"
for file in "$pods" "$claims" "$ingresses"; do
    KUBECONFIG="$work/unreachable"
    check "$file" 1 'was refused' namespaces=healthy
    KUBECONFIG="$work/unauthorized"
    check "$file" 1 'FAIL: cannot list' namespaces=healthy
done
KUBECONFIG="$work/kubeconfig"

# A machine without kubectl, with no more than the check needs.
mkdir "$work/bin"
for tool in sh env awk cat mktemp rm tr wc; do
    ln -s "$(command -v "$tool")" "$work/bin/$tool"
done
for file in "$pods" "$claims" "$ingresses"; do
    expect "$(basename "$file" .yaml): no kubectl" 1 \
        'FAIL: kubectl is not here' \
        env PATH="$work/bin" sh "$inputs/run_script.sh" run "$file"
done
finish
