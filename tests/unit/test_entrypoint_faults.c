/*
 * What becomes of a run when something goes wrong that no workflow asks for: the
 * table "Faults" of docs/entrypoint.md.
 */
#include <sys/stat.h>

#include "tests/unit/entrypoint_fixture.h"

static const char *const programs[] = {
    BUILD_FOLDER "/engine/entrypoint/assay-entrypoint-checked",
    BUILD_FOLDER "/assay-entrypoint",
};

#define STEP(ref, script)                                                      \
    "{'ref':'" ref "','container':0,'condition':'always','shell':'" script "'" \
    "}"

/* A sandbox in which `full`, or the state folder, is a file system of 64 KiB. */
struct small_disk {
    char place[80];
    const char *wrapper[24];
};

static void make_small_disk(struct small_disk *disk, const struct scene *scene,
                            const char *name)
{
    snprintf(disk->place, sizeof disk->place, "%s/%s", scene->folder, name);
    assert_int_equal(mkdir(name, 0777), 0);
    const char *const wrapper[] = {
        "bwrap",       "--ro-bind",   "/",     "/",       "--dev",
        "/dev",        "--proc",      "/proc", "--bind",  scene->folder,
        scene->folder, "--size",      "65536", "--tmpfs", disk->place,
        "--chdir",     scene->folder, NULL};
    memcpy(disk->wrapper, wrapper, sizeof wrapper);
}

/* The step fails, the run goes on, and what was written before is still there. */
static void test_full_data(void **state)
{
    (void)state;
    struct scene scene;
    struct small_disk disk;
    scene_open(&scene, programs[1]);
    make_small_disk(&disk, &scene, "full");
    scene_plan(STEP("1", "echo before >full/b; head -c 1000000 /dev/zero "
                         ">full/f 2>&-") "," STEP("2", "cat full/b"),
               1);
    int code = scene_wait(&scene, scene_start(&scene, "0", disk.wrapper), NULL);
    assert_int_equal(code, 1);
    CHECK_TEXT("full", text_string(&scene.log),
               "[start 1#1]\n[finish 1 failed 1]\n[start 2#1]\nbefore\n"
               "[finish 2 passed 0]\n[done failed]\n");
    scene_close(&scene);
}

/* Outputs cannot be kept for later containers, or steps not be noted: nobody could
 * tell them the truth, so the run ends here, and says why. */
static void test_full_state(void **state)
{
    (void)state;
    struct scene scene;
    struct small_disk disk;
    scene_open(&scene, programs[1]);
    make_small_disk(&disk, &scene, "small");
    scene.state = "small";
    CLEANUP(text_free) struct text steps = {0};
    text_append_string(
        &steps, STEP("1", "head -c 1000000 /dev/zero >small/f 2>&- || :"));
    /* Long refs, so that the journal needs another block. */
    for (int i = 0; i < 20; i++)
        text_append_format(&steps,
                           ",{'ref':'%0300d','container':0,'idle':true}", i);
    text_append_string(&steps, ",{'ref':'2','container':1,'shell':'echo no'}");
    scene_plan(text_string(&steps), 2);
    int code = scene_wait(&scene, scene_start(&scene, "0", disk.wrapper), NULL);
    assert_int_equal(code, 190);
    CHECK("no end", !strstr(text_string(&scene.log), "[done"));
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *report = read_text(arena, "termination-0");
    if (!strstr(report, "cannot write 'small/journal': No space left"))
        fail_msg("%s", report);
    scene_close(&scene);
}

/* Those files that fit are kept, the others are named. */
static void test_full_of_artifacts(void **state)
{
    (void)state;
    struct scene scene;
    struct small_disk disk;
    scene_open(&scene, programs[1]);
    make_small_disk(&disk, &scene, "small");
    scene.state = "small";
    scene_plan(
        STEP("1", "echo a >a; head -c 1000000 /dev/zero >b; echo c >c") //
        ",{'ref':'2','container':0,'artifacts':{'paths':['[abc]']}},{'ref':'3',"
        "'container':0,'condition':'always','artifacts':{'paths':['[abc]'],"
        "'archive':'x.tar'}},{'ref':'4','container':0,'condition':'always',"
        "'shell':'ls small/artifacts; tar -tf small/artifacts/3-0'}",
        1);
    int code = scene_wait(&scene, scene_start(&scene, "0", disk.wrapper), NULL);
    assert_int_equal(code, 1);
    const char *log = text_string(&scene.log);
    CHECK(log, strstr(log, "[artifact 2 a 2-0 2]\n"));
    CHECK(log, strstr(log, "/b' cannot be kept: No space left on device\n"
                           "[artifact 2 c 2-1 2]\n"
                           "[finish 2 failed (1 of 3 could not be kept)]\n"));
    CHECK(log, strstr(log, "[artifact 3 x.tar 3-0 3072 compress]\n"
                           "[finish 3 failed (1 of 3 could not be kept)]\n"
                           "[start 4#1]\n2-0\n2-1\n3-0\na\nc\n"));
    scene_close(&scene);
}

