/* kube.h: calls and watches against a server that follows a script. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/kube/kube.h"
#include "engine/kube/limits.h"
#include "tests/unit/case.h"

/* --- the server ------------------------------------------------------------ */

/* One request that is expected, and what is answered; the connection is then
 * closed. */
struct exchange {
    const char *request;  /* must be in it */
    const char *response; /* NULL: none, the connection just ends */
};

enum { EXCHANGES = 16 };

struct script {
    const struct exchange *exchanges;
    pid_t server;
    int port;
};

#define OK "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define STATUS(line, message)                                                  \
    "HTTP/1.1 " line "\r\nConnection: close\r\n\r\n{\"kind\": \"Status\", "    \
    "\"message\": \"" message "\", \"reason\": \"Because\"}"

static void answer(int connection, const struct exchange *exchange)
{
    static const char wrong[] = STATUS("418 Teapot", "not in the script");
    char request[8192];
    size_t length = 0;
    while (length < sizeof request - 1) {
        ssize_t got =
            read(connection, request + length, sizeof request - 1 - length);
        if (got <= 0)
            break;
        length += (size_t)got;
        request[length] = '\0';
        if (strstr(request, "\r\n\r\n"))
            break;
    }
    const char *response = exchange->response;
    if (!exchange->request || !strstr(request, exchange->request))
        response = wrong;
    if (response && file_write_all(connection, response, strlen(response)) < 0)
        _exit(1);
    shutdown(connection, SHUT_WR);
    while (read(connection, request, sizeof request) > 0)
        continue;
    close(connection);
}

static void serve(int listener, const struct exchange *exchanges)
{
    static const struct exchange end = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0;; i++) {
        int connection = accept(listener, NULL, NULL);
        answer(connection, exchanges->request ? exchanges++ : &end);
    }
}

static void start(struct script *script)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(
        bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 16), 0);
    getsockname(listener, (struct sockaddr *)&address, &size);
    script->port = ntohs(address.sin_port);
    script->server = fork();
    if (script->server == 0)
        serve(listener, script->exchanges);
    close(listener);
}

static void stop(const struct script *script)
{
    kill(script->server, SIGKILL);
    waitpid(script->server, NULL, 0);
}

/* A client of it. Lives in `arena`, but for itself. */
static struct kube_client *open_client(struct arena *arena,
                                       const struct script *script)
{
    char path[] = "/tmp/assay-test-client-XXXXXX";
    struct error error = {0};
    int file = mkstemp(path);
    dprintf(file,
            "{current-context: c, contexts: [{name: c, context: {cluster: k}}],"
            " clusters: [{name: k, cluster: {server: 'http://127.0.0.1:%d'}}]}",
            script->port);
    close(file);
    struct kube_config_sources sources = {.path = path};
    struct kube_access *access =
        kube_access_read(arena, &sources, NULL, &error);
    unlink(path);
    assert_non_null(access);
    struct kube_client *client = kube_client_open(access, &error);
    assert_non_null(client);
    return client;
}

/* --- calls ----------------------------------------------------------------- */

static const struct {
    const char *name;
    struct exchange exchanges[EXCHANGES];
    const char *method;
    int status;
    const char *want; /* the object, or in the error */
    size_t requests;
} calls[] = {
    {"an answer",
     {{"GET /x HTTP/1.1", OK "{\"a\": 1}"}},
     "GET",
     200,
     "{\"a\":1}",
     1},
    {"a refusal",
     {{"GET /x", STATUS("403 Forbidden", "no, User \\u001b[31m")}},
     "GET",
     403,
     "cannot get it: no, User \\x1b[31m (HTTP 403)",
     1},
    {"a refusal of a proxy",
     {{"GET /x", "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n"
                 "<html>\n<body>no such page</body></html>"}},
     "GET",
     404,
     "cannot get it: no such page (HTTP 404)",
     1},
    {"a refusal without a word",
     {{"GET /x", "HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n"}},
     "GET",
     400,
     "the server gave no reason (HTTP 400)",
     1},
    {"no redirect is followed",
     {{"GET /x", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
                 "Connection: close\r\n\r\n"}},
     "GET",
     302,
     "(HTTP 302)",
     1},
    {"busy, then an answer",
     {{"GET /x", STATUS("429 Busy", "later")},
      {"GET /x", STATUS("503 Away", "later")},
      {"GET /x", OK "{}"}},
     "GET",
     200,
     "{}",
     3},
    {"no answer, then one",
     {{"GET /x", NULL}, {"GET /x", OK "{}"}},
     "GET",
     200,
     "{}",
     2},
    {"a POST without an answer is tried again",
     {{"POST /x", NULL}, {"POST /x", STATUS("409 Conflict", "exists")}},
     "POST",
     409,
     "exists (HTTP 409)",
     2},
    {"a quota that two have counted on is tried again",
     {{"POST /x", "HTTP/1.1 409 Conflict\r\nConnection: close\r\n\r\n"
                  "{\"reason\": \"Conflict\", \"message\": \"modified\"}"},
      {"POST /x", OK "{}"}},
     "POST",
     200,
     "{}",
     2},
    {"what is there already is not",
     {{"POST /x", "HTTP/1.1 409 Conflict\r\nConnection: close\r\n\r\n"
                  "{\"reason\": \"AlreadyExists\", \"message\": \"exists\"}"}},
     "POST",
     409,
     "exists",
     1},
    {"what is not possible is not tried again",
     {{"POST /x", STATUS("422 Invalid", "spec.x: unknown field")}},
     "POST",
     422,
     "spec.x: unknown field (HTTP 422)",
     1},
    {"no JSON",
     {{"GET /x", OK "hello"}},
     "GET",
     200,
     "the answer is not JSON",
     1},
    {"a patch says so",
     {{"application/merge-patch+json", OK "{}"}},
     "PATCH",
     200,
     "{}",
     1},
};

