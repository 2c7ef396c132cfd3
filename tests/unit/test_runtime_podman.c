/*
 * The command lines of podman and docker, whole, against lists written down here;
 * which names are images; what an engine answers about one.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/runtime/limits.h"
#include "engine/runtime/podman.h"
#include "engine/runtime/podman_engine.h"
#include "engine/runtime/podman_image.h"
#include "runtime_fixture.h"

const unsigned char *plan_entrypoint(size_t *length)
{
    *length = 3;
    return (const unsigned char *)"ELF";
}

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct {
    const char *image, *want;
} images[] = {
    {"busybox", "docker.io/library/busybox"},
    {"busybox:1.36", "docker.io/library/busybox:1.36"},
    {"bitnami/kubectl:1", "docker.io/bitnami/kubectl:1"},
    {"ghcr.io/a/b_c/d-e.f:v1", "ghcr.io/a/b_c/d-e.f:v1"},
    {"localhost/own", "localhost/own"},
    {"localhost:5000/own:1", "localhost:5000/own:1"},
    {"127.0.0.1:5000/a@sha256:" HEX64, "127.0.0.1:5000/a@sha256:" HEX64},
    {"a:1@sha256:" HEX64, "docker.io/library/a:1@sha256:" HEX64},
    /* What podman would take for something else than a name. */
    {"oci:a", "docker.io/library/oci:a"},
    {"", NULL},
    {"dir:/etc", NULL},
    {"docker://a/b", NULL},
    {"docker-archive:/x.tar", NULL},
    {"containers-storage:a:b", NULL},
    {"docker-daemon:a:b", NULL},
    {"--privileged", NULL},
    {"/etc/passwd", NULL},
    {"../a", NULL},
    {"a/../b", NULL},
    {"a//b", NULL},
    {"a/", NULL},
    {"A/b", NULL},
    {"a b", NULL},
    {"a:", NULL},
    {"a:-x", NULL},
    {"a\nb", NULL},
    {"a@sha256:00", NULL},
    {"a@sha256:" HEX64 "0", NULL},
    {"a@md5:" HEX64, NULL},
    {"host.example:/a", NULL},
    {"host.example:80x/a", NULL},
};

static void only_names_are_images(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(images); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const char *name = podman_image_name(arena, images[i].image);
        CHECK_TEXT(images[i].image, name ? name : "none",
                   images[i].want ? images[i].want : "none");
    }
    CLEANUP(arena_free) struct arena *arena = arena_new();
    char *longest = arena_allocate(arena, PODMAN_REFERENCE_LIMIT + 2);
    memset(longest, 'a', PODMAN_REFERENCE_LIMIT);
    assert_non_null(podman_image_name(arena, longest));
    longest[PODMAN_REFERENCE_LIMIT] = 'a';
    assert_null(podman_image_name(arena, longest));
}

#define FIRST                                                                  \
    "podman --log-level=error run --rm --quiet --no-healthcheck "              \
    "--log-driver=passthrough --http-proxy=false "                             \
    "--name=assay-0123456789abcdef-0 "                                         \
    "--label=assay.dev/run=0123456789abcdef "
#define FIRST_OF_DOCKER                                                        \
    "docker run --rm --no-healthcheck --log-driver=none "                      \
    "--name=assay-0123456789abcdef-0 "                                         \
    "--label=assay.dev/run=0123456789abcdef "
#define LOG          "--volume=/f/termination-0:/dev/termination-log:z "
#define POD(members) "{'containers':[{'name':'a','image':'i'" members "}]}"
#define SECURITY(members)                                                      \
    POD(",'command':['c'],'securityContext':{" members "}")
#define SET_UP                                                                 \
    FIRST "--pull=missing --network=host --pidfile=/f/pid-0 --hostname=assay "
#define LAST LOG "--entrypoint=c docker.io/library/i"

/* `want` begins with "error: ", or is the command line and what follows it:
 * " | NAME=VALUE" of the client's environment, " > " and the file's content. */
