#!/bin/sh
# The schemas against another implementation of JSON Schema, with the documents of
# all tests and, when it is there, of a corpus of real ones.
# Usage: SCHEMA_VERDICT=path/to/schema-verdict tests/integration/schema_judge.sh
set -eu
cd "$(dirname -- "$0")/../.."
corpus=${ASSAY_CORPUS:-}
[ -n "$corpus" ] && [ -d "$corpus" ] || corpus=
python3 -c 'import jsonschema' 2>/dev/null || {
    echo 'SKIP: no python3-jsonschema'
    exit 77
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
find tests marketplace/catalog bench ${corpus:+"$corpus"} -name '*.yaml' -print0 |
    sort -z | xargs -0 "$SCHEMA_VERDICT" >"$folder/lines"
python3 tests/integration/schema_judge.py schemas <"$folder/lines"
