/*
 * The bubblewrap options of a container, against a whole list written down here:
 * whatever is added to the sandbox shows in this file. And what of a machine is
 * shown: a made-up one, where everything that must stay hidden exists.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/runtime/machine.h"
#include "engine/runtime/sandbox.h"
#include "runtime_fixture.h"

const unsigned char *plan_entrypoint(size_t *length)
{
    *length = 3;
    return (const unsigned char *)"ELF";
}

static const char pod_text[] =
    "{'securityContext':{'runAsUser':1000},"
    "'containers':[{'name':'a','command':['/.assay/bin/entrypoint'],"
    "'workingDir':'/data','env':[{'name':'LD_PRELOAD','value':'x'},{'name':"
    "'PASSWORD','valueFrom':{'secretKeyRef':{'name':'run','key':'password'}}}],"
    "'volumeMounts':[{'name':'data','mountPath':'/data'},"
    "{'name':'data','mountPath':'/in','subPath':'s','readOnly':true},"
    "{'name':'program','mountPath':'/.assay/bin','readOnly':true},"
    "{'name':'map','mountPath':'/map'},"
    "{'name':'data','mountPath':'/tmp'},"
    "{'name':'state','mountPath':'/s'},"
    "{'name':'map','mountPath':'/data/map'},"
    "{'name':'map','mountPath':'/etc/hosts.d'},"
    "{'name':'map','mountPath':'/usr/lib/map'},"
    "{'name':'map','mountPath':'/one','subPath':'d/b'}]}],"
    "'volumes':[{'name':'map','configMap':{'name':'run','items':[{'key':'b',"
    "'path':'d/b'}]}},{'name':'data','emptyDir':{}},"
    "{'name':'state','emptyDir':{}},"
    "{'name':'program','configMap':{'name':'assay-entrypoint-1','defaultMode':"
    "365}}]}";

static const char want_options[] =
    "--unshare-user --unshare-pid --unshare-ipc --unshare-uts "
    "--unshare-cgroup-try --die-with-parent --new-session --as-pid-1\n"
    "--cap-drop ALL --hostname assay --unshare-net --info-fd 3 --block-fd 5\n"
    "--ro-bind /usr /usr --symlink usr/bin /bin --perms 0644 --file 6 "
    "/etc/hosts\n"
    "--perms 0755 --dir /etc/x --perms 0755 --file 7 /etc/x/run\n"
    "--uid 1000 --gid 7 --perms 0644 --file 8 /etc/passwd --perms 0644 "
    "--file 9 /etc/group --perms 0644 --file 10 /etc/hostname\n"
    "--proc /proc --dev /dev --perms 0755 --dir /var --symlink /run /var/run "
    "--symlink /tmp /var/tmp --perms 0755 --tmpfs /run\n"
    "--perms 0755 --dir /.assay/bin --perms 0555 --file 11 "
    "/.assay/bin/entrypoint\n"
    "--bind /v/1 /data\n"
    "--perms 0755 --tmpfs /data/map --perms 0644 --file 12 /data/map/d/b "
    "--remount-ro /data/map\n"
    "--perms 0755 --tmpfs /etc/hosts.d --perms 0644 --file 13 "
    "/etc/hosts.d/d/b --remount-ro /etc/hosts.d\n"
    "--ro-bind-fd 14 /in\n"
    "--perms 0755 --dir /map --perms 0644 --file 15 /map/d/b\n"
    "--perms 0644 --ro-bind-data 16 /one\n"
    "--perms 0777 --tmpfs /s\n"
    "--bind /v/1 /tmp\n"
    "--perms 0755 --tmpfs /usr/lib/map --perms 0644 --file 17 "
    "/usr/lib/map/d/b --remount-ro /usr/lib/map\n"
    "--bind /t /dev/termination-log --perms 0400 --file 18 /.assay/kubeconfig\n"
    "--remount-ro / --chdir /data --clearenv\n"
    "--setenv LD_PRELOAD x --setenv PASSWORD hush --setenv PATH "
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --setenv "
    "LANG "
    "C.UTF-8 --setenv CI 1 --setenv HOME /tmp --setenv KUBECONFIG "
    "/.assay/kubeconfig ";

static void the_options_are_these_and_no_others(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct plan plan = make_plan(arena, pod_text, "{}");
    struct pod *pod = pod_decode(arena, &plan, &error);
    assert_non_null(pod);
    pod->volumes[2].inside = true;
    struct machine_entry entries[] = {
        {.kind = MACHINE_BIND, .path = "/usr", .source = "/usr"},
        {.kind = MACHINE_LINK, .path = "/bin", .source = "usr/bin"},
        {.kind = MACHINE_COPY, .path = "/etc/hosts", .bytes = "h", .length = 1},
        {.kind = MACHINE_FOLDER, .path = "/etc/x"},
        {.kind = MACHINE_COPY,
         .path = "/etc/x/run",
         .bytes = "p",
         .length = 1,
         .program = true},
    };
    struct machine machine = {entries, COUNT_OF(entries), 5, 7};
    struct sandbox_setup setup = {.machine = &machine,
                                  .pod = pod,
                                  .container = pod->containers,
                                  .volumes = "/v",
                                  .termination = "/t",
                                  .kubeconfig = "config",
                                  .network_none = true};
    sandbox_complete(arena, pod->containers, "/tmp", "/.assay/kubeconfig");
    struct sandbox sandbox = sandbox_make(arena, &setup);
    char *want = arena_string(arena, want_options);
    for (char *c = want; *c != '\0'; c++)
        if (*c == '\n')
            *c = ' ';
    for (size_t i = 0; i < sandbox.arguments.length; i++)
        if (sandbox.arguments.data[i] == '\0')
            sandbox.arguments.data[i] = ' ';
    assert_string_equal(sandbox.arguments.data, want);
    static const char *const inputs[] = {
        "h",
        "p",
        "root:x:0:0:root:/tmp:/bin/sh\nassay:x:1000:7:assay:/tmp:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/:/bin/false\n",
        "root:x:0:\nassay:x:7:\nnogroup:x:65534:\n",
        "assay\n",
        "ELF",
        "two",
        "two",
        NULL,
        "two",
        "two",
        "two",
        "config",
    };
    assert_int_equal(sandbox.input_count, COUNT_OF(inputs));
    for (size_t i = 0; i < COUNT_OF(inputs); i++) {
        const struct sandbox_input *input = &sandbox.inputs[i];
        if (inputs[i]) {
            assert_int_equal(input->length, strlen(inputs[i]));
            assert_memory_equal(input->bytes, inputs[i], input->length);
        } else {
            assert_null(input->bytes);
            assert_string_equal(input->folder, "/v/1");
            assert_string_equal(input->sub_path, "s");
        }
    }
    text_free(&sandbox.arguments);
}

static void a_container_keeps_its_own_path(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct pod_variable variables[] = {{"PATH", "/own"}, {"KUBECONFIG", "/x"}};
    struct pod_container container = {.name = "a"};
    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        container.variables = arena_grow(arena, container.variables,
                                         i * sizeof(struct pod_variable),
                                         (i + 1) * sizeof(struct pod_variable));
        container.variables[container.variable_count++] = variables[i];
    }
    sandbox_complete(arena, &container, "/home", NULL);
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; i < container.variable_count; i++)
        text_append_format(&text, "%s=%s ", container.variables[i].name,
                           container.variables[i].value);
    assert_string_equal(
        text.data, "PATH=/own KUBECONFIG=/x LANG=C.UTF-8 CI=1 HOME=/home ");
}

/* A machine in a folder: files by path, a folder where the path ends with /. */
static const struct {
    const char *path;
    const char *target; /* of a symbolic link */
} things[] = {
    {"usr/bin/", NULL},
    {"lib64/", NULL},
    {"bin", "usr/bin"},
    {"root/.ssh/", NULL},
    {"home/user/", NULL},
    {"opt/", NULL},
    {"var/lib/", NULL},
    {"run/stub-resolv.conf", NULL},
    {"etc/resolv.conf", "../run/stub-resolv.conf"},
    {"etc/hosts", NULL},
    {"etc/localtime", "/nowhere"},
    {"etc/shadow", NULL},
    {"etc/passwd", NULL},
    {"etc/machine-id", NULL},
    {"etc/gitconfig", NULL},
    {"etc/hostsx", NULL},
    {"etc/kubernetes/", NULL},
    {"etc/ssh/", NULL},
    {"etc/java-17-openjdk/", NULL},
    {"etc/java-17-openjdk/a", NULL},
    {"etc/java-17-openjdk/b", NULL},
    {"etc/java-17-openjdk/c", NULL},
    {"etc/java-17-openjdk/d", NULL},
    {"etc/java-17-openjdk/e", NULL},
    {"etc/java-17-openjdk/f", NULL},
    {"etc/perl/Net/libnet.cfg", NULL},
    {"etc/python3.11/", NULL},
    {"etc/alternatives/", NULL},
    {"etc/alternatives/awk", "/usr/bin/mawk"},
    {"etc/ssl/private/", NULL},
    {"etc/ssl/certs/", NULL},
    {"etc/pki/tls/private/", NULL},
    {"etc/pki/tls/certs/", NULL},
};

