# shellcheck shell=sh
# A container storage, a registry and images of this test's own, all below the
# folder $1: nothing else on the machine is read or changed. Sourced.
#   podman_begin            for a test: skips it where podman cannot work, opens
#                           $work/podman, closes it at the end; $TMPDIR is a folder in
#                           which what a run leaves behind is seen
#   podman_workflow NAME [IMAGE]
#                           $work/NAME.yaml of this image ($shell_image); the rest of
#                           its spec comes from standard input
#   podman_open FOLDER      settings for podman in the environment; 77 with a reason
#                           when it cannot work here
#   podman_image NAME FILE... [-- CHANGE...]
#                           an image with busybox under these paths, pushed to the
#                           registry; $image is its name with the digest there
#   podman_close            removes the storage
# Debian's busybox-static and docker-registry make the images real.

podman_begin() {
    need podman runc docker-registry
    [ -x /bin/busybox ] || { echo 'SKIP: busybox is not installed'; exit 77; }
    # A server may have the storage open, which is unmounted.
    trap 'end_servers; podman_close "$work/podman"; clean_up' EXIT
    podman_open "$work/podman" || exit $?
    mkdir "$work/tmp"
    export TMPDIR="$work/tmp"
}

podman_needs_root() {
    [ "$(id -u)" -eq 0 ] || { echo 'SKIP: made for root (storage in a folder)'; exit 77; }
}

podman_workflow() {
    {
        printf '  container: {image: "%s"}\n' "${2:-$shell_image}"
        cat
    } | workflow "$1"
}

podman_open() {
    folder=$1
    mkdir -p "$folder/registry" "$folder/tmp"
    # Without root sockets are there: a short path, or podman waits for them in vain.
    [ "$(id -u)" -eq 0 ] || {
        podman_sockets=$(mktemp -d /tmp/assay-XXXXXX)
        export XDG_RUNTIME_DIR="$podman_sockets"
    }
    cat >"$folder/containers.conf" <<EOF
[containers]
default_ulimits = []
[engine]
runtime = "${PODMAN_RUNTIME:-runc}"
cgroup_manager = "cgroupfs"
events_logger = "none"
tmp_dir = "$folder/tmp"
EOF
    cat >"$folder/storage.conf" <<EOF
[storage]
driver = "${PODMAN_STORAGE:-overlay}"
runroot = "$folder/run"
graphroot = "$folder/storage"
rootless_storage_path = "$folder/storage"
EOF
    cat >"$folder/policy.json" <<EOF
{"default": [{"type": "insecureAcceptAnything"}]}
EOF
    cat >"$folder/registry.yaml" <<EOF
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $folder/registry}}
http: {addr: "127.0.0.1:0"}
EOF
    export CONTAINERS_CONF="$folder/containers.conf"
    export CONTAINERS_STORAGE_CONF="$folder/storage.conf"
    export CONTAINERS_REGISTRIES_CONF="$folder/registries.conf"
    docker-registry serve "$folder/registry.yaml" >"$folder/registry.log" 2>&1 &
    podman_registry=$!
    tries=100
    while ! grep -qs 'listening on' "$folder/registry.log"; do
        tries=$((tries - 1))
        if [ $tries -eq 0 ]; then
            echo "SKIP: docker-registry does not start: $(tail -n 1 "$folder/registry.log")"
            return 77
        fi
        sleep 0.1
    done
    registry=$(sed -n 's/.*listening on \([0-9.:]*\).*/\1/p' "$folder/registry.log")
    cat >"$folder/registries.conf" <<EOF
[[registry]]
location = "$registry"
insecure = true
EOF
    podman_image shell $podman_programs || return 77
    # What counts is whether a container runs at all.
    if ! podman run --rm --network host "$image" /bin/true >"$folder/first" 2>&1; then
        echo "SKIP: podman cannot run a container here: $(tail -n 1 "$folder/first")"
        return 77
    fi
    shell_image=$image
}

podman_programs='/bin/sh /bin/cat /bin/ls /bin/id /bin/echo /bin/sleep /bin/env
    /bin/true /bin/false /bin/touch /bin/head /bin/tr /bin/cut /bin/grep /bin/wc
    /bin/hostname /bin/dd /bin/ip /bin/kill /bin/stat /bin/printf /bin/seq /bin/mkdir
    /bin/rm /bin/date /bin/sort /bin/sed /bin/awk /bin/find /bin/tail /bin/expr
    /bin/basename /bin/dirname /bin/mv /bin/cp /bin/test /bin/yes /bin/pwd'

podman_image() {
    name=$1
    shift
    rm -rf "$folder/root"
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        mkdir -p "$folder/root${1%/*}"
        ln "$folder/root/busybox" "$folder/root$1" 2>/dev/null ||
            cp /bin/busybox "$folder/root$1"
        [ -e "$folder/root/busybox" ] || ln "$folder/root$1" "$folder/root/busybox"
        shift
    done
    rm -f "$folder/root/busybox"
    [ $# -eq 0 ] || shift
    tag=$registry/assay/$name:1
    {
        tar -C "$folder/root" -c . | podman import "$@" - "$tag" &&
            podman push --signature-policy "$folder/policy.json" \
                --digestfile "$folder/digest" "$tag"
    } >"$folder/image.log" 2>&1 || {
        echo "SKIP: podman cannot make an image here: $(tail -n 1 "$folder/image.log")"
        return 77
    }
    image=$tag@$(cat "$folder/digest")
}

podman_close() {
    podman rm --all --force --time 0 >/dev/null 2>&1 || true
    podman unmount --all >/dev/null 2>&1 || true
    # Without root: files of the containers' users, and the process that keeps their
    # namespace.
    [ "$(id -u)" -eq 0 ] || {
        podman unshare rm -rf "$1/storage" 2>/dev/null || true
        podman system migrate >/dev/null 2>&1 || true
        rm -rf "${podman_sockets:?}"
    }
    [ -z "${podman_registry:-}" ] || {
        kill "$podman_registry" 2>/dev/null || true
        wait "$podman_registry" 2>/dev/null || true
    }
    # The storage's own mounts.
    sed -n "s|^[^ ]* \($1/[^ ]*\) .*|\1|p" /proc/mounts | sort -r |
        while read -r mount; do umount "$mount" || true; done
    rm -rf "$1"
}
