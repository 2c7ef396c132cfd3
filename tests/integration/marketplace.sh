#!/bin/sh
# Marketplaces: who is trusted, what is refused and by which name, the lock, and runs
# of exactly the verified bytes. Repositories and signatures are made by git and
# ssh-keygen. A file:// URL; marketplace_https.sh has the server.
set -eu
. "$(dirname -- "$0")/checks.sh"
need git ssh-keygen
. "$here/marketplace_setup.sh"
url=file://$source
market() { "$ASSAY" marketplace "$@"; }
sha256() { digest_of "$1"; }

make_key good
make_key other
make_key p256 ecdsa 256
make_key rsa rsa 3072
signer=$(fingerprint good)

# Before anything is known.
expect 'nothing is known' 0 'no marketplaces yet' market list
expect 'nothing is found' 0 'no workflows found' market search
expect 'a workflow of nowhere' 2 'no marketplace is known' \
    "$ASSAY" plan redis-connectivity
expect 'no command' 2 'usage: assay marketplace' market
expect 'an unknown command' 2 "did you mean 'update'" market updat
expect 'an unknown marketplace' 2 'none is known yet' market update official
expect 'help' 0 'usage: assay marketplace add NAME URL' market add --help
for command in add update list search show pull remove; do
    expect "help of $command" 0 "usage: assay marketplace $command" \
        market "$command" --help
done

# Trust must be said, and said once.
make_source
commit good 'first'
remember
expect 'no rule of trust' 4 'no-trust: say whose signature is trusted' \
    market add official "$url"
expect 'two rules' 2 'give one of' \
    market add official "$url" --tofu --signer "$signer"
expect 'a fingerprint that is none' 2 '--signer: expected SHA256:' \
    market add official "$url" --signer MD5:00
many=
for number in $(seq 1 101); do many="$many --signer $signer"; done
# The options are split on purpose.
# shellcheck disable=SC2086
expect 'too many signers' 2 'at most 100 keys' market add official "$url" $many
expect 'a bad name' 2 'is not usable' market add ../x "$url" --tofu
expect 'plain http' 4 'insecure-transport' \
    market add official http://localhost/x --tofu
expect 'another transport' 2 'expected a URL' \
    market add official ext::sh --tofu
expect 'a password in the URL' 2 'user name or password' \
    market add official https://a:b@localhost/x --tofu
expect 'a missing repository' 5 "marketplace 'official': cannot fetch" \
    market add official "file://$work/none" --tofu
unchanged 'nothing was written by refusals'

# Signers.
expect 'the signer' 0 "signed by $signer" \
    market add official "$url" --signer "$signer"
has 'counts the workflows' '6 workflows'
expect 'the same name again' 2 'is known already' \
    market add official "$url" --tofu
expect 'it is listed' 0 "$url" market list
has 'with its head' "$(head_of | cut -c 1-12)"
expect 'as JSON' 0 '"trust": "signers"' market list --output json
expect 'nothing new' 0 'nothing new at' market update official
expect 'update of all' 0 'nothing new at' market update
remember
commit other 'by another key'
expect 'a key that is not trusted' 4 \
    "unauthorized-signer: the key $(fingerprint other) is not among the 1" \
    market update official
unchanged 'and nothing has changed'
git -C "$source" reset -q --hard HEAD~1

commit '' 'not signed'
expect 'a commit without signature' 4 'unsigned:' market update official
unchanged 'and nothing has changed (unsigned)'
git -C "$source" reset -q --hard HEAD~1

commit good 'will be changed'
git -C "$source" cat-file commit HEAD | sed 's/will be changed/was changed/' |
    put_commit
expect 'a commit changed after it was signed' 4 'signature-invalid:' \
    market update official
unchanged 'and nothing has changed (tampered)'
git -C "$source" reset -q --hard ORIG_HEAD

