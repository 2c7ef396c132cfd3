#!/bin/sh
# The sizes of what is shipped, stripped. Goals: binary under 1.5 MB, entrypoint
# under 200 kB (a ConfigMap holds at most 1 MiB, so 900 kB is the hard limit).
# Usage: bench/sizes.sh
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
strip -o "$folder/assay" "$assay"
entrypoint=build/release/assay-entrypoint
printf '%-20s %10s bytes\n' 'assay, stripped' "$(stat -c %s "$folder/assay")"
if [ -f "$entrypoint" ]; then
    strip -o "$folder/entrypoint" "$entrypoint"
    printf '%-20s %10s bytes\n' 'entrypoint' \
        "$(stat -c %s "$folder/entrypoint")"
fi
