#!/bin/sh
# Fails when a header does not compile alone, or when headers include each other
# in a circle.
# Usage: ci/check_headers.sh
set -eu
cd "$(dirname "$0")/.."
headers=$(find engine marketplace cli tests -name '*.h' | sort)
bad=0
for header in $headers; do
    printf '#include "%s"\n' "$header" |
        gcc -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror \
            -fsyntax-only -I . -x c - || bad=1
done

# tsort wants pairs, and complains about the loops that it finds.
# The names hold no spaces; they are split on purpose.
# shellcheck disable=SC2086
grep -HE '^#include "' $headers | sed 's/^\([^:]*\):#include "\(.*\)".*/\1 \2/' |
    tsort >/dev/null || bad=1
exit $bad