# A good signature of the same key, made for another purpose.
resign() { # NAMESPACE: HEAD is signed anew, without git
    git -C "$source" cat-file commit HEAD |
        awk '/^gpgsig /{s=1;next} s&&/^ /{next} {s=0;print}' >"$work/payload"
    rm -f "$work/payload.sig"
    ssh-keygen -q -Y sign -f "$work/good" -n "$1" "$work/payload" 2>/dev/null
    {
        sed '/^$/,$d' "$work/payload"
        sed '1s/^/gpgsig /;1!s/^/ /' "$work/payload.sig"
        sed -n '/^$/,$p' "$work/payload"
    } | put_commit
}
good_head=$(head_of)
commit good 'signed by hand'
resign file
expect 'a signature for another purpose' 4 \
    "wrong-namespace: the signature was made for 'file', expected 'git'" \
    market update official
unchanged 'and nothing has changed (namespace)'
resign git
expect 'the same by hand, for git' 0 "$(head_of | cut -c 1-12)" \
    market update official
expect 'git agrees' 0 'Good "git" signature' sh -c '
    printf "a@b %s\n" "$(cut -d " " -f 1,2 "$1.pub")" >"$1.allowed"
    git -C "$2" -c gpg.ssh.allowedSignersFile="$1.allowed" verify-commit HEAD' \
    sh "$work/good" "$source"

# OpenPGP is not SSH.
remember
commit good 'to be replaced'
git -C "$source" cat-file commit HEAD |
    sed 's/SSH SIGNATURE/PGP SIGNATURE/' | put_commit
expect 'another kind of signature' 4 'signature-unsupported:' \
    market update official
unchanged 'and nothing has changed (PGP)'
git -C "$source" reset -q --hard HEAD~1

# Every kind of key, and several signers.
for key in p256 rsa; do
    expect "a head signed by $key" 0 "signed by $(fingerprint $key)" sh -c '
        git -C "$1" -c user.signingkey="$2" commit -q -S --allow-empty -m x &&
        "$3" marketplace add "m-$4" "file://$1" --signer "$5" --signer "$6"' \
        sh "$source" "$work/$key" "$ASSAY" "$key" "$signer" \
        "$(fingerprint $key)"
    market remove "m-$key"
done
git -C "$source" reset -q --hard HEAD~2

# The file of allowed signers.
allowed=$work/allowed
keyline() { cut -d ' ' -f 1,2 "$work/$1.pub"; }
printf '# ours\njo@example.com namespaces="git" %s\n' "$(keyline good)" >"$allowed"
expect 'allowed signers' 0 'jo@example.com' \
    market add listed "$url" --allowed-signers "$allowed"
printf 'jo@example.com valid-before="20200101Z" %s\n' "$(keyline good)" >"$allowed"
expect 'a key that has expired' 4 'key-expired' market update listed
head_before=$(head_of)
GIT_COMMITTER_DATE='2019-06-01T00:00:00Z' commit good 'dated back'
expect 'not when the commit is dated back' 4 'key-expired' \
    market update listed
git -C "$source" reset -q --hard "$head_before"
expect 'is not good for what is cached either' 4 'key-expired' \
    "$ASSAY" plan listed/redis-connectivity
printf 'jo@example.com %s\n' "$(keyline other)" >"$allowed"
expect 'a key that was taken away' 4 'unauthorized-signer' \
    market update listed
printf 'jo@example.com cert-authority %s\n' "$(keyline good)" >"$allowed"
expect 'a certificate authority' 3 "$allowed:1:1: " market update listed
has 'is named' "'cert-authority' is not supported"
rm "$allowed"
expect 'no file any more' 3 'No such file' market update listed
market remove listed

# First use.
expect 'first use' 0 'signature not checked' market add loose "$url" --tofu
has 'tells the key that could be checked' "is signed by $signer"
remember
git -C "$source" reset -q --hard "$good_head"~1
expect 'an older head' 4 'rollback: the head' market update loose
unchanged 'and nothing has changed (rollback)'
expect 'of a checked marketplace too' 4 'rollback: the head' \
    market update official
