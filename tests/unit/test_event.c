/*
 * The state machine of runs as event logs in a small language, one event between
 * semicolons:
 *
 *     queue 1 2[2.1 2.2?] 3!    steps; [ ] a group, ? optional, ! negative
 *     start
 *     begin REF [ATTEMPT]       1 when absent
 *     pause REF | resume REF
 *     keep REF NAME SIZE        an artifact
 *     print REF
 *     end REF STATUS [EXIT [REASON]]
 *     note TEXT
 *     finish STATUS [REASON]
 *
 * and the state that follows: the status of the run, then each step with status,
 * #attempt, exit code and (reason). "refused: ..." is the error of the last event,
 * which must not have changed anything.
 */
#include <stdlib.h>

#include "engine/event/event.h"
#include "engine/event/limits.h"
#include "tests/unit/case.h"

#define DIGITS                                                                 \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" DIGITS

static const char *next_word(char **rest)
{
    return strsep(rest, " ");
}

static struct value *read_artifact(struct arena *arena, char *rest)
{
    struct value *data = value_make_map(arena);
    value_set_string(arena, data, "name", next_word(&rest));
    value_set(arena, data, "size", value_make_int(arena, atoi(rest)));
    value_set_string(arena, data, "digest", DIGEST);
    return data;
}

/* Steps up to `]` or the end; `*cursor` stops there. */
static struct value *read_steps(struct arena *arena, const char **cursor)
{
    struct value *list = value_make_list(arena);
    while (**cursor != '\0' && **cursor != ']') {
        size_t length = strcspn(*cursor, " []?!");
        if (length == 0) {
            (*cursor)++;
            continue;
        }
        struct value *step = value_make_map(arena);
        value_set_string(arena, step, "ref",
                         arena_copy(arena, *cursor, length));
        *cursor += length;
        if (**cursor == '[') {
            (*cursor)++;
            value_set(arena, step, "steps", read_steps(arena, cursor));
            (*cursor)++;
        }
        if (**cursor == '?')
            value_set(arena, step, "optional", value_make_bool(arena, true));
        if (**cursor == '!')
            value_set(arena, step, "negative", value_make_bool(arena, true));
        value_append(arena, list, step);
    }
    return list;
}

static enum status parse_status(const char *word)
{
    int status = event_status_parse(word ? word : "");
    assert_true(status >= 0);
    return (enum status)status;
}

/* One event of the language. */
static struct event read_event(struct arena *arena, const char *line)
{
    char *rest = arena_string(arena, line);
    const char *word = next_word(&rest);
    struct event event = {.time = 1, .exit_code = -1};
    if (strcmp(word, "queue") == 0) {
        struct value *data = value_make_map(arena);
        const char *cursor = rest ? rest : "";
        value_set(arena, data, "steps", read_steps(arena, &cursor));
        event.kind = EVENT_RUN_QUEUED;
        event.data = data;
    } else if (strcmp(word, "start") == 0) {
        event.kind = EVENT_RUN_STARTED;
    } else if (strcmp(word, "begin") == 0) {
        event.kind = EVENT_STEP_STARTED;
        event.step = next_word(&rest);
        event.attempt = rest ? atoi(rest) : 1;
    } else if (strcmp(word, "pause") == 0 || strcmp(word, "resume") == 0) {
        event.kind = *word == 'p' ? EVENT_STEP_PAUSED : EVENT_STEP_RESUMED;
        event.step = rest;
    } else if (strcmp(word, "keep") == 0) {
        event.kind = EVENT_ARTIFACT;
        event.step = next_word(&rest);
        event.data = read_artifact(arena, rest);
    } else if (strcmp(word, "print") == 0) {
        event.kind = EVENT_OUTPUT;
        event.step = rest;
        event.text = "x";
        event.length = 1;
    } else if (strcmp(word, "end") == 0) {
        event.kind = EVENT_STEP_FINISHED;
        event.step = next_word(&rest);
        event.status = parse_status(next_word(&rest));
        event.exit_code = rest ? atoi(next_word(&rest)) : -1;
        event.text = rest;
    } else if (strcmp(word, "note") == 0) {
        event.kind = EVENT_NOTE;
        event.text = rest;
    } else {
        assert_string_equal(word, "finish");
        event.kind = EVENT_RUN_FINISHED;
        event.status = parse_status(next_word(&rest));
        event.text = rest;
    }
    return event;
}

static void print_reason(struct text *text, const char *reason)
{
    if (reason)
        text_append_format(text, " (%s)", reason);
}

