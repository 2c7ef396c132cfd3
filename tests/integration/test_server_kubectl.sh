#!/bin/sh
# The test API server, judged by a real kubectl: what a real cluster answers to
# these commands, it answers too. With KUBECTL=path another kubectl is the judge.
# Usage: ASSAY=path/to/assay KUBE_SERVER=path/to/test-kube-server \
#     tests/integration/test_server_kubectl.sh
set -eu
. "$(dirname -- "$0")/checks.sh"
: "${KUBECTL:=kubectl}"
need "$KUBECTL" bwrap perl curl
. "$here/kubernetes_setup.sh"
export TMPDIR="$work"
# shellcheck disable=SC2119 # without options
cluster_begin
url=https://127.0.0.1:$(cat "$work/port")

# k ARGUMENT...: kubectl, which must not wait for ever.
k() {
    timeout 30 "$KUBECTL" "$@"
}

# ask NAME CODE TEXT ARGUMENT...: expect with kubectl.
ask() {
    label=$1 code=$2 text=$3
    shift 3
    expect "$label" "$code" "$text" timeout 30 "$KUBECTL" "$@"
}

# request METHOD PATH [BODY [TYPE]]: the answer's code in the last line.
request() {
    curl -sk --max-time 20 -X "$1" -H "Authorization: Bearer $token" \
        -H "Content-Type: ${4:-application/json}" \
        --data-binary "${3:-}" -w '\n%{http_code}\n' "$url$2"
}

# answer NAME TEXT METHOD PATH [BODY [TYPE]]
answer() {
    label=$1 text=$2
    shift 2
    request "$@" >"$work/out" 2>&1 || true
    has "$label" "$text"
}

# rules YAML: what goes wrong from now on.
rules() {
    request DELETE /control/rules >/dev/null
    request POST /control/rules "$1" >/dev/null
}

# job NAME SHELL [SPECIFICATION]: a Job of one container.
job() {
    cat <<END
apiVersion: batch/v1
kind: Job
metadata: {name: $1, labels: {app: judge}}
spec:
  backoffLimit: 0
  ${3:-}
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: alpine:3.20
          command: [sh, -c, '$2']
END
}

# pod NAME SHELL [SPECIFICATION]: a pod of one container.
pod() {
    cat <<END
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  ${3:-}
  containers:
    - name: main
      image: alpine:3.20
      command: [sh, -c, '$2']
END
}

# create NAME TEXT: the document of standard input.
create() {
    cat >"$work/object.yaml"
    ask "$1" 0 "$2" create -f "$work/object.yaml"
}

# refuse NAME TEXT: the same, refused.
refuse() {
    cat >"$work/object.yaml"
    ask "$1" 1 "$2" create -f "$work/object.yaml"
}

# about POD: its object as one line.
about() {
    request GET "/api/v1/namespaces/default/pods/$1" | tr -d '\n'
}

ended() {
    about "$1" | grep -qE '"phase":"(Succeeded|Failed)"'
}

# is_in POD STATE: the reason why its container waits or how it ended.
is_in() {
    about "$1" | grep -q "\"reason\":\"$2\""
}

# reaches NAME POD STATE
reaches() {
    if wait_for 10 is_in "$2" "$3"; then
        pass "$1"
    else
        fail "$1" "expected the state '$3', got: $(about "$2")"
    fi
}

# A Job from its creation to its end.
job hello 'for i in 1 2 3; do echo line $i; sleep 0.1; done; echo bye >/dev/termination-log' |
    create 'create -f' 'job.batch/hello created'
