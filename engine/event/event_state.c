/*
 * An event and a state in, the next state out: the one place that says what may
 * follow what. Pure but for the arena of the state.
 *
 * The idea: look first, change afterwards. Each kind of event has a row in
 * `rules` with the phases of the run in which it may come; the changes of status
 * of steps and runs are tables of bit sets. An event that is refused changes
 * nothing. Invariants: a run that ended never changes again; a run is passed only
 * when every top-level step that is not optional is passed or skipped.
 */
#include <string.h>

#include "engine/event/artifact.h"
#include "engine/event/event.h"
#include "engine/event/limits.h"

#define BIT(status) (1U << (status))

/* How far a run has come. */
enum phase {
    PHASE_NEW, /* before the first event */
    PHASE_QUEUED,
    PHASE_RUNNING,
    PHASE_ENDED,
};

static const struct {
    unsigned phases;
    const char *when; /* for the message */
} rules[] = {
    [EVENT_RUN_QUEUED] = {BIT(PHASE_NEW), "first"},
    [EVENT_RUN_STARTED] = {BIT(PHASE_QUEUED), "while the run is queued"},
    [EVENT_STEP_STARTED] = {BIT(PHASE_RUNNING), "while the run is running"},
    [EVENT_STEP_PAUSED] = {BIT(PHASE_RUNNING), "while the run is running"},
    [EVENT_STEP_RESUMED] = {BIT(PHASE_RUNNING), "while the run is running"},
    [EVENT_OUTPUT] = {BIT(PHASE_RUNNING), "while the run is running"},
    [EVENT_STEP_FINISHED] = {BIT(PHASE_RUNNING), "while the run is running"},
    [EVENT_ARTIFACT] = {BIT(PHASE_RUNNING), "while the run is running"},
    [EVENT_NOTE] = {BIT(PHASE_QUEUED) | BIT(PHASE_RUNNING),
                    "before the run has ended"},
    [EVENT_RUN_FINISHED] = {BIT(PHASE_QUEUED) | BIT(PHASE_RUNNING),
                            "once, after 'run-queued'"},
};

/* From a status of a run to the ones that may end it. */
static const unsigned run_ends[] = {
    [STATUS_QUEUED] = BIT(STATUS_TIMEOUT) | BIT(STATUS_ABORTED) |
                      BIT(STATUS_ERROR) | BIT(STATUS_LOST),
    [STATUS_RUNNING] = BIT(STATUS_PASSED) | BIT(STATUS_FAILED) |
                       BIT(STATUS_TIMEOUT) | BIT(STATUS_ABORTED) |
                       BIT(STATUS_ERROR) | BIT(STATUS_LOST),
};

/* From a status of a step to the next ones. To `running` from anything but
 * `queued` is a further attempt. What never started can end badly (its text
 * could not be made) but it cannot pass. */
static const unsigned step_changes[] = {
    [STATUS_QUEUED] = BIT(STATUS_RUNNING) | BIT(STATUS_FAILED) |
                      BIT(STATUS_TIMEOUT) | BIT(STATUS_SKIPPED) |
                      BIT(STATUS_ABORTED),
    [STATUS_RUNNING] = BIT(STATUS_RUNNING) | BIT(STATUS_PASSED) |
                       BIT(STATUS_FAILED) | BIT(STATUS_TIMEOUT) |
                       BIT(STATUS_ABORTED) | BIT(STATUS_PAUSED),
    [STATUS_PAUSED] =
        BIT(STATUS_RUNNING) | BIT(STATUS_TIMEOUT) | BIT(STATUS_ABORTED),
    [STATUS_PASSED] = BIT(STATUS_RUNNING),
    [STATUS_FAILED] = BIT(STATUS_RUNNING),
    [STATUS_TIMEOUT] = BIT(STATUS_RUNNING),
    [STATUS_SKIPPED] = 0,
    [STATUS_ABORTED] = 0,
    [STATUS_ERROR] = 0,
    [STATUS_LOST] = 0,
};

/* What the end of a run makes of a step that is still queued. */
static const enum status unstarted[] = {
    [STATUS_PASSED] = STATUS_SKIPPED,  [STATUS_FAILED] = STATUS_SKIPPED,
    [STATUS_TIMEOUT] = STATUS_SKIPPED, [STATUS_ABORTED] = STATUS_ABORTED,
    [STATUS_ERROR] = STATUS_ABORTED,   [STATUS_LOST] = STATUS_ABORTED,
};

