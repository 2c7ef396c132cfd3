/*
 * Events of the containers, their termination messages and exit codes in, a
 * complete list of step ends and one verdict out. Evidence, from the best: the
 * control lines, the termination message, the exit code. Invariants: a step that
 * has ended ends again only after a new start; a run is passed only when every
 * container said `done`, said `passed` and ended with 0.
 */
#include "engine/runtime/outcome.h"

#include <signal.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/runtime/limits.h"

enum { EXIT_UNUSABLE = 155, EXIT_INTERNAL = 190 };

/* From a container that says more to one that says less about the run. */
static const enum status worst_first[] = {
    STATUS_ERROR, STATUS_LOST, STATUS_ABORTED, STATUS_TIMEOUT, STATUS_FAILED,
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct outcome_step *find(const struct outcome *outcome, const char *ref)
{
    for (size_t i = 0; i < outcome->count; i++)
        if (strcmp(outcome->steps[i].ref, ref) == 0)
            return &outcome->steps[i];
    return NULL;
}

static void add(struct outcome *outcome, struct outcome_step step)
{
    const size_t size = sizeof step;
    if (outcome->count == outcome->capacity) {
        size_t capacity = outcome->capacity ? outcome->capacity * 2 : 16;
        outcome->steps = arena_grow(outcome->arena, outcome->steps,
                                    outcome->capacity * size, capacity * size);
        outcome->capacity = capacity;
    }
    outcome->steps[outcome->count++] = step;
}

/* The plan's steps below `group` (NULL: the top), depth first. Depth is bounded by
 * the reader of `list`. */
static void add_steps(struct outcome *outcome, const struct value *list,
                      const struct outcome_step *group)
{
    bool counts = !group || group->counts;
    bool blamed = !group || (group->blamed && !group->negative);
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *item = value_item(list, i);
        const struct value *children = value_get(item, "steps");
        const char *ref = value_string_at(item, "ref");
        const char *name = value_string_at(item, "name");
        bool optional = value_bool_or(value_get(item, "optional"), false);
        if (!ref || outcome->count == OUTCOME_STEP_LIMIT)
            continue;
        struct outcome_step step = {
            .ref = ref,
            .name = name && name[0] != '\0' ? name : ref,
            .group = children != NULL,
            .top = !group,
            .counts = counts && !optional,
            .blamed = blamed && !optional,
            .negative = value_bool_or(value_get(item, "negative"), false),
            .exit_code = -1,
        };
        add(outcome, step);
        add_steps(outcome, children, &step);
    }
}

/* Whether an event of a step is news, noted if so. */
static bool note(struct outcome_step *step, const struct event *event)
{
    if (event->kind == EVENT_STEP_STARTED) {
        if (step->started && event->attempt <= 1)
            return false; /* a group's, by its next container */
        step->started = true;
        step->finished = step->paused = false;
        return true;
    }
    if (step->finished)
        return false;
    step->finished = true;
    step->paused = false;
    step->status = event->status;
    step->exit_code = event->exit_code;
    return true;
}

/* A step that passed, or paused, has been started, even if its start was lost. */
static int begin_if_lost(struct outcome *outcome, struct outcome_step *step,
                         const struct event *finish, struct error *error)
{
    if (step->started || finish->status == STATUS_SKIPPED ||
        finish->status == STATUS_ABORTED)
        return 0;
    step->started = true;
    struct event start = {.kind = EVENT_STEP_STARTED,
                          .status = STATUS_RUNNING,
                          .exit_code = -1,
                          .attempt = 1,
                          .time = finish->time - finish->duration,
                          .step = finish->step};
    return event_emit(outcome->next, &start, error);
}

/* A step that ended by itself went on, even if that line was lost. */
static int resume_if_lost(struct outcome *outcome, struct outcome_step *step,
                          const struct event *finish, struct error *error)
{
    if (!step->paused || finish->status == STATUS_ABORTED ||
        finish->status == STATUS_TIMEOUT)
        return 0;
    step->paused = false;
    struct event resume = {.kind = EVENT_STEP_RESUMED,
                           .exit_code = -1,
                           .time = finish->time,
                           .step = finish->step};
    return event_emit(outcome->next, &resume, error);
}