ask 'logs -f of a Job' 0 'line 3' logs -f job/hello
ask 'wait' 0 'condition met' wait --for=condition=complete job/hello --timeout=20s
ask 'get' 0 '1/1' get job hello
ask 'get -o wide' 0 'alpine:3.20' get jobs -o wide
ask 'get -o yaml' 0 'type: Complete' get job hello -o yaml
has 'the condition before it' 'type: SuccessCriteriaMet'
has 'its reason' 'reason: CompletionsReached'
has 'defaults' 'completionMode: NonIndexed'
ask 'get -o json' 0 '"succeeded": 1' get job hello -o json
ask 'describe job' 0 'Created pod: hello-' describe job hello
has 'with its statuses' '1 Succeeded / 0 Failed'
ask 'pods of a Job by label' 0 'Completed' get pods -l job-name=hello
ask 'sets as selectors' 0 'hello' get jobs -l 'app in (judge, other),!nothing'
ask 'what does not fit' 0 'No resources found' get jobs -l 'app notin (judge)'
ask 'describe pod' 0 'Exit Code:    0' describe pod -l job-name=hello
has 'with the termination message' 'Message:  bye'
has 'and events' 'Successfully assigned default/hello-'
ask 'get events' 0 'Job completed' get events
ask 'the pod gave a condition up' 0 'PodCompleted' get pods -l job-name=hello -o yaml
ask 'logs with times' 0 'line 1' logs job/hello --timestamps
if grep -qE '^20[0-9-]+T[0-9:]+\.[0-9]{9}Z line 1$' "$work/out"; then
    pass 'a time has nanoseconds'
else
    fail 'a time has nanoseconds' "$(cat "$work/out")"
fi
since=$(sed -n 's/ line 2$//p' "$work/out")
ask 'logs --since-time' 0 'line 3' logs job/hello --since-time="$since"
ask 'logs --tail' 0 'line 3' logs job/hello --tail=1
has_not 'leaves out the others' 'line 2'
ask 'logs --limit-bytes' 0 'line' logs job/hello --limit-bytes=4
has_not 'ends in the line' 'line 1'
job hello true | refuse 'a name twice' 'jobs.batch "hello" already exists'
ask 'delete' 0 'job.batch "hello" deleted' delete job hello
ask 'takes the pods along' 0 'No resources found' get pods
ask 'and is gone' 1 'jobs.batch "hello" not found' get job hello

# Jobs that do not complete.
job failing 'echo no; exit 7' | create 'a failing Job' created
ask 'fails' 0 'condition met' wait --for=condition=failed job/failing --timeout=20s
ask 'says why' 0 'reason: BackoffLimitExceeded' get job failing -o yaml
has 'early too' 'type: FailureTarget'
ask 'the exit code' 0 'exitCode: 7' get pods -l job-name=failing -o yaml
job slow 'sleep 60' 'activeDeadlineSeconds: 1' | create 'a Job with a deadline' created
ask 'passes its deadline' 0 'condition met' wait --for=condition=failed job/slow --timeout=45s
ask 'says so' 0 'reason: DeadlineExceeded' get job slow -o yaml
job short true 'ttlSecondsAfterFinished: 1' | create 'a Job with a time to live' created
is_gone() {
    request GET /apis/batch/v1/namespaces/default/jobs/short | grep -q '"NotFound"'
}
if wait_for 10 is_gone; then
    pass 'is deleted after it'
else
    fail 'is deleted after it'
fi
job paused 'echo ran' 'suspend: true' | create 'a suspended Job' created
ask 'has no pods' 0 'No resources found' get pods -l job-name=paused
ask 'is resumed' 0 'patched' patch job paused -p '{"spec":{"suspend":false}}'
ask 'and runs' 0 'condition met' wait --for=condition=complete job/paused --timeout=20s
ask 'a template does not change' 1 'spec.template: Invalid value' patch job paused \
    -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"other"}]}}}}'
ask 'delete all of a label' 0 'deleted' delete jobs -l app=judge
ask 'no pod is left' 0 'No resources found' get pods

# Data and references.
ask 'create configmap' 0 created create configmap settings --from-literal=colour=blue
ask 'create secret' 0 created create secret generic keys --from-literal=key='a$b$(c)'
ask 'a Secret is in base64' 0 "key: $(printf '%s' 'a$b$(c)' | perl -MMIME::Base64 -ne 'print encode_base64($_, "")')" \
    get secret keys -o yaml
pod refers 'echo $COLOUR "$KEY" $NAME; cat /settings/hue; ls -l /settings; pwd' '
  volumes:
    - {name: settings, configMap: {name: settings, items: [{key: colour, path: hue, mode: 256}]}}
    - {name: later, secret: {secretName: late, optional: true}}' >"$work/pod.yaml"
