/*
 * Pods as JSON (' stands for ") and what is made of them, written down:
 *
 *     volume NAME empty | volume NAME PATH=BYTES:MODE ...
 *     container NAME [ARGUMENT] ... in FOLDER as USER:GROUP
 *       NAME=VALUE
 *       PATH <- VOLUME/SUBPATH (ro)
 *
 * or the error.
 */
#include "engine/runtime/limits.h"
#include "engine/runtime/podspec.h"
#include "engine/runtime/variables.h"
#include "runtime_fixture.h"

/* The bytes that stand for the entrypoint program here. */
const unsigned char *plan_entrypoint(size_t *length)
{
    *length = 3;
    return (const unsigned char *)"ELF";
}

static void print_volume(struct text *text, const struct pod_volume *volume)
{
    text_append_format(text, "volume %s%s", volume->name,
                       volume->empty ? " empty" : "");
    for (size_t i = 0; i < volume->file_count; i++) {
        text_append_format(text, " %s=", volume->files[i].path);
        text_append_escaped(text, volume->files[i].bytes,
                            volume->files[i].length, false);
        text_append_format(text, ":%04o", (unsigned)volume->files[i].mode);
    }
    text_append_string(text, "\n");
}

static void print_container(struct text *text,
                            const struct pod_container *container)
{
    text_append_format(text, "container %s", container->name);
    for (size_t i = 0; i < container->argument_count; i++)
        text_append_format(text, " [%s]", container->arguments[i]);
    if (container->folder)
        text_append_format(text, " in %s", container->folder);
    if (container->user >= 0 || container->group >= 0)
        text_append_format(text, " as %d:%d", (int)container->user,
                           (int)container->group);
    if (strcmp(container->termination, "/dev/termination-log") != 0)
        text_append_format(text, " says %s", container->termination);
    text_append_string(text, "\n");
    for (size_t i = 0; i < container->variable_count; i++)
        text_append_format(text, "  %s=%s\n", container->variables[i].name,
                           container->variables[i].value);
    for (size_t i = 0; i < container->mount_count; i++) {
        const struct pod_mount *mount = &container->mounts[i];
        text_append_format(text, "  %s <- %s%s%s%s\n", mount->path,
                           mount->volume->name, mount->sub_path ? "/" : "",
                           mount->sub_path ? mount->sub_path : "",
                           mount->read_only ? " (ro)" : "");
    }
}

static void print_pod(struct text *text, const struct pod *pod)
{
    for (size_t i = 0; i < pod->volume_count; i++)
        print_volume(text, &pod->volumes[i]);
    for (size_t i = 0; i < pod->container_count; i++) {
        if (i < pod->initial_count)
            text_append_string(text, "initial ");
        print_container(text, &pod->containers[i]);
    }
}

#define ONE(more) "{'containers':[{'name':'a','command':['x']" more "}]}"
#define VOLUME(volume)                                                         \
    "{'containers':[{'name':'a','command':['x']}],'volumes':[" volume "]}"
#define MOUNT(mount)                                                           \
    "{'containers':[{'name':'a','command':['x'],'volumeMounts':[" mount        \
    "]}],'volumes':[{'name':'e','emptyDir':{}}]}"

