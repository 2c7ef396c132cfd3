/*
 * Steps that wait to be resumed: by a file with the token, by the annotations of the
 * pod, and not by anything else; and whose time that is.
 */
#include <sys/stat.h>

#include "engine/entrypoint/pause.h"
#include "tests/unit/entrypoint_fixture.h"

static const char *const programs[] = {
    BUILD_FOLDER "/engine/entrypoint/assay-entrypoint-checked",
    BUILD_FOLDER "/assay-entrypoint",
};

static void write_text(const char *path, const char *text)
{
    struct error error = {0};
    if (file_write_atomic(path, text, strlen(text), 0644, &error) < 0)
        fail_msg("%s", error.text);
}

/* Reads from the running program until its output ends with `end`. */
static void wait_for(struct child child, struct text *output, const char *end)
{
    char bytes[4096];
    while (!strstr(text_string(output), end)) {
        ssize_t length = read(child.output, bytes, sizeof bytes);
        if (length <= 0)
            fail_msg("no '%s' in: %s", end, text_string(output));
        text_append(output, bytes, (size_t)length);
    }
}

static int end_scene(struct scene *scene, struct child child,
                     struct text *output)
{
    int status;
    read_all(child.output, output);
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
    text_clear(&scene->log);
    log_output(&scene->log, output);
    text_free(output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#define PAUSED(ref) "'ref':'" ref "','container':0,'paused':true"

/* The file appears by renaming, as the engine writes it; ones with something else in
 * them count for nothing, and none is left for the step to read. */
static void test_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        struct scene scene;
        struct text output = {0};
        scene_open(&scene, programs[i]);
        scene_plan("{" PAUSED("1") ",'shell':'ls resume-1 2>&-; ls resume-x; "
                                   "echo on'}",
                   1);
        write_text("resume-x", "no token");
        write_text("resume-1", "ffffffffffffffffffffffffffffffff");
        struct child child = scene_start(&scene, "0", NULL);
        wait_for(child, &output, "\"pause\"");
        write_text("resume-2", TEST_TOKEN);
        write_text("resume-1", "");
        usleep(100000);
        assert_null(strstr(text_string(&output), "start"));
        write_text("resume-1", TEST_TOKEN "\n");
        assert_int_equal(end_scene(&scene, child, &output), 1);
        CHECK_TEXT("file", text_string(&scene.log),
                   "[pause 1]\n[resume 1]\n[start 1#1]\n[finish 1 failed 2]\n"
                   "[done failed]\n");
        scene_close(&scene);
    }
}

/* As the kubelet does it: a folder of its own, and a link that is swapped. */
static void swap_annotations(const char *folder, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "pod/%s", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "pod/%s/annotations", folder);
    write_text(path, text);
    assert_int_equal(symlink(folder, "pod/..data_tmp"), 0);
    assert_int_equal(rename("pod/..data_tmp", "pod/..data"), 0);
}

static void test_annotations(void **state)
{
    (void)state;
    struct scene scene;
    struct text output = {0};
    scene_open(&scene, programs[1]);
    scene_plan("{" PAUSED("1.2") ",'idle':true}", 1);
    assert_int_equal(mkdir("pod", 0755), 0);
    assert_int_equal(symlink("..data/annotations", "pod/annotations"), 0);
    swap_annotations("..1", "a=\"b\"\nx=\"\\nassay.dev/resume.1.2=\\\"true\\\""
                            "\"\nassay.dev/resume.1=\"true\"\n");
    struct child child = scene_start(&scene, "0", NULL);
    wait_for(child, &output, "\"pause\"");
    swap_annotations("..2", "assay.dev/resume.1.2=\"false\"");
    usleep(100000);
    int64_t before = clock_monotonic();
    swap_annotations("..3", "a=\"b\"\nassay.dev/resume.1.2=\"true\"");
    assert_int_equal(end_scene(&scene, child, &output), 0);
    CHECK("told, not found by looking",
          clock_monotonic() - before < 8 * CLOCK_SECOND);
    CHECK_TEXT("annotations", text_string(&scene.log),
               "[pause 1.2]\n[resume 1.2]\n[start 1.2#1]\n"
               "[finish 1.2 passed]\n[done passed]\n");
    scene_close(&scene);
}

