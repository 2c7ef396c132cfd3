/*
 * What steps leave for later ones: texts and folders, in the same container and in
 * the next, and what is left out of them.
 */
#include <sys/stat.h>

#include "tests/unit/entrypoint_fixture.h"

static const char *const programs[] = {
    BUILD_FOLDER "/engine/entrypoint/assay-entrypoint-checked",
    BUILD_FOLDER "/assay-entrypoint",
};

#define IN(container, ref, members)                                            \
    "{'ref':'" ref "','container':" container "," members "}"
#define SHELL(script) "'shell':'" script "'"
#define TEXT(script)  "'shell':{'template':'" script "'}"
#define OUT           "shared/out"

static const struct {
    const char *name, *steps, *want;
} rows[] = {
    {"texts without white space at the end",
     IN("0", "1",
        "'id':'a'," SHELL("echo one >" OUT
                          "/x; printf \\\" t \\\\n\\\\n\\\" >" //
                          OUT "/y_z.1"))                       //
     "," IN("0", "2",
            TEXT("echo [{{ step.a.outputs.x }}][{{ step.a.outputs.y_z.1 }}]")),
     "[start 1#1]\n[finish 1 passed 0]\n[start 2#1]\n[one][ t]\n"
     "[finish 2 passed 0]\n[done passed]\n"},
    {"in command, env, workingDir and conditions",
     IN("0", "1", "'id':'a'," SHELL("echo v >" OUT "/x")) //
     "," IN("0", "2",
            "'condition':'step.a.outputs.x == \\\"v\\\"',"
            "'workingDir':{'template':'w{{ step.a.outputs.x }}'},'env':[{"
            "'name':'E','value':{'template':'{{ step.a.outputs.x }}'}}],"
            "'command':['sh','-c','echo $E $0; basename $PWD',{'template':'{{ "
            "step.a.outputs.x }}'}]") //
     "," IN("0", "3",
            "'condition':'step.a.outputs.x == \\\"w\\\"'," SHELL("true")),
     "[start 1#1]\n[finish 1 passed 0]\n[start 2#1]\nv v\nwv\n"
     "[finish 2 passed 0]\n[finish 3 skipped]\n[done passed]\n"},
    {"until an output says so; each attempt begins with none",
     IN("0", "1",
        "'id':'a','retry':{'count':5,'until':'step.a.outputs.x == "
        "\\\"2\\\"'}," SHELL("ls " OUT "; echo . >>n; wc -l <n >" OUT "/x; "
                             "mkdir -p " OUT "/d/e; ln -s / " OUT "/l; "
                             "exit 1")) //
     "," IN("0", "2", "'condition':'always'," SHELL("ls " OUT)),
     "[start 1#1]\nassay: outputs left out: 'd' (not a regular file), 'l' (a "
     "link)\n[start 1#2]\nassay: outputs left out: 'd' (not a regular file), "
     "'l' (a link)\n[finish 1 failed 1]\n[start 2#1]\n[finish 2 passed 0]\n"
     "[done failed]\n"},
    {"of the nearest group with an id; the last leaf that wrote it counts",
     "{'ref':'1','id':'g','steps':[" IN("0", "1.1",
                                        SHELL("echo 1 >" OUT "/x; echo 1 "
                                              ">" OUT "/y"))    //
     "," IN("0", "1.2", SHELL("echo 2 >" OUT "/x"))             //
     "," IN("0", "1.3", "'id':'i'," SHELL("echo 3 >" OUT "/x")) //
     "]}," IN("0", "2",
              TEXT("echo {{ step.g.outputs.x }}{{ step.g.outputs.y }}{{ "
                   "step.i.outputs.x }}")),
     "[start 1#1]\n[start 1.1#1]\n[finish 1.1 passed 0]\n[start 1.2#1]\n"
     "[finish 1.2 passed 0]\n[start 1.3#1]\n[finish 1.3 passed 0]\n"
     "[finish 1 passed]\n[start 2#1]\n213\n[finish 2 passed 0]\n"
     "[done passed]\n"},
    {"not written is empty, an unknown step an error",
     IN("0", "1", "'id':'a'," SHELL("true"))                 //
     "," IN("0", "2", TEXT("echo [{{ step.a.outputs.x }}]")) //
     "," IN("0", "3", TEXT("echo {{ step.b.outputs.x }}")),
     "[start 1#1]\n[finish 1 passed 0]\n[start 2#1]\n[]\n[finish 2 passed 0]\n"
     "[start 3#1]\nassay: shell: unknown name 'step.b.outputs.x'\n"
     "[finish 3 failed (shell: unknown name 'step.b.outputs.x')]\n"
     "[done failed]\n"},
    {"what cannot be kept",
     IN("0", "1",
        "'id':'a'," SHELL(
            "cd " OUT "; head -c 4096 /dev/zero | tr \\\\\\\\0 x >full; (cat "
            "full; echo) >long; rm full; printf \\\"a\\\\\\\\0b\\\" >nul; "
            "mkfifo f; echo >\\\"a b\\\"; exit 0")),
     "[start 1#1]\nassay: outputs left out: 'a b' (no name of an output), 'f' "
     "(not "
     "a regular file), 'long' (too long), 'nul' (has a NUL byte)\n[finish 1 "
     "passed 0]\n"
     "[done passed]\n"},
    {"a secret in an output is masked",
     IN("0", "1",
        "'id':'a','env':[{'name':'P','variable':'ASSAY_SECRET_0'}]," SHELL(
            "echo $P >" OUT "/x")) //
     "," IN("0", "2",
            TEXT("echo {{ step.a.outputs.x }}; xargs -0 echo </proc/$$/cmdline "
                 "| grep -c hush || :")),
     "[start 1#1]\n[finish 1 passed 0]\n[start 2#1]\n********\n0\n"
     "[finish 2 passed 0]\n[done passed]\n"},
    {"an output is data: it is no expression",
     IN("0", "1",
        "'id':'a'," SHELL("echo \\\"{\\\"\\\"{ 1 + 1 }}\\\" >" //
                          OUT "/x"))                           //
     "," IN("0", "2",
            "'command':['echo',{'template':'{{ step.a.outputs.x }}'}]"),
     "[start 1#1]\n[finish 1 passed 0]\n[start 2#1]\n{{ 1 + 1 }}\n"
     "[finish 2 passed 0]\n[done passed]\n"},
    {"folders of steps",
     IN("0", "1",
        "'id':'a'," TEXT("echo {{ step.results }}; echo hi >{{ step.results "
                         "}}/f; stat -c %a {{ step.results }}")) //
     "," IN("0", "2",
            TEXT("cat {{ step.a.results }}/f; echo {{ step.results }}")),
     "[start 1#1]\nresults/a\n777\n[finish 1 passed 0]\n[start 2#1]\nhi\n"
     "results/2\n[finish 2 passed 0]\n[done passed]\n"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t p = 0; p < COUNT_OF(programs); p++)
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            struct scene scene;
            scene_open(&scene, programs[p]);
            assert_int_equal(mkdir("shared", 0777), 0);
            scene_run(&scene, rows[i].steps);
            CHECK_TEXT(rows[i].name, text_string(&scene.log), rows[i].want);
            scene_close(&scene);
        }
}

