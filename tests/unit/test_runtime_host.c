/*
 * Runs on this machine, with the real bubblewrap. The containers are shell
 * scripts that speak the entrypoint's language themselves (docs/entrypoint.md),
 * so each test says what the container does, and the whole log is compared.
 * Each test has a folder of its own as TMPDIR, which has to be empty afterwards.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/random.h"
#include "engine/runtime/child_process.h"
#include "engine/runtime/runtime.h"
#include "runtime_fixture.h"

#define NOTES                                                                  \
    "note images are not used on this machine: the steps run with its own "    \
    "programs\n"

/* What the scripts begin with. */
static const char prelude[] =
    "say() { printf '::assay:%s:%s\\n' \"$ASSAY_TOKEN\" \"$1\"; }\n"
    "begin() { say '{\"event\":\"start\",\"step\":\"'$1'\"}'; }\n"
    "end() { say '{\"event\":\"finish\",\"step\":\"'$1'\",\"status\":\"'$2'\","
    "\"exitCode\":'$3'}'; }\n"
    "over() { say '{\"event\":\"done\",\"status\":\"'$1'\"}'; exit $2; }\n"
    "pass() { end 1 passed 0; over passed 0; }\n"
    "check() { \"$@\" >/dev/null 2>&1 && echo \"yes: $*\"; }\n";

/* A test: its arena, its TMPDIR, and what came of the run. */
struct scene {
    struct arena *arena;
    char *folder;
    struct plan plan;
    struct runtime_options options;
    struct recorder recorder;
    struct error error;
    int result;
};

static int set_up(void **state)
{
    struct arena *arena = arena_new();
    struct scene *scene = arena_allocate(arena, sizeof *scene);
    scene->arena = arena;
    scene->folder = arena_string(arena, "/tmp/assay-test-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    setenv("TMPDIR", scene->folder, 1);
    scene->options.abort_descriptor = -1;
    scene->recorder = make_recorder();
    *state = scene;
    return 0;
}

/* 0 when the runs have left nothing behind. */
static int tear_down(void **state)
{
    struct scene *scene = *state;
    struct error error = {0};
    int left = rmdir(scene->folder);
    if (left != 0 && folder_remove(scene->folder, &error) != 0)
        print_message("%s\n", error.text);
    text_free(&scene->recorder.log);
    arena_free(scene->arena);
    return left;
}

static struct value *text_list(struct arena *arena, const char *first,
                               const char *second, const char *third)
{
    struct value *list = value_make_list(arena);
    value_append(arena, list, value_make_string(arena, first));
    value_append(arena, list, value_make_string(arena, second));
    value_append(arena, list, value_make_string(arena, third));
    return list;
}

/* A script as an argument of a container: Kubernetes makes $ of $$. */
static const char *quote(struct arena *arena, const char *script)
{
    CLEANUP(text_free) struct text text = {0};
    for (; *script != '\0'; script++)
        text_append(&text, *script == '$' ? "$$" : script,
                    *script == '$' ? 2 : 1);
    return arena_string(arena, text_string(&text));
}

/* A pod in which every container runs one script; `more` is added to each. */
static struct value *add_script(struct scene *scene, struct value *list,
                                const char *script, const char *more)
{
    struct arena *arena = scene->arena;
    struct value *container =
        value_copy(arena, make_value(arena, more ? more : "{}"));
    value_set_string(arena, container, "name",
                     arena_format(arena, "c%zu", value_count(list)));
    value_set(
        arena, container, "command",
        text_list(arena, "/bin/sh", "-c",
                  quote(arena, arena_format(arena, "%s%s", prelude, script))));
    struct value *environment = value_copy(
        arena, make_value(arena, "[{'name':'ASSAY_TOKEN','valueFrom':{"
                                 "'secretKeyRef':{'name':'run','key':'token'}}"
                                 "}]"));
    const struct value *own = value_get(container, "env");
    for (size_t i = 0; i < value_count(own); i++)
        value_append(arena, environment, value_item(own, i));
    value_set(arena, container, "env", environment);
    if (!value_get(container, "volumeMounts"))
        value_set(
            arena, container, "volumeMounts",
            value_copy(arena, make_value(arena, "[{'name':'data',"
                                                "'mountPath':'/data'}]")));
    value_append(arena, list, container);
    return container;
}

static void set_plan(struct scene *scene, const char *first, const char *second,
                     const char *more)
{
    struct arena *arena = scene->arena;
    scene->plan =
        make_plan(arena, "{}", "{'steps':[{'ref':'1','name':'One'}]}");
    struct value *pod = value_copy(
        arena, make_value(arena, "{'volumes':[{'name':'data','emptyDir':{}},"
                                 "{'name':'secret','secret':{'secretName':"
                                 "'run','defaultMode':256}}]}"));
    struct value *list = value_make_list(arena);
    add_script(scene, list, first, more);
    if (second)
        add_script(scene, list, second, more);
    value_set(arena, pod, "containers", list);
    scene->plan.pod = pod;
}

static void run_plan(struct scene *scene)
{
    scene->result = runtime_host_run(&scene->plan, &scene->options,
                                     &scene->recorder.sink, &scene->error);
}

/* The log without its first line, which differs from machine to machine. */
static const char *get_log(struct scene *scene)
{
    const char *log = text_string(&scene->recorder.log);
    const char *end = strchr(log, '\n');
    return end ? end + 1 : log;
}

static void run_script(struct scene *scene, const char *script)
{
    set_plan(scene, script, NULL, NULL);
    run_plan(scene);
}

static void a_step_passes(void **state)
{
    struct scene *scene = *state;
    run_script(scene, "begin 1; echo hello; pass");
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nprint 1 hello\nend 1 passed 0\n"
                     "finished passed\n");
    assert_int_equal(scene->result, 0);
    const char *started = arena_format(
        scene->arena,
        "started "
        "{\"sandbox\":\"bubblewrap\",\"network\":\"host\",\"uid\":%d,"
        "\"folder\":\"",
        (int)getuid());
    assert_int_equal(
        strncmp(scene->recorder.log.data, started, strlen(started)), 0);
}

