/*
 * Requests in, answers out, by libcurl: the options of every transfer. HTTP/2 where
 * the server has it, so that calls, watches and logs share one connection. What is received is handed on at once, in the callback, so a
 * reader that is slow slows down the sender and nothing piles up.
 * Invariants: credentials go into a request only over TLS; no redirect is
 * followed; a task that has nothing under way has no CURL handle.
 */
#include "engine/kube/transfer.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "engine/base/base64.h"
#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/kube/limits.h"

enum { DEAD_AFTER = 60, KEEP_ALIVE = 30, KEEP_ALIVE_AGAIN = 15 };

/* --- what comes in --------------------------------------------------------- */

long transfer_status(const struct kube_task *task)
{
    long status = 0;
    if (!task->easy)
        return 0;
    task->client->curl->easy_getinfo(task->easy, CURLINFO_RESPONSE_CODE,
                                     &status);
    return status;
}

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct kube_task *task = context;
    struct kube_client *client = task->client;
    size_t length = size * count;
    long status = transfer_status(task);
    task->heard = clock_monotonic();
    client->reached = true;
    if (status < 200 || status > 299) {
        size_t room = KUBE_REFUSAL_LIMIT - task->refusal.length;
        text_append(&task->refusal, bytes, length < room ? length : room);
        return length;
    }
    if (client->broken)
        return CURL_WRITEFUNC_ERROR;
    if (task->take(task, bytes, length, &client->error) == 0)
        return length;
    client->broken = error_is_set(&client->error);
    return CURL_WRITEFUNC_ERROR;
}

/* The value of the header `name` in a line, without spaces around; or NULL. */
static const char *header_value(const char *line, size_t length,
                                const char *name, size_t *value_length)
{
    size_t prefix = strlen(name);
    if (length <= prefix || line[prefix] != ':' ||
        strncasecmp(line, name, prefix) != 0)
        return NULL;
    const char *value = line + prefix + 1;
    const char *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (unsigned char)end[-1] <= ' ')
        end--;
    *value_length = (size_t)(end - value);
    return value;
}

/* Retry-After in seconds; a date there is rare and ignored. */
static int64_t read_seconds(const char *text, size_t length)
{
    int64_t seconds = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || seconds > 100000)
            return -1;
        seconds = seconds * 10 + (text[i] - '0');
    }
    return length ? seconds * CLOCK_SECOND : -1;
}

/* Date: Mon, 02 Jan 2006 15:04:05 GMT */
static void read_date(struct kube_client *client, const char *text,
                      size_t length)
{
    char copy[64];
    struct tm broken = {0};
    if (length >= sizeof copy)
        return;
    memcpy(copy, text, length);
    copy[length] = '\0';
    const char *end = strptime(copy, "%a, %d %b %Y %H:%M:%S GMT", &broken);
    if (!end || *end)
        return;
    client->server_time = (int64_t)timegm(&broken) * CLOCK_SECOND;
    client->server_seen = clock_now();
}

/* Warning: 299 - "text" */
static void read_warning(struct kube_client *client, const char *text,
                         size_t length)
{
    const char *begin = memchr(text, '"', length);
    if (!client->warnings.take || length < 3 || memcmp(text, "299", 3) != 0 ||
        !begin)
        return;
    begin++;
    const char *end = memrchr(begin, '"', length - (size_t)(begin - text));
    CLEANUP(text_free) struct text printable = {0};
    if (end)
        text_append_escaped(&printable, begin, (size_t)(end - begin), false);
    if (printable.length)
        client->warnings.take(client->warnings.context,
                              text_string(&printable));
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
    struct kube_task *task = context;
    size_t length = size * count, value_length;
    if (length > KUBE_HEADER_LIMIT)
        return 0;
    const char *value =
        header_value(line, length, "retry-after", &value_length);
    if (value)
        task->retry_after = read_seconds(value, value_length);
    value = header_value(line, length, "date", &value_length);
    if (value)
        read_date(task->client, value, value_length);
    value = header_value(line, length, "warning", &value_length);
    if (value)
        read_warning(task->client, value, value_length);
    task->client->reached = true;
    return length;
}

/* A path that has died (a gateway that forgot us) is noticed by the kernel. */
static int set_socket(void *context, curl_socket_t socket, curlsocktype purpose)
{
    (void)context;
    (void)purpose;
    unsigned timeout = DEAD_AFTER * 1000;
    setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
    return CURL_SOCKOPT_OK;
}

