#!/bin/sh
# Workflows against a real Redis on loopback: our own and, when it is there, the
# marketplace's own file.
set -eu
. "$(dirname -- "$0")/checks.sh"
need redis-server redis-cli bwrap

port=$(free_port)
password='s3cret-word'

start() {
    redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no \
        --dir "$work" "$@" >"$work/redis.log" 2>&1 &
    server=$!
    servers="$servers $server"
    wait_for 10 sh -c "redis-cli -h 127.0.0.1 -p $port PING | grep -qE 'PONG|NOAUTH'"
}

stop() {
    kill "$server"
    wait "$server" 2>/dev/null || true
}

# check FILE GOOD BAD: the file passes with the server, fails without; GOOD and BAD
# are its own messages.
check() {
    file=$1 good=$2 bad=$3
    name=$(basename "$file")
    set -- "$ASSAY" run "$file" --runtime host --config host=127.0.0.1 \
        --config "port=$port"
    start
    expect "$name: passes with a server" 0 "$good" "$@"
    stop
    expect "$name: fails without a server" 1 "$bad" "$@"
    expect "$name: the failure is in the history" 0 failed \
        "$ASSAY" show latest
    expect "$name: the message is in the log" 0 "$bad" "$ASSAY" logs latest

    start --requirepass "$password"
    expect "$name: fails without the password" 1 NOAUTH "$@"
    expect "$name: passes with the password" 0 "$good" \
        "$@" --config "password=$password"
    has_not "$name: the password is not in the output" "$password"
    expect "$name: the run can be shown" 0 REDACTED "$ASSAY" show latest
    has_not "$name: the password is not in the page" "$password"
    "$ASSAY" logs latest >"$work/out"
    has_not "$name: the password is not in the log" "$password"
    if grep -rqF "$password" "$XDG_STATE_HOME"; then
        fail "$name: the password is not in the database"
    else
        pass "$name: the password is not in the database"
    fi
    expect "$name: fails with a wrong password" 1 "" \
        "$@" --config password=wrong-word
    stop
}

check "$root/marketplace/catalog/workflows/databases/redis/redis-connectivity.yaml" \
    'ok: EXISTS' 'FAIL: PING'
check "$here/workflows/blocks.yaml" 'block: PONG' 'FAIL: no PONG'
corpus=${ASSAY_CORPUS:-}/marketplace/workflows/databases/redis/redis-connectivity.yaml
# The marketplace's file cannot say "PING failed" without a server: a shell text
# runs under `set -e`, which ends it at the assignment before. With a password it
# takes the client's warning for the answer. Both are its own faults.
if [ -f "$corpus" ]; then
    set -- "$ASSAY" run "$corpus" --runtime host --config host=127.0.0.1 \
        --config "port=$port"
    start
    expect 'marketplace file: passes with a server' 0 \
        'Redis Connectivity Validation Passed' "$@"
    stop
    expect 'marketplace file: fails without a server' 1 '>>> Test 1: PING' "$@"
    has_not 'marketplace file: nothing has passed' 'successful'
    expect 'marketplace file: the log ends at the test that failed' 0 \
        '>>> Test 1: PING' "$ASSAY" logs latest
    start --requirepass "$password"
    expect 'marketplace file: fails without the password' 1 \
        'PING failed: NOAUTH' "$@"
    expect 'marketplace file: the password is used' 1 'PONG' \
        "$@" --config "password=$password"
    has_not 'marketplace file: the password is not in the output' "$password"
    stop
fi
finish
