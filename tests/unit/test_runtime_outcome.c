/*
 * Reports of containers in, step ends and a verdict out. Reports are a small
 * language, one event between semicolons:
 *
 *     pause REF | resume REF | artifact REF DIGEST
 *     begin REF [ATTEMPT] | end REF STATUS [EXIT] | print REF
 *     message JSON          a termination message (' stands for ")
 *     close REASON
 *
 * and the events that come through, as runtime_fixture.h writes them.
 */
#include "engine/runtime/outcome.h"
#include "runtime_fixture.h"

/* 1, the group 2 with 2.1 and 2.2 (optional), 3 (optional), and the negative group
 * 4 with 4.1. */
static const char run_text[] =
    "{'steps':[{'ref':'1','name':'One'},{'ref':'2','name':'Two','steps':["
    "{'ref':'2.1','name':''},{'ref':'2.2','name':'Maybe','optional':true}]},"
    "{'ref':'3','name':'Three','optional':true},{'ref':'4','name':'Four',"
    "'negative':true,'steps':[{'ref':'4.1'}]}]}";

static const struct {
    const char *name, *reports, *want;
} rows[] = {
    {"what comes goes on", "begin 1; print 1; end 1 passed 0",
     "begin 1#1\nprint 1 x|\nend 1 passed 0\n"},
    {"a second end is dropped", "begin 1; end 1 failed 2; end 1 passed 0",
     "begin 1#1\nend 1 failed 2\n"},
    {"a group begins and ends once",
     "begin 2; begin 2; end 2 passed; end 2 passed",
     "begin 2#1\nend 2 passed -1\n"},
    {"a further attempt may end again",
     "begin 1; end 1 failed 1; begin 1 2; end 1 passed 0",
     "begin 1#1\nend 1 failed 1\nbegin 1#2\nend 1 passed 0\n"},
    {"attempts without ends between",
     "begin 1; begin 1 2; begin 1 3; end 1 passed 0",
     "begin 1#1\nbegin 1#2\nbegin 1#3\nend 1 passed 0\n"},
    {"steps that the plan does not have", "begin 9; end 9 passed; print 9",
     "print  x"},
    {"a lost begin is made up", "end 1 passed 0",
     "begin 1#1\nend 1 passed 0\n"},
    {"a skipped step has no begin", "end 1 skipped", "end 1 skipped -1\n"},
    {"a pause goes on", "begin 1; pause 1; resume 1; end 1 passed 0",
     "begin 1#1\npause 1\nresume 1\nend 1 passed 0\n"},
    {"a second pause and a second resume are dropped",
     "begin 1; pause 1; pause 1; resume 1; resume 1",
     "begin 1#1\npause 1\nresume 1\n"},
    {"a lost begin of a pause is made up", "pause 1", "begin 1#1\npause 1\n"},
    {"a lost resume is made up", "begin 1; pause 1; end 1 passed 0",
     "begin 1#1\npause 1\nresume 1\nend 1 passed 0\n"},
    {"a paused step is aborted", "begin 1; pause 1; end 1 aborted",
     "begin 1#1\npause 1\nend 1 aborted -1\n"},
    {"a paused step times out", "begin 1; pause 1; end 1 timeout",
     "begin 1#1\npause 1\nend 1 timeout -1\n"},
    {"nothing pauses after its end",
     "begin 1; end 1 passed 0; pause 1; resume 1",
     "begin 1#1\nend 1 passed 0\n"},
    {"a new attempt is not paused",
     "begin 1; pause 1; resume 1; begin 1 2; pause 1",
     "begin 1#1\npause 1\nresume 1\nbegin 1#2\npause 1\n"},
    {"an artifact", "begin 1; artifact 1 d",
     "begin 1#1\nartifact 1 {\"digest\":\"d\"}\n"},
    {"an artifact that nobody fetched", "begin 1; artifact 1", "begin 1#1\n"},
    {"an artifact of an unknown step", "artifact 9 d", ""},
    {"what only the message knows",
     "begin 1; message {'v':1,'steps':[['1','passed',0,12],['2','skipped',"
     "null,0],['9','passed',0,1]]}",
     "begin 1#1\nend 1 passed 0\nend 2 skipped -1\n"},
    {"the message does not repeat what is known",
     "begin 1; end 1 passed 0; message {'steps':[['1','failed',1,1]]}",
     "begin 1#1\nend 1 passed 0\n"},
    {"messages that make no sense",
     "message {; message []; message {'steps':[[],['1'],['1','dancing',0,0],"
     "['1','running',0,0],['1','passed',-7,0],['1','passed',0,-1]]}",
     ""},
    {"what nobody ended, from the inside out",
     "begin 1; end 1 passed 0; begin 2; begin 2.1; close gone",
     "begin 1#1\nend 1 passed 0\nbegin 2#1\nbegin 2.1#1\nend 4.1 aborted -1 "
     "(gone)\nend 4 aborted -1 (gone)\nend 3 aborted -1 (gone)\nend 2.2 "
     "aborted -1 (gone)\nend 2.1 aborted -1 (gone)\nend 2 "
     "aborted -1 (gone)\n"},
};