/* --- what goes out --------------------------------------------------------- */

static void set_blob(struct kube_task *task, CURLoption option,
                     const struct kube_bytes *bytes)
{
    struct curl_blob blob = {.len = bytes->length, .flags = CURL_BLOB_COPY};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    blob.data = arena_copy(arena, bytes->data, bytes->length);
    task->client->curl->easy_setopt(task->easy, option, &blob);
}

static void set_tls(struct kube_task *task)
{
    const struct curl_library *curl = task->client->curl;
    const struct kube_access *access = task->client->access;
    const struct kube_credentials *credentials = &access->credentials;
    CURL *easy = task->easy;
    curl->easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, access->insecure ? 0L : 1L);
    curl->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, access->insecure ? 0L : 2L);
    if (access->authority.data) {
        /* Only this one, none of the machine's. */
        curl->easy_setopt(easy, CURLOPT_CAPATH, NULL);
        set_blob(task, CURLOPT_CAINFO_BLOB, &access->authority);
    }
    if (access->secure && credentials->certificate.data) {
        curl->easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
        curl->easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
        set_blob(task, CURLOPT_SSLCERT_BLOB, &credentials->certificate);
        set_blob(task, CURLOPT_SSLKEY_BLOB, &credentials->key);
    }
}

static void add_header(struct kube_task *task, const char *name,
                       const char *value)
{
    CLEANUP(text_free) struct text line = {0};
    text_append_format(&line, "%s: %s", name, value);
    struct curl_slist *longer =
        task->client->curl->slist_append(task->headers, text_string(&line));
    assert(longer); /* fails only without memory */
    task->headers = longer;
    memory_wipe(line.data, line.length);
}

/* Impersonation, as transport/round_trippers.go has it. */
static void add_impersonation(struct kube_task *task, const struct value *user)
{
    const char *name = value_string_at(user, "as");
    if (!name || !*name)
        return;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    add_header(task, "Impersonate-User", name);
    const char *uid = value_string_at(user, "as-uid");
    if (uid && *uid)
        add_header(task, "Impersonate-Uid", uid);
    const struct value *groups = value_get(user, "as-groups");
    for (size_t i = 0; i < value_count(groups); i++)
        if (value_string(value_item(groups, i)))
            add_header(task, "Impersonate-Group",
                       value_string(value_item(groups, i)));
    const struct value *extra = value_get(user, "as-user-extra");
    for (size_t i = 0; value_is(extra, VALUE_MAP) && i < value_count(extra);
         i++) {
        const struct member *member = &extra->map.members[i];
        const char *header = arena_format(arena, "Impersonate-Extra-%s",
                                          kube_escape(arena, member->name));
        for (size_t k = 0; k < value_count(member->value); k++)
            if (value_string(value_item(member->value, k)))
                add_header(task, header,
                           value_string(value_item(member->value, k)));
    }
}

static void add_credentials(struct kube_task *task)
{
    const struct kube_access *access = task->client->access;
    const char *token = access->credentials.token;
    const char *user = value_string_at(access->user, "username");
    const char *password = value_string_at(access->user, "password");
    if (!access->secure)
        return;
    CLEANUP(text_free) struct text value = {0};
    if (token) {
        text_append_format(&value, "Bearer %s", token);
    } else if (user && *user) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const char *both =
            arena_format(arena, "%s:%s", user, password ? password : "");
        text_append_format(&value, "Basic %s",
                           base64_encode(arena, both, strlen(both)));
    }
    if (value.length) {
        add_header(task, "Authorization", text_string(&value));
        memory_wipe(value.data, value.length);
    }
    add_impersonation(task, access->user);
}

static void set_headers(struct kube_task *task,
                        const struct kube_request *request)
{
    const struct kube_access *access = task->client->access;
    add_header(task, "Accept",
               request->accept ? request->accept : "application/json");
    if (request->body) {
        add_header(task, "Content-Type",
                   request->type ? request->type : "application/json");
        add_header(task, "Expect", ""); /* no round trip to ask first */
    }
    if (access->server_name)
        add_header(task, "Host", access->host);
    add_credentials(task);
    task->client->curl->easy_setopt(task->easy, CURLOPT_HTTPHEADER,
                                    task->headers);
}

/* With a tls-server-name the URL has that name, and the connection goes to the
 * server's own. */