git -C "$source" checkout -q --orphan unrelated
commit good 'another history'
git -C "$source" branch -q -M unrelated main
expect 'another history' 4 'not-descendant: the head' market update loose
unchanged 'and nothing has changed (history)'
expect 'when it is wanted' 0 ' -> ' market update loose --allow-rollback
expect 'from then on' 0 'nothing new' market update loose
market remove loose
expect 'forgotten' 2 "no marketplace 'loose', known: official" \
    market update loose
market remove official

# A new start; reading.
make_source
commit good 'one'
market add official "$url" --signer "$signer" >/dev/null
redis=workflows/databases/redis/redis-connectivity.yaml
http=workflows/networking/http/http-endpoint-check.yaml
first=$(digest_of "$source/$http")
expect 'all workflows' 0 'official/redis-connectivity' market search
expect 'a search' 0 'official/redis-connectivity' market search REDIS
has_not 'finds only that' 'pod-health-check'
expect 'a search for a category' 0 'official/pv-attachment-check' \
    market search storage
expect 'one workflow' 0 "$first" market show http-endpoint-check
has 'its path' "$http"
has 'its image' 'docker.io/library/alpine:3.20@sha256:'
has 'its parameters' 'expected_status = 200'
has 'its signer' "$signer"
expect 'as JSON' 0 "\"digest\": \"$first\"" \
    market show official/http-endpoint-check --output json
expect 'none of that name' 2 "no workflow 'nope'" market show official/nope

# The lock.
remember
zeros=$(printf '%064d' 0)
expect 'a wrong digest' 4 'digest-mismatch:' \
    market pull "http-endpoint-check@sha256:$zeros"
expect 'no digest' 2 'expected sha256: and 64 hex digits' \
    market pull http-endpoint-check@sha256:12
[ ! -e assay.lock ] && pass 'no lock was written' || fail 'no lock was written'
expect 'the right digest' 0 'written to  assay.lock' \
    market pull "http-endpoint-check@$first" --file copy.yaml
expect 'the exact bytes' 0 "$first" sha256 copy.yaml
for text in 'name: http-endpoint-check' 'marketplace: official' "url: $url" \
    "$(head_of)" "path: $http" "digest: $first" \
    "signer: $signer" 'docker.io/library/alpine:3.20@sha256:'; do
    expect "the lock has $text" 0 "$text" cat assay.lock
done
expect 'again' 0 'unchanged in' market pull http-endpoint-check
cp assay.lock "$work/lock"
echo other >copy.yaml
expect 'a file that is there' 3 "'copy.yaml' is there already" \
    market pull http-endpoint-check --file copy.yaml
expect 'a wrong digest, with a lock' 4 'digest-mismatch:' \
    market pull "http-endpoint-check@sha256:$zeros"
expect 'the lock is as it was' 0 same \
    sh -c 'cmp assay.lock "$1" && echo same' sh "$work/lock"

