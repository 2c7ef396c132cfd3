#!/bin/sh
# `assay artifacts` with records and folders that somebody has tampered with: nothing
# is written outside of the folder that was asked for, and nothing that is not what
# was recorded.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap sqlite3
db=$work/history.db
store=$db.artifacts
printf '%s\n' 'apiVersion: testworkflows.testkube.io/v1' 'kind: TestWorkflow' \
    'metadata: {name: files}' 'spec: {steps: [{name: One, shell: "true"}]}' \
    >"$work/files.yaml"
expect 'a run' 0 'passed' "$ASSAY" run "$work/files.yaml" --runtime host --db "$db"
if [ -e "$store" ]; then fail 'a run without files makes no store'; else
    pass 'a run without files makes no store'
fi
expect 'no files' 0 'STEP  NAME  SIZE  DIGEST' "$ASSAY" artifacts latest --db "$db"

# keep TEXT: a file of the store; its digest in $digest.
keep() {
    digest=$(printf '%s' "$1" | sha256sum | cut -c 1-64)
    folder=$store/sha256/$(printf '%s' "$digest" | cut -c 1-2)
    kept=$folder/$(printf '%s' "$digest" | cut -c 3-)
    mkdir -p "$folder"
    printf '%s' "$1" >"$kept"
}

# The record may be written by somebody else's hand.
sqlite3 "$db" 'DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete;
    UPDATE event SET sequence = 100000 WHERE kind = "run-finished";'
number=1000
# record NAME [TEXT]: an artifact of step 1, kept or not.
record() {
    number=$((number + 1))
    keep "${2-$1}"
    size=$(printf '%s' "${2-$1}" | wc -c)
    sqlite3 "$db" "INSERT INTO event VALUES (1, $number, 5, 'artifact',
        '{\"event\":\"artifact\",\"time\":5,\"step\":\"1\",\"data\":{\"name\":\"$1\",
        \"size\":$size,\"digest\":\"sha256:$digest\"}}')"
}
forget() { sqlite3 "$db" "DELETE FROM event WHERE kind = 'artifact'"; }

files=$work/files
record out/report.xml first
record notes.txt hello
record out/report.xml second
record 'été/😀 x.txt' smile
expect 'all are listed' 0 'out/report.xml (replaced)' \
    "$ASSAY" artifacts latest --db "$db"
has 'with their size' '6 B'
has 'and digest' "sha256:$(printf hello | sha256sum | cut -c 1-12)"
expect 'as JSON' 0 '"replaced": true' \
    "$ASSAY" artifacts latest --db "$db" --output json
expect 'the page tells of them' 0 '4 artifacts, 21 B: `assay artifacts ' \
    "$ASSAY" show latest --db "$db"
expect 'a step that is not there' 2 "has no step '9'" \
    "$ASSAY" artifacts latest --db "$db" --step 9
expect 'they are fetched' 0 'été/😀 x.txt' \
    "$ASSAY" artifacts latest --db "$db" --download "$files" --step 1
check_text() {
    if [ "$(cat "$2" 2>&1)" = "$3" ]; then pass "$1"; else
        fail "$1" "found: $(cat "$2" 2>&1)"
    fi
}
check_text 'the last of a name' "$files/out/report.xml" second
check_text 'a name with all kinds of letters' "$files/été/😀 x.txt" smile
check_text 'modes' /dev/stdin '644 755' <<EOF
$(stat -c %a "$files/notes.txt") $(stat -c %a "$files/out")
EOF
check_text 'nothing else' /dev/stdin 3 <<EOF
$(find "$files" -type f | wc -l)
EOF

# What is there stays there.
echo mine >"$files/notes.txt"
rm "$files/out/report.xml"
expect 'a file that is there' 2 '--force writes over it' \
    "$ASSAY" artifacts latest --db "$db" --download "$files"
check_text 'stays as it is' "$files/notes.txt" mine
if [ -e "$files/out/report.xml" ]; then fail 'and nothing is begun'; else
    pass 'and nothing is begun'
fi
expect 'unless asked' 0 notes.txt \
    "$ASSAY" artifacts latest --db "$db" --download "$files" --force
check_text 'it is written' "$files/notes.txt" hello
expect 'a file for a folder' 5 'Not a directory' \
    "$ASSAY" artifacts latest --db "$db" --download "$files/notes.txt/x"

# A folder full of links.
echo outside >"$work/outside"
mkdir "$work/elsewhere" "$work/links"
ln -s "$work/elsewhere" "$work/links/out"
expect 'a folder that is a link' 5 "cannot use the folder '$work/links/out'" \
    "$ASSAY" artifacts latest --db "$db" --download "$work/links" --force
check_text 'is not entered' /dev/stdin 0 <<EOF
$(find "$work/elsewhere" -type f | wc -l)
EOF
rm "$work/links/out"
ln -s "$work/outside" "$work/links/notes.txt"
expect 'a file that is a link' 2 'is there already' \
    "$ASSAY" artifacts latest --db "$db" --download "$work/links"
expect 'is replaced' 0 notes.txt \
    "$ASSAY" artifacts latest --db "$db" --download "$work/links" --force
check_text 'and not followed' "$work/outside" outside
check_text 'by the file' "$work/links/notes.txt" hello
ln -s "$work/elsewhere" "$work/entry"
expect 'the folder itself may be one' 0 notes.txt \
    "$ASSAY" artifacts latest --db "$db" --download "$work/entry"

# A store that was changed.
keep hello
printf jello >"$kept"
rm -r "$files"
expect 'a file that was changed is named' 5 "$kept' was changed" \
    "$ASSAY" artifacts latest --db "$db" --download "$files"
check_text 'and not written, nor half of it' /dev/stdin 0 <<EOF
$(find "$files" -name 'notes*' -o -name '.assay*' | wc -l)
EOF
rm "$kept"
expect 'a file that is gone' 5 "cannot open the kept file '$kept'" \
    "$ASSAY" artifacts latest --db "$db" --download "$work/gone"

# Names that want out.
for name in ../outside /tmp/outside a/../../outside a//b . 'a\u001b[2J' 'a\nb'; do
    forget
    record good.txt
    record "$name" bad
    expect "the name $name is refused" 4 'is not fetched: its name' \
        "$ASSAY" artifacts latest --db "$db" --download "$work/bad"
    if [ -e "$work/bad" ]; then fail 'before anything is written'; else
        pass 'before anything is written'
    fi
    expect 'but listed' 0 good.txt "$ASSAY" artifacts latest --db "$db"
    has_not 'and escaped' "$(printf '\033')"
done
check_text 'nothing was written outside' "$work/outside" outside
forget
record both file
record both/below folder
expect 'a file and a folder of one name' 5 'cannot write' \
    "$ASSAY" artifacts latest --db "$db" --download "$work/both"
forget
sqlite3 "$db" "INSERT INTO event VALUES (1, 2000, 5, 'artifact',
    '{\"event\":\"artifact\",\"time\":5,\"step\":\"1\",\"data\":{\"name\":\"a\",\"size\":1,
    \"digest\":\"sha256:../../../outside\"}}')"
expect 'a digest that is none' 5 "needs a 'size' and a 'digest'" \
    "$ASSAY" artifacts latest --db "$db" --download "$work/bad"
finish
