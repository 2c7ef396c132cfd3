#!/bin/sh
# Installs build/release into a temporary folder and makes the Debian package;
# fails when something that belongs in there is missing, does not run, or has an
# option that the man page does not know.
# Usage: ci/check_install.sh      (after ci/build release)
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bad=0

report() {
    printf 'check_install: %s\n' "$*"
    bad=1
}

expect_files() {
    for file in bin/assay share/man/man1/assay.1 \
        share/assay/schemas/history.sql share/assay/catalog/workflows \
        share/assay/schemas/testworkflow.schema.json \
        share/assay/schemas/kubernetes.schema.json \
        share/doc/assay/copyright share/doc/assay/README.md \
        share/doc/assay/architecture.md; do
        [ -e "$1/$file" ] || report "$2: '$file' is missing"
    done
}

# Every option that `assay COMMAND --help` names is in the man page.
expect_options() {
    sed 's/\\-/-/g' "$1/share/man/man1/assay.1" >"$folder/page"
    for command in $("$1/bin/assay" help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'); do
        for option in $("$1/bin/assay" "$command" --help |
            sed -n 's/^  .*\(--[a-z-]*\).*/\1/p'); do
            grep -qF -e "$option" "$folder/page" ||
                report "assay.1: '$option' of '$command' is missing"
        done
    done
}

cmake --install build/release --prefix "$folder/prefix" >/dev/null
expect_files "$folder/prefix" 'cmake --install'
"$folder/prefix/bin/assay" version || report "the installed program does not run"
expect_options "$folder/prefix"

(cd build/release && cpack -G DEB -B "$folder" >/dev/null)
package=$(find "$folder" -maxdepth 1 -name '*.deb')
dpkg-deb --extract "$package" "$folder/package"
expect_files "$folder/package/usr" 'package'
depends=$(dpkg-deb --field "$package" Depends)
for name in bubblewrap libc6 libcurl4 libgit2-1.5 libjq1 libsqlite3-0 libssl3 libyaml-0-2 \
    libzstd1 zlib1g; do
    case ", $depends," in
    *", $name"[\ ,]*) ;;
    *) report "package: does not depend on '$name', only on: $depends" ;;
    esac
done
# What most commands do not need is loaded by those that do: docs/architecture.md.
for name in libcrypto libcurl libgit2 libjq libssl libz; do
    if objdump -p "$folder/prefix/bin/assay" | grep "NEEDED *$name"; then
        report "the program is linked with '$name', which every start pays for"
    fi
done
exit $bad
