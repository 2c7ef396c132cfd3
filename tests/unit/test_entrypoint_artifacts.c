/*
 * Files that steps leave to be kept: which ones, under which names, with which bytes,
 * and what becomes of those that cannot be.
 */
#include <sys/stat.h>

#include "engine/entrypoint/artifacts.h"
#include "engine/entrypoint/limits.h"
#include "engine/entrypoint/volumes.h"
#include "tests/unit/entrypoint_fixture.h"

static const char *const programs[] = {
    BUILD_FOLDER "/engine/entrypoint/assay-entrypoint-checked",
    BUILD_FOLDER "/assay-entrypoint",
};

/* The steps of a scene: the first makes files, the second keeps some, the third shows
 * what there is in the state folder. */
#define KEEP(members) "{'ref':'2','container':0,'artifacts':{" members "}}"
#define MAKE(script)  "{'ref':'1','container':0,'shell':'" script "'},"
#define SHOW                                                                   \
    ",{'ref':'3','container':0,'condition':'always','shell':'cd artifacts "    \
    "2>/dev/null && "                                                          \
    "for f in *; do echo $f $(cat $f); done'}"

static const struct {
    const char *name, *steps, *want; /* [start 2#1] to [start 3#1] and on */
} rows[] = {
    {"patterns, and names relative to the working directory",
     MAKE("mkdir -p w/a/b; echo 1 >w/x.txt; echo 2 >w/a/y.txt; echo 3 "
          ">w/a/b/z.txt; echo 4 >w/a/b/z.log; echo 5 >up.txt") //
     KEEP("'workingDir':'w','paths':['x.*','a/**/*.txt','../up.txt','!**/y*']"),
     "[artifact 2 PLACE/up.txt 2-0 2]\n[artifact 2 a/b/z.txt 2-1 2]\n"
     "[artifact 2 x.txt 2-2 2]\n[finish 2 passed]\n2-0 5\n2-1 3\n2-2 1\n"},
    {"absolute, templates, several by one list",
     MAKE("mkdir a; echo 1 >a/b; echo 2 >a/c; echo 3 >a/d") //
     "{'ref':'2','container':0,'env':[{'name':'D','value':'a'}],'artifacts':{"
     "'paths':[{'template':'{{ list(\\\"a/b\\\", \\\"a/c\\\") }}'},{"
     "'template':'{{ workingDir }}/{{ env.D }}/d'}]}}",
     "[artifact 2 a/b 2-0 2]\n[artifact 2 a/c 2-1 2]\n[artifact 2 a/d 2-2 2]\n"
     "[finish 2 passed]\n2-0 1\n2-1 2\n2-2 3\n"},
    {"nothing matches: said, and passed",
     MAKE("echo 1 >a") KEEP("'paths':['*.xml','a','b/**']"),
     "assay: '*.xml' names no file of a volume\n"
     "assay: 'b/**' names no file of a volume\n[artifact 2 a 2-0 2]\n"
     "[finish 2 passed]\n2-0 1\n"},
    {"no link, no pipe, no folder, nothing outside of volumes",
     MAKE("mkdir real; echo 1 >real/f; ln -s /etc/passwd passwd; ln -s real/f "
          "inside; ln -s / root; ln -s real way; mkfifo pipe; mkdir dir") //
     KEEP("'paths':['passwd','inside','root/etc/*','way/f','pipe','dir',"
          "'/etc/passwd','/proc/self/environ','real/f']"),
     "assay: 'passwd' names no file of a volume\n"
     "assay: 'inside' names no file of a volume\n"
     "assay: 'root/etc/*' names no file of a volume\n"
     "assay: 'way/f' names no file of a volume\n"
     "assay: 'pipe' names no file of a volume\n"
     "assay: 'dir' names no file of a volume\n"
     "assay: '/etc/passwd' names no file of a volume\n"
     "assay: '/proc/self/environ' names no file of a volume\n"
     "[artifact 2 real/f 2-0 2]\n[finish 2 passed]\n2-0 1\n"},
    {"names that nobody may have",
     MAKE("mkdir d; echo 1 >d/$(printf \\\"a\\\\\\\\033b\\\"); echo 2 "
          ">d/$(printf "
          "\\\"\\\\\\\\377\\\"); echo 3 >\\\"d/c d\\\"") //
     KEEP("'paths':['d/*']"),
     "assay: 'DIR/d/a\\x1bb' cannot be kept: its name has control characters, "
     "or is not UTF-8\n[artifact 2 d/c d 2-0 2]\n"
     "assay: 'DIR/d/\\xff' cannot be kept: its name has control characters, or "
     "is not UTF-8\n[finish 2 failed (2 of 3 could not be kept)]\n2-0 3\n"},
    {"after a failure, when it says always; negative and retry",
     MAKE("echo 1 >a; exit 1") //
     "{'ref':'2','container':0,'condition':'always','negative':true,'retry':{"
     "'count':1},'artifacts':{'paths':['a']}}",
     "[artifact 2 a 2-0 2]\n[start 2#2]\n[artifact 2 a 2-1 2]\n"
     "[finish 2 failed (it was expected to fail)]\n2-0 1\n2-1 1\n"},
    {"a secret in a name is masked",
     MAKE("echo 1 >a-hush-hush-b") KEEP("'paths':['a*']"),
     "[artifact 2 a-********-b 2-0 2]\n[finish 2 passed]\n2-0 1\n"},
    {"an archive's name stays below", KEEP("'paths':['a'],'archive':'../a'"),
     "assay: artifacts.archive: expected a relative path without '..', found "
     "'../a'\n[finish 2 failed (artifacts.archive: expected a relative path "
     "without '..', found '../a')]\n"},
    {"a pattern that is none", KEEP("'paths':['!a']"),
     "assay: glob(): expected at least one pattern without '!'\n"
     "[finish 2 failed (1 of 1 could not be kept)]\n"},
};

