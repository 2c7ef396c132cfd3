#!/bin/sh
# What Assay adds to a sandbox: one step that does nothing, with --runtime host,
# beside a bare bubblewrap with the same namespaces and folders
# (without the few files of /etc that Assay shows in addition).
# Goal: under 20 ms more.   Usage: bench/host.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
rounds=${1:-30}
set -- bwrap --unshare-user --unshare-pid --unshare-ipc --unshare-uts \
    --unshare-cgroup-try --die-with-parent --new-session --as-pid-1 \
    --cap-drop ALL --proc /proc --dev /dev --tmpfs /run --tmpfs /tmp \
    --tmpfs /data --tmpfs /testkube
for path in /usr /bin /sbin /lib /lib32 /lib64 /libx32; do
    if [ -L "$path" ]; then
        set -- "$@" --symlink "$(readlink "$path")" "$path"
    elif [ -d "$path" ]; then
        set -- "$@" --ro-bind "$path" "$path"
    fi
done
"$measure" "$rounds" 'bwrap sh -c true' "$@" sh -c true -- \
    'assay run --runtime host' "$assay" run bench/nothing.yaml --runtime host
