/*
 * The real program, with sanitizers and static: what a plan makes it print, how it
 * ends, and what is left of the processes of its steps.
 */
#include <sys/stat.h>

#include "tests/unit/entrypoint_fixture.h"

static const char *const programs[] = {
    BUILD_FOLDER "/engine/entrypoint/assay-entrypoint-checked",
    BUILD_FOLDER "/assay-entrypoint",
};

#define STEP(ref, script) "{'ref':'" ref "','container':0,'shell':'" script "'}"
#define WITH(ref, members, script)                                             \
    "{'ref':'" ref "','container':0," members ",'shell':'" script "'}"

static const struct {
    const char *name, *steps, *want;
    int code;
} plans[] = {
    {"passed", STEP("1", "echo hi"),
     "[start 1#1]\nhi\n[finish 1 passed 0]\n[done passed]\n", 0},
    {"failed: an exit code speaks for itself",
     STEP("1", "exit 3") "," STEP("2", "echo no"),
     "[start 1#1]\n[finish 1 failed 3]\n[finish 2 skipped]\n[done failed]\n",
     1},
    {"computed variables see all that are written, before and behind them",
     WITH("1",
          "'env':[{'name':'B','value':{'template':'{{ env.A }}x'}},"
          "{'name':'C','value':{'template':'{{ env.B }}y'}},"
          "{'name':'A','value':'old'},{'name':'A','value':'new'}]",
          "echo $A $B $C"),
     "[start 1#1]\nnew newx newxy\n[finish 1 passed 0]\n[done passed]\n", 0},
    {"the last variable of a name counts, computed or not",
     WITH("1",
          "'env':[{'name':'A','value':{'template':'{{ env.CI }}x'}},"
          "{'name':'A','value':'new'}]",
          "echo $A"),
     "[start 1#1]\nnew\n[finish 1 passed 0]\n[done passed]\n", 0},
    {"set -e", STEP("1", "false\\necho no"),
     "[start 1#1]\n[finish 1 failed 1]\n[done failed]\n", 1},
    {"negative",
     WITH("1", "'negative':true", "exit 1") "," WITH("2", "'negative':true",
                                                     "true"),
     "[start 1#1]\n[finish 1 passed 1]\n[start 2#1]\n"
     "[finish 2 failed 0 (it was expected to fail)]\n[done failed]\n",
     1},
    {"optional", WITH("1", "'optional':true", "exit 7") "," STEP("2", "true"),
     "[start 1#1]\n[finish 1 failed 7]\n[start 2#1]\n[finish 2 passed 0]\n"
     "[done passed]\n",
     0},
    {"conditions",
     "{'ref':'1','id':'check','container':0,'shell':'exit 1'}," WITH(
         "2", "'condition':'failed'",
         "echo f") "," WITH("3", "'condition':'always'",
                            "echo a") "," WITH("4", "'condition':'check'",
                                               "echo no") "," WITH("5",
                                                                   "'conditi"
                                                                   "on':'!"
                                                                   "check "
                                                                   "&& "
                                                                   "failed'",
                                                                   "echo n") "," WITH("6",
                                                                                      "'condition':'never'",
                                                                                      "echo no"),
     "[start 1#1]\n[finish 1 failed 1]\n[start 2#1]\nf\n[finish 2 passed "
     "0]\n"
     "[start 3#1]\na\n[finish 3 passed 0]\n[finish 4 skipped]\n"
     "[start 5#1]\nn\n[finish 5 passed 0]\n[finish 6 skipped]\n"
     "[done failed]\n",
     1},
    {"an unknown name fails the step",
     WITH("1", "'condition':'nobody'", "true"),
     "[finish 1 failed (condition 'nobody': unknown name 'nobody')]\n"
     "[done failed]\n",
     1},
    {"a group ends with its first failure",
     "{'ref':'1','steps':[" STEP("1.1", "exit 1") "," STEP(
         "1.2", "true") "," WITH("1.3", "'condition':'always'",
                                 "true") "]}," STEP("2", "true"),
     "[start 1#1]\n[start 1.1#1]\n[finish 1.1 failed 1]\n"
     "[finish 1.2 skipped]\n[start 1.3#1]\n[finish 1.3 passed 0]\n"
     "[finish 1 failed]\n[finish 2 skipped]\n[done failed]\n",
     1},
    {"retry until it passes",
     WITH("1", "'retry':{'count':3}", "echo x >>n; test $(wc -l <n) -eq 2"),
     "[start 1#1]\n[start 1#2]\n[finish 1 passed 0]\n[done passed]\n", 0},
    {"passed in until is about the step itself",
     WITH("1", "'retry':{'count':2,'until':'passed'}", "exit 1"),
     "[start 1#1]\n[start 1#2]\n[start 1#3]\n[finish 1 failed 1]\n"
     "[done failed]\n",
     1},
    {"until failed",
     WITH("1", "'retry':{'count':3,'until':'self.failed'}",
          "echo x >>m; test $(wc -l <m) -lt 2"),
     "[start 1#1]\n[start 1#2]\n[finish 1 failed 1]\n[done failed]\n", 1},
    {"a timeout ends a pipeline",
     WITH("1", "'timeout':'100ms'", "sleep 60 | sleep 60"),
     "[start 1#1]\n[finish 1 timeout 143 (longer than the timeout of 100 "
     "ms)]\n"
     "[done failed]\n",
     1},
    {"a group's timeout",
     "{'ref':'1','timeout':'100ms','steps':[" STEP("1.1", "sleep 60") "," STEP(
         "1.2", "true") "]}",
     "[start 1#1]\n[start 1.1#1]\n[finish 1.1 timeout 143 (longer than the "
     "timeout of 100 ms of its group)]\n[finish 1.2 skipped (the time of "
     "its "
     "group is over)]\n[finish 1 timeout (longer than the timeout of 100 "
     "ms)]\n"
     "[done failed]\n",
     1},
    {"an argument list, and templates",
     "{'ref':'1','container':0,'env':[{'name':'A','value':'a b'}],"
     "'command':['printf','%s,',{'template':'{{ env.A }}'},'c d']}",
     "[start 1#1]\na b,c d,\n|[finish 1 passed 0]\n[done passed]\n", 0},
    {"a script for more than a plain shell",
     STEP("1", "set -o pipefail; false | true || echo pipe; [ a == a ] && "
               "[[ b = b ]] && echo same"),
     "[start 1#1]\npipe\nsame\n[finish 1 passed 0]\n[done passed]\n", 0},
    {"a missing program", "{'ref':'1','container':0,'command':['no-such']}",
     "[start 1#1]\nassay: cannot run 'no-such': No such file or directory\n"
     "[finish 1 failed 127 (cannot run 'no-such': No such file or "
     "directory)]\n[done failed]\n",
     1},
    {"not executable", "{'ref':'1','container':0,'command':['./run.json']}",
     "[start 1#1]\nassay: cannot run './run.json': Permission denied\n"
     "[finish 1 failed 126 (cannot run './run.json': Permission denied)]\n"
     "[done failed]\n",
     1},
    {"a working directory is made",
     WITH("1", "'workingDir':'a/b'", "cd ../.. && ls -d a/b"),
     "[start 1#1]\na/b\n[finish 1 passed 0]\n[done passed]\n", 0},
    {"a secret in the output, and split",
     WITH("1", "'env':[{'name':'P','variable':'ASSAY_SECRET_0'}]",
          "echo 1 $P; printf hush; sleep 0.1; echo -hush; printf hush-"),
     "[start 1#1]\n1 ********\n********\nhush-\n|[finish 1 passed 0]\n"
     "[done passed]\n",
     0},
    {"a script with a secret shows no argument",
     "{'ref':'1','container':0,'shell':{'template':'xargs -0 echo "
     "</proc/$$/cmdline | sed s/[0-9]*$//; : {{ secret.config.password "
     "}}'}}",
     "[start 1#1]\n/bin/sh /proc/self/fd/\n[finish 1 passed 0]\n"
     "[done passed]\n",
     0},
    {"the environment of a step",
     STEP("1", "echo $FROM_IMAGE $CI; env | grep -c ASSAY_ || :"),
     "[start 1#1]\nyes 1\n0\n[finish 1 passed 0]\n[done passed]\n", 0},
    {"the entrypoint's own environment is wiped",
     STEP("1", "grep -c -a -e hush-hush -e 0011223344 /proc/$PPID/environ "
               "/proc/$PPID/cmdline 2>/dev/null | grep -v :0 || echo clean"),
     "[start 1#1]\nclean\n[finish 1 passed 0]\n[done passed]\n", 0},
    {"standard input is empty", STEP("1", "readlink /proc/self/fd/0; cat"),
     "[start 1#1]\n/dev/null\n[finish 1 passed 0]\n[done passed]\n", 0},
    {"a forged control line is output",
     STEP("1", "echo ::assay:ffffffffffffffffffffffffffffffff:{}"),
     "[start 1#1]\n::assay:ffffffffffffffffffffffffffffffff:{}\n"
     "[finish 1 passed 0]\n[done passed]\n",
     0},
    {"killed by a signal of its own", STEP("1", "kill -SEGV $$"),
     "[start 1#1]\n[finish 1 failed 139 (killed by signal 11 (segmentation "
     "fault))]\n[done failed]\n",
     1},
    {"KILL from outside aborts the run",
     STEP("1", "kill -KILL $$") "," WITH("2", "'condition':'always'", "true"),
     "[start 1#1]\n[finish 1 aborted 137 (killed by signal 9 (killed): out "
     "of "
     "memory?)]\n[finish 2 aborted (the run was aborted)]\n[done aborted]\n",
     137},
};

