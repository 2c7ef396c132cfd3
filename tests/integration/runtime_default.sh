#!/bin/sh
# Where a run runs when it is not said: the option, ASSAY_RUNTIME, the user's
# config.yaml, a kubeconfig, in this order; and what is said when there is none of them.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap
cat >"$work/where.yaml" <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: where}
spec: {steps: [{shell: echo here}]}
YAML
# What tells them apart, soon and without a server or an engine.
export ASSAY_CONTAINER_ENGINE=/no/such/engine
# shellcheck disable=SC2034 # named by the rows
host='on host,' podman="no container engine '/no/such/engine'"
# shellcheck disable=SC2034
kubernetes="'/no/such/kubeconfig' does not exist"
# shellcheck disable=SC2034
none='there is no kubeconfig'

# OPTION VARIABLE CONFIG-FILE KUBECONFIG WANT CODE; - is nothing.
while read -r option variable config kubeconfig want code; do
    name="option $option, variable $variable, config.yaml $config, kubeconfig $kubeconfig"
    eval "text=\$$want"
    export XDG_CONFIG_HOME="$work/config"
    unset ASSAY_RUNTIME KUBECONFIG KUBERNETES_SERVICE_HOST
    rm -rf "$XDG_CONFIG_HOME" "$HOME/.kube" "$HOME/.config"
    case $config in
    -) ;;
    home/*)
        unset XDG_CONFIG_HOME
        mkdir -p "$HOME/.config/assay"
        echo "runtime: ${config#*/}" >"$HOME/.config/assay/config.yaml"
        ;;
    *)
        mkdir -p "$XDG_CONFIG_HOME/assay"
        echo "runtime: $config" >"$XDG_CONFIG_HOME/assay/config.yaml"
        ;;
    esac
    case $kubeconfig in
    -) ;;
    home) # which is tried only because it is there
        mkdir "$HOME/.kube"
        echo '[' >"$HOME/.kube/config"
        text=$HOME/.kube/config
        ;;
    pod) # without the token of one
        export KUBERNETES_SERVICE_HOST=127.0.0.1
        text="$HOME/.kube/config' does not exist"
        ;;
    *) export KUBECONFIG="$kubeconfig" ;;
    esac
    set --
    [ "$option" = - ] || set -- --runtime "$option"
    [ "$variable" = - ] || export ASSAY_RUNTIME="${variable#=}"
    expect "$name" "$code" "$text" "$ASSAY" run "$work/where.yaml" "$@"
done <<'END'
host    podman      kubernetes  /no/such/kubeconfig host        0
podman  host        host        /no/such/kubeconfig podman      5
kubernetes host     host        /no/such/kubeconfig kubernetes  3
-       host        podman      /no/such/kubeconfig host        0
-       podman      host        /no/such/kubeconfig podman      5
-       kubernetes  host        /no/such/kubeconfig kubernetes  3
-       =           host        /no/such/kubeconfig host        0
-       -           host        /no/such/kubeconfig host        0
-       -           podman      /no/such/kubeconfig podman      5
-       -           home/podman /no/such/kubeconfig podman      5
-       -           kubernetes  /no/such/kubeconfig kubernetes  3
-       -           -           /no/such/kubeconfig kubernetes  3
-       -           -           home                kubernetes  3
-       -           -           pod                 kubernetes  3
-       -           -           -                   none        2
-       =           -           -                   none        2
END
for choice in '--runtime host' '--runtime podman' '--kubeconfig FILE' ASSAY_RUNTIME \
    'config.yaml'; do
    has "the error names $choice" "$choice"
done

# None that there is.
mkdir -p "$XDG_CONFIG_HOME/assay"
echo 'runtime: moon' >"$XDG_CONFIG_HOME/assay/config.yaml"
expect 'a runtime of config.yaml that is none' 2 \
    "config.yaml:1:10: expected 'host', 'podman' or 'kubernetes'" \
    "$ASSAY" run "$work/where.yaml"
expect 'which another choice does not ask for' 0 'on host,' \
    "$ASSAY" run "$work/where.yaml" --runtime host
expect 'a runtime of the variable that is none' 2 "unknown runtime 'moon'" \
    env ASSAY_RUNTIME=moon "$ASSAY" run "$work/where.yaml"
finish
