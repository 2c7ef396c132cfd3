#!/bin/sh
# content.git and content.tarball for real, on this machine: git over file:// and over
# http with a password and with a bearer token (Apache and git http-backend on
# loopback), archives that are fine and such that mean harm. A token must be in no
# argument, no output, no history, no object and not in the repository.
set -eu
. "$(dirname -- "$0")/checks.sh"
need git bwrap curl perl python3 openssl ssh-keygen /usr/sbin/apache2
token=tok-s3cret-9f2c

# --- a server ------------------------------------------------------------------

port=$(free_port)
base=http://localhost:$port
mkdir -p "$work/apache" "$work/served" "$work/files"
modules=/usr/lib/apache2/modules
printf 'me:%s\n' "$(openssl passwd -apr1 "$token")" >"$work/passwords"
{
    printf 'ServerRoot %s\nServerName localhost\nListen 127.0.0.1:%s\n' \
        "$work/apache" "$port"
    printf 'PidFile pid\nErrorLog error.log\nTimeout 20\n'
    for module in mpm_prefork authn_core auth_basic authn_file authz_core \
        authz_user env setenvif alias cgi; do
        printf 'LoadModule %s_module %s/mod_%s.so\n' $module $modules $module
    done
    [ "$(id -u)" -ne 0 ] || printf 'User nobody\nGroup nogroup\n'
    printf 'StartServers 2\nMinSpareServers 1\nMaxSpareServers 2\n'
    printf 'SetEnv GIT_PROJECT_ROOT %s\nSetEnv GIT_HTTP_EXPORT_ALL 1\n' \
        "$work/served"
    printf 'SetEnv GIT_CONFIG_COUNT 1\nSetEnv GIT_CONFIG_KEY_0 safe.directory\n'
    printf 'SetEnv GIT_CONFIG_VALUE_0 *\n'
    printf 'DocumentRoot %s/files\n' "$work"
    printf '<Directory %s/files>\nRequire all granted\n</Directory>\n' "$work"
    for name in open basic bearer; do
        printf 'ScriptAlias /%s/ %s/git-http-backend/\n' $name \
            "$(git --exec-path)"
    done
    printf '<Directory %s>\nRequire all granted\n</Directory>\n' \
        "$(git --exec-path)"
    printf '<Location /basic/>\nAuthType Basic\nAuthName x\n'
    printf 'AuthUserFile %s\nRequire valid-user\n</Location>\n' \
        "$work/passwords"
    printf 'SetEnvIf Authorization "^Bearer %s$" good\n' "$token"
    printf '<Location /bearer/>\nRequire env good\n</Location>\n'
} >"$work/apache.conf"
chmod 755 "$work"
setsid /usr/sbin/apache2 -f "$work/apache.conf" -D FOREGROUND \
    >"$work/apache.log" 2>&1 &
servers="$servers $!"
wait_for 10 curl -s -o "$work/curl.out" "$base/" || {
    cat "$work/apache.log" "$work/apache/error.log" >&2
    exit 1
}

source=$work/source
git init -q -b main "$source"
git -C "$source" config user.email a@example.com
git -C "$source" config user.name a
mkdir -p "$source/suites/smoke" "$source/other"
echo one >"$source/suites/smoke/test"
echo other >"$source/other/file"
git -C "$source" add .
git -C "$source" commit -q -m one
git -C "$source" tag v1
first=$(git -C "$source" rev-parse HEAD)
echo two >"$source/suites/smoke/test"
git -C "$source" commit -q -a -m two
git clone -q --bare "$source" "$work/served/tests.git"
git -C "$work/served/tests.git" config uploadpack.allowFilter true

check() {
    label=$1
    shift
    if "$@"; then pass "$label"; else fail "$label"; fi
}
run() { "$ASSAY" run "$work/$1.yaml" --runtime host; }

# --- repositories ----------------------------------------------------------------