static const struct {
    const char *name, *pod, *want;
} rows[] = {
    {"the least", ONE(""), "container a [x]\n"},
    {"command and args", ONE(",'args':['-c','y z']"),
     "container a [x] [-c] [y z]\n"},
    {"a folder and a place for the message",
     ONE(",'workingDir':'/data','terminationMessagePath':'/x/y'"),
     "container a [x] in /data says /x/y\n"},
    {"initContainers come first",
     "{'containers':[{'name':'b','command':['y']}],"
     "'initContainers':[{'name':'a','command':['x']}]}",
     "initial container a [x]\ncontainer b [y]\n"},
    {"the pod's user, and the container's own group",
     "{'securityContext':{'runAsUser':5,'runAsGroup':6},'containers':[{'name':"
     "'a','command':['x'],'securityContext':{'runAsGroup':7}}]}",
     "container a [x] as 5:7\n"},

    {"variables", ONE(",'env':[{'name':'A','value':'1'},{'name':'B'}]"),
     "container a [x]\n  A=1\n  B=\n"},
    {"the last of a name wins",
     ONE(",'env':[{'name':'A','value':'1'},{'name':'A','value':'2'}]"),
     "container a [x]\n  A=2\n"},
    {"references to earlier variables",
     ONE(",'env':[{'name':'A','value':'1'},{'name':'B','value':'$(A)$(C)$$(A)$ "
         "$(A'},{'name':'C','value':'3'}],'args':['$(C)-$(B)']"),
     "container a [x] [3-1$(C)$(A)$ $(A]\n  A=1\n  B=1$(C)$(A)$ $(A\n  C=3\n"},
    {"a secret is data: not expanded",
     ONE(",'env':[{'name':'P','valueFrom':{'secretKeyRef':{'name':'run','key':"
         "'password'}}}]"),
     "container a [x]\n  P=hush\n"},
    {"stringData of a secret",
     ONE(",'env':[{'name':'T','valueFrom':{'secretKeyRef':{'name':'run','key':"
         "'token'}}}]"),
     "container a [x]\n  T=" TEST_TOKEN "\n"},
    {"a key of the ConfigMap",
     ONE(",'env':[{'name':'T','valueFrom':{'configMapKeyRef':{'name':'run',"
         "'key':'b'}}}]"),
     "container a [x]\n  T=two\n"},
    {"envFrom with a prefix, and env over it",
     ONE(",'envFrom':[{'prefix':'X_','configMapRef':{'name':'run'}}],"
         "'env':[{'name':'X_b','value':'own'}]"),
     "container a [x]\n  X_a=\x01\x02\x03\n  X_b=own\n  X_run.json={}\n"},
    {"an optional object that is missing",
     ONE(",'env':[{'name':'A','valueFrom':{'secretKeyRef':{'name':'other',"
         "'key':'k','optional':true}}}],'envFrom':[{'secretRef':{'name':"
         "'other','optional':true}}]"),
     "container a [x]\n"},
    {"an optional key that is missing",
     ONE(",'env':[{'name':'A','valueFrom':{'secretKeyRef':{'name':'run','key':"
         "'k','optional':true}}}]"),
     "container a [x]\n"},
    {"a Secret of the cluster",
     ONE(",'env':[{'name':'A','valueFrom':{'secretKeyRef':{'name':'other',"
         "'key':'k'}}}]"),
     "error: container 'a': variable 'A': it needs the Secret 'other' of a "
     "cluster, which this machine does not have"},
    {"a key that is missing",
     ONE(",'env':[{'name':'A','valueFrom':{'configMapKeyRef':{'name':'run',"
         "'key':'k'}}}]"),
     "error: container 'a': variable 'A': the ConfigMap 'run' has no key 'k'"},
    {"a value with a NUL byte",
     ONE(",'env':[{'name':'A','valueFrom':{'secretKeyRef':{'name':'run','key':"
         "'binary'}}}]"),
     "error: container 'a': variable 'A': the key 'binary' of the Secret 'run' "
     "holds a NUL byte"},
    {"all values of an object, one with a NUL byte",
     ONE(",'envFrom':[{'secretRef':{'name':'run'}}]"),
     "error: container 'a': envFrom: the key 'binary' of the Secret 'run' "
     "holds "
     "a NUL byte"},
    {"fields of the pod",
     ONE(",'env':[{'name':'A','valueFrom':{'fieldRef':{'fieldPath':"
         "'status.podIP'}}},{'name':'B','valueFrom':{'fieldRef':{'fieldPath':"
         "'metadata.uid'}}},{'name':'C','valueFrom':{'fieldRef':{'fieldPath':"
         "'metadata.name'}}},{'name':'D','valueFrom':{'fieldRef':{'fieldPath':"
         "'metadata.namespace'}}},{'name':'E','valueFrom':{'fieldRef':{"
         "'fieldPath':'metadata.labels[\\u0027app\\u0027]'}}},{'name':'F','"
         "valueFrom':"
         "{'fieldRef':{'fieldPath':'metadata.annotations[\\u0027no\\u0027]'}}}"
         "]"),
     "container a [x]\n  A=127.0.0.1\n  B=0123456789abcdef\n  C=job-1\n"
     "  D=default\n  E=shop\n  F=\n"},
    {"a field that only a cluster knows",
     ONE(",'env':[{'name':'A','valueFrom':{'fieldRef':{'fieldPath':"
         "'status.phase'}}}]"),
     "error: container 'a': variable 'A' comes from 'status.phase', which this "
     "machine does not have; it has secretKeyRef, configMapKeyRef and some "
     "fields of the pod"},
    {"resources of the container",
     ONE(",'env':[{'name':'A','valueFrom':{'resourceFieldRef':{'resource':"
         "'limits.cpu'}}}]"),
     "error: container 'a': variable 'A' comes from 'resourceFieldRef', which "
     "this machine does not have; it has secretKeyRef, configMapKeyRef and "
     "some fields of the pod"},
    {"a name that no environment holds",
     ONE(",'env':[{'name':'A=B','value':'1'}]"),
     "error: container 'a': a variable has the name 'A=B', which no "
     "environment "
     "can hold"},

    {"an emptyDir", VOLUME("{'name':'e','emptyDir':{'medium':'Memory'}}"),
     "volume e empty\ncontainer a [x]\n"},
    {"all keys of a ConfigMap, binary ones too",
     VOLUME("{'name':'c','configMap':{'name':'run'}}"),
     "volume c a=\\x01\\x02\\x03:0644 b=two:0644 run.json={}:0644\n"
     "container a [x]\n"},
    {"items with paths and modes",
     VOLUME("{'name':'c','configMap':{'name':'run','defaultMode':256,'items':[{"
            "'key':'b','path':'d/f'},{'key':'run.json','path':'g','mode':365}]}"
            "}"),
     "volume c d/f=two:0400 g={}:0555\ncontainer a [x]\n"},
    {"a secret",
     VOLUME("{'name':'s','secret':{'secretName':'run','items':[{'key':"
            "'password','path':'p'}]}}"),
     "volume s p=hush:0644\ncontainer a [x]\n"},
    {"the entrypoint's program",
     VOLUME("{'name':'p','configMap':{'name':'assay-entrypoint-1234',"
            "'defaultMode':365}}"),
     "volume p entrypoint=ELF:0555\ncontainer a [x]\n"},
    {"an optional object",
     VOLUME("{'name':'c','configMap':{'name':'other',"
            "'optional':true}}"),
     "volume c\ncontainer a [x]\n"},
    {"a ConfigMap of the cluster",
     VOLUME("{'name':'c','configMap':{'name':'other'}}"),
     "error: volume 'c' needs the ConfigMap 'other' of a cluster, which this "
     "machine does not have"},
    {"an item that is missing",
     VOLUME("{'name':'c','secret':{'secretName':'run','items':[{'key':'k',"
            "'path':'p'}]}}"),
     "error: volume 'c': the Secret 'run' has no key 'k'"},
    {"a path that leaves its volume",
     VOLUME("{'name':'c','configMap':{'name':'run','items':[{'key':'b','path':"
            "'d/../../f'}]}}"),
     "error: volume 'c': 'd/../../f' is not a path inside a volume"},
    {"an absolute path in a volume",
     VOLUME("{'name':'c','configMap':{'name':'run','items':[{'key':'b','path':"
            "'/f'}]}}"),
     "error: volume 'c': '/f' is not a path inside a volume"},
    {"a mode too large",
     VOLUME("{'name':'c','configMap':{'name':'run','defaultMode':1024}}"),
     "error: volume 'c': the mode of 'a' is not between 0 and 0777"},
    {"a kind of a node", VOLUME("{'name':'h','hostPath':{'path':'/'}}"),
     "error: volume 'h' is of the kind 'hostPath', which this machine does not "
     "have; it has emptyDir, configMap and secret"},

    {"mounts in the order of their paths",
     MOUNT("{'name':'e','mountPath':'/d/e/','subPath':'s/t'},{'name':'e',"
           "'mountPath':'/d','readOnly':true}"),
     "volume e empty\ncontainer a [x]\n  /d <- e (ro)\n  /d/e <- e/s/t\n"},
    {"a volume that is not there", MOUNT("{'name':'f','mountPath':'/d'}"),
     "error: container 'a': there is no volume 'f'"},
    {"over the root", MOUNT("{'name':'e','mountPath':'/'}"),
     "error: container 'a': volume 'e' cannot be mounted at '/': not an "
     "absolute path without '.' and '..'"},
    {"a mount that goes up", MOUNT("{'name':'e','mountPath':'/a/../b'}"),
     "error: container 'a': volume 'e' cannot be mounted at '/a/../b': not an "
     "absolute path without '.' and '..'"},
    {"a subPath that goes up",
     MOUNT("{'name':'e','mountPath':'/a','subPath':'../b'}"),
     "error: container 'a': volume 'e': '../b' is not a path inside a volume"},
    {"two at a place",
     MOUNT("{'name':'e','mountPath':'/a'},{'name':'e','mountPath':'/a'}"),
     "error: container 'a': two volumes at '/a'"},

    {"no command", "{'containers':[{'name':'a','args':['x']}]}",
     "error: container 'a': it has no command but its image's own, and images "
     "are not used on this machine; give the step 'shell' or 'run.command'"},
    {"no containers", "{'containers':[]}",
     "error: the pod has 0 containers, expected 1 to 128"},
    {"a command that is no list of strings",
     "{'containers':[{'name':'a','command':[1]}]}",
     "error: container 'a': its command line is not a list of strings"},
    {"a user out of range", ONE(",'securityContext':{'runAsUser':-2}"),
     "error: container 'a': 'runAsUser' is out of range"},
};

