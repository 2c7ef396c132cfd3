# Sourced by the marketplace tests after checks.sh: repositories, keys, a server.
# shellcheck shell=sh

# shellcheck disable=SC2154 # work and root are set by checks.sh
export XDG_CONFIG_HOME="$work/config" XDG_CACHE_HOME="$work/cache"
export GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY
settings=$XDG_CONFIG_HOME/assay/marketplaces.yaml
project=$work/project
source=$work/source
mkdir -p "$project"
cd "$project"

# make_key NAME [TYPE BITS]: $work/NAME and $work/NAME.pub.
make_key() {
    ssh-keygen -q -t "${2:-ed25519}" -b "${3:-256}" -N '' -C "$1" -f "$work/$1"
}

fingerprint() {
    ssh-keygen -lf "$work/$1.pub" | cut -d ' ' -f 2
}

# make_source: a repository of our own catalog without a commit, at $source.
make_source() {
    rm -rf "$source"
    git init -q -b main "$source"
    cp -R "$root/marketplace/catalog/workflows" "$source/"
    git -C "$source" config user.name Publisher
    git -C "$source" config user.email publisher@example.com
    git -C "$source" config gpg.format ssh
    git -C "$source" config commit.gpgsign false
    git -C "$source" add .
}

# commit KEY MESSAGE: signed by KEY ('' : not signed); nothing needs to change.
commit() {
    if [ -n "$1" ]; then
        git -C "$source" -c "user.signingkey=$work/$1" \
            commit -q -S --allow-empty -a -m "$2"
    else
        git -C "$source" commit -q --allow-empty -a -m "$2"
    fi
}

head_of() {
    git -C "$source" rev-parse HEAD
}

# sha256 of a file as assay writes it.
digest_of() {
    printf 'sha256:%s' "$(sha256sum "$1" | cut -d ' ' -f 1)"
}

# put_commit: the commit object on standard input becomes the head of $source,
# whatever is in it.
put_commit() {
    new=$(git -C "$source" hash-object -t commit -w --stdin --literally)
    git -C "$source" update-ref refs/heads/main "$new"
}

# unchanged NAME: what is known and locked is as `remember` saw it.
remember() {
    cat "$settings" "$project/assay.lock" >"$work/remembered" 2>/dev/null || true
}

unchanged() {
    cat "$settings" "$project/assay.lock" >"$work/now" 2>/dev/null || true
    if cmp -s "$work/remembered" "$work/now" &&
        ! find "$XDG_CACHE_HOME" -name '*.incoming' | grep -q .; then
        pass "$1"
    else
        fail "$1" "$(diff "$work/remembered" "$work/now" || true)" \
            "$(find "$XDG_CACHE_HOME" -name '*.incoming')"
    fi
}

# make_certificate: an authority $work/ca.pem and a server certificate of it.
make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -keyout "$work/ca.key" -out "$work/ca.pem" -days 2 \
        -subj '/CN=Test authority' 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -keyout "$work/server.key" -out "$work/server.csr" \
        -subj '/CN=localhost' 2>/dev/null
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$work/extensions"
    openssl x509 -req -in "$work/server.csr" -CA "$work/ca.pem" \
        -CAkey "$work/ca.key" -CAcreateserial -days 2 \
        -extfile "$work/extensions" -out "$work/server.pem" 2>/dev/null
}