static const struct {
    const char *name;
    bool docker, network_none;
    enum runtime_pull pull;
    const char *pod, *want;
} commands[] = {
    {"the least", false, false, 0, POD(",'command':['c','-x'],'args':['y z']"),
     SET_UP LOG "--entrypoint=c docker.io/library/i -x y z"},
    {"the least, of docker", true, false, 0, POD(",'command':['c']"),
     FIRST_OF_DOCKER "--pull=missing --network=host --hostname=assay " LAST},
    {"the image's own command", false, false, 0, POD(",'args':['--y']"),
     SET_UP LOG "docker.io/library/i --y"},
    {"no network, and a pull that was asked for", false, true, PULL_NEVER,
     POD(",'command':['c'],'imagePullPolicy':'Always'"),
     FIRST "--pull=never --network=none --pidfile=/f/pid-0 "
           "--hostname=assay " LAST},
    {"a pull policy", false, false, 0,
     POD(",'command':['c'],'imagePullPolicy':'Always'"),
     FIRST "--pull=always --network=host --pidfile=/f/pid-0 "
           "--hostname=assay " LAST},
    {"a working folder", false, false, 0,
     POD(",'command':['c'],'workingDir':'/w'"),
     SET_UP LOG "--workdir=/w --entrypoint=c docker.io/library/i"},

    {"variables are no arguments", false, false, 0,
     POD(",'command':['c'],'env':[{'name':'ASSAY_TOKEN','value':'t'},"
         "{'name':'LD_PRELOAD','value':'/x.so'},{'name':'A.b-c','value':' = "
         "#'}]"),
     SET_UP LOG
     "--env=ASSAY_TOKEN --env-file=/f/environment-0 --entrypoint=c "
     "docker.io/library/i | ASSAY_TOKEN=t > LD_PRELOAD=/x.so\nA.b-c= = #\n"},
    {"several lines only in our own", false, false, 0,
     POD(",'command':['c'],'env':[{'name':'ASSAY_SECRET_0','value':'a\\nb'}]"),
     SET_UP LOG "--env=ASSAY_SECRET_0 --entrypoint=c docker.io/library/i | "
                "ASSAY_SECRET_0=a\nb"},
    {"several lines", false, false, 0,
     POD(",'command':['c'],'env':[{'name':'A','value':'a\\nb'}]"),
     "error: container 'a': the variable 'A' has several lines, which a "
     "container engine does not take from a file; give it to the step's own "
     "'env', or as a file"},
    {"a name that means others", false, false, 0,
     POD(",'command':['c'],'env':[{'name':'A*','value':'a'}]"),
     "error: container 'a': a container engine takes no variable with the name "
     "'A*'"},

    {"mounts", false, false, 0,
     "{'containers':[{'name':'a','image':'i','command':['c'],'volumeMounts':["
     "{'name':'e','mountPath':'/data'},{'name':'e','mountPath':'/s',"
     "'subPath':'x','readOnly':true},{'name':'m','mountPath':'/m'}]}],"
     "'volumes':[{'name':'e','emptyDir':{}},"
     "{'name':'m','configMap':{'name':'run'}}]}",
     SET_UP "--volume=/f/volumes/0:/data:z --volume=/f/volumes/1:/m:ro,z "
            "--volume=/f/volumes/0/x:/s:ro,z " LAST},
    {"a path with a colon", false, false, 0,
     "{'containers':[{'name':'a','image':'i','command':['c'],'volumeMounts':["
     "{'name':'e','mountPath':'/d:ro'}]}],"
     "'volumes':[{'name':'e','emptyDir':{}}]}",
     "error: container 'a': '/f/volumes/0' cannot be mounted at '/d:ro': a "
     "container engine takes no path with a ':'"},

    {"security", false, false, 0,
     SECURITY("'runAsUser':1,'runAsGroup':2,'readOnlyRootFilesystem':true,"
              "'allowPrivilegeEscalation':false,'capabilities':{'drop':['ALL'],"
              "'add':['NET_ADMIN']},'seccompProfile':{'type':'Unconfined'}"),
     SET_UP "--security-opt=no-new-privileges --read-only "
            "--read-only-tmpfs=false --user=1:2 --cap-drop=ALL "
            "--cap-add=NET_ADMIN --security-opt=seccomp=unconfined " LAST},
    {"security, of docker", true, false, 0,
     SECURITY("'runAsUser':1,'readOnlyRootFilesystem':true,'privileged':true,"
              "'allowPrivilegeEscalation':true,"
              "'seccompProfile':{'type':'RuntimeDefault'}"),
     FIRST_OF_DOCKER "--pull=missing --network=host --hostname=assay "
                     "--privileged --read-only --user=1 " LAST},
    {"a capability that is none", false, false, 0,
     SECURITY("'capabilities':{'add':['X --privileged']}"),
     "error: container 'a': 'X --privileged' cannot be given to --cap-add"},
    {"root by number", false, false, 0,
     SECURITY("'runAsUser':0,'runAsNonRoot':true"),
     "error: container 'a': it has runAsNonRoot, and its runAsUser is 0"},
    {"a profile of a node", false, false, 0,
     SECURITY("'seccompProfile':{'type':'Localhost'}"),
     "error: container 'a': the seccompProfile 'Localhost' is a file of a "
     "cluster's node, which this machine does not have"},

    {"the pod", false, false, 0,
     "{'hostname':'h','hostAliases':[{'ip':'::1','hostnames':['x.y','z']}],"
     "'dnsConfig':{'nameservers':['1.2.3.4'],'searches':['a.b'],'options':["
     "{'name':'ndots','value':'2'},{'name':'rotate'}]},"
     "'securityContext':{'fsGroup':7,'supplementalGroups':[8],'runAsUser':9},"
     "'containers':[{'name':'a','image':'i','command':['c']}]}",
     FIRST "--pull=missing --network=host --pidfile=/f/pid-0 --hostname=h "
           "--add-host=x.y:::1 --add-host=z:::1 --dns=1.2.3.4 "
           "--dns-search=a.b --dns-option=ndots:2 --dns-option=rotate "
           "--user=9 --group-add=7 --group-add=8 " LAST},
    {"limits", false, false, 0,
     POD(",'command':['c'],'resources':{'limits':{'memory':'64Mi','cpu':"
         "'1500m'},'requests':{'cpu':4}}"),
     SET_UP "--memory=67108864b --cpus=1.500 " LAST},
    {"a limit that is none", false, false, 0,
     POD(",'command':['c'],'resources':{'limits':{'memory':'much'}}"),
     "error: container 'a': its limit of 'memory' is not a quantity such as "
     "'500m' or '128Mi'"},
    {"an image that is none", false, false, 0,
     "{'containers':[{'name':'a','image':'dir:/etc','command':['c']}]}",
     "error: container 'a': 'dir:/etc' is not the name of an image"},
};

