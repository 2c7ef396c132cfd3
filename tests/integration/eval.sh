#!/bin/sh
# `assay eval`: results, what stays unknown, errors with their place; the tables of
# real results when they are there; and places of errors in YAML texts.
set -eu
. "$(dirname -- "$0")/checks.sh"

# prints NAME WANTED ARGUMENT...: exactly this on standard output, nothing else.
prints() {
    label=$1 wanted=$2
    shift 2
    status=0
    "$ASSAY" eval "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    printf '%s\n' "$wanted" >"$work/wanted"
    if [ "$status" -eq 0 ] && cmp -s "$work/out" "$work/wanted" &&
        [ ! -s "$work/err" ]; then
        pass "$label"
    else
        fail "$label" "exit code $status:" "$(cat "$work/out" "$work/err")"
    fi
}

prints 'a number' 3 '1 + 2'
prints 'a large number is a text' '1e+06' '1000000'
prints 'and JSON' 1000000 1000000 --output json
prints 'a text' 'a b' '"a" + " b"'
prints 'a text as JSON' '"a b"' '"a" + " b"' -o json
prints 'none' '' null
prints 'none as JSON' null null --output json
prints 'a list' '1,x' '[1,"x"]'
prints 'what is unknown' 'a&&(b||5)' 'a && (b || 2 + 3)'
prints 'names with dots, and maps' 'x-2' 'config.a + "-" + m.k.n' \
    --vars '{"config.a": "x", "m": {"k": {"n": 2}}}'
prints 'a variable is data' '{{ 1 }} 1+1' 'v + w' \
    --vars '{"v": "{{ 1 }} ", "w": "1+1"}'
prints 'a template' 'x 3 {{y}}' 'x {{ 1 + 2 }} {{ y }}' --template
prints 'a template as JSON' '"x 3"' 'x {{ 1 + 2 }}' -t -o json
prints 'jq' '1,2' 'jq([2,1],"sort").0'
prints 'file is known in the pod only' 'file("x")' 'file("x")'
printf '1 +\n 2\n' | "$ASSAY" eval - >"$work/sum"
expect 'standard input' 0 3 cat "$work/sum"
expect 'unknown as JSON' 0 '"expression": "x+1"' "$ASSAY" eval 'x + 1' -o json

expect 'a wrong expression' 3 'expression:1:5: error[E201]' \
    "$ASSAY" eval '1 + + 2'
has 'its line and a caret' '     1 | 1 + + 2'
has 'the caret is below it' '       |     ^'
expect 'the second line' 3 'expression:2:2: error[E201]' \
    "$ASSAY" eval "1 +
 é+"
expect 'a wrong argument' 3 'expression:1:5: error[E203]: int():' \
    "$ASSAY" eval '1 + int("x")'
expect 'a wrong template' 3 'expression:1:3: error[E201]' \
    "$ASSAY" eval 'a {{ 1' --template
expect 'a jq program without end' 3 'too much time or memory' \
    "$ASSAY" eval 'jq(1, "[range(1e12)]")'
expect 'a warning' 0 'expression:1:1: warning[W412]' "$ASSAY" eval -- '-3 + 5'
has 'and the result' '-8'
expect 'no expression' 2 'expected one expression, found 0' "$ASSAY" eval
expect 'two' 2 'expected one expression, found 2' "$ASSAY" eval 1 2
expect 'wrong variables' 2 "--vars: " "$ASSAY" eval 1 --vars '{'
expect 'variables that are no map' 2 'found list' "$ASSAY" eval 1 --vars '[]'
expect 'a wrong format' 2 "'xml'" "$ASSAY" eval 1 --output xml

# Places in a document: every style of a YAML text, in it and in its expression.
cat >"$work/places.yaml" <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata:
  name: places
spec:
  steps:
    - condition: passed && +
      shell: |
        echo one
          echo {{ "é" && + }}
    - shell: >-
        folded words
        go on {{ 1 + }} here

        and {{ x }}
    - shell: "quoted \" \t \u00e9 {{ 1 + }}"
    - shell: 'it''s {{ 1 + }}'
    - shell: "two
        lines {{ 1 + }}"
    - shell: plain text
        of two lines {{ 1 + }}
    - shell: |2
          indented {{ 1 + }}
    - condition: a || b && c
      shell: |
        x
        {{ x == 1000000 }}
YAML
expect 'errors in all kinds of texts' 3 'errors' "$ASSAY" validate \
    "$work/places.yaml"
for place in '7:28: error' '10:26: error' '13:22: error' '16:42: error' \
    '17:28: error' '19:22: error' '21:29: error' '23:27: error' \
    '24:25: warning[W410]' '27:17: warning[W413]'; do
    has "at $place" "$work/places.yaml:$place"
done

# What the real implementation gives, where the tables are at hand.
if [ -d "${ASSAY_CORPUS:-}/expr" ]; then
    expect 'the tables of real results' 0 ' 0 failed' "${EXPR_CASES:?}" \
        --differences "$root/docs/differences.md" "$ASSAY_CORPUS"/expr/*.tsv
fi
# A row that no longer differs, or differs in another way, is a failure.
printf '| `1 + 1` | expression | `3` | `2` | why |\n' >"$work/table.md"
printf '1 + 1\t{}\t3\n' >"$work/differs.tsv"
printf '1 + 1\t{}\t2\n' >"$work/equal.tsv"
expect 'a difference' 0 '1 passed, 0 failed' "${EXPR_CASES:?}" \
    --differences "$work/table.md" "$work/differs.tsv"
expect 'no difference any more' 1 '0 passed, 1 failed' "$EXPR_CASES" \
    --differences "$work/table.md" "$work/equal.tsv"
sed 's/`2`/`4`/' "$work/table.md" >"$work/other.md"
expect 'another difference' 1 '0 passed, 1 failed' "$EXPR_CASES" \
    --differences "$work/other.md" "$work/differs.tsv"
finish
