# Downloads an archive (tar, gzip) and unpacks it into ARCHIVE_FOLDER. It is listed
# first, and refused when an entry could get out of the folder.
fail() {
    echo "archive: $*" >&2
    exit 1
}
case $ARCHIVE_URL in
http://* | https://*) ;;
*) fail 'the address does not begin with http:// or https://' ;;
esac
case $ARCHIVE_URL in
*[[:space:]\"\\]*) fail 'the address has spaces, quotes or backslashes' ;;
esac
work=$(umask 077 && mktemp -d /tmp/archive.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' TERM INT HUP

# In blocks of 512 bytes, as dash and busybox count them.
ulimit -f $((ARCHIVE_LIMIT / 512)) 2>/dev/null || :
if command -v curl >/dev/null 2>&1; then
    # The address may hold a token: not as an argument.
    download() {
        code=$(printf 'url = "%s"\n' "$ARCHIVE_URL" |
            curl -q -sS -L -K - --proto '=http,https' --max-redirs 5 \
                --max-filesize "$ARCHIVE_LIMIT" -o "$work/archive" \
                -w '%{http_code}') && [ "$code" = 200 ] && return
        echo "the server answered ${code:-nothing}" >&2
        return 1
    }
elif command -v wget >/dev/null 2>&1; then
    download() {
        wget -q -O "$work/archive" -- "$ARCHIVE_URL"
    }
else
    fail 'neither curl nor wget is installed here'
fi
try=1
until download; do
    [ "$try" -lt 5 ] || fail "gave up after $try tries"
    sleep "$try"
    try=$((try + 1))
done

gzip -dc <"$work/archive" >"$work/tar" ||
    fail "this is no gzip, or more than $ARCHIVE_LIMIT bytes"
tar -tf "$work/tar" >"$work/names" 2>"$work/said" || fail 'this is no tar'
# busybox lists what it would make of a bad name, and tells so.
if grep -qi 'removing leading' "$work/said"; then
    fail 'an absolute name, or one that leads up'
fi
tar -tvf "$work/tar" >"$work/entries"
# Lines of both lists belong together, so a name is known where it is followed by
# the target of a link. Nothing may lie behind a link, and a target may only begin
# with steps up, as many as there are folders above the link.
awk '
    function clean(path, parts, count, i, made) {
        count = split(path, parts, "/")
        for (i = 1; i <= count; i++)
            if (parts[i] != "" && parts[i] != ".")
                made = made (made == "" ? "" : "/") parts[i]
        return made
    }
    function leads_up(path) { return ("/" path "/") ~ /\/\.\.\// }
    function refuse(what) {
        print "archive: entry " FNR ": " what >"/dev/stderr"
        bad = 1
        exit 1
    }
    function check_link(name, target, above) {
        if (target ~ /^\//)
            refuse("a link to an absolute name")
        above = split(name, parts, "/") - 1
        while (target ~ /^\.\.(\/|$)/) {
            if (above-- == 0)
                refuse("a link out of the folder")
            target = substr(target, 4)
        }
        if (leads_up(target))
            refuse("a link that leads up")
    }
    FNR == NR {
        names[FNR] = $0
        next
    }
    {
        name = names[FNR]
        type = substr($0, 1, 1)
        at = index($0, name)
        if (name == "" || at == 0)
            refuse("the two lists of the archive differ")
        if (name ~ /^\// || leads_up(name))
            refuse("an absolute name, or one that leads up")
        if (type !~ /[-dlh]/)
            refuse("neither a file nor a folder nor a link")
        path = clean(name)
        rest = substr($0, at + length(name))
        if (type == "l") {
            if (rest !~ /^ -> /)
                refuse("a link to nowhere")
            links[path] = 1
            check_link(path, substr(rest, 5))
        } else if (rest ~ /^( -> | link to )/) {
            sub(/^( -> | link to )/, "", rest)
            if (rest ~ /^\// || leads_up(rest))
                refuse("a link out of the folder")
            behind[FNR] = clean(rest)
        }
        paths[FNR] = path
    }
    END {
        if (bad)
            exit 1
        for (i in paths)
            check_behind(paths[i])
        for (i in behind)
            check_behind(behind[i])
        exit bad
    }
    function check_behind(path) {
        while (sub(/\/[^\/]*$/, "", path))
            if (path in links && !bad) {
                print "archive: an entry behind a link" >"/dev/stderr"
                bad = 1
            }
    }
' "$work/names" "$work/entries" || fail 'it is refused'
if [ "$(wc -l <"$work/names")" != "$(wc -l <"$work/entries")" ]; then
    fail 'a name has two lines'
fi
umask 0 # other steps may run as other users
mkdir -p -- "$ARCHIVE_FOLDER"
tar -xof "$work/tar" -C "$ARCHIVE_FOLDER"