static const char *print_state(struct arena *arena,
                               const struct run_state *state)
{
    CLEANUP(text_free) struct text text = {0};
    text_append_string(&text, event_status_name(state->status));
    print_reason(&text, state->reason);
    for (size_t i = 0; i < state->step_count; i++) {
        const struct step_state *step = &state->steps[i];
        text_append_format(&text, "; %s %s", step->ref,
                           event_status_name(step->status));
        if (step->attempt > 1)
            text_append_format(&text, " #%d", step->attempt);
        if (step->exit_code >= 0)
            text_append_format(&text, " %d", step->exit_code);
        print_reason(&text, step->reason);
    }
    for (size_t i = 0; i < state->note_count; i++)
        text_append_format(&text, "; note %s", state->notes[i]);
    for (size_t i = 0; i < state->artifact_count; i++)
        text_append_format(&text, "; kept %s %s %d", state->artifacts[i].step,
                           state->artifacts[i].name,
                           (int)state->artifacts[i].size);
    return arena_string(arena, text_string(&text));
}

/* Plays a log and gives what the table of the test compares. */
static const char *play(struct arena *arena, const char *log)
{
    struct run_state *state = event_state_make(arena, "0123");
    char *rest = arena_string(arena, log);
    for (char *line; (line = strsep(&rest, ";"));) {
        const char *before = print_state(arena, state);
        struct error error = {0};
        struct event event = read_event(arena, line + strspn(line, " "));
        if (event_apply(state, &event, &error) == 0)
            continue;
        assert_string_equal(print_state(arena, state), before);
        assert_int_equal(error.kind, ERROR_SYSTEM);
        assert_null(rest);
        return arena_format(arena, "refused: %s", error.text);
    }
    return print_state(arena, state);
}

#define GROUP "queue 1 2[2.1 2.2] 3; start; begin 1; end 1 passed 0; begin 2; "

