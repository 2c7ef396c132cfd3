/*
 * A merged kubeconfig and the name of a context in, a kubeconfig with that context
 * alone out, whose files are put in as *-data (RFC 4648 base64) and whose token
 * file as token. Only members that are known to be data are taken over, so nothing
 * in the result names a file or a program. As in client-go, *-data goes before the
 * file and token before tokenFile.
 */
#include <ctype.h>
#include <string.h>

#include "engine/base/base64.h"
#include "engine/base/diagnostics.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/kube/kube.h"
#include "engine/kube/kubeconfig.h"
#include "engine/kube/limits.h"

/* Members that are data: taken over as they are. */
static const char *const cluster_data[] = {
    "server",    "tls-server-name",     "insecure-skip-tls-verify",
    "proxy-url", "disable-compression", "certificate-authority-data",
    NULL,
};
static const char *const user_data[] = {
    "client-certificate-data",
    "client-key-data",
    "token",
    "username",
    "password",
    "as",
    "as-uid",
    "as-groups",
    "as-user-extra",
    NULL,
};
static const char *const context_data[] = {"cluster", "user", "namespace",
                                           NULL};

/* Members that name a file, and the member that its content becomes. */
struct file_member {
    const char *path;
    const char *data;
};
static const struct file_member cluster_files[] = {
    {"certificate-authority", "certificate-authority-data"},
    {NULL, NULL},
};
static const struct file_member user_files[] = {
    {"client-certificate", "client-certificate-data"},
    {"client-key", "client-key-data"},
    {NULL, NULL},
};

/* Ways to log in that need more than data. */
static const struct {
    const char *member;
    const char *text;
} programs[] = {
    {"exec", "logs in by running a program (exec)"},
    {"auth-provider", "logs in by an auth-provider"},
};

static bool is_given(const struct value *map, const char *name)
{
    const struct value *member = value_get(map, name);
    if (!member || value_is(member, VALUE_NULL))
        return false;
    const char *text = value_string(member);
    return !text || *text;
}

static void copy_members(struct arena *arena, struct value *into,
                         const struct value *from, const char *const *names)
{
    for (; *names; names++) {
        if (is_given(from, *names))
            value_set(arena, into, *names,
                      value_copy(arena, value_get(from, *names)));
    }
}

static int inline_files(struct arena *arena, struct value *into,
                        const struct value *from,
                        const struct file_member *files, struct error *error)
{
    for (; files->path; files++) {
        if (is_given(from, files->data) || !is_given(from, files->path))
            continue;
        size_t length = 0;
        const char *bytes = file_read(arena, value_string_at(from, files->path),
                                      KUBE_FILE_BYTES_LIMIT, &length, error);
        if (!bytes)
            return error_context(error, "%s", files->path);
        value_set_string(arena, into, files->data,
                         base64_encode(arena, bytes, length));
    }
    return 0;
}

static int inline_token(struct arena *arena, struct value *into,
                        const struct value *from, struct error *error)
{
    if (is_given(from, "token") || !is_given(from, "tokenFile"))
        return 0;
    const char *path = value_string_at(from, "tokenFile");
    size_t length = 0;
    const char *bytes =
        file_read(arena, path, KUBE_FILE_BYTES_LIMIT, &length, error);
    if (!bytes)
        return error_context(error, "tokenFile");
    while (length > 0 && isspace((unsigned char)*bytes)) {
        bytes++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)bytes[length - 1]))
        length--;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] <= ' ' || bytes[i] > '~')
            return error_set(error, ERROR_INPUT,
                             "tokenFile '%.200s' does not hold a token: byte "
                             "%zu is not printable ASCII",
                             path, i);
    }
    if (length == 0)
        return error_set(error, ERROR_INPUT, "tokenFile '%.200s' is empty",
                         path);
    value_set_string(arena, into, "token", arena_copy(arena, bytes, length));
    return 0;
}

