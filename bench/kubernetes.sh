#!/bin/sh
# A step that does nothing, as a Job of the test cluster: `assay run` beside
# `kubectl create`, `kubectl wait` and `kubectl logs` of the same Job, and what a
# step that prints 1 GiB costs in memory.
# Goal: faster than kubectl; under 32 MiB.   Usage: bench/kubernetes.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
server=${KUBE_SERVER:-$PWD/build/release/tests/kube/test-kube-server}
rounds=${1:-15}
[ -x "$server" ] || {
    echo "bench: no $server: build it with the tests, ci/build release"
    exit 0
}
command -v kubectl >/dev/null || {
    echo 'bench: kubectl is missing; run ci/install-deps bench' >&2
    exit 1
}

# serve RHYTHM: a cluster of its own; KUBECONFIG names it.
serve() {
    "$server" --rhythm "$1" --kubeconfig "$folder/kubeconfig" >"$folder/port" &
    process=$!
    trap 'kill $process 2>/dev/null; rm -rf "$folder"' EXIT
    until [ -s "$folder/port" ]; do sleep 0.1; done
    export KUBECONFIG="$folder/kubeconfig"
    token=$(sed -n 's/.*token: \([0-9a-f]*\).*/\1/p' "$KUBECONFIG")
}

control() {
    curl -ksS -X "$1" -H "Authorization: Bearer $token" \
        "https://127.0.0.1:$(cat "$folder/port")/control/$2"
}

# The same work for kubectl: the Job that Assay would make, without its objects.
cat >"$folder/job.yaml" <<'END'
apiVersion: batch/v1
kind: Job
metadata: {generateName: nothing-}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: nothing, image: alpine, command: [/bin/sh, -c, "true"]}
END
cat >"$folder/kubectl.sh" <<'END'
job=$(kubectl create -f "$1" -o name)
kubectl wait --for=condition=complete "$job" >/dev/null
kubectl logs "$job"
END

count() {
    control DELETE counts >/dev/null
    "$@" >/dev/null 2>&1
    control GET counts | sed 's/,"byKind.*//; s/[{}"]//g; s/,/, /g; s/:/ /g'
    echo
}

for rhythm in fast real; do
    serve $rhythm
    echo "a cluster with the rhythm '$rhythm':"
    "$assay" run bench/nothing.yaml --runtime kubernetes >/dev/null
    printf 'assay:   '
    count "$assay" run bench/nothing.yaml --runtime kubernetes
    printf 'kubectl: '
    count sh "$folder/kubectl.sh" "$folder/job.yaml"
    "$measure" "$rounds" \
        'kubectl create, wait, logs' sh "$folder/kubectl.sh" \
        "$folder/job.yaml" -- \
        'assay run' "$assay" run bench/nothing.yaml --runtime kubernetes
    kill $process
    wait $process 2>/dev/null || true
    rm -f "$folder/port"
done

serve fast
"$assay" run bench/output.yaml --runtime kubernetes >/dev/null &
run=$!
while kill -0 $run 2>/dev/null; do
    sed -n 's/^VmHWM: *//p' "/proc/$run/status" 2>/dev/null >"$folder/now" ||
        true
    [ -s "$folder/now" ] && cp "$folder/now" "$folder/peak"
    sleep 0.1
done
wait $run
printf 'peak of assay, 1 GiB printed: %s\n' "$(cat "$folder/peak")"
printf 'kept in the history: %s bytes\n' "$("$assay" logs latest | wc -c)"
kill $process