static const struct {
    const char *name, *log, *want;
} logs[] = {
    {"a run begins queued", "queue 1 2", "queued; 1 queued; 2 queued"},
    {"a run without steps passes", "queue; start; finish passed", "passed"},
    {"all steps pass",
     "queue 1 2; start; begin 1; print 1; end 1 passed 0; begin 2; "
     "end 2 passed 0; finish passed",
     "passed; 1 passed 0; 2 passed 0"},
    {"a step fails and the next is skipped",
     "queue 1 2; start; begin 1; end 1 failed 3 no answer; end 2 skipped; "
     "finish failed",
     "failed; 1 failed 3 (no answer); 2 skipped"},
    {"an optional step that failed lets a run pass",
     "queue 1? 2; start; begin 1; end 1 failed 1; begin 2; end 2 passed 0; "
     "finish passed",
     "passed; 1 failed 1; 2 passed 0"},
    {"a child that failed under an optional group lets a run pass",
     "queue 1[1.1]?; start; begin 1; begin 1.1; end 1.1 failed 1; "
     "end 1 failed; finish passed",
     "passed; 1 failed; 1.1 failed 1"},
    {"groups hold steps",
     GROUP
     "begin 2.1; end 2.1 passed 0; "
     "begin 2.2; end 2.2 timeout; end 2 timeout; end 3 skipped; finish failed",
     "failed; 1 passed 0; 2 timeout; 2.1 passed 0; 2.2 timeout; 3 skipped"},
    {"an attempt follows a failed one",
     "queue 1; start; begin 1; end 1 failed 1; begin 1 2; end 1 passed 0; "
     "finish passed",
     "passed; 1 passed #2 0"},
    {"an attempt follows one without an end",
     "queue 1; start; begin 1; begin 1 2; end 1 failed 7; finish failed",
     "failed; 1 failed #2 7"},
    {"a reason belongs to one attempt",
     "queue 1; start; begin 1; end 1 failed 1 first; begin 1 2; "
     "end 1 failed 1; finish failed",
     "failed; 1 failed #2 1"},
    {"a group that starts again queues its steps again",
     GROUP "begin 2.1; end 2.1 passed 0; begin 2.2; end 2.2 failed 1 bad; "
           "end 2 failed; begin 2 2; begin 2.1",
     "running; 1 passed 0; 2 running #2; 2.1 running; 2.2 queued; 3 queued"},
    {"output may stand outside steps", "queue 1; start; print ",
     "running; 1 queued"},
    {"a step may fail before it starts",
     "queue 1; start; end 1 failed -1 no such variable; finish failed",
     "failed; 1 failed (no such variable)"},
    {"notes are kept, before and after the start",
     "queue; note one; start; note two; finish passed",
     "passed; note one; note two"},
    {"a run may end before it started", "queue 1; finish error no bwrap",
     "error (no bwrap); 1 aborted (the run ended before this step started)"},

    /* Pauses. */
    {"a step pauses and goes on",
     "queue 1; start; begin 1; pause 1; resume 1; end 1 passed 0; "
     "finish passed",
     "passed; 1 passed 0"},
    {"a step is paused", "queue 1; start; begin 1; pause 1",
     "running; 1 paused"},
    {"a paused step is aborted",
     "queue 1; start; begin 1; pause 1; end 1 aborted; finish aborted",
     "aborted; 1 aborted"},
    {"a paused step times out",
     "queue 1; start; begin 1; pause 1; end 1 timeout; finish failed",
     "failed; 1 timeout"},
    {"the end of the run aborts what is paused",
     "queue 1 2; start; begin 1; pause 1; finish lost",
     "lost; 1 aborted (the run ended before this step did); 2 aborted (the "
     "run ended before this step started)"},
    {"a paused step prints", "queue 1; start; begin 1; pause 1; print 1",
     "running; 1 paused"},
    {"a paused step cannot pass",
     "queue 1; start; begin 1; pause 1; end 1 passed 0",
     "refused: step '1' cannot go from 'paused' to 'passed'"},
    {"a run with a paused step cannot pass",
     "queue 1; start; begin 1; pause 1; finish passed",
     "refused: the run cannot have passed: step '1' is paused"},
    {"a step that waits for its turn is not paused", "queue 1; start; pause 1",
     "refused: 'step-paused' of step '1' cannot follow: the step is queued"},
    {"a step pauses once at a time",
     "queue 1; start; begin 1; pause 1; pause 1",
     "refused: 'step-paused' of step '1' cannot follow: the step is paused"},
    {"a step that runs does not go on", "queue 1; start; begin 1; resume 1",
     "refused: 'step-resumed' of step '1' cannot follow: the step is running"},
    {"nothing starts in a paused group",
     "queue 1[1.1]; start; begin 1; pause 1; begin 1.1",
     "refused: step '1.1' cannot start: its group '1' is paused"},
    {"a step cannot end paused", "queue 1; start; begin 1; end 1 paused",
     "refused: 'step-finished' of step '1' has status 'paused'"},

    /* Artifacts. */
    {"artifacts are kept in their order",
     "queue 1; start; begin 1; keep 1 b 7; keep 1 a 0; keep 1 b 8",
     "running; 1 running; kept 1 b 7; kept 1 a 0; kept 1 b 8"},
    {"an artifact is of a step of the run", "queue 1; start; keep 2 a 1",
     "refused: 'artifact' names '2', which is no step of this run"},
    {"an artifact has a size", "queue 1; start; keep 1 a -1",
     "refused: artifact 'a' needs a 'size' and a 'digest' of the form "
     "sha256:<64 hex digits>"},
    {"the end absorbs artifacts", "queue 1; start; finish lost; keep 1 a 1",
     "refused: 'artifact' cannot follow: it comes while the run is running, "
     "but this run is lost"},

    /* What the end of the run makes of steps without an end. */
    {"an aborted run aborts what runs and what waits",
     "queue 1 2; start; begin 1; finish aborted",
     "aborted; 1 aborted (the run ended before this step did); 2 aborted (the "
     "run ended before this step started)"},
    {"a lost run aborts what runs and what waits",
     "queue 1 2; start; begin 1; finish lost gone",
     "lost (gone); 1 aborted (the run ended before this step did); 2 aborted "
     "(the run ended before this step started)"},
    {"a failed run skips what waits",
     "queue 1 2; start; begin 1; finish failed",
     "failed; 1 aborted (the run ended before this step did); 2 skipped (the "
     "run ended before this step started)"},
    {"a run past its deadline skips what waits",
     "queue 1; start; finish timeout",
     "timeout; 1 skipped (the run ended before this step started)"},
    {"steps of a skipped group are skipped, whatever the end",
     "queue 1[1.1] 2; start; end 1 skipped; begin 2; finish aborted",
     "aborted; 1 skipped; 1.1 skipped; 2 aborted (the run ended before this "
     "step did)"},

    /* What is refused. */
    {"nothing comes before the run is queued", "start",
     "refused: 'run-started' cannot follow: it comes while the run is queued, "
     "but nothing has come yet"},
    {"a run is queued once", "queue; queue",
     "refused: 'run-queued' cannot follow: it comes first, but this run is "
     "queued"},
    {"a run starts once", "queue; start; start",
     "refused: 'run-started' cannot follow: it comes while the run is queued, "
     "but this run is running"},
    {"steps wait for the run", "queue 1; begin 1",
     "refused: 'step-started' cannot follow: it comes while the run is "
     "running, but this run is queued"},
    {"the end absorbs starts", "queue 1; start; finish aborted; begin 1",
     "refused: 'step-started' cannot follow: it comes while the run is "
     "running, but this run is aborted"},
    {"the end absorbs output", "queue 1; start; finish aborted; print 1",
     "refused: 'output' cannot follow: it comes while the run is running, but "
     "this run is aborted"},
    {"the end absorbs notes", "queue; start; finish passed; note late",
     "refused: 'note' cannot follow: it comes before the run has ended, but "
     "this run is passed"},
    {"the end absorbs ends", "queue; start; finish lost; finish passed",
     "refused: 'run-finished' cannot follow: it comes once, after "
     "'run-queued', but this run is lost"},
    {"a run that did not start cannot pass", "queue; finish passed",
     "refused: the run cannot go from 'queued' to 'passed'"},
    {"a run that did not start cannot fail", "queue; finish failed",
     "refused: the run cannot go from 'queued' to 'failed'"},
    {"a run cannot end running", "queue; start; finish running",
     "refused: the run cannot go from 'running' to 'running'"},
    {"a run cannot be skipped", "queue; start; finish skipped",
     "refused: the run cannot go from 'running' to 'skipped'"},
    {"a run cannot pass with a failed step",
     "queue 1; start; begin 1; end 1 failed 1; finish passed",
     "refused: the run cannot have passed: step '1' is failed"},
    {"a run cannot pass with a running step",
     "queue 1 2; start; begin 1; end 1 passed 0; begin 2; finish passed",
     "refused: the run cannot have passed: step '2' is running"},
    {"a run cannot pass without news of a step",
     "queue 1; start; finish passed",
     "refused: the run cannot have passed: step '1' is queued"},
    {"a step must be one of the run", "queue 1; start; begin 2",
     "refused: 'step-started' names '2', which is no step of this run"},
    {"output must be of a step of the run", "queue 1; start; print 9",
     "refused: 'output' names '9', which is no step of this run"},
    {"a step that did not start cannot pass", "queue 1; start; end 1 passed 0",
     "refused: step '1' cannot go from 'queued' to 'passed'"},
    {"a step that started cannot be skipped",
     "queue 1; start; begin 1; end 1 skipped",
     "refused: step '1' cannot go from 'running' to 'skipped'"},
    {"a step ends once",
     "queue 1; start; begin 1; end 1 passed 0; "
     "end 1 failed 1",
     "refused: step '1' cannot go from 'passed' to 'failed'"},
    {"a step cannot end running", "queue 1; start; begin 1; end 1 running",
     "refused: 'step-finished' of step '1' has status 'running'"},
    {"a step is never lost", "queue 1; start; begin 1; end 1 lost",
     "refused: step '1' cannot go from 'running' to 'lost'"},
    {"a skipped step does not start", "queue 1; start; end 1 skipped; begin 1",
     "refused: step '1' cannot go from 'skipped' to 'running'"},
    {"an aborted step does not start again",
     "queue 1; start; begin 1; end 1 aborted; begin 1 2",
     "refused: step '1' cannot go from 'aborted' to 'running'"},
    {"attempts only grow", "queue 1; start; begin 1; end 1 failed 1; begin 1",
     "refused: attempt 1 of step '1' cannot follow attempt 1"},
    {"attempts begin at one", "queue 1; start; begin 1 0",
     "refused: attempt 0 of step '1' cannot follow attempt 0"},
    {"a step waits for its group", "queue 1[1.1]; start; begin 1.1",
     "refused: step '1.1' cannot start: its group '1' is queued"},
    {"a group that ended holds its steps",
     "queue 1[1.1]; start; begin 1; end 1 timeout; begin 1.1",
     "refused: step '1.1' cannot start: its group '1' is timeout"},
    {"refs are unique", "queue 1 2[1]", "refused: two steps are called '1'"},
};