workflow revisions <<EOF
  steps:
  - name: Newest
    content: {git: {uri: "$base/open/tests.git"}}
    shell: 'grep two /data/repo/suites/smoke/test && test -e /data/repo/other'
  - name: Tag
    content: {git: {uri: "$base/open/tests.git", revision: v1, mountPath: /data/tag}}
    shell: grep one /data/tag/suites/smoke/test
  - name: Branch
    content: {git: {uri: "$base/open/tests.git", revision: main, mountPath: /data/branch}}
    shell: 'test "\$(git -C /data/branch branch --show-current)" = main'
  - name: Commit
    content: {git: {uri: "$base/open/tests.git", revision: $first, mountPath: /data/commit}}
    shell: grep one /data/commit/suites/smoke/test
  - name: Short commit
    content: {git: {uri: "$base/open/tests.git", revision: "$(printf %.8s "$first")", mountPath: /data/short}}
    shell: grep one /data/short/suites/smoke/test
  - name: Paths
    content: {git: {uri: "$base/open/tests.git", paths: [suites/smoke/test, nothing], mountPath: /data/some}}
    shell: 'grep two /data/some/suites/smoke/test && test ! -e /data/some/other'
  - name: Cone
    content: {git: {uri: "$base/open/tests.git", paths: [suites], cone: true, mountPath: /data/cone}}
    shell: 'grep two /data/cone/suites/smoke/test && test ! -e /data/cone/other'
EOF
expect 'revisions and paths' 0 'passed' run revisions

workflow refused <<EOF
  steps:
  - name: No such folder
    negative: true
    content: {git: {uri: "$base/open/tests.git", paths: [none], cone: true, mountPath: /data/a}}
  - name: Option as address
    negative: true
    content: {git: {uri: "--upload-pack=touch /data/pwned", mountPath: /data/b}}
  - name: Program as address
    negative: true
    content: {git: {uri: "ext::sh -c touch% /data/pwned", mountPath: /data/c, retry: {count: 1}}}
  - name: Option as revision
    negative: true
    content: {git: {uri: "$base/open/tests.git", revision: "--upload-pack=touch /data/pwned", mountPath: /data/d}}
  - name: Option as path
    negative: true
    content: {git: {uri: "$base/open/tests.git", paths: [--stdin], mountPath: /data/e}}
  - name: Without a password
    negative: true
    content: {git: {uri: "$base/basic/tests.git", mountPath: /data/f, retry: {count: 2}}}
  - name: A password that is found out in the pod
    negative: true
    container: {env: [{name: WHO, value: "me:x"}]}
    content: {git: {uri: "http://{{ env.WHO }}@localhost:$port/basic/tests.git", mountPath: /data/g}}
  - {name: Nothing has run, shell: 'test ! -e /data/pwned'}
EOF
expect 'what is refused' 0 'passed' run refused
has 'a folder that is not there' "there is no folder 'none'"
has 'a protocol that runs programs' "transport 'ext' not allowed"
has 'tries' 'gave up after 2 tries'
has 'a password in the address' 'the address holds a password'

# --- credentials -----------------------------------------------------------------

