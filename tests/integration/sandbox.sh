#!/bin/sh
# The host runtime's sandbox, through the command: what steps cannot see, abort,
# deadline, and that nothing is left behind.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap

# Run folders are made here, so that one left behind can be told from others'.
mkdir "$work/tmp"
export TMPDIR="$work/tmp"

run() { "$ASSAY" run "$@" --runtime host; }

echo 'my private key' >"$HOME/key"
workflow look <<YAML
  steps:
    - name: Look around
      shell: |
        ! cat "$HOME/key" 2>/dev/null || exit 1
        ! ls /root 2>/dev/null || exit 1
        ! ls "$work" 2>/dev/null || exit 1
        [ -z "\$(ls -A /run 2>/dev/null)" ] || exit 1
        ! ls /var/lib 2>/dev/null || exit 1
        ! cat /etc/shadow 2>/dev/null || exit 1
        ! touch /usr/x 2>/dev/null || exit 1
        echo "variables: \$(env | cut -d= -f1 | sort | tr '\n' ' ')"
        echo data >/data/x; echo tmp >/tmp/x; echo out >/testkube/x
        echo "here" >here; cmp here /data/here
        echo "pid 1 is \$(cut -d ' ' -f 2 /proc/1/stat)"
        echo "the end"
YAML
export VERY_PRIVATE=yes
expect 'the sandbox hides the machine' 0 'the end' run "$work/look.yaml"
has_not 'no variable of ours' VERY_PRIVATE
has_not 'no token' ASSAY_TOKEN
has 'a pid namespace of its own' 'pid 1 is (entrypoint'

workflow user <<'YAML'
  container: {securityContext: {runAsUser: 4711, runAsNonRoot: true}}
  steps:
    - shell: echo "by $(id -u)" >/var/tmp/x; cat /var/tmp/x; ls -d /var/run/
YAML
expect 'a user of its own finds its places' 0 /var/run/ run "$work/user.yaml"

workflow net <<'YAML'
  steps:
    - shell: |
        echo "interfaces: $(ls /sys/class/net 2>/dev/null || tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' | tr '\n' ' ')"
YAML
expect 'no network' 0 'interfaces: lo ' run "$work/net.yaml" --network none
expect 'the choice is recorded' 0 none "$ASSAY" show latest --output json

workflow plain <<'YAML'
  steps:
    - shell: echo plain
YAML
expect 'no sandbox when asked' 0 plain run "$work/plain.yaml" --sandbox none
expect 'which is recorded' 0 '"sandbox": "none"' \
    "$ASSAY" show latest --output json

# Abort: exit code 130, recorded, no process left.
# The number makes the process one that can be found among all others.
workflow slow <<YAML
  steps:
    - name: Slow
      shell: echo begun; sleep 9$$.5
YAML
"$ASSAY" run "$work/slow.yaml" --runtime host >"$work/slow.out" 2>&1 &
pid=$!
wait_for 10 grep -q begun "$work/slow.out"
kill -INT "$pid"
code=0
wait "$pid" || code=$?
[ "$code" -eq 130 ] && pass 'aborted with 130' || fail 'abort' "exit code $code"
expect 'the history says so' 0 aborted "$ASSAY" show latest
pgrep -f "s[l]eep 9$$.5" >/dev/null && fail 'a process is left' || pass 'nothing runs on'

rm -f "$work/slow.out"
# kill -9 of the engine: nothing is left, and the run is found lost.
"$ASSAY" run "$work/slow.yaml" --runtime host >"$work/slow.out" 2>&1 &
pid=$!
wait_for 10 grep -q begun "$work/slow.out"
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
wait_for 5 sh -c "! pgrep -f 's[l]eep 9$$.5'" &&
    pass 'nothing runs on after kill -9' || fail 'a process is left after kill -9'
expect 'the run is lost' 0 lost "$ASSAY" show latest
expect 'the history opens' 0 lost "$ASSAY" history

workflow deadline <<'YAML'
  job: {activeDeadlineSeconds: 1}
  steps:
    - shell: sleep 30
YAML
expect 'a deadline is 6' 6 timeout run "$work/deadline.yaml"

workflow forge <<'YAML'
  steps:
    - shell: |
        echo '::assay:00000000000000000000000000000000:{"event":"finish","step":"1","status":"passed","exitCode":0,"time":1}'
        exit 1
YAML
expect 'a step cannot forge its status' 1 failed run "$work/forge.yaml"

# A file of the workflow is one mounted file of the sandbox.
workflow file <<'YAML'
  content:
    files: [{path: /data/given.txt, content: hello}]
  steps:
    - artifacts: {workingDir: /data, paths: ['*.txt']}
YAML
expect 'a file of the workflow can be an artifact' 0 '1 artifact' \
    run "$work/file.yaml"

leftover=$(find "$TMPDIR" -mindepth 1 | head -n 3)
[ -z "$leftover" ] && pass 'no folder is left behind' || fail 'folders left' "$leftover"
finish
