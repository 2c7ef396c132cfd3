#!/bin/sh
# What `assay plan` prints is read by a real kubectl, without a server.
set -eu
. "$(dirname -- "$0")/checks.sh"
need kubectl

check() {
    name=$(basename "$1" .yaml)
    if ! "$ASSAY" plan "$@" >"$work/plan.yaml" 2>"$work/err"; then
        fail "$name: plan" "$(cat "$work/err")"
        return
    fi
    expect "$name: kubectl reads the plan" 0 'checked: "yes"' \
        kubectl annotate --local -f "$work/plan.yaml" checked=yes -o yaml
    for kind in ConfigMap Secret Job; do
        has "$name: has a $kind" "kind: $kind"
    done
}

find "$root/marketplace/catalog/workflows" "$here/workflows" -name '*.yaml' |
    sort >"$work/files"
while IFS= read -r file; do
    case $(basename "$file") in
    http-endpoint-check.yaml) check "$file" --config url=http://localhost/ ;;
    *) check "$file" ;;
    esac
done <"$work/files"

"$ASSAY" plan "$here/workflows/blocks.yaml" --config password=s3cret-word \
    >"$work/out"
has_not 'a plan does not show secrets' s3cret-word
has 'a plan says that there are some' REDACTED
finish
