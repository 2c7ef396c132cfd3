#!/bin/sh
# How fast `assay validate` reads YAML, by size, on one core, and beside Debian's
# `yq` reading the same files. The text is the workflows of the catalog, over and
# over, as documents of one stream.
# Goal: 20 MB/s, the same for 100 KB and 10 MB; ten times as fast as yq.
# Usage: bench/validate_speed.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
rounds=${1:-5}

find marketplace/catalog/workflows -name '*.yaml' | sort >"$folder/names"
while IFS= read -r name; do
    printf -- '---\n'
    cat "$name"
done <"$folder/names" >"$folder/once"
once=$(wc -c <"$folder/once")

# A file of at least $2 bytes, in whole documents.
make_file() {
    if [ "$2" -lt "$once" ]; then
        head -n 1 "$folder/names" | xargs cat >"$1"
        while [ "$(wc -c <"$1")" -lt "$2" ]; do
            printf -- '---\n' >>"$1"
            head -n 1 "$folder/names" | xargs cat >>"$1"
        done
        return
    fi
    cp "$folder/once" "$1"
    while [ "$(wc -c <"$1")" -lt "$2" ]; do
        cat "$folder/once" >>"$1"
    done
}

# The least time of $rounds, in milliseconds.
least() {
    best=
    for _ in $(seq "$rounds"); do
        from=$(date +%s%N)
        "$@" >/dev/null
        took=$((($(date +%s%N) - from) / 1000))
        if [ -z "$best" ] || [ "$took" -lt "$best" ]; then best=$took; fi
    done
    echo "$best"
}

taskset=
command -v taskset >/dev/null && taskset='taskset -c 0'
printf '%10s %10s %12s %8s %12s %6s\n' bytes documents 'assay, ms' MB/s 'yq, ms' times
for size in 10000 100000 1000000 10000000; do
    file=$folder/$size.yaml
    make_file "$file" "$size"
    bytes=$(wc -c <"$file")
    # The words of $taskset are split on purpose.
    # shellcheck disable=SC2086
    mine=$(least $taskset "$assay" validate --quiet "$file")
    theirs=-
    if command -v yq >/dev/null; then
        before=$rounds
        [ "$size" -lt 10000000 ] || rounds=1
        # shellcheck disable=SC2086
        theirs=$(least $taskset yq . "$file")
        rounds=$before
    fi
    awk -v bytes="$bytes" -v mine="$mine" -v theirs="$theirs" \
        -v documents="$(grep -c '^kind:' "$file")" 'BEGIN {
        printf "%10d %10d %12.1f %8.1f", bytes, documents, mine / 1000, bytes / mine
        if (theirs == "-") printf " %12s %6s\n", "-", "-"
        else printf " %12.1f %6.0f\n", theirs / 1000, theirs / mine
    }'
done