static void make_machine(const char *root)
{
    struct error error = {0};
    for (size_t i = 0; i < COUNT_OF(things); i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s", root, things[i].path);
        char *slash = strrchr(path, '/');
        *slash = '\0';
        assert_int_equal(folder_make(path, 0755, &error), 0);
        *slash = '/';
        if (slash[1] == '\0')
            continue;
        if (things[i].target)
            assert_int_equal(symlink(things[i].target, path), 0);
        else
            assert_int_equal(file_write_atomic(path, things[i].path,
                                               strlen(things[i].path), 0644,
                                               &error),
                             0);
    }
}

static void only_what_the_tables_name_is_shown(void **state)
{
    (void)state;
    char root[] = "/tmp/assay-test-XXXXXX";
    struct error error = {0};
    assert_non_null(mkdtemp(root));
    make_machine(root);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text text = {0};
    struct machine *machine = machine_read(arena, root);
    for (size_t i = 0; i < machine->count; i++) {
        const struct machine_entry *entry = &machine->entries[i];
        text_append_format(&text, "%s", entry->path);
        if (entry->kind == MACHINE_COPY)
            text_append_format(&text, " = %.*s", (int)entry->length,
                               entry->bytes);
        else if (entry->kind == MACHINE_LINK)
            text_append_format(&text, " -> %s", entry->source);
        else if (entry->kind == MACHINE_FOLDER)
            text_append_string(&text, "/");
        else
            assert_int_equal(strncmp(entry->source, root, strlen(root)), 0);
        text_append_string(&text, "\n");
    }
    assert_int_equal(folder_remove(root, &error), 0);
    assert_string_equal(text.data, "/usr\n"
                                   "/bin -> usr/bin\n"
                                   "/lib64\n"
                                   "/etc/alternatives\n"
                                   "/etc/hosts = etc/hosts\n"
                                   "/etc/java-17-openjdk\n"
                                   "/etc/perl/\n"
                                   "/etc/perl/Net/\n"
                                   "/etc/perl/Net/libnet.cfg = "
                                   "etc/perl/Net/libnet.cfg\n"
                                   "/etc/python3.11/\n"
                                   "/etc/resolv.conf = run/stub-resolv.conf\n"
                                   "/etc/pki/tls/certs/\n"
                                   "/etc/ssl/certs/\n");
    assert_int_equal(machine->user, getuid());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_options_are_these_and_no_others),
        cmocka_unit_test(a_container_keeps_its_own_path),
        cmocka_unit_test(only_what_the_tables_name_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
