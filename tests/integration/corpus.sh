#!/bin/sh
# Real workflow files, when they are there: each is valid or has findings with
# their places, and none makes the program crash.
set -eu
. "$(dirname -- "$0")/checks.sh"

corpus=${ASSAY_CORPUS:-}
if [ -z "$corpus" ] || [ ! -d "$corpus" ]; then
    echo 'SKIP: no corpus (ASSAY_CORPUS)'
    exit 77
fi

find "$corpus" -name '*.yaml' | sort >"$work/files"
while IFS= read -r file; do
    name=${file#"$corpus/"}
    status=0
    "$ASSAY" validate "$file" >"$work/out" 2>&1 || status=$?
    case $status in
    0)
        if grep -qF "$file: valid" "$work/out"; then
            pass "$name: valid"
        else
            fail "$name" 'valid, but does not say so'
        fi
        ;;
    3)
        if grep -qE "^$file:[0-9]+:[0-9]+: error\[E[0-9]+\]" "$work/out"; then
            pass "$name: $(grep -c ': error\[' "$work/out") errors, with places"
        else
            fail "$name" "refused without a place:" "$(cat "$work/out")"
        fi
        ;;
    *) fail "$name" "exit code $status" "$(tail -n 5 "$work/out")" ;;
    esac
done <"$work/files"

# The marketplace's own files are valid workflows.
for file in "$corpus"/marketplace/workflows/*/*.yaml \
    "$corpus"/marketplace/workflows/*/*/*.yaml; do
    [ -f "$file" ] || continue
    expect "$(basename "$file"): valid" 0 ': valid' "$ASSAY" validate "$file"
    expect "$(basename "$file"): can be planned" 0 'kind: Job' \
        "$ASSAY" plan "$file"
done

# Testkube's own workflows: those that need neither parallel, services nor execute,
# nor a template that is not here, can be planned.
find "$corpus/testkube" -name '*.yaml' -not -path '*/templates/*' |
    sort >"$work/files"
while IFS= read -r file; do
    grep -oE '^  name: *[a-z0-9.-]+' "$file" | awk '{ print $2 }' >"$work/names"
    while IFS= read -r name; do
        status=0
        "$ASSAY" plan "$file" --workflow "$name" --template \
            "$corpus/testkube/templates" >"$work/out" 2>&1 || status=$?
        if [ "$status" -eq 0 ]; then
            pass "$name: planned"
        elif [ "$status" -eq 3 ] && grep -qE "error\[E(303|312)\]|'(services|parallel|execute)'" "$work/out"; then
            pass "$name: needs what is not there"
        elif [ "$status" -eq 2 ] || grep -q 'no workflow' "$work/out"; then
            pass "$name: is no workflow"
        else
            fail "$name: cannot be planned" "$(head -n 5 "$work/out")"
        fi
    done <"$work/names"
done <"$work/files"

# Those whose images are plain shells run here, and end as they say. (The others of
# the special cases run for half an hour, or install packages first.)
special="$corpus/testkube/special-cases"
if command -v bwrap >/dev/null && [ -d "$special" ]; then
    cat >"$work/resources.yaml" <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflowTemplate
metadata: {name: special-cases-template-default-resources}
spec:
  container: {resources: {requests: {cpu: 32m, memory: 32Mi}}}
YAML
    # FILE NAME, and what the log has to say
    while read -r file name words; do
        expect "$name: runs" 0 "$words" "$ASSAY" run "$special/$file" \
            --workflow "$name" --template "$work/resources.yaml" --runtime host
    done <<'ROWS'
special-cases-additional.yaml special-cases-cron-trigger-with-timezone step - should just pass
special-cases-additional.yaml special-cases-30s Sleep finished after 30s
special-cases-step-outputs.yaml special-cases-step-sharing Verify: passed
ROWS
fi
finish
