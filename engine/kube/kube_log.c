/*
 * A container in, its log out: a stream that follows, begun again after every
 * end until the container has ended and nothing new comes. Times and what is
 * known already are log_lines' business.
 *
 *   follow -- end or failure --> follow, since the last line
 *   follow -- nothing for a while --> follow, since the last line
 *   follow -- the container has ended, and the stream is quiet --> drain
 *   drain  -- something new came --> drain
 *   drain  -- nothing new came --> complete
 *
 * The kubelet says 400 while a container is not there yet, and 404 when its pod
 * is gone.
 */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/kube/kube_time.h"
#include "engine/kube/limits.h"
#include "engine/kube/log_lines.h"
#include "engine/kube/transfer.h"

#define AGAIN_LEAST (100 * CLOCK_MILLISECOND)
#define AGAIN_MOST  (5 * CLOCK_SECOND)
/* A stream that goes on so long after the end of its container has been cut off
 * without our being told. */
#define QUIET (2 * CLOCK_SECOND)
/* One that says nothing for so long may follow a file that was rotated away
 * (https://github.com/kubernetes/kubernetes/issues/126564), or a path that is dead:
 * another one is as good when the container is silent, and better when it is not. */
#define STALE (20 * CLOCK_SECOND)

struct kube_log {
    struct kube_task task; /* first */
    struct arena *arena;
    struct kube_log_setup setup;
    const char *path; /* up to the query */
    const char *what;
    struct log_lines *lines;
    uint64_t before; /* bytes handed on before this stream */
    int64_t again;   /* how long to wait before the next stream */
    bool draining;   /* what is under way does not follow */
    bool ended, complete, lost;
    bool refreshed;
};

static int begin(struct kube_task *task, struct error *error)
{
    struct kube_log *log = (struct kube_log *)task;
    if (task->easy) { /* quiet, perhaps */
        int64_t next = task->heard + (log->ended ? QUIET : STALE);
        if (clock_monotonic() < next) {
            task->due = next;
            return 0;
        }
        transfer_cancel(task);
        if (log_lines_cut(log->lines, error) < 0)
            return -1;
    }
    CLEANUP(arena_free) struct arena *arena = arena_new();
    char since[KUBE_TIME_TEXT] = "";
    int64_t last = log_lines_since(log->lines);
    if (last > 0)
        kube_time_print_seconds(last, since);
    log->before = log_lines_count(log->lines);
    log->draining = log->ended;
    struct kube_request request = {
        .method = "GET",
        .path = arena_format(
            arena, "%s%s%s%s", log->path, log->draining ? "" : "&follow=true",
            last > 0 ? "&sinceTime=" : "", kube_escape(arena, since)),
        .accept = "*/*",
        .stream = true,
    };
    if (!log->draining)
        task->due = clock_monotonic() + STALE;
    return transfer_send(task, &request, error);
}

static int take(struct kube_task *task, const char *bytes, size_t length,
                struct error *error)
{
    struct kube_log *log = (struct kube_log *)task;
    return log_lines_feed(log->lines, bytes, length, error);
}

static void begin_again(struct kube_log *log, bool news)
{
    if (news || log->again < AGAIN_LEAST)
        log->again = AGAIN_LEAST;
    log->task.due = clock_monotonic() + log->again;
    log->again = log->again * 2 < AGAIN_MOST ? log->again * 2 : AGAIN_MOST;
}

/* The end of a stream that had begun well. */
static int end_stream(struct kube_log *log, bool clean, struct error *error)
{
    bool news = log_lines_count(log->lines) != log->before;
    log->refreshed = false;
    if (log_lines_cut(log->lines, error) < 0)
        return -1;
    if (clean && log->draining && !news)
        log->complete = true;
    else if (log->ended && clean)
        log->task.due = clock_monotonic();
    else
        begin_again(log, news);
    return 0;
}

static int give_up(struct kube_log *log, const struct kube_answer *answer,
                   struct error *error)
{
    struct error why = {0};
    kube_status_explain(log->what, answer, &why);
    log->lost = true;
    return log->setup.note(log->setup.context, why.text, error);
}

static int done(struct kube_task *task, const struct kube_answer *answer,
                struct error *error)
{
    struct kube_log *log = (struct kube_log *)task;
    if (log->complete)
        return 0;
    if (answer->status >= 200 && answer->status <= 299)
        return end_stream(log, !answer->failure, error);
    if (answer->status == 401 && !log->refreshed) {
        log->refreshed = true;
        task->due = clock_monotonic();
        return access_refresh(task->client->access, true, error) < 0 ? -1 : 0;
    }
    if (!transfer_may_retry(answer) && answer->status != 400)
        return give_up(log, answer, error);
    begin_again(log, false);
    return 0;
}

static int note(void *context, const char *text, struct error *error)
{
    struct kube_log *log = context;
    return log->setup.note(log->setup.context, text, error);
}

static int hand_on(void *context, const char *bytes, size_t length,
                   struct error *error)
{
    struct kube_log *log = context;
    return log->setup.take(log->setup.context, bytes, length, error);
}

struct kube_log *kube_log_start(struct kube_client *client,
                                const struct kube_log_setup *setup)
{
    struct kube_log *log = memory_allocate(sizeof *log);
    struct arena *arena = log->arena = arena_new();
    log->setup = *setup;
    log->path = arena_format(
        arena, "%s/log?container=%s&timestamps=true",
        kube_path(arena, &kube_pods, setup->namespace_name, setup->pod),
        kube_escape(arena, setup->container));
    log->what =
        arena_format(arena, "read the log of container '%s' of pod '%s'",
                     setup->container, setup->pod);
    struct log_lines_setup lines = {
        .context = log, .take = hand_on, .note = note};
    log->lines = log_lines_new(&lines);
    log->task.begin = begin;
    log->task.take = take;
    log->task.done = done;
    log->task.due = clock_monotonic();
    transfer_add(client, &log->task);
    return log;
}

void kube_log_free(struct kube_log *log)
{
    transfer_remove(&log->task);
    log_lines_free(log->lines);
    arena_free(log->arena);
    memory_free(log);
}

void kube_log_end(struct kube_log *log, bool whole)
{
    if (whole && !log->complete) {
        transfer_cancel(&log->task);
        log->task.due = 0;
        log->complete = true;
    }
    if (log->ended)
        return;
    log->ended = true;
    if (!log->complete && !log->lost)
        log->task.due = clock_monotonic() + (log->task.easy ? QUIET : 0);
}

bool kube_log_is_open(const struct kube_log *log)
{
    return log->complete || log->lost || transfer_status(&log->task) == 200;
}

bool kube_log_is_complete(const struct kube_log *log)
{
    return log->complete;
}

bool kube_log_is_lost(const struct kube_log *log)
{
    return log->lost;
}
