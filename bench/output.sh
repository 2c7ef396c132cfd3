#!/bin/sh
# A step that prints 1 GiB: the time it takes, the peak memory of each process of
# ours, and what of it is in the history. Goal: under 32 MiB each, and all of it
# kept, or a marked cap.   Usage: bench/output.sh
set -eu
cd "$(dirname "$0")/.."
. bench/setup.sh
expected=1073741824

# The peak that the kernel keeps for each process, looked at until the run ends.
watch_memory() {
    while [ -e "$folder/running" ]; do
        for process in /proc/[0-9]*; do
            name=$(cat "$process/comm" 2>/dev/null) || continue
            case $name in
            assay* | entrypoint*)
                sed -n "s/^VmHWM: */$name ${process#/proc/} /p" \
                    "$process/status" 2>/dev/null || true
                ;;
            esac
        done
        sleep 0.2
    done | awk '
        $3 > peak[$1] { peak[$1] = $3 }
        END { for (name in peak)
            printf "peak of %-20s %10.1f MiB\n", name, peak[name] / 1024 }'
}

touch "$folder/running"
watch_memory >"$folder/memory" &
start=$(date +%s%N)
"$assay" run bench/output.yaml --runtime host >/dev/null
finish=$(date +%s%N)
rm "$folder/running"
wait
cat "$folder/memory"
awk "BEGIN { printf \"time %25.1f s\n\", ($finish - $start) / 1e9 }"
printf 'printed by the step %10s bytes\n' $expected
printf 'kept in the history %10s bytes\n' "$("$assay" logs latest | wc -c)"
printf 'size of the database %9s bytes\n' \
    "$(stat -c %s "$XDG_STATE_HOME/assay/history.db")"
