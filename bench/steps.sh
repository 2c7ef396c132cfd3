#!/bin/sh
# What a step costs inside a container beyond its own process: 1,000 and 9,990 steps
# that do nothing. Goal: under 1 ms, whatever their number.   Usage: bench/steps.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
program=build/bench/steps
cc -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -I. -o "$program" \
    bench/steps.c "${assay%/cli/assay}/engine/base/libbase.a" -lcrypto
"$program" "${assay%/cli/assay}/assay-entrypoint" "$folder" "${1:-3}"
