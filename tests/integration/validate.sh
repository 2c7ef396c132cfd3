#!/bin/sh
# `assay validate`: order, exit codes, JSON, SARIF, and the table of codes against
# the source and the manual.
set -eu
. "$(dirname -- "$0")/checks.sh"
need perl bwrap

head='apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: w}'
write() { # NAME TEXT
    printf '%s\n%s\n' "$head" "$2" >"$work/$1"
}
cd "$work"

# check NAME COMMAND...: it succeeds; what it says is the reason when not.
check() {
    label=$1
    shift
    if "$@" >problem 2>&1; then
        pass "$label"
    else
        fail "$label" "$(head -n 20 problem)"
    fi
}

# Order and exit codes.
write good.yaml 'spec:
  steps:
    - shell: echo'
write two.yaml 'spec:
  steps:
    - shell: echo {{ 1 + }}
      retry: {count: 0}
  stesp: []'
write host.yaml 'spec:
  pod: {hostPID: true}
  steps:
    - shell: echo'
expect 'a valid file' 0 'good.yaml: valid' "$ASSAY" validate good.yaml
"$ASSAY" validate --quiet good.yaml >out 2>&1
check 'quiet says nothing of it' test ! -s out
expect 'three problems' 3 'two.yaml: 3 errors' "$ASSAY" validate two.yaml
codes=$(sed -n 's/.*error\[\(E[0-9]*\)\].*/\1/p' out | tr '\n' ' ')
check 'in the order of the file' test "$codes" = 'E201 E115 E110 '
expect 'the worst of several files' 3 'good.yaml: valid' \
    "$ASSAY" validate two.yaml good.yaml
has 'each file is looked at' 'two.yaml: 3 errors'
expect 'refused for security' 4 'error[S502]' "$ASSAY" validate host.yaml
expect 'the worst is 4' 4 'S502' "$ASSAY" validate two.yaml host.yaml good.yaml
expect 'a file that is not there' 3 'nowhere.yaml' \
    "$ASSAY" validate nowhere.yaml good.yaml
has 'the others are looked at' 'good.yaml: valid'

# Lines.
tab=$(printf '\t')
printf 'a: "%s%s日本{{"\nb: [\n' "$tab" "$tab" >tabs.yaml
expect 'a tab' 3 'E100' "$ASSAY" validate tabs.yaml
write wide.yaml 'spec:
  steps:
    - shell: "日本語 {{ 1 + }}"'
expect 'wide characters' 3 'wide.yaml:6:26:' "$ASSAY" validate wide.yaml
has 'the caret is below the place' "       |                             ^"
write tabs.yaml "spec:
  steps:
    - shell: \"abc${tab}b {{ 1 + }}\""
expect 'a tab in a text' 3 'tabs.yaml:6:28:' "$ASSAY" validate tabs.yaml
has 'becomes blanks' '     6 |     - shell: "abc       b {{ 1 + }}"'
has 'and the caret is below the place' "       | $(printf '%34s' '^')"
write braces.yaml "spec:
  steps:
    - shell: 'true'
      condition: '{{ passed }}'"
expect 'a block in a condition' 3 'braces.yaml:7:' "$ASSAY" validate braces.yaml
has 'is told to go' "leave '{{' and '}}' out"
long=$(printf '%0500d' 0)
write long.yaml "spec:
  steps:
    - shell: \"$long {{ 1 + }} $long\""
expect 'a long line' 3 '...0000' "$ASSAY" validate long.yaml
widest=$(awk '{ if (length($0) > most) most = length($0) } END { print most }' out)
check 'is cut' test "$widest" -lt 150
write escape.yaml "spec:
  steps:
    - shell: \"$(printf '\342\200\256') {{ 1 + }}\""
expect 'what a terminal would act on' 3 '\u202e' "$ASSAY" validate escape.yaml
has_not 'is not printed' "$(printf '\342\200\256')"
{
    printf '%s\nspec:\n  steps:\n' "$head"
    awk 'BEGIN { for (i = 0; i < 1200; i++) print "    - shel: x" }'
} >many.yaml
expect 'thousands of problems' 3 'note: 200 more are not shown' \
    "$ASSAY" validate many.yaml

# JSON.
expect 'JSON' 4 '"files"' \
    "$ASSAY" validate --output json two.yaml host.yaml good.yaml