static void replace_all(struct text *log, const char *from, const char *to)
{
    CLEANUP(text_free) struct text made = {0};
    const char *at = text_string(log);
    for (const char *found; (found = strstr(at, from));
         at = found + strlen(from)) {
        text_append(&made, at, (size_t)(found - at));
        text_append_string(&made, to);
    }
    text_append_string(&made, at);
    text_clear(log);
    text_append(log, text_string(&made), made.length);
}

/* What the second and third step said, with the folder's name in short. */
static const char *shown(struct scene *scene)
{
    replace_all(&scene->log, scene->folder, "DIR");
    replace_all(&scene->log, scene->folder + 1, "PLACE");
    replace_all(&scene->log, "[start 3#1]\n", "");
    char *end = strstr(scene->log.data, "[finish 3");
    const char *start = strstr(scene->log.data, "[start 2#1]\n");
    assert_true(start && end);
    *end = '\0';
    return start + strlen("[start 2#1]\n");
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t p = 0; p < COUNT_OF(programs); p++)
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            struct scene scene;
            CLEANUP(text_free) struct text steps = {0};
            scene_open(&scene, programs[p]);
            text_append_format(&steps, "%s%s", rows[i].steps, SHOW);
            scene_run(&scene, text_string(&steps));
            CHECK_TEXT(rows[i].name, shown(&scene), rows[i].want);
            scene_close(&scene);
        }
}

#define LONG_NAME                                                              \
    "0123456789012345678901234567890123456789012345678901234567890123456789" //

