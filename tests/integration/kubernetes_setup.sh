# shellcheck shell=sh
# A cluster of this test's own. Sourced after checks.sh.
#   cluster_begin [OPTION]...   starts test-kube-server with these options and sets
#                               KUBECONFIG, $server (its pid) and $token; ends the test
#                               with 77 when there is no such server
#   control METHOD PATH [BODY]  tells the server
#   rules [RULES]               replaces its rules by these

# shellcheck disable=SC2154 # work, here, servers are set by checks.sh
cluster_begin() {
    if [ -z "${KUBE_SERVER:-}" ]; then
        echo 'SKIP: set KUBE_SERVER to test-kube-server'
        exit 77
    fi
    "$KUBE_SERVER" "$@" --kubeconfig "$work/kubeconfig" >"$work/port" &
    server=$!
    servers="$servers $server"
    wait_for 10 test -s "$work/port"
    export KUBECONFIG="$work/kubeconfig"
    token=$(sed -n 's/.*token: \([0-9a-f]*\).*/\1/p' "$work/kubeconfig")
}

control() {
    curl -ksS -X "$1" -H "Authorization: Bearer $token" \
        ${3:+--data-binary "$3"} \
        "https://127.0.0.1:$(cat "$work/port")/control/$2"
}

rules() {
    control DELETE rules >/dev/null
    [ $# -eq 0 ] || control POST rules "$1" >/dev/null
}
