/*
 * A merged kubeconfig and the name of a context in, a kube_access out; or the
 * environment of a pod. Follows client-go's tools/clientcmd and rest: *-data
 * before the file, a token before a token file, credentials for TLS only, a
 * path in the server's URL stays, the in-cluster configuration only when no
 * kubeconfig is there.
 */
#include "engine/kube/access.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/base64.h"
#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/kube/kube.h"
#include "engine/kube/kubeconfig.h"
#include "engine/kube/limits.h"

#define POD_FOLDER "/var/run/secrets/kubernetes.io/serviceaccount/"

/* A text that is not empty, or NULL. */
static const char *given(const struct value *map, const char *name)
{
    const char *text = value_string_at(map, name);
    return text && *text ? text : NULL;
}

/* base64 in lines, as `base64` writes it and kubectl reads it, on one. */
static const char *join_lines(struct arena *arena, const char *text)
{
    char *joined = arena_string(arena, text);
    size_t length = 0;
    for (; *text; text++)
        if (*text != '\n' && *text != '\r')
            joined[length++] = *text;
    joined[length] = '\0';
    return joined;
}

/* The bytes of <name>-data, or of the file that <name> names. */
static int read_bytes(struct arena *arena, const struct value *map,
                      const char *name, struct kube_bytes *bytes,
                      struct error *error)
{
    const char *member = arena_format(arena, "%s-data", name);
    const char *text = given(map, member);
    const char *path = given(map, name);
    if (text) {
        text = join_lines(arena, text);
        bytes->data = base64_decode(arena, text, strlen(text), &bytes->length);
        if (!bytes->data)
            return error_set(error, ERROR_INPUT,
                             "'%s' of the kubeconfig is not base64", member);
    } else if (path) {
        bytes->data = file_read(arena, path, KUBE_FILE_BYTES_LIMIT,
                                &bytes->length, error);
        if (!bytes->data)
            return error_context(error, "%s", name);
    }
    return 0;
}

/* Checks that a text can stand in a header or a URL. */
static int check_text(const char *what, const char *text, struct error *error)
{
    for (size_t i = 0; text && text[i]; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return error_set(error, ERROR_INPUT,
                             "%s does not fit: byte %zu is not printable ASCII",
                             what, i);
    return 0;
}

/* Takes the URL apart: the scheme, host[:port], and a path without its last
 * slash; a query or a fragment is dropped. */
static int set_server(struct kube_access *access, const char *url,
                      struct error *error)
{
    static const char https[] = "https://", http[] = "http://";
    access->secure = strncasecmp(url, https, sizeof https - 1) == 0;
    bool plain = strncasecmp(url, http, sizeof http - 1) == 0;
    if (!access->secure && !plain)
        return error_set(error, ERROR_INPUT,
                         "the server '%.200s' of the kubeconfig is not a URL "
                         "that begins with https://",
                         url);
    if (check_text("the server's URL", url, error) < 0)
        return -1;
    const char *host = strstr(url, "://") + 3;
    size_t length = strcspn(host, "?#");
    while (length > 0 && host[length - 1] == '/')
        length--;
    size_t name = strcspn(host, "/?#");
    if (name == 0 || memchr(host, '@', name))
        return error_set(error, ERROR_INPUT,
                         "the server '%.200s' of the kubeconfig: expected "
                         "https://host[:port]",
                         url);
    access->host = arena_copy(access->arena, host, name);
    access->server =
        arena_format(access->arena, "%s%.*s", access->secure ? https : http,
                     (int)length, host);
    return 0;
}

static int read_cluster(struct kube_access *access, const char *name,
                        struct error *error)
{
    const struct value *cluster = access->cluster;
    const char *server = given(cluster, "server");
    if (!server)
        return error_set(error, ERROR_INPUT,
                         "the cluster '%.100s' of the kubeconfig has no "
                         "'server'",
                         name);
    access->server_name = given(cluster, "tls-server-name");
    access->proxy = given(cluster, "proxy-url");
    access->insecure =
        value_bool_or(value_get(cluster, "insecure-skip-tls-verify"), false);
    if (set_server(access, server, error) < 0 ||
        check_text("'tls-server-name'", access->server_name, error) < 0 ||
        check_text("'proxy-url'", access->proxy, error) < 0 ||
        read_bytes(access->arena, cluster, "certificate-authority",
                   &access->authority, error) < 0)
        return error_context(error, "cluster '%.100s'", name);
    if (access->insecure && access->authority.data)
        return error_set(error, ERROR_INPUT,
                         "the cluster '%.100s' has a certificate-authority "
                         "and insecure-skip-tls-verify: leave one of them out",
                         name);
    return 0;
}

static struct kube_access *make_access(struct arena *arena)
{
    struct kube_access *access = arena_allocate(arena, sizeof *access);
    access->arena = arena;
    return access;
}

static struct kube_access *read_context(struct arena *arena,
                                        const struct value *config,
                                        const char *context,
                                        struct error *error)
{
    if (!context || !*context)
        context = given(config, "current-context");
    const struct value *chosen =
        context ? kube_config_entry(config, KUBE_CONTEXT, context) : NULL;
    if (!chosen) {
        kube_config_refuse(arena, config, KUBE_CONTEXT, context, error);
        return NULL;
    }
    const char *cluster = given(chosen, "cluster");
    const char *user = given(chosen, "user");
    struct kube_access *access = make_access(arena);
    access->context = context;
    access->namespace_name = given(chosen, "namespace");
    access->cluster =
        cluster ? kube_config_entry(config, KUBE_CLUSTER, cluster) : NULL;
    access->user = user ? kube_config_entry(config, KUBE_USER, user) : NULL;
    if (!cluster)
        error_set(error, ERROR_INPUT,
                  "the context '%.100s' of the kubeconfig names no cluster",
                  context);
    else if (!access->cluster)
        kube_config_refuse(arena, config, KUBE_CLUSTER, cluster, error);
    else if (user && !access->user)
        kube_config_refuse(arena, config, KUBE_USER, user, error);
    else if (value_get(access->user, "auth-provider"))
        error_set(error, ERROR_INPUT,
                  "the user '%.100s' of the kubeconfig logs in by an "
                  "auth-provider, which kubectl no longer knows either: use "
                  "exec, a token or a client certificate",
                  user);
    else if (read_cluster(access, cluster, error) == 0) {
        access->token_file = given(access->user, "tokenFile");
        return access;
    }
    return NULL;
}

/* What every pod is given. NULL with `error` unset: this is no pod. */
static struct kube_access *read_pod(struct arena *arena, struct error *error)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST");
    const char *port = getenv("KUBERNETES_SERVICE_PORT");
    if (!host || !*host || !port || !*port)
        return NULL;
    struct kube_access *access = make_access(arena);
    access->context = "in-cluster";
    access->token_file = POD_FOLDER "token";
    bool brackets = strchr(host, ':') != NULL;
    const char *url =
        arena_format(arena, "https://%s%s%s:%s", brackets ? "[" : "", host,
                     brackets ? "]" : "", port);
    size_t length;
    access->authority.data =
        file_read(arena, POD_FOLDER "ca.crt", KUBE_FILE_BYTES_LIMIT,
                  &access->authority.length, error);
    if (!access->authority.data || set_server(access, url, error) < 0) {
        error_context(error, "in-cluster configuration");
        return NULL;
    }
    struct error ignored = {0};
    char *name = file_read(arena, POD_FOLDER "namespace", KUBE_FILE_BYTES_LIMIT,
                           &length, &ignored);
    if (name)
        name[strcspn(name, " \r\n")] = '\0';
    access->namespace_name = name && *name ? name : NULL;
    return access;
}