workflow secret <<EOF
  config: {token: {type: string, sensitive: true, default: none}}
  content: {git: {uri: "$base/basic/tests.git", username: me, token: "{{ config.token }}"}}
  steps:
  - name: Literal
    content: {git: {uri: "$base/basic/tests.git", username: me, token: $token, mountPath: /data/literal}}
    steps:
    - name: Bearer
      content: {git: {uri: "$base/bearer/tests.git", authType: header, token: "{{ config.token }}", mountPath: /data/bearer}}
      container: {env: [{name: REST, value: "${token#tok}"}]}
      shell: |
        cat /data/*/suites/smoke/test /data/repo/.git/config
        env | sort
        ! grep -r "tok\$REST" /data /tmp
EOF
watch_arguments "$token"
printf 'token: %s\n' "$token" >"$work/parameters.yaml"
status=0
"$ASSAY" run "$work/secret.yaml" --runtime host \
    --config-file "$work/parameters.yaml" >"$work/out" 2>&1 </dev/null ||
    status=$?
if [ "$status" -eq 0 ]; then
    pass 'clones with a password and with a token'
else
    fail 'clones with a password and with a token' "$(cat "$work/out")"
fi
has 'they were cloned' 'two'
has_not 'the output has no token' "$token"
nobody_had 'no process had the token as an argument'
id=$(grep -oE 'run [0-9a-f]{16}' "$work/out" | tail -n 1 | cut -d' ' -f2)
"$ASSAY" logs "$id" >"$work/out" 2>&1
"$ASSAY" show "$id" --output json >>"$work/out" 2>&1
has_not 'the history has no token' "$token"
nowhere() { ! grep -rqaF -f "$work/pattern" "$XDG_STATE_HOME"; }
check 'nor do its files' nowhere
"$ASSAY" plan "$work/secret.yaml" --config-file "$work/parameters.yaml" \
    >"$work/out"
has_not 'a plan has no token' "$token"
workflow password <<EOF
  steps: [{content: {git: {uri: "http://me:pw@localhost/x.git"}}}]
EOF
expect 'a password in an address' 3 'E315' "$ASSAY" plan "$work/password.yaml"

# --- archives ----------------------------------------------------------------------

python3 - "$work/files" <<'PYTHON'
import io, sys, tarfile
folder = sys.argv[1]

def make(name, *entries):
    with tarfile.open(f"{folder}/{name}.tgz", "w:gz") as archive:
        for path, kind, value in entries:
            entry = tarfile.TarInfo(path)
            entry.type = kind
            if kind == tarfile.REGTYPE:
                entry.size = len(value)
                archive.addfile(entry, io.BytesIO(value))
                continue
            entry.linkname = value or ""
            archive.addfile(entry)

F, L, H = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
make("fine", ("./a/b/file", F, b"hello\n"), ("a/bin/x", L, "../b/file"),
     ("top -> here", F, b"odd\n"), ("a/hard", H, "./a/b/file"),
     ("a/up..and..down", F, b"dots\n"))
make("absolute", ("/data/pwned", F, b"x"))
make("up", ("a/../../pwned", F, b"x"))
make("link", ("a", L, "/etc"), ("a/passwd", F, b"x"))
make("link-up", ("a/l", L, "../../x"))
make("link-later", ("a/l", L, "b/../../../x"))
make("through", ("d/e", L, "."), ("d/e/l", L, "../x"))
make("behind", ("l", L, "."), ("l/file", F, b"x"))
make("hard", ("a", H, "/etc/passwd"))
make("device", ("a", tarfile.CHRTYPE, None))
make("lines", ("a\n/../b", F, b"x"))
open(f"{folder}/text.tgz", "w").write("no archive\n")
PYTHON

workflow archives <<EOF
  content:
    tarball:
    - {url: "$base/fine.tgz", path: /data/fine}
    - {url: "$base/fine.tgz", path: /opt/fine}
  steps:
  - name: Use
    shell: |
      cd /data/fine
      cat a/b/file a/bin/x a/hard 'top -> here' /opt/fine/a/b/file
EOF
expect 'an archive' 0 'hello' run archives
has 'with its links' 'odd'

for name in absolute up link link-up link-later through behind hard device lines \
    text; do
    workflow "$name" <<EOF
  steps:
  - name: Fetch
    content: {tarball: [{url: "$base/$name.tgz", path: /data/x}]}
  - name: Nothing
    condition: always
    shell: 'if find /data -type f -o -type l | grep .; then exit 9; fi'
EOF
    expect "an archive: $name" 1 "step 'Fetch' failed" run "$name"
    has_not "nothing of it is there: $name" 'exit code 9'
done
workflow missing <<EOF
  steps: [{name: Fetch, content: {tarball: [{url: "file:///etc/passwd", path: /data/x}]}}]
EOF
expect 'not a web address' 1 'does not begin with http' run missing
finish
