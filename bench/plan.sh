#!/bin/sh
# `assay plan` of workflows of 1,000, 3,000 and 10,000 steps on one core.
# Goal: 10,000 in under 1 s; time and memory linear.   Usage: bench/plan.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
make_steps() {
    printf 'apiVersion: testworkflows.testkube.io/v1\nkind: TestWorkflow\n'
    printf 'metadata: {name: steps}\nspec:\n  steps:\n'
    seq 1 "$1" | sed 's/.*/  - {name: Step &, shell: "true"}/'
}
set -- "${1:-10}"
for steps in 1000 3000 10000; do
    make_steps "$steps" >"$folder/$steps.yaml"
    [ "$#" = 1 ] || set -- "$@" --
    set -- "$@" "$steps steps" "$assay" plan "$folder/$steps.yaml"
done
"$measure" "$@"