# Runs.
need bwrap
run() { "$ASSAY" run "$@" --runtime host --config url=http://127.0.0.1:1/; }
expect 'a run from the marketplace' 1 'FAIL: no answer' \
    run official/http-endpoint-check
expect 'its record' 0 "$first" "$ASSAY" show latest
has 'has the marketplace' 'marketplace official'
has 'the URL' "$url"
has 'the commit' "$(head_of)"
has 'the signer' "$signer"
has 'the path' "$http"
expect 'as JSON' 0 "\"commit\": \"$(head_of)\"" \
    "$ASSAY" show latest --output json
expect 'by its name alone' 1 'FAIL: no answer' run http-endpoint-check
expect 'by its digest' 1 'FAIL: no answer' run "http-endpoint-check@$first"
expect 'by a wrong digest' 4 'digest-mismatch:' \
    run "http-endpoint-check@sha256:$zeros"
expect 'the refusal is recorded' 0 'digest-mismatch' "$ASSAY" show latest
expect 'the locked one' 1 'FAIL: no answer' run http-endpoint-check --locked
expect 'what is not locked' 4 \
    "not-locked: 'redis-connectivity' is not in 'assay.lock'" \
    "$ASSAY" run redis-connectivity --runtime host --locked
expect 'not with plan either' 4 'not-locked:' \
    "$ASSAY" plan redis-connectivity --locked
expect 'a file is not locked' 4 'not-locked: ' \
    "$ASSAY" plan "$source/$redis" --locked
expect 'another digest than the locked one' 4 'lock-differs:' \
    run "http-endpoint-check@sha256:$zeros" --locked
expect 'plan' 0 'kind: Job' "$ASSAY" plan redis-connectivity
expect 'validate' 0 'official/redis-connectivity: valid' \
    "$ASSAY" validate official/redis-connectivity
expect 'a workflow of an unknown marketplace' 2 \
    "no marketplace 'x', known: official" "$ASSAY" plan x/redis-connectivity

# A new version: the lock keeps the old one.
sed -i 's/^    timeout_seconds:/    # changed\n&/' "$source/$http"
commit good 'two'
second=$(digest_of "$source/$http")
expect 'an update' 0 ' -> ' market update
expect 'the locked version runs' 1 '' run http-endpoint-check
expect 'is recorded' 0 "$first" "$ASSAY" show latest
expect 'with its commit' 0 "$(git -C "$source" rev-parse HEAD~1)" \
    "$ASSAY" show latest
expect 'with --locked too' 1 '' run http-endpoint-check --locked
expect 'the new one by its digest' 1 '' run "http-endpoint-check@$second"
expect 'is recorded too' 0 "$second" "$ASSAY" show latest
expect 'but it is not the locked one' 4 'lock-differs:' \
    run "http-endpoint-check@$second" --locked
expect 'the old one is found by its digest' 0 "$first" \
    market show "http-endpoint-check@$first"
has 'in its commit' "$(git -C "$source" rev-parse HEAD~1)"
expect 'pull moves the lock' 0 "before      $first" \
    market pull http-endpoint-check
expect 'and now' 0 "digest: $second" cat assay.lock
(
    cd "$work"
    "$ASSAY" run http-endpoint-check --runtime host \
        --config url=http://127.0.0.1:1/ >"$work/out" 2>&1 || true
)
expect 'elsewhere the head runs' 0 "$second" "$ASSAY" show latest

# Locks that were changed.
cp assay.lock "$work/lock"
change() { sed "$1" "$work/lock" >assay.lock; }
change "s/$second/sha256:$zeros/"
expect 'another digest in the lock' 4 'lock-differs:' \
    run http-endpoint-check --locked
change "s|url: .*|url: https://example.com/x|"
expect 'another URL in the lock' 4 'of another URL' \
    run http-endpoint-check --locked
change "s/commit: .*/commit: '$(printf '%040d' 1)'/"
expect 'a commit that is not there' 4 'that the cache does not have' \
    run http-endpoint-check --locked
change "s|path: .*|path: $redis|"
expect 'another path in the lock' 3 'holds no workflow' \
    run http-endpoint-check --locked
change 's|path: .*|path: workflows/../../etc/passwd|'
expect 'a path outside' 3 "'path' is missing or not valid" \
    run http-endpoint-check --locked
change 's/version: 1/version: 9/'
expect 'another version of the lock' 3 'not a lock of version 1' \
    run http-endpoint-check --locked
cp "$work/lock" assay.lock

# A file and a workflow of the same name.
cp "$source/$redis" redis-connectivity
expect 'a file of that name' 2 'is a file here and a workflow of marketplace' \
    "$ASSAY" validate redis-connectivity
expect 'the file' 0 './redis-connectivity: valid' \
    "$ASSAY" validate ./redis-connectivity
rm redis-connectivity
cp "$source/$redis" plain
expect 'a file without an ending' 0 'plain: valid' "$ASSAY" validate plain

# Two marketplaces.
market add second "$url" --tofu >/dev/null
rm -f assay.lock
expect 'a name in two marketplaces' 2 \
    "write 'official/redis-connectivity' or 'second/redis-connectivity'" \
    "$ASSAY" plan redis-connectivity
expect 'one of them' 0 'kind: Job' "$ASSAY" plan second/redis-connectivity
market remove second
expect 'the cache stays for the other' 0 'kind: Job' \
    "$ASSAY" plan official/redis-connectivity

# A hostile head: refused as a whole, and shown without escapes.
remember
ln -s /etc/passwd "$source/workflows/link.yaml"
git -C "$source" add .
commit good 'a link'
expect 'a link' 4 "unsafe-entry: 'workflows/link.yaml' is a symbolic link" \
    market update
unchanged 'and nothing has changed (link)'
git -C "$source" rm -q workflows/link.yaml
cat >"$source/workflows/evil.yaml" <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata:
  name: evil
  annotations:
    marketplace.testkube.io/description: "\e]0;owned\a\e[2Jboo"
spec: {steps: [{shell: "true"}]}
YAML
printf 'a: [\n' >"$source/workflows/broken.yaml"
git -C "$source" add .
commit good 'escapes'
expect 'a broken file is told' 0 'not usable: workflows/broken.yaml' \
    market update
expect 'escapes' 0 '\x1b[2Jboo' market search evil
expect 'are escaped on a page too' 0 '\x1b]0;owned\x07\x1b[2Jboo' \
    market show evil
if grep -q "$(printf '\033')" "$work/out"; then
    fail 'no raw escape'
else
    pass 'no raw escape'
fi

# The cache is only a cache.
rm -rf "$XDG_CACHE_HOME"
expect 'without the cache' 5 'run `assay marketplace update official`' \
    "$ASSAY" plan official/redis-connectivity
expect 'it comes back' 0 'nothing new' market update
expect 'and is used' 0 'kind: Job' "$ASSAY" plan official/redis-connectivity
pack=$(find "$XDG_CACHE_HOME" -name '*.pack')
chmod u+w "$pack"
perl -e 'open(my $f, "+<", $ARGV[0]) or die; seek($f, (-s $f) / 2, 0);
    print $f "\0" x 64' "$pack"
status=0
"$ASSAY" plan official/redis-connectivity >"$work/out" 2>&1 || status=$?
if [ "$status" -eq 0 ] || [ "$status" -ge 3 ]; then
    pass 'a spoilt cache gives an error or good bytes'
else
    fail 'a spoilt cache gives an error or good bytes' "$(cat "$work/out")"
fi

# Many small packs become one.
market add loose "$url" --tofu >/dev/null
rm -rf "$XDG_CACHE_HOME"
for number in $(seq 1 43); do
    commit '' "number $number"
    market update loose >"$work/out" 2>&1 || break
done
expect 'after many updates' 0 'nothing new' market update loose
packs=$(find "$XDG_CACHE_HOME" -name '*.pack' | wc -l)
if [ "$packs" -lt 40 ]; then
    pass 'there are not as many packs'
else
    fail 'there are not as many packs' "$packs"
fi
expect 'and everything is there' 0 'kind: Job' \
    "$ASSAY" plan loose/redis-connectivity
market remove loose
git -C "$source" reset -q --hard HEAD~43

# Two at once.
rm -rf "$XDG_CACHE_HOME"
"$ASSAY" marketplace update >"$work/one" 2>&1 &
one=$!
"$ASSAY" marketplace update >"$work/two" 2>&1 &
two=$!
if wait $one && wait $two; then
    pass 'two updates at once'
else
    fail 'two updates at once' "$(cat "$work/one" "$work/two")"
fi

# The workflows of the Testkube marketplace, when they are here.
if [ -d "${ASSAY_CORPUS:-}/marketplace" ]; then
    rm -rf "$source"
    cp -R "$ASSAY_CORPUS/marketplace" "$source"
    git init -q -b main "$source"
    git -C "$source" config user.name Publisher
    git -C "$source" config user.email publisher@example.com
    git -C "$source" config gpg.format ssh
    git -C "$source" add .
    commit good 'corpus'
    expect 'the corpus' 0 '11 workflows' \
        market add testkube "$url" --signer "$signer"
    for name in redis-connectivity kafka-connectivity pod-health-check; do
        expect "plan $name" 0 'kind: Job' "$ASSAY" plan "testkube/$name"
    done
fi
finish
