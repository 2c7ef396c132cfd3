/*
 * Events of a container's whole log in, those that are new out. What a container
 * says is the same each time it is read, so counting is enough: the bytes of each
 * step's output and its artifacts, the attempts that were started, the pauses of
 * the one that is recorded, and whether that has ended.
 */
#include "engine/runtime/replay.h"

#include <string.h>

struct replayed {
    const char *step;
    uint64_t skip; /* bytes of output that are recorded and still to come */
    int attempt;   /* the one that is read now */
    int pauses, resumes; /* of that one, seen so far */
    size_t artifacts;    /* that are recorded and still to come */
};

struct replay {
    struct event_sink sink; /* first */
    struct outcome *outcome;
    const struct run_state *state;
    struct replayed *steps;
    size_t count;
};

static struct replayed *find(struct replay *replay, const char *step)
{
    for (size_t i = 0; i < replay->count; i++)
        if (strcmp(replay->steps[i].step, step) == 0)
            return &replay->steps[i];
    return NULL;
}

static int take_output(struct replay *replay, const struct event *event,
                       struct error *error)
{
    struct replayed *step = find(replay, event->step ? event->step : "");
    struct event rest = *event;
    if (step) {
        size_t old =
            step->skip < event->length ? (size_t)step->skip : event->length;
        step->skip -= old;
        rest.text += old;
        rest.length -= old;
    }
    if (rest.length == 0)
        return 0;
    return event_emit(&replay->outcome->sink, &rest, error);
}

/* Whether a pause, or the going on after it, is recorded. */
static bool is_old_pause(struct replayed *step, const struct step_state *known,
                         bool pauses)
{
    int seen = pauses ? ++step->pauses : ++step->resumes;
    int resumed = known->pauses - (known->status == STATUS_PAUSED);
    return seen <= (pauses ? known->pauses : resumed);
}

/* Whether the event of a step is recorded. */
static bool is_old(struct replay *replay, const struct event *event)
{
    const struct step_state *known =
        event->step ? event_find_step(replay->state, event->step) : NULL;
    struct replayed *step = event->step ? find(replay, event->step) : NULL;
    if (!known || !step)
        return false;
    if (event->kind == EVENT_ARTIFACT)
        return step->artifacts > 0 && step->artifacts-- > 0;
    if (event->kind == EVENT_STEP_STARTED) {
        step->attempt = event->attempt;
        step->pauses = step->resumes = 0;
        return event->attempt <= known->attempt;
    }
    if (event->kind != EVENT_STEP_FINISHED && step->attempt == known->attempt &&
        !event_status_is_final(known->status))
        return is_old_pause(step, known, event->kind == EVENT_STEP_PAUSED);
    return step->attempt < known->attempt ||
           (step->attempt == known->attempt &&
            event_status_is_final(known->status));
}

static int handle(struct event_sink *sink, const struct event *event,
                  struct error *error)
{
    struct replay *replay = (struct replay *)sink;
    if (event->kind == EVENT_OUTPUT)
        return take_output(replay, event, error);
    if (event->kind != EVENT_NOTE && is_old(replay, event))
        return 0;
    return event_emit(&replay->outcome->sink, event, error);
}

static void prime(struct outcome *outcome, const struct run_state *state)
{
    for (size_t i = 0; i < outcome->count; i++) {
        struct outcome_step *step = &outcome->steps[i];
        const struct step_state *known = event_find_step(state, step->ref);
        if (!known)
            continue;
        step->started = known->attempt > 0;
        step->paused = known->status == STATUS_PAUSED;
        step->finished = event_status_is_final(known->status);
        if (step->finished)
            step->status = known->status;
        step->exit_code = known->exit_code;
    }
}

struct event_sink *replay_make(struct arena *arena,
                               const struct runtime_record *record,
                               struct outcome *outcome)
{
    struct replay *replay = arena_allocate(arena, sizeof *replay);
    replay->sink.handle = handle;
    replay->outcome = outcome;
    replay->state = record->state;
    size_t count = outcome->count + 1;
    replay->steps = arena_allocate(arena, count * sizeof *replay->steps);
    replay->count = count;
    replay->steps[0].step = "";
    for (size_t i = 1; i < count; i++)
        replay->steps[i].step = outcome->steps[i - 1].ref;
    for (size_t i = 0; i < record->count; i++) {
        struct replayed *step = find(replay, record->steps[i].step);
        if (step)
            step->skip = record->steps[i].bytes;
    }
    for (size_t i = 0; i < record->state->artifact_count; i++) {
        struct replayed *step = find(replay, record->state->artifacts[i].step);
        if (step)
            step->artifacts++;
    }
    prime(outcome, record->state);
    return &replay->sink;
}
