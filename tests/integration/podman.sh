#!/bin/sh
# The podman runtime against a real podman, a real registry and images made here:
# what the containers are given, what is told of images, and that nothing stays.
# PODMAN_RUNTIME and PODMAN_STORAGE choose another OCI runtime or storage driver.
set -eu
. "$(dirname -- "$0")/checks.sh"
. "$here/podman_setup.sh"
need python3
podman_needs_root
podman_begin

run() { "$ASSAY" run "$@" --runtime podman; }
running() { podman ps --all --quiet; }

podman_workflow passes <<'YAML'
  steps:
    - name: First
      run:
        env: [{name: GREETING, value: "hello there"}]
        shell: echo "$GREETING" >/data/x
    - name: Second
      shell: cat /data/x; echo "pid 1 is $(tr '\0' ' ' </proc/1/cmdline | cut -c 1-20)"
YAML
expect 'passes' 0 'hello there' run "$work/passes.yaml"
has 'the image is the one that was asked for' "image of container 'steps-1': verified"
has 'the entrypoint is pid 1' 'pid 1 is /.assay/bin/entrypoi'
expect 'which is recorded' 0 '"sandbox": "podman"' "$ASSAY" show latest --output json
expect 'the events have the digests' 0 "\"imageID\":\"${shell_image##*@}\"" \
    run "$work/passes.yaml" --output ndjson

podman_workflow fails <<'YAML'
  steps:
    - name: Bad
      shell: echo so long; exit 3
YAML
expect 'fails with the exit code' 1 "step 'Bad' failed with exit code 3" run "$work/fails.yaml"

podman_workflow timeout <<'YAML'
  steps:
    - name: Slow
      timeout: 1s
      shell: sleep 30
YAML
expect 'a timeout' 1 'timed out' run "$work/timeout.yaml"
podman_workflow deadline <<'YAML'
  job: {activeDeadlineSeconds: 3}
  steps:
    - shell: sleep 60
YAML
expect 'a deadline is 6' 6 timeout run "$work/deadline.yaml"

# Two images: two containers at once, one after another by the entrypoints.
podman_image other /bin/sh /bin/cat /bin/echo /bin/ls
other_image=$image
podman_workflow two <<YAML
  steps:
    - name: One
      shell: echo from one >/data/x
    - name: Two
      run: {image: "$other_image", shell: "cat /data/x; echo and two; ls /bin"}
    - name: Three
      condition: failed
      shell: echo never
    - name: Four
      shell: "echo four; exit 4"
YAML
expect 'two images' 1 'from one' run "$work/two.yaml"
has 'in their order' 'and two'
has 'both are verified' "image of container 'steps-2': verified"
has 'the verdict' "step 'Four' failed with exit code 4"
has_not 'a condition holds across containers' never

# Secrets and variables: not on any command line.
cat >"$work/secret.yaml" <<YAML
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: secret}
spec:
  config: {password: {type: string, sensitive: true}}
  container: {image: "$shell_image"}
  steps:
    - name: Use it
      run:
        env: [{name: PASSWORD, value: "{{ config.password }}"}]
        shell: 'echo "it is \$PASSWORD"; echo begun; sleep 3; [ \${#PASSWORD} -eq 24 ]'
YAML
printf 'hush-hush-hush-%09d' $$ >"$work/password"
run "$work/secret.yaml" --config "password=@$work/password" >"$work/out" 2>&1 &
pid=$!
wait_for 20 grep -q begun "$work/out"
cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' >"$work/lines"
code=0
wait "$pid" || code=$?
[ "$code" -eq 0 ] && pass 'a secret arrives' || fail 'a secret' "$(cat "$work/out")"
has_not 'and is masked' hush-hush
grep -q hush-hush "$work/lines" && fail 'a secret is on a command line' ||
    pass 'and is on no command line'
grep -q 'env=ASSAY_SECRET' "$work/lines" && pass 'only its name is' ||
    fail 'no client was seen' "$(grep -c . "$work/lines") lines"

