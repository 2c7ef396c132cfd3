#!/bin/sh
# The whole path: a workflow is pulled by digest from a marketplace over https, and
# runs, locked, as a Job of the test cluster; the record says where it came from.
# Usage: ASSAY=path/to/assay KUBE_SERVER=path/to/test-kube-server \
#     tests/integration/marketplace_kubernetes.sh
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap git ssh-keygen openssl curl perl /usr/sbin/apache2
. "$here/kubernetes_setup.sh"
. "$here/marketplace_setup.sh"

make_key good
signer=$(fingerprint good)
make_certificate
make_source
commit good 'one'
start_git_server
serve catalog
# shellcheck disable=SC2119 # without options
cluster_begin
export ASSAY_RUNTIME=kubernetes
check=http-endpoint-check
digest=$(digest_of "$source/workflows/networking/http/$check.yaml")

expect 'the marketplace' 0 "signed by $signer" \
    "$ASSAY" marketplace add official "$base/catalog.git" \
    --signer "$signer" --ca "$work/ca.pem"
expect 'before it is pulled' 4 'not-locked' "$ASSAY" run $check --locked
expect 'pull by digest' 0 'written to  assay.lock' \
    "$ASSAY" marketplace pull "official/$check@$digest"
# The proxy answers requests for itself with 404.
run() {
    "$ASSAY" run "$check@$digest" --locked --config "url=$proxy/" \
        --config "expected_status=$1"
}
expect 'it passes in the cluster' 0 'ok: status 404' run 404
expect 'its record' 0 "$digest" "$ASSAY" show latest
has 'has the marketplace' 'marketplace official'
has 'the commit' "$(head_of)"
has 'the signer' "$signer"
has 'and the runtime' 'kubernetes'
expect 'and it fails there' 1 'FAIL: expected status 200, got 404' run 200
expect 'the log of that' 0 'got 404' "$ASSAY" logs latest
finish