cat >>"$work/pod.yaml" <<'END'
      workingDir: /tmp
      env:
        - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
        - {name: KEY, valueFrom: {secretKeyRef: {name: keys, key: key}}}
        - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
      volumeMounts: [{name: settings, mountPath: /settings}]
END
create 'a pod with references' created <"$work/pod.yaml"
wait_for 10 ended refers || true
ask 'variables' 0 'blue a$b$(c) refers' logs refers
has 'a file of a volume' 'blue'
has 'its mode' '-r--------'
has 'the working folder' '/tmp'
pod waits 'echo "$KEY"' >"$work/pod.yaml"
echo '      env: [{name: KEY, valueFrom: {secretKeyRef: {name: late, key: key}}}]' >>"$work/pod.yaml"
create 'a pod whose Secret is missing' created <"$work/pod.yaml"
reaches 'waits for it' waits CreateContainerConfigError
ask 'says for what' 0 'secret "late" not found' get pod waits -o yaml
ask 'has no log yet' 1 'is waiting to start: CreateContainerConfigError' logs waits
k create secret generic late --from-literal=key=here >/dev/null || true
wait_for 20 ended waits || true
ask 'runs once it is there' 0 'here' logs waits
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fixed}\nimmutable: true\ndata: {a: b}\n' |
    create 'an immutable ConfigMap' created
ask 'does not change' 1 'field is immutable when `immutable` is set' patch configmap fixed -p '{"data":{"a":"c"}}'
ask 'but its labels do' 0 'labeled' label configmap fixed a=b

# What a namespace and a service account bring along.
ask 'create namespace' 0 created create namespace tight
ask 'label it' 0 labeled label namespace tight pod-security.kubernetes.io/enforce=restricted
pod loose true >"$work/object.yaml"
ask 'its standard' 1 'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set' \
    create -n tight -f "$work/object.yaml"
cat >>"$work/object.yaml" <<'END'
      securityContext:
        allowPrivilegeEscalation: false
        runAsNonRoot: true
        runAsUser: 4711
        capabilities: {drop: [ALL]}
        seccompProfile: {type: RuntimeDefault}
END
ask 'is kept' 0 created create -n tight -f "$work/object.yaml"
job loose true >"$work/object.yaml"
ask 'a Job is stored' 0 created create -n tight -f "$work/object.yaml"
ask 'its pod is not' 0 'FailedCreate' get events -n tight
ask 'delete namespace' 0 deleted delete namespace tight
ask 'with all that is in it' 0 'No resources found' get pods,jobs -n tight
pod member 'id -u; cd /var/run/secrets/kubernetes.io/serviceaccount; cat namespace; echo; curl -s --cacert ca.crt -H "Authorization: Bearer $(cat token)" https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/api/v1/namespaces/default/pods/member' \
    'securityContext: {runAsUser: 4711}' | create 'a pod with a token' created
wait_for 10 ended member || true
ask 'reaches the API' 0 '"name":"member"' logs member
has 'as the user it asked for' 4711
pod stranger true 'serviceAccountName: nobody' |
    refuse 'an account that is not there' 'serviceaccount "nobody" not found'

# Pods by themselves.
ask 'run' 0 created run single --image=alpine --restart=Never -- echo 'by itself'
wait_for 10 ended single || true
ask 'its log' 0 'by itself' logs single
pod chain 'cat /d/*; exit 3' '
  initContainers:
    - {name: first, image: a, command: [sh, -c, "echo 1 >/d/1"], volumeMounts: [{name: d, mountPath: /d}]}
    - {name: second, image: a, command: [sh, -c, "cat /d/1; echo 2 >/d/2"], volumeMounts: [{name: d, mountPath: /d}]}
  volumes: [{name: d, emptyDir: {}}]' >"$work/pod.yaml"