static const char not_ended[] = "the run ended before this step did";
static const char not_started[] = "the run ended before this step started";

struct run_state *event_state_make(struct arena *arena, const char *id)
{
    struct run_state *state = arena_allocate(arena, sizeof *state);
    state->arena = arena;
    state->id = arena_string(arena, id);
    state->status = STATUS_QUEUED;
    return state;
}

struct step_state *event_find_step(const struct run_state *state,
                                   const char *ref)
{
    for (size_t i = 0; i < state->step_count; i++)
        if (strcmp(state->steps[i].ref, ref) == 0)
            return &state->steps[i];
    return NULL;
}

static enum phase phase_of(const struct run_state *state)
{
    if (state->queued == 0)
        return PHASE_NEW;
    if (event_status_is_final(state->status))
        return PHASE_ENDED;
    return state->status == STATUS_QUEUED ? PHASE_QUEUED : PHASE_RUNNING;
}

/* A copy of a text from outside, cut between characters when it is long; the
 * old one when nothing changed, so that a step that fails the same way in each
 * of many attempts does not fill the arena. */
static const char *keep_text(struct arena *arena, const char *old,
                             const char *text)
{
    if (!text || text[0] == '\0')
        return NULL;
    size_t length = strnlen(text, EVENT_REASON_LIMIT + 1);
    if (length > EVENT_REASON_LIMIT) {
        length = EVENT_REASON_LIMIT;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    if (old && strlen(old) == length && memcmp(old, text, length) == 0)
        return old;
    return arena_copy(arena, text, length);
}

/* The steps under construction. */
struct steps {
    struct arena *arena;
    struct step_state *items;
    size_t count, capacity;
};

static struct step_state *add_step(struct steps *steps)
{
    const size_t size = sizeof *steps->items;
    if (steps->count == steps->capacity) {
        size_t capacity = steps->capacity ? steps->capacity * 2 : 16;
        steps->items = arena_grow(steps->arena, steps->items,
                                  steps->capacity * size, capacity * size);
        steps->capacity = capacity;
    }
    return &steps->items[steps->count++];
}

static int check_step(const struct steps *steps, const struct value *step,
                      struct error *error)
{
    const char *ref = value_string_at(step, "ref");
    const char *name = value_string_at(step, "name");
    const struct value *children = value_get(step, "steps");
    if (!ref || ref[0] == '\0')
        return error_set(error, ERROR_SYSTEM, "a step has no 'ref'");
    if (strlen(ref) > EVENT_NAME_LIMIT ||
        (name && strlen(name) > EVENT_NAME_LIMIT))
        return error_set(error, ERROR_SYSTEM,
                         "step '%.64s': 'ref' and 'name' have at most %d bytes",
                         ref, EVENT_NAME_LIMIT);
    if (children && !value_is(children, VALUE_LIST))
        return error_set(error, ERROR_SYSTEM,
                         "'steps' of step '%.64s' must be a list, not %s", ref,
                         value_kind_name(children->kind));
    for (size_t i = 0; i < steps->count; i++)
        if (strcmp(steps->items[i].ref, ref) == 0)
            return error_set(error, ERROR_SYSTEM,
                             "two steps are called '%.64s'", ref);
    if (steps->count >= EVENT_STEP_LIMIT)
        return error_set(error, ERROR_SYSTEM, "a run has at most %d steps",
                         EVENT_STEP_LIMIT);
    return 0;
}

static int flatten(struct steps *steps, const struct value *list,
                   const char *parent, size_t depth, struct error *error)
{
    if (depth > EVENT_DEPTH_LIMIT && value_count(list) > 0)
        return error_set(error, ERROR_SYSTEM,
                         "steps are nested more than %d deep",
                         EVENT_DEPTH_LIMIT);
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *item = value_item(list, i);
        if (check_step(steps, item, error) < 0)
            return -1;
        const struct value *children = value_get(item, "steps");
        const char *name = value_string_at(item, "name");
        struct step_state *step = add_step(steps);
        *step = (struct step_state){
            .ref = arena_string(steps->arena, value_string_at(item, "ref")),
            .name = arena_string(steps->arena, name ? name : ""),
            .parent = parent,
            .depth = depth,
            .group = children != NULL,
            .optional = value_bool_or(value_get(item, "optional"), false),
            .negative = value_bool_or(value_get(item, "negative"), false),
            .status = STATUS_QUEUED,
            .exit_code = -1,
        };
        const char *ref = step->ref; /* the array may move */
        if (flatten(steps, children, ref, depth + 1, error) < 0)
            return -1;
    }
    return 0;
}

