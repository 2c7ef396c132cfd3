#!/bin/sh
# Workflows against a real PostgreSQL on loopback: our own and, when it is there, the
# marketplace's own file.
set -eu
. "$(dirname -- "$0")/checks.sh"
need psql bwrap

binaries=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null |
    sort -V | tail -n 1)
if [ -z "$binaries" ]; then
    echo 'SKIP: the PostgreSQL server is not installed'
    exit 77
fi
port=$(free_port)
password='s3cret-word'
data=$work/data
mkdir "$data"

# Becomes the command, as a user who is not root, as the server demands: for a
# subshell.
as_server() {
    cd /
    if [ "$(id -u)" -eq 0 ]; then
        exec setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
    fi
    exec "$@"
}

if [ "$(id -u)" -eq 0 ]; then
    chmod 711 "$work"
    chown nobody:nogroup "$data"
fi
printf '%s\n' "$password" >"$work/password"
chmod 644 "$work/password"
(as_server "$binaries/initdb" -D "$data" -U postgres -A scram-sha-256 \
    --pwfile="$work/password" -N) >"$work/initdb.log" 2>&1

start() {
    as_server "$binaries/postgres" -D "$data" -h 127.0.0.1 -p "$port" -k '' \
        -F >"$work/postgres.log" 2>&1 &
    server=$!
    servers="$servers $server"
    wait_for 20 env PGPASSWORD="$password" psql -h 127.0.0.1 -p "$port" \
        -U postgres -c 'SELECT 1'
}

stop() {
    kill -INT "$server"
    wait "$server" 2>/dev/null || true
}

# check FILE GOOD BAD
check() {
    file=$1 good=$2 bad=$3
    name=$(basename "$file")
    set -- "$ASSAY" run "$file" --runtime host --config host=127.0.0.1 \
        --config "port=$port"
    start
    expect "$name: passes" 0 "$good" "$@" --config "password=$password"
    has_not "$name: the password is not in the output" "$password"
    expect "$name: fails with a wrong password" 1 \
        'password authentication failed' "$@" --config password=wrong-word
    expect "$name: fails without a password" 1 "$bad" "$@"
    stop
    expect "$name: fails without a server" 1 'Connection refused' \
        "$@" --config "password=$password"
    expect "$name: the message is in the log" 0 "$bad" "$ASSAY" logs latest
    expect "$name: the run is failed" 0 failed "$ASSAY" show latest
    expect "$name: parameters are shown" 0 REDACTED "$ASSAY" show latest
    has "$name: the image is shown" 'docker.io/library/postgres'
}

check "$root/marketplace/catalog/workflows/databases/postgresql/postgresql-connectivity.yaml" \
    'ok: ' 'FAIL: '

# The marketplace's file makes a temporary table in one session and fills it in the
# next, so it cannot pass on a plain server; behind a pooler that keeps one server
# session for all (pgbouncer, pool_mode = transaction) it can.
pooled() {
    pool_port=$(free_port)
    printf '"postgres" "%s"\n' "$password" >"$work/users.txt"
    cat >"$work/pgbouncer.ini" <<INI
[databases]
postgres = host=127.0.0.1 port=$port
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $pool_port
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $work/users.txt
pool_mode = transaction
default_pool_size = 1
server_reset_query =
INI
    chmod 644 "$work/users.txt" "$work/pgbouncer.ini"
    as_server pgbouncer "$work/pgbouncer.ini" >"$work/pgbouncer.log" 2>&1 &
    pool=$!
    servers="$servers $pool"
    wait_for 10 env PGPASSWORD="$password" psql -h 127.0.0.1 \
        -p "$pool_port" -U postgres -c 'SELECT 1'
}

corpus=${ASSAY_CORPUS:-}/marketplace/workflows/databases/postgresql/postgresql-connectivity.yaml
if [ -f "$corpus" ]; then
    set -- "$ASSAY" run "$corpus" --runtime host --config host=127.0.0.1
    start
    expect 'marketplace file: connects to a plain server, then its own fault' \
        1 'Connection successful' \
        "$@" --config "port=$port" --config "password=$password"
    if command -v pgbouncer >/dev/null; then
        pooled
        expect 'marketplace file: passes' 0 \
            'PostgreSQL Connectivity Validation Passed' \
            "$@" --config "port=$pool_port" --config "password=$password"
        expect 'marketplace file: fails with a wrong password' 1 \
            'Connection failed' \
            "$@" --config "port=$pool_port" --config password=wrong-word
        kill "$pool"
        wait "$pool" 2>/dev/null || true
        expect 'marketplace file: fails without a server' 1 \
            'Connection failed' \
            "$@" --config "port=$pool_port" --config "password=$password"
    fi
    stop
fi
finish
