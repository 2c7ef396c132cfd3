/* kube.h: kubeconfigs read, merged and reduced, and what is refused. */
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/kube/kube.h"
#include "engine/kube/kubeconfig.h"
#include "engine/kube/limits.h"
#include "tests/unit/folder_fixture.h"
#include "tests/unit/value_fixture.h"

static struct value *parse(struct arena *arena, const char *path,
                           const char *text, struct error *error)
{
    return kube_config_parse(arena, path, text, strlen(text), error);
}

#define EMPTY                                                                  \
    "{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"clusters\":[],"              \
    "\"users\":[],\"contexts\":[]"

static void files_that_are_kubeconfigs(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input, *want;
    } rows[] = {
        {"empty", "", EMPTY "}"},
        {"a comment", "# nothing\n", EMPTY "}"},
        {"null", "---\n", EMPTY "}"},
        {"JSON", "{\"kind\": \"Config\"}", EMPTY "}"},
        {"null lists", "clusters:\nusers: null\ncontexts: ~\n", EMPTY "}"},
        {"current context", "current-context: here\n",
         EMPTY ",\"current-context\":\"here\"}"},
        {"what is not used is left out",
         "preferences: {colors: true}\nextensions: []\n", EMPTY "}"},
        {"relative paths follow the file",
         "users: [{name: u, user: {client-certificate: a/c.pem,"
         " client-key: /k.pem, tokenFile: ../t}}]",
         "{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"clusters\":[],"
         "\"users\":[{\"name\":\"u\",\"user\":{\"client-certificate\":"
         "\"/etc/kube/a/c.pem\",\"client-key\":\"/k.pem\",\"tokenFile\":"
         "\"/etc/kube/../t\"}}],\"contexts\":[]}"},
        {"an alias is resolved once in each entry",
         "clusters: [{name: a, cluster: &c {certificate-authority: ca}},"
         " {name: b, cluster: *c}]",
         "{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"clusters\":"
         "[{\"name\":\"a\",\"cluster\":{\"certificate-authority\":"
         "\"/etc/kube/ca\"}},{\"name\":\"b\",\"cluster\":"
         "{\"certificate-authority\":\"/etc/kube/ca\"}}],"
         "\"users\":[],\"contexts\":[]}"},
        {"an entry without a body", "users: [{name: u}]",
         "{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"clusters\":[],"
         "\"users\":[{\"name\":\"u\",\"user\":{}}],\"contexts\":[]}"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        const struct value *config =
            parse(arena, "/etc/kube/config", rows[i].input, &error);
        CHECK_TEXT(rows[i].name, config ? as_json(arena, config) : error.text,
                   rows[i].want);
    }
}

static void files_that_are_not(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input, *want;
        unsigned line;
    } rows[] = {
        {"a text", "just words", "this is not a kubeconfig: expected a map", 1},
        {"another kind", "\nkind: Pod\n",
         "this is not a kubeconfig: its kind is not 'Config'", 2},
        {"kind is a list", "kind: []",
         "this is not a kubeconfig: its kind is not 'Config'", 1},
        {"two documents", "kind: Config\n---\nkind: Config\n",
         "a kubeconfig is one document, here begins another", 3},
        {"clusters is a map", "clusters: {}",
         "expected a list in 'clusters', found a map", 1},
        {"an entry is a text", "users:\n- x\n",
         "a user needs a 'name', which is a text", 2},
        {"no name", "users: [{user: {}}]",
         "a user needs a 'name', which is a text", 1},
        {"the name is a number", "users: [{name: 1}]",
         "a user needs a 'name', which is a text", 1},
        {"the name holds a NUL", "users: [{name: \"a\\0b\"}]",
         "a user needs a 'name', which is a text", 1},
        {"twice", "contexts: [{name: a}, {name: b},\n {name: a}]",
         "there are two of the name 'a' in 'contexts'", 2},
        {"the body is a list", "clusters: [{name: a, cluster: []}]",
         "expected a map in 'cluster', found a list", 1},
        {"a path is a list",
         "clusters: [{name: a, cluster: {certificate-authority: []}}]",
         "'certificate-authority' must be a path", 1},
        {"a path holds a NUL",
         "users: [{name: a, user: {tokenFile: \"/a\\0b\"}}]",
         "'tokenFile' must be a path", 1},
        {"the current context is a number", "current-context: 12",
         "'current-context' must be a text", 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        CHECK(rows[i].name, !parse(arena, "x/config", rows[i].input, &error));
        CHECK_TEXT(rows[i].name, error.text, rows[i].want);
        CHECK(rows[i].name, error.kind == ERROR_INPUT);
        CHECK_TEXT(rows[i].name, error.place.file, "x/config");
        CHECK(rows[i].name, error.place.mark.line == rows[i].line);
    }
}

