/*
 * test-kube-server [--objects FILE-OR-FOLDER]... [--rules FILE]
 *                  [--kubeconfig FILE] [--rhythm fast|real]
 *                  [--bookmarks DURATION]
 *
 * A Kubernetes cluster for tests, on a free port of 127.0.0.1, which it prints as
 * its only line of output when it is ready: the API over TLS, a Job controller,
 * a garbage collector, and one node that really runs pods in the sandbox of local
 * runs (images are not pulled). --kubeconfig writes a file with which kubectl
 * reaches it. --rhythm real takes the time that a real node takes. --rules makes
 * it fail on purpose (rules.h; more can be added while it runs, control.h). It
 * ends with the process that started it, and leaves nothing.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "engine/base/base64.h"
#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/random.h"
#include "tests/kube/api.h"
#include "tests/kube/certificate.h"
#include "tests/kube/server.h"

DEFINE_CLEANUP(SSL_CTX *, SSL_CTX_free);

enum { TOKEN_DIGITS = 32 };

/* What a client must know. */
struct access {
    const char *token;
    const struct text *pem;
    uint16_t port;
};

static int write_kubeconfig(struct arena *arena, const char *path,
                            const struct access *access, struct error *error)
{
    char *content = arena_format(
        arena,
        "apiVersion: v1\n"
        "kind: Config\n"
        "current-context: test\n"
        "contexts:\n"
        "- name: test\n"
        "  context: {cluster: test, user: tester}\n"
        "clusters:\n"
        "- name: test\n"
        "  cluster:\n"
        "    server: https://127.0.0.1:%d\n"
        "    certificate-authority-data: %s\n"
        "users:\n"
        "- name: tester\n"
        "  user: {token: %s}\n",
        access->port,
        base64_encode(arena, access->pem->data, access->pem->length),
        access->token);
    return file_write_atomic(path, content, strlen(content), 0600, error);
}

struct options {
    const char *kubeconfig;
};

static int set_option(struct cluster *cluster, struct options *options,
                      const char *name, const char *value, struct error *error)
{
    if (strcmp(name, "--objects") == 0)
        return store_load(&cluster->store, value, error);
    if (strcmp(name, "--rules") == 0)
        return rules_load(&cluster->rules, value, error);
    if (strcmp(name, "--bookmarks") == 0)
        return duration_parse(value, &cluster->bookmarks, error);
    if (strcmp(name, "--kubeconfig") == 0)
        options->kubeconfig = value;
    else if (strcmp(name, "--rhythm") != 0)
        return error_set(error, ERROR_USAGE, "unknown option '%s'", name);
    else
        cluster->rhythm = cluster_rhythm(value);
    return cluster->rhythm ? 0
                           : error_set(error, ERROR_USAGE,
                                       "there is no rhythm '%s'", value);
}

static int read_options(char **arguments, struct options *options,
                        struct cluster *cluster, struct error *error)
{
    for (; *arguments; arguments += 2) {
        if (!arguments[1])
            return error_set(error, ERROR_USAGE, "'%s' needs a value",
                             arguments[0]);
        if (set_option(cluster, options, arguments[0], arguments[1], error) < 0)
            return -1;
    }
    return 0;
}

/* What lives as long as the cluster is in `arena`. */
static int serve(struct arena *arena, struct cluster *cluster, char **arguments,
                 struct error *error)
{
    CLEANUP(text_free) struct text pem = {0};
    struct options options = {0};
    char *token = arena_allocate(arena, TOKEN_DIGITS + 1);
    random_hex(token, TOKEN_DIGITS);
    cluster->token = token;
    if (read_options(arguments, &options, cluster, error) < 0)
        return -1;
    CLEANUP(SSL_CTX_free) SSL_CTX *context = certificate_make(&pem, error);
    uint16_t port = 0;
    int listener = context ? server_listen(&port, error) : -1;
    cluster->authority = arena_string(arena, text_string(&pem));
    cluster->port = port;
    if (listener < 0 || cluster_start(cluster, error) < 0)
        return -1;
    struct access access = {token, &pem, port};
    if (options.kubeconfig &&
        write_kubeconfig(arena, options.kubeconfig, &access, error) < 0)
        return -1;
    printf("%d\n", port);
    fflush(stdout);
    int result = server_run(listener, context, cluster, error);
    close(listener);
    return result;
}

int main(int count, char **arguments)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    struct error error = {0};
    struct arena *arena = arena_new();
    struct cluster cluster;
    cluster_open(&cluster);
    int result = count < 1 ? -1 : serve(arena, &cluster, arguments + 1, &error);
    cluster_close(&cluster);
    arena_free(arena);
    if (result == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "test-kube-server: %s%s%s\n", error.place.file,
            error.place.file[0] ? ": " : "", error.text);
    return EXIT_FAILURE;
}
