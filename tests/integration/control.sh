#!/bin/sh
# Runs on this machine that another process carries out: --detach, attach, abort, what
# `after` does then, and what is left when the engine is killed.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap

mkdir "$work/tmp"
export TMPDIR="$work/tmp" ASSAY_RUNTIME=host

# The number in `sleep` makes a process one that can be found among all others.
workflow long <<YAML
  steps:
    - {name: Long, shell: "echo begun; sleep 8$$.5"}
    - {name: Next, condition: always, shell: echo next}
  after:
    - {name: Clean, condition: always, shell: echo cleaned}
    - {name: Report, condition: failed, shell: echo reported}
YAML
workflow short <<'YAML'
  steps:
    - {name: Count, shell: 'for i in 1 2 3 4 5; do echo "tick $i"; sleep 0.2; done; exit 7'}
YAML
workflow patient <<YAML
  steps:
    - {name: Long, shell: "echo begun; sleep 8$$.5"}
  after:
    - {name: Clean, condition: always, shell: "echo cleaning; sleep 8$$.5; echo end"}
YAML
nothing_left() {
    wait_for 5 sh -c "! pgrep -f 's[l]eep 8$$.5'" &&
        wait_for 5 sh -c "[ -z \"\$(ls '$TMPDIR')\" ]"
}
# What the engine of a run says of itself in the history.
engine_of() {
    sqlite3 "$XDG_STATE_HOME/assay/history.db" \
        "SELECT process FROM run WHERE id = '$1'"
}
detach() { "$ASSAY" run "$work/$1.yaml" --detach </dev/null; }
has_begun() { "$ASSAY" logs "$1" | grep -q begun; }

# --- the id, and the whole run when it is attached to ---
id=$(detach short)
printf '%s' "$id" | grep -Eq '^[0-9a-f]{16}$' && pass 'detach prints the id' ||
    fail 'detach prints the id' "$id"
expect 'attach shows it to its end, with its exit code' 1 'failed with exit code 7' \
    "$ASSAY" attach "$id"
for tick in 1 2 3 4 5; do has "tick $tick" "tick $tick"; done
[ "$(grep -c 'tick 1' "$work/out")" = 1 ] && pass 'nothing twice' || fail 'twice'
expect 'a run that has ended' 1 "run $id has ended: failed: step" "$ASSAY" attach "$id"
expect 'its output as JSON' 1 '"status": "failed"' "$ASSAY" attach "$id" -o json
expect 'a run that cannot begin is refused' 5 'cannot make the folder' \
    env TMPDIR=/proc "$ASSAY" run "$work/short.yaml" --detach
expect 'and is recorded' 0 error "$ASSAY" history --limit 1
id=$("$ASSAY" run "$work/short.yaml" --detach -o json | tr -d ' ",')
printf '%s' "$id" | grep -q '^workflow:short$' && pass 'detach as JSON' ||
    fail 'detach as JSON' "$id"

# --- a run is attached to by two, one of whom aborts it ---
id=$(detach long)
wait_for 10 has_begun "$id" || fail 'it begins'
"$ASSAY" attach "$id" >"$work/first" 2>&1 &
first=$!
"$ASSAY" attach "$id" >"$work/second" 2>&1 &
second=$!
wait_for 20 grep -q begun "$work/first" && wait_for 20 grep -q begun "$work/second" &&
    pass 'two see it' || fail 'two see it'
kill -TERM "$second"
wait "$second" 2>/dev/null || true
kill -0 "$(engine_of "$id")" && pass 'a reader that ends leaves the run alone' ||
    fail 'the run ended with its reader'
kill -INT "$first"
code=0
wait "$first" || code=$?
cp "$work/first" "$work/out"
[ "$code" = 130 ] && pass 'Ctrl-C in attach aborts' || fail 'abort' "code $code"
has 'the step is aborted' '! 1 Long: aborted'
has_not 'no step after it runs' '  next'
has 'but for what `after` does in any case' '  cleaned'
has_not 'and only that' '  reported'
has 'the run is aborted' '! long: aborted'
nothing_left && pass 'nothing is left' || fail 'left' "$(ls "$TMPDIR")"

# --- abort ---
id=$(detach long)
wait_for 10 has_begun "$id" || fail 'it begins'
expect 'abort' 130 cleaned "$ASSAY" abort "$id"
expect 'again' 130 'has ended: aborted' "$ASSAY" abort "$id"
nothing_left && pass 'nothing is left' || fail 'left' "$(ls "$TMPDIR")"

# Told twice to end, by TERM: what cleans up has no more time then.
"$ASSAY" run "$work/patient.yaml" >"$work/run.out" 2>&1 &
pid=$!
wait_for 10 grep -q begun "$work/run.out"
kill -TERM "$pid"
wait_for 10 grep -q cleaning "$work/run.out"
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
[ "$code" = 130 ] && pass 'TERM twice' || fail 'TERM twice' "code $code"
cp "$work/run.out" "$work/out"
has 'is at once' '! 2 Clean: aborted'

# The terminal closes: the run ends in order, though nobody reads what it says.
"$ASSAY" run "$work/long.yaml" 2>&1 | head -n 4 >"$work/closed" &
wait_for 10 grep -q begun "$work/closed"
id=$("$ASSAY" show latest -o json | sed -n 's/^  "id": "\(.*\)",*$/\1/p')
kill -HUP "$(engine_of "$id")"
wait
expect 'a terminal that closes aborts' 0 aborted "$ASSAY" show "$id"
expect 'and all is recorded' 0 cleaned "$ASSAY" logs "$id"