podman_workflow user <<'YAML'
  pod: {securityContext: {fsGroup: 2000}, hostname: named}
  steps:
    - run:
        securityContext:
          runAsUser: 4711
          runAsGroup: 4712
          readOnlyRootFilesystem: true
          capabilities: {drop: [ALL]}
        resources: {limits: {memory: 64Mi, cpu: 500m}}
        shell: |
          echo "I am $(id -u):$(id -g) on $(hostname) with $(id -G)"
          touch /data/x && stat -c 'group %g' /data
          touch /tmp/x /testkube/x || exit 1
          ! touch /x 2>/dev/null && ! touch /run/x 2>/dev/null && echo 'root is read-only'
          grep -E '^(CapEff|NoNewPrivs)' /proc/self/status | tr '\t' ' '
YAML
expect 'a user of its own' 0 'I am 4711:4712 on named with 4712 2000' run "$work/user.yaml"
has 'emptyDirs are of the fsGroup' 'group 2000'
has 'the root is read-only' 'root is read-only'
has 'no capabilities' 'CapEff: 0000000000000000'
has 'no way to gain any' 'NoNewPrivs: 1'

podman_workflow content <<'YAML'
  content:
    files:
      - {path: /etc/app/app.conf, content: "the content\n", mode: 0640}
      - {path: /data/in/data.txt, content: "more\n"}
  steps:
    - run:
        shell: |
          cat /etc/app/app.conf /data/in/data.txt; stat -c 'mode %a' /etc/app/app.conf
          ! echo x 2>/dev/null >/etc/app/app.conf && echo 'cannot be written'
YAML
expect 'files of a config map' 0 'the content' run "$work/content.yaml"
has 'with their mode' 'mode 640'
has 'read-only' 'cannot be written'

podman_workflow net <<'YAML'
  steps:
    - shell: |
        echo "interfaces: $(ls /sys/class/net | tr '\n' ' ')"
YAML
expect 'no network' 0 'interfaces: lo ' run "$work/net.yaml" --network none

# Images: without a shell, their own command, names that are none, other digests.
podman_image noshell /bin/echo -- --change 'ENTRYPOINT ["/bin/echo","from the image"]' \
    --change 'CMD ["by default"]'
podman_workflow noshell "$image" <<'YAML'
  steps:
    - run: {command: [/bin/echo], args: ['without', shell, '{{ "a;b" }}']}
YAML
expect 'an image without a shell' 0 'without shell a;b' run "$work/noshell.yaml"
podman_workflow bare "$image" <<'YAML'
  steps:
    - {name: Bare, run: {}}
YAML
expect "an image's own command" 0 'from the image by default' run "$work/bare.yaml"
podman_workflow arguments "$image" <<'YAML'
  steps:
    - {name: Bare, run: {args: [with, arguments]}}
YAML
expect 'with arguments' 0 'from the image with arguments' run "$work/arguments.yaml"
podman_image failing /bin/sh -- --change 'ENTRYPOINT ["/bin/sh","-c","echo to stderr >&2; exit 7"]'
podman_workflow failing "$image" <<'YAML'
  steps:
    - {name: Bare, run: {}}
YAML
expect 'its exit code counts' 1 "step 'Bare' failed with exit code 7" run "$work/failing.yaml"
expect 'its standard error is output' 0 'to stderr' "$ASSAY" logs latest

cat >"$work/behind.yaml" <<YAML
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: behind}
spec:
  config: {end: {type: integer, default: 0}}
  steps:
    - {name: First, run: {image: "$shell_image", shell: 'echo first; exit {{ config.end }}'}}
    - {name: Last, steps: [{name: Bare, run: {image: "$image"}}]}
YAML
expect "an image's command behind other steps" 1 "step 'Bare' failed with exit code 7" \
    run "$work/behind.yaml"
has 'which come first' first
expect 'or not, when they fail' 1 "step 'First' failed with exit code 3" \
    run "$work/behind.yaml" --config end=3
expect 'it is skipped then' 1 skipped run "$work/behind.yaml" --config end=3
expect 'containers one after another' 1 'and two' run "$work/two.yaml" --sequence chained
has 'with the same verdict' "step 'Four' failed with exit code 4"
has_not 'and the same conditions' never
expect 'a pod for each step' 1 'and two' run "$work/two.yaml" --isolation step
has 'with the same verdict, too' "step 'Four' failed with exit code 4"

podman_workflow unpinned "${shell_image%@*}" <<'YAML'
  steps:
    - shell: echo unpinned