static void pods_are_decoded_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text text = {0};
        struct error error = {0};
        struct plan plan = make_plan(arena, rows[i].pod, "{}");
        const struct pod *pod = pod_decode(arena, &plan, &error);
        if (pod && pod_require_commands(pod, &error) != 0)
            pod = NULL;
        if (pod)
            print_pod(&text, pod);
        else
            text_append_format(&text, "error: %s", error.text);
        CHECK_TEXT(rows[i].name, text_string(&text), rows[i].want);
        CHECK(rows[i].name, pod || error.kind == ERROR_SYSTEM);
    }
}

static void damaged_base64_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } texts[] = {
        {"aHVzaA==", "hush"},   {"aHVzaCE=", "hush!"},
        {"aHVzaCEh", "hush!!"}, {"", ""},
        {"aHVzaA=", NULL},      {"aHV*", NULL},
        {"====", NULL},         {"a===", NULL},
        {"aHVzaA", NULL},       {"aH=z", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct plan plan = make_plan(
            arena,
            ONE(",'env':[{'name':'A','valueFrom':{'secretKeyRef':{'name':'s',"
                "'key':'k'}}}]"),
            "{}");
        plan.secret =
            make_value(arena, arena_format(arena,
                                           "{'metadata':{'name':'s'},'data':{"
                                           "'k':'%s'}}",
                                           texts[i].text));
        const struct pod *pod = pod_decode(arena, &plan, &error);
        CHECK(texts[i].text, (pod != NULL) == (texts[i].want != NULL));
        if (pod)
            CHECK_TEXT(texts[i].text, pod->containers[0].variables[0].value,
                       texts[i].want);
    }
}