static void a_failed_step_fails_the_run(void **state)
{
    struct scene *scene = *state;
    run_script(scene, "begin 1; echo no >&1; end 1 failed 7; over failed 1");
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nprint 1 no\nend 1 failed 7\n"
                     "finished failed (step 'One' failed with exit code 7)\n");
    assert_int_equal(scene->result, 0);
}

static void a_container_without_a_last_word_is_lost(void **state)
{
    struct scene *scene = *state;
    run_script(scene, "begin 1; echo oops >&2; exit 0");
    CHECK_TEXT(
        "log", get_log(scene),
        NOTES "begin 1#1\n"
              "end 1 aborted -1 (container 'c0' ended with exit code 0 without "
              "reporting its outcome: oops)\n"
              "finished lost (container 'c0' ended with exit code 0 without "
              "reporting its outcome: oops)\n");
}

static void the_termination_message_fills_gaps(void **state)
{
    struct scene *scene = *state;
    run_script(scene, "printf '{\"v\":1,\"steps\":[[\"1\",\"passed\",0,5]]}' "
                      ">/dev/termination-log; over passed 0");
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nend 1 passed 0\nfinished passed\n");
}

static void no_word_of_a_step_forges_its_end(void **state)
{
    struct scene *scene = *state;
    run_script(scene, "begin 1; echo '::assay:0:{\"event\":\"done\",\"status\":"
                      "\"passed\"}'; end 1 failed 1; over failed 1");
    CHECK_TEXT("log", get_log(scene),
               NOTES
               "begin 1#1\nprint 1 ::assay:0:{\"event\":\"done\",\"status\":"
               "\"passed\"}\nend 1 failed 1\n"
               "finished failed (step 'One' failed with exit code 1)\n");
}

/* Each of these must print nothing; "yes: ..." tells which did. */
static void the_machine_is_out_of_reach(void **state)
{
    struct scene *scene = *state;
    const char *home = getenv("HOME");
    setenv("ASSAY_TEST_CANARY", "canary", 1);
    char *secret = arena_format(scene->arena, "%s/secret", scene->folder);
    struct error error = {0};
    assert_int_equal(file_write_atomic(secret, "s", 1, 0644, &error), 0);
    run_script(
        scene,
        arena_format(
            scene->arena,
            "begin 1\n"
            "check test -e %s\ncheck test -e %s\ncheck test -e /root\n"
            "check test -e /home\ncheck test -e /var/lib\ncheck test -e /opt\n"
            "check test -e /etc/shadow\ncheck test -e /etc/ssh\n"
            "check test -e /etc/ssl/private\ncheck test -e /etc/kubernetes\n"
            "check test -e /run/docker.sock\ncheck test -e /run/user\n"
            "check touch /usr/x\ncheck touch /usr/bin/x\ncheck touch /etc/x\n"
            "check touch /x\ncheck touch /.assay/x\ncheck mkdir /root\n"
            "check mount -t tmpfs none /usr\ncheck mount -o remount,rw /\n"
            "check umount /usr\ncheck mknod /tmp/x c 1 1\n"
            "check chroot / true\ncheck kill -0 %d\n"
            "check grep -q canary /proc/self/environ\n"
            "check test -n \"$ASSAY_TEST_CANARY\"\n"
            "check test -r /proc/kcore\ncheck test -e /dev/sda\n"
            "check test -e /dev/vda\n"
            "pass",
            secret, home && home[0] == '/' && home[1] ? home : "/root",
            (int)getpid()));
    unlink(secret);
    unsetenv("ASSAY_TEST_CANARY");
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nend 1 passed 0\nfinished passed\n");
}

