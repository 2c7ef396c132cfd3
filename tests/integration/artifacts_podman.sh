#!/bin/sh
# Files out of a container of an engine, also of one that runs as another user, whose
# files are not ours.
set -eu
. "$(dirname -- "$0")/checks.sh"
. "$here/podman_setup.sh"
podman_needs_root
podman_begin

for user in 0 1000; do
    cat >"$work/files.yaml" <<EOF
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: files}
spec:
  container:
    image: $shell_image
    workingDir: /data
    securityContext: {runAsUser: $user, runAsGroup: $user}
  steps:
  - name: Make
    shell: mkdir -p out && printf one >out/one.txt && chmod 600 out/one.txt
    artifacts: {paths: ['out/**']}
  - name: Pack
    shell: printf two >two.txt
    artifacts: {paths: [two.txt], compress: {name: two.tar.gz}}
EOF
    expect "files of user $user" 0 '2 artifacts, ' \
        "$ASSAY" run "$work/files.yaml" --runtime podman
    expect 'are fetched' 0 out/one.txt \
        "$ASSAY" artifacts latest --download "$work/files-$user"
    if [ "$(cat "$work/files-$user/out/one.txt")" = one ] &&
        [ "$(tar -xzOf "$work/files-$user/two.tar.gz" two.txt)" = two ]; then
        pass 'and whole'
    else fail 'and whole'; fi
    if [ -z "$(ls -A "$TMPDIR")" ]; then pass 'nothing is left'; else
        fail 'nothing is left' "$(find "$TMPDIR")"
    fi
done
finish
