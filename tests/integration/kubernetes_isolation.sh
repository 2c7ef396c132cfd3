#!/bin/sh
# A Job for each step (--isolation step): one after another, with the workspace in a
# claim; what is left when something goes wrong.
# Usage: ASSAY=path/to/assay KUBE_SERVER=path/to/test-kube-server \
#     tests/integration/kubernetes_isolation.sh
set -eu
. "$(dirname -- "$0")/checks.sh"
need kubectl bwrap curl
. "$here/kubernetes_setup.sh"
flows=$here/kubernetes
export ASSAY_RUNTIME=kubernetes TMPDIR="$work"
cluster_begin --objects "$flows/namespaces.yaml"

run() { "$ASSAY" run "$@" --isolation step; }
# What there is of runs; the entrypoint's ConfigMap stays.
kinds=jobs,pods,persistentvolumeclaims,secrets,configmaps
left() { kubectl get $kinds -A -l assay.dev/run -o name 2>&1; }
none_left() { [ -z "$(left)" ]; }
gone() {
    if wait_for 10 none_left; then
        pass "$1"
    else
        fail "$1" "$(left)"
    fi
}
said() { grep -qF -e "$1" "$work/followed"; }

# Jobs, claim, what is kept and what is not.
expect 'a Job for each step' 0 'in the second container' \
    run "$flows/steps.yaml"
gone 'nothing is left of it'
expect 'a failure is one' 1 "step 'fourth' failed with exit code 7" \
    run "$flows/steps.yaml" --config exit_code=7 --workspace-size 3Gi
kubectl get jobs >"$work/out" 2>&1
has 'the Jobs of a failed run stay' '-4   Failed'
has 'from the first one on' '-1   Complete'
kubectl get persistentvolumeclaims >"$work/out" 2>&1
has 'with its workspace' 'Bound'
has 'of the size that was asked for' '3Gi        RWO'
expect 'without the Secret' 0 'No resources found' kubectl get secrets
kubectl get jobs -o yaml >"$work/out"
has 'for an hour' 'ttlSecondsAfterFinished: 3600'
has_not 'and not for a week' 'ttlSecondsAfterFinished: 604800'
first=$(kubectl get jobs -o name | grep -e '-1$')
kubectl delete "$first" >/dev/null
gone 'the first Job takes all others along'
expect 'in a restricted namespace' 0 'in the second container' \
    run "$flows/steps.yaml" -n strict
sed 's/busybox:1"/&, securityContext: {privileged: true}/' \
    "$flows/steps.yaml" >"$work/high.yaml"
expect 'all stages are judged before anything is made' 4 \
    "asks for more than the profile 'restricted' admits" \
    run "$work/high.yaml" -n strict
gone 'of which nothing is left'
expect 'detached it cannot be' 2 'needs a process that starts one after' \
    run "$flows/steps.yaml" --detach
expect 'the rights' 0 'persistentvolumeclaims' "$ASSAY" doctor --rbac

# What goes from one stage to the next.
cat >"$work/handed.yaml" <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: handed}
spec:
  config:
    cause: {default: none}
  pvcs:
    cache: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
  pod:
    volumes: [{name: c, persistentVolumeClaim: {claimName: "{{ pvcs.cache.name }}"}}]
  container:
    volumeMounts: [{name: c, mountPath: /cache}]
  steps:
    - name: make
      id: make
      shell: |
        echo 1.2.3 >/testkube/outputs/version
        echo in the workspace >file
        echo in the cache >/cache/file
        test '{{ config.cause }}' != fail
      artifacts: {paths: [file]}
    - name: take
      condition: step.make.outputs.version == "1.2.3"
      shell: |
        cat file /cache/file
        echo "version {{ step.make.outputs.version }} of $(ls /data)"
    - name: not now
      condition: failed
      shell: echo after a failure
YAML
expect 'files, outputs and claims' 0 'version 1.2.3 of file' \
    run "$work/handed.yaml"
has 'the workspace' '  in the workspace'
has 'a claim of the workflow' '  in the cache'
has 'a condition' '- 3 not now: skipped'
has 'artifacts stay where they are' 'artifacts are not fetched from a cluster yet'
expect 'after a failure' 1 'after a failure' \
    run "$work/handed.yaml" --config cause=fail --keep never
