#!/bin/sh
# How long `assay validate` takes for the public marketplace's workflows (when
# ASSAY_CORPUS or ../shared/corpus has them) and for the catalog, in one process.
# Goal: under 20 ms for the 11 files.   Usage: bench/validate.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
rounds=${1:-50}
corpus=${ASSAY_CORPUS:-../shared/corpus}/marketplace/workflows
for files in "$corpus" marketplace/catalog/workflows; do
    [ -d "$files" ] || continue
    # The names of the files hold no spaces; they are split on purpose.
    # shellcheck disable=SC2046
    set -- $(find "$files" -name '*.yaml' | sort)
    printf '%s: %s files\n' "$files" $#
    "$measure" "$rounds" 'assay validate' "$assay" validate "$@" -- \
        'assay version' "$assay" version
done