int kube_config_refuse(struct arena *arena, const struct value *config,
                       int kind, const char *name, struct error *error)
{
    const struct value *list = value_get(config, kube_entry_kinds[kind].list);
    size_t count = value_count(list);
    const char **names = arena_allocate(arena, (count + 1) * sizeof *names);
    CLEANUP(text_free) struct text known = {0};
    for (size_t i = 0; i < count; i++) {
        names[i] = value_string_at(value_item(list, i), "name");
        if (known.length < 200)
            text_append_format(&known, "%s'%.60s'", i ? ", " : "", names[i]);
        else if (i + 1 == count)
            text_append_string(&known, ", ...");
    }
    const char *nearest = name ? diagnostics_nearest(name, names) : NULL;
    const char *word = kube_entry_kinds[kind].name;
    if (count == 0)
        text_append_string(&known, "none");
    if (!name)
        return error_set(error, ERROR_INPUT,
                         "the kubeconfig has no current-context: choose one "
                         "with 'kubectl config use-context'; known: %s",
                         text_string(&known));
    if (nearest)
        return error_set(error, ERROR_INPUT,
                         "there is no %s '%.100s' in the kubeconfig: did you "
                         "mean '%.100s'? known: %s",
                         word, name, nearest, text_string(&known));
    return error_set(error, ERROR_INPUT,
                     "there is no %s '%.100s' in the kubeconfig; known: %s",
                     word, name, text_string(&known));
}

/* Puts the one entry of a kind into the result. */
static void put_entry(struct arena *arena, struct value *result, int kind,
                      const char *name, struct value *body)
{
    struct value *entry = value_make_map(arena);
    value_set_string(arena, entry, "name", name);
    value_set(arena, entry, kube_entry_kinds[kind].name, body);
    struct value *list = value_make_list(arena);
    value_append(arena, list, entry);
    value_set(arena, result, kube_entry_kinds[kind].list, list);
}

static int reduce_cluster(struct arena *arena, const struct value *config,
                          const char *name, struct value *result,
                          struct error *error)
{
    const struct value *cluster = kube_config_entry(config, KUBE_CLUSTER, name);
    if (!cluster)
        return kube_config_refuse(arena, config, KUBE_CLUSTER, name, error);
    if (!is_given(cluster, "server") || !value_string_at(cluster, "server"))
        return error_set(error, ERROR_INPUT,
                         "the cluster '%.100s' of the kubeconfig has no "
                         "'server'",
                         name);
    struct value *body = value_make_map(arena);
    copy_members(arena, body, cluster, cluster_data);
    if (inline_files(arena, body, cluster, cluster_files, error) < 0)
        return error_context(error, "cluster '%.100s'", name);
    put_entry(arena, result, KUBE_CLUSTER, name, body);
    return 0;
}

static int reduce_user(struct arena *arena, const struct value *config,
                       const char *name, struct value *result,
                       struct error *error)
{
    const struct value *user = kube_config_entry(config, KUBE_USER, name);
    if (!user)
        return kube_config_refuse(arena, config, KUBE_USER, name, error);
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (is_given(user, programs[i].member))
            return error_set(
                error, ERROR_INPUT,
                "the user '%.100s' of the kubeconfig %s, and neither that "
                "program nor its keys are in the sandbox: make a kubeconfig "
                "whose user has a token ('kubectl create token') or a client "
                "certificate, and name it in KUBECONFIG",
                name, programs[i].text);
    }
    struct value *body = value_make_map(arena);
    copy_members(arena, body, user, user_data);
    if (inline_files(arena, body, user, user_files, error) < 0 ||
        inline_token(arena, body, user, error) < 0)
        return error_context(error, "user '%.100s'", name);
    put_entry(arena, result, KUBE_USER, name, body);
    return 0;
}

struct value *kube_config_reduce(struct arena *arena,
                                 const struct value *config,
                                 const char *context, struct error *error)
{
    if (!context || !*context)
        context = value_string_at(config, "current-context");
    if (context && !*context)
        context = NULL;
    const struct value *chosen =
        context ? kube_config_entry(config, KUBE_CONTEXT, context) : NULL;
    if (!chosen) {
        kube_config_refuse(arena, config, KUBE_CONTEXT, context, error);
        return NULL;
    }
    const char *cluster = value_string_at(chosen, "cluster");
    if (!cluster || !*cluster) {
        error_set(error, ERROR_INPUT,
                  "the context '%.100s' of the kubeconfig names no cluster",
                  context);
        return NULL;
    }
    struct value *result = value_make_map(arena);
    value_set_string(arena, result, "apiVersion", "v1");
    value_set_string(arena, result, "kind", "Config");
    if (reduce_cluster(arena, config, cluster, result, error) < 0)
        return NULL;
    /* A server that lets everybody in needs no user. */
    const char *user = value_string_at(chosen, "user");
    if (user && *user && reduce_user(arena, config, user, result, error) < 0)
        return NULL;
    struct value *body = value_make_map(arena);
    copy_members(arena, body, chosen, context_data);
    put_entry(arena, result, KUBE_CONTEXT, context, body);
    value_set_string(arena, result, "current-context", context);
    return result;
}
