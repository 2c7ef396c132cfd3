/*
 * The ended units of a run in, a verdict out: how each container ended, what the
 * termination messages know in addition, and whether bubblewrap itself has failed.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/runtime/bare.h"
#include "engine/runtime/host.h"
#include "engine/runtime/limits.h"

enum { VMSTAT_LIMIT = 1024 * 1024 };

long long host_memory_kills(void)
{
    static const char name[] = "oom_kill ";
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error ignored = {0};
    size_t length;
    const char *text =
        file_read(arena, "/proc/vmstat", VMSTAT_LIMIT, &length, &ignored);
    const char *found = text ? strstr(text, name) : NULL;
    return found ? strtoll(found + sizeof name - 1, NULL, 10) : 0;
}

/* What the container said on its standard error, in one printable line. */
static const char *read_complaint(struct host *host, const struct unit *unit)
{
    CLEANUP(text_free) struct text line = {0};
    size_t length = unit->complaint.length;
    while (length > 0 && unit->complaint.data[length - 1] == '\n')
        length--;
    text_append_escaped(&line, unit->complaint.data, length, false);
    return arena_string(host->arena, text_string(&line));
}

/* Without an entrypoint the exit code is the step's; its status counts. */
static void judge_bare(struct host *host, struct ending *ending)
{
    ending->done = ending->ended && !ending->killed &&
                   host->watch.cause == WATCH_NONE &&
                   !podman_run_failure(&host->podman, ending);
    ending->said = bare_status(host->plan, ending->code);
    if (ending->done)
        ending->code = ending->said == STATUS_PASSED ? 0 : 1;
}

static struct ending *make_endings(struct host *host)
{
    struct ending *endings =
        arena_allocate(host->arena, host->unit_count * sizeof *endings);
    bool memory = host_memory_kills() > host->memory_kills;
    for (size_t i = 0; i < host->unit_count; i++) {
        const struct unit *unit = &host->units[i];
        struct ending *ending = &endings[i];
        ending->name = unit->container->name;
        ending->done = stream_is_done(unit->stream, &ending->said);
        ending->ended = unit->ended;
        ending->code = unit->code;
        ending->killed = unit->killed;
        ending->out_of_memory = memory;
        ending->complaint = read_complaint(host, unit);
        if (unit->bare)
            judge_bare(host, ending);
    }
    return endings;
}

/* A container that never came to life: bubblewrap itself failed. */
static int check_sandbox(struct host *host, const struct ending *endings,
                         struct error *error)
{
    static const char prefix[] = "bwrap: ";
    for (size_t i = 0; host->setup.bubblewrap && i < host->unit_count; i++) {
        const struct ending *ending = &endings[i];
        if (ending->ended && !ending->done && !ending->killed &&
            ending->code == 1 &&
            strncmp(ending->complaint, prefix, sizeof prefix - 1) == 0)
            return error_set(error, ERROR_SYSTEM,
                             "the sandbox for container '%s' cannot be made: "
                             "%s; docs/runtimes.md tells more, "
                             "--sandbox none does without",
                             ending->name, ending->complaint);
    }
    return 0;
}

/* The end of a bare step, which nobody reports. Behind containers that did not pass
 * it is skipped. */
static int tell_bare(struct host *host, const struct ending *endings,
                     struct error *error)
{
    size_t last = host->unit_count - 1;
    const struct unit *unit = &host->units[last];
    struct event_sink *sink = &host->outcome->sink;
    if (!unit->bare || host->watch.cause != WATCH_NONE)
        return 0;
    if (!unit->started)
        return bare_end(host->plan, host->outcome,
                        (struct bare_ending){STATUS_SKIPPED, -1, 0}, sink,
                        error);
    if (!endings[last].done)
        return 0;
    if (stream_begin(unit->stream, error) != 0)
        return -1;
    return bare_end(host->plan, host->outcome,
                    (struct bare_ending){endings[last].said, unit->code,
                                         unit->finished - unit->begun},
                    sink, error);
}

/* Emits what only the termination messages know. */
static int take_messages(struct host *host, struct error *error)
{
    for (size_t i = 0; i < host->unit_count; i++) {
        struct error ignored = {0};
        size_t length;
        const char *path =
            run_folder_termination(host->arena, &host->folder, i);
        const char *message = file_read(
            host->arena, path, OUTCOME_MESSAGE_LIMIT, &length, &ignored);
        if (message &&
            outcome_take_message(host->outcome, message, length, error) != 0)
            return -1;
    }
    return 0;
}

/* Why the containers were told to end, or NULL. */
static const char *explain_cause(struct host *host)
{
    char duration[CLOCK_TEXT];
    if (host->watch.cause == WATCH_NONE)
        return NULL;
    if (host->watch.cause == WATCH_ABORTED)
        return "aborted by the user";
    duration_print(host->options->deadline, duration);
    return arena_format(host->arena, "the run's deadline of %s passed",
                        duration);
}

/* The end of all steps, and the verdict. */
int host_conclude(struct host *host, struct verdict *verdict,
                  struct error *error)
{
    const struct ending *endings = make_endings(host);
    if (podman_run_conclude(&host->podman, endings, error) != 0 ||
        check_sandbox(host, endings, error) != 0 ||
        tell_bare(host, endings, error) != 0 || take_messages(host, error) != 0)
        return -1;
    const char *cause = explain_cause(host);
    const char *reason = cause;
    for (size_t i = 0; !reason && i < host->unit_count; i++)
        reason = outcome_explain(host->arena, &endings[i]);
    if (outcome_close(host->outcome,
                      reason ? reason : "its end was not reported", error) != 0)
        return -1;
    *verdict = outcome_judge(host->outcome, endings, host->unit_count);
    if (cause && verdict->status != STATUS_PASSED &&
        verdict->status != STATUS_FAILED) {
        verdict->status = host->watch.cause == WATCH_ABORTED ? STATUS_ABORTED
                                                             : STATUS_TIMEOUT;
        verdict->reason = cause;
    }
    return 0;
}