static void print_command(struct text *text,
                          const struct podman_command *command)
{
    for (size_t i = 0; command->arguments[i]; i++)
        text_append_format(text, "%s%s", i > 0 ? " " : "",
                           command->arguments[i]);
    for (size_t i = 0; i < command->variable_count; i++)
        text_append_format(text, " | %s=%s", command->variables[i].name,
                           command->variables[i].value);
    if (command->file)
        text_append_format(text, " > %s", command->content);
}

static struct podman_command *make_command(struct arena *arena, size_t row,
                                           struct error *error)
{
    struct engine *engine = arena_allocate(arena, sizeof *engine);
    struct run_folder *folder = arena_allocate(arena, sizeof *folder);
    struct plan plan = make_plan(arena, commands[row].pod, "{}");
    *engine = (struct engine){
        .name = commands[row].docker ? "docker" : "podman",
        .docker = commands[row].docker,
        .memory_limits = true,
        .processor_limits = true,
    };
    folder->path = "/f";
    folder->volumes = "/f/volumes";
    struct podman_setup setup = {
        .engine = engine,
        .pod = pod_decode(arena, &plan, error),
        .folder = folder,
        .run_id = plan.run_id,
        .network_none = commands[row].network_none,
        .pull = commands[row].pull,
    };
    assert_non_null(setup.pod);
    return podman_command_make(arena, &setup, 0, error);
}