static void check_plans(const char *program)
{
    for (size_t i = 0; i < COUNT_OF(plans); i++) {
        struct scene scene;
        scene_open(&scene, program);
        int code = scene_run(&scene, plans[i].steps);
        CHECK_TEXT(plans[i].name, text_string(&scene.log), plans[i].want);
        if (code != plans[i].code)
            fail_msg("%s: exit code %d", plans[i].name, code);
        scene_close(&scene);
    }
}

static void test_plans_checked(void **state)
{
    (void)state;
    check_plans(programs[0]);
}

static void test_plans_static(void **state)
{
    (void)state;
    check_plans(programs[1]);
}

/* A pid that a step wrote down: whether it is gone. */
static bool is_gone(const char *path)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    pid_t pid = (pid_t)strtol(read_text(arena, path), NULL, 10);
    assert_true(pid > 1);
    return kill(pid, 0) < 0 && errno == ESRCH;
}

static void test_daemon(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        struct scene scene;
        scene_open(&scene, programs[i]);
        int64_t before = clock_monotonic();
        int code = scene_run(
            &scene, WITH("1",
                         "'env':[{'name':'Q','value':'trap : TERM; echo "
                         "$$ >pid; while :; do sleep 1; done'}]",
                         "(setsid sh -c \\\"$Q\\\" &); "
                         "while ! test -s pid; do sleep 0.02; done"));
        assert_int_equal(code, 0);
        CHECK("gone", is_gone("pid"));
        CHECK("soon", clock_monotonic() - before < 5 * CLOCK_SECOND);
        scene_close(&scene);
    }
}

