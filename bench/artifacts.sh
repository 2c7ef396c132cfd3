#!/bin/sh
# Files on their way from a step into the store and out again: one of 1 GiB and 1,000
# small ones, beside a plain copy of the same bytes. "keep" is the run with the
# files kept minus the run without. Goals: 1 GiB in at most three times the copy,
# under 32 MiB for the engine, under 1 ms a small file.   Usage: bench/artifacts.sh
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
size=1073741824

# workflow NAME SCRIPT [ARTIFACTS]
workflow() {
    cat >"$folder/$1.yaml" <<EOF
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: $1}
spec:
  container: {workingDir: /data}
  steps:
  - shell: '$2'
    ${3:-}
EOF
}
large="head -c $size /dev/urandom >large"
# shellcheck disable=SC2016 # the step's own variables
small='mkdir small; i=0; while [ $i -lt 1000 ]; do echo $i >small/$i; i=$((i + 1)); done'
workflow large "$large"
workflow large-kept "$large" 'artifacts: {paths: [large]}'
workflow large-gzip 'head -c 268435456 /dev/zero >large' \
    'artifacts: {paths: [large], compress: {name: a.tar.gz}}'
workflow small "$small"
workflow small-kept "$small" "artifacts: {paths: ['small/*']}"

seconds=0
# run COMMAND...: its time in $seconds.
run() {
    start=$(date +%s%N)
    "$@" >"$folder/out" || cat "$folder/out"
    seconds=$(awk "BEGIN { printf \"%.3f\", ($(date +%s%N) - $start) / 1e9 }")
}

# row NAME BYTES SECONDS
row() {
    awk -v name="$1" -v bytes="$2" -v seconds="$3" 'BEGIN {
        printf "%-34s %8.3f s", name, seconds
        if (bytes > 0) printf " %8.0f MB/s", bytes / 1e6 / seconds
        printf "\n" }'
}

# peak COMMAND...: the same, and the largest memory of the process in $memory.
peak() {
    start=$(date +%s%N)
    "$@" >"$folder/out" &
    while sed -n 's/^VmHWM: *//p' "/proc/$!/status" 2>/dev/null |
        grep . >"$folder/memory.new"; do
        mv "$folder/memory.new" "$folder/memory"
        sleep 0.05
    done
    wait
    seconds=$(awk "BEGIN { printf \"%.3f\", ($(date +%s%N) - $start) / 1e9 }")
}

run "$assay" run "$folder/large.yaml" --runtime host
without=$seconds
peak "$assay" run "$folder/large-kept.yaml" --runtime host
row '1 GiB: keep' $size "$(awk "BEGIN { print $seconds - $without }")"
printf '%-34s %s\n' 'peak memory of the engine' "$(cat "$folder/memory")"
run "$assay" artifacts latest --download "$folder/fetched"
row '1 GiB: fetch and compare' $size "$seconds"
run sh -c "cp '$folder/fetched/large' '$folder/copy' && sync -f '$folder/copy'"
row '1 GiB: cp and sync' $size "$seconds"
rm -r "$folder/fetched" "$folder/copy"
run "$assay" run "$folder/large-gzip.yaml" --runtime host
row '256 MiB of zeros: run with gzip' 268435456 "$seconds"
run "$assay" run "$folder/small.yaml" --runtime host
without=$seconds
run "$assay" run "$folder/small-kept.yaml" --runtime host
row '1,000 small files: keep' 0 "$(awk "BEGIN { print $seconds - $without }")"
run "$assay" artifacts latest --download "$folder/fetched"
row '1,000 small files: fetch' 0 "$seconds"