static void the_sandbox_is_a_world_of_its_own(void **state)
{
    struct scene *scene = *state;
    int leak = dup(0); /* not close-on-exec; 3 is the list itself */
    run_script(scene,
               "begin 1\n"
               "echo $$ $(hostname) $(pwd)\n"
               "echo /proc/[0-9]*\n"
               "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status\n"
               "env | grep -v '^ASSAY_TOKEN=' | sort\n"
               "ls /proc/self/fd | tr '\\n' ' '\n"
               "echo; cat /etc/hostname; ulimit -c\n"
               "touch /tmp/a /run/a /var/tmp/b /dev/shm/c && ls /tmp\n"
               "pass");
    close(leak);
    CHECK_TEXT("log", get_log(scene),
               NOTES
               "begin 1#1\nprint 1 1 assay /data\n/proc/1\n"
               "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\n"
               "NoNewPrivs:\t1\n"
               "CI=1\nHOME=/tmp\nLANG=C.UTF-8\n"
               "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
               "/bin\nPWD=/data\n"
               "0 1 2 3 \nassay\n0\na\nb\n"
               "end 1 passed 0\nfinished passed\n");
}

static void a_run_may_have_no_network(void **state)
{
    struct scene *scene = *state;
    scene->options.network_none = true;
    run_script(scene, "begin 1; tail -n +3 /proc/net/dev | tr -d ' ' | cut -d: "
                      "-f1; tail -n +2 /proc/net/route; pass");
    CHECK_TEXT("log", get_log(scene),
               NOTES
               "begin 1#1\nprint 1 lo\nend 1 passed 0\nfinished passed\n");
    assert_non_null(strstr(scene->recorder.log.data, "\"network\":\"none\""));
}

static void a_run_has_the_network_of_the_machine(void **state)
{
    struct scene *scene = *state;
    char link[64] = "";
    assert_true(readlink("/proc/self/ns/net", link, sizeof link - 1) > 0);
    run_script(scene, "begin 1; readlink /proc/self/ns/net; pass");
    CHECK_TEXT("log", get_log(scene),
               arena_format(scene->arena,
                            NOTES "begin 1#1\nprint 1 %s\nend 1 passed 0\n"
                                  "finished passed\n",
                            link));
}

static void the_user_is_the_callers_or_the_pods(void **state)
{
    struct scene *scene = *state;
    set_plan(scene, "begin 1; echo $(id -u) $(id -g) $(id -un); pass", NULL,
             "{'securityContext':{'runAsUser':4321,'runAsGroup':8765}}");
    run_plan(scene);
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nprint 1 4321 8765 assay\nend 1 passed 0\n"
                     "finished passed\n");
    text_clear(&scene->recorder.log);
    run_script(scene, "begin 1; id -u; pass");
    CHECK_TEXT("log", get_log(scene),
               arena_format(scene->arena,
                            NOTES "begin 1#1\nprint 1 %d\nend 1 passed 0\n"
                                  "finished passed\n",
                            (int)getuid()));
}

static void volumes_are_mounted(void **state)
{
    struct scene *scene = *state;
    set_plan(scene,
             "begin 1; cat /s/password; echo; stat -c %a /s/password; check "
             "touch /s/x; check rm -f /s/password; check test -e /s/password; "
             "pwd; touch x sub/y /data/z; ls /data /data/part; cat /one; echo; "
             "check "
             "sh -c 'echo x >/ro/x'; pass",
             NULL,
             "{'workingDir':'/data','volumeMounts':["
             "{'name':'data','mountPath':'/data'},"
             "{'name':'data','mountPath':'/data/sub','subPath':'part'},"
             "{'name':'data','mountPath':'/ro','readOnly':true},"
             "{'name':'secret','mountPath':'/s'},"
             "{'name':'secret','mountPath':'/one','subPath':'password'}]}");
    run_plan(scene);
    CHECK_TEXT("log", get_log(scene),
               NOTES
               "begin 1#1\nprint 1 hush\n400\nyes: test -e /s/password\n/data\n"
               "/data:\npart\nsub\nx\nz\n\n/data/part:\ny\nhush\n"
               "end 1 passed 0\nfinished passed\n");
}

static void a_step_cannot_redirect_a_mount(void **state)
{
    struct scene *scene = *state;
    set_plan(scene, "begin 1; cat /in/hosts; pass", NULL,
             "{'volumeMounts':[{'name':'data','mountPath':'/in','subPath':"
             "'s'}]}");
    struct value *first = value_make_list(scene->arena);
    add_script(scene, first, "ln -s /etc /data/s; exit 0", NULL);
    struct value *pod = value_copy(scene->arena, scene->plan.pod);
    value_set(scene->arena, pod, "initContainers", first);
    scene->plan.pod = pod;
    run_plan(scene);
    assert_int_equal(scene->result, -1);
    assert_non_null(strstr(scene->error.text, "cannot open the subPath 's'"));
}

