#!/bin/sh
# kill -9 of the engine at many moments of its life: nothing of the run is left after
# 5 s, and the history opens, is whole, and knows how each run ended.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap perl sqlite3

mkdir "$work/tmp"
export TMPDIR="$work/tmp" ASSAY_RUNTIME=host
database=$XDG_STATE_HOME/assay/history.db
# One whose first step leaves a process behind, which takes half a second to end, and
# one that is over soon: it is killed when it ends too.
workflow() { # workflow NAME FIRST_STEP
    cat >"$work/$1.yaml" <<YAML
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: $1}
spec:
  steps:
    - shell: $2
    - shell: mkdir -p /tmp/deep/er; echo x >/tmp/deep/er/file
  after:
    - {condition: always, shell: echo end}
YAML
}
workflow daemon '(setsid sleep 600 &); i=0; while [ $i -lt 300 ]; do echo $i; i=$((i + 1)); done'
workflow soon 'echo x'
sqlite() { sqlite3 "$database" "$1"; }

# The history is there before the first kill, as it is for most users. The last kills
# come when a run is over, as far as this machine is as fast as it was.
expect 'a run' 0 passed "$ASSAY" run "$work/soon.yaml"
begin=$(date +%s%N)
"$ASSAY" run "$work/soon.yaml" >/dev/null
step=$((($(date +%s%N) - begin) / 10 / 1000000 + 1))
for kind in daemon soon 'daemon --sandbox none'; do
    status=0
    # shellcheck disable=SC2086
    perl "$here/kill_runs.pl" 15 "$step" "$ASSAY" run "$work/"${kind%% *}.yaml \
        ${kind#"${kind%% *}"} >"$work/out" 2>&1 || status=$?
    [ "$status" -eq 77 ] && exit 77
    [ "$status" -eq 0 ] && pass "no process is left: $(cat "$work/out")" ||
        fail "killed $kind" "$(cat "$work/out")"
    wait_for 5 sh -c "[ -z \"\$(ls '$TMPDIR')\" ]" && pass 'no folder is left' ||
        fail 'folders are left' "$(ls "$TMPDIR")"
    expect 'the history opens' 0 ID "$ASSAY" history
    open=$(sqlite "SELECT count(*) FROM run WHERE status IN ('queued', 'running')")
    [ "$open" = 0 ] && pass 'every run has an end' || fail 'without an end' "$open"
    [ "$(sqlite 'PRAGMA integrity_check')" = ok ] && pass 'the history is whole' ||
        fail 'the history is damaged'
done
[ "$(sqlite "SELECT count(*) FROM run WHERE status = 'lost'")" -gt 0 ] &&
    pass 'some are lost' || fail 'none is lost'
[ "$(sqlite "SELECT count(*) FROM run WHERE status NOT IN ('lost', 'passed')")" = 0 ] &&
    pass 'and no other end' || fail 'another end' "$("$ASSAY" history)"

# What a restart of the machine leaves: no process at all, but the folder.
folder=$TMPDIR/assay-run-0123456789abcdef
mkdir -m 700 "$folder" "$folder/volumes"
touch "$folder/volumes/secret"
sqlite "INSERT INTO run (id, workflow, runtime, digest, status, queued, started, process,
        process_start, process_space, boot, machine)
    SELECT 'restarted', workflow, runtime, digest, 'running', queued, started, 1, 1,
        process_space, 'before', machine FROM run LIMIT 1;
    INSERT INTO event SELECT last_insert_rowid(), sequence, time, kind, body
        FROM event WHERE run = 1 AND kind IN ('run-queued', 'run-started');
    DROP TRIGGER event_no_update;
    UPDATE event SET body = json_set(body, '\$.data.folder', '$folder')
        WHERE kind = 'run-started' AND run = (SELECT number FROM run WHERE id = 'restarted')"
expect 'after a restart' 0 'the machine was restarted while it ran' \
    "$ASSAY" show restarted
[ -e "$folder" ] && fail 'its folder is left' || pass 'its folder is gone'
finish
