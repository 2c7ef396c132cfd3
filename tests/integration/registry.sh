#!/bin/sh
# What an image runs by itself, asked of a registry.
# Usage: ASSAY=path/to/assay tests/integration/registry.sh
set -eu
. "$(dirname -- "$0")/checks.sh"
need perl sha256sum bwrap

store="$work/registry"
mkdir -p "$store/manifests" "$store/blobs"

# put KIND: standard input as an object; prints its digest.
put() {
    cat >"$work/object"
    digest="sha256:$(sha256sum "$work/object" | cut -d ' ' -f 1)"
    cp "$work/object" "$store/$1/$digest"
    echo "$digest"
}
config=$(echo '{"config": {"Entrypoint": ["/bin/echo", "load:"], "Cmd": ["usage"]}}' | put blobs)
manifest=$(echo "{\"config\": {\"digest\": \"$config\"}}" | put manifests)
case $(uname -m) in
aarch64) processor=arm64 ;;
*) processor=amd64 ;;
esac
index=$(printf '{"manifests": [{"digest": "%s", "platform": {"os": "linux", "architecture": "other"}}, {"digest": "%s", "platform": {"os": "linux", "architecture": "%s"}}]}' \
    "$config" "$manifest" "$processor" | put manifests)
cp "$store/manifests/$index" "$store/manifests/1.0"
perl "$here/registry.pl" "$store" &
servers="$servers $!"
wait_for 10 test -s "$store/port"
place="127.0.0.1:$(cat "$store/port")"

# flow IMAGE: a workflow whose step is not the last thing.
flow() {
    cat >"$work/flow.yaml" <<YAML
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: load}
spec:
  steps:
    - name: Load
      run: {image: "$1", args: [run, a.js]}
    - name: Usage
      run: {image: "$1"}
    - name: After it
      shell: echo after
YAML
}

flow "$place/team/load:1.0"
expect 'steps that leave the command to their image' 0 'load: run a.js' \
    "$ASSAY" run "$work/flow.yaml" --runtime host
has 'one of which says nothing at all' 'load: usage'
has 'and the one behind them' 'after'
count=$(grep -c '/v2/.*Bearer abc.def' "$store/requests")
[ "$count" -eq 3 ] && pass 'each object is asked for once' ||
    fail 'each object is asked for once' "$(cat "$store/requests")"
if grep -q '^/store/.* \[\]$' "$store/requests"; then
    pass 'the token stays with its host'
else
    fail 'the token stays with its host' "$(cat "$store/requests")"
fi
flow "$place/team/load:other@$index"
expect 'an image by its digest' 0 '"/bin/echo"' "$ASSAY" plan "$work/flow.yaml"
flow "$place/team/load:2.0"
expect 'one that is not there' 3 "load:2.0: registry $place: it has no such image" \
    "$ASSAY" plan "$work/flow.yaml"
has 'is the same error as ever' 'error[E308]'
flow "$place/team/load:1.0"
: >"$store/requests"
expect 'no registry may be asked' 3 'error[E308]' \
    "$ASSAY" plan "$work/flow.yaml" --registry never
[ -s "$store/requests" ] && fail 'and none is' "$(cat "$store/requests")" ||
    pass 'and none is'
expect 'which needs a word that is known' 2 'expected ask, never' \
    "$ASSAY" plan "$work/flow.yaml" --registry sometimes
echo ' ' >>"$store/manifests/$manifest"
expect 'an object that is not what its digest says' 3 'is something else' \
    "$ASSAY" plan "$work/flow.yaml"
printf '{"config": {"digest": "%s"}}' "$config" >"$store/manifests/3.0"
echo '{"config": {"Entrypoint": ["/bin/sh"]}}' >"$store/blobs/$config"
flow "$place/team/load:3.0"
expect 'nor a configuration' 3 'is something else' \
    "$ASSAY" plan "$work/flow.yaml"
{
    printf '{"config": "'
    head -c 4194304 /dev/zero | tr '\0' x
    printf '"}'
} >"$store/manifests/4.0"
flow "$place/team/load:4.0"
expect 'an answer without end' 3 'error[E308]' "$ASSAY" plan "$work/flow.yaml"
flow '127.0.0.1:1/team/load:1.0'
expect 'nobody there' 3 'registry 127.0.0.1:1' "$ASSAY" plan "$work/flow.yaml"

# Credentials of docker and podman.
cat >"$work/auth.json" <<JSON
{"auths": {"$place": {"auth": "dXNlcjpwYXNz"}}}
JSON
: >"$store/requests"
flow "$place/team/load:1.0"
REGISTRY_AUTH_FILE="$work/auth.json" "$ASSAY" plan "$work/flow.yaml" \
    >"$work/out" 2>&1 || true
if grep -q '^/token.*\[Basic dXNlcjpwYXNz\]$' "$store/requests"; then
    pass 'who has logged in gets the token by that'
else
    fail 'who has logged in gets the token by that' "$(cat "$store/requests")"
fi
finish