/* GNU tar reads it back: long and other names, modes, sizes around a block. */
static void test_archive(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, programs[0]);
    int code = scene_run(
        &scene,
        MAKE("mkdir -p r/" LONG_NAME "; cd r; echo hi >" LONG_NAME "/" LONG_NAME
             "; for n in 0 511 512 513; do head -c $n /dev/zero | tr "
             "\\\\\\\\0 x >f$n; done; echo ü >ü; chmod 755 f0; truncate -s "
             "3M hole; echo end >>hole") //
        "{'ref':'2','container':0,'artifacts':{'workingDir':'r','paths':['**'],"
        "'archive':'all/of it.tar.gz'}},{'ref':'3','container':0,'shell':'tar "
        "-tvf artifacts/2-0 | tr -s \\\" \\\" | sed \\\"s/ 2[0-9-]* "
        "[0-9]*:[0-9]* / /\\\"; mkdir "
        "o; tar "
        "-C o -xf artifacts/2-0; diff -r r o; stat -c %s artifacts/2-0'}");
    assert_int_equal(code, 0);
    CHECK_TEXT("archive", shown(&scene),
               "[artifact 2 all/of it.tar.gz 2-0 3155968 compress]\n"
               "[finish 2 passed]\n"
               "-rw-r--r-- 0/0 3 " LONG_NAME "/" LONG_NAME "\n"
               "-rwxr-xr-x 0/0 0 f0\n"
               "-rw-r--r-- 0/0 511 f511\n"
               "-rw-r--r-- 0/0 512 f512\n"
               "-rw-r--r-- 0/0 513 f513\n"
               "-rw-r--r-- 0/0 3145732 hole\n"
               "-rw-r--r-- 0/0 3 \\303\\274\n3155968\n");
    scene_close(&scene);
}

/* A file of many gigabytes in holes: kept as holes, up to the limit of all bytes. */
static void test_large(void **state)
{
    (void)state;
    struct scene scene;
    struct stat status;
    scene_open(&scene, programs[1]);
    assert_int_equal(scene_run(&scene, MAKE("truncate -s 10G a; echo x >b") //
                               KEEP("'paths':['a','b']")),
                     1);
    CHECK_TEXT("large", strstr(text_string(&scene.log), "\n[finish 2"),
               "\n[finish 2 failed (1 of 2 could not be kept)]\n"
               "[done failed]\n");
    assert_non_null(strstr(text_string(&scene.log), "more than 10 GiB in all"));
    assert_int_equal(stat("artifacts/2-0", &status), 0);
    assert_int_equal(status.st_size, ENTRYPOINT_ARTIFACT_BYTES);
    assert_true(status.st_blocks < 1000);
    scene_close(&scene);
}

static void test_many(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, programs[1]);
    assert_int_equal(scene_run(&scene,
                               MAKE("mkdir d; cd d; seq 10001 | xargs touch") //
                               KEEP("'paths':['d/*']")),
                     1);
    const char *end = strstr(text_string(&scene.log), "assay: ");
    assert_non_null(end);
    assert_non_null(strstr(end, "cannot be kept: more than 10000 files\n"
                                "[finish 2 failed (1 of 10001 could not be "
                                "kept)]\n"));
    assert_int_equal(access("artifacts/2-9999", F_OK), 0);
    assert_int_equal(access("artifacts/2-10000", F_OK), -1);
    scene_close(&scene);
}

/* A file and a folder of somebody else, and a disk that is full (as a limit of file
 * sizes, which gives what a full disk gives: no more bytes): named, and the rest kept. */