static void calls_and_their_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct script script = {.exchanges = calls[i].exchanges};
        struct error error = {0};
        start(&script);
        CLEANUP(kube_client_close)
        struct kube_client *client = open_client(arena, &script);
        struct kube_call call = {
            .method = calls[i].method, .path = "/x", .what = "get it"};
        if (strcmp(calls[i].method, "GET") != 0)
            call.body = value_make_map(arena);
        CHECK(calls[i].name,
              kube_call_run(client, arena, &call, 1, &error) == 0);
        CLEANUP(text_free) struct text text = {0};
        if (call.object)
            value_write_json(&text, call.object, JSON_COMPACT);
        else
            text_append_string(&text, call.error.text);
        if (!strstr(text_string(&text), calls[i].want))
            fail_msg("%s: %s", calls[i].name, text_string(&text));
        CHECK(calls[i].name, call.status == calls[i].status);
        CHECK(calls[i].name, kube_client_requests(client) == calls[i].requests);
        stop(&script);
    }
}

static void an_answer_that_is_too_long(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text response = {0};
    struct error error = {0};
    text_append_string(&response, OK "\"");
    for (size_t i = 0; i < KUBE_BODY_LIMIT; i++)
        text_append_character(&response, 'x');
    text_append_string(&response, "\"");
    const struct exchange exchanges[] = {{"GET", response.data}, {0}};
    struct script script = {.exchanges = exchanges};
    start(&script);
    CLEANUP(kube_client_close)
    struct kube_client *client = open_client(arena, &script);
    struct kube_call call = {.method = "GET", .path = "/", .what = "get it"};
    assert_int_equal(kube_call_run(client, arena, &call, 1, &error), 0);
    assert_non_null(strstr(call.error.text, "has more than 8388608 bytes"));
    stop(&script);
}

static void the_user_may_interrupt(void **state)
{
    (void)state;
    static const struct exchange exchanges[EXCHANGES] = {
        {"GET", STATUS("503 Away", "later")}};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct script script = {.exchanges = exchanges};
    struct error error = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "a", 1), 1);
    start(&script);
    CLEANUP(kube_client_close)
    struct kube_client *client = open_client(arena, &script);
    kube_client_interrupt(client, ends[0]);
    struct kube_call call = {.method = "GET", .path = "/", .what = "get it"};
    assert_int_equal(kube_call_run(client, arena, &call, 1, &error), -1);
    assert_int_equal(error.kind, ERROR_ABORTED);
    stop(&script);
    close(ends[0]);
    close(ends[1]);
}

static void nobody_there(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    static const struct exchange none = {0};
    struct script script = {.exchanges = &none};
    struct error error = {0};
    start(&script);
    stop(&script);
    CLEANUP(kube_client_close)
    struct kube_client *client = open_client(arena, &script);
    struct kube_call call = {.method = "GET", .path = "/", .what = "get it"};
    int64_t begun = clock_monotonic();
    assert_int_equal(kube_call_run(client, arena, &call, 1, &error), 0);
    assert_int_equal(call.status, 0);
    assert_int_equal(call.error.kind, ERROR_REMOTE);
    assert_true(clock_monotonic() - begun < KUBE_PATIENCE_FIRST * 2);
    assert_true(kube_client_requests(client) > 1);
}

