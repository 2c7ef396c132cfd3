#!/bin/sh
# content.git with a key, over ssh: a real sshd on loopback. The key comes from a
# sensitive parameter; it must be in no output, no object and not in the repository.
set -eu
. "$(dirname -- "$0")/checks.sh"
need git bwrap ssh ssh-keygen ssh-keyscan /usr/sbin/sshd

for name in host user stranger; do
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/$name"
done
cp "$work/user.pub" "$work/authorized"
chmod 755 "$work"
port=$(free_port)
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
cat >"$work/sshd.conf" <<CONF
Port $port
ListenAddress 127.0.0.1
HostKey $work/host
AuthorizedKeysFile $work/authorized
PidFile $work/sshd.pid
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
CONF
/usr/sbin/sshd -D -e -f "$work/sshd.conf" 2>"$work/sshd.log" &
servers="$servers $!"
wait_for 10 sh -c 'ssh-keyscan -p "$1" 127.0.0.1 | grep -q ssh-ed25519' sh "$port"
if ! ssh -q -F none -p "$port" -i "$work/user" -o BatchMode=yes \
    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null 127.0.0.1 true; then
    printf 'SKIP: this account cannot log in by ssh: %s\n' \
        "$(tail -n 1 "$work/sshd.log")"
    exit 77
fi

git init -q -b main "$work/source"
git -C "$work/source" config user.email a@example.com
git -C "$work/source" config user.name a
echo one >"$work/source/test"
git -C "$work/source" add .
git -C "$work/source" commit -q -m one
cat >"$work/clone.yaml" <<YAML
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: clone}
spec:
  config:
    key: {type: string, sensitive: true}
  steps:
  - name: Fetched
    content:
      git:
        uri: ssh://$(id -un)@127.0.0.1:$port$work/source
        sshKey: '{{ config.key }}'
        retry: {count: 1}
    shell: |
      grep one /data/repo/test
      ! grep -r 'PRIVATE KEY' /data/repo /tmp /dev/shm
      ! ls /dev/shm/clone.* /tmp/clone.* 2>/dev/null
      echo 'nothing left'
YAML
run() { "$ASSAY" run "$work/clone.yaml" --runtime host "$@"; }
secret=$(sed -n 2p "$work/user")

expect 'a repository over ssh' 0 'nothing left' run --config "key=@$work/user"
has_not() {
    if grep -rqF -- "$secret" "$2"; then fail "$1"; else pass "$1"; fi
}
has_not 'the key is not in the output' "$work/out"
"$ASSAY" show latest --output json >"$work/record"
"$ASSAY" logs latest >>"$work/record"
has_not 'nor in the record' "$work/record"
"$ASSAY" plan "$work/clone.yaml" --config "key=@$work/user" >"$work/objects"
has_not 'nor in the printed objects' "$work/objects"
expect 'a key that the server does not know' 1 'Permission denied' \
    run --config "key=@$work/stranger"
finish
