#!/bin/sh
# Fails when a source file calls a function that ci/calls.txt does not allow to it.
# Comments and texts are not looked at. Tests may call what they like.
# Usage: ci/check_calls.sh
set -eu
cd "$(dirname "$0")/.."
find engine marketplace cli -name '*.[ch]' -exec awk '
    FILENAME == "ci/calls.txt" {
        if ($0 ~ /^#/ || $0 == "") next
        split($0, half, ":")
        n = split(half[1], names, " ")
        for (i = 1; i <= n; i++) banned[names[i]] = " " half[2] " "
        next
    }
    function folder(path) { sub(/\/[^\/]*$/, "", path); return path }
    FNR == 1 { comment = 0 }
    {
        line = $0
        gsub(/\\./, "", line)
        gsub(/"[^"]*"/, "", line)
        gsub(/\/\*([^*]|\*[^\/])*\*\//, "", line)
        if (comment) {
            if (!sub(/^.*\*\//, "", line)) next
            comment = 0
        }
        if (sub(/\/\*.*/, "", line)) comment = 1
        sub(/\/\/.*/, "", line)
        while (match(line, /[A-Za-z_][A-Za-z_0-9]*\(/)) {
            name = substr(line, RSTART, RLENGTH - 1)
            before = RSTART > 1 ? substr(line, RSTART - 1, 1) : ""
            line = substr(line, RSTART + RLENGTH)
            if (!(name in banned) || before ~ /[.>]/) continue
            if (index(banned[name], " " FILENAME " ")) continue
            if (index(banned[name], " " folder(FILENAME) " ")) continue
            printf "%s:%d: may not call %s\n", FILENAME, FNR, name
            bad = 1
        }
    }
    END { exit bad }
' ci/calls.txt {} +