/* What comes while a step runs: it waits, goes on, has left a file. */
static int take_between(struct outcome *outcome, struct outcome_step *step,
                        const struct event *event, struct error *error)
{
    bool pauses = event->kind == EVENT_STEP_PAUSED;
    if (!step || step->finished)
        return 0;
    if (event->kind == EVENT_ARTIFACT && !value_get(event->data, "digest"))
        return 0; /* nobody has fetched it */
    if (event->kind != EVENT_ARTIFACT && step->paused == pauses)
        return 0;
    if (begin_if_lost(outcome, step, event, error) != 0)
        return -1;
    if (event->kind != EVENT_ARTIFACT)
        step->paused = pauses;
    return event_emit(outcome->next, event, error);
}

/* The sink of the containers' events. Steps that the plan does not have are not
 * handed on: their output is nobody's. */
static int handle(struct event_sink *sink, const struct event *event,
                  struct error *error)
{
    struct outcome *outcome = (struct outcome *)sink;
    struct outcome_step *step = event->step ? find(outcome, event->step) : NULL;
    if (event->kind == EVENT_OUTPUT) {
        struct event output = *event;
        output.step = step ? step->ref : "";
        return event_emit(outcome->next, &output, error);
    }
    if (event->kind == EVENT_STEP_PAUSED || event->kind == EVENT_STEP_RESUMED ||
        event->kind == EVENT_ARTIFACT)
        return take_between(outcome, step, event, error);
    bool of_step =
        event->kind == EVENT_STEP_STARTED || event->kind == EVENT_STEP_FINISHED;
    if (!of_step)
        return event_emit(outcome->next, event, error);
    if (!step || (event->kind == EVENT_STEP_FINISHED && step->finished))
        return 0;
    if (event->kind == EVENT_STEP_FINISHED &&
        (begin_if_lost(outcome, step, event, error) != 0 ||
         resume_if_lost(outcome, step, event, error) != 0))
        return -1;
    return note(step, event) ? event_emit(outcome->next, event, error) : 0;
}

struct outcome *outcome_make(struct arena *arena, const struct plan *plan,
                             struct event_sink *next)
{
    struct outcome *outcome = arena_allocate(arena, sizeof *outcome);
    outcome->sink.handle = handle;
    outcome->next = next;
    outcome->arena = arena;
    add_steps(outcome, value_get(plan->run, "steps"), NULL);
    return outcome;
}

/* One entry of a termination message: [ref, status, code, milliseconds]. */
static int take_entry(struct outcome *outcome, const struct value *entry,
                      struct error *error)
{
    const char *ref = value_string(value_item(entry, 0));
    const char *word = value_string(value_item(entry, 1));
    int status = word ? event_status_parse(word) : -1;
    int64_t code = value_int_or(value_item(entry, 2), -1);
    int64_t duration = value_int_or(value_item(entry, 3), 0);
    if (!ref || status < STATUS_PASSED || status > STATUS_ABORTED ||
        code < -1 || code > INT32_MAX || duration < 0 ||
        duration > INT64_MAX / CLOCK_SECOND)
        return 0;
    struct event event = {.kind = EVENT_STEP_FINISHED,
                          .status = (enum status)status,
                          .exit_code = (int)code,
                          .time = clock_now(),
                          .duration = duration * CLOCK_MILLISECOND,
                          .step = ref};
    return event_emit(&outcome->sink, &event, error);
}

int outcome_take_message(struct outcome *outcome, const char *message,
                         size_t length, struct error *error)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error ignored = {0};
    const struct value *value =
        value_read_json(arena, message, length, &ignored);
    const struct value *steps = value_get(value, "steps");
    for (size_t i = 0; i < value_count(steps); i++)
        if (take_entry(outcome, value_item(steps, i), error) != 0)
            return -1;
    return 0;
}

int outcome_close(struct outcome *outcome, const char *reason,
                  struct error *error)
{
    /* Backwards, so that a group ends after what is in it. */
    for (size_t i = outcome->count; i-- > 0;) {
        const struct outcome_step *step = &outcome->steps[i];
        struct event event = {.kind = EVENT_STEP_FINISHED,
                              .status = STATUS_ABORTED,
                              .exit_code = -1,
                              .time = clock_now(),
                              .step = step->ref,
                              .text = reason};
        if (step->finished)
            continue;
        if (step->counts)
            outcome->lost = step->name;
        if (event_emit(&outcome->sink, &event, error) != 0)
            return -1;
    }
    return 0;
}

