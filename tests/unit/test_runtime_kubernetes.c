/* kubernetes_object.h, kubernetes_view.h, replay.h: what is sent to a cluster, what
 * its words mean, and what is new when a run is read again. */
#include "engine/base/base64.h"
#include "engine/base/clock.h"
#include "engine/runtime/kubernetes_object.h"
#include "engine/runtime/kubernetes_view.h"
#include "engine/runtime/replay.h"
#include "tests/unit/value_fixture.h"

/* --- objects --------------------------------------------------------------- */

static struct plan make_plan(struct arena *arena, const char *pod)
{
    struct plan plan = {.run_id = "0123456789abcdef", .token = "t"};
    plan.job = from_yaml(
        arena,
        arena_format(arena,
                     "{metadata: {name: j}, spec: {ttlSecondsAfterFinished: "
                     "3600, template: {spec: %s}}}",
                     pod));
    plan.pod = value_path(plan.job, "spec.template.spec");
    return plan;
}

static const struct {
    const char *name, *pod;
    struct job_choice choice;
    const char *want; /* the pod */
} jobs[] = {
    {"privileged: as it is",
     "{containers: [{name: a}]}",
     {.namespace_name = "n", .security = {.profile = SECURITY_PRIVILEGED}},
     "{\"containers\":[{\"name\":\"a\"}]}"},
    {"with a service account",
     "{automountServiceAccountToken: false}",
     {.namespace_name = "n",
      .service_account = "s",
      .security = {.profile = SECURITY_PRIVILEGED}},
     "{\"automountServiceAccountToken\":true,\"serviceAccountName\":\"s\"}"},
    {"confined by the profile",
     "{containers: [{name: a}]}",
     {.namespace_name = "n", .security = {.profile = SECURITY_BASELINE}},
     "{\"containers\":[{\"name\":\"a\",\"securityContext\":"
     "{\"allowPrivilegeEscalation\":false}}],\"securityContext\":"
     "{\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}}"},
    {"the processor of our program",
     "{containers: [{name: a, command: [x]}], nodeSelector: {a: b}}",
     {.namespace_name = "n", .security = {.profile = SECURITY_PRIVILEGED}},
     "{\"containers\":[{\"name\":\"a\",\"command\":[\"x\"]}],"
     "\"nodeSelector\":{\"a\":\"b\",\"kubernetes.io/arch\":"
     "\"PROCESSOR\"}}"},
    {"the workflow's own word for that",
     "{initContainers: [{name: a, command: [x]}], nodeSelector: "
     "{kubernetes.io/arch: other}}",
     {.namespace_name = "n", .security = {.profile = SECURITY_PRIVILEGED}},
     "{\"initContainers\":[{\"name\":\"a\",\"command\":[\"x\"]}],"
     "\"nodeSelector\":{\"kubernetes.io/arch\":\"other\"}}"},
    {"the cluster gives users",
     "{containers: [{name: a}]}",
     {.namespace_name = "n",
      .security = {.profile = SECURITY_RESTRICTED, .assigns_users = true}},
     "{\"containers\":[{\"name\":\"a\",\"securityContext\":"
     "{\"allowPrivilegeEscalation\":false,\"capabilities\":{\"drop\":[\"ALL\"]}"
     "}}],\"securityContext\":{\"seccompProfile\":{\"type\":\"RuntimeDefault\"}"
     ",\"runAsNonRoot\":true}}"},
};

static void jobs_for_a_cluster(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct plan plan = make_plan(arena, jobs[i].pod);
        const char *before = as_json(arena, plan.job);
        const struct value *job =
            kubernetes_make_job(arena, &plan, &jobs[i].choice);
        const char *want = jobs[i].want;
        const char *word = strstr(want, "PROCESSOR");
        if (word)
            want = arena_format(arena, "%.*s%s%s", (int)(word - want), want,
                                plan_entrypoint_processor(),
                                word + strlen("PROCESSOR"));
        CHECK_TEXT(jobs[i].name,
                   as_json(arena, value_path(job, "spec.template.spec")), want);
        CHECK_TEXT(jobs[i].name,
                   value_string(value_path(job, "metadata.namespace")), "n");
        CHECK(jobs[i].name,
              kubernetes_read_profile(job) == jobs[i].choice.security.profile);
        CHECK_TEXT("the plan stays as it was", as_json(arena, plan.job),
                   before);
    }
}