gone 'and those are gone'

# An image's own command as a stage.
cat >"$work/own.yaml" <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: own}
spec:
  config:
    exit_code: {type: integer, default: 0}
  steps:
    - name: first
      shell: exit {{ config.exit_code }}
    - name: own
      run: {image: "docker.io/library/own:1", args: [echo, own words]}
YAML
expect 'a command of an image' 0 'own words' run "$work/own.yaml"
expect 'after a failure it is not started' 1 '2 own: skipped' \
    run "$work/own.yaml" --config exit_code=3 --keep always
kubectl get jobs -o name >"$work/out"
has_not 'not even its Job' '-2'
kubectl delete jobs --all >/dev/null 2>&1
expect 'in a group, behind steps' 1 '3.2 own command: skipped' \
    run "$flows/chain.yaml" --config exit_code=3 --keep never

# The same as in one pod.
record_as() { # record_as WAY FILE: nothing of it stays in the cluster
    record "$1" "$ASSAY" run "$2" --isolation "$1" --keep never
}
for file in "$here"/parity/*.yaml; do
    record_as pod "$file"
    record_as step "$file"
    told_alike "$(basename "$file" .yaml)" pod step
done

# Aborted: what is in `after` still runs, in a Job of its own.
cat >"$work/after.yaml" <<'YAML'
apiVersion: testworkflows.testkube.io/v1
kind: TestWorkflow
metadata: {name: after}
spec:
  config:
    seconds: {type: integer, default: 60}
  steps:
    - name: long
      shell: echo begun; sleep {{ config.seconds }}
    - name: next
      shell: echo never
  after:
    - name: clean
      condition: always
      shell: echo cleaned up; sleep {{ config.seconds }}
YAML
follow() {
    rm -f "$work/followed"
    "$ASSAY" run "$@" --isolation step >"$work/followed" 2>&1 </dev/null &
    run=$!
}
ended() {
    status=0
    wait $run || status=$?
    cp "$work/followed" "$work/out"
    if [ $status -eq "$2" ]; then
        pass "$1"
    else
        fail "$1" "exit code $status" "$(cat "$work/followed")"
    fi
}
follow "$work/after.yaml" --config seconds=3
wait_for 20 said '  begun'
kill -INT $run
ended 'an abort' 130
has 'by the user' 'aborted by the user'
has 'ends the step' '! 1 long: aborted'
has 'and the next one' '! 2 next: aborted'
has_not 'which is not run' '  never'
has 'but not what is to be done after it' '✓ 3 clean: passed'
gone 'it leaves nothing'
follow "$work/after.yaml"
wait_for 20 said '  begun'
kill -INT $run
wait_for 20 said '  cleaned up'
kill -INT $run
ended 'two aborts end that, too' 130
gone 'and leave nothing'
follow "$flows/slow.yaml"
wait_for 20 said '  tick 3'
expect 'from elsewhere' 0 '' "$ASSAY" abort latest
ended 'ends the second stage' 130
has 'which has its reason' 'was deleted from outside'
follow "$flows/slow.yaml"
wait_for 20 said '  tick 3'
kubectl delete "$(kubectl get jobs -o name | grep -e '-1$')" >/dev/null
status=0
wait $run || status=$?
case $status in
5 | 130) pass 'the first Job is deleted: lost, or aborted' ;;
*) fail 'the first Job is deleted' "exit code $status" "$(cat "$work/followed")" ;;
esac
gone 'nothing is left of that'

# What a cluster refuses or loses of a later stage.
rules '[{verb: create, resource: jobs, skip: 1, status: 403, message: "exceeded quota"}]'
expect 'a Job that is refused' 5 'exceeded quota' \
    run "$flows/steps.yaml" --keep failed
"$ASSAY" show latest >"$work/out"
has 'what came before it' 'passed'
has 'and what did not run' '4 fourth            aborted'
gone 'nothing is kept of it'
rules '[{action: refuse-pod, name: "*-2", message: "exceeded quota of pods"}]'
expect 'a Job without a pod' 5 'exceeded quota of pods' \
    run "$flows/steps.yaml" --start-timeout 1s
gone 'leaves nothing'
rules '[{action: lose-answer, verb: create, resource: jobs, skip: 1, times: 1}]'
expect 'an answer that is lost' 0 'in the second container' \
    run "$flows/steps.yaml"
zeros=sha256:0000000000000000000000000000000000000000000000000000000000000000
node=$(kubectl get nodes -o name)
curl -ksS -X PATCH -H "Authorization: Bearer $token" \
    -H 'Content-Type: application/merge-patch+json' --data-binary \
    "{\"status\": {\"images\": [{\"names\": [\"alpine@$zeros\"], \"sizeBytes\": 1}]}}" \
    "https://127.0.0.1:$(cat "$work/port")/api/v1/nodes/${node#*/}/status" \
    >/dev/null