const char *outcome_explain(struct arena *arena, const struct ending *ending)
{
    if (ending->done || !ending->ended)
        return NULL;
    const char *memory =
        ending->out_of_memory ? "; the machine ran out of memory" : "";
    const char *complaint = ending->complaint;
    const char *colon = complaint[0] != '\0' ? ": " : "";
    if (ending->killed)
        return arena_format(arena,
                            "container '%s' did not end when told to and was "
                            "killed",
                            ending->name);
    if (ending->code > 128 && ending->code < 128 + NSIG &&
        ending->code != EXIT_UNUSABLE)
        return arena_format(arena, "container '%s' was killed by SIG%s%s%s%s",
                            ending->name, sigabbrev_np(ending->code - 128),
                            memory, colon, complaint);
    return arena_format(
        arena,
        "container '%s' ended with exit code %d without reporting its "
        "outcome%s%s%s",
        ending->name, ending->code, memory, colon, complaint);
}

/* What one container says about the run. */
static enum status judge_one(const struct ending *ending)
{
    if (ending->code == EXIT_UNUSABLE || ending->code == EXIT_INTERNAL)
        return STATUS_ERROR;
    if (ending->done && ending->said != STATUS_PASSED)
        return ending->said;
    if (ending->code > 128) /* the entrypoint's 137, or a signal */
        return STATUS_ABORTED;
    if (ending->done)
        return ending->code == 0 ? STATUS_PASSED : STATUS_FAILED;
    return ending->code == 0 || ending->code == 1 ? STATUS_LOST : STATUS_ERROR;
}

/* The first step that made the run fail: the innermost one. */
static const char *explain_failure(const struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->count; i++) {
        const struct outcome_step *step = &outcome->steps[i];
        if (!step->blamed || !step->finished ||
            (step->group && !step->negative))
            continue;
        if (step->group && step->status == STATUS_FAILED)
            return arena_format(outcome->arena,
                                "nothing in '%s' failed, as it should",
                                step->name);
        if (step->status == STATUS_TIMEOUT)
            return arena_format(outcome->arena, "step '%s' timed out",
                                step->name);
        if (step->status == STATUS_FAILED && step->exit_code > 0)
            return arena_format(outcome->arena,
                                "step '%s' failed with exit code %d",
                                step->name, step->exit_code);
        if (step->status == STATUS_FAILED)
            return arena_format(outcome->arena, "step '%s' failed", step->name);
    }
    return "a step failed";
}

static const char *explain(const struct outcome *outcome, enum status status,
                           const struct ending *ending)
{
    const char *why = outcome_explain(outcome->arena, ending);
    switch (status) {
    case STATUS_PASSED:
        return NULL;
    case STATUS_FAILED:
    case STATUS_TIMEOUT:
        return why ? why : explain_failure(outcome);
    case STATUS_ABORTED:
        return why ? why : "it was aborted";
    case STATUS_QUEUED:
    case STATUS_RUNNING:
    case STATUS_PAUSED:
    case STATUS_SKIPPED:
    case STATUS_ERROR:
    case STATUS_LOST:
        break;
    }
    if (why)
        return why;
    return arena_format(outcome->arena, "container '%s': %s", ending->name,
                        ending->complaint[0] != '\0'
                            ? ending->complaint
                            : "an internal failure of the entrypoint");
}

/* The first container that ended with `status`. */
static const struct ending *find_ending(const struct ending *endings,
                                        size_t count, enum status status)
{
    for (size_t i = 0; i < count; i++)
        if (endings[i].ended && judge_one(&endings[i]) == status)
            return &endings[i];
    return NULL;
}

/* What the steps say against a run whose containers all said that it passed. */
static struct verdict doubt(const struct outcome *outcome)
{
    if (outcome->lost)
        return (struct verdict){
            STATUS_LOST, arena_format(outcome->arena,
                                      "the end of step '%s' was not reported",
                                      outcome->lost)};
    for (size_t i = 0; i < outcome->count; i++) {
        const struct outcome_step *step = &outcome->steps[i];
        if (step->top && step->counts && step->status != STATUS_PASSED &&
            step->status != STATUS_SKIPPED)
            return (struct verdict){STATUS_FAILED, explain_failure(outcome)};
    }
    return (struct verdict){STATUS_PASSED, NULL};
}

struct verdict outcome_judge(const struct outcome *outcome,
                             const struct ending *endings, size_t count)
{
    for (size_t i = 0; i < LENGTH(worst_first); i++) {
        enum status status = worst_first[i];
        const struct ending *found = find_ending(endings, count, status);
        if (found)
            return (struct verdict){status, explain(outcome, status, found)};
    }
    for (size_t i = 0; i < count; i++)
        if (!endings[i].ended)
            return (struct verdict){
                STATUS_LOST,
                arena_format(outcome->arena, "container '%s' was never started",
                             endings[i].name)};
    return doubt(outcome);
}
