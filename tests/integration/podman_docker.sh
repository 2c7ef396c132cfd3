#!/bin/sh
# The podman runtime with docker's own client, which talks to podman in docker's
# language: what is asked of docker is understood, and nothing stays.
set -eu
. "$(dirname -- "$0")/checks.sh"
need docker
. "$here/podman_setup.sh"
podman_needs_root
podman_begin
mkdir "$work/docker"
echo "{}" >"$work/docker/config.json"
export DOCKER_CONFIG="$work/docker"
export DOCKER_HOST="unix://$work/docker/socket"
podman system service --time 0 "$DOCKER_HOST" >"$work/service.log" 2>&1 &
servers=$!
if ! wait_for 10 docker version; then
    echo "SKIP: docker's client does not understand podman: $(docker version 2>&1 | tail -n 1)"
    exit 77
fi

# The client is found by itself where there is no podman: it is hidden from the run.
cat >"$work/run" <<EOF
#!/bin/sh
mount --bind /dev/null "$(command -v podman)"
exec "$ASSAY" run "\$@" --runtime podman
EOF

podman_image other /bin/sh /bin/cat /bin/echo
podman_workflow two <<YAML
  config: {password: {type: string, sensitive: true}}
  steps:
    - name: One
      run:
        env: [{name: PASSWORD, value: "{{ config.password }}"}]
        shell: echo "with \${#PASSWORD} letters" >/data/x; echo begun; sleep 2
    - name: Two
      run:
        image: "$image"
        securityContext:
          runAsUser: 4711
          readOnlyRootFilesystem: true
          capabilities: {drop: [ALL]}
        shell: |
          cat /data/x; ! echo x 2>/dev/null >/x || exit 1
          while read -r name value; do
              case \$name in Uid:|CapEff:|NoNewPrivs:) echo "\$name \$value" ;; esac
          done </proc/self/status
    - {name: Three, shell: "ls /sys/class/net; exit 4"}
YAML
printf 'hush-hush-hush-%09d' $$ >"$work/password"
unshare --mount sh "$work/run" "$work/two.yaml" --config "password=@$work/password" --network none >"$work/out" 2>&1 &
pid=$!
wait_for 20 grep -q begun "$work/out"
cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' >"$work/lines"
code=0
wait "$pid" || code=$?
[ "$code" -eq 1 ] && pass 'the exit code' || fail 'the exit code' "$code"
has 'the verdict' "step 'Three' failed with exit code 4"
has 'docker was found' 'sandbox docker'
has 'the image is verified' "image of container 'steps-1': verified"
has 'the other one too' "image of container 'steps-2': verified"
has 'a secret and a file arrive' 'with 24 letters'
grep -q hush-hush "$work/lines" && fail 'a secret is on a command line' ||
    pass 'the secret is on no command line'
grep -q 'env=ASSAY_SECRET' "$work/lines" && pass 'only its name is' || fail 'no client was seen'
has 'the user is the one asked for' 'Uid: 4711'
has 'without capabilities' 'CapEff: 0000000000000000'
has 'and without a way to gain any' 'NoNewPrivs: 1'
has_not 'no network' eth0

podman_workflow missing "$registry/assay/missing:1" <<'YAML'
  steps:
    - shell: echo no
YAML
expect 'an image that is not there' 5 "docker cannot start container 'steps-1'" \
    unshare --mount sh "$work/run" "$work/missing.yaml"

podman_workflow slow <<YAML
  steps:
    - shell: echo begun; sleep 35.$$
  after:
    - {condition: always, shell: echo tidied}
YAML
for signal in INT KILL; do
    rm -f "$work/slow.out"
    unshare --mount sh "$work/run" "$work/slow.yaml" >"$work/slow.out" 2>&1 &
    pid=$!
    wait_for 20 grep -q begun "$work/slow.out"
    kill -$signal "$pid"
    code=0
    wait "$pid" 2>/dev/null || code=$?
    cp "$work/slow.out" "$work/out"
    case $signal-$code in
    INT-130) has 'aborted with 130, in order' tidied ;;
    KILL-137) expect 'the run is lost' 0 lost "$ASSAY" show latest ;;
    *) fail "ended by $signal" "exit code $code" "$(cat "$work/slow.out")" ;;
    esac
    wait_for 10 sh -c "[ -z \"\$(podman ps --all --quiet)\" ] &&
        ! pgrep -f 's[l]eep 35.$$' && [ -z \"\$(ls -A '$TMPDIR')\" ]" &&
        pass "nothing is left after $signal" ||
        fail "left after $signal" "$(podman ps --all; ls -lnR "$TMPDIR")"
done
finish