static void commands_are_these_and_no_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text text = {0};
        struct error error = {0};
        const struct podman_command *command = make_command(arena, i, &error);
        if (command)
            print_command(&text, command);
        else
            text_append_format(&text, "error: %s", error.text);
        CHECK_TEXT(commands[i].name, text_string(&text), commands[i].want);
        CHECK(commands[i].name, command || error.kind == ERROR_SYSTEM);
    }
}

static void a_variable_has_a_limit(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct engine engine = {.name = "podman"};
        struct run_folder folder = {.path = "/f", .volumes = "/f/volumes"};
        struct plan plan = make_plan(arena, POD(",'command':['c']"), "{}");
        struct pod *pod = pod_decode(arena, &plan, &error);
        char *value = arena_allocate(arena, PODMAN_LINE_LIMIT + 1);
        memset(value, 'x', PODMAN_LINE_LIMIT - 3 + more);
        struct pod_variable variable = {"A", value};
        pod->containers[0].variables = &variable;
        pod->containers[0].variable_count = 1;
        struct podman_setup setup = {
            .engine = &engine, .pod = pod, .folder = &folder, .run_id = "1"};
        const struct podman_command *command =
            podman_command_make(arena, &setup, 0, &error);
        assert_int_equal(command != NULL, more == 0);
    }
}

static void containers_are_removed_by_name(void **state)
{
    (void)state;
    for (size_t docker = 0; docker < 2; docker++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text text = {0};
        struct engine engine = {.name = docker ? "docker" : "podman",
                                .docker = docker == 1};
        const char **words = podman_removal_make(arena, &engine, "r", 1, 2);
        for (; *words; words++)
            text_append_format(&text, "%s ", *words);
        assert_string_equal(
            text_string(&text),
            docker ? "docker rm --force --volumes assay-r-1 assay-r-2 "
                   : "podman rm --force --ignore --volumes --time=0 assay-r-1 "
                     "assay-r-2 ");
    }
}

static void a_folder_of_other_users_needs_the_engine(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text text = {0};
    struct engine engine = {.name = "podman"};
    assert_null(podman_folder_removal_make(arena, &engine, "/f"));
    engine.rootless = true;
    const char **words = podman_folder_removal_make(arena, &engine, "/f");
    for (; *words; words++)
        text_append_format(&text, "%s ", *words);
    assert_string_equal(text_string(&text), "podman unshare rm -rf -- /f ");
}

static const struct {
    const char *text;
    int64_t want; /* -1: none */
} quantities[] = {
    {"'1'", 1000},
    {"2", 2000},
    {"'500m'", 500},
    {"0.25", 250},
    {"'64Mi'", 67108864000},
    {"'1Gi'", 1073741824000},
    {"'1k'", 1000000},
    {"'1e3'", 1000000},
    {"'1E'", -1},
    {"'5000000n'", 5},
    {"'-1'", -1},
    {"''", -1},
    {"'Mi'", -1},
    {"'1Mb'", -1},
    {"'1 Mi'", -1},
    {"[1]", -1},
    {"'0'", 0},
    {"'9Ei'", -1},
};

static void quantities_are_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(quantities); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        int64_t got = -1;
        if (!podman_quantity(make_value(arena, quantities[i].text), &got))
            got = -1;
        CHECK(quantities[i].text, got == quantities[i].want);
    }
}

static const struct {
    const char *reference, *answer, *want; /* NULL: no image */
} answers[] = {
    {"r/a@sha256:aa",
     "[{'Id':'11','Digest':'sha256:aa','Architecture':'amd64'}]",
     "sha256:11 sha256:aa amd64 verified root"},
    {"r/a:1@sha256:bb",
     "[{'Id':'sha256:11','Digest':'sha256:aa',"
     "'RepoDigests':['r/a@sha256:cc','r/a@sha256:bb']}]",
     "sha256:11 sha256:bb  verified root"},
    {"r/a@sha256:dd",
     "[{'Id':'11','Digest':'sha256:aa','RepoDigests':['r/a@sha256:bb']}]",
     "sha256:11 sha256:aa  mismatch root"},
    {"r/a:1", "[{'Id':'11','RepoDigests':null}]",
     "sha256:11   unverified root"},
    {"r/a", "[{'Id':'11','Config':{'User':'0:5'}}]",
     "sha256:11   unverified root"},
    {"r/a", "[{'Id':'11','Config':{'User':'root'}}]",
     "sha256:11   unverified root"},
    {"r/a", "[{'Id':'11','Config':{'User':'10:0'}}]", "sha256:11   unverified"},
    {"r/a", "[{'Id':'11','Config':{'User':'rooty'}}]",
     "sha256:11   unverified"},
    {"r/a", "[]", NULL},
    {"r/a", "", NULL},
    {"r/a", "[{'Id':1}]", NULL},
    {"r/a", "[{'Id':'1'},{'Id':'2'}]", NULL},
};