/* Containers one after the other, as a chain: the second knows what the first one's
 * last attempt left. */
static void test_later_container(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, programs[0]);
    assert_int_equal(mkdir("shared", 0777), 0);
    scene.chained = true;
    scene_plan(
        IN("0", "1",
           "'id':'a','retry':{'count':1}," SHELL(
               "echo . >>n; echo $(wc -l <n) >" OUT "/x; test -s m || echo "
               "once >" OUT "/y; echo >m; exit 1")) //
        "," IN("1", "2",
               "'condition':'step.a.outputs.x == \\\"2\\\"'," TEXT(
                   "echo {{ step.a.outputs.x }}[{{ step.a.outputs.y }}]")),
        2);
    assert_int_equal(scene_wait(&scene, scene_start(&scene, "0", NULL), NULL),
                     0);
    scene.chained = false;
    assert_int_equal(scene_wait(&scene, scene_start(&scene, "1", NULL), NULL),
                     1);
    CHECK_TEXT("second", text_string(&scene.log),
               "[start 2#1]\n2[]\n[finish 2 passed 0]\n[done failed]\n");
    scene_close(&scene);
}

/* A step that makes the folder a link to elsewhere: nothing there is touched. */
static void test_link_in_place(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, programs[0]);
    assert_int_equal(mkdir("shared", 0777), 0);
    assert_int_equal(mkdir("precious", 0777), 0);
    int code = scene_run(
        &scene, IN("0", "1",
                   "'id':'a'," SHELL("echo keep >precious/x; rmdir " OUT
                                     "; ln -s ../precious " OUT)) //
        "," IN("0", "2",
               TEXT("cat precious/x; echo [{{ step.a.outputs.x }}]; test -d " //
                    OUT " -a ! -h " OUT)));
    assert_int_equal(code, 0);
    CHECK_TEXT("link", text_string(&scene.log),
               "[start 1#1]\n[finish 1 passed 0]\n[start 2#1]\nkeep\n[]\n"
               "[finish 2 passed 0]\n[done passed]\n");
    scene_close(&scene);
}

/* 100 files are kept, and 1 MiB of all steps: 2 * 100 * 4 KiB do, 3 do not. */
static void test_limits(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, programs[1]);
    assert_int_equal(mkdir("shared", 0777), 0);
    static const char fill[] =
        "i=0; while [ $i -lt 100 ]; do head -c 4096 /dev/zero | tr \\\\\\\\0 x "
        ">" OUT "/f$i; i=$((i+1)); done";
    CLEANUP(text_free) struct text steps = {0};
    for (int i = 1; i <= 3; i++)
        text_append_format(
            &steps, "{'ref':'%d','id':'s%d','container':0,'shell':'%s%s'}%s", i,
            i, fill, i == 2 ? "; echo >" OUT "/more" : "", i < 3 ? "," : "");
    assert_int_equal(scene_run(&scene, text_string(&steps)), 0);
    const char *log = text_string(&scene.log);
    const char *second = strstr(log, "[start 2#1]\n");
    const char *third = strstr(log, "[start 3#1]\n");
    CHECK("first", strncmp(log, "[start 1#1]\n[finish 1 passed 0]\n", 32) == 0);
    CHECK("second", second && strstr(second, "(too many files)\n[finish 2"));
    CHECK("third", third && strstr(third, "(the run has too many)"));
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_later_container),
        cmocka_unit_test(test_link_in_place),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