/* --- watches --------------------------------------------------------------- */

#define OBJECT(uid, version, size)                                             \
    "{\"metadata\": {\"uid\": \"" uid "\", \"name\": \"n-" uid                 \
    "\", \"resourceVersion\": \"" version "\"}, \"size\": " size "}"
#define EVENT(type, uid, version, size)                                        \
    "{\"type\": \"" type "\", \"object\": " OBJECT(uid, version, size) "}\n"
#define LIST(version, items)                                                   \
    "{\"metadata\": {\"resourceVersion\": \"" version                          \
    "\"}, \"items\": [" items "]}"
#define FORGOTTEN                                                              \
    "{\"type\": \"ERROR\", \"object\": {\"kind\": \"Status\", "                \
    "\"code\": 410}}\n"

static const struct {
    const char *name;
    struct exchange exchanges[EXCHANGES];
    const char *want; /* the changes, until it is there */
} watches[] = {
    {"what is there, then what changes",
     {{"GET /o?watch=true&allowWatchBookmarks=true&timeoutSeconds=300&q=1 ",
       OK EVENT("ADDED", "a", "5", "1") EVENT("MODIFIED", "a", "6", "2")
           EVENT("DELETED", "a", "7", "2")}},
     "+a1 ~a2 -a2 "},
    {"an end, and on from the last version",
     {{"watch=true", OK EVENT("ADDED", "a", "5", "1")},
      {"resourceVersion=5&", OK EVENT("MODIFIED", "a", "6", "2")}},
     "+a1 ~a2 "},
    {"a bookmark moves the version",
     {{"watch=true",
       OK EVENT("ADDED", "a", "5", "1") EVENT("BOOKMARK", "", "9", "0")},
      {"resourceVersion=9&", OK EVENT("MODIFIED", "a", "10", "3")}},
     "+a1 ~a3 "},
    {"a line that is cut is read again",
     {{"watch=true", OK EVENT("ADDED", "a", "5", "1") "{\"type\": \"MODI"},
      {"resourceVersion=5&", OK EVENT("MODIFIED", "a", "6", "2")}},
     "+a1 ~a2 "},
    {"a line that is no JSON",
     {{"watch=true", OK EVENT("ADDED", "a", "5", "1") "what?\n"},
      {"resourceVersion=5&", OK EVENT("MODIFIED", "a", "6", "2")}},
     "+a1 ~a2 "},
    {"forgotten: a list, and what went is told",
     {{"watch=true", OK EVENT("ADDED", "a", "5", "1")
                         EVENT("ADDED", "b", "6", "1") FORGOTTEN},
      {"GET /o?limit=1000&q=1 ", OK LIST("20", OBJECT("b", "15", "4"))},
      {"resourceVersion=20&", OK EVENT("MODIFIED", "b", "21", "5")}},
     "+a1 +b1 ~b4 -a? ~b5 "},
    {"forgotten at once, by HTTP",
     {{"watch=true", OK EVENT("ADDED", "a", "5", "1")},
      {"resourceVersion=5&", STATUS("410 Gone", "too old")},
      {"limit=1000", OK LIST("20", "")},
      {"resourceVersion=20&", OK EVENT("ADDED", "c", "21", "1")}},
     "+a1 -a? +c1 "},
    {"an end before anything was there: a list",
     {{"watch=true", OK},
      {"limit=1000", OK LIST("3", OBJECT("a", "2", "1"))},
      {"resourceVersion=3&", OK EVENT("DELETED", "a", "4", "1")}},
     "+a1 -a1 "},
    {"the same object may be added twice",
     {{"watch=true",
       OK EVENT("ADDED", "a", "5", "1") EVENT("ADDED", "a", "5", "1")}},
     "+a1 ~a1 "},
    {"not allowed to watch: lists",
     {{"watch=true", STATUS("403 Forbidden", "cannot watch")},
      {"limit=1000", OK LIST("3", OBJECT("a", "2", "1"))},
      {"limit=1000", OK LIST("4", OBJECT("a", "4", "2"))},
      {"limit=1000", OK LIST("5", "")}},
     "+a1 ~a2 -a? "},
    {"away for a while",
     {{"watch=true", STATUS("500 Error", "oh")},
      {"limit=1000", NULL},
      {"limit=1000", OK LIST("3", OBJECT("a", "2", "1"))},
      {"resourceVersion=3&", OK EVENT("MODIFIED", "a", "4", "2")}},
     "+a1 ~a2 "},
    {"not allowed at all",
     {{"watch=true", STATUS("403 Forbidden", "cannot watch")},
      {"limit=1000", STATUS("403 Forbidden", "cannot list")}},
     "cannot watch them: cannot list (HTTP 403)"},
};

