#!/bin/sh
# How many simple expressions a second are parsed, resolved, and both, on one core.
# Goal: 1 million a second, both.   Usage: bench/expressions.sh [MILLISECONDS]
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
libraries=${assay%/cli/assay}/engine
program=build/bench/expressions
cc -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -I. -o "$program" \
    bench/expressions.c "$libraries/expression/libexpression.a" \
    "$libraries/value/libvalue.a" "$libraries/base/libbase.a" \
    -lyaml -lcrypto -lm
"$program" "${1:-500}"
