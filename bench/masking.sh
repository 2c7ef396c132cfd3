#!/bin/sh
# How many bytes a second pass the mask of secrets, with 1, 10 and 100 of them, on one
# core. Goal: 200 MB/s each.   Usage: bench/masking.sh [MILLISECONDS]
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
libraries=${assay%/cli/assay}/engine
program=build/bench/masking
cc -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -I. -o "$program" \
    bench/masking.c "$libraries/entrypoint/libentrypoint.a" \
    "$libraries/base/libbase.a" -lcrypto
"$program" "${1:-300}"
