#!/bin/sh
# The same workflow on this machine and in the test cluster: the same exit code, the
# same events of its steps, the same log, as they are recorded.
# Usage: ASSAY=path/to/assay KUBE_SERVER=path/to/test-kube-server \
#     tests/integration/parity.sh
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap perl
if [ -z "${KUBE_SERVER:-}" ]; then
    echo 'SKIP: set KUBE_SERVER to test-kube-server'
    exit 77
fi
inputs=$root/tests/kube/catalog
"$KUBE_SERVER" --objects "$inputs/objects.yaml" --rules "$inputs/rules.yaml" \
    --kubeconfig "$work/kubeconfig" >"$work/port" &
servers="$servers $!"
wait_for 10 test -s "$work/port"
export KUBECONFIG="$work/kubeconfig"

# The events of steps without what differs from one run to the next: times.
steps() {
    sed -nE '/"event":"step-/{
        s/"(run|time|duration)":("[^"]*"|[0-9]+),?//g
        p
    }' "$1"
}

# A log without times, which some programs print.
plain() {
    sed -E 's/[0-9]+ ?ms/TIME/g; s/[0-9.]+ s\b/TIME/g
        s/^E[0-9]{4} [0-9:.]+ +[0-9]+ /ERROR /'
}

# compare NAME ARGUMENTS-OF-RUN...
compare() {
    name=$1
    shift
    for runtime in host kubernetes; do
        status=0
        expose=
        [ $runtime = kubernetes ] || expose=--expose=kubeconfig
        "$ASSAY" run "$@" --runtime $runtime $expose --output ndjson \
            >"$work/$runtime.events" 2>&1 </dev/null || status=$?
        echo "exit code $status" >"$work/$runtime"
        steps "$work/$runtime.events" >>"$work/$runtime"
        "$ASSAY" logs latest | plain >>"$work/$runtime"
    done
    if [ "$(wc -l <"$work/host")" -lt 2 ]; then
        fail "$name" "nothing ran: $(tail -n 5 "$work/host.events")"
    elif cmp -s "$work/host" "$work/kubernetes"; then
        pass "$name: $(head -n 1 "$work/host")"
    else
        fail "$name" "$(diff "$work/host" "$work/kubernetes" | head -n 40)" \
            "$(tail -n 3 "$work/kubernetes.events")"
    fi
}

for file in "$here"/parity/*.yaml; do
    compare "$(basename "$file" .yaml)" "$file"
done
compare 'parameters, given' "$here/parity/parameters.yaml" \
    --config greeting="good ' \$(id) day" --config password=other-secret

# The catalog, against nothing that answers, and against something that does.
catalog=$root/marketplace/catalog/workflows
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
    }' "$work/http" &
servers="$servers $!"
wait_for 10 test -s "$work/http"
http=$catalog/networking/http/http-endpoint-check.yaml
compare 'http, up' "$http" --config "url=http://127.0.0.1:$(cat "$work/http")/"
compare 'http, another status' "$http" --config expected_status=404 \
    --config "url=http://127.0.0.1:$(cat "$work/http")/"
compare 'http, down' "$http" --config "url=http://127.0.0.1:1/"
compare 'redis, down' "$catalog/databases/redis/redis-connectivity.yaml" \
    --config host=127.0.0.1 --config port=1
compare 'postgresql, down' \
    "$catalog/databases/postgresql/postgresql-connectivity.yaml" \
    --config host=127.0.0.1 --config port=1

# The checks of a cluster, where each side looks at the same one.
for check in kubernetes/pods/pod-health-check \
    storage/persistent-volumes/pv-attachment-check \
    networking/ingress/ingress-health-check; do
    for namespace in healthy empty missing; do
        compare "$(basename "$check") of '$namespace'" "$catalog/$check.yaml" \
            --config namespaces=$namespace
    done
done
finish
