/*
 * The loop: tasks that are due begin, what libcurl has to do is done, ends are handed
 * on, and the rest is waiting. States of a task: waiting for its time -> under way ->
 * told of its end, which may set another time.
 */
#include <assert.h>
#include <string.h>
#include <sys/random.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/kube/limits.h"
#include "engine/kube/transfer.h"

void transfer_add(struct kube_client *client, struct kube_task *task)
{
    task->client = client;
    task->next = client->tasks;
    client->tasks = task;
}

void transfer_remove(struct kube_task *task)
{
    struct kube_task **link = &task->client->tasks;
    transfer_cancel(task);
    text_free(&task->refusal);
    while (*link && *link != task)
        link = &(*link)->next;
    if (*link)
        *link = task->next;
}

bool transfer_may_retry(const struct kube_answer *answer)
{
    if (answer->final)
        return false;
    return answer->status == 0 || answer->status == 429 ||
           (answer->status >= 500 && answer->status != 501);
}

int64_t transfer_next(int64_t *backoff, int64_t retry_after)
{
    if (*backoff < KUBE_BACKOFF_LEAST)
        *backoff = KUBE_BACKOFF_LEAST;
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        random = UINT32_MAX;
    int64_t wait = *backoff / 2 + *backoff / 2 * (random >> 8) / (1 << 24);
    *backoff *= 2;
    if (*backoff > KUBE_BACKOFF_MOST)
        *backoff = KUBE_BACKOFF_MOST;
    if (retry_after > KUBE_RETRY_AFTER_MOST)
        retry_after = KUBE_RETRY_AFTER_MOST;
    return clock_monotonic() + (retry_after > wait ? retry_after : wait);
}

/* Failures that are settings, not weather. A handshake that breaks off is weather
 * once it has gone well: a balancer whose server is being started again. */
static bool is_final(const struct kube_client *client, CURLcode code)
{
    static const CURLcode codes[] = {
        CURLE_SSL_CONNECT_ERROR,     CURLE_PEER_FAILED_VERIFICATION,
        CURLE_SSL_CERTPROBLEM,       CURLE_SSL_CIPHER,
        CURLE_SSL_CACERT_BADFILE,    CURLE_SSL_ISSUER_ERROR,
        CURLE_UNSUPPORTED_PROTOCOL,  CURLE_URL_MALFORMAT,
        CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
    };
    if (code == CURLE_SSL_CONNECT_ERROR && client->reached)
        return false;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

static int finish(struct kube_task *task, CURLcode code, struct error *error)
{
    const struct curl_library *curl = task->client->curl;
    struct kube_answer answer = {
        .status = transfer_status(task),
        .retry_after = task->retry_after,
        .refusal = &task->refusal,
    };
    if (code != CURLE_OK) {
        answer.failure =
            task->failure[0] ? task->failure : curl->easy_strerror(code);
        answer.final = is_final(task->client, code);
    }
    transfer_cancel(task);
    return task->done(task, &answer, error);
}

/* Hands on the ends of transfers; whether there were any, or -1. */
static int take_ends(struct kube_client *client, struct error *error)
{
    const struct curl_library *curl = client->curl;
    int any = 0, left;
    CURLMsg *message;
    while ((message = curl->multi_info_read(client->multi, &left))) {
        struct kube_task *task = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &task);
        any = 1;
        if (finish(task, code, error) < 0)
            return -1;
    }
    return any;
}

/* Begins what is due. When the next is due; 0: nothing; -1: failed. */
static int64_t begin_due(struct kube_client *client, struct error *error)
{
    int64_t first = 0, now = clock_monotonic();
    struct kube_task *next;
    for (struct kube_task *task = client->tasks; task; task = next) {
        next = task->next;
        if (task->due == 0)
            continue;
        if (task->due > now) {
            first = first == 0 || task->due < first ? task->due : first;
            continue;
        }
        task->due = 0;
        if (task->begin(task, error) < 0)
            return -1;
    }
    return first;
}

static int perform(struct kube_client *client, struct error *error)
{
    int running;
    CURLMcode code = client->curl->multi_perform(client->multi, &running);
    if (client->broken) {
        *error = client->error;
        return -1;
    }
    if (code != CURLM_OK)
        return error_set(error, ERROR_SYSTEM, "libcurl failed with code %d",
                         (int)code);
    return take_ends(client, error);
}

static int milliseconds_until(int64_t time)
{
    int64_t left = time - clock_monotonic();
    if (left <= 0)
        return 0;
    left = left / CLOCK_MILLISECOND + 1;
    return left < 60000 ? (int)left : 60000;
}

int kube_client_wait(struct kube_client *client, int64_t until,
                     struct error *error)
{
    int64_t due = begin_due(client, error);
    int ends = due < 0 ? -1 : perform(client, error);
    if (ends != 0)
        return ends < 0 ? -1 : 0;
    if (due > 0 && due < until)
        until = due;
    struct curl_waitfd extra = {.fd = client->interrupt,
                                .events = CURL_WAIT_POLLIN};
    unsigned count = client->interrupt >= 0 ? 1 : 0;
    client->curl->multi_poll(client->multi, count ? &extra : NULL, count,
                             milliseconds_until(until), NULL);
    if (perform(client, error) < 0)
        return -1;
    return count && extra.revents != 0 ? 1 : 0;
}

struct kube_client *kube_client_open(struct kube_access *access,
                                     struct error *error)
{
    const struct curl_library *curl =
        curl_library_load("speak to a cluster", error);
    if (!curl || access_refresh(access, false, error) < 0)
        return NULL;
    struct kube_client *client = memory_allocate(sizeof *client);
    client->curl = curl;
    client->access = access;
    client->interrupt = -1;
    client->multi = curl->multi_init();
    assert(client->multi); /* fails only without memory */
    return client;
}

void kube_client_close(struct kube_client *client)
{
    struct kube_credentials *credentials = &client->access->credentials;
    assert(!client->tasks);
    client->curl->multi_cleanup(client->multi);
    if (credentials->arena)
        arena_free(credentials->arena);
    *credentials = (struct kube_credentials){0};
    memory_free(client);
}

void kube_client_interrupt(struct kube_client *client, int descriptor)
{
    client->interrupt = descriptor;
}

void kube_client_warn(struct kube_client *client, struct kube_warnings warnings)
{
    client->warnings = warnings;
}

size_t kube_client_requests(const struct kube_client *client)
{
    return client->requests;
}

bool kube_client_skew(const struct kube_client *client, int64_t *skew)
{
    if (client->server_time == 0)
        return false;
    *skew =
        client->server_time - client->server_seen / CLOCK_SECOND * CLOCK_SECOND;
    return true;
}
