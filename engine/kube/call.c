/*
 * Calls in, their answers out, all at once. The table of retries: no answer,
 * 429 and 5xx are tried again after a pause that grows, for as long as limits.h
 * says; so is a POST whose 409 is no AlreadyExists but a Conflict: two requests
 * have counted on the same quota at once; 401 once, with credentials read again;
 * everything else is an answer. A POST is tried again too: names are made by us and unique to a run, so one that
 * had arrived after all is found by its 409, and the caller compares.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/kube/limits.h"
#include "engine/kube/transfer.h"

static const char only_metadata[] =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=1";

/* A call under way. */
struct pending {
    struct kube_task task; /* first */
    struct kube_call *call;
    struct arena *arena;
    struct text body;
    struct text received;
    int64_t begun;
    int64_t backoff;
    bool refreshed; /* the credentials were read again for it */
    bool finished;
};

static int begin(struct kube_task *task, struct error *error)
{
    struct pending *pending = (struct pending *)task;
    const struct kube_call *call = pending->call;
    struct kube_request request = {
        .method = call->method,
        .path = call->path,
        .accept = call->metadata ? only_metadata : NULL,
        .type = strcmp(call->method, "PATCH") == 0
                    ? "application/merge-patch+json"
                    : NULL,
        .body = call->body ? text_string(&pending->body) : NULL,
        .length = pending->body.length,
        .time = KUBE_CALL_TIME,
    };
    text_clear(&pending->received);
    return transfer_send(task, &request, error);
}

/* Too much is a failure of this call only. */
static int take(struct kube_task *task, const char *bytes, size_t length,
                struct error *error)
{
    struct pending *pending = (struct pending *)task;
    (void)error;
    if (length > KUBE_BODY_LIMIT - pending->received.length) {
        error_set(&pending->call->error, ERROR_REMOTE,
                  "cannot %.160s: the answer has more than %d bytes",
                  pending->call->what, KUBE_BODY_LIMIT);
        return -1;
    }
    text_append(&pending->received, bytes, length);
    return 0;
}

static void read_reason(struct pending *pending,
                        const struct kube_answer *answer)
{
    struct error ignored = {0};
    const struct text *body = answer->refusal;
    const struct value *status = value_read_json(
        pending->arena, text_string(body), body->length, &ignored);
    const char *reason = value_string_at(status, "reason");
    pending->call->reason = reason ? reason : "";
}

/* A good answer, read as JSON. */
static void read_object(struct pending *pending)
{
    struct kube_call *call = pending->call;
    struct error error = {0};
    call->object =
        value_read_json(pending->arena, text_string(&pending->received),
                        pending->received.length, &error);
    if (!call->object)
        error_set(&call->error, ERROR_REMOTE,
                  "cannot %.160s: the answer is not JSON: %.200s", call->what,
                  error.text);
}

/* Sets when to try again; false: it has been tried for long enough. */
static bool try_again(struct pending *pending, const struct kube_answer *answer)
{
    int64_t most =
        pending->task.client->reached ? KUBE_PATIENCE : KUBE_PATIENCE_FIRST;
    int64_t next = transfer_next(&pending->backoff, answer->retry_after);
    if (next - pending->begun > most)
        return false;
    pending->task.due = next;
    return true;
}

/* Reads the credentials again after a refusal; whether that may help. */
static int renew(struct pending *pending, struct error *error)
{
    if (pending->refreshed)
        return 0;
    pending->refreshed = true;
    return access_refresh(pending->task.client->access, true, error);
}

/* A quota that somebody else has changed in between: nothing was created. */
static bool is_collision(const struct pending *pending,
                         const struct kube_answer *answer)
{
    return answer->status == 409 &&
           strcmp(pending->call->method, "POST") == 0 &&
           strcmp(pending->call->reason, "Conflict") == 0;
}

static int done(struct kube_task *task, const struct kube_answer *answer,
                struct error *error)
{
    struct pending *pending = (struct pending *)task;
    struct kube_call *call = pending->call;
    call->status = (int)answer->status;
    bool good = answer->status >= 200 && answer->status <= 299;
    if (!error_is_set(&call->error) && (!good || answer->failure)) {
        int renewed = answer->status == 401 ? renew(pending, error) : 0;
        if (renewed < 0)
            return -1;
        if (renewed > 0) {
            task->due = clock_monotonic();
            return 0;
        }
        read_reason(pending, answer);
        bool again = (answer->failure && !answer->final) ||
                     transfer_may_retry(answer) ||
                     is_collision(pending, answer);
        if (again && try_again(pending, answer))
            return 0;
        kube_status_explain(call->what, answer, &call->error);
        if (good)
            call->status = 0; /* it broke off */
    } else if (!error_is_set(&call->error)) {
        read_object(pending);
    }
    pending->finished = true;
    return 0;
}

static void start(struct kube_client *client, struct arena *arena,
                  struct kube_call *call, struct pending *pending)
{
    call->reason = "";
    *pending = (struct pending){
        .task = {.begin = begin, .take = take, .done = done},
        .call = call,
        .arena = arena,
        .begun = clock_monotonic(),
    };
    pending->task.due = pending->begun;
    if (call->body)
        value_write_json(&pending->body, call->body, JSON_COMPACT);
    transfer_add(client, &pending->task);
}

static void stop(struct pending *pending)
{
    transfer_remove(&pending->task);
    if (pending->body.data) /* it may hold a Secret */
        memory_wipe(pending->body.data, pending->body.capacity);
    text_free(&pending->body);
    text_free(&pending->received);
}

static int wait_for_all(struct kube_client *client,
                        const struct pending *pending, size_t count,
                        struct error *error)
{
    for (size_t i = 0; i < count;) {
        if (pending[i].finished) {
            i++;
            continue;
        }
        int result =
            kube_client_wait(client, clock_monotonic() + KUBE_CALL_TIME, error);
        if (result < 0)
            return -1;
        if (result > 0)
            return error_set(error, ERROR_ABORTED, "interrupted");
    }
    return 0;
}

int kube_call_run(struct kube_client *client, struct arena *arena,
                  struct kube_call *calls, size_t count, struct error *error)
{
    struct pending *pending = memory_allocate(count * sizeof *pending);
    /* The newest task begins first. */
    for (size_t i = count; i-- > 0;)
        start(client, arena, &calls[i], &pending[i]);
    int result = wait_for_all(client, pending, count, error);
    for (size_t i = 0; i < count; i++)
        stop(&pending[i]);
    memory_free(pending);
    return result;
}