echo '      volumeMounts: [{name: d, mountPath: /d}]' >>"$work/pod.yaml"
create 'a pod with initContainers' created <"$work/pod.yaml"
wait_for 10 ended chain || true
ask 'the last one' 0 2 logs chain -c main
ask 'the one in between' 0 1 logs chain -c second
ask 'the log of no container' 1 'not valid for pod chain' logs chain -c other
ask 'the end' 0 'Error' get pod chain
pod broken 'echo never' '
  initContainers:
    - {name: first, image: a, command: [sh, -c, "exit 5"]}' |
    create 'a chain that breaks' created
wait_for 10 ended broken || true
ask 'its end' 0 'Failed' get pod broken -o 'jsonpath={.status.phase}'
ask 'what comes after it was never started' 0 'PodInitializing' \
    get pod broken -o 'jsonpath={.status.containerStatuses[0].state.waiting.reason}'

# Fields of a pod as files, which follow the pod.
pod fields 'while ! grep -q ^go=.yes /f/notes; do sleep 0.1; done; cat /f/notes; cat /f/name' '
  volumes:
    - name: f
      downwardAPI:
        items:
          - {path: notes, fieldRef: {fieldPath: metadata.annotations}}
          - {path: name, fieldRef: {fieldPath: metadata.name}}' >"$work/pod.yaml"
echo '      volumeMounts: [{name: f, mountPath: /f, readOnly: true}]' >>"$work/pod.yaml"
create 'a pod that waits for an annotation' created <"$work/pod.yaml"
wait_for 10 sh -c "$KUBECTL get pod fields -o 'jsonpath={.status.phase}' | grep -q Running" || true
ask 'annotate' 0 'annotated' annotate pod fields go=yes 'text=two words'
wait_for 10 ended fields || true
ask 'the file follows' 0 'text="two words"' logs fields
has 'and has the other fields' 'fields'
pod long 'trap "echo told; exit 0" TERM; echo up; sleep 60 & wait' 'terminationGracePeriodSeconds: 20' |
    sed '/Seconds: 1$/d' >"$work/pod.yaml"
create 'a pod that runs on' created <"$work/pod.yaml"
k logs -f long >"$work/long" 2>&1 &
follower=$!
wait_for 10 grep -q up "$work/long" || true
timeout 4 "$KUBECTL" get pods -w >"$work/watched" 2>&1 &
watcher=$!
wait_for 3 grep -q long "$work/watched" || true
ask 'delete tells it to end' 0 deleted delete pod long
wait "$follower" || true
if grep -q told "$work/long"; then
    pass 'a followed log holds its last words'
else
    fail 'a followed log holds its last words' "$(cat "$work/long")"
fi
wait "$watcher" || true
if grep -q Terminating "$work/watched"; then
    pass 'get -w sees the end'
else
    fail 'get -w sees the end' "$(cat "$work/watched")"
fi
pod stubborn 'trap "" TERM; echo up; sleep 60' | create 'a pod that does not listen' created
prints_up() {
    request GET /api/v1/namespaces/default/pods/stubborn/log | grep -q up
}
wait_for 10 prints_up || true
ask 'is killed after its grace' 0 deleted delete pod stubborn
ask 'delete of nothing' 1 'pods "nothing" not found' delete pod nothing

# What is refused.
ask 'can-i' 0 yes auth can-i create jobs
printf 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: odd}\nspec: {tempalte: {}}\n' >"$work/object.yaml"
answer 'an unknown field' 'strict decoding error: unknown field \"spec.tempalte\"' POST \
    '/apis/batch/v1/namespaces/default/jobs?fieldValidation=Strict' \
    '{"kind":"Job","apiVersion":"batch/v1","metadata":{"name":"odd"},"spec":{"tempalte":{}}}'
has 'is a bad request' '400'
answer 'missing fields' 'spec.template.spec.containers: Required value' POST \
    /apis/batch/v1/namespaces/default/jobs '{"metadata":{"name":"odd"},"spec":{"template":{"spec":{"restartPolicy":"Never"}}}}'
has 'are causes' '"reason":"FieldValueRequired"'
answer 'a dry run' '"name":"dry"' POST '/api/v1/namespaces/default/configmaps?dryRun=All' \
    '{"metadata":{"name":"dry"}}'
