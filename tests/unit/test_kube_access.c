/* access.h: contexts, credentials, and programs that log in. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/kube/access.h"
#include "engine/kube/kube.h"
#include "engine/kube/limits.h"
#include "tests/unit/case.h"

static char folder[] = "/tmp/assay-test-access-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    unsetenv("KUBERNETES_SERVICE_HOST");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    struct error error = {0};
    return chdir("/") == 0 ? folder_remove(folder, &error) : -1;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    struct error error = {0};
    assert_int_equal(file_write_atomic(path, text, strlen(text), mode, &error),
                     0);
}

/* A kubeconfig with these members of its cluster and its user. */
static struct kube_access *read_access(struct arena *arena, const char *cluster,
                                       const char *user, struct error *error)
{
    write_file("config",
               arena_format(arena,
                            "{current-context: c, contexts: [{name: c, "
                            "context: {cluster: k, user: u, namespace: shop}}],"
                            " clusters: [{name: k, cluster: {%s}}],"
                            " users: [{name: u, user: {%s}}]}",
                            cluster, user),
               0600);
    char path[64];
    snprintf(path, sizeof path, "%s/config", folder);
    struct kube_config_sources sources = {.path = path};
    return kube_access_read(arena, &sources, NULL, error);
}

static void servers(void **state)
{
    (void)state;
    static const struct {
        const char *url, *server, *host;
        bool secure;
    } rows[] = {
        {"https://a:6443", "https://a:6443", "a:6443", true},
        {"https://a", "https://a", "a", true},
        {"HTTPS://a/", "https://a", "a", true},
        {"https://a/k8s/c-1//", "https://a/k8s/c-1", "a", true},
        {"https://a/x?y=z", "https://a/x", "a", true},
        {"https://[::1]:6443/x#y", "https://[::1]:6443/x", "[::1]:6443", true},
        {"http://127.0.0.1:8001", "http://127.0.0.1:8001", "127.0.0.1:8001",
         false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        const struct kube_access *access =
            read_access(arena, arena_format(arena, "server: '%s'", rows[i].url),
                        "", &error);
        CHECK(rows[i].url, access);
        CHECK_TEXT(rows[i].url, access->server, rows[i].server);
        CHECK_TEXT(rows[i].url, access->host, rows[i].host);
        CHECK(rows[i].url, access->secure == rows[i].secure);
        assert_string_equal(kube_access_namespace(access), "shop");
        assert_string_equal(kube_access_context(access), "c");
    }
}

static void data_in_lines(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const struct kube_access *access =
        read_access(arena,
                    "server: 'https://a', certificate-authority-data: "
                    "\"aGVs\\nbG8=\\r\\n\"",
                    "", &error);
    assert_non_null(access);
    assert_int_equal(access->authority.length, 5);
    assert_memory_equal(access->authority.data, "hello", 5);
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *cluster, *user, *want;
    } rows[] = {
        {"no server", "", "", "has no 'server'"},
        {"no scheme", "server: 'a:6443'", "", "begins with https://"},
        {"another scheme", "server: 'ftp://a'", "", "begins with https://"},
        {"no host", "server: 'https://'", "", "expected https://host"},
        {"a user in it", "server: 'https://u:p@a'", "",
         "expected https://host"},
        {"a space", "server: 'https://a b'", "", "byte 9 is not printable"},
        {"a newline", "server: \"https://a\\nb\"", "", "is not printable"},
        {"both",
         "server: 'https://a', insecure-skip-tls-verify: true, "
         "certificate-authority-data: YQ==",
         "", "leave one of them out"},
        {"no base64", "server: 'https://a', certificate-authority-data: '?'",
         "", "'certificate-authority-data' of the kubeconfig is not base64"},
        {"no file", "server: 'https://a', certificate-authority: gone", "",
         "certificate-authority: cannot open"},
        {"a proxy with a newline", "server: 'https://a', proxy-url: \"x\\ny\"",
         "", "'proxy-url' does not fit"},
        {"an auth-provider", "server: 'https://a'",
         "auth-provider: {name: gcp}", "auth-provider"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        if (read_access(arena, rows[i].cluster, rows[i].user, &error))
            fail_msg("%s: was taken", rows[i].name);
        if (!strstr(error.text, rows[i].want))
            fail_msg("%s: %s", rows[i].name, error.text);
        assert_int_equal(error.kind, ERROR_INPUT);
    }
}

/* What is sent as credentials after the user's entry was read. */
static const char *describe(struct arena *arena, struct kube_access *access,
                            struct error *error)
{
    if (access_refresh(access, false, error) < 0)
        return error->text;
    const struct kube_credentials *credentials = &access->credentials;
    const char *text = arena_format(
        arena, "%s|%.*s|%.*s", credentials->token ? credentials->token : "",
        (int)credentials->certificate.length,
        credentials->certificate.data ? credentials->certificate.data : "",
        (int)credentials->key.length,
        credentials->key.data ? credentials->key.data : "");
    if (credentials->arena)
        arena_free(credentials->arena);
    return text;
}

static void credentials(void **state)
{
    (void)state;
    write_file("token", "  from-file \n", 0600);
    write_file("empty", " \n", 0600);
    write_file("pem", "PEM", 0600);
    static const struct {
        const char *name, *user, *want;
    } rows[] = {
        {"nobody", "", "||"},
        {"a token", "token: abc", "abc||"},
        {"a token file", "tokenFile: token", "from-file||"},
        {"a token goes first", "token: abc, tokenFile: token", "abc||"},
        {"a certificate",
         "client-certificate-data: Q0VSVA==, client-key-data: S0VZ",
         "|CERT|KEY"},
        {"of files", "client-certificate: pem, client-key: pem", "|PEM|PEM"},
        {"data go first",
         "client-certificate: gone, client-certificate-data: Q0VSVA==, "
         "client-key: pem",
         "|CERT|PEM"},
        {"no key", "client-certificate-data: Q0VSVA==",
         "context 'c': the user of the kubeconfig has a client certificate "
         "or its key, but not both"},
        {"a token with a newline", "token: \"a\\nb\"",
         "context 'c': the token does not fit: byte 1 is not printable "
         "ASCII"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct kube_access *access =
            read_access(arena, "server: 'https://a'", rows[i].user, &error);
        CHECK(rows[i].name, access);
        CHECK_TEXT(rows[i].name, describe(arena, access, &error), rows[i].want);
    }
}

static void credentials_are_for_tls_only(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct kube_access *access =
        read_access(arena, "server: 'http://a'", "token: abc", &error);
    assert_int_equal(access_refresh(access, true, &error), 0);
    assert_null(access->credentials.token);
}

static void a_token_file_is_read_again(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    write_file("token", "first", 0600);
    struct kube_access *access =
        read_access(arena, "server: 'https://a'", "tokenFile: token", &error);
    assert_int_equal(access_refresh(access, false, &error), 1);
    write_file("token", "second", 0600);
    assert_int_equal(access_refresh(access, false, &error), 0);
    assert_string_equal(access->credentials.token, "first");
    assert_int_equal(access_refresh(access, true, &error), 1);
    assert_string_equal(access->credentials.token, "second");
    write_file("token", "third", 0600);
    access->credentials.read = clock_monotonic() - KUBE_TOKEN_FILE_TIME - 1;
    assert_int_equal(access_refresh(access, false, &error), 1);
    assert_string_equal(access->credentials.token, "third");
    arena_free(access->credentials.arena);
}

/* --- programs -------------------------------------------------------------- */

#define V1      "client.authentication.k8s.io/v1"
#define ANSWERS "#!/bin/sh\ncat <<'END'\n"
#define GOOD                                                                   \
    "{\"apiVersion\": \"" V1 "\", \"kind\": \"ExecCredential\", \"status\": "

static void programs_that_log_in(void **state)
{
    (void)state;
    static const struct {
        const char *name, *script, *want;
    } rows[] = {
        {"a token", ANSWERS GOOD "{\"token\": \"abc\"}}\nEND\n", "abc||"},
        {"a certificate",
         ANSWERS GOOD "{\"clientCertificateData\": \"C\", "
                      "\"clientKeyData\": \"K\"}}\nEND\n",
         "|C|K"},
        {"its arguments and variables",
         "#!/bin/sh\nprintf '" GOOD
         "{\"token\": \"%s-%s\"}}' \"$2\" \"$WHO\"\n",
         "two-words-me||"},
        {"what it is told",
         "#!/bin/sh\ncase $KUBERNETES_EXEC_INFO in "
         "*'\"server\":\"https://a\"'*) "
         "echo '" GOOD "{\"token\": \"told\"}}' ;; esac\n",
         "told||"},
        {"nothing to read",
         "#!/bin/sh\nread line && exit 1\necho '" GOOD
         "{\"token\": \"eof\"}}'\n",
         "eof||"},
        {"nothing", "#!/bin/sh\n", "exec: the answer is not JSON"},
        {"a failure", "#!/bin/sh\nexit 7\n",
         "exec: './login' failed with exit code 7"},
        {"a signal", "#!/bin/sh\nkill -9 $$\n",
         "exec: './login' failed with exit code 137"},
        {"too much", "#!/bin/sh\nhead -c 1100000 /dev/zero\n",
         "exec: './login' printed more than 1048576 bytes"},
        {"another kind", ANSWERS "{\"kind\": \"Pod\"}\nEND\n",
         "expected an ExecCredential of " V1 ", found Pod of no version"},
        {"another version",
         ANSWERS
         "{\"kind\": \"ExecCredential\", \"apiVersion\": \"v2\"}\nEND\n",
         "found ExecCredential of v2"},
        {"half", ANSWERS GOOD "{\"clientCertificateData\": \"C\"}}\nEND\n",
         "neither a token nor a client certificate"},
        {"no time",
         ANSWERS GOOD "{\"token\": \"a\", \"expirationTimestamp\": "
                      "\"soon\"}}\nEND\n",
         "'soon' is not a time"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        write_file("login", rows[i].script, 0700);
        struct kube_access *access =
            read_access(arena, "server: 'https://a'",
                        "exec: {apiVersion: " V1
                        ", command: ./login, args: [one, two-words], env: "
                        "[{name: WHO, value: me}], provideClusterInfo: true}",
                        &error);
        CHECK(rows[i].name, access);
        const char *got = describe(arena, access, &error);
        const char *want = rows[i].want;
        /* The program's path is that beside its kubeconfig. */
        const char *program = strstr(want, "'./login'");
        if (program)
            want = arena_format(arena, "exec: '%s/./login'%s", folder,
                                program + strlen("'./login'"));
        if (!strstr(got, want))
            fail_msg("%s: %s", rows[i].name, got);
    }
}

static void programs_that_cannot_be_run(void **state)
{
    (void)state;
    static const struct {
        const char *name, *exec, *want;
    } rows[] = {
        {"not there", "apiVersion: " V1 ", command: assay-no-such-program",
         "cannot run 'assay-no-such-program'"},
        {"no command", "apiVersion: " V1, "there is no 'command'"},
        {"no version", "command: 'true'", "'apiVersion' must be"},
        {"an old version", "command: 'true', apiVersion: other/v1",
         "'apiVersion' must be"},
        {"questions without a terminal",
         "command: 'true', apiVersion: " V1 ", interactiveMode: Always",
         "standard input is no terminal"},
    };
    int terminal = dup(0);
    assert_non_null(freopen("/dev/null", "r", stdin));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct kube_access *access = read_access(
            arena, "server: 'https://a'",
            arena_format(arena, "exec: {%s}", rows[i].exec), &error);
        CHECK(rows[i].name, access);
        const char *got = describe(arena, access, &error);
        if (!strstr(got, rows[i].want))
            fail_msg("%s: %s", rows[i].name, got);
    }
    close(terminal);
}

static void an_answer_is_used_until_it_expires(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    write_file("count", "", 0600);
    write_file("login",
               "#!/bin/sh\necho x >>count\necho '" GOOD
               "{\"token\": \"a\", \"expirationTimestamp\": "
               "\"2200-01-01T00:00:00Z\"}}'\n",
               0700);
    struct kube_access *access =
        read_access(arena, "server: 'https://a'",
                    "exec: {apiVersion: " V1 ", command: ./login}", &error);
    assert_int_equal(access_refresh(access, false, &error), 1);
    assert_int_equal(access_refresh(access, false, &error), 0);
    access->credentials.expires = clock_now() - 1;
    assert_int_equal(access_refresh(access, false, &error), 1);
    assert_int_equal(access_refresh(access, true, &error), 1);
    size_t length;
    assert_non_null(file_read(arena, "count", 100, &length, &error));
    assert_int_equal(length, 6);
    arena_free(access->credentials.arena);
}

/* --- in a pod -------------------------------------------------------------- */

static void a_pod_is_looked_for_last(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct kube_config_sources sources = {.fallback = "/nowhere/config"};
    setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    assert_null(kube_access_read(arena, &sources, NULL, &error));
    assert_non_null(strstr(error.text, "in-cluster configuration"));
    error = (struct error){0};
    sources.path = "/nowhere/else";
    assert_null(kube_access_read(arena, &sources, NULL, &error));
    assert_non_null(strstr(error.text, "/nowhere/else"));
    unsetenv("KUBERNETES_SERVICE_HOST");
}

static void paths_of_the_api(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    assert_string_equal(kube_path(arena, &kube_pods, "shop", "a"),
                        "/api/v1/namespaces/shop/pods/a");
    assert_string_equal(kube_path(arena, &kube_jobs, "shop", NULL),
                        "/apis/batch/v1/namespaces/shop/jobs");
    assert_string_equal(kube_path(arena, &kube_namespaces, NULL, "a/b?c"),
                        "/api/v1/namespaces/a%2Fb%3Fc");
    assert_string_equal(kube_escape(arena, "a=b, \xc3\xa9~-._"),
                        "a%3Db%2C%20%C3%A9~-._");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers),
        cmocka_unit_test(data_in_lines),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(credentials),
        cmocka_unit_test(credentials_are_for_tls_only),
        cmocka_unit_test(a_token_file_is_read_again),
        cmocka_unit_test(programs_that_log_in),
        cmocka_unit_test(programs_that_cannot_be_run),
        cmocka_unit_test(an_answer_is_used_until_it_expires),
        cmocka_unit_test(a_pod_is_looked_for_last),
        cmocka_unit_test(paths_of_the_api),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