static void test_unreadable(void **state)
{
    (void)state;
    static const char *const wrapper[] = {"setpriv",
                                          "--reuid=12345",
                                          "--regid=12345",
                                          "--clear-groups",
                                          "--bounding-set=-all",
                                          "prlimit",
                                          "--fsize=100000",
                                          NULL};
    if (geteuid() != 0)
        skip();
    struct scene scene;
    scene_open(&scene, programs[1]);
    struct error error = {0};
    scene_lend(&scene);
    assert_int_equal(mkdir("d", 0755), 0);
    assert_int_equal(mkdir("d/closed", 0700), 0);
    assert_int_equal(file_write_atomic("d/a", "1", 1, 0600, &error), 0);
    assert_int_equal(file_write_atomic("d/b", "2", 1, 0644, &error), 0);
    assert_int_equal(chmod("d/b", 0644), 0);
    assert_int_equal(file_write_atomic("d/big", "", 0, 0644, &error), 0);
    assert_int_equal(chmod("d/big", 0644), 0);
    assert_int_equal(truncate("d/big", 200000), 0);
    scene_plan(KEEP("'paths':['d/**']"), 1);
    assert_int_equal(chmod("run.json", 0644), 0);
    int code = scene_wait(&scene, scene_start(&scene, "0", wrapper), NULL);
    assert_int_equal(code, 1);
    replace_all(&scene.log, scene.folder, "DIR");
    CHECK_TEXT("unreadable", text_string(&scene.log),
               "[start 2#1]\n"
               "assay: 'DIR/d/closed' cannot be kept: Permission denied\n"
               "assay: 'DIR/d/a' cannot be kept: Permission denied\n"
               "[artifact 2 d/b 2-0 1]\n"
               "assay: 'DIR/d/big' cannot be kept: File too large\n"
               "[finish 2 failed (3 of 4 could not be kept)]\n"
               "[done failed]\n");
    assert_int_equal(access("artifacts/2-1", F_OK), -1);
    scene_close(&scene);
}

static void test_volumes(void **state)
{
    (void)state;
    static const char mounts[] =
        "1 0 0:1 / / rw - overlay overlay rw\n"
        "2 1 0:2 / /proc rw - proc proc rw\n"
        "3 1 0:3 / /dev rw - tmpfs tmpfs rw\n"
        "4 1 0:4 / /my\\040vol rw shared:1 - ext4 /dev/sda rw\n"
        "5 1 0:5 / /a/b rw - tmpfs tmpfs rw\n"
        "6 1 0:6 / /.assay/state rw - tmpfs tmpfs rw\n"
        "7 1 0:7 / /var/run/secrets/kubernetes.io/serviceaccount ro - t t r\n"
        "8 1 0:8 / /etc/hosts rw - ext4 x rw\nrubbish\n9 1 0:9 /";
    static const struct {
        const char *path;
        bool holds, leads;
    } paths[] = {
        {"/", false, true},
        {"/data/x", true, true},
        {"/database", false, false},
        {"/tmp", true, true},
        {"/my vol/x", true, true},
        {"/a", false, true},
        {"/a/b/c", true, true},
        {"/a/bc", false, false},
        {"/etc/hosts", false, false},
        {"/etc/passwd", false, false},
        {"/proc/1/environ", false, false},
        {"/dev/shm/x", false, false},
        {"/.assay/state/journal", false, false},
        {"/var/run/secrets/kubernetes.io/serviceaccount/token", false, false},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct volumes volumes = volumes_make(arena, mounts);
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        CHECK(paths[i].path,
              volumes_hold(&volumes, paths[i].path) == paths[i].holds);
        CHECK(paths[i].path,
              volumes_lead(&volumes, paths[i].path) == paths[i].leads);
    }
    const struct volumes unknown = volumes_make(arena, NULL);
    assert_true(volumes_hold(&unknown, "/testkube/x"));
    assert_false(volumes_hold(&unknown, "/my vol/x"));
}

static void test_names(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "a/b.txt", "...", "a..b/..c", "ü"};
    static const char *const bad[] = {
        "",     "/a",    "a/",   "a//b", ".",        "..",  "a/..",
        "../a", "a/./b", "a\nb", "\x7F", "\xC2\x85", "\xFF"};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        CHECK(good[i], artifacts_name_is_safe(good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK(bad[i], !artifacts_name_is_safe(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),       cmocka_unit_test(test_archive),
        cmocka_unit_test(test_large),      cmocka_unit_test(test_many),
        cmocka_unit_test(test_unreadable), cmocka_unit_test(test_volumes),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