static void test_abort(void **state)
{
    (void)state;
    struct scene scene;
    struct text output = {0};
    scene_open(&scene, programs[0]);
    scene_plan("{" PAUSED("1") ",'shell':'echo no'},{'ref':'2','container':0,"
                               "'condition':'always','shell':'echo no'}",
               1);
    struct child child = scene_start(&scene, "0", NULL);
    wait_for(child, &output, "\"pause\"");
    kill(child.pid, SIGTERM);
    assert_int_equal(end_scene(&scene, child, &output), 137);
    CHECK_TEXT("abort", text_string(&scene.log),
               "[pause 1]\n[finish 1 aborted (the run was aborted)]\n"
               "[finish 2 aborted (the run was aborted)]\n[done aborted]\n");
    scene_close(&scene);
}

/* A group of 1 s whose first step is paused for longer, in another container than
 * the second: that one still has its time. Without the pause it has not. */
static void test_time(void **state)
{
    (void)state;
    struct scene scene, later;
    struct text output = {0};
    scene_open(&scene, programs[1]);
    later = scene;
    later.log = (struct text){0};
    scene_plan("{'ref':'1','timeout':'2s','steps':[{" PAUSED(
                   "1.1") ",'shell':'true'},{'ref':'1.2','container':1,'shell':"
                          "'echo in time'},{'ref':'1.3','container':1,"
                          "'shell':'exec sleep 60'}]}",
               2);
    struct child second = scene_start(&later, "1", NULL);
    struct child first = scene_start(&scene, "0", NULL);
    wait_for(first, &output, "\"pause\"");
    usleep(2500000);
    write_text("resume-1.1", TEST_TOKEN);
    assert_int_equal(end_scene(&scene, first, &output), 0);
    assert_int_equal(scene_wait(&later, second, NULL), 1);
    CHECK_TEXT("time", text_string(&later.log),
               "[start 1.2#1]\nin time\n[finish 1.2 passed 0]\n"
               "[start 1.3#1]\n[finish 1.3 timeout 143 (longer than the "
               "timeout of 2.0 s of its group)]\n"
               "[finish 1 timeout (longer than the timeout of 2.0 s)]\n"
               "[done failed]\n");
    text_free(&later.log);
    scene_close(&scene);
}

/* A pause comes before the delay, once for all attempts; a skipped step has none; a
 * group stops before its first step. */
static void test_order(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, programs[0]);
    write_text("resume-2", TEST_TOKEN);
    write_text("resume-3", TEST_TOKEN);
    scene_plan("{" PAUSED("1") ",'condition':'never','shell':'true'},"
                               "{'ref':'2','paused':true,'steps':[{'ref':'2.1',"
                               "'container':0,'idle':true}]},{" PAUSED(
                                   "3") ",'delay':'1ms','retry':{'count':1},"
                                        "'shell':'exit 1'}",
               1);
    int code = scene_wait(&scene, scene_start(&scene, "0", NULL), NULL);
    assert_int_equal(code, 1);
    CHECK_TEXT("order", text_string(&scene.log),
               "[finish 1 skipped]\n[pause 2]\n[resume 2]\n[start 2#1]\n"
               "[start 2.1#1]\n[finish 2.1 passed]\n[finish 2 passed]\n"
               "[pause 3]\n[resume 3]\n[start 3#1]\n[start 3#2]\n"
               "[finish 3 failed 1]\n[done failed]\n");
    scene_close(&scene);
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool want;
    } rows[] = {
        {"assay.dev/resume.1=\"true\"", true},
        {"a=\"b\"\nassay.dev/resume.1=\"true\"\n", true},
        {"assay.dev/resume.1=\"true\"x", false},
        {"xassay.dev/resume.1=\"true\"", false},
        {"assay.dev/resume.11=\"true\"", false},
        {"", false},
        {"\n\n", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(rows[i].text,
              pause_is_resumed_by(rows[i].text, strlen(rows[i].text), "1") ==
                  rows[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),  cmocka_unit_test(test_annotations),
        cmocka_unit_test(test_abort), cmocka_unit_test(test_time),
        cmocka_unit_test(test_order), cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