static void set_url(struct kube_task *task, const char *path)
{
    const struct curl_library *curl = task->client->curl;
    const struct kube_access *access = task->client->access;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *url = arena_format(arena, "%s%s", access->server, path);
    if (access->secure && access->server_name) {
        const char *host = access->host;
        const char *bracket = strchr(host, ']');
        const char *colon = strrchr(bracket ? bracket : host, ':');
        const char *port = colon ? colon + 1 : "443";
        int length = (int)(colon ? (size_t)(colon - host) : strlen(host));
        const char *rest =
            access->server + strlen("https://") + strlen(access->host);
        url = arena_format(arena, "https://%s:%s%s%s", access->server_name,
                           port, rest, path);
        /* curl keeps the list itself, so it goes with the headers' list. */
        struct curl_slist *list = curl->slist_append(
            NULL, arena_format(arena, "%s:%s:%.*s:%s", access->server_name,
                               port, length, host, port));
        assert(list);
        curl->easy_setopt(task->easy, CURLOPT_CONNECT_TO, list);
        curl->slist_free_all(task->route);
        task->route = list;
    }
    curl->easy_setopt(task->easy, CURLOPT_URL, url);
}

static void set_method(struct kube_task *task,
                       const struct kube_request *request)
{
    const struct curl_library *curl = task->client->curl;
    CURL *easy = task->easy;
    if (request->body) {
        curl->easy_setopt(easy, CURLOPT_POST, 1L);
        curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                          (curl_off_t)request->length);
        curl->easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    }
    curl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    if (!request->stream)
        curl->easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (request->time > 0)
        curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                          (long)(request->time / CLOCK_MILLISECOND));
}

/* Whether a server is on this machine (kind, k3d, a tunnel): as for kubectl, a
 * proxy of the environment is not for it. */
static bool is_here(const char *host)
{
    static const char *const names[] = {"localhost", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);
        if (strncasecmp(host, names[i], length) == 0 &&
            (host[length] == '\0' || host[length] == ':'))
            return true;
    }
    size_t digits = strspn(host, "0123456789.");
    return strncmp(host, "127.", 4) == 0 &&
           (host[digits] == '\0' || host[digits] == ':');
}

static void set_connection(struct kube_task *task)
{
    const struct curl_library *curl = task->client->curl;
    const struct kube_access *access = task->client->access;
    CURL *easy = task->easy;
    curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl->easy_setopt(easy, CURLOPT_USERAGENT, "assay");
    curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                      (long)(KUBE_CONNECT_TIME / CLOCK_MILLISECOND));
    curl->easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl->easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEP_ALIVE);
    curl->easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEP_ALIVE_AGAIN);
    curl->easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, set_socket);
    if (access->proxy)
        curl->easy_setopt(easy, CURLOPT_PROXY, access->proxy);
    else if (is_here(access->host))
        curl->easy_setopt(easy, CURLOPT_PROXY, "");
    curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, task->failure);
    curl->easy_setopt(easy, CURLOPT_PRIVATE, task);
    curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
    curl->easy_setopt(easy, CURLOPT_WRITEDATA, task);
    curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl->easy_setopt(easy, CURLOPT_HEADERDATA, task);
}

int transfer_send(struct kube_task *task, const struct kube_request *request,
                  struct error *error)
{
    struct kube_client *client = task->client;
    const struct curl_library *curl = client->curl;
    assert(!task->easy);
    if (access_refresh(client->access, false, error) < 0)
        return -1;
    task->easy = curl->easy_init();
    assert(task->easy); /* fails only without memory */
    task->failure[0] = '\0';
    task->retry_after = -1;
    task->heard = clock_monotonic();
    text_clear(&task->refusal);
    set_connection(task);
    set_tls(task);
    set_url(task, request->path);
    set_method(task, request);
    set_headers(task, request);
    client->requests++;
    curl->multi_add_handle(client->multi, task->easy);
    return 0;
}

void transfer_cancel(struct kube_task *task)
{
    const struct curl_library *curl = task->client->curl;
    if (!task->easy)
        return;
    curl->multi_remove_handle(task->client->multi, task->easy);
    curl->easy_cleanup(task->easy);
    curl->slist_free_all(task->headers);
    curl->slist_free_all(task->route);
    task->easy = NULL;
    task->headers = NULL;
    task->route = NULL;
}