# --- however the containers follow each other, `after` has its turn ---
workflow images <<YAML
  steps:
    - {name: One, run: {image: one, shell: "echo begun; sleep 8$$.5"}}
    - {name: Two, run: {image: two, shell: echo two}}
  after:
    - {name: Clean, condition: always, run: {image: three, shell: echo cleaned}}
YAML
for way in '--sequence gated' '--sequence chained' '--isolation step'; do
    # shellcheck disable=SC2086
    "$ASSAY" run "$work/images.yaml" $way >"$work/run${way##* }" 2>&1 &
    pid=$!
    wait_for 10 grep -q begun "$work/run${way##* }"
    kill -INT "$pid"
    code=0
    wait "$pid" || code=$?
    cp "$work/run${way##* }" "$work/out"
    [ "$code" = 130 ] && pass "aborted with $way" || fail "$way" "code $code"
    has 'the next is aborted' '! 2 Two: aborted'
    has 'what cleans up runs' '  cleaned'
done

# --- paused steps ---
workflow paused <<'YAML'
  steps:
    - {name: Before, shell: echo begun}
    - name: Look
      id: look
      paused: true
      timeout: 10s
      shell: echo looked
    - name: Group
      paused: true
      steps:
        - {name: Inside, paused: true, shell: echo inside}
YAML
is_paused() { "$ASSAY" show "$1" | grep -Eq "$2 .*paused"; }
id=$(detach paused)
wait_for 10 is_paused "$id" Look && pass 'it pauses' || fail 'it pauses'
expect 'another step is not paused' 2 "step 'Before' is not paused, but passed; paused: 2 Look" \
    "$ASSAY" resume "$id" Before
expect 'a step that is none' 2 "has no step 'nobody'" "$ASSAY" resume "$id" nobody
expect 'resume, by id' 0 "run $id: step 2 Look goes on" "$ASSAY" resume "$id" look
wait_for 10 is_paused "$id" Group && pass 'the group pauses' || fail 'the group'
expect 'resume, the only one' 0 'step 3 Group goes on' "$ASSAY" resume "$id"
wait_for 10 is_paused "$id" Inside && pass 'and what is in it' || fail 'inside'
"$ASSAY" resume "$id" 3.1 >"$work/one" 2>&1 &
one=$!
"$ASSAY" resume "$id" 3.1 >"$work/two" 2>&1 || true
wait "$one" || true
cat "$work/one" "$work/two" >"$work/out"
has 'two who resume at once' 'step 3.1 Inside goes on'
expect 'to its end' 0 passed "$ASSAY" attach "$id"
expect 'nothing is paused any more' 2 'has ended: passed' "$ASSAY" resume "$id"
expect 'resumed by nobody' 0 looked "$ASSAY" run "$work/paused.yaml" --no-pause
id=$(detach paused)
wait_for 10 is_paused "$id" Look || fail 'it pauses'
expect 'abort while it is paused' 130 'Look: aborted' "$ASSAY" abort "$id"
nothing_left && pass 'nothing is left' || fail 'left' "$(ls "$TMPDIR")"

# --- a reader that goes away ---
"$ASSAY" run "$work/short.yaml" | head -n 1 >/dev/null
expect 'a run goes on without its reader' 0 'tick 5' "$ASSAY" logs latest
expect 'to its end' 0 failed "$ASSAY" history --limit 1
code=0
"$ASSAY" run "$work/short.yaml" >/dev/full 2>"$work/out" || code=$?
[ "$code" = 1 ] && pass 'output that cannot be written' || fail 'full' "code $code"
has 'is told' 'cannot write the report: No space left on device'
expect 'and does not end the run' 0 'tick 5' "$ASSAY" logs latest

# --- kill -9 of an engine in the background ---
id=$(detach long)
wait_for 10 has_begun "$id"
rm -f "$work/first"
"$ASSAY" attach "$id" >"$work/first" 2>&1 &
first=$!
wait_for 20 grep -q begun "$work/first"
kill -9 "$(engine_of "$id")"
code=0
wait "$first" || code=$?
cp "$work/first" "$work/out"
[ "$code" = 5 ] && pass 'attach finds a run lost' || fail 'lost' "code $code"
has 'and says why' 'the process that ran it ended without a result'
nothing_left && pass 'nothing is left' || fail 'left' "$(ls "$TMPDIR")"

# What the history says of processes that nobody can look for any more.
sqlite() { sqlite3 "$XDG_STATE_HOME/assay/history.db" "$1"; }
for row in "boot = 'before'|the machine was restarted" \
    "process_start = process_start - 1|ended without a result"; do
    id=$(detach long)
    wait_for 10 has_begun "$id"
    engine=$(engine_of "$id")
    sqlite "UPDATE run SET ${row%%|*} WHERE id = '$id'"
    expect "lost: ${row#*|}" 0 "${row#*|}" "$ASSAY" show "$id"
    expect 'abort leaves a stranger alone' 5 'has ended: lost' "$ASSAY" abort "$id"
    kill -0 "$engine" && pass 'who lives on' || fail 'the stranger was killed'
    kill -9 "$engine"
done
nothing_left && pass 'nothing is left' || fail 'left' "$(ls "$TMPDIR")"
[ "$(sqlite 'PRAGMA integrity_check')" = ok ] && pass 'the history is whole' ||
    fail 'the history is damaged'
finish