struct kube_access *kube_access_read(struct arena *arena,
                                     const struct kube_config_sources *sources,
                                     const char *context, struct error *error)
{
    bool named = sources->path && *sources->path;
    bool listed = sources->list && *sources->list;
    bool at_home = sources->fallback && access(sources->fallback, F_OK) == 0;
    if (!named && !listed && !at_home && !(context && *context)) {
        struct kube_access *pod = read_pod(arena, error);
        if (pod || error_is_set(error))
            return pod;
    }
    const struct value *config = kube_config_read(arena, sources, error);
    return config ? read_context(arena, config, context, error) : NULL;
}

const char *kube_access_namespace(const struct kube_access *access)
{
    return access->namespace_name ? access->namespace_name : "default";
}

const char *kube_access_context(const struct kube_access *access)
{
    return access->context;
}

const char *kube_access_server(const struct kube_access *access)
{
    return access->server;
}

/* The token of the file, without the white space around it. */
static int read_token(const struct kube_access *access,
                      struct kube_credentials *made, struct error *error)
{
    size_t length = 0;
    char *token = file_read(made->arena, access->token_file,
                            KUBE_FILE_BYTES_LIMIT, &length, error);
    if (!token)
        return error_context(error, "token file");
    while (length > 0 && isspace((unsigned char)token[length - 1]))
        token[--length] = '\0';
    while (isspace((unsigned char)*token))
        token++;
    if (*token == '\0')
        return error_set(error, ERROR_INPUT, "token file '%.200s' is empty",
                         access->token_file);
    made->token = token;
    return 0;
}

static int read_credentials(const struct kube_access *access,
                            struct kube_credentials *made, struct error *error)
{
    const struct value *user = access->user;
    made->token = given(user, "token");
    /* The file is read again, the token in the text cannot be. */
    if (!made->token && access->token_file &&
        read_token(access, made, error) < 0)
        return -1;
    if (read_bytes(made->arena, user, "client-certificate", &made->certificate,
                   error) < 0 ||
        read_bytes(made->arena, user, "client-key", &made->key, error) < 0)
        return -1;
    if (value_get(user, "exec") && !made->token && !made->certificate.data &&
        access_run_plugin(access, made, error) < 0)
        return -1;
    if (!made->certificate.data != !made->key.data)
        return error_set(error, ERROR_INPUT,
                         "the user of the kubeconfig has a client certificate "
                         "or its key, but not both");
    return check_text("the token", made->token, error);
}

/* Whether what we have should be read again. */
static bool is_due(const struct kube_access *access)
{
    const struct kube_credentials *credentials = &access->credentials;
    if (credentials->read == 0)
        return true;
    if (credentials->expires != 0)
        return clock_now() >= credentials->expires;
    return access->token_file &&
           clock_monotonic() - credentials->read > KUBE_TOKEN_FILE_TIME;
}

int access_refresh(struct kube_access *access, bool force, struct error *error)
{
    bool first = access->credentials.read == 0;
    bool renewable =
        access->token_file || value_get(access->user, "exec") != NULL;
    if (!access->secure || (!first && !renewable) ||
        (!force && !is_due(access)))
        return 0;
    struct kube_credentials made = {.arena = arena_new(),
                                    .read = clock_monotonic()};
    if (read_credentials(access, &made, error) < 0) {
        arena_free(made.arena);
        return error_context(error, "context '%.100s'", access->context);
    }
    if (access->credentials.arena)
        arena_free(access->credentials.arena);
    access->credentials = made;
    return 1;
}