/* Timeouts, delays and turns do not know what time it is. */
static void test_clock_set_back(void **state)
{
    (void)state;
    static const char *const wrapper[] = {
        "env", "LD_PRELOAD=" BUILD_FOLDER "/tests/unit/libclock_back.so",
        "ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0", NULL};
    struct scene scene;
    scene_open(&scene, programs[0]);
    scene_plan(
        "{'ref':'1','timeout':'300ms','steps':[{'ref':'1.1','container':0,"
        "'delay':'50ms','shell':'unset LD_PRELOAD; exec sleep 60'}]},{'ref':"
        "'2','container':0,'condition':'failed','timeout':'1h','shell':"
        "'true'}",
        1);
    int64_t before = clock_monotonic();
    struct child child = scene_start(&scene, "0", wrapper);
    CLEANUP(text_free) struct text output = {0};
    int status;
    read_all(child.output, &output);
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
    assert_int_equal(WEXITSTATUS(status), 1);
    CHECK("not at once", clock_monotonic() - before >= 300 * CLOCK_MILLISECOND);
    log_output(&scene.log, &output);
    CHECK_TEXT("clock", text_string(&scene.log),
               "[start 1#1]\n[start 1.1#1]\n[finish 1.1 timeout 143 (longer "
               "than the timeout of 300 ms of its group)]\n[finish 1 timeout "
               "(longer than the timeout of 300 ms)]\n[start 2#1]\n"
               "[finish 2 passed 0]\n[done failed]\n");
    CHECK("durations", !strstr(text_string(&output), "\"duration\":-"));
    scene_close(&scene);
}

static const struct {
    const char *name, *steps, *want;
} rows[] = {
    {"a step that closes its output goes on",
     STEP("1", "echo a; exec >&- 2>&-; sleep 0.2; echo b 2>&- || :; exit 3"),
     "[start 1#1]\na\n[finish 1 failed 3]\n[done failed]\n"},
    {"no newline, then a step that begins with what looks like ours",
     STEP("1", "printf a::assay:") "," STEP("2", "printf \\\"::assay:\\\""),
     "[start 1#1]\na::assay:\n|[finish 1 passed 0]\n[start 2#1]\n::assay:\n"
     "|[finish 2 passed 0]\n[done passed]\n"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct scene scene;
        scene_open(&scene, programs[1]);
        scene_run(&scene, rows[i].steps);
        CHECK_TEXT(rows[i].name, text_string(&scene.log), rows[i].want);
        scene_close(&scene);
    }
}

/* 200 processes in sessions of their own, half of which do not heed TERM, two forks
 * away from the step: none is left when the next one begins. */
static void test_swarm(void **state)
{
    (void)state;
    static const char one[] =
        "trap : TERM\necho $$ >>pids\n"
        "(setsid sh -c 'echo $$ >>pids; exec sleep 300' &)\n"
        "sleep 300; sleep 300; sleep 300\n";
    struct scene scene;
    struct error error = {0};
    scene_open(&scene, programs[1]);
    assert_int_equal(
        file_write_atomic("one", one, sizeof one - 1, 0644, &error), 0);
    scene_run(&scene,
              STEP("1", "i=0; while [ $i -lt 100 ]; do (setsid sh ./one >&- "
                        "2>&- &); i=$((i+1)); done; touch pids; while [ $(wc "
                        "-l <pids) -lt 200 ]; do sleep 0.05; done") "," //
              STEP("2", "for p in $(cat pids); do ! test -e /proc/$p || echo "
                        "alive; done"));
    CHECK_TEXT("swarm", text_string(&scene.log),
               "[start 1#1]\n[finish 1 passed 0]\n[start 2#1]\n"
               "[finish 2 passed 0]\n[done passed]\n");
    scene_close(&scene);
}

/* A container that is started a second time, as by a node that started anew: what had
 * ended stands, what had not is aborted, and nothing runs twice. */