static void answers_are_compared_with_what_was_asked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct podman_image image;
        char *text = arena_string(arena, answers[i].answer);
        for (char *c = text; *c != '\0'; c++)
            if (*c == '\'')
                *c = '"';
        const char *got = NULL;
        if (podman_image_decode(arena, text, strlen(text), answers[i].reference,
                                &image))
            got =
                arena_format(arena, "%s %s %s %s%s", image.id, image.digest,
                             image.architecture, image_check_name(image.check),
                             image.root ? " root" : "");
        CHECK_TEXT(answers[i].answer, got ? got : "none",
                   answers[i].want ? answers[i].want : "none");
    }
}

/* Engines in a folder of their own, found by $PATH. */
static void engines_are_found_by_name(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    char folder[] = "/tmp/assay-engine-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct error error = {0};
    const char *docker = arena_format(arena, "%s/docker", folder);
    const char *other = arena_format(arena, "%s/podman-remote", folder);
    assert_int_equal(file_write_atomic(docker, "", 0, 0755, &error), 0);
    assert_int_equal(file_write_atomic(other, "", 0, 0755, &error), 0);
    const char *path = arena_string(arena, getenv("PATH"));
    setenv("PATH", folder, 1);
    const struct engine *engine = engine_find(arena, "docker", &error);
    assert_non_null(engine);
    assert_true(engine->docker);
    assert_string_equal(engine->program, docker);
    engine = engine_find(arena, other, &error);
    assert_non_null(engine);
    assert_false(engine->docker);
    assert_string_equal(engine->name, "podman");
    assert_null(engine_find(arena, "no-such-engine", &error));
    assert_non_null(strstr(error.text, "there is no container engine"));
    error = (struct error){0};
    assert_null(engine_find(arena, "./docker", &error));
    setenv("PATH", path, 1);

    error = (struct error){0};
    assert_int_equal(folder_remove(folder, &error), 0);
}

static void what_cannot_be_had_is_noted(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct plan plan = make_plan(
        arena,
        POD(",'command':['c'],'resources':{'limits':{'memory':'1','cpu':'1'}},"
            "'securityContext':{'privileged':true,'runAsGroup':3}"),
        "{}");
    struct pod *pod = pod_decode(arena, &plan, &error);
    struct engine engine = {.name = "podman"};
    const char **notes = podman_notes(arena, &engine, pod);
    static const char *const want[] = {
        "container 'a': podman may not limit memory on this machine for this "
        "user",
        "container 'a': podman may not limit processors on this machine for "
        "this user",
        "container 'a' is privileged: its steps have all rights of podman's "
        "user on this machine",
        "container 'a': 'runAsGroup' has no effect without 'runAsUser'",
    };
    for (size_t i = 0; i < COUNT_OF(want); i++)
        assert_string_equal(notes[i], want[i]);
    assert_null(notes[COUNT_OF(want)]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_names_are_images),
        cmocka_unit_test(commands_are_these_and_no_others),
        cmocka_unit_test(a_variable_has_a_limit),
        cmocka_unit_test(containers_are_removed_by_name),
        cmocka_unit_test(a_folder_of_other_users_needs_the_engine),
        cmocka_unit_test(quantities_are_numbers),
        cmocka_unit_test(answers_are_compared_with_what_was_asked_for),
        cmocka_unit_test(engines_are_found_by_name),
        cmocka_unit_test(what_cannot_be_had_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