static void containers_run_together(void **state)
{
    struct scene *scene = *state;
    static const char first[] =
        "begin 1; touch /data/a; until test -e /data/b; do sleep 0.01; done; "
        "pass";
    static const char second[] =
        "until test -e /data/a; do sleep 0.01; done; touch /data/b; over "
        "passed 0";
    scene->options.deadline = 20 * CLOCK_SECOND;
    set_plan(scene, first, second, NULL);
    run_plan(scene);
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nend 1 passed 0\nfinished passed\n");
}

static void initial_containers_come_first_and_alone(void **state)
{
    struct scene *scene = *state;
    set_plan(scene, "begin 1; cat /data/log; pass", NULL, NULL);
    struct value *first = value_make_list(scene->arena);
    add_script(scene, first, "sleep 0.1; echo one >>/data/log; over passed 0",
               NULL);
    add_script(scene, first, "echo two >>/data/log; over passed 0", NULL);
    struct value *pod = value_copy(scene->arena, scene->plan.pod);
    value_set(scene->arena, pod, "initContainers", first);
    scene->plan.pod = pod;
    run_plan(scene);
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nprint 1 one\ntwo\nend 1 passed 0\n"
                     "finished passed\n");
}

static void after_a_failed_initial_container_nothing_starts(void **state)
{
    struct scene *scene = *state;
    set_plan(scene, "begin 1; pass", NULL, NULL);
    struct value *first = value_make_list(scene->arena);
    add_script(scene, first, "over failed 1", NULL);
    struct value *pod = value_copy(scene->arena, scene->plan.pod);
    value_set(scene->arena, pod, "initContainers", first);
    scene->plan.pod = pod;
    run_plan(scene);
    CHECK_TEXT("log", get_log(scene),
               NOTES "end 1 aborted -1 (its end was not reported)\n"
                     "finished failed (a step failed)\n");
}

/* A script that says how it ends when it is told to. */
#define PATIENT                                                                \
    "trap 'end 1 aborted 143; over aborted 137' TERM; begin 1; "               \
    "while :; do sleep 0.02; done"
#define STUBBORN "trap '' TERM; begin 1; while :; do sleep 0.02; done"

/* Writes `wishes` bytes when a step has begun. */
struct impatient {
    struct recorder recorder; /* first */
    int descriptor;
    const char *wishes;
};

static int record_and_wish(struct event_sink *sink, const struct event *event,
                           struct error *error)
{
    struct impatient *impatient = (struct impatient *)sink;
    if (event->kind == EVENT_STEP_STARTED &&
        write(impatient->descriptor, impatient->wishes,
              strlen(impatient->wishes)) < 0)
        return error_set_system(error, "cannot wish");
    return record(sink, event, error);
}

/* The log of a run that is aborted when its step begins. */
static char *run_and_abort(struct scene *scene, const char *script,
                           const char *wishes)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct impatient impatient = {
        .recorder = make_recorder(), .descriptor = ends[1], .wishes = wishes};
    impatient.recorder.sink.handle = record_and_wish;
    set_plan(scene, script, NULL, NULL);
    scene->options.abort_descriptor = ends[0];
    int64_t begin = clock_monotonic();
    scene->result = runtime_host_run(&scene->plan, &scene->options,
                                     &impatient.recorder.sink, &scene->error);
    assert_true(clock_monotonic() - begin < 10 * CLOCK_SECOND);
    close(ends[0]);
    close(ends[1]);
    const char *log = strchr(impatient.recorder.log.data, '\n') + 1;
    char *copy = arena_string(scene->arena, log);
    text_free(&impatient.recorder.log);
    return copy;
}

static void a_wish_to_abort_is_told_to_the_container(void **state)
{
    struct scene *scene = *state;
    const char *log = run_and_abort(scene, PATIENT, "x");
    CHECK_TEXT("log", log,
               NOTES "begin 1#1\nend 1 aborted 143\n"
                     "finished aborted (aborted by the user)\n");
    assert_int_equal(scene->result, 0);
}

static void a_second_wish_kills_at_once(void **state)
{
    struct scene *scene = *state;
    const char *log = run_and_abort(scene, STUBBORN, "xx");
    assert_non_null(strstr(log, "end 1 aborted -1 (aborted by the user)\n"
                                "finished aborted (aborted by the user)\n"));
}

static void a_run_that_ends_well_in_spite_of_a_wish_has_passed(void **state)
{
    struct scene *scene = *state;
    const char *log = run_and_abort(
        scene, "trap 'pass' TERM; begin 1; while :; do sleep 0.02; done", "x");
    CHECK_TEXT("log", log,
               NOTES "begin 1#1\nend 1 passed 0\nfinished passed\n");
}

static void the_deadline_ends_a_run(void **state)
{
    struct scene *scene = *state;
    scene->options.deadline = CLOCK_SECOND / 2;
    run_script(scene, PATIENT);
    CHECK_TEXT("log", get_log(scene),
               NOTES
               "begin 1#1\nend 1 aborted 143\n"
               "finished timeout (the run's deadline of 500 ms passed)\n");
    assert_int_equal(scene->result, 0);
}