static void test_started_again(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, programs[0]);
    scene_plan(STEP("1", "echo once >>n") "," STEP("2", "echo $$ >pid; sleep "
                                                        "60") //
               ",{'ref':'3','container':1,'shell':'echo no'}",
               2);
    struct child child = scene_start(&scene, "0", NULL);
    while (access("pid", F_OK) < 0)
        usleep(10000);
    kill(child.pid, SIGKILL);
    assert_int_equal(scene_wait(&scene, child, NULL), -SIGKILL);
    child = scene_start(&scene, "0", NULL);
    assert_int_equal(scene_wait(&scene, child, NULL), 137);
    CHECK_TEXT("again", text_string(&scene.log),
               "[finish 2 aborted (the run was aborted)]\n"
               "[done aborted]\n");
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CHECK_TEXT("once", read_text(arena, "n"), "once\n");
    kill((pid_t)strtol(read_text(arena, "pid"), NULL, 10), SIGKILL);
    scene_close(&scene);
}

/* A step writes what it likes into the folder that containers share: that a later
 * step has passed, that this one has, and another step's outputs. */
static void test_forged_state(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, programs[0]);
    assert_int_equal(mkdir("shared", 0777), 0);
    scene_plan(
        "{'ref':'1','id':'a','container':0,'shell':'echo right >shared/out/x'},"
        "{'ref':'2','container':1,'shell':'printf \\\"\\\\n9 3 passed 1 0 "
        "0123456789abcdef\\\\n\\\" >>journal; grep -h passed journal >j; cat "
        "j >>journal; echo done: >>journal; tr r w <outputs-0 >o; cat o "
        ">outputs-0; exit 1'},{'ref':'3','container':2,'condition':'always',"
        "'shell':{'template':'echo ran [{{ step.a.outputs.x }}]'}}",
        3);
    for (int i = 0; i < 3; i++) {
        char number[] = {(char)('0' + i), '\0'};
        scene.chained = i < 2;
        int code = scene_wait(&scene, scene_start(&scene, number, NULL), NULL);
        assert_int_equal(code, i < 2 ? 0 : 1);
    }
    CHECK_TEXT("forged", text_string(&scene.log),
               "[start 3#1]\nran []\n[finish 3 passed 0]\n[done failed]\n");
    scene_close(&scene);
}

/* A step that removes everything there: those that wait are told, and abort. */
static void test_emptied_state(void **state)
{
    (void)state;
    struct scene scene, later;
    scene_open(&scene, programs[0]);
    later = scene;
    later.log = (struct text){0};
    assert_int_equal(mkdir("st", 0777), 0);
    scene.state = later.state = "st";
    scene_plan(
        "{'ref':'1','container':0,'shell':'while ! test -e st/turn-2; do "
        "sleep 0.02; done; rm -rf st/* st/.turn*'},{'ref':'2',"
        "'container':1,'condition':'always','shell':'echo no'},{'ref':"
        "'3','container':2,'condition':'always','shell':'echo no'}",
        3);
    struct child third = scene_start(&later, "2", NULL);
    struct child second = scene_start(&later, "1", NULL);
    assert_int_equal(scene_wait(&scene, scene_start(&scene, "0", NULL), NULL),
                     0);
    assert_int_equal(scene_wait(&later, second, NULL), 137);
    assert_int_equal(scene_wait(&later, third, NULL), 137);
    CHECK_TEXT("third", text_string(&later.log),
               "[finish 3 aborted (the run was aborted)]\n[done aborted]\n");
    text_free(&later.log);
    scene_close(&scene);
}

/* What the program can do is what it is linked with: no socket, no thread, nothing of
 * the image, and small. */
static void test_program(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(stat(programs[1], &status), 0);
    assert_in_range(status.st_size, 1, 200 * 1000);
    /* The symbols before they are stripped, by the map of the linker. */
    static const char *const forbidden[] = {
        "socket", "connect",        "bind",           "listen",
        "accept", "pthread_create", "__clone_thread", "getaddrinfo",
        "dlopen", "system",         "popen"};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    size_t length;
    const char *map = file_read(arena, BUILD_FOLDER "/assay-entrypoint.map",
                                16 << 20, &length, &error);
    if (!map)
        fail_msg("%s", error.text);
    CHECK("a map", strstr(map, "/leaf.o") || strstr(map, "leaf_run"));
    for (size_t i = 0; i < COUNT_OF(forbidden); i++) {
        char member[40];
        snprintf(member, sizeof member, "(%s.lo)", forbidden[i]);
        CHECK(forbidden[i], !strstr(map, member));
    }
    const char *bytes = file_read(arena, programs[1], 1 << 20, &length, &error);
    assert_non_null(bytes);
    CHECK("static", !memmem(bytes, length, "/lib64/ld-linux", 15) &&
                        !memmem(bytes, length, "ld-musl", 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_data),
        cmocka_unit_test(test_full_state),
        cmocka_unit_test(test_full_of_artifacts),
        cmocka_unit_test(test_clock_set_back),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_swarm),
        cmocka_unit_test(test_started_again),
        cmocka_unit_test(test_forged_state),
        cmocka_unit_test(test_emptied_state),
        cmocka_unit_test(test_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
