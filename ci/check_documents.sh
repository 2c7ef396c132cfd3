#!/bin/sh
# Fails when a relative link of a Markdown file leads nowhere, when a diagnostic
# that the source reports is not described in docs/diagnostics.md, or when a man
# page does not render without warnings.
# Usage: ci/check_documents.sh
set -eu
cd "$(dirname "$0")/.."
bad=0

report() {
    printf '%s\n' "$*"
    bad=1
}

check_links() {
    folder=$(dirname "$1")
    # Links hold no spaces; they are split on purpose.
    # shellcheck disable=SC2013
    for link in $(grep -oE '\]\([^)# ]+' "$1" | sed 's/^](//'); do
        case $link in
        http:* | https:* | mailto:*) ;;
        *) [ -e "$folder/$link" ] || report "$1: no such file: $link" ;;
        esac
    done
}

for document in *.md docs/*.md bench/*.md; do
    check_links "$document"
done

for code in $(grep -rhoE --include='*.c' '"[EWS][0-9]{3}"' engine cli |
    tr -d '"' | sort -u); do
    grep -qE "\b$code\b" docs/diagnostics.md ||
        report "docs/diagnostics.md: $code is not described"
done

for page in docs/man/*.[1-9]; do
    warnings=$(groff -t -man -Tutf8 -ww -z "$page" 2>&1)
    [ -z "$warnings" ] || report "$warnings"
done
exit $bad