static void test_logs(void **context)
{
    (void)context;
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const char *got = play(arena, logs[i].log);
        if (strcmp(got, logs[i].want) != 0)
            fail_msg("%s:\n got  %s\n want %s", logs[i].name, got,
                     logs[i].want);
    }
}

/* The flattened tree, in file order. */
static void test_steps_keep_their_place(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct run_state *state = event_state_make(arena, "0123");
    struct event event = read_event(arena, "queue 1 2[2.1[2.1.1!] 2.2]? 3");
    struct error error = {0};
    assert_int_equal(event_apply(state, &event, &error), 0);
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; i < state->step_count; i++) {
        const struct step_state *step = &state->steps[i];
        text_append_format(&text, "%s<%s %zu%s%s%s;", step->ref,
                           step->parent ? step->parent : "", step->depth,
                           step->group ? "g" : "", step->optional ? "o" : "",
                           step->negative ? "n" : "");
    }
    assert_string_equal(text_string(&text),
                        "1< 0;2< 0go;2.1<2 1g;2.1.1<2.1 2n;2.2<2 1;3< 0;");
    assert_string_equal(event_find_step(state, "2.2")->parent, "2");
    assert_null(event_find_step(state, "2.3"));
}

/* The state must not point into the event that made it. */
static void test_state_owns_its_memory(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct run_state *state = event_state_make(arena, "0123");
    static const char *const lines[] = {
        "queue 1", "note hello",         "start",
        "begin 1", "end 1 failed 1 bad", "finish failed worse"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        CLEANUP(arena_free) struct arena *scratch = arena_new();
        struct event event = read_event(scratch, lines[i]);
        struct error error = {0};
        assert_int_equal(event_apply(state, &event, &error), 0);
    }
    assert_string_equal(print_state(arena, state),
                        "failed (worse); 1 failed 1 (bad); note hello");
    assert_string_equal(
        value_string(
            value_path(value_item(value_get(state->data, "steps"), 0), "ref")),
        "1");
}

