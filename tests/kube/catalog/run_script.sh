#!/bin/sh
# Stands in for `assay run FILE --config NAME=VALUE...`: takes the script out of a
# workflow of the catalog with one step and runs it with sh, so that the scripts can
# be tried with any shell, kubectl and PATH. Understands our own files only.
# Usage: [SHELL_PROGRAM=dash] run_script.sh run FILE [--config NAME=VALUE]...
set -eu
file=$2
shift 2
names=
while [ $# -gt 0 ]; do
    case $1 in
    --config)
        name=${2%%=*}
        eval "given_$name=\${2#*=}"
        names="$names $name"
        shift 2
        ;;
    --expose | --runtime) shift 2 ;;
    *)
        echo "run_script.sh: what is $1?" >&2
        exit 2
        ;;
    esac
done

# VARIABLE PARAMETER DEFAULT, a line for each variable of the step.
variables=$(awk '
    /^  config:/ { part = "config"; next }
    /^  [a-z]/ { part = "" }
    part == "config" && /^    [a-z_]+:$/ { name = $1; sub(/:/, "", name) }
    part == "config" && /^      default:/ { default_of[name] = $2 }
    /^ *- name: [A-Z_]+$/ { variable = $3 }
    /^ *value: "\{\{ config\.[a-z_]+ \}\}"$/ {
        name = $3
        sub(/config\./, "", name)
        print variable, name, default_of[name]
    }' "$file")
set --
while read -r variable name value; do
    case " $names " in
    *" $name "*) eval "value=\$given_$name" ;;
    esac
    [ "$value" != '""' ] || value=
    set -- "$@" "$variable=$value"
done <<END
$variables
END

script=$(awk '
    on && /^ *$/ { print ""; next }
    on { print substr($0, cut + 1) }
    /^ *shell: \|$/ { on = 1; cut = 10 }' "$file")
env "$@" "${SHELL_PROGRAM:-sh}" -c "$script" || exit 1