static int queue_run(struct run_state *state, const struct event *event,
                     struct error *error)
{
    struct steps steps = {.arena = state->arena};
    const struct value *list = value_get(event->data, "steps");
    if (list && !value_is(list, VALUE_LIST))
        return error_set(error, ERROR_SYSTEM, "'steps' must be a list, not %s",
                         value_kind_name(list->kind));
    if (flatten(&steps, list, NULL, 0, error) < 0)
        return -1;
    if (event->data)
        state->data = value_copy(state->arena, event->data);
    state->steps = steps.items;
    state->step_count = steps.count;
    state->queued = event->time;
    return 0;
}

static void start_run(struct run_state *state, const struct event *event)
{
    if (event->data)
        state->environment = value_copy(state->arena, event->data);
    state->status = STATUS_RUNNING;
    state->started = event->time;
}

/* The step that the event names; NULL with `error` set when there is none. */
static struct step_state *named_step(const struct run_state *state,
                                     const struct event *event,
                                     struct error *error)
{
    struct step_state *step =
        event->step ? event_find_step(state, event->step) : NULL;
    if (!step)
        error_set(error, ERROR_SYSTEM,
                  "'%s' names '%.64s', which is no step "
                  "of this run",
                  event_kind_name(event->kind), event->step ? event->step : "");
    return step;
}

static int check_change(const struct step_state *step, enum status next,
                        struct error *error)
{
    if (step_changes[step->status] & BIT(next))
        return 0;
    return error_set(error, ERROR_SYSTEM,
                     "step '%.64s' cannot go from '%s' to '%s'", step->ref,
                     event_status_name(step->status), event_status_name(next));
}

/* A group that starts again makes everything under it wait again. */
static void requeue_children(struct run_state *state,
                             const struct step_state *group)
{
    struct step_state *end = state->steps + state->step_count;
    for (struct step_state *step = state->steps + (group - state->steps) + 1;
         step < end && step->depth > group->depth; step++) {
        step->status = STATUS_QUEUED;
        step->exit_code = -1;
        step->attempt = 0;
        step->started = step->finished = step->duration = 0;
        step->paused = 0;
        step->pauses = 0;
        step->reason = NULL;
    }
}

static int start_step(struct run_state *state, const struct event *event,
                      struct error *error)
{
    struct step_state *step = named_step(state, event, error);
    if (!step || check_change(step, STATUS_RUNNING, error) < 0)
        return -1;
    if (event->attempt <= step->attempt || event->attempt > EVENT_ATTEMPT_LIMIT)
        return error_set(error, ERROR_SYSTEM,
                         "attempt %d of step '%.64s' cannot follow attempt %d",
                         event->attempt, step->ref, step->attempt);
    const struct step_state *group =
        step->parent ? event_find_step(state, step->parent) : NULL;
    if (group && group->status != STATUS_RUNNING)
        return error_set(error, ERROR_SYSTEM,
                         "step '%.64s' cannot start: its group '%.64s' is %s",
                         step->ref, group->ref,
                         event_status_name(group->status));
    if (step->status != STATUS_QUEUED)
        requeue_children(state, step);
    step->status = STATUS_RUNNING;
    step->attempt = event->attempt;
    step->exit_code = -1;
    step->finished = step->duration = step->paused = 0;
    step->pauses = 0;
    if (step->started == 0)
        step->started = event->time;
    return 0;
}

/* A step that runs waits, or one that waits goes on. */
static int pause_step(struct run_state *state, const struct event *event,
                      struct error *error)
{
    bool pauses = event->kind == EVENT_STEP_PAUSED;
    struct step_state *step = named_step(state, event, error);
    if (!step)
        return -1;
    if (step->status != (pauses ? STATUS_RUNNING : STATUS_PAUSED))
        return error_set(error, ERROR_SYSTEM,
                         "'%s' of step '%.64s' cannot follow: the step is %s",
                         event_kind_name(event->kind), step->ref,
                         event_status_name(step->status));
    step->status = pauses ? STATUS_PAUSED : STATUS_RUNNING;
    step->paused = pauses ? event->time : 0;
    step->pauses += pauses;
    return 0;
}