/* Runs until the step has written `pid`, then sends the signal. */
static int run_and_signal(struct scene *scene, const char *script, int number)
{
    struct error error = {0};
    assert_int_equal(
        file_write_atomic("s", script, strlen(script), 0755, &error), 0);
    scene_plan(
        STEP("1", ". ./s") "," WITH("2", "'condition':'always'", "echo no"), 1);
    struct child child = scene_start(scene, "0", NULL);
    while (access("pid", F_OK) < 0)
        usleep(10000);
    usleep(50000);
    kill(child.pid, number);
    return scene_wait(scene, child, NULL);
}

static void test_abort(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        struct scene scene;
        scene_open(&scene, programs[i]);
        int code = run_and_signal(
            &scene,
            "exec 2>/dev/null\ntrap 'echo bye; exit 0' TERM\necho $$ >pid\n"
            "while :; do sleep 0.05 || :; done\n",
            i ? SIGINT : SIGTERM);
        CHECK_TEXT("abort", text_string(&scene.log),
                   "[start 1#1]\nbye\n[finish 1 aborted 137 (the run was "
                   "aborted)]\n[finish 2 aborted (the run was aborted)]\n"
                   "[done aborted]\n");
        assert_int_equal(code, 137);
        CHECK("gone", is_gone("pid"));
        scene_close(&scene);
    }
}

#define AFTER(ref, condition, script)                                          \
    WITH(ref, "'after':true,'condition':'" condition "'", script)

/* The first step is told to stop; then `after` steps that hold in any case run, and
 * the others, and what is no `after` step, are aborted. A second signal, sent while
 * the step of `second` runs, aborts those too. */
