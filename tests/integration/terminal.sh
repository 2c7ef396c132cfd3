#!/bin/sh
# A run on a real terminal: Ctrl-C, which all processes of the command get, once and
# twice; a terminal that closes; a shell that is killed.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap python3

mkdir "$work/tmp"
export TMPDIR="$work/tmp" ASSAY_RUNTIME=host
# The number in `sleep` makes a process one that can be found among all others.
workflow long <<YAML
  steps:
    - {name: Long, shell: "echo begun; sleep 5$$.5"}
    - {name: Next, condition: always, shell: echo next}
  after:
    - {name: Clean, condition: always, shell: "echo cleaning; sleep 1; echo cleaned"}
YAML
terminal() { python3 "$here/terminal.py" "$@"; }
run() { terminal "$@" -- "$ASSAY" run "$work/long.yaml"; }
has_ended() { ! "$ASSAY" history --status running -o json | grep -q '"id"'; }
nothing_left() {
    wait_for 5 sh -c "! pgrep -f 's[l]eep 5$$.5' && [ -z \"\$(ls '$TMPDIR')\" ]" &&
        pass "nothing is left: $1" || fail "left: $1" "$(ls "$TMPDIR")"
}

expect 'Ctrl-C' 130 cleaned run begun ^C
has 'in order' '! 1 Long: aborted'
has_not 'nothing else begins' '  next'
expect 'is recorded' 0 'status      aborted' "$ASSAY" show latest
nothing_left Ctrl-C

expect 'Ctrl-C twice' 130 '! 3 Clean: aborted' run begun ^C cleaning ^C
has_not 'is at once' cleaned
expect 'is recorded, too' 0 'status      aborted' "$ASSAY" show latest
nothing_left 'Ctrl-C twice'

# From a shell, as people have one: the kernel tells the shell and the command.
for leader in alone shell; do
    case $leader in
    alone) run begun close >"$work/out" ;;
    shell)
        terminal begun close -- sh -c '"$0" run "$1"; echo after >"$2"' "$ASSAY" \
            "$work/long.yaml" "$work/after" >"$work/out"
        ;;
    esac
    has "it began: $leader" begun
    wait_for 20 has_ended && pass "a terminal that closes ends it: $leader" ||
        fail "it runs on: $leader"
    expect "as aborted: $leader" 0 'status      aborted' "$ASSAY" show latest
    expect "in order: $leader" 0 cleaned "$ASSAY" logs latest
    nothing_left "a closed terminal, $leader"
done

# The shell that started it is killed: the run goes on.
cat >"$work/short.yaml" <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: short}
spec: {steps: [{shell: 'echo begun; sleep 1; echo the end; exit 7'}]}
YAML
sh -c '"$0" run "$1" & wait' "$ASSAY" "$work/short.yaml" >"$work/orphan" 2>&1 &
shell=$!
wait_for 20 grep -q begun "$work/orphan"
kill -9 "$shell"
wait "$shell" 2>/dev/null || true
wait_for 20 has_ended && pass 'a run whose parent is killed ends' || fail 'it runs'
expect 'by itself' 0 'failed with exit code 7' "$ASSAY" show latest
expect 'with all that it said' 0 'the end' "$ASSAY" logs latest
finish
