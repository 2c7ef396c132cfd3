# Fetches one revision of a repository into CLONE_FOLDER. Everything comes by
# variables and is data; what git could take for an option is refused. Tokens and
# keys are in no argument, in no file of the repository and not in the output.
fail() {
    echo "clone: $*" >&2
    exit 1
}
hold='
'
command -v git >/dev/null 2>&1 || fail 'git is not installed here'
case $CLONE_URI in
-* | *"$hold"*) fail 'the address begins with a dash, or has two lines' ;;
esac
case $CLONE_URI in
*://*)
    host=${CLONE_URI#*://}
    host=${host%%/*}
    case $host in
    *:*@*) fail 'the address holds a password: give it as content.git.token' ;;
    esac
    host=${CLONE_URI%%://*}://${host##*@}
    ;;
*) host= ;;
esac
case $CLONE_REVISION in
'') revision=HEAD ;;
-*) fail 'the revision begins with a dash' ;;
*) revision=$CLONE_REVISION ;;
esac
git check-ref-format --allow-onelevel "$revision" || fail 'this is no revision'

# A folder in memory if there is one, for the key and the settings of this clone.
for place in /dev/shm /tmp; do
    work=$(umask 077 && mktemp -d "$place/clone.XXXXXX" 2>/dev/null) && break
done
[ -n "$work" ] || fail 'neither /dev/shm nor /tmp can be written to'
trap 'rm -rf "$work"' EXIT
trap 'exit 143' TERM INT HUP

export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL="$work/config"
export GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=http:https:ssh:git:file
unset GIT_ASKPASS SSH_ASKPASS GIT_DIR GIT_WORK_TREE GIT_TRACE GIT_TRACE_CURL
unset GIT_CURL_VERBOSE
settings=0
# The names and values of `git config`, in the environment of git only.
setting() {
    export "GIT_CONFIG_KEY_$settings=$1" "GIT_CONFIG_VALUE_$settings=$2"
    settings=$((settings + 1))
    export GIT_CONFIG_COUNT=$settings
}
setting safe.directory '*'
setting advice.detachedHead false
setting credential.helper ''
case $CLONE_CA_FILE in
'') ;;
/*) [ -r "$CLONE_CA_FILE" ] || fail "the file '$CLONE_CA_FILE' of caFile cannot be read"
    setting http.sslCAInfo "$CLONE_CA_FILE" ;;
*) fail 'caFile is no absolute path' ;;
esac
if [ -n "$CLONE_TOKEN$CLONE_USERNAME" ] && [ -n "$host" ]; then
    if [ "$CLONE_AUTHORIZATION" = header ]; then
        setting "http.$host.extraHeader" "Authorization: Bearer $CLONE_TOKEN"
        setting http.followRedirects false
    else
        # shellcheck disable=SC2016 # for git's shell to expand
        setting "credential.$host.helper" '!give() {
            [ "$1" = get ] || exit 0
            printf "username=%s\npassword=%s\n" \
                "${CLONE_USERNAME:-git}" "$CLONE_TOKEN"
        }; give'
    fi
fi
if [ -n "$CLONE_KEY" ]; then
    (umask 077 && printf '%s\n' "$CLONE_KEY" >"$work/key")
    export GIT_SSH_COMMAND="ssh -i $work/key -o IdentitiesOnly=yes \
-o BatchMode=yes -o StrictHostKeyChecking=accept-new \
-o UserKnownHostsFile=$work/hosts"
    unset CLONE_KEY
fi

quiet=
[ "$CLONE_VERBOSITY" = verbose ] || quiet=-q
umask 0 # other steps may run as other users
mkdir -p -- "$CLONE_FOLDER"
cd -- "$CLONE_FOLDER" || exit 1
git init -q --template=
git config remote.origin.url "$CLONE_URI"
git config remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'

mode=--no-cone
[ "$CLONE_CONE" != true ] || mode=--cone
set --
number=0
while [ "$number" -lt "$CLONE_PATHS" ]; do
    eval "path=\$CLONE_PATH_$number"
    case $path in
    '' | -* | *"$hold"*) fail 'a path is empty, begins with a dash or has two lines' ;;
    esac
    set -- "$@" "$path"
    number=$((number + 1))
done
filter=
if [ $# -gt 0 ]; then
    git sparse-checkout set $mode "$@"
    case $host in http*) filter=--filter=blob:none ;; esac
fi

# Servers may refuse to give a commit by its name, and never know a short one.
fetch() {
    git fetch $quiet --depth 1 --no-tags $filter -- origin "$revision" && return
    case $revision in
    *[!0-9a-f]* | ? | ?? | ???) return 1 ;;
    esac
    git fetch $quiet $filter -- origin &&
        git rev-parse -q --verify "$revision^{commit}" >.git/FETCH_HEAD
}
[ "$CLONE_VERBOSITY" = quiet ] || echo "Cloning $CLONE_URI ($revision)"
try=1
until fetch; do
    [ "$try" -lt "$CLONE_TRIES" ] || fail "gave up after $try tries"
    pause=$((try * CLONE_DELAY))
    [ "$pause" -le 30000 ] || pause=30000
    sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
    try=$((try + 1))
done
branch=
if [ "$revision" != HEAD ] && grep -q "	branch '" .git/FETCH_HEAD; then
    branch="-B ${revision#refs/heads/}"
fi
# shellcheck disable=SC2086 # two words, of letters that git allows in a branch
git checkout -q -f $branch FETCH_HEAD
if [ "$mode" = --cone ]; then
    for path; do
        [ -e "$path" ] || fail "there is no folder '$path' in the repository"
    done
fi
[ "$CLONE_VERBOSITY" = quiet ] || git --no-pager log -1 --format='%H %s'
[ "$CLONE_VERBOSITY" != verbose ] || ls -A
