#!/bin/sh
# The same workflows with their containers at once, one after another, and each
# top-level step in a Job of its own: the same exit code, the same events of their
# steps, the same output.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap perl

# compare FILE OPTIONS...
compare() {
    file=$1
    shift
    name=$(basename "$file" .yaml)
    set -- "$ASSAY" run "$file" --runtime host "$@"
    record gated "$@" --sequence gated --isolation pod
    record chained "$@" --sequence chained --isolation pod
    record step "$@" --isolation step
    told_alike "$name" gated chained
    told_alike "$name" gated step
}

for file in "$here"/parity/*.yaml; do
    # Which step a killed container takes with it differs: all of a pod, or its own.
    case $(basename "$file") in
    killed.yaml | parameters.yaml) continue ;;
    esac
    # Each step in a container of its own.
    sed 's/^spec:/&\n  system: {isolatedContainers: true}/' "$file" \
        >"$work/$(basename "$file")"
    compare "$work/$(basename "$file")"
done

cat >"$work/own.yaml" <<'EOF'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: own}
spec:
  system: {isolatedContainers: true}
  setup:
  - {name: Before, shell: 'echo "$(id -u)" >/data/user; mkdir /tmp/shared'}
  steps:
  - name: Write
    id: write
    shell: echo value >/testkube/outputs/key; echo x >{{ step.results }}/file
    artifacts: {paths: [/data/.steps/**]}
  - {name: Wait, delay: 10ms}
  - {name: Read, shell: 'test "{{ step.write.outputs.key }}" = value; cat {{ step.write.results }}/file; test -d /tmp/shared'}
  - name: A group
    timeout: 1m
    optional: true
    steps: [{shell: exit 7}, {condition: failed, shell: echo after a failure}, {shell: echo no}]
  - {name: Fails, retry: {count: 2}, shell: echo again; exit 3}
  - {name: Not, shell: echo no}
  after:
  - {name: Always, condition: always, shell: 'echo {{ write ? "written" : "" }}'}
EOF
compare "$work/own.yaml"
check() {
    label=$1
    shift
    if "$@"; then pass "$label"; else fail "$label" "$(cat "$work/step.told")"; fi
}
check 'the steps shared their folders' grep -q '"status":"passed"' "$work/step.told"
"$ASSAY" plan "$work/own.yaml" --isolation step --workspace-size 2Gi >"$work/out"
has 'a plan of stages' 'kind: PersistentVolumeClaim'
has 'of that size' 'storage: 2Gi'
expect 'a size that is none' 3 'is no amount' \
    "$ASSAY" plan "$work/own.yaml" --isolation step --workspace-size many
expect 'a word that is none' 2 'expected pod, step' \
    "$ASSAY" plan "$work/own.yaml" --isolation none
finish