static void what_a_deadline_leaves(void **state)
{
    (void)state;
    static const struct {
        int64_t rest, job, pod; /* 0: none */
    } rows[] = {{0, 600, 500}, {1000, 600, 500}, {550, 550, 500}, {1, 1, 1}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct job_choice choice = {.namespace_name = "n",
                                    .deadline = rows[i].rest};
        struct plan plan = make_plan(arena, "{activeDeadlineSeconds: 500}");
        value_set(arena, value_get(plan.job, "spec"), "activeDeadlineSeconds",
                  value_make_int(arena, 600));
        const struct value *job = kubernetes_make_job(arena, &plan, &choice);
        const struct value *spec = value_get(job, "spec");
        const struct value *pod = value_path(spec, "template.spec");
        static const char name[] = "activeDeadlineSeconds";
        CHECK("job", value_int_or(value_get(spec, name), 0) == rows[i].job);
        CHECK("pod", value_int_or(value_get(pod, name), 0) == rows[i].pod);
        plan = make_plan(arena, "{}");
        job = kubernetes_make_job(arena, &plan, &choice);
        CHECK("none", !value_get(value_get(job, "spec"), name));
    }
}

static void jobs_of_which_there_are_several(void **state)
{
    (void)state;
    static const struct {
        const char *volumes;
        bool stage;
    } rows[] = {
        {"[]", false},
        {"[{name: assay-workspace, persistentVolumeClaim: {claimName: r}}]",
         true},
        {"[{name: assay-workspace, persistentVolumeClaim: {claimName: other}}]",
         false},
        {"[{name: own, persistentVolumeClaim: {claimName: r}}]", false},
        {"[{name: assay-workspace, emptyDir: {}}]", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const char *text = arena_format(
            arena,
            "{metadata: {name: r-1}, spec: {template: {spec: {volumes: %s}}}}",
            rows[i].volumes);
        CHECK(rows[i].volumes,
              kubernetes_is_stage(from_yaml(arena, text)) == rows[i].stage);
    }
}

static void levels_of_security(void **state)
{
    (void)state;
    static const struct {
        const char *name, *object;
        enum security_profile wanted, profile;
        bool assigns;
    } rows[] = {
        {"nothing known", "{}", SECURITY_AUTO, SECURITY_AUTO, false},
        {"restricted is enforced",
         "{metadata: {labels: {pod-security.kubernetes.io/enforce: "
         "restricted}}}",
         SECURITY_AUTO, SECURITY_RESTRICTED, false},
        {"baseline is enforced",
         "{metadata: {labels: {pod-security.kubernetes.io/enforce: baseline}}}",
         SECURITY_AUTO, SECURITY_BASELINE, false},
        {"privileged is enforced, which is nothing",
         "{metadata: {labels: {pod-security.kubernetes.io/enforce: "
         "privileged}}}",
         SECURITY_AUTO, SECURITY_AUTO, false},
        {"only warned of",
         "{metadata: {labels: {pod-security.kubernetes.io/warn: restricted}}}",
         SECURITY_AUTO, SECURITY_AUTO, false},
        {"by wish", "{}", SECURITY_RESTRICTED, SECURITY_RESTRICTED, false},
        {"against it",
         "{metadata: {labels: {pod-security.kubernetes.io/enforce: "
         "restricted}}}",
         SECURITY_BASELINE, SECURITY_BASELINE, false},
        {"OpenShift",
         "{metadata: {annotations: {openshift.io/sa.scc.uid-range: 1/2}}}",
         SECURITY_AUTO, SECURITY_AUTO, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct job_choice choice = {0};
        kubernetes_choose(from_yaml(arena, rows[i].object), rows[i].wanted,
                          &choice);
        CHECK(rows[i].name, choice.security.profile == rows[i].profile);
        CHECK(rows[i].name, choice.security.assigns_users == rows[i].assigns);
    }
}

static void more_than_is_admitted(void **state)
{
    (void)state;
    static const char *const pod =
        "{containers: [{name: a, securityContext: {privileged: true}}]}";
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct plan plan = make_plan(arena, pod);
    struct job_choice choice = {.namespace_name = "n"};
    struct error error = {0};
    const struct value *job = kubernetes_make_job(arena, &plan, &choice);
    CHECK(pod, kubernetes_check_security(job, &choice, &error) == 0);
    choice.security.profile = SECURITY_RESTRICTED;
    job = kubernetes_make_job(arena, &plan, &choice);
    CHECK(pod, kubernetes_check_security(job, &choice, &error) < 0);
    CHECK(pod, error.kind == ERROR_TRUST);
    CHECK_TEXT(pod, error.text,
               "the workflow asks for more than the profile 'restricted' "
               "admits: container 'a': securityContext.privileged: it admits "
               "only false, and 1 more");
}

static void what_the_job_owns(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct job_choice choice = {.namespace_name = "n"};
    const struct value *made = kubernetes_make_owned(
        arena, from_yaml(arena, "{kind: Secret, metadata: {name: s}}"), &choice,
        "j", "u");
    assert_string_equal(
        as_json(arena, made),
        "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\",\"namespace\":\"n\","
        "\"ownerReferences\":[{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\","
        "\"name\":\"j\",\"uid\":\"u\"}]}}");
}

static void the_shared_program_is_ours(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct value *object = kubernetes_make_entrypoint(arena, "n");
    assert_int_equal(kubernetes_check_entrypoint(object, &error), 0);
    value_set(arena, object, "immutable", value_make_bool(arena, false));
    assert_int_equal(kubernetes_check_entrypoint(object, &error), -1);
    assert_int_equal(error.kind, ERROR_TRUST);
    assert_non_null(strstr(error.text, "can be changed"));
    error = (struct error){0};
    value_set(arena, object, "immutable", value_make_bool(arena, true));
    value_set_string(arena, value_get(object, "binaryData"), "entrypoint",
                     base64_encode(arena, "evil", 4));
    assert_int_equal(kubernetes_check_entrypoint(object, &error), -1);
    assert_int_equal(error.kind, ERROR_TRUST);
    assert_non_null(strstr(error.text, "does not hold the program"));
    error = (struct error){0};
    assert_int_equal(kubernetes_check_entrypoint(NULL, &error), -1);
}

#define JOB                                                                    \
    "{metadata: {name: j, labels: {assay.dev/run: r, assay.dev/workflow: "     \
    "w}}, "                                                                    \
    "spec: {template: {spec: {containers: [{name: a, image: i, command: "      \
    "[x]}]}}}}"
#define MAP    "{data: {run.json: '{\"steps\": []}'}}"
#define SECRET "{data: {token: dG9rZW4=}}"

static void plans_from_a_cluster(void **state)
{
    (void)state;
    static const struct {
        const char *name, *job, *map, *secret;
        bool good;
    } rows[] = {
        {"all of it", JOB, MAP, SECRET, true},
        {"no labels", "{}", MAP, SECRET, false},
        {"no steps", JOB, "{data: {}}", SECRET, false},
        {"steps, no JSON", JOB, "{data: {run.json: 'what'}}", SECRET, false},
        {"no token", JOB, MAP, "{}", false},
        {"an empty one", JOB, MAP, "{data: {token: ''}}", false},
        {"no base64", JOB, MAP, "{data: {token: '?'}}", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        const struct plan *plan = kubernetes_read_plan(
            arena, from_yaml(arena, rows[i].job), from_yaml(arena, rows[i].map),
            from_yaml(arena, rows[i].secret), &error);
        CHECK(rows[i].name, (plan != NULL) == rows[i].good);
        CHECK(rows[i].name, plan || error_is_set(&error));
        if (!plan)
            continue;
        assert_string_equal(plan->run_id, "r");
        assert_string_equal(plan->workflow, "w");
        assert_string_equal(plan->token, "token");
        assert_string_equal(as_json(arena, plan->images), "[\"i\"]");
        assert_false(plan->bare);
    }
}

/* --- views ----------------------------------------------------------------- */

#define WAITS(reason, message)                                                 \
    "{spec: {nodeName: node, containers: [{name: a}]}, status: {phase: "       \
    "Pending, "                                                                \
    "containerStatuses: [{name: a, state: {waiting: {reason: " reason          \
    ", message: '" message "'}}}]}}"

/* An initContainer `a`, a container `b`, and their states. */
#define CHAIN(a, b)                                                            \
    "{spec: {nodeName: node, initContainers: [{name: a}], containers: "        \
    "[{name: "                                                                 \
    "b}]}, status: {initContainerStatuses: [{name: a, state: {" a              \
    "}}], containerStatuses: [{name: b, state: {" b "}}]}}"

static const struct {
    const char *name, *pod, *want; /* NULL: no trouble */
    int64_t patience;
    bool whole;
} troubles[] = {
    {"it runs",
     "{spec: {containers: [{name: a}]}, status: {containerStatuses: "
     "[{name: a, state: {running: {}}}]}}",
     NULL, 0, false},
    {"not scheduled yet", "{spec: {containers: [{name: a}]}}",
     "the pod is not on a node yet", 0, true},
    {"unschedulable",
     "{spec: {containers: [{name: a}]}, status: {conditions: [{type: "
     "PodScheduled, status: 'False', reason: Unschedulable, message: 0/3}]}}",
     "the pod cannot be scheduled (Unschedulable: 0/3)", 0, true},
    {"too much at once",
     "{spec: {containers: [{name: a}, {name: b}]}, status: {conditions: "
     "[{type: PodScheduled, status: 'False', reason: Unschedulable, message: "
     "1 Insufficient cpu}]}}",
     "the pod cannot be scheduled (Unschedulable: 1 Insufficient cpu); its "
     "containers ask for their sum: with --sequence chained it is the largest "
     "of them",
     0, true},
    {"too much of one",
     "{spec: {initContainers: [{name: a}], containers: [{name: b}]}, status: "
     "{conditions: [{type: PodScheduled, status: 'False', reason: "
     "Unschedulable, message: 1 Insufficient cpu}]}}",
     "the pod cannot be scheduled (Unschedulable: 1 Insufficient cpu)", 0,
     true},
    {"being created", WAITS("ContainerCreating", ""),
     "the containers of the pod do not run yet", 0, true},
    {"a wrong name", WAITS("InvalidImageName", "x"),
     "container 'a': its image's name is wrong (InvalidImageName: x)", 0,
     false},
    {"a pull that may succeed", WAITS("ImagePullBackOff", "i/o timeout"),
     "container 'a': its image cannot be pulled (ImagePullBackOff: i/o "
     "timeout)",
     120 * CLOCK_SECOND, false},
    {"a pull that will not", WAITS("ErrImagePull", "manifest unknown"),
     "container 'a': its image cannot be pulled (ErrImagePull: manifest "
     "unknown)",
     0, false},
    {"a Secret that may come", WAITS("CreateContainerConfigError", "no s"),
     "container 'a': it cannot be created (CreateContainerConfigError: no s)",
     30 * CLOCK_SECOND, false},
    {"no program",
     "{spec: {containers: [{name: a}]}, status: {containerStatuses: [{name: a, "
     "state: {terminated: {reason: StartError, message: x, exitCode: 128}}}]}}",
     "container 'a' cannot be started (StartError: x)", 0, false},
    {"the second container too",
     "{spec: {nodeName: node, containers: [{name: a}, {name: b}]}, status: "
     "{containerStatuses: [{name: a, state: {running: {}}}, {name: b, state: "
     "{waiting: {reason: ErrImageNeverPull}}}]}}",
     "container 'b': its image is not on the node (ErrImageNeverPull)", 0,
     false},
    {"a chain before its first",
     CHAIN("waiting: {reason: PodInitializing}",
           "waiting: {reason: PodInitializing}"),
     "the containers of the pod do not run yet", 0, true},
    {"a chain whose first runs",
     CHAIN("running: {}", "waiting: {reason: PodInitializing}"), NULL, 0,
     false},
    {"a chain between two",
     CHAIN("terminated: {exitCode: 0}", "waiting: {reason: PodInitializing}"),
     "container 'b' does not run yet", INT64_MAX, false},
    {"a chain whose second cannot start",
     CHAIN("terminated: {exitCode: 0}",
           "waiting: {reason: ErrImagePull, message: manifest unknown}"),
     "container 'b': its image cannot be pulled (ErrImagePull: manifest "
     "unknown)",
     0, false},
    {"a chain that is broken",
     CHAIN("terminated: {exitCode: 1}", "waiting: {reason: PodInitializing}"),
     NULL, 0, false},
};

static void what_keeps_a_pod_from_starting(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(troubles); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct pod_view view;
        pod_view_decode(arena, from_yaml(arena, troubles[i].pod), &view);
        struct pod_trouble trouble = pod_view_trouble(arena, &view);
        if (!troubles[i].want) {
            CHECK(troubles[i].name, !trouble.text);
            continue;
        }
        CHECK_TEXT(troubles[i].name, trouble.text, troubles[i].want);
        CHECK(troubles[i].name, trouble.patience == troubles[i].patience);
        CHECK(troubles[i].name, trouble.whole == troubles[i].whole);
    }
}

static void what_the_cluster_ends(void **state)
{
    (void)state;
    static const struct {
        const char *name, *status, *want;
    } rows[] = {
        {"nothing", "{phase: Failed}", NULL},
        {"evicted", "{phase: Failed, reason: Evicted, message: low}",
         "the cluster ended pod 'p' (Evicted: low)"},
        {"its own deadline", "{phase: Failed, reason: DeadlineExceeded}", NULL},
        {"preempted",
         "{conditions: [{type: DisruptionTarget, status: 'True', reason: "
         "PreemptionByScheduler, message: m}]}",
         "the cluster ended pod 'p' (PreemptionByScheduler: m)"},
        {"not now", "{conditions: [{type: DisruptionTarget, status: 'False'}]}",
         NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct pod_view view;
        pod_view_decode(arena,
                        from_yaml(arena, arena_format(arena,
                                                      "{metadata: {name: p}, "
                                                      "status: %s}",
                                                      rows[i].status)),
                        &view);
        const char *got = pod_view_disruption(arena, &view);
        CHECK_TEXT(rows[i].name, got ? got : "none",
                   rows[i].want ? rows[i].want : "none");
    }
}

/* The containers of a pod as "name:phase", ours, then behind a bar what the cluster
 * has put in; `<` stands behind the initContainers. */
static const char *list_containers(struct arena *arena,
                                   const struct pod_view *view)
{
    static const char *const phases[] = {"waits", "runs", "ended"};
    const char *text = "";
    for (size_t i = 0; i < view->count; i++)
        text = arena_format(arena, "%s%s:%s%s ", text, view->containers[i].name,
                            phases[view->containers[i].phase],
                            i + 1 == view->initial ? "<" : "");
    text = arena_format(arena, "%s|", text);
    for (size_t i = 0; i < view->other_count; i++)
        text = arena_format(arena, "%s %s:%s%s", text, view->others[i].name,
                            phases[view->others[i].phase],
                            i + 1 == view->other_initial ? "<" : "");
    return text;
}

static void containers_of_the_cluster(void **state)
{
    (void)state;
#define RUNS(name)  "{name: " name ", state: {running: {}}}"
#define ENDED(name) "{name: " name ", state: {terminated: {exitCode: 3}}}"
    static const struct {
        const char *name, *spec, *status, *want, *straggler, *barrier, *trouble;
    } rows[] = {
        {"none", "containers: [{name: a}, {name: b}]",
         "containerStatuses: [" RUNS("b") "]", "a:waits b:runs |", NULL, NULL,
         "the pod is not on a node yet"},
        {"a proxy in front", "containers: [{name: mesh}, {name: a}, {name: b}]",
         "containerStatuses: [" RUNS("mesh") ", " ENDED("a") ", " ENDED(
             "b") "]",
         "a:ended b:ended | mesh:runs", "mesh", NULL, NULL},
        {"one between", "containers: [{name: b}, {name: mesh}, {name: a}]",
         "containerStatuses: [" ENDED("mesh") ", " RUNS("b") "]",
         "a:waits b:runs | mesh:ended", NULL, NULL,
         "the pod is not on a node yet"},
        {"a sidecar, and ours a chain",
         "initContainers: [{name: mesh, restartPolicy: Always}, {name: a}], "
         "containers: [{name: b}]",
         "initContainerStatuses: [" RUNS("mesh") ", " RUNS("a") "]",
         "a:runs< b:waits | mesh:runs<", NULL, NULL, NULL},
        {"one that fails",
         "initContainers: [{name: mesh}], containers: "
         "[{name: a}, {name: b}]",
         "initContainerStatuses: [" ENDED("mesh") "]",
         "a:waits b:waits | mesh:ended<", NULL, "mesh",
         "the pod is not on a node yet"},
        {"one whose image is missing",
         "containers: [{name: mesh}, {name: a}, {name: b}]",
         "containerStatuses: [{name: mesh, state: {waiting: {reason: "
         "ErrImageNeverPull}}}]",
         "a:waits b:waits | mesh:waits", NULL, NULL,
         "container 'mesh': its image is not on the node (ErrImageNeverPull)"},
        {"one of ours is not there", "containers: [{name: a}]", "phase: x",
         "a:waits b:waits |", NULL, NULL, "the pod is not on a node yet"},
    };
    static const char *const names[] = {"a", "b"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct pod_view view;
        pod_view_decode(
            arena,
            from_yaml(arena, arena_format(arena, "{spec: {%s}, status: {%s}}",
                                          rows[i].spec, rows[i].status)),
            &view);
        pod_view_arrange(arena, &view, names, COUNT_OF(names));
        const struct container_view *straggler = pod_view_straggler(&view);
        const struct container_view *barrier = pod_view_barrier(&view);
        CHECK_TEXT(rows[i].name, list_containers(arena, &view), rows[i].want);
        CHECK_TEXT(rows[i].name, straggler ? straggler->name : "none",
                   rows[i].straggler ? rows[i].straggler : "none");
        CHECK_TEXT(rows[i].name, barrier ? barrier->name : "none",
                   rows[i].barrier ? rows[i].barrier : "none");
        const char *trouble = pod_view_trouble(arena, &view).text;
        CHECK_TEXT(rows[i].name, trouble ? trouble : "none",
                   rows[i].trouble ? rows[i].trouble : "none");
    }
}

static void what_events_say(void **state)
{
    (void)state;
#define EVENT(reason, type, time)                                              \
    "{reason: " reason ", type: " type ", message: of " reason                 \
    ", lastTimestamp: '2026-01-01T00:00:" time "Z'}"
    static const struct {
        const char *name, *items, *last, *refused;
        bool pulling;
    } rows[] = {
        {"nothing", "", NULL, NULL, false},
        {"a volume that is missing",
         EVENT("Scheduled", "Normal", "01") ", " EVENT("FailedMount", "Warning",
                                                       "02"),
         "FailedMount: of FailedMount", NULL, false},
        {"that came after all",
         EVENT("FailedMount", "Warning", "02") ", " EVENT("Pulling", "Normal",
                                                          "02"),
         "of Pulling", NULL, true},
        {"listed in another order",
         EVENT("Pulled", "Normal", "05") ", " EVENT("Pulling", "Normal", "03"),
         NULL, NULL, false},
        {"the second image",
         EVENT("Pulled", "Normal", "05") ", " EVENT("Pulling", "Normal", "05"),
         "of Pulling", NULL, true},
        {"a pull that fails",
         EVENT("Pulling", "Normal", "03") ", " EVENT("Failed", "Warning", "04"),
         "Failed: of Failed", NULL, false},
        {"of a scheduler",
         "{reason: FailedScheduling, type: Warning, message: no room, "
         "eventTime: '2026-01-01T00:00:03.000001Z', lastTimestamp: null}",
         "FailedScheduling: no room", NULL, false},
        {"a Job without a pod",
         EVENT("FailedCreate", "Warning", "01") ", " EVENT("Other", "Normal",
                                                           "02"),
         NULL, "of FailedCreate", false},
        {"something else", "5, {reason: 5}, {reason: x}", NULL, NULL, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct event_view view;
        event_view_decode(arena,
                          from_yaml(arena, arena_format(arena, "{items: [%s]}",
                                                        rows[i].items)),
                          &view);
        CHECK_TEXT(rows[i].name, view.last ? view.last : "none",
                   rows[i].last ? rows[i].last : "none");
        CHECK_TEXT(rows[i].name, view.refused ? view.refused : "none",
                   rows[i].refused ? rows[i].refused : "none");
        CHECK(rows[i].name, view.pulling == rows[i].pulling);
    }
    struct event_view view;
    event_view_decode(NULL, NULL, &view);
    CHECK("no list", !view.last && !view.refused && !view.pulling);
}

#define A "@sha256:aaaa"
#define B "@sha256:bbbb"

static void images_that_run(void **state)
{
    (void)state;
    static const struct {
        const char *image, *id, *runtime;
        enum image_check want;
    } rows[] = {
        {"x" A, "docker.io/library/x" A, "containerd", IMAGE_VERIFIED},
        {"x:1" A, "docker-pullable://x" A, "docker", IMAGE_VERIFIED},
        {"x" A, "docker.io/library/x" B, "containerd", IMAGE_MISMATCH},
        {"x:1", "docker.io/library/x" B, "containerd", IMAGE_UNVERIFIED},
        {"x" A, "sha256:aaaa", "containerd", IMAGE_UNVERIFIED},
        {"x" A, "", "", IMAGE_UNVERIFIED},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct container_view view = {.image = rows[i].image,
                                      .image_id = rows[i].id,
                                      .runtime = rows[i].runtime};
        if (container_view_image(&view) != rows[i].want)
            fail_msg("%s runs as %s: %s", rows[i].image, rows[i].id,
                     image_check_name(container_view_image(&view)));
    }
}

static void images_of_a_node(void **state)
{
    (void)state;
#define IMAGES(list) "{status: {images: [{names: [" list "]}, {names: [y]}]}}"
    static const struct {
        const char *name, *node;
        enum image_check want;
    } rows[] = {
        {"no node", "{}", IMAGE_UNVERIFIED},
        {"both digests", IMAGES("'x" A "', 'mirror/x" B "'"), IMAGE_VERIFIED},
        {"the other only", IMAGES("'x" B "', 'x:1'"), IMAGE_MISMATCH},
        {"not in the list", IMAGES("'z" A "'"), IMAGE_UNVERIFIED},
        {"a list of something else", "{status: {images: [5, {names: 5}]}}",
         IMAGE_UNVERIFIED},
    };
    const struct container_view view = {.image = "x" A,
                                        .image_id = "docker.io/library/x" B};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const struct value *node = from_yaml(arena, rows[i].node);
        CHECK(rows[i].name, node_view_image(node, &view) == rows[i].want);
    }
    CHECK("none", node_view_image(NULL, &view) == IMAGE_UNVERIFIED);
}

static void jobs_that_are_decided(void **state)
{
    (void)state;
    static const struct {
        const char *conditions;
        bool complete, failed;
        const char *reason;
    } rows[] = {
        {"[]", false, false, ""},
        {"[{type: SuccessCriteriaMet, status: 'True'}]", true, false, ""},
        {"[{type: Complete, status: 'True'}]", true, false, ""},
        {"[{type: Failed, status: 'False'}]", false, false, ""},
        {"[{type: FailureTarget, status: 'True', reason: Early}]", false, true,
         "Early"},
        {"[{type: FailureTarget, status: 'True', reason: Early}, {type: "
         "Failed, "
         "status: 'True', reason: DeadlineExceeded}]",
         false, true, "DeadlineExceeded"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct job_view view;
        job_view_decode(
            arena,
            from_yaml(arena, arena_format(arena, "{status: {conditions: %s}}",
                                          rows[i].conditions)),
            &view);
        CHECK(rows[i].conditions, view.complete == rows[i].complete);
        CHECK(rows[i].conditions, view.failed == rows[i].failed);
        CHECK_TEXT(rows[i].conditions, view.reason, rows[i].reason);
        CHECK(rows[i].conditions, !view.suspended);
    }
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct job_view view;
    job_view_decode(arena,
                    from_yaml(arena, "{status: {conditions: [{type: Suspended, "
                                     "status: 'True'}]}}"),
                    &view);
    CHECK("suspended", view.suspended && !view.complete && !view.failed);
}

/* --- replay ---------------------------------------------------------------- */

struct collector {
    struct event_sink sink;
    struct text text;
};

static int collect(struct event_sink *sink, const struct event *event,
                   struct error *error)
{
    struct collector *collector = (struct collector *)sink;
    (void)error;
    if (event->kind == EVENT_OUTPUT)
        text_append_format(&collector->text, "%s:%.*s ", event->step,
                           (int)event->length, event->text);
    else if (event->kind == EVENT_STEP_STARTED)
        text_append_format(&collector->text, "%s>%d ", event->step,
                           event->attempt);
    else if (event->kind == EVENT_STEP_PAUSED ||
             event->kind == EVENT_STEP_RESUMED)
        text_append_format(&collector->text, "%s%s ", event->step,
                           event->kind == EVENT_STEP_PAUSED ? "~" : "^");
    else if (event->kind == EVENT_ARTIFACT)
        text_append_format(&collector->text, "%s+%s ", event->step,
                           value_string_at(event->data, "name"));
    else
        text_append_format(&collector->text, "%s=%s ", event->step,
                           event_status_name(event->status));
    return 0;
}

static const struct value *artifact_called(struct arena *arena,
                                           const char *name)
{
    static const char digest[] =
        "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"
        "ef";
    struct value *data = value_make_map(arena);
    value_set_string(arena, data, "name", name);
    value_set(arena, data, "size", value_make_int(arena, 1));
    value_set_string(arena, data, "digest", digest);
    return data;
}

/* "1>1" starts attempt 1 of step 1, "1:text" is its output, "1=failed" its end;
 * "1~" it pauses, "1^" it goes on, "1+name" it leaves a file. */
static struct event make_event(struct arena *arena, const char *word)
{
    size_t length = strcspn(word, ">:=~^+");
    struct event event = {.time = 1, .step = arena_copy(arena, word, length)};
    const char *rest = word + length + 1;
    if (word[length] == '>') {
        event.kind = EVENT_STEP_STARTED;
        event.attempt = rest[0] - '0';
    } else if (word[length] == ':') {
        event.kind = EVENT_OUTPUT;
        event.text = rest;
        event.length = strlen(rest);
    } else if (word[length] == '~' || word[length] == '^') {
        event.kind =
            word[length] == '~' ? EVENT_STEP_PAUSED : EVENT_STEP_RESUMED;
    } else if (word[length] == '+') {
        event.kind = EVENT_ARTIFACT;
        event.data = artifact_called(arena, rest);
    } else {
        event.kind = EVENT_STEP_FINISHED;
        event.status = (enum status)event_status_parse(rest);
        event.exit_code = -1;
    }
    return event;
}

/* Hands the events that the words stand for to a sink. */
static void emit_all(struct arena *arena, const char *words,
                     int (*take)(void *, const struct event *, struct error *),
                     void *context)
{
    while (*words) {
        struct error error = {0};
        size_t length = strcspn(words, " ");
        struct event event =
            make_event(arena, arena_copy(arena, words, length));
        if (take(context, &event, &error) != 0)
            fail_msg("%s: %s", words, error.text);
        words += length;
        words += *words == ' ';
    }
}

static int apply(void *context, const struct event *event, struct error *error)
{
    return event_apply(context, event, error);
}

static int emit(void *context, const struct event *event, struct error *error)
{
    return event_emit(context, event, error);
}

static const struct {
    const char *name;
    const char *recorded; /* events */
    struct runtime_recorded steps[2];
    const char *log, *want;
} replays[] = {
    {"nothing is recorded",
     "",
     {{"", 0}},
     "1>1 1:abc 1=passed 2=skipped",
     "1>1 1:abc 1=passed 2=skipped "},
    {"the start is", "1>1", {{"", 0}}, "1>1 1:abc 1=passed", "1:abc 1=passed "},
    {"a part of the output",
     "1>1",
     {{"1", 2}},
     "1>1 1:a 1:bcd 1=passed",
     "1:cd 1=passed "},
    {"all of the step",
     "1>1 1=passed",
     {{"1", 3}},
     "1>1 1:abc 1=passed 2>1",
     "2>1 "},
    {"the second attempt",
     "1>1 1=failed 1>2",
     {{"1", 4}},
     "1>1 1:ab 1=failed 1>2 1:cde 1=passed",
     "1:e 1=passed "},
    {"a step that was skipped",
     "1=skipped",
     {{"", 0}},
     "1=skipped 2>1",
     "2>1 "},
    {"everything",
     "1>1 1=passed 2>1 2=failed",
     {{"1", 1}, {"2", 1}},
     "1>1 1:a 1=passed 2>1 2:b 2=failed",
     ""},
    {"a pause that is recorded",
     "1>1 1~",
     {{"", 0}},
     "1>1 1~ 1^ 1=passed",
     "1^ 1=passed "},
    {"a pause and its end", "1>1 1~ 1^", {{"", 0}}, "1>1 1~ 1^ 1~", "1~ "},
    {"a pause that is not", "1>1", {{"", 0}}, "1>1 1~ 1^", "1~ 1^ "},
    {"the pause of the attempt before",
     "1>1 1~ 1^ 1=failed 1>2",
     {{"", 0}},
     "1>1 1~ 1^ 1=failed 1>2 1~",
     "1~ "},
    {"a pause of a step that has ended",
     "1>1 1~ 1^ 1=passed",
     {{"", 0}},
     "1>1 1~ 1^ 1=passed 2>1",
     "2>1 "},
    {"files that are recorded",
     "1>1 1+a 1+b",
     {{"", 0}},
     "1>1 1+a 1+b 1+c 1=passed 2>1 2+a",
     "1+c 1=passed 2>1 2+a "},
    {"output of no step", "", {{"", 3}}, ":abcd 1>1", ":d 1>1 "},
};

static void only_what_is_new(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(replays); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct collector collector = {{collect}, {0}};
        struct plan plan = {
            .run = from_yaml(arena, "{steps: [{ref: '1'}, {ref: '2'}]}")};
        struct run_state *record = event_state_make(arena, "ab");
        struct event queued = {
            .kind = EVENT_RUN_QUEUED, .time = 1, .data = plan.run};
        struct event started = {.kind = EVENT_RUN_STARTED, .time = 1};
        assert_int_equal(event_apply(record, &queued, &error), 0);
        assert_int_equal(event_apply(record, &started, &error), 0);
        emit_all(arena, replays[i].recorded, apply, record);
        struct outcome *outcome = outcome_make(arena, &plan, &collector.sink);
        struct runtime_record known = {record, replays[i].steps, 2};
        known.count = replays[i].steps[1].step ? 2 : 1;
        struct event_sink *sink = replay_make(arena, &known, outcome);
        emit_all(arena, replays[i].log, emit, sink);
        CHECK_TEXT(replays[i].name, text_string(&collector.text),
                   replays[i].want);
        text_free(&collector.text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_for_a_cluster),
        cmocka_unit_test(what_a_deadline_leaves),
        cmocka_unit_test(jobs_of_which_there_are_several),
        cmocka_unit_test(levels_of_security),
        cmocka_unit_test(more_than_is_admitted),
        cmocka_unit_test(what_the_job_owns),
        cmocka_unit_test(the_shared_program_is_ours),
        cmocka_unit_test(plans_from_a_cluster),
        cmocka_unit_test(what_keeps_a_pod_from_starting),
        cmocka_unit_test(what_the_cluster_ends),
        cmocka_unit_test(containers_of_the_cluster),
        cmocka_unit_test(what_events_say),
        cmocka_unit_test(images_that_run),
        cmocka_unit_test(images_of_a_node),
        cmocka_unit_test(jobs_that_are_decided),
        cmocka_unit_test(only_what_is_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
