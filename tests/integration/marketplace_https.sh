#!/bin/sh
# A marketplace over https: Apache and git http-backend on loopback, with an authority
# of the test's own. What goes wrong on the way changes nothing.
set -eu
. "$(dirname -- "$0")/checks.sh"
need git ssh-keygen openssl curl perl /usr/sbin/apache2
. "$here/marketplace_setup.sh"
market() { "$ASSAY" marketplace "$@"; }

make_key good
signer=$(fingerprint good)
make_certificate
make_source
commit good 'one'
start_git_server
serve catalog
url=$base/catalog.git

expect 'an unknown authority' 5 "server's certificate is not trusted" \
    market add official "$url" --signer "$signer"
has 'tells what to do' '--ca FILE'
expect 'no such file of certificates' 3 'No such file' \
    market add official "$url" --signer "$signer" --ca "$work/none.pem"
expect 'a file without certificates' 3 'holds no certificates' \
    market add official "$url" --signer "$signer" --ca "$work/apache.conf"
expect 'another repository' 5 'cannot fetch' \
    market add official "$base/none.git" --signer "$signer" --ca "$work/ca.pem"
expect 'a redirect to another host' 5 'cannot fetch' market add official \
    "${base%/git}/elsewhere/catalog.git" --tofu --ca "$work/ca.pem"
expect 'a redirect away from https' 5 'cannot fetch' market add official \
    "${base%/git}/plain/catalog.git" --tofu --ca "$work/ca.pem"
expect 'a server that wants a password' 5 'asks for a password' market add \
    official "$base/private.git" --tofu --ca "$work/ca.pem"
expect 'without trust' 4 'no-trust' market add official "$url" \
    --ca "$work/ca.pem"
[ ! -e "$settings" ] && pass 'nothing is known yet' || fail 'nothing is known yet'

expect 'with the authority' 0 '6 workflows' market add official "$url" \
    --signer "$signer" --ca "$work/ca.pem"
expect 'by the address of the certificate' 0 '6 workflows' market add numeric \
    "https://127.0.0.1:$port/git/catalog.git" --tofu --ca "$work/ca.pem"
market remove numeric
expect 'a redirect on the same host' 0 '6 workflows' market add moved \
    "${base%/git}/moved/catalog.git" --tofu --ca "$work/ca.pem"
market remove moved
expect 'nothing new' 0 'nothing new' market update
expect 'pull' 0 'written to  assay.lock' market pull redis-connectivity
digest=$(digest_of "$source/workflows/databases/redis/redis-connectivity.yaml")
has 'the digest' "$digest"
expect 'plan of the locked one' 0 'kind: Job' \
    "$ASSAY" plan redis-connectivity --locked

# A new commit comes as a small pack of its own.
echo '# a comment' >>"$source/workflows/databases/redis/redis-connectivity.yaml"
commit good 'two'
git -C "$source" push -q "$work/served/catalog.git" main
expect 'pull fetches it' 0 "before      $digest" \
    market pull redis-connectivity
packs=$(find "$XDG_CACHE_HOME" -name '*.pack' | wc -l)
[ "$packs" -eq 2 ] && pass 'in two packs' || fail 'in two packs' "$packs"
expect 'offline' 0 'unchanged in' market pull redis-connectivity --offline

# The server breaks while it sends.
echo '# more' >>"$source/workflows/databases/redis/redis-connectivity.yaml"
commit good 'three'
serve catalog
remember
git -C "$work/served/catalog.git" repack -q -a -d
pack=$(find "$work/served/catalog.git/objects/pack" -name '*.pack')
chmod u+w "$pack"
perl -e 'open(my $f, "+<", $ARGV[0]) or die; truncate($f, (-s $f) / 2)' "$pack"
expect 'a server that breaks off' 5 "marketplace 'official':" market update
unchanged 'and nothing has changed'
serve catalog
expect 'mended' 0 ' -> ' market update
remember

# Servers that mean harm: $work/hostile/NAME answers to ${base%/git}/hostile/NAME.
hostile() { # NAME, and what it does in perl
    {
        printf '#!/usr/bin/perl\n$| = 1;\n'
        cat <<'PERL'
sub line { sprintf("%04x%s", 4 + length($_[0]), $_[0]) }
my $name = "1" x 40;
my $begin = line("# service=git-upload-pack\n") . "0000";
sub type { print "Content-Type: application/x-git-upload-pack-$_[0]\r\n\r\n" }
PERL
        printf '%s\n' "$2"
    } >"$work/hostile/$1"
    chmod 755 "$work/hostile/$1"
}
attack() { # NAME CODE TEXT PERL [SECONDS]
    hostile "$1" "$4"
    expect "a hostile server: $1" "$2" "$3" market add "hostile" \
        "${base%/git}/hostile/$1" --tofu --ca "$work/ca.pem" --timeout "${5:-2}"
}
attack endless-references 5 "marketplace 'hostile':" \
    'type("advertisement"); print $begin; while (1) {
         print line("$name refs/heads/" . rand() . "\n") x 100 }'