static void much_output_takes_little_memory(void **state)
{
    struct scene *scene = *state;
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    scene->recorder.quiet = true;
    run_script(scene, "begin 1; head -c 300000000 /dev/zero; say "
                      "'{\"event\":\"finish\",\"step\":\"1\",\"status\":"
                      "\"passed\"}'; echo; over passed 0");
    getrusage(RUSAGE_SELF, &after);
    assert_true(scene->recorder.output >= 300000000);
    assert_true(scene->recorder.outputs < 300000);
    assert_true(after.ru_maxrss - before.ru_maxrss < 16 * 1024);
}

static void what_steps_leave_behind_is_removed(void **state)
{
    struct scene *scene = *state;
    run_script(scene,
               "begin 1; cd /data; mkdir -p a/b; echo x >a/b/c; chmod 0 a/b/c "
               "a/b a; ln -s / root; ln -s /etc/passwd p; mkfifo f; echo y >g; "
               "chmod 0 g; sleep 1000 & pass");
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nend 1 passed 0\nfinished passed\n");
    /* tear_down fails when anything is left. */
}

static void a_reader_that_fails_ends_the_run(void **state)
{
    struct scene *scene = *state;
    scene->recorder.fail_at = 4;
    int64_t begin = clock_monotonic();
    run_script(scene, "begin 1; echo x; sleep 1000");
    assert_true(clock_monotonic() - begin < 10 * CLOCK_SECOND);
    assert_int_equal(scene->result, -1);
    assert_string_equal(scene->error.text, "the reader is full");
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nfinished error (the reader is full)\n");
}

/* Whether the script has made its file in the run's folder: `find` knows. */
static bool has_begun(const struct scene *scene)
{
    const char *command = arena_format(
        scene->arena, "test -n \"$(find '%s' -name begun)\"", scene->folder);
    pid_t child = fork();
    int status = -1;
    if (child == 0)
        execl("/bin/sh", "sh", "-c", command, NULL);
    waitpid(child, &status, 0);
    return status == 0;
}

/* Long enough for a sandbox that is not held back to show it, as a rule. */
static int look_at_what_runs(void *context, struct error *error)
{
    const struct scene *scene = context;
    const struct timespec pause = {.tv_nsec = 300 * CLOCK_MILLISECOND};
    (void)error;
    nanosleep(&pause, NULL);
    assert_int_equal(scene->recorder.seen, 0);
    assert_false(has_begun(scene));
    return 0;
}

static void nothing_begins_before_the_run_does(void **state)
{
    struct scene *scene = *state;
    scene->options.begin = look_at_what_runs;
    scene->options.begin_context = scene;
    run_script(scene, "begin 1; touch /data/begun; pass");
    assert_int_equal(scene->result, 0);
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nend 1 passed 0\nfinished passed\n");
}

static int refuse_to_begin(void *context, struct error *error)
{
    (void)context;
    return error_set(error, ERROR_SYSTEM, "the record is full");
}

static void a_run_that_cannot_begin_leaves_nothing(void **state)
{
    struct scene *scene = *state;
    scene->options.begin = refuse_to_begin;
    run_script(scene, "begin 1; touch /data/begun; pass");
    assert_int_equal(scene->result, -1);
    assert_string_equal(scene->error.text, "the record is full");
    assert_int_equal(scene->recorder.seen, 0);
}

/* What could not even be prepared has begun all the same, and is told. */
static void a_run_that_cannot_be_prepared_begins(void **state)
{
    struct scene *scene = *state;
    scene->options.begin = look_at_what_runs;
    scene->options.begin_context = scene;
    scene->plan = make_plan(scene->arena,
                            "{'containers':[{'name':'a','image':'b'}]}", "{}");
    run_plan(scene);
    assert_int_equal(scene->result, -1);
    assert_int_equal(scene->recorder.seen, 2);
}

static void a_pod_that_cannot_run_here_is_an_error(void **state)
{
    struct scene *scene = *state;
    scene->plan = make_plan(scene->arena,
                            "{'containers':[{'name':'a','image':'b'}]}", "{}");
    run_plan(scene);
    assert_int_equal(scene->result, -1);
    assert_int_equal(scene->error.kind, ERROR_SYSTEM);
    assert_int_equal(strncmp(get_log(scene),
                             "finished error (container 'a': it has no "
                             "command",
                             40),
                     0);
}

static void a_program_that_is_missing_is_an_error(void **state)
{
    struct scene *scene = *state;
    scene->plan =
        make_plan(scene->arena,
                  "{'containers':[{'name':'a','command':['/no/such']}]}", "{}");
    run_plan(scene);
    assert_int_equal(scene->result, -1);
    assert_non_null(strstr(scene->error.text, "/no/such: No such file"));
}