static void test_times_and_environment(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct run_state *state = event_state_make(arena, "0123");
    struct value *data = value_make_map(arena);
    value_set_string(arena, data, "sandbox", "bubblewrap");
    struct event events[] = {
        read_event(arena, "queue 1 2"),
        {.kind = EVENT_RUN_STARTED, .data = data},
        read_event(arena, "begin 1"),
        read_event(arena, "end 1 failed 1"),
        read_event(arena, "begin 1 2"),
        read_event(arena, "end 1 passed 0"),
        read_event(arena, "begin 2"),
        read_event(arena, "finish aborted"),
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        struct error error = {0};
        events[i].time = (int64_t)(i + 1) * 10;
        events[i].duration = 7;
        assert_int_equal(event_apply(state, &events[i], &error), 0);
    }
    assert_int_equal(state->queued, 10);
    assert_int_equal(state->started, 20);
    assert_int_equal(state->finished, 80);
    assert_string_equal(value_string_at(state->environment, "sandbox"),
                        "bubblewrap");
    assert_int_equal(state->steps[0].started, 30);
    assert_int_equal(state->steps[0].finished, 60);
    assert_int_equal(state->steps[0].duration, 7);
    assert_int_equal(state->steps[1].duration, 10);
    assert_int_equal(state->steps[1].finished, 80);
}

static void test_an_event_has_a_time(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct run_state *state = event_state_make(arena, "0123");
    struct event event = {.kind = EVENT_RUN_QUEUED};
    struct error error = {0};
    assert_int_equal(event_apply(state, &event, &error), -1);
    assert_string_equal(error.text, "'run-queued' has no time");
}

/* Applies 'run-queued' with these steps; the text of the error, or "". */
static const char *queue_error(struct arena *arena, struct value *steps)
{
    struct run_state *state = event_state_make(arena, "0123");
    struct value *data = value_make_map(arena);
    value_set(arena, data, "steps", steps);
    struct event event = {.kind = EVENT_RUN_QUEUED, .time = 1, .data = data};
    struct error error = {0};
    int result = event_apply(state, &event, &error);
    assert_int_equal(result, error_is_set(&error) ? -1 : 0);
    return arena_string(arena, error.text);
}

static struct value *step_called(struct arena *arena, const char *ref)
{
    struct value *step = value_make_map(arena);
    value_set_string(arena, step, "ref", ref);
    return step;
}

static void test_count_of_steps_is_limited(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *steps = value_make_list(arena);
    for (int i = 0; i < EVENT_STEP_LIMIT; i++)
        value_append(arena, steps,
                     step_called(arena, arena_format(arena, "%d", i)));
    assert_string_equal(queue_error(arena, steps), "");
    value_append(arena, steps, step_called(arena, "more"));
    assert_string_equal(queue_error(arena, steps),
                        "a run has at most 4096 steps");
}

static struct value *nested(struct arena *arena, int depth)
{
    struct value *inner = NULL;
    for (int i = depth; i >= 0; i--) {
        struct value *step = step_called(arena, arena_format(arena, "%d", i));
        struct value *list = value_make_list(arena);
        if (inner)
            value_set(arena, step, "steps", inner);
        value_append(arena, list, step);
        inner = list;
    }
    return inner;
}