attack no-references 5 "marketplace 'hostile':" \
    'type("advertisement"); print $begin . "0000"'
attack endless-line 5 "marketplace 'hostile':" \
    'type("advertisement"); print $begin; while (1) { print "a" x 65536 }'
attack endless-header 5 "marketplace 'hostile':" \
    'print "Content-Type: text/plain\r\n"; while (1) { print "X: y\r\n" }'
attack escapes 5 '\x1b[2J' \
    'type("advertisement"); print $begin . line("ERR \e[2Jyour prompt\$ \n")'
has_not 'no raw escape' "$(printf '\033')"
attack endless-progress 4 'length-exceeded' \
    'if ($ENV{REQUEST_METHOD} eq "GET") { type("advertisement");
         print $begin . line("$name HEAD\0side-band-64k ofs-delta\n") . "0000";
         exit }
     type("result"); print line("NAK\n");
     while (1) { print line("\2" . "all is well " x 5000) }' 60
attack endless-pack 4 'length-exceeded' \
    'if ($ENV{REQUEST_METHOD} eq "GET") { type("advertisement");
         print $begin . line("$name HEAD\0side-band-64k ofs-delta\n") . "0000";
         exit }
     type("result"); print line("NAK\n");
     print line("\1PACK" . pack("NN", 2, 100000000))'
attack wrong-head 5 "marketplace 'hostile':" \
    'if ($ENV{REQUEST_METHOD} eq "GET") { type("advertisement");
         print $begin . line("zz HEAD\0side-band-64k\n") . "0000"; exit }'
unchanged 'they have left nothing'

# Old versions of TLS are not spoken.
old_port=$(free_port)
openssl s_server -accept "127.0.0.1:$old_port" -cert "$work/server.pem" \
    -key "$work/server.key" -tls1_1 -cipher 'ALL:@SECLEVEL=0' -www \
    >"$work/old.log" 2>&1 &
servers="$servers $!"
wait_for 10 curl -sk --tls-max 1.1 --ciphers 'ALL:@SECLEVEL=0' \
    "https://localhost:$old_port/"
expect 'TLS 1.1' 5 'TLS:' market add old "https://localhost:$old_port/a" \
    --tofu --ca "$work/ca.pem"

# A server that never answers.
mute_port=$(free_port)
perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1",
        LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die;
    my @kept; while (my $c = $s->accept) { push @kept, $c }' "$mute_port" &
servers="$servers $!"
expect 'a mute server' 5 'no complete answer within 1 seconds' \
    market add mute "https://localhost:$mute_port/a" --tofu --timeout 1

# Killed while it waits: the process that fetches ends too and lets the lock go.
"$ASSAY" marketplace add mute "https://localhost:$mute_port/a" --tofu \
    --timeout 60 >"$work/mute.log" 2>&1 &
waiting=$!
wait_for 10 sh -c 'find "$1" -name "*.incoming" | grep -q .' sh \
    "$XDG_CACHE_HOME"
sleep 0.3
expect 'a second one waits, and gives up' 5 'another assay is changing' \
    market add mute "https://localhost:$mute_port/a" --tofu --timeout 1
kill -9 $waiting
wait $waiting 2>/dev/null || true
expect 'after a kill -9 it can be tried again' 5 'no complete answer' \
    market add mute "https://localhost:$mute_port/a" --tofu --timeout 1
if find "$XDG_CACHE_HOME" -name '*.incoming' | grep -q .; then
    fail 'nothing is left of it'
else
    pass 'nothing is left of it'
fi
expect 'nobody there' 5 'cannot connect' \
    market add none "https://localhost:$(free_port)/a" --tofu
expect 'a proxy of the environment' 0 'nothing new' \
    env https_proxy="$proxy" "$ASSAY" marketplace update
expect 'one that is not there' 5 'cannot connect' \
    env https_proxy="http://127.0.0.1:$(free_port)" \
    "$ASSAY" marketplace update
expect 'the certificate is checked behind a proxy too' 5 'not trusted' \
    env https_proxy="$proxy" "$ASSAY" marketplace add other "$url" --tofu

# What was fetched stays usable without the server.
for server in $servers; do
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
done
servers=
expect 'without the server' 5 'cannot connect' market update
expect 'the cache serves' 0 'kind: Job' "$ASSAY" plan redis-connectivity
finish