/* A bubblewrap that may not make namespaces, as a script of that name. */
static void a_sandbox_that_cannot_be_made_is_an_error(void **state)
{
    struct scene *scene = *state;
    struct error error = {0};
    char *path = arena_string(scene->arena, getenv("PATH"));
    char *program = arena_format(scene->arena, "%s/bwrap", scene->folder);
    static const char script[] = "#!/bin/sh\necho 'bwrap: No permissions to "
                                 "create a new namespace' >&2; "
                                 "exit 1\n";
    assert_int_equal(
        file_write_atomic(program, script, strlen(script), 0755, &error), 0);
    setenv("PATH", scene->folder, 1);
    run_script(scene, "begin 1; pass");
    setenv("PATH", path, 1);
    unlink(program);
    assert_int_equal(scene->result, -1);
    assert_int_equal(scene->error.kind, ERROR_SYSTEM);
    assert_non_null(strstr(scene->error.text,
                           "the sandbox for container 'c0' cannot be made: "
                           "bwrap: No permissions to create a new namespace"));
    assert_non_null(strstr(get_log(scene), "finished error (the sandbox"));
}

static void a_kubeconfig_is_shown_to_the_steps(void **state)
{
    struct scene *scene = *state;
    scene->options.kubeconfig = "contexts: []";
    run_script(scene,
               "begin 1; echo $KUBECONFIG $(cat $KUBECONFIG); stat -c %a "
               "$KUBECONFIG; check sh -c 'echo x >>$KUBECONFIG'; pass");
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nprint 1 /.assay/kubeconfig contexts: []\n400\n"
                     "end 1 passed 0\nfinished passed\n");
}

/* Looks for `secret` on the command lines of all processes. */
static bool is_on_a_command_line(const char *secret)
{
    bool found = false;
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    while (!found && (entry = readdir(folder))) {
        char path[300], text[70000];
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        int file = open(path, O_RDONLY);
        ssize_t length = file < 0 ? -1 : read(file, text, sizeof text);
        if (file >= 0)
            close(file);
        found =
            length > 0 && memmem(text, (size_t)length, secret, strlen(secret));
    }
    closedir(folder);
    return found;
}

static int record_and_look(struct event_sink *sink, const struct event *event,
                           struct error *error)
{
    if (event->kind == EVENT_STEP_STARTED &&
        (is_on_a_command_line("vErYhUsH") || !is_on_a_command_line("bwrap")))
        return error_set(error, ERROR_SYSTEM, "a secret is on a command line");
    return record(sink, event, error);
}

static void secrets_are_on_no_command_line(void **state)
{
    struct scene *scene = *state;
    set_plan(scene, "begin 1; echo ${#SECRET}; sleep 0.2; pass", NULL,
             "{'env':[{'name':'SECRET','valueFrom':{'secretKeyRef':{'name':"
             "'run','key':'deep'}}}]}");
    scene->plan.secret = make_value(
        scene->arena, "{'metadata':{'name':'run'},'stringData':{'token':"
                      "'" TEST_TOKEN "','deep':'vErYhUsH'}}");
    scene->recorder.sink.handle = record_and_look;
    run_plan(scene);
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nprint 1 8\nend 1 passed 0\nfinished passed\n");
}

/* The keeper of a killed engine's run removes its folder. */
static void wait_for_an_empty_folder(const struct scene *scene)
{
    for (int i = 0; i < 500 && rmdir(scene->folder) != 0; i++)
        usleep(10000);
    assert_int_equal(mkdir(scene->folder, 0700), 0);
}

/* The engine in a process of its own, killed without a chance to clean up. */
static void nothing_outlives_an_engine_that_is_killed(void **state)
{
    struct scene *scene = *state;
    char marker[17];
    random_hex(marker, 16);
    pid_t pid = fork();
    if (pid == 0) {
        run_script(scene,
                   arena_format(scene->arena,
                                "begin 1; (exec -a x sleep 1000) & setsid "
                                "sh -c ': %s; sleep 1000; :' & wait",
                                marker));
        _exit(0);
    }
    for (int i = 0; i < 500 && !is_on_a_command_line(marker); i++)
        usleep(10000);
    usleep(200000);
    assert_true(is_on_a_command_line(marker));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (int i = 0; i < 500 && is_on_a_command_line(marker); i++)
        usleep(10000);
    assert_false(is_on_a_command_line(marker));
    wait_for_an_empty_folder(scene);
}

/* Also in the milliseconds in which a sandbox is being made. */
static void nothing_outlives_an_engine_that_is_killed_early(void **state)
{
    struct scene *scene = *state;
    char marker[17];
    random_hex(marker, 16);
    const char *script =
        arena_format(scene->arena, ": %s; begin 1; sleep 1000", marker);
    for (useconds_t i = 0; i < 40; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            run_script(scene, script);
            _exit(0);
        }
        usleep(i * 400);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    for (int i = 0; i < 500 && is_on_a_command_line(marker); i++)
        usleep(10000);
    assert_false(is_on_a_command_line(marker));
    wait_for_an_empty_folder(scene);
}