# start_git_server: Apache with TLS and git http-backend; sets $base, under which
# each bare repository of $work/served is found, and $proxy, by which it is reached
# too.
start_git_server() {
    port=$(free_port)
    proxy_port=$(free_port)
    # shellcheck disable=SC2034 # for the scripts that source this file
    proxy=http://127.0.0.1:$proxy_port
    base=https://localhost:$port/git
    mkdir -p "$work/served" "$work/apache" "$work/hostile"
    modules=/usr/lib/apache2/modules
    {
        printf 'ServerRoot %s\nServerName localhost\nListen 127.0.0.1:%s\n' \
            "$work/apache" "$port"
        printf 'PidFile pid\nErrorLog error.log\nTimeout 20\n'
        for module in mpm_prefork authn_core auth_basic authn_file authz_core \
            authz_user env alias ssl cgi proxy proxy_connect; do
            printf 'LoadModule %s_module %s/mod_%s.so\n' \
                $module $modules $module
        done
        # Apache gives up root's rights; it must still reach the repositories.
        [ "$(id -u)" -ne 0 ] || printf 'User nobody\nGroup nogroup\n'
        printf 'StartServers 2\nMinSpareServers 1\nMaxSpareServers 2\n'
        printf 'SSLEngine on\nSSLCertificateFile %s\nSSLCertificateKeyFile %s\n' \
            "$work/server.pem" "$work/server.key"
        printf 'SetEnv GIT_PROJECT_ROOT %s\nSetEnv GIT_HTTP_EXPORT_ALL 1\n' \
            "$work/served"
        printf 'SetEnv GIT_CONFIG_COUNT 1\nSetEnv GIT_CONFIG_KEY_0 safe.directory\n'
        printf 'SetEnv GIT_CONFIG_VALUE_0 *\n'
        printf 'ScriptAlias /hostile/ %s/hostile/\n' "$work"
        printf '<Directory %s/hostile>\nRequire all granted\n</Directory>\n' \
            "$work"
        printf 'Redirect /moved/ %s/\n' "$base"
        printf 'Redirect /elsewhere/ https://127.0.0.1:%s/git/\n' "$port"
        printf 'Redirect /plain/ http://localhost:%s/git/\n' "$port"
        printf 'ScriptAlias /git/ %s/git-http-backend/\n' "$(git --exec-path)"
        printf '<Directory %s>\nRequire all granted\n</Directory>\n' \
            "$(git --exec-path)"
        printf '<Location /git/private.git>\nAuthType Basic\nAuthName x\n'
        printf 'AuthUserFile /dev/null\nRequire valid-user\n</Location>\n'
        printf 'Listen 127.0.0.1:%s\n<VirtualHost 127.0.0.1:%s>\n' \
            "$proxy_port" "$proxy_port"
        printf 'SSLEngine off\nProxyRequests On\nAllowCONNECT %s\n' "$port"
        printf '</VirtualHost>\n'
    } >"$work/apache.conf"
    chmod 755 "$work"
    # In a session of its own: it ends its whole process group.
    setsid /usr/sbin/apache2 -f "$work/apache.conf" -D FOREGROUND \
        >"$work/apache.log" 2>&1 &
    servers="$servers $!"
    wait_for 10 curl -s -o "$work/curl.out" --cacert "$work/ca.pem" "$base/" || {
        cat "$work/apache.log" "$work/apache/error.log" >&2
        return 1
    }
}

# serve NAME: $source as it is now, under $base/NAME.git.
serve() {
    rm -rf "$work/served/$1.git"
    git clone -q --bare "$source" "$work/served/$1.git"
}

# start_sshd: a real sshd on loopback; its key is $work/host, it lets in who has
# $work/user. Its port in $port. Ends the test with 77 where this account may not log
# in (locked, or without a shell): the real client is asked.
start_sshd() {
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
    ssh -q -F none -p "$port" -i "$work/user" -o BatchMode=yes \
        -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null 127.0.0.1 true ||
        {
            printf 'SKIP: this account cannot log in by ssh: %s\n' \
                "$(tail -n 1 "$work/sshd.log")"
            exit 77
        }
}

# make_repository: one file, `test`, with one line, `one`, committed at $source.
make_repository() {
    git init -q -b main "$source"
    git -C "$source" config user.email a@example.com
    git -C "$source" config user.name a
    echo one >"$source/test"
    git -C "$source" add .
    git -C "$source" commit -q -m one
}
