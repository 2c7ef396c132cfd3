#!/bin/sh
# The catalog's check of a URL, against a small server on loopback: with the tools of
# this machine, and with wget alone.
# Usage: ASSAY=path/to/assay tests/integration/catalog_http.sh
# ASSAY=tests/kube/catalog/run_script.sh runs the script without Assay.
set -eu
. "$(dirname -- "$0")/checks.sh"
need bwrap curl perl
file=$root/marketplace/catalog/workflows/networking/http/http-endpoint-check.yaml
stand_in=$root/tests/kube/catalog/run_script.sh

# Answers by path: /STATUS, /slow (never), /cut (less than announced).
serve() {
    exec perl -MIO::Socket::INET -e '
        $SIG{PIPE} = "IGNORE";
        my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1",
            Listen => 9) or die "cannot listen: $!\n";
        open(my $file, ">", "$ARGV[0].new") or die; print $file $server->sockport;
        close($file); rename("$ARGV[0].new", $ARGV[0]);
        my @kept;
        while (my $client = $server->accept) {
            my $line = <$client>;
            while (<$client>) { last if /^\r?\n$/ }
            my ($path) = $line =~ m{^GET /(\w*)};
            if ($path eq "slow") { push @kept, $client; next }
            my $status = $path =~ /^\d+$/ ? $path : 200;
            my $body = "all is well [x]\nsecond line\n";
            my $length = length($body) + ($path eq "cut" ? 9 : 0);
            my $more = $status == 302 ? "Location: /\r\n" : "";
            print $client "HTTP/1.1 $status Some Reason\r\n${more}",
                "Content-Length: $length\r\nConnection: close\r\n\r\n$body";
            close($client);
        }' "$1"
}

serve "$work/port" &
servers="$servers $!"
wait_for 10 test -s "$work/port"
base=http://127.0.0.1:$(cat "$work/port")

# try NAME COMMAND: the table of cases, each with the command in front.
try() {
    kind=$1 command=$2
    check() { # CODE TEXT NAME=VALUE...
        code=$1 text=$2 name="$kind:"
        shift 2
        for assignment; do
            name="$name ${assignment#url="$base"}"
            set -- "$@" --config "$assignment"
            shift
        done
        expect "$name: exit code $code" "$code" "$text" "$command" "$@"
    }
    check 0 'ok: status 200' "url=$base/"
    check 1 'FAIL: expected status 200, got 503' "url=$base/503"
    check 0 'ok: status 404' "url=$base/404" expected_status=404
    check 1 'FAIL: expected status 404, got 200' "url=$base/" \
        expected_status=404
    check 1 'FAIL: expected status 200, got 302' "url=$base/302"
    check 0 'ok: status 302' "url=$base/302" expected_status=302
    check 0 "ok: the body contains the text 'well [x]'" \
        "url=$base/" 'contains=well [x]'
    check 1 "does not contain the text 'wel*'" "url=$base/" 'contains=wel*'
    check 0 "contains the text" "url=$base/" 'contains=second'
    check 1 'FAIL: status 200, but the answer did not end well' "url=$base/cut"
    check 1 'FAIL: no answer within 1 s' "url=$base/slow" timeout_seconds=1
    check 1 'FAIL: no answer from http://127.0.0.1:1/' url=http://127.0.0.1:1/
    check 1 'is not an http:// or https:// address' 'url=file:///etc/passwd'
    check 1 'is not an http:// or https:// address' 'url=-o/tmp/x http://a'
}

run_assay() { "$ASSAY" run "$file" --runtime host "$@"; }
try assay run_assay

# PATH is what the script is given; the tools that it needs, and one more.
mkdir "$work/bin"
for tool in sh env awk mktemp rm sed head tail grep wc timeout; do
    ln -s "$(command -v "$tool")" "$work/bin/$tool"
done
run_script() { env PATH="$work/bin" sh "$stand_in" run "$file" "$@"; }
expect 'no tool: exit code 1' 1 'FAIL: neither curl nor wget is here' \
    run_script --config "url=$base/"
if command -v wget >/dev/null; then
    ln -s "$(command -v wget)" "$work/bin/wget"
    try wget run_script
fi
finish