static const struct value *artifact_data(struct arena *arena, const char *word)
{
    struct value *data = value_make_map(arena);
    if (word[0] != '\0')
        value_set_string(arena, data, "digest", word);
    return data;
}

static int report_event(struct outcome *outcome, const char *report)
{
    struct error error = {0};
    char verb[16] = "", ref[16] = "", word[16] = "";
    int number = -1;
    struct event event = {.time = 1000, .exit_code = -1, .step = ref};
    int count = sscanf(report, "%15s %15s %15s %d", verb, ref, word, &number);
    if (strcmp(verb, "begin") == 0) {
        event.kind = EVENT_STEP_STARTED;
        event.attempt = count > 2 ? atoi(word) : 1;
    } else if (strcmp(verb, "end") == 0) {
        event.kind = EVENT_STEP_FINISHED;
        event.status = (enum status)event_status_parse(word);
        event.exit_code = number;
    } else if (strcmp(verb, "pause") == 0) {
        event.kind = EVENT_STEP_PAUSED;
    } else if (strcmp(verb, "resume") == 0) {
        event.kind = EVENT_STEP_RESUMED;
    } else if (strcmp(verb, "artifact") == 0) {
        event.kind = EVENT_ARTIFACT;
        event.data = artifact_data(outcome->arena, word);
    } else {
        event.kind = EVENT_OUTPUT;
        event.text = "x";
        event.length = 1;
    }
    return event_emit(&outcome->sink, &event, &error);
}

static int report_one(struct arena *arena, struct outcome *outcome,
                      const char *report)
{
    struct error error = {0};
    if (strncmp(report, "close ", 6) == 0)
        return outcome_close(outcome, report + 6, &error);
    if (strncmp(report, "message ", 8) != 0)
        return report_event(outcome, report);
    char *message = arena_string(arena, report + 8);
    for (char *c = message; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    return outcome_take_message(outcome, message, strlen(message), &error);
}

static void report(struct arena *arena, struct outcome *outcome,
                   const char *reports)
{
    while (*reports != '\0') {
        size_t length = strcspn(reports, ";");
        assert_int_equal(
            report_one(arena, outcome, arena_copy(arena, reports, length)), 0);
        reports += length;
        reports += strspn(reports, "; ");
    }
}

static void ends_are_complete_and_not_repeated(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct recorder recorder = make_recorder();
        struct plan plan = {.run = make_value(arena, run_text)};
        struct outcome *outcome = outcome_make(arena, &plan, &recorder.sink);
        report(arena, outcome, rows[i].reports);
        CHECK_TEXT(rows[i].name, text_string(&recorder.log), rows[i].want);
        text_free(&recorder.log);
    }
}

#define ALL_WELL                                                               \
    "end 1 passed 0; end 2.1 passed 0; end 2.2 skipped; end 2 passed; end 3 "  \
    "failed 1; end 4.1 failed 1; end 4 passed; "
#define DONE(status) true, STATUS_##status, true

