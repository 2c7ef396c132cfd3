#!/bin/sh
# The podman runtime as a user without rights: podman without root, a storage and a
# registry of that user's. Run as root it makes the user for itself alone, in a mount
# namespace where other files stand at /etc/passwd, group, subuid and subgid: nothing
# of the machine is changed. Run as another user it is that user's podman.
set -eu
if [ "$(id -u)" -eq 0 ]; then
    . "$(dirname -- "$0")/checks.sh"
    need podman unshare setpriv newuidmap newgidmap
    if ! unshare --mount true 2>/dev/null || [ ! -e /etc/subuid ] || [ ! -e /etc/subgid ]; then
        echo 'SKIP: no mount namespace, or no /etc/subuid to cover in it'
        exit 77
    fi
    user=58$(printf %03d $(($$ % 1000)))
    mkdir -m 755 "$work/bin" "$work/etc"
    chmod 755 "$work"
    mkdir -m 777 "$work/own"
    for name in passwd group; do
        cat "/etc/$name" >"$work/etc/$name"
    done
    echo "rootless:x:$user:$user::$work/own:/bin/sh" >>"$work/etc/passwd"
    echo "rootless:x:$user:" >>"$work/etc/group"
    echo "rootless:1000000000:65536" >"$work/etc/subuid"
    cp "$work/etc/subuid" "$work/etc/subgid"
    # What the user may not reach in its place.
    cp "$ASSAY" "$work/bin/assay"
    cp "$here"/checks.sh "$here"/podman_setup.sh "$here"/podman_rootless.sh "$work/bin"
    status=0
    # shellcheck disable=SC2016 # for the shell in the namespace
    unshare --mount sh -euc '
        for name in passwd group subuid subgid; do
            mount --bind "$1/etc/$name" "/etc/$name"
        done
        cd "$1/own"
        exec setpriv --reuid "$2" --regid "$2" --init-groups \
            env -i PATH="$PATH" TMPDIR="$1/own" ASSAY="$1/bin/assay" \
            sh "$1/bin/podman_rootless.sh"' - "$work" "$user" || status=$?
    clean_up
    exit "$status"
fi
. "$(dirname -- "$0")/checks.sh"
need newuidmap newgidmap
. "$here/podman_setup.sh"
podman_begin
if [ "$(podman unshare cat /proc/self/uid_map | wc -l)" -lt 2 ]; then
    echo "SKIP: this user has no subordinate ids (/etc/subuid)"
    exit 77
fi

run() { "$ASSAY" run "$@" --runtime podman; }

podman_workflow users <<YAML
  steps:
    - name: Root
      run:
        shell: |
          echo "I am \$(id -u), outside \$(awk '\$1 == 0 { print \$2 }' /proc/self/uid_map)"
          echo from root >/data/root; chmod 600 /data/root
    - name: Another
      run:
        image: "$shell_image"
        securityContext: {runAsUser: 4711, runAsGroup: 4712}
        shell: |
          echo "I am \$(id -u):\$(id -g)"
          mkdir -m 700 /data/own; echo kept >/data/own/file; chmod 600 /data/own/file
          ! cat /data/root 2>/dev/null || exit 1
      artifacts: {paths: ['/data/own/**']}
YAML
expect 'root of a container is this user' 0 "I am 0, outside $(id -u)" run "$work/users.yaml"
has 'another user of it is another here' 'I am 4711:4712'
has 'the image is verified' "image of container 'steps-1': verified"
has 'its file is collected' '1 artifact'
[ -z "$(ls -A "$TMPDIR")" ] && pass 'nothing of it is left here' ||
    fail 'left' "$(ls -lnR "$TMPDIR")"

# A controller that was not delegated to this user would be an error of podman's.
delegated=/sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id -u).service
podman_workflow limits <<'YAML'
  steps:
    - run: {resources: {limits: {memory: 64Mi, cpu: 500m}}, shell: echo limited}
YAML
expect 'limits do not keep it from running' 0 limited run "$work/limits.yaml"
[ -e "$delegated/cgroup.controllers" ] || has 'but have no effect, which is told' \
    'may not limit memory'

# What another user of a container left goes away however the run ends.
podman_workflow slow <<YAML
  steps:
    - run:
        securityContext: {runAsUser: 4711, runAsGroup: 4711}
        shell: mkdir -m 700 /data/own; touch /data/own/file; echo begun; sleep 33.$$
YAML
for signal in INT KILL; do
    rm -f "$work/slow.out"
    "$ASSAY" run "$work/slow.yaml" --runtime podman >"$work/slow.out" 2>&1 &
    pid=$!
    wait_for 20 grep -q begun "$work/slow.out"
    kill -$signal "$pid"
    code=0
    wait "$pid" 2>/dev/null || code=$?
    case $signal-$code in
    INT-130) pass 'aborted with 130' ;;
    KILL-137) expect 'the run is lost' 0 lost "$ASSAY" show latest ;;
    *) fail "ended by $signal" "exit code $code" "$(cat "$work/slow.out")" ;;
    esac
    wait_for 10 sh -c "[ -z \"\$(podman ps --all --quiet)\" ] &&
        ! pgrep -f 's[l]eep 33.$$' && [ -z \"\$(ls -A '$TMPDIR')\" ]" &&
        pass "nothing is left after $signal" ||
        fail "left after $signal" "$(podman ps --all; ls -lnR "$TMPDIR")"
done
finish