ask 'leaves nothing' 1 'not found' get configmap dry
answer 'a made-up name' '"name":"many-' POST /api/v1/namespaces/default/configmaps \
    '{"metadata":{"generateName":"many-"}}'
ask 'a namespace that is not there' 1 'namespaces "missing" not found' create configmap x -n missing
answer 'another version' 'the object has been modified' PUT /api/v1/namespaces/default/configmaps/settings \
    '{"metadata":{"name":"settings","resourceVersion":"1"}}'
answer 'another uid' 'UID in precondition: nobody' DELETE /api/v1/namespaces/default/configmaps/settings \
    '{"preconditions":{"uid":"nobody"}}'
has 'is a conflict' '"reason":"Conflict"'
answer 'a JSON patch' '"colour":"red"' PATCH /api/v1/namespaces/default/configmaps/settings \
    '[{"op":"test","path":"/data/colour","value":"blue"},{"op":"replace","path":"/data/colour","value":"red"}]' \
    application/json-patch+json
answer 'pages' '"remainingItemCount":' GET '/api/v1/namespaces/default/events?limit=1'
next=$(sed -n 's/.*"continue":"\([^"]*\)".*/\1/p' "$work/out")
answer 'the next page' '"kind":"EventList"' GET "/api/v1/namespaces/default/events?limit=1&continue=$next"
request POST /api/v1/namespaces/default/configmaps '{"metadata":{"name":"newer"}}' >/dev/null
request POST /control/expire >/dev/null
answer 'an old page' '"reason":"Expired"' GET "/api/v1/namespaces/default/events?limit=1&continue=$next"
answer 'an old version' 'too old resource version' GET \
    '/api/v1/namespaces/default/pods?watch=1&resourceVersion=1&timeoutSeconds=5'
answer 'a watch ends' '"type":"BOOKMARK"' GET \
    '/api/v1/namespaces/default/pods?watch=1&allowWatchBookmarks=true&timeoutSeconds=1'
answer 'a watch that lists' 'k8s.io/initial-events-end' GET \
    '/api/v1/namespaces/default/configmaps?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1'

# Owners.
k create configmap owner >/dev/null || true
uid=$(k get configmap owner -o 'jsonpath={.metadata.uid}' || true)
owned="\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"owner\",\"uid\":\"$uid\"}]"
request POST /api/v1/namespaces/default/configmaps "{\"metadata\":{\"name\":\"owned\",$owned}}" >/dev/null
ask 'an owned object stays' 0 owned get configmap owned
k delete configmap owner >/dev/null || true
ask 'as long as its owner' 1 'not found' get configmap owned
job orphan true | create 'a Job that is deleted without a policy' created
k wait --for=condition=complete job/orphan --timeout=20s >/dev/null || true
request DELETE /apis/batch/v1/namespaces/default/jobs/orphan >/dev/null
ask 'leaves its pods' 0 Completed get pods -l job-name=orphan
k delete pods --all >/dev/null || true

