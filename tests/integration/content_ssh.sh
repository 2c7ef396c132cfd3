#!/bin/sh
# content.git with a key, over ssh: a real sshd on loopback. The key comes from a
# sensitive parameter; it must be in no output, no object and not in the repository.
set -eu
. "$(dirname -- "$0")/checks.sh"
need git bwrap ssh ssh-keygen ssh-keyscan /usr/sbin/sshd

. "$here/marketplace_setup.sh"
make_key host
make_key user
make_key stranger
start_sshd
make_repository
workflow clone <<YAML
  config:
    key: {type: string, sensitive: true}
  steps:
  - name: Fetched
    content:
      git:
        uri: ssh://$(id -un)@127.0.0.1:$port$source
        sshKey: '{{ config.key }}'
        retry: {count: 1}
    shell: |
      grep one /data/repo/test
      ! grep -r 'PRIVATE KEY' /data /tmp /dev/shm || exit 8
      ! ls /dev/shm/clone.* /tmp/clone.* 2>/dev/null || exit 9
      echo 'nothing left'
YAML
run() { "$ASSAY" run "$work/clone.yaml" --runtime host "$@"; }
secret=$(sed -n 2p "$work/user")

watch_arguments "$secret"
expect 'a repository over ssh' 0 'nothing left' run --config "key=@$work/user"
nobody_had 'no process had the key as an argument'
has_not 'the key is not in the output' "$secret"
"$ASSAY" show latest --output json >"$work/out"
"$ASSAY" logs latest >>"$work/out"
has_not 'nor in the record' "$secret"
grep -rqF -- "$secret" "$XDG_STATE_HOME" && fail 'the key is in the state' ||
    pass 'nor in any file of it'
"$ASSAY" plan "$work/clone.yaml" --config "key=@$work/user" >"$work/out"
has_not 'nor in the printed objects' "$secret"
expect 'a key that the server does not know' 1 'Permission denied' \
    run --config "key=@$work/stranger"
finish
