/*
 * A user's `exec` in, credentials out: the program that the kubeconfig names is
 * run without a shell, told about the cluster by KUBERNETES_EXEC_INFO, and its
 * standard output is an ExecCredential (client.authentication.k8s.io). It gets
 * nothing of ours but standard error; time and bytes are bounded, and it is
 * ended with its whole process group.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/kube/access.h"
#include "engine/kube/kube_time.h"
#include "engine/kube/limits.h"

#define VERSIONS "client.authentication.k8s.io/"

/* A program that was started. */
struct plugin {
    const char *command;
    bool interactive; /* may ask the person at the terminal */
    pid_t pid;
    int output;
};

static const char *const cluster_members[] = {
    "server",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "certificate-authority-data",
    "proxy-url",
    "disable-compression",
};

/* The settings that a cluster keeps for this program. */
static const struct value *find_settings(const struct value *cluster)
{
    const struct value *list = value_get(cluster, "extensions");
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *item = value_item(list, i);
        const char *name = value_string_at(item, "name");
        if (name && strcmp(name, VERSIONS "exec") == 0)
            return value_get(item, "extension");
    }
    return NULL;
}

static struct value *describe_cluster(struct arena *arena,
                                      const struct value *cluster)
{
    struct value *map = value_make_map(arena);
    const size_t count = sizeof cluster_members / sizeof *cluster_members;
    for (size_t i = 0; i < count; i++) {
        const struct value *member = value_get(cluster, cluster_members[i]);
        if (member)
            value_set(arena, map, cluster_members[i],
                      value_copy(arena, member));
    }
    const struct value *settings = find_settings(cluster);
    if (settings)
        value_set(arena, map, "config", value_copy(arena, settings));
    return map;
}

/* KUBERNETES_EXEC_INFO=... */
static const char *make_information(struct arena *arena,
                                    const struct kube_access *access,
                                    const struct value *plugin,
                                    bool interactive)
{
    struct value *spec = value_make_map(arena);
    value_set(arena, spec, "interactive", value_make_bool(arena, interactive));
    if (value_bool_or(value_get(plugin, "provideClusterInfo"), false))
        value_set(arena, spec, "cluster",
                  describe_cluster(arena, access->cluster));
    struct value *map = value_make_map(arena);
    value_set_string(arena, map, "apiVersion",
                     value_string_at(plugin, "apiVersion"));
    value_set_string(arena, map, "kind", "ExecCredential");
    value_set(arena, map, "spec", spec);
    CLEANUP(text_free) struct text text = {0};
    text_append_string(&text, "KUBERNETES_EXEC_INFO=");
    value_write_json(&text, map, JSON_COMPACT);
    return arena_copy(arena, text_string(&text), text.length);
}

/* Whether `variable` (NAME=value) is set by the kubeconfig too. */
static bool is_replaced(const char *variable, const struct value *list)
{
    size_t length = strcspn(variable, "=");
    if (strncmp(variable, "KUBERNETES_EXEC_INFO", length) == 0 && length == 20)
        return true;
    for (size_t i = 0; i < value_count(list); i++) {
        const char *name = value_string_at(value_item(list, i), "name");
        if (name && strlen(name) == length &&
            memcmp(name, variable, length) == 0)
            return true;
    }
    return false;
}

static char **make_environment(struct arena *arena, const struct value *list,
                               const char *information)
{
    enum { LIMIT = KUBE_PLUGIN_VARIABLES_LIMIT };
    char **made = arena_allocate(arena, (LIMIT + 2) * sizeof *made);
    size_t count = 0;
    for (char **own = environ; *own && count < LIMIT; own++)
        if (!is_replaced(*own, list))
            made[count++] = *own;
    for (size_t i = 0; i < value_count(list) && count < LIMIT; i++) {
        const char *name = value_string_at(value_item(list, i), "name");
        const char *value = value_string_at(value_item(list, i), "value");
        if (name && *name)
            made[count++] =
                arena_format(arena, "%s=%s", name, value ? value : "");
    }
    made[count] = arena_string(arena, information);
    return made;
}

static char **make_arguments(struct arena *arena, const char *command,
                             const struct value *list, struct error *error)
{
    size_t count = value_count(list);
    if (count > KUBE_PLUGIN_ARGUMENTS_LIMIT) {
        error_set(error, ERROR_INPUT, "exec: more than %d arguments",
                  KUBE_PLUGIN_ARGUMENTS_LIMIT);
        return NULL;
    }
    char **made = arena_allocate(arena, (count + 2) * sizeof *made);
    made[0] = arena_string(arena, command);
    for (size_t i = 0; i < count; i++) {
        const char *text = value_string(value_item(list, i));
        made[i + 1] = arena_string(arena, text ? text : "");
    }
    return made;
}

/* Standard input is the terminal's for a program that may ask, else empty;
 * standard output is ours to read; standard error goes where ours goes. */
static int start(struct plugin *plugin, char **arguments, char **variables,
                 struct error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_system(error, "cannot make a pipe");
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t signals;
    sigfillset(&signals);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    if (!plugin->interactive)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    /* A group of its own cannot read from the terminal. */
    if (!plugin->interactive)
        flags |= POSIX_SPAWN_SETPGROUP;
    posix_spawnattr_setflags(&attributes, flags);
    int result = posix_spawnp(&plugin->pid, plugin->command, &actions,
                              &attributes, arguments, variables);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(ends[1]);
    plugin->output = ends[0];
    if (result == 0)
        return 0;
    close(ends[0]);
    errno = result;
    return error_set_system(error, "exec: cannot run '%.200s'",
                            plugin->command);
}