# Faults.
rules '[{action: pull-error, image: "*broken*", times: 2, message: no such manifest}]'
pod pulls true | sed 's/alpine/broken/' | create 'an image that cannot be pulled' created
reaches 'is tried again' pulls Completed
ask 'with the message' 0 'no such manifest' get events
rules '[{action: pull-error}]'
pod never true | create 'an image that never comes' created
reaches 'is backed off' never ImagePullBackOff
pod named true | sed 's/alpine/ALPINE/' | create 'a wrong image name' created
reaches 'is told' named InvalidImageName
rules '[{action: unschedulable, name: nowhere}]'
pod nowhere true | create 'a pod that fits nowhere' created
ask 'waits' 0 'reason: Unschedulable' get pod nowhere -o yaml
rules '[{action: out-of-memory, delay: 100ms}]'
pod hungry 'sleep 60' | create 'a pod without memory' created
reaches 'is killed' hungry OOMKilled
ask 'with 137' 0 'exitCode: 137' get pod hungry -o yaml
rules '[{action: evict}]'
pod evicted 'sleep 60' | create 'a pod that is evicted' created
reaches 'fails' evicted Evicted
ask 'as a disruption' 0 'type: DisruptionTarget' get pod evicted -o yaml
rules '[{action: start-error, message: no such program}]'
pod broken true | create 'a container that cannot start' created
reaches 'has ended' broken StartError
rules '[{action: lose-node}]'
pod lost 'echo x' | create 'a pod on a node that is lost' created
sleep 1
ask 'stays as it was' 0 Running get pod lost
ask 'and is silent' 1 'i/o timeout' logs lost
k delete pod lost --wait=false >/dev/null || true
ask 'even deleted' 0 Terminating get pod lost
k delete pod lost --force --grace-period=0 >/dev/null 2>&1 || true
ask 'but for force' 1 'not found' get pod lost
rules '[{action: refuse-pod, message: exceeded quota}]'
job refused true | create 'a Job whose pod is refused' created
ask 'says so' 0 'is forbidden: exceeded quota' get events
rules '[{verb: create, resource: jobs}, {resource: pods/log}]'
job denied true | refuse 'denied' 'cannot create resource "jobs" in API group "batch"'
ask 'can-i says it before' 1 no auth can-i create jobs
ask 'for parts too' 1 no auth can-i get pods --subresource=log
rules '[{status: 429, retryAfter: 3, times: 1}, {status: 500, times: 2, verb: list}]'
answer 'too many requests' '"retryAfterSeconds":3' GET /api/v1/pods
answer 'once' '"code":500' GET /api/v1/pods
answer 'a burst of errors' '"code":500' GET /api/v1/pods
answer 'and an end' '"kind":"PodList"' GET /api/v1/pods
rules '[{action: lose-answer, verb: create}]'
answer 'a lost answer' '000' POST /api/v1/namespaces/default/configmaps '{"metadata":{"name":"stored"}}'
ask 'after it was stored' 0 stored get configmap stored
rules '[{action: cut, verb: list, bytes: 10}]'
answer 'a cut answer' '{"kind":"P' GET /api/v1/pods
has_not 'ends there' '{"kind":"Po'
rules '[{action: cut, verb: watch, bytes: 20, clean: true}]'
answer 'a cut watch' '{"type":"ADDED","obj' GET '/api/v1/pods?watch=1&resourceVersion=0'
has 'in good order' '200'
rules '[{action: expire, times: 1}]'
answer 'a watch that is too old' '"code":410' GET '/api/v1/pods?watch=1&resourceVersion=0&timeoutSeconds=1'
rules '[{action: no-such-thing}]'
answer 'a wrong rule' "there is no action 'x'" POST /control/rules '[{action: x}]'
request DELETE /control/rules >/dev/null
request DELETE /control/counts >/dev/null
request GET /api/v1/namespaces/default/pods >/dev/null
answer 'counts' '"byKind":{"GET pods":1}' GET /control/counts

# What is printed arrives, whatever it is.
pod prints 'i=0; while [ $i -lt 20000 ]; do echo "line $i of many"; i=$((i+1)); done; head -c 100000 /dev/zero | tr "\0" x; echo; printf "no end"' |
    create 'a pod that prints a lot' created
{
    i=0
    while [ $i -lt 20000 ]; do
        echo "line $i of many"
        i=$((i + 1))
    done
    head -c 100000 /dev/zero | tr '\0' x
    echo
    echo 'no end'
} >"$work/wanted"
sleep 0.2
k logs -f prints >"$work/printed" || true
if cmp "$work/wanted" "$work/printed"; then
    pass 'arrives whole'
else
    fail 'arrives whole' "$(wc "$work/wanted" "$work/printed")"
fi

# The end of the server is the end of everything on it.
pod runs 'sleep 4321' | create 'a pod that runs' created
wait_for 10 pgrep -f 'sleep 432[1]' || true
kill -KILL "$server"
wait "$server" 2>/dev/null || true
if wait_for 5 sh -c "! pgrep -f 'sleep 432[1]'"; then
    pass 'its processes are gone'
else
    fail 'its processes are gone'
fi
if wait_for 5 sh -c "! ls -d '$work'/assay-run-*"; then
    pass 'and its files'
else
    fail 'and its files' "$(find "$work"/assay-run-*)"
fi
finish
