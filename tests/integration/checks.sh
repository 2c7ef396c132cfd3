# Sourced by the integration tests. Makes a folder of its own (removed at the end),
# a history in it, and prints one line a check; `finish` ends with the counts in a
# form that the summary reads.
# shellcheck shell=sh

: "${ASSAY:?set ASSAY to the program to test}"
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck disable=SC2034 # for the scripts that source this file
root=$(CDPATH='' cd -- "$here/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/assay-integration-XXXXXX")
export XDG_STATE_HOME="$work/state" HOME="$work/home" NO_COLOR=1
unset KUBECONFIG ASSAY_RUNTIME ASSAY_IGNORE XDG_CONFIG_HOME XDG_CACHE_HOME
mkdir -p "$HOME"
passed=0
failed=0
servers=

end_servers() {
    for server in $servers; do
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    done
    servers=
}

# Ends what the test has started and removes its folder.
clean_up() {
    end_servers
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

pass() {
    passed=$((passed + 1))
    printf 'ok: %s\n' "$1"
}

fail() {
    failed=$((failed + 1))
    printf 'not ok: %s\n' "$1"
    shift
    [ $# -eq 0 ] || printf '    %s\n' "$@"
}

# expect NAME CODE TEXT COMMAND...: the command's exit code is CODE and its output
# (both streams) holds TEXT. The output stays in $work/out.
expect() {
    label=$1 code=$2 text=$3
    shift 3
    status=0
    "$@" >"$work/out" 2>&1 </dev/null || status=$?
    if [ "$status" -ne "$code" ]; then
        fail "$label" "expected exit code $code, got $status; output:" \
            "$(tail -n 30 "$work/out")"
    elif ! grep -qF -e "$text" "$work/out"; then
        fail "$label" "expected the text '$text' in:" \
            "$(tail -n 30 "$work/out")"
    else
        pass "$label"
    fi
}

# has NAME TEXT, has_not NAME TEXT: about the output of the last command.
has() {
    if grep -qF -e "$2" "$work/out"; then
        pass "$1"
    else
        fail "$1" "expected the text '$2' in:" "$(tail -n 40 "$work/out")"
    fi
}

has_not() {
    if grep -qF -e "$2" "$work/out"; then
        fail "$1" "did not expect the text '$2'"
    else
        pass "$1"
    fi
}

# A TCP port of loopback that nothing listens on now.
free_port() {
    perl -MIO::Socket::INET -e '
        my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)
            or die "no port: $!\n";
        print $s->sockport, "\n"'
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    tries=$(($1 * 10))
    shift
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.1
    done
}

# workflow NAME: $work/NAME.yaml, a workflow of that name; its spec from standard input.
workflow() {
    {
        printf 'apiVersion: testworkflows.testkube.io/v1\nkind: TestWorkflow\n'
        printf 'metadata: {name: %s}\nspec:\n' "$1"
        cat
    } >"$work/$1.yaml"
}

# record WAY COMMAND...: runs `assay run` and keeps what it tells in $work/WAY.told: the
# exit code, the events of its steps and the log, without times and ids.
record() {
    way=$1
    shift
    status=0
    "$@" --output ndjson >"$work/$way.events" 2>&1 </dev/null || status=$?
    {
        echo "exit code $status"
        sed -nE '/"event":"step-/{
            s/"(run|time|duration)":("[^"]*"|[0-9]+),?//g
            p
        }' "$work/$way.events"
        "$ASSAY" logs latest | sed -E 's/[0-9.]+ ?m?s\b/TIME/g
            s/^E[0-9]{4} [0-9:.]+ +[0-9]+ /ERROR /'
    } >"$work/$way.told"
}

# told_alike NAME FIRST SECOND: what two ways have recorded is the same.
told_alike() {
    if [ "$(wc -l <"$work/$2.told")" -lt 2 ]; then
        fail "$1" "nothing ran: $(tail -n 5 "$work/$2.events")"
    elif cmp -s "$work/$2.told" "$work/$3.told"; then
        pass "$1, $2 and $3: $(head -n 1 "$work/$2.told")"
    else
        fail "$1, $2 and $3" \
            "$(diff "$work/$2.told" "$work/$3.told" | head -n 40)" \
            "$(tail -n 3 "$work/$3.events")"
    fi
}

# watch_arguments TEXT: from now on, looks for a process that has TEXT, which is in
# $work/pattern, on its command line.
watch_arguments() {
    printf '%s' "$1" >"$work/pattern"
    (while [ -e "$work/pattern" ]; do
        for line in /proc/[0-9]*/cmdline; do
            if grep -qaF -f "$work/pattern" "$line"; then
                echo "$line" >>"$work/seen"
            fi
        done
        sleep 0.02
    done) 2>/dev/null &
    watcher=$!
    servers="$servers $watcher"
}

# nobody_had NAME: none had it; one that has would have been seen.
nobody_had() {
    if [ -e "$work/seen" ]; then
        fail "$1" "$(cat "$work/seen")"
        return
    fi
    sh -c 'sleep 5; :' "$(cat "$work/pattern")" &
    if wait_for 20 test -e "$work/seen"; then
        pass "$1"
    else
        fail "$1" 'nobody was looking'
    fi
    kill "$watcher" $!
}

# serve_ok: a web server on loopback that answers every request with `ok`; its port in
# $port, its pid in $server.
serve_ok() {
    rm -f "$work/ok.port"
    perl -MIO::Socket::INET -e '
        my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 9)
            or die "cannot listen: $!\n";
        open(my $file, ">", "$ARGV[0].new") or die; print $file $server->sockport;
        close($file); rename("$ARGV[0].new", $ARGV[0]);
        while (my $client = $server->accept) {
            while (<$client>) { last if /^\r?\n$/ }
            print $client "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n",
                "Connection: close\r\n\r\nok\n";
            close($client);
        }' "$work/ok.port" &
    server=$!
    servers="$servers $server"
    wait_for 10 test -s "$work/ok.port"
    port=$(cat "$work/ok.port")
}

need() {
    for tool; do
        if ! command -v "$tool" >/dev/null; then
            printf 'SKIP: %s is not installed\n' "$tool"
            exit 77
        fi
    done
}

finish() {
    printf '[  PASSED  ] %s test(s)\n' "$passed"
    if [ "$failed" -gt 0 ]; then
        printf '[  FAILED  ] %s test(s)\n' "$failed"
        exit 1
    fi
}