/* Reads the answer to its end. */
static int read_answer(const struct plugin *plugin, struct text *answer,
                       struct error *error)
{
    int64_t deadline =
        clock_monotonic() +
        (plugin->interactive ? KUBE_PLUGIN_ASKS_TIME : KUBE_PLUGIN_TIME);
    for (;;) {
        char buffer[4096];
        int64_t left = (deadline - clock_monotonic()) / CLOCK_MILLISECOND;
        struct pollfd slot = {.fd = plugin->output, .events = POLLIN};
        if (left <= 0)
            return error_set(error, ERROR_SYSTEM,
                             "exec: '%.200s' did not answer in time",
                             plugin->command);
        int ready = poll(&slot, 1, (int)left);
        if (ready < 0 && errno != EINTR)
            return error_set_system(error, "cannot wait for '%.200s'",
                                    plugin->command);
        if (ready <= 0)
            continue;
        ssize_t length = read(plugin->output, buffer, sizeof buffer);
        if (length == 0)
            return 0;
        if (length < 0 && errno != EINTR)
            return error_set_system(error, "cannot read from '%.200s'",
                                    plugin->command);
        if (length > 0)
            text_append(answer, buffer, (size_t)length);
        if (answer->length > KUBE_PLUGIN_BYTES_LIMIT)
            return error_set(error, ERROR_SYSTEM,
                             "exec: '%.200s' printed more than %d bytes",
                             plugin->command, KUBE_PLUGIN_BYTES_LIMIT);
    }
}

/* Waits for its end, which comes at once when `kill_it`. */
static int finish(const struct plugin *plugin, bool kill_it,
                  struct error *error)
{
    int status = 0;
    if (kill_it)
        kill(plugin->interactive ? plugin->pid : -plugin->pid, SIGKILL);
    close(plugin->output);
    while (waitpid(plugin->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (kill_it)
        return -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return error_set(error, ERROR_SYSTEM,
                     "exec: '%.200s' failed with exit code %d", plugin->command,
                     WIFEXITED(status) ? WEXITSTATUS(status)
                                       : 128 + WTERMSIG(status));
}

int access_read_credential(const char *text, size_t length, const char *version,
                           struct kube_credentials *credentials,
                           struct error *error)
{
    struct arena *arena = credentials->arena;
    struct value *answer = value_read_json(arena, text, length, error);
    if (!answer)
        return error_context(error, "exec: the answer is not JSON");
    const char *kind = value_string_at(answer, "kind");
    const char *found = value_string_at(answer, "apiVersion");
    const struct value *status = value_get(answer, "status");
    if (!kind || strcmp(kind, "ExecCredential") != 0 || !found ||
        strcmp(found, version) != 0)
        return error_set(error, ERROR_INPUT,
                         "exec: expected an ExecCredential of %s, found %.60s "
                         "of %.60s",
                         version, kind ? kind : "nothing",
                         found ? found : "no version");
    const char *certificate = value_string_at(status, "clientCertificateData");
    const char *key = value_string_at(status, "clientKeyData");
    credentials->token = value_string_at(status, "token");
    if (certificate && key) {
        credentials->certificate =
            (struct kube_bytes){certificate, strlen(certificate)};
        credentials->key = (struct kube_bytes){key, strlen(key)};
    }
    if (!credentials->token && !credentials->certificate.data)
        return error_set(error, ERROR_INPUT,
                         "exec: the answer holds neither a token nor a client "
                         "certificate with its key");
    const char *expires = value_string_at(status, "expirationTimestamp");
    if (expires &&
        kube_time_read(expires, strlen(expires), &credentials->expires) == 0)
        return error_set(error, ERROR_INPUT,
                         "exec: '%.60s' is not a time: expected RFC 3339",
                         expires);
    return 0;
}

/* Whether the program may ask, by its interactiveMode. */
static int read_mode(const struct value *plugin, bool *interactive,
                     struct error *error)
{
    const char *mode = value_string_at(plugin, "interactiveMode");
    bool terminal = isatty(STDIN_FILENO);
    if (!mode)
        mode = "IfAvailable";
    *interactive = terminal && strcmp(mode, "Never") != 0;
    if (strcmp(mode, "Always") == 0 && !terminal)
        return error_set(error, ERROR_INPUT,
                         "exec: the program asks questions "
                         "(interactiveMode: Always), and standard input is no "
                         "terminal");
    return 0;
}

int access_run_plugin(const struct kube_access *access,
                      struct kube_credentials *credentials, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text answer = {0};
    const struct value *exec = value_get(access->user, "exec");
    const char *version = value_string_at(exec, "apiVersion");
    struct plugin plugin = {.command = value_string_at(exec, "command"),
                            .output = -1};
    if (!plugin.command || !*plugin.command)
        return error_set(error, ERROR_INPUT, "exec: there is no 'command'");
    if (!version || strncmp(version, VERSIONS, sizeof VERSIONS - 1) != 0)
        return error_set(error, ERROR_INPUT,
                         "exec: 'apiVersion' must be " VERSIONS
                         "v1 or v1beta1");
    char **arguments =
        make_arguments(arena, plugin.command, value_get(exec, "args"), error);
    if (!arguments || read_mode(exec, &plugin.interactive, error) < 0)
        return -1;
    char **variables = make_environment(
        arena, value_get(exec, "env"),
        make_information(arena, access, exec, plugin.interactive));
    if (start(&plugin, arguments, variables, error) < 0)
        return -1;
    bool failed = read_answer(&plugin, &answer, error) < 0;
    if (finish(&plugin, failed, error) < 0)
        return -1;
    return access_read_credential(text_string(&answer), answer.length, version,
                                  credentials, error);
}