check 'JSON has what is documented' perl -MJSON::PP -e '
    my $report = decode_json(do { local $/; <> });
    my @files = @{$report->{files}};
    @files == 3 or die "files\n";
    my ($two, $host, $good) = @files;
    join(" ", map { $_->{code} } @{$two->{diagnostics}}) eq "E201 E115 E110"
        or die "codes\n";
    my $last = $two->{diagnostics}[2];
    $last->{severity} eq "error" && $last->{line} == 8 && $last->{column} == 3
        && $last->{file} eq "two.yaml" && $last->{hint} =~ /steps/
        && $last->{message} =~ /unknown field/ or die "members\n";
    $two->{errors} == 3 && !$two->{valid} && $good->{valid} or die "counts\n";
    $host->{diagnostics}[0]{code} eq "S502" or die "host\n";
' out
"$ASSAY" validate --output json nowhere.yaml good.yaml >out 2>/dev/null || true
has 'JSON of a file that is not there' '"failure"'
expect 'an unknown form' 2 'expected text, json or sarif' \
    "$ASSAY" validate --output xml good.yaml

# SARIF.
mkdir -p 'a folder/ü'
cp two.yaml 'a folder/ü/two #1.yaml'
status=0
"$ASSAY" validate --output sarif two.yaml "$work/host.yaml" many.yaml \
    'a folder/ü/two #1.yaml' nowhere.yaml tabs.yaml >log.sarif 2>/dev/null ||
    status=$?
check 'SARIF: exit code' test "$status" = 4
check 'SARIF is what the standard asks for' \
    perl "$here/check_sarif.pl" log.sarif
cp log.sarif out
has 'a URI is encoded' '"a%20folder/%C3%BC/two%20%231.yaml"'
has 'a path below the folder is relative' '"uri": "host.yaml"'
has 'a failure is told' '"executionSuccessful": false'
has 'what is not shown is told' '200 more problems are not shown'
first=$(grep -m 1 'assayFinding/v1' log.sarif)
{
    printf '# a line above\n'
    cat two.yaml
} >shifted && mv shifted two.yaml
"$ASSAY" validate --output sarif two.yaml >log.sarif || true
second=$(grep -m 1 'assayFinding/v1' log.sarif)
check 'a fingerprint outlives a line above' test "$first" = "$second"

# Warnings, and who may switch them off.
write warned.yaml 'spec:
  use: [{name: somewhere}]
  steps:
    - shell: |
        apk add curl
        kubectl get pods || true # assay: ignore W426 -- only shown'
expect 'warnings do not fail' 0 'warned.yaml: valid, 2 warnings' \
    "$ASSAY" validate warned.yaml
has 'with the place in the script' 'warned.yaml:8:9: warning[W425]'
has 'what is meant is marked' '^~~~~~~'
has_not 'what a comment switches off is not told' W426
expect 'unless --strict' 3 W425 "$ASSAY" validate --strict warned.yaml
expect 'strict and clean' 0 valid "$ASSAY" validate --strict good.yaml
expect 'ignored' 0 'warned.yaml: valid, 1 warning' \
    "$ASSAY" validate --ignore W425 warned.yaml
expect 'ignored, all' 0 'warned.yaml: valid' \
    "$ASSAY" validate --strict --ignore W425,W422 warned.yaml
expect 'by the environment' 0 'warned.yaml: valid' \
    env ASSAY_IGNORE='W425, W422' "$ASSAY" validate --strict warned.yaml
expect 'errors cannot be ignored' 2 "'S502' is an error" \
    "$ASSAY" validate --ignore S502 host.yaml
expect 'nor by the environment' 2 'ASSAY_IGNORE' \
    env ASSAY_IGNORE=E110 "$ASSAY" validate two.yaml
expect 'nor by a comment' 4 S502 "$ASSAY" validate host.yaml
for code in $("$ASSAY" validate --explain all |
    sed -n 's/^### \([EWS][0-9]*\):.*/\1/p'); do
    case $code in
    W*) expect "$code can be ignored" 0 valid "$ASSAY" validate --ignore "$code" good.yaml ;;
    *) expect "$code cannot" 2 'is an error' "$ASSAY" validate --ignore "$code" good.yaml ;;
    esac
done
expect 'no such code' 2 "'W999' is no code" \
    "$ASSAY" validate --ignore W999 good.yaml
mkdir -p "$HOME/.config/assay" settings/assay
printf 'ignore: [W425, W422]\n' >"$HOME/.config/assay/config.yaml"
expect 'by the config file' 0 'warned.yaml: valid' \
    "$ASSAY" validate --strict warned.yaml
printf 'ignore: [W425]\n' >settings/assay/config.yaml
expect 'the one of XDG_CONFIG_HOME' 0 'warned.yaml: valid, 1 warning' \
    env XDG_CONFIG_HOME="$work/settings" "$ASSAY" validate warned.yaml