static void broken_yaml_is_an_error_with_its_place(void **state)
{
    (void)state;
    static const char *const rows[] = {"a: [",         "a: 1\na: 2\n",
                                       "\xff\xfe\x00", "{\"a\": 1",
                                       "a: *b",        "\t- x: 1"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        CHECK(rows[i], !parse(arena, "config", rows[i], &error));
        CHECK(rows[i], error.kind == ERROR_INPUT && error.text[0]);
        CHECK_TEXT(rows[i], error.place.file, "config");
    }
}

static void entries_up_to_the_limit(void **state)
{
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text text = {0};
        text_append_string(&text, "users:\n");
        for (int i = 0; i < KUBE_ENTRIES_LIMIT + extra; i++)
            text_append_format(&text, "- name: u%d\n", i);
        struct error error = {0};
        const struct value *config =
            kube_config_parse(arena, "config", text.data, text.length, &error);
        CHECK("limit", (config != NULL) == (extra == 0));
    }
}

static void what_is_looked_for(void **state)
{
    (void)state;
    write_file("one", "current-context: one\n");
    write_file("two", "current-context: two\n");
    write_file("none", "");
    write_file("-", "current-context: dash\n");
    write_file("broken", "[");
    static const struct {
        const char *name, *path, *list, *fallback;
        const char *want; /* the current context, or the error */
    } rows[] = {
        {"the path alone", "two", "one", "one", "two"},
        {"the path must be there", "nowhere", "one", "one",
         "kubeconfig: cannot open 'nowhere': No such file or directory"},
        {"the list before the fallback", NULL, "two", "one", "two"},
        {"the first of the list wins", "", "one:two", NULL, "one"},
        {"the first that has one", NULL, "none:two:one", NULL, "two"},
        {"empty and missing ones are passed over", NULL,
         "::nowhere:one/x:two:", NULL, "two"},
        {"the fallback", NULL, NULL, "one", "one"},
        {"an empty list is none", NULL, "", "one", "one"},
        {"a missing list hides the fallback", NULL, "a:b", "one",
         "there is no kubeconfig: 'a:b' does not exist; write one, or name "
         "yours in KUBECONFIG"},
        {"a missing fallback", NULL, NULL, "./nowhere",
         "there is no kubeconfig: './nowhere' does not exist; write one, or "
         "name yours in KUBECONFIG"},
        {"nothing is given", NULL, NULL, NULL,
         "there is no kubeconfig: name yours in KUBECONFIG"},
        {"a dash is a file", "-", NULL, NULL, "dash"},
        {"a folder", ".", NULL, NULL,
         "kubeconfig: '.' is a folder, not a file"},
        {"one broken file spoils the list", NULL, "one:broken", NULL, NULL},
        {"an endless file", "/dev/zero", NULL, NULL,
         "kubeconfig: '/dev/zero' is larger than the limit of 1048576 bytes"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct kube_config_sources sources = {rows[i].path, rows[i].list,
                                              rows[i].fallback};
        const struct value *config = kube_config_read(arena, &sources, &error);
        CHECK(rows[i].name, (config == NULL) == error_is_set(&error));
        if (rows[i].want)
            CHECK_TEXT(rows[i].name,
                       config ? value_string_at(config, "current-context")
                              : error.text,
                       rows[i].want);
        else
            CHECK(rows[i].name, !config && error.kind == ERROR_INPUT);
    }
}

static void files_up_to_the_limit(void **state)
{
    (void)state;
    write_file("one", "current-context: one\n");
    for (int extra = 0; extra < 2; extra++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text list = {0};
        for (int i = 1; i < KUBE_FILES_LIMIT + extra; i++)
            text_append_string(&list, "nowhere:");
        text_append_string(&list, "one");
        struct error error = {0};
        struct kube_config_sources sources = {.list = text_string(&list)};
        const struct value *config = kube_config_read(arena, &sources, &error);
        CHECK("limit", (config != NULL) == (extra == 0));
    }
}

static void the_first_entry_of_a_name_counts_as_a_whole(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    assert_int_equal(folder_make("a", 0700, &(struct error){0}), 0);
    assert_int_equal(folder_make("b", 0700, &(struct error){0}), 0);
    write_file("a/config",
               "clusters: [{name: c, cluster: {server: 'https://a'}}]\n");
    write_file("b/config", "clusters:\n"
                           "- {name: c, cluster: {server: 'https://b',"
                           " certificate-authority: ca}}\n"
                           "- {name: d, cluster: {server: 'https://d',"
                           " certificate-authority: ca}}\n");
    struct error error = {0};
    struct kube_config_sources sources = {.list = "a/config:b/config"};
    const struct value *config = kube_config_read(arena, &sources, &error);
    CHECK_TEXT("merged", config ? as_json(arena, config) : error.text,
               "{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"clusters\":["
               "{\"name\":\"c\",\"cluster\":{\"server\":\"https://a\"}},"
               "{\"name\":\"d\",\"cluster\":{\"server\":\"https://d\","
               "\"certificate-authority\":\"b/ca\"}}],"
               "\"users\":[],\"contexts\":[]}");
}

/* Everything around the user's body `%s`. */
#define AROUND(cluster, user)                                                  \
    "clusters: [{name: c, cluster: " cluster "}]\n"                            \
    "users: [{name: u, user: " user "}]\n"                                     \
    "contexts: [{name: x, context: {cluster: c, user: u, namespace: shop}},"   \
    " {name: other, context: {cluster: gone, user: u}},"                       \
    " {name: nobody, context: {cluster: c, user: gone}},"                      \
    " {name: anonymous, context: {cluster: c}},"                               \
    " {name: bare, context: {user: u}}]\n"                                     \
    "current-context: x\n"
#define REDUCED(cluster, user)                                                 \
    "{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"clusters\":[{\"name\":"      \
    "\"c\",\"cluster\":" cluster                                               \
    "}],\"users\":[{\"name\":\"u\",\"user\":" user                             \
    "}],\"contexts\":[{\"name\":\"x\",\"context\":{\"cluster\":\"c\","         \
    "\"user\":\"u\",\"namespace\":\"shop\"}}],\"current-context\":\"x\"}"
#define SERVER      "{server: 'https://s'}"
#define SERVER_JSON "{\"server\":\"https://s\"}"

static void reduced_to_one_context(void **state)
{
    (void)state;
    write_file("ca", "f");
    write_file("cert", "fo");
    write_file("key", "foo");
    write_file("token", "\n  abc.def \r\n");
    static const struct {
        const char *name, *input, *want;
    } rows[] = {
        {"data stays",
         AROUND("{server: 'https://s', certificate-authority-data"
                ": Zg==, tls-server-name: t}",
                "{token: abc, as: me, as-groups: [a, b]}"),
         REDUCED("{\"server\":\"https://s\",\"tls-server-name\":\"t\","
                 "\"certificate-authority-data\":\"Zg==\"}",
                 "{\"token\":\"abc\",\"as\":\"me\",\"as-groups\":"
                 "[\"a\",\"b\"]}")},
        {"files are put in",
         AROUND("{server: 'https://s', certificate-authority: ca}",
                "{client-certificate: cert, client-key: key}"),
         REDUCED("{\"server\":\"https://s\",\"certificate-authority-data\":"
                 "\"Zg==\"}",
                 "{\"client-certificate-data\":\"Zm8=\","
                 "\"client-key-data\":\"Zm9v\"}")},
        {"data goes before the file",
         AROUND("{server: 'https://s', certificate-authority: gone,"
                " certificate-authority-data: QQ==}",
                "{}"),
         REDUCED("{\"server\":\"https://s\",\"certificate-authority-data\":"
                 "\"QQ==\"}",
                 "{}")},
        {"empty data does not",
         AROUND("{server: 'https://s',"
                " certificate-authority: ca,"
                " certificate-authority-data: ''}",
                "{}"),
         REDUCED("{\"server\":\"https://s\",\"certificate-authority-data\":"
                 "\"Zg==\"}",
                 "{}")},
        {"the token of a file, trimmed", AROUND(SERVER, "{tokenFile: token}"),
         REDUCED(SERVER_JSON, "{\"token\":\"abc.def\"}")},
        {"the token goes before its file",
         AROUND(SERVER, "{tokenFile: gone, token: abc}"),
         REDUCED(SERVER_JSON, "{\"token\":\"abc\"}")},
        {"unknown members are left out",
         AROUND("{server: 'https://s', extensions: [], plugin: /bin/sh}",
                "{helper: /bin/sh, exec: null}"),
         REDUCED(SERVER_JSON, "{}")},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        const struct value *config =
            parse(arena, "config", rows[i].input, &error);
        CHECK(rows[i].name, config);
        const struct value *reduced =
            kube_config_reduce(arena, config, NULL, &error);
        CHECK_TEXT(rows[i].name, reduced ? as_json(arena, reduced) : error.text,
                   rows[i].want);
    }
}

static void what_cannot_be_reduced(void **state)
{
    (void)state;
    write_file("empty", " \n");
    write_file("binary", "abc\x01");
    write_file("lines", "abc\ndef\n");
    static const struct {
        const char *name, *input, *context, *want;
    } rows[] = {
        {"no current context", "contexts: [{name: a}, {name: b}]", NULL,
         "the kubeconfig has no current-context: choose one with 'kubectl "
         "config use-context'; known: 'a', 'b'"},
        {"an empty one", "current-context: ''", "",
         "the kubeconfig has no current-context: choose one with 'kubectl "
         "config use-context'; known: none"},
        {"the current context is unknown",
         "contexts: [{name: a}]\ncurrent-context: production", NULL,
         "there is no context 'production' in the kubeconfig; known: 'a'"},
        {"an unknown name, and a known one like it",
         "contexts: [{name: production}, {name: b}]", "prodution",
         "there is no context 'prodution' in the kubeconfig: did you mean "
         "'production'? known: 'production', 'b'"},
        {"no cluster", AROUND(SERVER, "{}"), "bare",
         "the context 'bare' of the kubeconfig names no cluster"},
        {"an unknown cluster", AROUND(SERVER, "{}"), "other",
         "there is no cluster 'gone' in the kubeconfig; known: 'c'"},
        {"an unknown user", AROUND(SERVER, "{}"), "nobody",
         "there is no user 'gone' in the kubeconfig; known: 'u'"},
        {"no server", AROUND("{}", "{}"), NULL,
         "the cluster 'c' of the kubeconfig has no 'server'"},
        {"the server is a list", AROUND("{server: [a]}", "{}"), NULL,
         "the cluster 'c' of the kubeconfig has no 'server'"},
        {"exec", AROUND(SERVER, "{token: abc, exec: {command: aws}}"), NULL,
         "the user 'u' of the kubeconfig logs in by running a program (exec), "
         "and neither that program nor its keys are in the sandbox: make a "
         "kubeconfig whose user has a token ('kubectl create token') or a "
         "client certificate, and name it in KUBECONFIG"},
        {"auth-provider", AROUND(SERVER, "{auth-provider: {name: gcp}}"), NULL,
         "the user 'u' of the kubeconfig logs in by an auth-provider, and "
         "neither that program nor its keys are in the sandbox: make a "
         "kubeconfig whose user has a token ('kubectl create token') or a "
         "client certificate, and name it in KUBECONFIG"},
        {"a missing file", AROUND(SERVER, "{client-certificate: gone}"), NULL,
         "user 'u': client-certificate: cannot open 'gone': No such file or "
         "directory"},
        {"a missing authority",
         AROUND("{server: s, certificate-authority: gone}", "{}"), NULL,
         "cluster 'c': certificate-authority: cannot open 'gone': No such file "
         "or directory"},
        {"an endless key", AROUND(SERVER, "{client-key: /dev/zero}"), NULL,
         "user 'u': client-key: '/dev/zero' is larger than the limit of "
         "1048576 bytes"},
        {"an empty token", AROUND(SERVER, "{tokenFile: empty}"), NULL,
         "user 'u': tokenFile 'empty' is empty"},
        {"a token of bytes", AROUND(SERVER, "{tokenFile: binary}"), NULL,
         "user 'u': tokenFile 'binary' does not hold a token: byte 3 is not "
         "printable ASCII"},
        {"a token of two lines", AROUND(SERVER, "{tokenFile: lines}"), NULL,
         "user 'u': tokenFile 'lines' does not hold a token: byte 3 is not "
         "printable ASCII"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        const struct value *config =
            parse(arena, "config", rows[i].input, &error);
        CHECK(rows[i].name, config);
        CHECK(rows[i].name,
              !kube_config_reduce(arena, config, rows[i].context, &error));
        CHECK_TEXT(rows[i].name, error.text, rows[i].want);
        CHECK(rows[i].name, error.kind == ERROR_INPUT);
    }
}

static void a_context_without_a_user_is_allowed(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const struct value *config =
        parse(arena, "config", AROUND(SERVER, "{exec: {command: x}}"), &error);
    const struct value *reduced =
        kube_config_reduce(arena, config, "anonymous", &error);
    CHECK_TEXT("anonymous", reduced ? as_json(arena, reduced) : error.text,
               "{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"clusters\":[{"
               "\"name\":\"c\",\"cluster\":" SERVER_JSON "}],\"contexts\":[{"
               "\"name\":\"anonymous\",\"context\":{\"cluster\":\"c\"}}],"
               "\"current-context\":\"anonymous\"}");
}

static void many_names_are_cut(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text text = {0};
    text_append_string(&text, "contexts:\n");
    for (int i = 0; i < 100; i++)
        text_append_format(&text, "- name: context-number-%d\n", i);
    struct error error = {0};
    const struct value *config =
        kube_config_parse(arena, "config", text.data, text.length, &error);
    assert_null(kube_config_reduce(arena, config, "zzz", &error));
    assert_non_null(strstr(error.text, "'context-number-9', "));
    assert_null(strstr(error.text, "context-number-50"));
    CHECK_TEXT("end", error.text + strlen(error.text) - 5, ", ...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_are_kubeconfigs),
        cmocka_unit_test(files_that_are_not),
        cmocka_unit_test(broken_yaml_is_an_error_with_its_place),
        cmocka_unit_test(entries_up_to_the_limit),
        cmocka_unit_test(what_is_looked_for),
        cmocka_unit_test(files_up_to_the_limit),
        cmocka_unit_test(the_first_entry_of_a_name_counts_as_a_whole),
        cmocka_unit_test(reduced_to_one_context),
        cmocka_unit_test(what_cannot_be_reduced),
        cmocka_unit_test(a_context_without_a_user_is_allowed),
        cmocka_unit_test(many_names_are_cut),
    };
    return cmocka_run_group_tests(tests, folder_make_own, folder_drop_own);
}
