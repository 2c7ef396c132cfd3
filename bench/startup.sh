#!/bin/sh
# How long `assay version` takes, beside two programs of the same trade.
# Goal: under 10 ms and 10 MiB.   Usage: bench/startup.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
set -- "${1:-50}" 'assay version' "$assay" version
command -v jq >/dev/null && set -- "$@" -- 'jq --version' jq --version
command -v kubectl >/dev/null &&
    set -- "$@" -- 'kubectl version --client' kubectl version --client
"$measure" "$@"