static void test_depth_of_groups_is_limited(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    assert_string_equal(queue_error(arena, nested(arena, EVENT_DEPTH_LIMIT)),
                        "");
    assert_string_equal(
        queue_error(arena, nested(arena, EVENT_DEPTH_LIMIT + 1)),
        "steps are nested more than 32 deep");
}

static void test_bad_steps_are_refused(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    char longest[EVENT_NAME_LIMIT + 2];
    memset(longest, 'a', sizeof longest);
    longest[EVENT_NAME_LIMIT] = '\0';
    struct value *list = value_make_list(arena);
    struct value *step = step_called(arena, longest);
    value_append(arena, list, step);
    assert_string_equal(queue_error(arena, list), "");
    longest[EVENT_NAME_LIMIT] = 'a';
    longest[EVENT_NAME_LIMIT + 1] = '\0';
    value_set_string(arena, step, "name", longest);
    assert_non_null(strstr(queue_error(arena, list), "at most 1024 bytes"));

    list = value_make_list(arena);
    value_append(arena, list, value_make_map(arena));
    assert_string_equal(queue_error(arena, list), "a step has no 'ref'");
    assert_string_equal(queue_error(arena, value_make_int(arena, 1)),
                        "'steps' must be a list, not integer");
}

static void test_notes_and_reasons_are_limited(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct run_state *state = event_state_make(arena, "0123");
    struct error error = {0};
    struct event event = read_event(arena, "queue");
    assert_int_equal(event_apply(state, &event, &error), 0);
    event = read_event(arena, "note x");
    for (int i = 0; i <= EVENT_NOTE_LIMIT; i++)
        assert_int_equal(event_apply(state, &event, &error), 0);
    assert_int_equal(state->note_count, EVENT_NOTE_LIMIT);

    /* A character of two bytes stands across the limit. */
    char reason[EVENT_REASON_LIMIT + 8];
    memset(reason, 'a', sizeof reason);
    memcpy(reason + EVENT_REASON_LIMIT - 1, "\xc3\xa9", 2);
    reason[sizeof reason - 1] = '\0';
    event = read_event(arena, "finish aborted");
    event.text = reason;
    assert_int_equal(event_apply(state, &event, &error), 0);
    assert_int_equal(strlen(state->reason), EVENT_REASON_LIMIT - 1);
}

static void test_attempts_are_limited(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    assert_string_equal(play(arena, "queue 1; start; begin 1 1000000"),
                        "running; 1 running #1000000");
    assert_string_equal(play(arena, "queue 1; start; begin 1 1000001"),
                        "refused: attempt 1000001 of step '1' cannot follow "
                        "attempt 0");
}

/* A step that fails in the same way again and again costs no memory. */
static void test_attempts_do_not_fill_the_arena(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(arena_free) struct arena *scratch = arena_new();
    struct run_state *state = event_state_make(arena, "0123");
    struct error error = {0};
    static const char *const lines[] = {"queue 1", "start", "begin 1",
                                        "end 1 failed 1 connection refused"};
    struct event events[4];
    for (size_t i = 0; i < 4; i++) {
        events[i] = read_event(scratch, lines[i]);
        assert_int_equal(event_apply(state, &events[i], &error), 0);
    }
    size_t used = arena_used(arena);
    for (int attempt = 2; attempt < 1000; attempt++) {
        events[2].attempt = attempt;
        assert_int_equal(event_apply(state, &events[2], &error), 0);
        assert_int_equal(event_apply(state, &events[3], &error), 0);
    }
    assert_int_equal(arena_used(arena), used);
}

struct counting_sink {
    struct event_sink sink;
    int seen;
    const char *failure;
};

static int count_event(struct event_sink *sink, const struct event *event,
                       struct error *error)
{
    struct counting_sink *self = (struct counting_sink *)sink;
    (void)event;
    self->seen++;
    if (self->failure)
        return error_set(error, ERROR_SYSTEM, "%s", self->failure);
    return 0;
}