YAML
expect 'without a digest' 0 "image of container 'steps-1': unverified" run "$work/unpinned.yaml"

podman rmi --all --force >/dev/null
expect 'not pulled when never' 5 'cannot start container' run "$work/passes.yaml" --pull never
expect 'pulled when missing' 0 "image of container 'steps-1': verified" run "$work/passes.yaml"
expect 'pulled always' 0 verified run "$work/passes.yaml" --pull always
podman_workflow moving "$registry/assay/moving:1" <<'YAML'
  steps:
    - shell: ls /bin/cat 2>/dev/null || echo it is the newer one
YAML
podman_image moving /bin/sh /bin/ls /bin/cat
podman tag "$registry/assay/moving:1" localhost/kept
podman_image moving /bin/sh /bin/ls
podman tag localhost/kept "$registry/assay/moving:1"
expect 'an image that is here is not pulled' 0 /bin/cat run "$work/moving.yaml"
expect 'nor when never' 0 /bin/cat run "$work/moving.yaml" --pull never
expect 'but always, when the registry has another' 0 'the newer one' \
    run "$work/moving.yaml" --pull always
sed 's/image:/imagePullPolicy: Always, image:/' "$work/moving.yaml" >"$work/policy.yaml"
podman tag localhost/kept "$registry/assay/moving:1"
expect 'or when the workflow says so' 0 'the newer one' run "$work/policy.yaml"
podman tag localhost/kept "$registry/assay/moving:1"
expect 'which the option overrules' 0 /bin/cat run "$work/policy.yaml" --pull missing

missing=$registry/assay/shell@sha256:$(printf '%064d' 0)
podman_workflow missing "$missing" <<'YAML'
  steps:
    - shell: echo no
YAML
expect 'a digest that the registry does not have' 5 'manifest unknown' run "$work/missing.yaml"
expect 'is an error in the history' 0 error "$ASSAY" show latest
for name in /etc/passwd dir:/etc --privileged 'docker-archive:/x' 'a b'; do
    podman_workflow name "$name" <<'YAML'
  steps:
    - shell: echo no
YAML
    code=0
    run "$work/name.yaml" >"$work/out" 2>&1 || code=$?
    case $code in
    3 | 5) has_not "'$name' is no image" 'image of container' ;;
    *) fail "'$name' is an image" "$(cat "$work/out")" ;;
    esac
done

# An engine that has another image than was asked for.
mkdir "$work/bin"
cat >"$work/bin/podman" <<EOF
#!/bin/sh
if [ "\$1 \$2" = 'image inspect' ]; then
    $(command -v podman) "\$@" | sed 's/sha256:[0-9a-f]*"/sha256:$(printf '%064d' 1)"/'
else
    exec $(command -v podman) "\$@"
fi
EOF
chmod 755 "$work/bin/podman"
expect 'another image is refused' 4 'runs another image than was asked for' \
    run "$work/passes.yaml" --container-engine "$work/bin/podman"
expect 'an engine that is not there' 5 "no container engine '/no/such'" \
    env ASSAY_CONTAINER_ENGINE=/no/such "$ASSAY" run "$work/passes.yaml" --runtime podman
podman_workflow root <<'YAML'
  steps:
    - {run: {securityContext: {runAsNonRoot: true}, shell: sleep 20}}
YAML
expect 'root is refused where it must not be' 4 'has runAsNonRoot' run "$work/root.yaml"
podman_image foreign /bin/sh -- --arch arm64
podman_workflow foreign "$image" <<'YAML'
  steps:
    - shell: "true"
YAML
expect 'an image of another machine' 0 'is for arm64, this machine is' run "$work/foreign.yaml"

# What it cannot do is told before anything starts.
podman_workflow claim <<'YAML'
  pod: {volumes: [{name: disk, persistentVolumeClaim: {claimName: c}}]}
  steps:
    - shell: echo started
YAML
expect 'no claims' 5 "'persistentVolumeClaim'" run "$work/claim.yaml"
has_not 'and nothing starts' started

# Output.
podman_workflow much <<'YAML'
  steps:
    - shell: dd if=/dev/zero bs=1000000 count=100 2>/dev/null
