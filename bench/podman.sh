#!/bin/sh
# What Assay adds to a container: one step that does nothing, with --runtime podman,
# beside `podman run` of the same image. Goal: under 50 ms more.
# Needs root, podman, runc, docker-registry and busybox-static.
# Usage: bench/podman.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
. tests/integration/podman_setup.sh
rounds=${1:-20}
trap 'podman_close "$folder/podman"; rm -rf "$folder"' EXIT
root=$folder
podman_open "$folder/podman" || exit
folder=$root
{
    sed "s|^spec:|&\n  container: {image: '$shell_image'}|" bench/nothing.yaml
} >"$folder/nothing.yaml"
"$measure" "$rounds" 'podman run' podman run --rm --network host \
    "$shell_image" /bin/sh -c true -- \
    'assay run --runtime podman' "$assay" run "$folder/nothing.yaml" \
    --runtime podman