static const struct after_case {
    const char *name, *steps;
    bool second;
    const char *want;
    int signal; /* the first */
} after_cases[] = {
    {"after an abort",
     WITH("2", "'condition':'always'", "echo no")                            //
     "," AFTER("3", "always", "echo clean; exit 1")                          //
     "," AFTER("4", "always && status == \\'aborted\\'", "echo more")        //
     "," AFTER("5", "failed", "echo no") "," AFTER("6", "passed", "echo no") //
     ",{'ref':'7','after':true,'condition':'always','steps':["               //
     STEP("7.1", "echo inside") "]}",
     false,
     "[finish 2 aborted (the run was aborted)]\n"
     "[start 3#1]\nclean\n[finish 3 failed 1]\n"
     "[start 4#1]\nmore\n[finish 4 passed 0]\n"
     "[finish 5 aborted (the run was aborted)]\n"
     "[finish 6 aborted (the run was aborted)]\n"
     "[start 7#1]\n[start 7.1#1]\ninside\n[finish 7.1 passed 0]\n"
     "[finish 7 passed]\n[done aborted]\n",
     SIGTERM},
    {"told twice",
     AFTER("2", "always", "echo $$ >pid2; sleep 60") //
     "," AFTER("3", "always", "echo no"),
     true,
     "[start 2#1]\n[finish 2 aborted 137 (the run was aborted)]\n"
     "[finish 3 aborted (the run was aborted)]\n[done aborted]\n",
     SIGTERM},
    {"nobody is left to tell it twice", AFTER("2", "always", "echo no"), false,
     "[finish 2 aborted (the run was aborted)]\n[done aborted]\n", SIGQUIT},
};

static void wait_for_file(const char *path)
{
    while (access(path, F_OK) < 0)
        usleep(10000);
    usleep(50000);
}

static void test_after_an_abort(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(after_cases); i++) {
        const struct after_case *row = &after_cases[i];
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct scene scene;
        scene_open(&scene, programs[0]);
        scene_plan(arena_format(arena, "%s,%s",
                                STEP("1", "echo $$ >pid; sleep 60"),
                                row->steps),
                   1);
        struct child child = scene_start(&scene, "0", NULL);
        wait_for_file("pid");
        kill(child.pid, row->signal);
        if (row->second) {
            wait_for_file("pid2");
            kill(child.pid, SIGTERM);
        }
        int code = scene_wait(&scene, child, NULL);
        char *want =
            arena_format(arena,
                         "[start 1#1]\n[finish 1 aborted 137 (the run was "
                         "aborted)]\n%s",
                         row->want);
        CHECK_TEXT(row->name, text_string(&scene.log), want);
        assert_int_equal(code, 137);
        scene_close(&scene);
    }
}

/* An abort reaches the containers that run beside each other one after another. What
 * the last of them makes of its own signal, and of a second one. */
static const struct late_case {
    const char *name;
    int containers, beside; /* scene_plan_beside */
    bool foreign;           /* the first step is killed by somebody else */
    bool waiting;           /* told before the one before it ended */
    int signals;            /* as it cleans up */
    bool cleans;
} late_cases[] = {
    {"told while it waits", 2, 1, false, true, 0, true},
    {"told while it waits, and again", 2, 1, false, true, 1, false},
    {"told late", 2, 1, false, false, 1, true},
    {"told late, and again", 2, 1, false, false, 2, false},
    {"not told", 2, 1, false, false, 0, true},
    {"began after the abort", 2, 2, false, false, 1, false},
    {"nobody was told before", 2, 1, true, false, 1, false},
    {"told in a row of three", 3, 1, false, false, 1, true},
    {"only the one before runs beside it", 3, 2, false, false, 1, false},
};

static void run_late_case(const struct late_case *row)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct scene scenes[3];
    struct child children[3];
    int last = row->containers - 1;
    scene_open(&scenes[0], programs[0]);
    scene_plan_beside(
        arena_format(arena,
                     "{'ref':'1','container':0,'shell':'echo $$ >pid; %s'},"
                     "{'ref':'2','container':%d,'after':true,'condition':"
                     "'always','shell':'echo $$ >pid2; while [ ! -e go ]; do "
                     "sleep 0.05; done; echo clean'}",
                     row->foreign ? "kill -KILL $$" : "sleep 60", last),
        row->containers, row->beside);
    for (int i = last; i >= 0; i--) {
        scenes[i] = scenes[0];
        scenes[i].log = (struct text){0};
        children[i] =
            scene_start(&scenes[i], arena_format(arena, "%d", i), NULL);
    }
    wait_for_file("pid");
    wait_for_file(arena_format(arena, "turn-%d", last));
    if (row->waiting)
        kill(children[last].pid, SIGTERM);
    if (!row->foreign)
        kill(children[0].pid, SIGTERM);
    for (int i = 0; i < last; i++)
        assert_int_equal(scene_wait(&scenes[i], children[i], NULL), 137);
    wait_for_file("pid2");
    for (int i = 0; i < row->signals; i++) {
        kill(children[last].pid, SIGTERM);
        usleep(200000); /* two that wait together are one */
    }
    if (row->cleans)
        assert_int_equal(close(open("go", O_CREAT | O_WRONLY, 0666)), 0);
    assert_int_equal(scene_wait(&scenes[last], children[last], NULL), 137);
    CHECK_TEXT(row->name, text_string(&scenes[last].log),
               row->cleans ? "[start 2#1]\nclean\n[finish 2 passed 0]\n"
                             "[done aborted]\n"
                           : "[start 2#1]\n[finish 2 aborted 137 (the run was "
                             "aborted)]\n[done aborted]\n");
    for (int i = 1; i <= last; i++)
        text_free(&scenes[i].log);
    scene_close(&scenes[0]);
}