static int finish_step(struct run_state *state, const struct event *event,
                       struct error *error)
{
    struct step_state *step = named_step(state, event, error);
    if (!step)
        return -1;
    if (!event_status_is_final(event->status))
        return error_set(error, ERROR_SYSTEM,
                         "'step-finished' of step '%.64s' has status '%s'",
                         step->ref, event_status_name(event->status));
    if (check_change(step, event->status, error) < 0)
        return -1;
    step->status = event->status;
    step->exit_code = event->exit_code;
    step->duration = event->duration;
    step->finished = event->time;
    step->paused = 0;
    step->reason = keep_text(state->arena, step->reason, event->text);
    return 0;
}

static void add_note(struct run_state *state, const struct event *event)
{
    if (state->note_count >= EVENT_NOTE_LIMIT)
        return;
    const char *note = keep_text(state->arena, NULL, event->text);
    if (!note)
        return;
    const size_t size = sizeof *state->notes;
    state->notes =
        arena_grow(state->arena, state->notes, state->note_count * size,
                   (state->note_count + 1) * size);
    state->notes[state->note_count++] = note;
}

static int check_passed(const struct run_state *state, struct error *error)
{
    for (size_t i = 0; i < state->step_count; i++) {
        const struct step_state *step = &state->steps[i];
        if (step->depth == 0 && !step->optional &&
            step->status != STATUS_PASSED && step->status != STATUS_SKIPPED)
            return error_set(error, ERROR_SYSTEM,
                             "the run cannot have passed: step '%.64s' is %s",
                             step->ref, event_status_name(step->status));
    }
    return 0;
}

static void end_step(struct run_state *state, struct step_state *step)
{
    const struct step_state *group =
        step->parent ? event_find_step(state, step->parent) : NULL;
    bool skipped = group && group->status == STATUS_SKIPPED;
    if (step->status == STATUS_RUNNING || step->status == STATUS_PAUSED) {
        step->status = STATUS_ABORTED;
        step->paused = 0;
        step->reason = not_ended;
        step->finished = state->finished;
        if (state->finished > step->started)
            step->duration = state->finished - step->started;
    } else if (step->status == STATUS_QUEUED) {
        step->status = skipped ? STATUS_SKIPPED : unstarted[state->status];
        step->reason = skipped ? NULL : not_started;
    }
}

static int finish_run(struct run_state *state, const struct event *event,
                      struct error *error)
{
    if (!(run_ends[state->status] & BIT(event->status)))
        return error_set(
            error, ERROR_SYSTEM, "the run cannot go from '%s' to '%s'",
            event_status_name(state->status), event_status_name(event->status));
    if (event->status == STATUS_PASSED && check_passed(state, error) < 0)
        return -1;
    state->status = event->status;
    state->finished = event->time;
    state->reason = keep_text(state->arena, NULL, event->text);
    for (size_t i = 0; i < state->step_count; i++)
        end_step(state, &state->steps[i]);
    return 0;
}

int event_apply(struct run_state *state, const struct event *event,
                struct error *error)
{
    if (event->time <= 0)
        return error_set(error, ERROR_SYSTEM, "'%s' has no time",
                         event_kind_name(event->kind));
    enum phase phase = phase_of(state);
    if (!(rules[event->kind].phases & BIT(phase)))
        return error_set(
            error, ERROR_SYSTEM, "'%s' cannot follow: it comes %s, %s %s",
            event_kind_name(event->kind), rules[event->kind].when,
            phase == PHASE_NEW ? "but nothing has come" : "but this run is",
            phase == PHASE_NEW ? "yet" : event_status_name(state->status));
    switch (event->kind) {
    case EVENT_RUN_QUEUED:
        return queue_run(state, event, error);
    case EVENT_RUN_STARTED:
        start_run(state, event);
        return 0;
    case EVENT_STEP_STARTED:
        return start_step(state, event, error);
    case EVENT_OUTPUT:
        if (event->step && event->step[0] && !named_step(state, event, error))
            return -1;
        return 0;
    case EVENT_STEP_PAUSED:
    case EVENT_STEP_RESUMED:
        return pause_step(state, event, error);
    case EVENT_STEP_FINISHED:
        return finish_step(state, event, error);
    case EVENT_ARTIFACT:
        return named_step(state, event, error)
                   ? artifact_add(state, event, error)
                   : -1;
    case EVENT_NOTE:
        add_note(state, event);
        return 0;
    case EVENT_RUN_FINISHED:
        return finish_run(state, event, error);
    }
    return error_set(error, ERROR_SYSTEM, "an event of no kind");
}
