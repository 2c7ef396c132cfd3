#!/bin/sh
# Several workflows in one command: who runs when, whose line is whose, values, what
# the command says at its end, and Ctrl-C.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap

mkdir "$work/tmp"
export TMPDIR="$work/tmp" ASSAY_RUNTIME=host

# The two wait for each other through the machine's loopback: only at once they pass.
port=$(free_port)
workflow server <<YAML
  steps:
    - shell: |
        perl -MIO::Socket::INET -e '
            alarm 20;
            my \$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port",
                Listen => 1, ReuseAddr => 1) or die "\$!";
            my \$c = \$s->accept; print "heard: ", scalar <\$c>'
YAML
workflow client <<YAML
  steps:
    - shell: |
        perl -MIO::Socket::INET -e '
            for (1 .. 200) {
                my \$c = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
                if (\$c) { print \$c "hello\\n"; print "told"; exit }
                select undef, undef, undef, 0.1;
            }
            exit 1'
YAML
workflow greet <<'YAML'
  config:
    who: {type: string, default: nobody}
    code: {type: integer, default: 0}
    password: {type: string, sensitive: true, default: ""}
  steps:
    - shell: 'printf "to {{ config.who }}"; exit {{ config.code }}'
YAML
workflow other <<'YAML'
  config:
    code: {type: integer, default: 0}
  steps:
    - shell: 'echo other; exit {{ config.code }}'
YAML
workflow long <<YAML
  steps:
    - {name: Long, shell: "echo begun; sleep 7$$.5"}
  after:
    - {name: Clean, condition: always, shell: echo cleaned}
YAML
workflow late <<'YAML'
  job: {activeDeadlineSeconds: 1}
  steps:
    - shell: sleep 30
YAML
printf 'kind: TestWorkflow\nspec: {stesp: []}\n' >"$work/broken.yaml"
cd "$work"

# --- at once, whole lines, a table ---
expect 'two at once' 0 'server |   heard: hello' \
    "$ASSAY" run server.yaml client.yaml --parallel 2
has 'a last line without an end is one' 'client |   told'
has 'a table' 'ID        WORKFLOW  STATUS'
has 'counts' '2 runs: 2 passed'
grep -vE '^(server|client) \| |^$|^ID |^[0-9a-f]{8}  |^2 runs' "$work/out" >"$work/odd" &&
    fail 'lines of nobody' "$(cat "$work/odd")" || pass 'each line has a name'

# --- values and exit codes ---
expect 'each takes the values that it declares' 0 'greet | ' \
    "$ASSAY" run greet.yaml other.yaml --config who=me
has 'this one' 'greet |   to me'
has 'one after another, in order' 'other |   other'
printf 'who: file\ncode: 1\n' >values.yaml
expect 'a file of values' 1 'greet |   to file' \
    "$ASSAY" run greet.yaml other.yaml --config-file values.yaml --config code=0 \
    --config code=3
expect 'the worst counts' 1 '2 runs: 1 passed, 1 failed' \
    sh -c "\"$ASSAY\" run greet.yaml greet.yaml --config code=0 -q >/dev/null;
        \"$ASSAY\" run server.yaml greet.yaml --config code=3 --parallel 2 & pid=\$!
        \"$ASSAY\" run client.yaml >/dev/null; wait \$pid"
expect 'names are told apart' 0 'greet#2 |   to nobody' \
    "$ASSAY" run greet.yaml greet.yaml
expect 'a deadline is worse than a failure' 6 '1 failed, 1 timeout' \
    "$ASSAY" run greet.yaml late.yaml --config code=1 --parallel 5
expect 'a value for nobody' 2 "none of the workflows has a parameter 'whom'" \
    "$ASSAY" run greet.yaml other.yaml --config whom=me
expect 'standard input is read once' 2 'standard input is for one workflow' \
    "$ASSAY" run greet.yaml other.yaml --config password=-
expect '--workflow is for one file' 2 'chooses from one file' \
    "$ASSAY" run greet.yaml other.yaml --workflow greet
expect 'so many at once' 2 'at most' "$ASSAY" run greet.yaml --parallel 101

# --- nothing starts when one is wrong ---
before=$("$ASSAY" history -o json --workflow greet | grep -c '"id"')
expect 'all are checked first' 3 'nothing was started' \
    "$ASSAY" run greet.yaml broken.yaml
has 'and told' "unknown field 'stesp'"
after=$("$ASSAY" history -o json --workflow greet | grep -c '"id"')
[ "$before" = "$after" ] && pass 'nothing was started' || fail 'something was started'

# --- for programs ---
"$ASSAY" run greet.yaml other.yaml --config code=1 -o json --parallel 2 >runs.json || true
perl -MJSON::PP -e 'local $/; my $r = decode_json(<>);
    exit !(@$r == 2 && $r->[0]{workflow} eq "greet" && $r->[1]{status} eq "failed")' \
    runs.json && pass 'JSON is one list, in order' || fail 'JSON' "$(cat runs.json)"
"$ASSAY" run greet.yaml other.yaml -o ndjson --parallel 2 >events
perl -MJSON::PP -ne 'my $e = decode_json($_); $end{$e->{run}}++ if $e->{event} eq "run-finished";
    END { exit !(keys %end == 2) }' events && pass 'ndjson has the run in each line' ||
    fail 'ndjson' "$(cat events)"

# --- Ctrl-C, and what was not started ---
"$ASSAY" run long.yaml long.yaml greet.yaml --parallel 2 >out.several 2>&1 &
pid=$!
wait_for 10 grep -q '^long#2 |   begun' out.several
wait_for 10 grep -q '^long   |   begun' out.several
kill -INT "$pid"
code=0
wait "$pid" || code=$?
cp out.several "$work/out"
[ "$code" = 130 ] && pass 'Ctrl-C aborts all' || fail 'Ctrl-C' "code $code"
has 'in order' 'long#2 |   cleaned'
has 'and starts no more' '2 runs: 2 aborted; 1 not started'
wait_for 5 sh -c "! pgrep -f 's[l]eep 7$$.5'" && pass 'nothing runs on' || fail 'left'

# --- in the background ---
"$ASSAY" run greet.yaml other.yaml --detach >ids
[ "$(grep -cE '^[0-9a-f]{16}$' ids)" = 2 ] && pass 'an id for each' || fail 'ids'
while read -r id; do
    expect "attach $id" 0 passed "$ASSAY" attach "$id"
done <ids

# --- the reader, or the command, is gone ---
"$ASSAY" run greet.yaml other.yaml | head -n 1 >/dev/null
expect 'the runs go on without their reader' 0 passed "$ASSAY" show latest
rm -f out.several
"$ASSAY" run long.yaml long.yaml --parallel 2 >out.several 2>&1 &
pid=$!
wait_for 10 grep -q '^long#2 |   begun' out.several
wait_for 10 grep -q '^long   |   begun' out.several
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
ids=$("$ASSAY" history -o json --status running | sed -n 's/^ *"id": "\(.*\)",*$/\1/p')
[ "$(printf '%s\n' "$ids" | wc -l)" = 2 ] && pass 'and without the command' ||
    fail 'the runs ended' "$ids"
for id in $ids; do
    expect "abort $id" 130 cleaned "$ASSAY" abort "$id"
done
wait_for 5 sh -c "[ -z \"\$(ls '$TMPDIR')\" ]" && pass 'no folder is left' || fail 'left'
finish