static void test_late_signals(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(late_cases); i++)
        run_late_case(&late_cases[i]);
}

/* What ignores TERM is killed after five seconds, with all it has started. */
static void test_stubborn(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, programs[1]);
    int64_t before = clock_monotonic();
    int code = scene_run(
        &scene, WITH("1", "'timeout':'200ms'",
                     "exec 2>/dev/null; trap : TERM; (setsid sh -c \\\"trap : "
                     "TERM; echo "
                     "\\\\$\\\\$ >pid; while :; do sleep 1; done\\\" &); "
                     "while :; do sleep 1 || :; done"));
    assert_int_equal(code, 1);
    CHECK_TEXT("killed", text_string(&scene.log),
               "[start 1#1]\n[finish 1 timeout 137 (longer than the timeout of "
               "200 ms)]\n[done failed]\n");
    CHECK("gone", is_gone("pid"));
    CHECK("grace", clock_monotonic() - before < 8 * CLOCK_SECOND);
    scene_close(&scene);
}

#define IN(ref, container, script)                                             \
    "{'ref':'" ref "','container':" container ",'shell':'" script "'}"

static void test_turns(void **state)
{
    (void)state;
    struct scene scene, later;
    scene_open(&scene, programs[0]);
    later = scene;
    later.log = (struct text){0};
    scene_plan(
        "{'ref':'1','steps':[" IN("1.1", "0", "sleep 0.5; exit 1") "," IN(
            "1.2", "1", "echo no") "]}," //
                                   "{'ref':'2','container':1,'condition':'"
                                   "failed','shell':'echo f'}",
        2);
    struct rusage usage;
    struct child second = scene_start(&later, "1", NULL);
    struct child first = scene_start(&scene, "0", NULL);
    assert_int_equal(scene_wait(&scene, first, NULL), 0);
    int64_t ended = clock_monotonic();
    assert_int_equal(scene_wait(&later, second, &usage), 1);
    CHECK("at once", clock_monotonic() - ended < CLOCK_SECOND / 2);
    CHECK("idle", usage.ru_utime.tv_sec + usage.ru_stime.tv_sec == 0);
    CHECK_TEXT("first", text_string(&scene.log),
               "[start 1#1]\n[start 1.1#1]\n[finish 1.1 failed 1]\n"
               "[done passed]\n");
    CHECK_TEXT("second", text_string(&later.log),
               "[finish 1.2 skipped]\n[finish 1 failed]\n[start 2#1]\nf\n"
               "[finish 2 passed 0]\n[done failed]\n");
    text_free(&later.log);
    scene_close(&scene);
}

/* KILL for the first of three: nothing runs after it, `always` neither. */
static void test_death(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, programs[0]);
    scene_plan(
        IN("1", "0", "echo $$ >pid; sleep 60") //
        ",{'ref':'2','container':1,'condition':'always','shell':'echo no'"
        "},{'ref':'3','container':2,'condition':'always','shell':'echo "
        "no'}",
        3);
    struct child first = scene_start(&scene, "0", NULL);
    while (access("pid", F_OK) < 0)
        usleep(10000);
    struct child second = scene_start(&scene, "1", NULL);
    struct child third = scene_start(&scene, "2", NULL);
    usleep(200000);
    kill(first.pid, SIGKILL);
    usleep(50000);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    kill((pid_t)strtol(read_text(arena, "pid"), NULL, 10), SIGKILL);
    assert_int_equal(scene_wait(&scene, first, NULL), -SIGKILL);
    assert_int_equal(scene_wait(&scene, second, NULL), 137);
    CHECK_TEXT("second", text_string(&scene.log),
               "[finish 1 aborted (the run was aborted)]\n"
               "[finish 2 aborted (the run was aborted)]\n[done aborted]\n");
    assert_int_equal(scene_wait(&scene, third, NULL), 137);
    CHECK_TEXT("third", text_string(&scene.log),
               "[finish 3 aborted (the run was aborted)]\n[done aborted]\n");
    scene_close(&scene);
}

