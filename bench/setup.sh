# shellcheck shell=sh
# What every benchmark needs first; sourced, from the root of the tree: the name
# of the program, the measuring tool, and a temporary folder, which holds the
# history too.
assay=${ASSAY:-$PWD/build/release/cli/assay}
[ -x "$assay" ] || {
    printf "bench: '%s' is missing; run ci/build release\n" "$assay" >&2
    exit 1
}
measure=$PWD/build/bench/measure
mkdir -p build/bench
cc -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$measure" bench/measure.c
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export XDG_STATE_HOME="$folder/state" XDG_CACHE_HOME="$folder/cache"