has 'and no other' W422
expect 'and the option' 0 'warned.yaml: valid' env \
    XDG_CONFIG_HOME="$work/settings" "$ASSAY" validate --strict --ignore W422 \
    warned.yaml
printf 'ignore: [E110]\n' >"$HOME/.config/assay/config.yaml"
expect 'errors stay' 2 "config.yaml: 'E110' is an error" \
    "$ASSAY" validate good.yaml
printf 'ignroe: [W425]\n' >"$HOME/.config/assay/config.yaml"
expect 'a config file with a mistake' 2 "config.yaml:1:1: unknown field 'ignroe'" \
    "$ASSAY" validate good.yaml
has 'has a hint' "did you mean 'ignore'?"
printf 'runtime: mars\n' >"$HOME/.config/assay/config.yaml"
expect 'accepted values' 2 "'host', 'podman' or 'kubernetes'" \
    "$ASSAY" validate good.yaml
printf 'ignore: [\n' >"$HOME/.config/assay/config.yaml"
expect 'no YAML' 2 'config.yaml:' "$ASSAY" validate good.yaml
printf '# nothing\n' >"$HOME/.config/assay/config.yaml"
expect 'an empty one' 0 'warned.yaml: valid, 2 warnings' \
    "$ASSAY" validate warned.yaml
rm "$HOME/.config/assay/config.yaml"
cat >template.yaml <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflowTemplate
metadata: {name: somewhere}
spec:
  steps: [{shell: echo}]
YAML
expect 'a template that is given' 0 W425 \
    "$ASSAY" validate --template template.yaml warned.yaml
has_not 'is found' W422
{
    cat template.yaml
    echo ---
    cat template.yaml
} >twice.yaml
expect 'two templates of one name' 3 'is there twice' "$ASSAY" validate twice.yaml
expect 'a template in no file' 2 'there is no TestWorkflowTemplate' \
    "$ASSAY" validate --template good.yaml warned.yaml
expect 'complete for the marketplace' 3 'component' \
    "$ASSAY" validate --marketplace --strict good.yaml
"$ASSAY" validate --strict --marketplace \
    "$root"/marketplace/catalog/workflows/*/*/*.yaml >out 2>&1 ||
    true
has_not 'our own catalog has no warning' 'warning['
has 'it was looked at' 'pod-health-check.yaml: valid'

# A file of a newer version.
write newer.yaml 'spec:
  fancy: true
  steps:
    - shell: echo hello
      sparkle: 3'
expect 'unknown fields are errors' 3 'newer.yaml: 2 errors' \
    "$ASSAY" validate newer.yaml
expect 'or warnings' 0 'newer.yaml: valid, 2 warnings' \
    "$ASSAY" validate --validation warn newer.yaml
expect 'a plan of it is refused' 3 'error[E110]' "$ASSAY" plan newer.yaml
expect 'or made, with warnings' 0 'warning[E110]' \
    "$ASSAY" plan newer.yaml --validation warn
has 'whole' 'kind: Job'
expect 'a run of it too' 0 'warning[E110]' "$ASSAY" run newer.yaml \
    --runtime host --validation warn
expect 'other errors stay' 3 'two.yaml: 2 errors, 1 warning' \
    "$ASSAY" validate --validation warn two.yaml
expect 'another word' 2 'expected warn or strict' \
    "$ASSAY" validate --validation off good.yaml

# Scripts are untrusted: size, depth and the number of findings.
{
    printf '%s\nspec:\n  steps:\n    - shell: |\n' "$head"
    awk 'BEGIN {
        for (i = 0; i < 60000; i++)
            print "        apk add x; kubectl get x || true"
        for (i = 0; i < 60000; i++)
            print "        $((`\"${x"
    }'
} >hostile.yaml
expect 'a hostile script' 0 'more are not shown' \
    timeout 20 "$ASSAY" validate hostile.yaml

# The codes.
expect 'explain' 0 '### E110: unknown field' "$ASSAY" validate --explain e110
has 'with an example' 'stesp:'
expect 'an unknown code' 2 "did you mean 'E110'" "$ASSAY" validate --explain E11O
"$ASSAY" validate --explain all >codes.md
sed '1,/^## The codes$/d' "$root/docs/diagnostics.md" | sed 1d >documented.md
check 'docs/diagnostics.md is what --explain all prints' \
    diff documented.md codes.md
sed -n 's/^### \([EWS][0-9]*\):.*/\1/p' codes.md | sort >described
grep -rhoE --include='*.c' --exclude=diagnostic_codes.c '"[EWS][0-9]{3}"' \
    "$root/engine" "$root/cli" | tr -d '"' | sort -u >used
check 'every code of the source is described, and no other' \
    diff described used
finish