YAML
run "$work/much.yaml" >"$work/out" 2>&1 || fail 'much' "$(tail -c 300 "$work/out")"
[ "$("$ASSAY" logs latest | wc -c)" -eq 100000000 ] && pass '100 MB of output' ||
    fail '100 MB of output' "$("$ASSAY" logs latest | wc -c) bytes"

# Ending a run. The number makes the process one that can be found among all others.
podman_workflow slow <<YAML
  steps:
    - name: Slow
      shell: echo begun; sleep 31.$$
  after:
    - name: After
      condition: always
      shell: echo tidied
YAML
begin() {
    rm -f "$work/slow.out"
    "$ASSAY" run "$work/slow.yaml" --runtime podman >"$work/slow.out" 2>&1 &
    pid=$!
    wait_for 20 grep -q begun "$work/slow.out"
}
begin
kill -INT "$pid"
code=0
wait "$pid" || code=$?
[ "$code" -eq 130 ] && pass 'aborted with 130' || fail 'abort' "exit code $code"
grep -q tidied "$work/slow.out" && pass 'steps after it run' ||
    fail 'no step after the abort' "$(cat "$work/slow.out")"
[ -z "$(running)" ] && pass 'no container is left' || fail 'a container is left'
# On a terminal the engine's clients get Ctrl-C as well.
expect 'Ctrl-C on a terminal' 130 tidied python3 "$here/terminal.py" begun ^C -- \
    "$ASSAY" run "$work/slow.yaml" --runtime podman
[ -z "$(running)" ] && pass 'leaves no container' || fail 'a container is left'
begin
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
wait_for 10 sh -c "[ -z \"\$(podman ps --all --quiet)\" ] && ! pgrep -f 's[l]eep 31.$$'" &&
    pass 'nothing runs on after kill -9' || fail 'a container is left after kill -9'
expect 'the run is lost' 0 lost "$ASSAY" show latest

# Killed and aborted at any moment of its start.
for delay in 0.02 0.1 0.2 0.3 0.5; do
    for signal in KILL TERM; do
        "$ASSAY" run "$work/slow.yaml" --runtime podman >"$work/slow.out" 2>&1 &
        pid=$!
        sleep "$delay"
        kill -$signal "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
done
wait_for 15 sh -c "[ -z \"\$(podman ps --all --quiet)\" ] &&
    ! pgrep -f 's[l]eep 31.$$' && ! ls -d '$TMPDIR'/assay-run-*" &&
    pass 'nothing is left of runs that were ended while they started' ||
    fail 'left over' "$(podman ps --all; ls "$TMPDIR"; pgrep -fa 's[l]eep 31.$$')"
# What a client has begun and left behind, which its engine does not know of.
mkdir "$work/late"
cat >"$work/late/podman" <<EOF
#!/bin/sh
case " \$* " in *' run '*) setsid sleep 34.$$ & sleep 5 ;; esac
exec $(command -v podman) "\$@"
EOF
chmod +x "$work/late/podman"
for signal in TERM KILL; do
    PATH="$work/late:$PATH" "$ASSAY" run "$work/slow.yaml" --runtime podman >"$work/out" 2>&1 &
    pid=$!
    wait_for 10 pgrep -f "s[l]eep 34.$$" || fail 'nothing was begun'
    kill -$signal "$pid"
    wait "$pid" 2>/dev/null || true
    # In order means that nothing is left by now.
    patience=10
    [ $signal = KILL ] || patience=0
    wait_for $patience sh -c "! pgrep -f 's[l]eep 34.$$' && ! ls -d '$TMPDIR'/assay-run-*" &&
        pass "what was begun has ended after $signal" ||
        fail "what was begun runs on after $signal" "$(pgrep -fa "s[l]eep 34.$$")"
done
# A monitor ends after its container, when that has been tidied away.
wait_for 5 sh -c "! pgrep -fa 'run/[^ ]*.*$work/[p]odman'" && pass 'no monitor is left' ||
    fail 'a conmon is left' "$(pgrep -fa "$work/podman/run")"

leftover=$(find "$TMPDIR" -mindepth 1 -name 'assay-*' | head -n 3)
[ -z "$leftover" ] && pass 'no folder is left behind' || fail 'folders left' "$leftover"
finish