rules "[{action: image, name: '*-3-*', image: '*alpine*', digest: '$zeros'}]"
expect 'an image that is not the one asked for' 4 "container 'steps-3' runs" \
    run "$flows/steps.yaml"
rules '[{action: evict, name: "*-1-*", delay: 300ms, message: "The node was low on memory."}]'
expect 'a stage that is evicted ends the run' 5 'The node was low on memory.' \
    run "$work/after.yaml" --config seconds=5 --keep never
has_not 'with nothing after it' 'clean: passed'
rules
gone 'none of them leaves anything'

# Paused in a later stage.
follow "$flows/paused.yaml"
wait_for 20 said '2 look at it: paused'
expect 'a paused step goes on' 0 'step 2 look at it goes on' \
    "$ASSAY" resume latest
wait_for 20 said '3 again: paused'
expect 'and the next one' 0 'step 3 again goes on' "$ASSAY" resume latest
ended 'to the end' 0

# The deadline is that of the run, not of each stage.
sed 's/^spec:/&\n  job: {activeDeadlineSeconds: 4}/' "$work/after.yaml" |
    sed '/^  after:/,$d' >"$work/late.yaml"
cat >>"$work/late.yaml" <<'YAML'
    - name: last
      shell: sleep 60
YAML
expect 'a deadline over all stages' 6 "the run's deadline of 4" \
    run "$work/late.yaml" --config seconds=2 --keep always
kubectl get jobs -o yaml | grep activeDeadlineSeconds: >"$work/out"
has 'each gets what is left' 'activeDeadlineSeconds: 1'
kubectl delete jobs --all >/dev/null 2>&1

# Killed.
follow "$flows/slow.yaml"
wait_for 20 said '  tick 3'
kill -9 $run
wait $run 2>/dev/null || true
kubectl get $kinds -o json >"$work/objects"
perl -MJSON::PP -0777 -e '
    my $items = decode_json(<STDIN>)->{items};
    my (%lives, $run);
    for (@$items) {
        my $own = $_->{metadata};
        $lives{$own->{uid}} = 1
            if $_->{kind} eq "Job" && $_->{spec}{ttlSecondsAfterFinished};
    }
    for (@$items) {
        my $own = $_->{metadata};
        next if $own->{name} =~ /^assay-entrypoint|^kube-root/;
        my @owners = grep { $lives{$_->{uid}} } @{$own->{ownerReferences} || []};
        print "$_->{kind} $own->{name}: no label\n"
            unless $own->{labels}{"assay.dev/run"};
        print "$_->{kind} $own->{name}: no end\n"
            unless @owners || $lives{$own->{uid}};
        $run++;
    }
    print "objects: $run\n";
' <"$work/objects" >"$work/out"
has 'a killed run: Jobs, pods, Secret, ConfigMap, claim' 'objects: 7'
has_not 'each with its label' 'no label'
has_not 'each with its end' 'no end'
expect 'it cannot be taken up' 5 'the process that started one after the other is gone' \
    "$ASSAY" attach latest
gone 'and is taken away'
expect 'its record is lost' 0 '"status":"lost"' \
    "$ASSAY" history --output ndjson --limit 1
follow "$flows/slow.yaml"
wait_for 20 said '  tick 3'
kill -9 $run
wait $run 2>/dev/null || true
expect 'or aborted' 130 'aborted by the user' "$ASSAY" abort latest
gone 'with all that there is'
finish