static void test_a_fan_reaches_all_sinks(void **context)
{
    (void)context;
    struct counting_sink one = {{count_event}, 0, NULL};
    struct counting_sink two = {{count_event}, 0, "first"};
    struct counting_sink three = {{count_event}, 0, "second"};
    struct event_sink *sinks[] = {&one.sink, &two.sink, &three.sink};
    struct event_fan fan = event_fan_make(sinks, 3);
    struct event event = {.kind = EVENT_NOTE, .time = 1, .text = "x"};
    struct error error = {0};
    assert_int_equal(event_emit(&fan.sink, &event, &error), -1);
    assert_string_equal(error.text, "first");
    assert_int_equal(one.seen + two.seen + three.seen, 3);
    two.failure = three.failure = NULL;
    error = (struct error){0};
    assert_int_equal(event_emit(&fan.sink, &event, &error), 0);
}

static void test_status_words(void **context)
{
    (void)context;
    static const char *const words[] = {"queued",  "running", "passed",
                                        "failed",  "timeout", "skipped",
                                        "aborted", "error",   "lost"};
    for (int i = 0; i < 9; i++) {
        assert_string_equal(event_status_name((enum status)i), words[i]);
        assert_int_equal(event_status_parse(words[i]), i);
        assert_int_equal(event_status_is_final((enum status)i),
                         i >= STATUS_PASSED);
    }
    assert_int_equal(event_status_parse("PASSED"), -1);
    assert_int_equal(event_status_parse(""), -1);
}

static const char *keep_error(struct arena *arena, const char *member,
                              struct value *value)
{
    struct run_state *state = event_state_make(arena, "0123");
    struct event events[] = {read_event(arena, "queue 1"),
                             read_event(arena, "start"),
                             read_event(arena, "keep 1 a 1")};
    struct value *data = value_copy(arena, events[2].data);
    value_set(arena, data, member, value);
    events[2].data = data;
    struct error error = {0};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(event_apply(state, &events[i], &error), 0);
    int result = event_apply(state, &events[2], &error);
    assert_int_equal(state->artifact_count, result == 0 ? 1 : 0);
    return arena_string(arena, error.text);
}

static void test_artifacts_say_what_they_are(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    char name[EVENT_ARTIFACT_NAME_LIMIT + 2];
    memset(name, 'n', sizeof name);
    name[EVENT_ARTIFACT_NAME_LIMIT] = '\0';
    assert_string_equal(
        keep_error(arena, "name", value_make_string(arena, name)), "");
    name[EVENT_ARTIFACT_NAME_LIMIT] = 'n';
    name[EVENT_ARTIFACT_NAME_LIMIT + 1] = '\0';
    assert_string_equal(
        keep_error(arena, "name", value_make_string(arena, name)),
        "an artifact of step '1' needs a 'name' of at most 1024 bytes");
    static const char *const digests[] = {"",
                                          "sha256:",
                                          "sha512:" DIGITS,
                                          DIGITS,
                                          "sha256:" DIGITS "0",
                                          "sha256:../" DIGITS};
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
        assert_non_null(strstr(
            keep_error(arena, "digest", value_make_string(arena, digests[i])),
            "needs a 'size' and a 'digest'"));
}

static void test_artifacts_are_limited(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct run_state *state = event_state_make(arena, "0123");
    static const char *const lines[] = {"queue 1", "start", "keep 1 a 1"};
    struct error error = {0};
    struct event event = {0};
    for (size_t i = 0; i < 3; i++) {
        event = read_event(arena, lines[i]);
        assert_int_equal(event_apply(state, &event, &error), 0);
    }
    for (int i = 1; i <= EVENT_ARTIFACT_LIMIT; i++)
        assert_int_equal(event_apply(state, &event, &error), 0);
    assert_int_equal(state->artifact_count, EVENT_ARTIFACT_LIMIT);
}