static const struct {
    const char *name, *reports;
    struct ending endings[3];
    const char *want;
} verdicts[] = {
    {"all passed; an optional step failed",
     ALL_WELL,
     {{"a", DONE(PASSED), 0, false, false, ""}},
     "passed"},
    {"one of two failed",
     "end 1 passed 0; begin 2; end 2.1 failed 3; end 2 failed; close x",
     {{"a", DONE(PASSED), 0, false, false, ""},
      {"b", DONE(FAILED), 1, false, false, ""}},
     "failed: step '2.1' failed with exit code 3"},
    {"a timeout has its own words",
     "end 1 timeout; close x",
     {{"a", DONE(FAILED), 1, false, false, ""}},
     "failed: step 'One' timed out"},
    {"a negative step that exited with 0",
     "end 1 failed 0; close x",
     {{"a", DONE(FAILED), 1, false, false, ""}},
     "failed: step 'One' failed"},
    {"an optional step is not the cause",
     "end 3 failed 7; end 1 failed 8; close x",
     {{"a", DONE(FAILED), 1, false, false, ""}},
     "failed: step 'One' failed with exit code 8"},
    {"what fails in a negative group is not the cause",
     "end 4.1 failed 7; end 4 passed; end 1 failed 8; close x",
     {{"a", DONE(FAILED), 1, false, false, ""}},
     "failed: step 'One' failed with exit code 8"},
    {"a negative group without a failure",
     "end 4.1 passed 0; end 4 failed; close x",
     {{"a", DONE(FAILED), 1, false, false, ""}},
     "failed: nothing in 'Four' failed, as it should"},
    {"passed, said with the exit code of failure",
     ALL_WELL,
     {{"a", DONE(PASSED), 1, false, false, ""}},
     "failed: a step failed"},
    {"failed, said with the exit code of success",
     ALL_WELL,
     {{"a", DONE(FAILED), 0, false, false, ""}},
     "failed: a step failed"},
    {"aborted, whatever the others say",
     "end 1 aborted; close x",
     {{"a", DONE(FAILED), 1, false, false, ""},
      {"b", DONE(ABORTED), 137, false, false, ""}},
     "aborted: it was aborted"},
    {"no word and success is lost",
     "close x",
     {{"a", false, 0, true, 0, false, false, ""}},
     "lost: container 'a' ended with exit code 0 without reporting its "
     "outcome"},
    {"no word and failure is lost",
     "close x",
     {{"a", false, 0, true, 1, false, false, "oops"}},
     "lost: container 'a' ended with exit code 1 without reporting its "
     "outcome: "
     "oops"},
    {"killed from outside",
     "close x",
     {{"a", false, 0, true, 137, false, false, ""}},
     "aborted: container 'a' was killed by SIGKILL"},
    {"killed for lack of memory",
     "close x",
     {{"a", false, 0, true, 137, false, true, ""}},
     "aborted: container 'a' was killed by SIGKILL; the machine ran out of "
     "memory"},
    {"killed by us",
     "close x",
     {{"a", false, 0, true, 137, true, false, ""}},
     "aborted: container 'a' did not end when told to and was killed"},
    {"instructions that cannot be used",
     "close x",
     {{"a", DONE(FAILED), 155, false, false, "no such member"}},
     "error: container 'a': no such member"},
    {"an internal failure without words",
     "close x",
     {{"a", DONE(FAILED), 190, false, false, ""}},
     "error: container 'a': an internal failure of the entrypoint"},
    {"a program that is not there",
     "close x",
     {{"a", false, 0, true, 127, false, false, "cannot execute"}},
     "error: container 'a' ended with exit code 127 without reporting its "
     "outcome: cannot execute"},
    {"one never started",
     ALL_WELL,
     {{"a", DONE(PASSED), 0, false, false, ""},
      {"b", false, 0, false, 0, false, false, ""}},
     "lost: container 'b' was never started"},
    {"one never started after a failure",
     "end 1 failed 1; close x",
     {{"a", DONE(FAILED), 1, false, false, ""},
      {"b", false, 0, false, 0, false, false, ""}},
     "failed: step 'One' failed with exit code 1"},
    {"passed, but a step's end is unknown",
     "end 1 passed 0; close x",
     {{"a", DONE(PASSED), 0, false, false, ""}},
     "lost: the end of step 'Two' was not reported"},
    {"passed, but a step failed",
     "end 1 failed 4; end 2.1 skipped; end 2.2 skipped; end 2 passed; end 3 "
     "skipped",
     {{"a", DONE(PASSED), 0, false, false, ""}},
     "failed: step 'One' failed with exit code 4"},
    {"only an optional end is unknown",
     "end 1 passed 0; end 2.1 passed 0; end 2 passed; end 4.1 failed 1; end 4 "
     "passed; close x",
     {{"a", DONE(PASSED), 0, false, false, ""}},
     "passed"},
};

static void a_verdict_is_never_better_than_the_evidence(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct recorder recorder = make_recorder();
        struct plan plan = {.run = make_value(arena, run_text)};
        struct outcome *outcome = outcome_make(arena, &plan, &recorder.sink);
        report(arena, outcome, verdicts[i].reports);
        size_t count = 0;
        while (count < 3 && verdicts[i].endings[count].name)
            count++;
        struct verdict verdict =
            outcome_judge(outcome, verdicts[i].endings, count);
        const char *got = arena_format(
            arena, "%s%s%s", event_status_name(verdict.status),
            verdict.reason ? ": " : "", verdict.reason ? verdict.reason : "");
        CHECK_TEXT(verdicts[i].name, got, verdicts[i].want);
        text_free(&recorder.log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_complete_and_not_repeated),
        cmocka_unit_test(a_verdict_is_never_better_than_the_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
