#!/bin/sh
# How a run that waits for somebody looks from outside, and after it was ended.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap
cat >"$work/paused.yaml" <<'EOF'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: paused}
spec:
  steps:
  - {name: Before, shell: echo before}
  - name: Group
    steps:
    - {name: Approve, paused: true, shell: echo approved}
  - {name: Slow, shell: sleep 60, timeout: 1s, optional: true}
EOF
run() { "$ASSAY" run "$work/paused.yaml" --runtime host "$@"; }
is_paused() { "$ASSAY" history --status paused | grep -q "^$short "; }

id=$(run --detach)
short=$(printf %.8s "$id")
if wait_for 20 is_paused; then pass 'the list says that it is paused'; else
    fail 'the list says that it is paused' "$("$ASSAY" history)"
fi
expect 'it is among the running ones' 0 "$short" "$ASSAY" history --status running
expect 'the page says how to go on' 0 "assay resume $id 2.1" "$ASSAY" show latest
has 'which step waits' '2.1 Approve      paused'
has 'and that its group has begun' 'running'
expect 'JSON says so too' 0 '"status": "paused"' \
    "$ASSAY" show latest --output json
has 'with the step' '"2.1"'
expect 'the list as JSON' 0 '"status": "paused"' "$ASSAY" history --output json
expect 'the log so far' 0 before "$ASSAY" logs latest
has_not 'has nothing of what waits' approved
expect 'it can be ended' 130 'aborted' "$ASSAY" abort "$id"
expect 'then the step is aborted' 0 '2.1 Approve      aborted' \
    "$ASSAY" show latest
has_not 'and does not wait' 'assay resume'
expect 'the list forgets it' 0 'no such runs' "$ASSAY" history --status paused

expect 'without pauses' 0 'approved' run --no-pause
has_not 'nobody is asked' 'assay resume'
has 'a step that takes too long is told' 'longer than the timeout of 1.0 s'
expect 'its page' 0 'timeout' "$ASSAY" show latest
expect 'the log of the group' 0 approved "$ASSAY" logs latest --step 2
finish