static int note_change(void *context, enum kube_change change,
                       const struct value *object, struct error *error)
{
    struct text *text = context;
    (void)error;
    const struct value *size = value_get(object, "size");
    text_append_format(text, "%c%s%c ", "+~-"[change],
                       value_string(value_path(object, "metadata.uid")),
                       size ? (char)('0' + value_int_or(size, 0)) : '?');
    return 0;
}

/* A row of `watches`, under way. */
struct watching {
    struct arena *arena;
    struct text text;
    struct script script;
    struct kube_client *client;
    struct kube_watch *watch;
    struct kube_watch_setup setup;
};

static void watching_begin(struct watching *row, size_t i)
{
    row->arena = arena_new();
    row->script.exchanges = watches[i].exchanges;
    start(&row->script);
    row->client = open_client(row->arena, &row->script);
    row->setup = (struct kube_watch_setup){"/o", "q=1", "watch them",
                                           &row->text, note_change};
    row->watch = kube_watch_start(row->client, &row->setup);
}

/* Whether there is something to wait for; waits for it, but not long. */
static bool watching_go_on(struct watching *row, size_t i)
{
    struct error error = {0};
    if (strlen(text_string(&row->text)) >= strlen(watches[i].want) ||
        kube_watch_refusal(row->watch))
        return false;
    int64_t end = clock_monotonic() + 10 * CLOCK_MILLISECOND;
    CHECK(watches[i].name, kube_client_wait(row->client, end, &error) == 0);
    return true;
}

static void watching_end(struct watching *row, size_t i)
{
    if (kube_watch_refusal(row->watch))
        text_append_string(&row->text, kube_watch_refusal(row->watch)->text);
    CHECK_TEXT(watches[i].name, text_string(&row->text), watches[i].want);
    stop(&row->script);
    kube_watch_free(row->watch);
    kube_client_close(row->client);
    text_free(&row->text);
    arena_free(row->arena);
}

/* All rows at once: a watch begins again a second after it began. */
static void watches_and_their_changes(void **state)
{
    (void)state;
    struct watching rows[COUNT_OF(watches)] = {0};
    for (size_t i = 0; i < COUNT_OF(watches); i++)
        watching_begin(&rows[i], i);
    int64_t end = clock_monotonic() + 12 * CLOCK_SECOND;
    for (bool more = true; more && clock_monotonic() < end;) {
        more = false;
        for (size_t i = 0; i < COUNT_OF(watches); i++)
            more = watching_go_on(&rows[i], i) || more;
    }
    for (size_t i = 0; i < COUNT_OF(watches); i++)
        watching_end(&rows[i], i);
}

static int refuse_change(void *context, enum kube_change change,
                         const struct value *object, struct error *error)
{
    (void)context;
    (void)change;
    (void)object;
    return error_set(error, ERROR_SYSTEM, "disk full");
}

static void a_reader_that_fails_ends_waiting(void **state)
{
    (void)state;
    static const struct exchange exchanges[EXCHANGES] = {
        {"watch=true", OK EVENT("ADDED", "a", "5", "1")}};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct script script = {.exchanges = exchanges};
    struct error error = {0};
    start(&script);
    CLEANUP(kube_client_close)
    struct kube_client *client = open_client(arena, &script);
    struct kube_watch_setup setup = {"/o", "q=1", "watch them", NULL,
                                     refuse_change};
    CLEANUP(kube_watch_free)
    struct kube_watch *watch = kube_watch_start(client, &setup);
    assert_non_null(watch);
    int64_t end = clock_monotonic() + 5 * CLOCK_SECOND;
    int result = 0;
    while (result == 0 && clock_monotonic() < end)
        result = kube_client_wait(client, end, &error);
    assert_int_equal(result, -1);
    assert_string_equal(error.text, "disk full");
    stop(&script);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_and_their_answers),
        cmocka_unit_test(an_answer_that_is_too_long),
        cmocka_unit_test(the_user_may_interrupt),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(watches_and_their_changes),
        cmocka_unit_test(a_reader_that_fails_ends_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
