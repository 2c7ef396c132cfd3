#!/bin/sh
# README.md and the pages under docs/ are true: the example is typed as it stands and
# prints what stands there, but for times and ids; the commands and the options that
# the pages name are there.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap curl perl
mkdir -p "$work/bin" "$work/clone" "$work/tmp"
ln -s "$ASSAY" "$work/bin/assay"
ln -s "$root/marketplace" "$work/clone/marketplace"
export TMPDIR="$work/tmp" PATH="$work/bin:$PATH"
cd "$work/clone"

# --- the example of README.md -------------------------------------------------------

# What the example takes for given: an endpoint that was there and is gone, a file
# with a mistake. The port is a free one here, in the commands and in what is printed.
example="$work/example"
awk '/^## /{ on = /^## What it looks like/ } on && /^    /{ print substr($0, 5) }
    on && /^$/' "$root/README.md" >"$example"
serve_ok
sed -i "s/\b8081\b/$port/g" "$example"
cat >broken.yaml <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata:
  name: broken
spec:
  stesp:
    - shell: echo hello
YAML

# The first command of the example, which this time finds the endpoint.
first=$(sed -n '/^\$ /,/[^\\]$/p' "$example" | sed -n '1,/[^\\]$/p' | sed 's/^\$ //')
expect 'the run before those of the example passes' 0 'passed in' sh -c "$first"
kill "$server"
wait "$server" 2>/dev/null || true

# Types the commands and shows them with what they print, as the example does.
type_all() {
    command=
    while IFS= read -r line; do
        case $command$line in
        '$ '*\\) command="$command$line
" ;;
        '$ '*)
            printf '%s%s\n' "$command" "$line"
            sh -c "${command#\$ }${line#\$ }" 2>&1 </dev/null || true
            command=
            echo
            ;;
        esac
    done <"$example"
}
# Ids, times and columns are not what the example is about.
plain() {
    sed -E 's/\b[0-9a-f]{16}\b/ID/g; s/^[0-9a-f]{8} /ID /
        s/[0-9]{4}-[0-9-]+T[0-9:.]+Z/THEN/g; s/\b[0-9.]+ (ms|s)\b/TIME/g
        s/  +/  /g' | cat -s | sed '1{/^$/d}'
}
type_all | plain >"$work/typed"
plain <"$example" >"$work/written"
[ "$(grep -c '^\$ assay' "$work/written")" -ge 3 ] && pass 'there is an example' ||
    fail 'no example was found' "$(cat "$work/written")"
if diff "$work/written" "$work/typed" >"$work/out"; then
    pass 'the example prints what stands there'
else
    fail 'the example prints something else' "$(cat "$work/out")"
fi

# --- commands and options that the pages name ---------------------------------------

# Lines "FILE COMMAND OPTION..." of what stands in code: `assay ...` and indented lines.
perl -ne '
    my @code = /^    +(?:\$ )?(.*)/ ? ($1) : /`([^`]+)`/g;
    for (@code) {
        next if !/^(?:\w+=\S+ )*assay ([a-z]+)(.*)/;
        my ($command, $rest) = ($1, $2);
        $command .= " $1" if $command eq "marketplace" && $rest =~ /^ ([a-z]+)/;
        (my $file = $ARGV) =~ s{.*/}{};
        print join(" ", $file, $command =~ s/ /_/r, $rest =~ /(?<=[ \[])(--[a-z-]+)/g), "\n";
    }' "$root/README.md" "$root"/docs/*.md | sort -u >"$work/named"
[ "$(wc -l <"$work/named")" -gt 40 ] && pass 'the pages name commands' ||
    fail 'hardly a command was found' "$(cat "$work/named")"
while read -r file command options; do
    words=$(echo "$command" | tr _ ' ')
    # shellcheck disable=SC2086 # two words for marketplace
    if ! "$ASSAY" $words --help >"$work/out" 2>&1; then
        fail "$file: assay $words" "$(cat "$work/out")"
        continue
    fi
    for option in $options; do
        grep -qE "(^|[ ,])$option( |\$|=)" "$work/out" ||
            fail "$file: assay $words has no option $option" "$(cat "$work/out")"
    done
done <"$work/named"
[ "$failed" -gt 0 ] || pass 'they are all there'
finish