static void test_artifacts_are_chosen(void **context)
{
    (void)context;
    static const struct {
        const char *step, *want;
    } rows[] = {
        {NULL, "1:a(replaced) 2.1:b(replaced) 2.1:a 2.2:b 20:c "},
        {"1", "1:a "},
        {"2", "2.1:b(replaced) 2.1:a 2.2:b "},
        {"2.1", "2.1:b 2.1:a "},
        {"20", "20:c "},
        {"3", ""},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct run_state *state = event_state_make(arena, "0123");
    static const char *const lines[] = {
        "queue 1 2[2.1 2.2] 20 3",
        "start",
        "keep 1 a 1",
        "keep 2.1 b 2",
        "keep 2.1 a 3",
        "keep 2.2 b 4",
        "keep 20 c 5",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct event event = read_event(arena, lines[i]);
        struct error error = {0};
        assert_int_equal(event_apply(state, &event, &error), 0);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CLEANUP(text_free) struct text text = {0};
        size_t count;
        const struct artifact_choice *chosen =
            event_choose_artifacts(arena, state, rows[i].step, &count);
        for (size_t j = 0; j < count; j++)
            text_append_format(&text, "%s:%s%s ", chosen[j].artifact->step,
                               chosen[j].artifact->name,
                               chosen[j].replaced ? "(replaced)" : "");
        assert_string_equal(text_string(&text), rows[i].want);
    }
}

static void test_names_of_artifacts(void **context)
{
    (void)context;
    static const struct {
        const char *name, *want;
    } rows[] = {
        {"a", NULL},
        {"out/report.xml", NULL},
        {"\xc3\xa9t\xc3\xa9/\xf0\x9f\x98\x80 x", NULL},
        {"...", NULL},
        {"..a/.b", NULL},
        {"a\\b", NULL},
        {"", "is empty"},
        {"/etc/passwd", "is absolute"},
        {"..", "has a part '.' or '..'"},
        {"../x", "has a part '.' or '..'"},
        {"a/../b", "has a part '.' or '..'"},
        {"a/..", "has a part '.' or '..'"},
        {"./a", "has a part '.' or '..'"},
        {"a//b", "has an empty part"},
        {"a/", "has an empty part"},
        {"a\nb", "has control characters"},
        {"\x1b[31m", "has control characters"},
        {"a\x7f", "has control characters"},
        {"a\xc2\x9b", "has control characters"},
        {"a\xff", "is not UTF-8"},
        {"a\xc0\xae", "is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got =
            event_artifact_fault(rows[i].name, strlen(rows[i].name));
        const char *want = rows[i].want;
        if (got != want && (!got || !want || strcmp(got, want) != 0))
            fail_msg("'%s': got %s", rows[i].name, got ? got : "no fault");
    }
    assert_string_equal(event_artifact_fault("a\0b", 3),
                        "has control characters");
}

static void test_names_of_artifacts_are_limited(void **context)
{
    (void)context;
    char name[EVENT_ARTIFACT_NAME_LIMIT + 1];
    memset(name, 'n', sizeof name);
    assert_null(event_artifact_fault(name, EVENT_ARTIFACT_NAME_LIMIT));
    assert_string_equal(
        event_artifact_fault(name, EVENT_ARTIFACT_NAME_LIMIT + 1),
        "is too long");
    for (size_t i = 1; i < sizeof name; i += 2)
        name[i] = '/';
    size_t longest = 2 * EVENT_ARTIFACT_DEPTH_LIMIT - 1;
    assert_null(event_artifact_fault(name, longest));
    assert_string_equal(event_artifact_fault(name, longest + 2),
                        "has too many folders");
}

static void test_a_run_looks_paused(void **context)
{
    (void)context;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct run_state *state = event_state_make(arena, "0123");
    static const struct {
        const char *line;
        enum status want;
    } rows[] = {
        {"queue 1 2", STATUS_QUEUED}, {"start", STATUS_RUNNING},
        {"begin 1", STATUS_RUNNING},  {"pause 1", STATUS_PAUSED},
        {"resume 1", STATUS_RUNNING}, {"pause 1", STATUS_PAUSED},
        {"finish lost", STATUS_LOST},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct event event = read_event(arena, rows[i].line);
        struct error error = {0};
        assert_int_equal(event_apply(state, &event, &error), 0);
        assert_int_equal(event_shown_status(state), rows[i].want);
        assert_int_equal(state->steps[0].paused != 0,
                         rows[i].want == STATUS_PAUSED);
    }
    assert_int_equal(state->steps[0].pauses, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logs),
        cmocka_unit_test(test_steps_keep_their_place),
        cmocka_unit_test(test_state_owns_its_memory),
        cmocka_unit_test(test_times_and_environment),
        cmocka_unit_test(test_an_event_has_a_time),
        cmocka_unit_test(test_count_of_steps_is_limited),
        cmocka_unit_test(test_depth_of_groups_is_limited),
        cmocka_unit_test(test_bad_steps_are_refused),
        cmocka_unit_test(test_notes_and_reasons_are_limited),
        cmocka_unit_test(test_attempts_are_limited),
        cmocka_unit_test(test_attempts_do_not_fill_the_arena),
        cmocka_unit_test(test_artifacts_say_what_they_are),
        cmocka_unit_test(test_artifacts_are_limited),
        cmocka_unit_test(test_artifacts_are_chosen),
        cmocka_unit_test(test_names_of_artifacts),
        cmocka_unit_test(test_names_of_artifacts_are_limited),
        cmocka_unit_test(test_a_run_looks_paused),
        cmocka_unit_test(test_a_fan_reaches_all_sinks),
        cmocka_unit_test(test_status_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
