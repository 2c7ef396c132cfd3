#!/bin/sh
# content.git over https from a server with an authority of its own: trusted by the
# file that the workflow names, and else not.
set -eu
. "$(dirname -- "$0")/checks.sh"
need git bwrap openssl curl perl ssh-keygen /usr/sbin/apache2
. "$here/marketplace_setup.sh"
make_certificate
start_git_server
make_repository
serve tests

# clone NAME, what content.git has besides its address
clone() {
    {
        printf '  content:\n    files:\n'
        printf '    - path: /data/ca.pem\n      content: |\n'
        sed 's/^/        /' "$work/ca.pem"
        printf '    git: {uri: "%s/tests.git", retry: {count: 1}%s}\n' "$base" "$2"
        printf '  steps: [{shell: grep one /data/repo/test}]\n'
    } | workflow "$1"
}
run() { "$ASSAY" run "$work/$1.yaml" --runtime host; }

clone trusted ', caFile: /data/ca.pem'
clone unknown ''
clone missing ', caFile: /data/other.pem'
clone relative ', caFile: ca.pem'
expect 'an authority that the workflow names' 0 passed run trusted
expect 'one that nobody names' 1 'gave up after 1 tries' run unknown
expect 'a file that is not there' 1 "'/data/other.pem' of caFile cannot be read" \
    run missing
expect 'a relative path' 1 'caFile is no absolute path' run relative
finish
