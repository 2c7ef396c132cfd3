#!/bin/sh
# The same workflow on this machine and in the test cluster, and where podman works in
# its containers (with images made here in place of the workflows' own): the same exit
# code, the same events of its steps, the same log, as they are recorded.
# Usage: ASSAY=path/to/assay KUBE_SERVER=path/to/test-kube-server \
#     tests/integration/parity.sh
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap perl
. "$here/kubernetes_setup.sh"
inputs=$root/tests/kube/catalog
cluster_begin --objects "$inputs/objects.yaml" --rules "$inputs/rules.yaml"

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

# record_on RUNTIME ARGUMENTS-OF-RUN...
record_on() {
    runtime=$1
    shift
    record "$runtime" "$ASSAY" run "$@" --runtime "$runtime"
}

# compare NAME ARGUMENTS-OF-RUN...: of the host and the cluster
compare() {
    name=$1
    shift
    record_on host "$@" --expose=kubeconfig
    record_on kubernetes "$@"
    told_alike "$name" host kubernetes
}

# compare_all NAME FILE ARGUMENTS-OF-RUN...: and podman, after the above
compare_all() {
    name=$1 file=$2
    shift 2
    compare "$name" "$file" "$@"
    [ -n "$container_runtime" ] || return 0
    localize "$file" >"$work/$(basename "$file")"
    record_on podman "$work/$(basename "$file")" "$@"
    told_alike "$name" host podman
}

for file in "$here"/parity/*.yaml; do
    compare_all "$(basename "$file" .yaml)" "$file"
done
compare_all 'parameters, given' "$here/parity/parameters.yaml" \
    --config greeting="good ' \$(id) day" --config password=other-secret

# The catalog, against nothing that answers, and against something that does.
catalog=$root/marketplace/catalog/workflows
serve_ok
http=$catalog/networking/http/http-endpoint-check.yaml
compare 'http, up' "$http" --config "url=http://127.0.0.1:$port/"
compare 'http, another status' "$http" --config expected_status=404 \
    --config "url=http://127.0.0.1:$port/"
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
