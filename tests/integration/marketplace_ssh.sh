#!/bin/sh
# A marketplace over ssh: a real sshd on loopback, with host and user keys of the
# test's own.
set -eu
. "$(dirname -- "$0")/checks.sh"
need git ssh-keygen perl /usr/sbin/sshd
. "$here/marketplace_setup.sh"
market() { "$ASSAY" marketplace "$@"; }
unset SSH_AUTH_SOCK

make_key good
make_key host
make_key stranger
make_key user ecdsa 256
signer=$(fingerprint good)
make_source
commit good 'one'
mkdir -p "$HOME/.ssh"
chmod 700 "$HOME" "$HOME/.ssh"
start_sshd
url=ssh://$(id -un)@127.0.0.1:$port$source

expect 'an unknown host' 5 "marketplace 'official':" \
    market add official "$url" --signer "$signer"
printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d ' ' -f 1,2 "$work/stranger.pub")" \
    >"$HOME/.ssh/known_hosts"
expect 'another host key than the known one' 5 "marketplace 'official':" \
    market add official "$url" --signer "$signer"
printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d ' ' -f 1,2 "$work/host.pub")" \
    >"$HOME/.ssh/known_hosts"
expect 'without a key' 5 "marketplace 'official':" \
    market add official "$url" --signer "$signer"
cp "$work/user" "$HOME/.ssh/id_ecdsa"
cp "$work/user.pub" "$HOME/.ssh/id_ecdsa.pub"
expect 'with a key' 0 '6 workflows' \
    market add official "$url" --signer "$signer"
expect 'nothing new' 0 'nothing new' market update
rm "$HOME/.ssh/id_ecdsa"
expect 'with the key of an agent' 0 'nothing new' ssh-agent sh -c '
    ssh-add -q "$1" 2>/dev/null && "$2" marketplace update' sh "$work/user" \
    "$ASSAY"
cp "$work/user" "$HOME/.ssh/id_ecdsa"
commit '' 'not signed'
expect 'trust is the same over ssh' 4 'unsigned:' market update
expect 'pull of what is there' 0 'written to  assay.lock' \
    market pull redis-connectivity --offline
finish
