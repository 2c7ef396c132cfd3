#!/bin/sh
# A history on a disk that is full: what is said, what is recorded of a run that
# nobody looks at, and that it is known once there is room again. The disk is a small
# one of a mount namespace of this test's own.
set -eu
if [ -z "${ASSAY_TEST_NAMESPACE:-}" ]; then
    export ASSAY_TEST_NAMESPACE=yes
    options=--mount
    [ "$(id -u)" -eq 0 ] || options='--mount --user --map-root-user'
    # shellcheck disable=SC2086
    if ! unshare $options true 2>/dev/null; then
        echo 'SKIP: there can be no mount namespace here'
        exit 77
    fi
    # shellcheck disable=SC2086
    exec unshare $options sh "$0"
fi
. "$(dirname -- "$0")/checks.sh"
need bwrap
trap 'umount "$XDG_STATE_HOME" 2>/dev/null || true; clean_up' EXIT
mkdir "$XDG_STATE_HOME" "$work/tmp"
export TMPDIR="$work/tmp" ASSAY_RUNTIME=host

steps() { # steps NAME, the first of them on standard input
    {
        echo '  steps:'
        cat
        echo '  - {name: Last, shell: echo "the last"}'
    } | workflow "$1"
}
steps much <<'YAML'
  - {name: First, shell: echo "the first"}
  - {name: Much, shell: 'head -c 20000000 /dev/urandom | base64'}
YAML
steps waits <<'YAML'
  - {name: Wait, shell: sleep 2}
YAML
steps short <<'YAML'
  - {name: First, shell: echo short}
YAML
new_disk() {
    umount "$XDG_STATE_HOME" 2>/dev/null || true
    mount -t tmpfs -o size=2m none "$XDG_STATE_HOME"
}
fill_up() { dd if=/dev/zero of="$XDG_STATE_HOME/ballast" bs=1k 2>/dev/null || true; }
has_ended() { ! "$ASSAY" history --status running -o json | grep -q '"id"'; }
nothing_left() {
    wait_for 5 sh -c "[ -z \"\$(ls -A '$TMPDIR')\" ]" && pass "$1" ||
        fail "$1" "$(ls -A "$TMPDIR")"
}
message='database or disk is full; free some space, or use --db FILE'

# In the foreground it is said.
new_disk
expect 'a full disk ends a run' 5 "$message" "$ASSAY" run "$work/much.yaml" -q
nothing_left 'and nothing is left of it'

# In the background nobody hears it; the record has it.
new_disk
id=$("$ASSAY" run "$work/much.yaml" --detach)
wait_for 30 has_ended && pass 'so it does in the background' || fail 'it runs on'
expect 'the page says why' 0 "$message" "$ASSAY" show "$id"
has 'and what had been done' '1 First  passed'
has 'and what had not' '3 Last   aborted'
expect 'the list says error' 0 ' error ' "$ASSAY" history
expect 'attach says so too' 5 "$message" "$ASSAY" attach "$id"
expect 'the log has what there was room for' 0 'the first' "$ASSAY" logs "$id"
has_not 'and no more' 'the last'
nothing_left 'nothing is left of that'

# Not even room for the end: that becomes known as it does after a kill.
new_disk
id=$("$ASSAY" run "$work/waits.yaml" --detach)
fill_up
wait_for 30 has_ended && pass 'no room at all ends it' || fail 'it runs on'
expect 'it is lost then' 5 'lost' "$ASSAY" attach "$id"
nothing_left 'nothing is left'
rm "$XDG_STATE_HOME/ballast"
expect 'it is so when there is room again' 0 'status      lost' "$ASSAY" show "$id"
expect 'and runs run' 0 'the last' "$ASSAY" run "$work/short.yaml"
finish
