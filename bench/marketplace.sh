#!/bin/sh
# A marketplace over https from a server on this machine (Apache and git
# http-backend): `marketplace update` with nothing new, and `marketplace pull`,
# beside git, which only asks for the head.
# Goal: under 100 ms each.   Usage: bench/marketplace.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
rounds=${1:-30}

# The repository and the server are those of the integration tests, which find
# their files beside $0.
ASSAY=$assay measure=$measure rounds=$rounds sh -eu -c '
    . tests/integration/checks.sh
    . "$here/marketplace_setup.sh"
    make_key good
    make_certificate
    make_source
    commit good one
    start_git_server
    serve catalog
    "$ASSAY" marketplace add official "$base/catalog.git" \
        --signer "$(fingerprint good)" --ca "$work/ca.pem" >"$work/out"
    "$measure" "$rounds" \
        "git ls-remote" env GIT_SSL_CAINFO="$work/ca.pem" git \
        ls-remote "$base/catalog.git" HEAD -- \
        "update, nothing new" "$ASSAY" marketplace update -- \
        "pull" "$ASSAY" marketplace pull redis-connectivity
' "$PWD/tests/integration/bench"