/* The same as somebody who is not root, where the tests run as root. */
static void an_ordinary_user_needs_nothing_more(void **state)
{
    struct scene *scene = *state;
    if (getuid() != 0)
        skip();
    assert_int_equal(chown(scene->folder, 65534, 65534), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(2);
        prctl(PR_SET_DUMPABLE, 1); /* /proc/self is root's after setuid */
        run_script(scene, "begin 1; id -u; touch /data/x; check touch /usr/x; "
                          "pass");
        static const char want[] =
            NOTES "begin 1#1\nprint 1 65534\nend 1 passed 0\nfinished passed\n";
        if (strcmp(get_log(scene), want) != 0)
            print_message("%s%s\n", scene->error.text, get_log(scene));
        _exit(strcmp(get_log(scene), want) != 0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void without_a_sandbox_paths_are_in_the_runs_folder(void **state)
{
    struct scene *scene = *state;
    scene->options.sandbox = SANDBOX_NONE;
    scene->options.kubeconfig = "contexts: []";
    set_plan(
        scene,
        "begin 1; pwd | sed 's/.*assay-run-[0-9a-f]*//'; cat \"$1\"; echo; cat "
        "$KUBECONFIG; echo; echo done >\"$2\"; env | cut -d= -f1 | sort | "
        "tr '\\n' ' '; echo; pass",
        NULL,
        "{'volumeMounts':[{'name':'data','mountPath':'/data'},{'name':"
        "'secret','mountPath':'/s'}],"
        "'args':['x','/s/password','/dev/termination-log']}");
    run_plan(scene);
    CHECK_TEXT(
        "log", get_log(scene),
        NOTES
        "note no sandbox: the steps run with all rights of this user; /data, "
        "/tmp and other folders of the plan are not at their places but in the "
        "run's own folder, where the steps start\n"
        "begin 1#1\nprint 1 /0\nhush\ncontexts: []\n"
        "ASSAY_TOKEN CI HOME KUBECONFIG LANG PATH PWD \n"
        "end 1 passed 0\nfinished passed\n");
    assert_non_null(strstr(scene->recorder.log.data, "\"sandbox\":\"none\""));
}

static void without_a_sandbox_a_killed_program_is_aborted(void **state)
{
    struct scene *scene = *state;
    scene->options.sandbox = SANDBOX_NONE;
    run_script(scene, "begin 1; kill -9 $$");
    assert_non_null(
        strstr(get_log(scene),
               "finished aborted (container 'c0' was killed by SIGKILL)\n"));
}

static void without_a_sandbox_the_second_wish_kills_the_group(void **state)
{
    struct scene *scene = *state;
    scene->options.sandbox = SANDBOX_NONE;
    const char *log = run_and_abort(
        scene, "trap '' TERM; begin 1; sleep 1000 & sleep 1000", "xx");
    assert_non_null(strstr(log, "finished aborted (aborted by the user)\n"));
}

static void
without_a_sandbox_the_end_of_a_container_is_that_of_its_group(void **state)
{
    struct scene *scene = *state;
    char marker[17];
    random_hex(marker, 16);
    scene->options.sandbox = SANDBOX_NONE;
    run_script(scene, arena_format(scene->arena,
                                   "begin 1; sh -c ': %s; sleep 1000; :' & "
                                   "sleep 0.1; pass",
                                   marker));
    CHECK_TEXT("end", strstr(get_log(scene), "end 1"),
               "end 1 passed 0\nfinished passed\n");
    for (int i = 0; i < 500 && is_on_a_command_line(marker); i++)
        usleep(10000);
    assert_false(is_on_a_command_line(marker));
}

static void without_a_sandbox_the_network_stays(void **state)
{
    struct scene *scene = *state;
    scene->options.sandbox = SANDBOX_NONE;
    scene->options.network_none = true;
    run_script(scene, "begin 1; pass");
    assert_int_equal(scene->result, -1);
    assert_int_equal(scene->error.kind, ERROR_USAGE);
}

/* psql of Debian is a script that needs settings and libraries of its own. */
static void the_clients_of_databases_work(void **state)
{
    struct scene *scene = *state;
    if (access("/usr/bin/psql", X_OK) != 0)
        skip();
    run_script(
        scene,
        "begin 1; psql -h 127.0.0.1 -p 1 -U x 2>&1 | grep -o 'Connection "
        "refused'; pass");
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nprint 1 Connection refused\nend 1 passed 0\n"
                     "finished passed\n");
}

/* The program that does this in earnest, when it has been built in. */
static void the_entrypoint_carries_out_a_plan(void **state)
{
    struct scene *scene = *state;
    size_t length;
    if (!plan_entrypoint(&length) || length == 0)
        skip();
    struct arena *arena = scene->arena;
    static const char run_text[] =
        "{'version':1,'workflow':'w','secrets':[{'name':'config.password',"
        "'variable':'ASSAY_SECRET_0'}],'containers':[{'name':'c0'},{'name':"
        "'c1'}],'steps':[{'ref':'1','name':'One','container':0,'shell':'echo "
        "one $PASSWORD >&2; pwd; touch x','env':[{'name':'PASSWORD','variable':"
        "'ASSAY_SECRET_0'}]},{'ref':'2','name':'Two','container':1,'shell':"
        "'ls /data; printf end; exit 3'}]}";
    static const char pod_text[] =
        "{'containers':[%s,%s],'volumes':["
        "{'name':'bin','configMap':{'name':'assay-entrypoint-1','defaultMode':"
        "365}},{'name':'run','configMap':{'name':'run'}},{'name':'state',"
        "'emptyDir':{}},{'name':'data','emptyDir':{}}]}";
    static const char container_text[] =
        "{'name':'c%d','command':['/.assay/bin/entrypoint','--run',"
        "'/.assay/run/run.json','--container','%d','--state','/.assay/state',"
        "'--termination','/dev/termination-log'],'workingDir':'/data','env':[{"
        "'name':'ASSAY_TOKEN','valueFrom':{'secretKeyRef':{'name':'run','key':"
        "'token'}}},{'name':'ASSAY_SECRET_0','valueFrom':{'secretKeyRef':{"
        "'name':'run','key':'password'}}}],'volumeMounts':[{'name':'bin',"
        "'mountPath':'/.assay/bin'},{'name':'run','mountPath':'/.assay/run'},"
        "{'name':'state','mountPath':'/.assay/state'},{'name':'data',"
        "'mountPath':'/data'}]}";
    scene->plan = make_plan(
        arena,
        arena_format(arena, pod_text, arena_format(arena, container_text, 0, 0),
                     arena_format(arena, container_text, 1, 1)),
        run_text);
    struct text json = {0};
    value_write_json(&json, scene->plan.run, JSON_COMPACT);
    struct value *map = value_copy(
        arena, make_value(arena, "{'metadata':{'name':'run'},'data':{}}"));
    value_set_string(arena, value_get(map, "data"), "run.json", json.data);
    text_free(&json);
    scene->plan.config_map = map;
    run_plan(scene);
    CHECK_TEXT("log", get_log(scene),
               NOTES "begin 1#1\nprint 1 one ********\n/data\nend 1 passed 0\n"
                     "begin 2#1\nprint 2 x\nend|\nend 2 failed 3\n"
                     "finished failed (step 'Two' failed with exit code 3)\n");
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_step_passes),
        TEST(a_failed_step_fails_the_run),
        TEST(a_container_without_a_last_word_is_lost),
        TEST(the_termination_message_fills_gaps),
        TEST(no_word_of_a_step_forges_its_end),
        TEST(the_machine_is_out_of_reach),
        TEST(the_sandbox_is_a_world_of_its_own),
        TEST(a_run_may_have_no_network),
        TEST(a_run_has_the_network_of_the_machine),
        TEST(the_user_is_the_callers_or_the_pods),
        TEST(volumes_are_mounted),
        TEST(a_step_cannot_redirect_a_mount),
        TEST(containers_run_together),
        TEST(initial_containers_come_first_and_alone),
        TEST(after_a_failed_initial_container_nothing_starts),
        TEST(a_wish_to_abort_is_told_to_the_container),
        TEST(a_second_wish_kills_at_once),
        TEST(a_run_that_ends_well_in_spite_of_a_wish_has_passed),
        TEST(the_deadline_ends_a_run),
        TEST(much_output_takes_little_memory),
        TEST(what_steps_leave_behind_is_removed),
        TEST(a_reader_that_fails_ends_the_run),
        TEST(nothing_begins_before_the_run_does),
        TEST(a_run_that_cannot_begin_leaves_nothing),
        TEST(a_run_that_cannot_be_prepared_begins),
        TEST(a_pod_that_cannot_run_here_is_an_error),
        TEST(a_program_that_is_missing_is_an_error),
        TEST(a_sandbox_that_cannot_be_made_is_an_error),
        TEST(a_kubeconfig_is_shown_to_the_steps),
        TEST(secrets_are_on_no_command_line),
        TEST(nothing_outlives_an_engine_that_is_killed),
        TEST(nothing_outlives_an_engine_that_is_killed_early),
        TEST(an_ordinary_user_needs_nothing_more),
        TEST(without_a_sandbox_paths_are_in_the_runs_folder),
        TEST(without_a_sandbox_a_killed_program_is_aborted),
        TEST(without_a_sandbox_the_second_wish_kills_the_group),
        TEST(without_a_sandbox_the_end_of_a_container_is_that_of_its_group),
        TEST(without_a_sandbox_the_network_stays),
        TEST(the_clients_of_databases_work),
        TEST(the_entrypoint_carries_out_a_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
