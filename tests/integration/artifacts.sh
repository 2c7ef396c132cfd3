#!/bin/sh
# Files that steps leave, from a run in the sandbox to a folder of the user's.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap
db=$work/history.db
export TMPDIR="$work/tmp"
mkdir "$TMPDIR"
cat >"$work/files.yaml" <<'EOF'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: files}
spec:
  container: {workingDir: /data}
  steps:
  - name: Make
    shell: |
      mkdir -p out/deep/er 'out/été'
      printf one >out/one.txt
      printf two >out/deep/er/two.xml
      printf smile >'out/été/😀 x.txt'
      : >out/empty
      printf 'bad' >"out/a
      b"
      head -c 50000000 /dev/zero | tr '\0' x >out/big.bin
      sha256sum out/big.bin
      printf secret >out/unreadable && chmod 000 out/unreadable
      ln -s /etc/passwd out/passwd
      ln -s out/one.txt link.txt
      mkfifo out/pipe
    artifacts: {paths: ['out/**', link.txt]}
    optional: true
  - name: Fail
    shell: printf 'why it failed' >out/failure.log; exit 3
    artifacts: {paths: [out/failure.log]}
  - name: Packed
    condition: always
    shell: printf three >packed.txt
    artifacts: {paths: ['packed.txt', 'out/one.txt'], compress: {name: all.tar.gz}}
  - name: Attempts
    condition: always
    shell: |
      echo attempt >>/data/tries; printf '%s' "$(wc -l </data/tries)" >out/try.txt
    artifacts: {paths: [out/try.txt]}
  - name: Attempts again
    condition: always
    shell: printf last >out/try.txt
    artifacts: {paths: [out/try.txt], workingDir: /data/}
EOF
expect 'a run whose second step fails' 1 'artifacts, 50.0 MB: `assay artifacts ' \
    "$ASSAY" run "$work/files.yaml" --runtime host --db "$db"
big=$(sed -n 's/^ *\([0-9a-f]\{64\}\)  out\/big.bin$/\1/p' "$work/out")
has 'a file that cannot be read is named' "/out/unreadable' cannot be kept"
expect 'all are listed' 0 'out/deep/er/two.xml' \
    "$ASSAY" artifacts latest --db "$db"
has 'with their size' '50.0 MB'
has 'a name with all kinds of letters' 'out/été/😀 x.txt'
has 'an empty file' out/empty
has 'a file of a step that failed' out/failure.log
has 'an archive' all.tar.gz
has 'what was replaced' 'out/try.txt (replaced)'
has_not 'no link' passwd
has_not 'no link to a file beside it' link.txt
has_not 'no pipe' out/pipe
has_not 'nothing that cannot be read' unreadable
expect 'those of one step' 0 all.tar.gz "$ASSAY" artifacts latest --db "$db" --step 3
has_not 'and no others' failure.log

files=$work/files
expect 'they are fetched' 0 all.tar.gz \
    "$ASSAY" artifacts latest --db "$db" --download "$files"
check_text() {
    if [ "$(cat "$2" 2>&1)" = "$3" ]; then pass "$1"; else
        fail "$1" "found: $(cat "$2" 2>&1)"
    fi
}
check_text 'whole' "$files/out/deep/er/two.xml" two
check_text 'with their names' "$files/out/été/😀 x.txt" smile
check_text 'of the failed step' "$files/out/failure.log" 'why it failed'
check_text 'the last of a name' "$files/out/try.txt" last
check_text 'large ones' /dev/stdin "$big" <<EOF
$(sha256sum "$files/out/big.bin" | cut -c 1-64)
EOF
check_text 'the archive holds its files' /dev/stdin 'out/one.txt packed.txt' <<EOF
$(tar -tzf "$files/all.tar.gz" | sort | tr '\n' ' ' | sed 's/ $//')
EOF
check_text 'and what is in them' /dev/stdin three <<EOF
$(tar -xzOf "$files/all.tar.gz" packed.txt)
EOF
check_text 'it says nothing of time and name' /dev/stdin \
    '1f 8b 08 00 00 00 00 00 00 ff' <<EOF
$(od -An -tx1 -N10 "$files/all.tar.gz" | sed 's/^ //')
EOF

# Equal files are kept once, and what was changed is found.
kept() { find "$db.artifacts/sha256" -type f | wc -l; }
before=$(kept)
cat >"$work/again.yaml" <<'EOF'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: again}
spec:
  container: {workingDir: /data}
  steps:
  - shell: printf two >x.xml; cp x.xml y.xml
    artifacts: {paths: ['*.xml']}
EOF
expect 'another run with a file of the same bytes' 0 '2 artifacts, 6 B' \
    "$ASSAY" run "$work/again.yaml" --runtime host --db "$db"
check_text 'keeps no second one' /dev/stdin "$before" <<EOF
$(kept)
EOF
expect 'events tell of files' 0 '"event":"artifact"' \
    "$ASSAY" run "$work/again.yaml" --runtime host --db "$db" --output ndjson
expect 'so does the page' 0 '"name": "y.xml"' \
    "$ASSAY" show latest --db "$db" --output json
digest=$(printf two | sha256sum | cut -c 1-64)
path=$db.artifacts/sha256/$(printf %.2s "$digest")/$(printf '%s' "$digest" | cut -c 3-)
chmod 600 "$path" && printf TWO >"$path"
expect 'a file that was changed is named' 5 "$path' was changed" \
    "$ASSAY" artifacts latest --db "$db" --download "$work/changed"
check_text 'and not written' /dev/stdin 0 <<EOF
$(find "$work/changed" -type f | wc -l)
EOF
expect 'kept again it is whole again' 0 passed \
    "$ASSAY" run "$work/again.yaml" --runtime host --db "$db"
expect 'and can be fetched' 0 y.xml \
    "$ASSAY" artifacts latest --db "$db" --download "$work/changed"

# A step that plants things where its files are taken from.
cat >"$work/hostile.yaml" <<'EOF'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: hostile}
spec:
  container: {workingDir: /data}
  steps:
  - name: Plant
    shell: |
      rm -rf /.assay/state/artifacts; ln -s /etc /.assay/state/artifacts || true
      for i in 0 1 2 3; do
        ln -s /etc/passwd /.assay/state/1.2-$i || true
      done
      printf good >good.txt
    artifacts: {paths: [good.txt]}
EOF
"$ASSAY" run "$work/hostile.yaml" --runtime host --db "$db" >"$work/run" 2>&1 ||
    true
expect 'a planted link gives no file of the machine' 0 STEP \
    "$ASSAY" artifacts latest --db "$db"
"$ASSAY" artifacts latest --db "$db" --download "$work/hostile" >/dev/null
if grep -rq root: "$work/hostile"; then
    fail 'nothing of /etc/passwd was kept'
else pass 'nothing of /etc/passwd was kept'; fi
expect 'nothing without a sandbox either' 0 '2 artifacts, 6 B' \
    "$ASSAY" run "$work/again.yaml" --runtime host --db "$db" --sandbox none
for way in '--isolation step' '--sequence chained' '--sequence gated'; do
    # shellcheck disable=SC2086 # two words
    expect "files with $way" 0 '2 artifacts, 6 B' \
        "$ASSAY" run "$work/again.yaml" --runtime host --db "$db" $way
done
check_text 'no folder of a run is left' /dev/stdin 0 <<EOF
$(find "$TMPDIR" -mindepth 1 | wc -l)
EOF
finish