/* Kilobytes that a process has needed at most. */
static long peak_memory(pid_t pid)
{
    char path[64], line[256];
    long peak = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (peak < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtol(line + 6, NULL, 10);
    fclose(file);
    return peak;
}

static void test_much_output(void **state)
{
    (void)state;
    struct scene scene;
    long peak = 0;
    int status;
    scene_open(&scene, programs[1]);
    scene_plan(STEP("1", "head -c 209715200 /dev/zero | tr \\\\\\\\0 x"), 1);
    struct child child = scene_start(&scene, "0", NULL);
    static char bytes[1 << 20];
    size_t total = 0;
    for (ssize_t length;
         (length = read(child.output, bytes, sizeof bytes)) > 0;)
        if ((total += (size_t)length) > 200 * 1000 * 1000 && peak == 0)
            peak = peak_memory(child.pid);
    close(child.output);
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
    assert_int_equal(status, 0);
    assert_in_range(peak, 1, 8 * 1024 - 1);
    CHECK("all of it", total > 209715200 && total < 209715200 + 1024);
    scene_close(&scene);
}

static void test_closed_output(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, programs[0]);
    scene_plan(STEP("1", "echo $$ >pid; while :; do echo x; sleep 0.01; done"),
               1);
    struct child child = scene_start(&scene, "0", NULL);
    while (access("pid", F_OK) < 0)
        usleep(10000);
    close(child.output);
    int status;
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
    assert_int_equal(WEXITSTATUS(status), 190);
    CHECK("gone", is_gone("pid"));
    scene_close(&scene);
}

static void test_binary_output(void **state)
{
    (void)state;
    static const char want[] = "a\0b\xff\xfe\r\nlong";
    struct scene scene;
    scene_open(&scene, programs[0]);
    struct error error = {0};
    assert_int_equal(
        file_write_atomic("bytes", want, sizeof want - 1, 0644, &error), 0);
    assert_int_equal(scene_run(&scene, STEP("1", "cat bytes")), 0);
    assert_non_null(
        memmem(scene.log.data, scene.log.length, want, sizeof want - 1));
    scene_close(&scene);
}

/* Another user, no capabilities, where the machine lets us become one. */
static void test_unprivileged(void **state)
{
    (void)state;
    static const char *const wrapper[] = {"setpriv",
                                          "--reuid=12345",
                                          "--regid=12345",
                                          "--clear-groups",
                                          "--bounding-set=-all",
                                          "--no-new-privs",
                                          NULL};
    if (geteuid() != 0)
        skip();
    struct scene scene;
    scene_open(&scene, programs[1]);
    scene_lend(&scene);
    scene_plan(
        "{'ref':'1','container':0,'timeout':'300ms','shell':{'template':'"
        "id -u; : {{ secret.config.password }}; setsid sleep 60 & wait'}}",
        1);
    assert_int_equal(chmod("run.json", 0644), 0);
    int code = scene_wait(&scene, scene_start(&scene, "0", wrapper), NULL);
    CHECK_TEXT("unprivileged", text_string(&scene.log),
               "[start 1#1]\n12345\n[finish 1 timeout 143 (longer than the "
               "timeout of 300 ms)]\n[done failed]\n");
    assert_int_equal(code, 1);
    scene_close(&scene);
}

static void test_size(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(stat(programs[1], &status), 0);
    assert_in_range(status.st_size, 1, 200 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans_checked),
        cmocka_unit_test(test_plans_static),
        cmocka_unit_test(test_daemon),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_after_an_abort),
        cmocka_unit_test(test_late_signals),
        cmocka_unit_test(test_stubborn),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_death),
        cmocka_unit_test(test_much_output),
        cmocka_unit_test(test_closed_output),
        cmocka_unit_test(test_binary_output),
        cmocka_unit_test(test_unprivileged),
        cmocka_unit_test(test_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