/* `count` times `item`, in commas. */
static const char *repeat(struct arena *arena, const char *format, int count)
{
    CLEANUP(text_free) struct text text = {0};
    for (int i = 0; i < count; i++) {
        text_append_string(&text, i > 0 ? "," : "");
        const char *number = strchr(format, '#');
        text_append(&text, format, (size_t)(number - format));
        text_append_format(&text, "%d%s", i, number + 1);
    }
    return arena_string(arena, text_string(&text));
}

static void pods_have_limits(void **state)
{
    (void)state;
    static const struct {
        const char *name, *pod, *item;
        int limit;
    } limits[] = {
        {"containers", "{'containers':[%s]}", "{'name':'#','command':['x']}",
         POD_CONTAINER_LIMIT},
        {"volumes", VOLUME("%s"), "{'name':'#','emptyDir':{}}",
         POD_VOLUME_LIMIT},
        {"mounts", MOUNT("%s"), "{'name':'e','mountPath':'/#'}",
         POD_MOUNT_LIMIT},
        {"arguments", "{'containers':[{'name':'a','command':[%s]}]}", "'#'",
         POD_ARGUMENT_LIMIT},
        {"variables", ONE(",'env':[%s]"), "{'name':'V#'}", POD_VARIABLE_LIMIT},
        {"files",
         VOLUME("{'name':'c','configMap':{'name':'run','items':[%s]}}"),
         "{'key':'b','path':'#'}", POD_FILE_LIMIT},
    };
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        for (int beyond = 0; beyond <= 1; beyond++) {
            CLEANUP(arena_free) struct arena *arena = arena_new();
            struct error error = {0};
            const char *items =
                repeat(arena, limits[i].item, limits[i].limit + beyond);
            CLEANUP(text_free) struct text pod = {0};
            const char *hole = strstr(limits[i].pod, "%s");
            text_append(&pod, limits[i].pod, (size_t)(hole - limits[i].pod));
            text_append_format(&pod, "%s%s", items, hole + 2);
            struct plan plan = make_plan(arena, pod.data, "{}");
            bool decoded = pod_decode(arena, &plan, &error) != NULL;
            if (decoded == (beyond != 0))
                fail_msg("%s: %d + %d: %s", limits[i].name, limits[i].limit,
                         beyond, error.text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pods_are_decoded_or_refused),
        cmocka_unit_test(damaged_base64_is_refused),
        cmocka_unit_test(pods_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
