#!/bin/sh
# The same workflow on this machine and in the test cluster, and where podman works in
# its containers (with images made here in place of the workflows' own): the same exit
# code, the same events of its steps, the same log, as they are recorded.
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

# What podman needs, when it is there.
container_runtime=
if command -v podman docker-registry runc >/dev/null && [ -x /bin/busybox ] &&
    [ "$(id -u)" -eq 0 ]; then
    . "$here/podman_setup.sh"
    trap 'podman_close "$work/podman"; clean_up' EXIT
    if podman_open "$work/podman"; then
        # Another name of the same: steps of two images are in two containers.
        podman tag "$shell_image" localhost/other:1
        container_runtime=podman
    fi
fi

# A workflow of this folder with images that are here.
localize() {
    sed "s|docker.io/library/busybox:1|localhost/other:1|
        s|^spec:|&\n  container: {image: '$shell_image'}|" "$1"
}

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

# record RUNTIME ARGUMENTS-OF-RUN...: what is to be the same, in $work/RUNTIME.told
record() {
    runtime=$1
    shift
    status=0
    "$ASSAY" run "$@" --runtime "$runtime" --output ndjson \
        >"$work/$runtime.events" 2>&1 </dev/null || status=$?
    {
        echo "exit code $status"
        steps "$work/$runtime.events"
        "$ASSAY" logs latest | plain
    } >"$work/$runtime.told"
}

# same NAME RUNTIME: it told the same as the host
same() {
    if [ "$(wc -l <"$work/host.told")" -lt 2 ]; then
        fail "$1" "nothing ran: $(tail -n 5 "$work/host.events")"
    elif cmp -s "$work/host.told" "$work/$2.told"; then
        pass "$1, $2: $(head -n 1 "$work/host.told")"
    else
        fail "$1, $2" "$(diff "$work/host.told" "$work/$2.told" | head -n 40)" \
            "$(tail -n 3 "$work/$2.events")"
    fi
}

# compare NAME ARGUMENTS-OF-RUN...: of the host and the cluster
compare() {
    name=$1
    shift
    record host "$@" --expose=kubeconfig
    record kubernetes "$@"
    same "$name" kubernetes
}

# compare_all NAME FILE ARGUMENTS-OF-RUN...: and podman, after the above
compare_all() {
    name=$1 file=$2
    shift 2
    compare "$name" "$file" "$@"
    [ -n "$container_runtime" ] || return 0
    localize "$file" >"$work/$(basename "$file")"
    record podman "$work/$(basename "$file")" "$@"
    same "$name" podman
}

for file in "$here"/parity/*.yaml; do
    compare_all "$(basename "$file" .yaml)" "$file"
done
compare_all 'parameters, given' "$here/parity/parameters.yaml" \
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
