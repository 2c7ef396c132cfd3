/* The parts of the entrypoint that are pure: instructions, verdicts, the last word. */
#include "engine/entrypoint/instructions.h"
#include "engine/entrypoint/limits.h"
#include "engine/entrypoint/state.h"
#include "engine/entrypoint/verdict.h"
#include "tests/unit/case.h"

/* Single quotes stand for double ones, so that rows can be read. */
static char *json_of(struct arena *arena, const char *text)
{
    char *json = arena_string(arena, text);
    for (char *at = json; *at; at++)
        if (*at == '\'')
            *at = '"';
    return json;
}

static struct instructions *decode(struct arena *arena, const char *text,
                                   struct error *error)
{
    const char *json = json_of(arena, text);
    return instructions_decode(arena, json, strlen(json), error);
}

#define RUN(steps) "{'version':1,'containers':[{'name':'c'}],'steps':" steps "}"
#define LEAF(more) RUN("[{'ref':'1','container':0" more "}]")

static void instructions_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *want; /* "": accepted */
    } rows[] = {
        {"shell", LEAF(",'shell':'x'"), ""},
        {"template", LEAF(",'shell':{'template':'x'}"), ""},
        {"command", LEAF(",'command':['a',{'template':'b'}]"), ""},
        {"no steps", RUN("[]"), ""},
        {"empty group", RUN("[{'ref':'1','steps':[]}]"), ""},
        {"not JSON", "{", "expected"},
        {"version", "{'version':2}", "instructions of version 1"},
        {"no containers", "{'version':1,'containers':[],'steps':[]}",
         "expected 1 to 100 containers, found 0"},
        {"no list", "{'version':1,'containers':[1],'steps':{}}",
         "expected a list"},
        {"no ref", RUN("[{'container':0,'shell':'x'}]"), "a step has no ref"},
        {"empty ref", RUN("[{'ref':'','container':0,'shell':'x'}]"),
         "a step has no ref"},
        {"no container", RUN("[{'ref':'1','shell':'x'}]"),
         "step '1': 'container' is not the number of a container"},
        {"container beyond", RUN("[{'ref':'1','container':1,'shell':'x'}]"),
         "step '1': 'container' is not the number of a container"},
        {"nothing to run", LEAF(""), "one of shell, command and steps"},
        {"both", LEAF(",'shell':'x','command':['y']"),
         "one of shell, command and steps"},
        {"group with shell", RUN("[{'ref':'1','shell':'x','steps':[]}]"),
         "a group has no command"},
        {"empty command", LEAF(",'command':[]"), "'command' is not a command"},
        {"shell is a number", LEAF(",'shell':1"), "'shell' is not a text"},
        {"flag", LEAF(",'shell':'x','negative':'yes'"),
         "'negative' is not true or false"},
        {"duration", LEAF(",'shell':'x','timeout':'5 apples'"), "apples"},
        {"negative duration", LEAF(",'shell':'x','delay':'-1s'"),
         "'delay' is not a positive duration"},
        {"retry", LEAF(",'shell':'x','retry':{'count':1000}"), ""},
        {"retry beyond", LEAF(",'shell':'x','retry':{'count':1001}"),
         "'retry.count' is not a number from 0 to 1000"},
        {"variable", LEAF(",'shell':'x','env':[{'name':'A','value':'b'}]"), ""},
        {"variable with =",
         LEAF(",'shell':'x','env':[{'name':'A=','value':'b'}]"),
         "'env' is not a list of named variables"},
        {"variable without value", LEAF(",'shell':'x','env':[{'name':'A'}]"),
         "'env.value' is not a text"},
        {"secret",
         "{'version':1,'containers':[1],'secrets':[{'name':'a'}],"
         "'steps':[]}",
         "a secret has no name or no variable"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        bool made = decode(arena, rows[i].text, &error) != NULL;
        CHECK(rows[i].name, made == (rows[i].want[0] == '\0'));
        CHECK(rows[i].name, made == !error_is_set(&error));
        if (!strstr(error.text, rows[i].want))
            fail_msg("%s: %s", rows[i].name, error.text);
    }
}

static char *many(struct arena *arena, const char *before, const char *each,
                  size_t count, const char *after)
{
    CLEANUP(text_free) struct text text = {0};
    text_append_string(&text, before);
    for (size_t i = 0; i < count; i++)
        text_append_string(&text, each);
    text_append_string(&text, after);
    return arena_string(arena, text.data);
}

static void depth_and_count_have_ceilings(void **state)
{
    (void)state;
    for (int over = 0; over < 2; over++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        size_t depth = (size_t)ENTRYPOINT_DEPTH_LIMIT - 1 + (size_t)over;
        const char *open =
            many(arena, "{'version':1,'containers':[1],'steps':[",
                 "{'ref':'g','steps':[", depth, "");
        const char *deep = many(arena, open, "]}", depth, "]}");
        assert_int_equal(decode(arena, deep, &error) == NULL, over);

        struct error second = {0};
        const char *long_list = many(
            arena,
            "{'version':1,'containers':[1],'steps':[{'ref':'g','steps':[]}",
            ",{'ref':'g','steps':[]}",
            (size_t)ENTRYPOINT_STEPS_LIMIT - 1 + (size_t)over, "]}");
        assert_int_equal(decode(arena, long_list, &second) == NULL, over);
    }
}

/* Three siblings and a group: 1, 2, 3 (3.1, 3.2), 4. */
static const char *const tree =
    RUN("[{'ref':'1','container':0,'shell':'x'},"
        "{'ref':'2','container':0,'shell':'x','optional':true},"
        "{'ref':'3','steps':[{'ref':'3.1','container':0,'shell':'x'},"
        "{'ref':'3.2','container':0,'shell':'x'}]},"
        "{'ref':'4','container':0,'shell':'x'}]");

static struct step *find(const struct instructions *made, const char *ref)
{
    return instructions_find(made, ref, strlen(ref));
}

/* p passed, f failed, t timeout, a aborted, s skipped, . pending */
static enum step_status status_of(char letter)
{
    return letter == 'p'   ? STEP_PASSED
           : letter == 'f' ? STEP_FAILED
           : letter == 't' ? STEP_TIMEOUT
           : letter == 'a' ? STEP_ABORTED
           : letter == 's' ? STEP_SKIPPED
                           : STEP_PENDING;
}

static void what_came_before_counts(void **state)
{
    (void)state;
    static const struct {
        const char *name, *statuses /* 1 2 3.1 */, *step;
        bool want;
    } rows[] = {
        {"nothing before", "...", "1", false},
        {"passed", "p..", "2", false},
        {"failed", "f..", "2", true},
        {"timed out", "t..", "2", true},
        {"aborted", "a..", "2", true},
        {"skipped", "s..", "2", false},
        {"an optional failure", "pf.", "3", false},
        {"before the group", "fp.", "3.1", true},
        {"inside the group", "ppf", "3.2", true},
        {"inside the group is not before what follows it", "ppf", "4", false},
        {"itself does not count", "ppf", "3.1", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct instructions *made = decode(arena, tree, &error);
        assert_non_null(made);
        static const char *const refs[] = {"1", "2", "3.1"};
        for (size_t j = 0; j < COUNT_OF(refs); j++)
            find(made, refs[j])->status = status_of(rows[i].statuses[j]);
        CHECK(rows[i].name, verdict_failed_before(find(made, rows[i].step),
                                                  made) == rows[i].want);
    }
}

static void groups_and_runs_follow_their_children(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        char first, second;
        bool negative, first_optional;
        char group, run;
    } rows[] = {
        {"all passed", 'p', 'p', false, false, 'p', 'p'},
        {"one failed", 'p', 'f', false, false, 'f', 'f'},
        {"timed out", 't', 's', false, false, 'f', 'f'},
        {"skipped counts as passed", 's', 's', false, false, 'p', 'p'},
        {"optional failure", 'f', 'p', false, true, 'p', 'p'},
        {"aborted", 'p', 'a', false, false, 'a', 'a'},
        {"negative, one failed", 'f', 'p', true, false, 'p', 'p'},
        {"negative, none failed", 'p', 'p', true, false, 'f', 'f'},
        {"negative, an optional failure", 'f', 'p', true, true, 'f', 'f'},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct instructions *made = decode(arena, tree, &error);
        struct step *group = find(made, "3");
        group->negative = rows[i].negative;
        group->children[0].status = status_of(rows[i].first);
        group->children[0].optional = rows[i].first_optional;
        group->children[1].status = status_of(rows[i].second);
        group->status = verdict_of_group(group);
        CHECK(rows[i].name, group->status == status_of(rows[i].group));
        CHECK(rows[i].name, verdict_of_run(made) == status_of(rows[i].run));
    }
}

static void exit_codes_and_conditions(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct instructions *made = decode(arena, tree, &error);
    struct step *leaf = find(made, "3.1");
    assert_int_equal(verdict_of_exit(leaf, 0), STEP_PASSED);
    assert_int_equal(verdict_of_exit(leaf, 3), STEP_FAILED);
    leaf->negative = true;
    assert_int_equal(verdict_of_exit(leaf, 0), STEP_FAILED);
    assert_int_equal(verdict_of_exit(leaf, 3), STEP_PASSED);
    CHECK_TEXT("default", verdict_condition(leaf), "passed");
    leaf->parent->condition = "always";
    CHECK_TEXT("inherited", verdict_condition(leaf), "always");
    leaf->condition = "never";
    CHECK_TEXT("own", verdict_condition(leaf), "never");
    for (int status = STEP_PENDING; status <= STEP_ABORTED; status++)
        assert_int_equal(verdict_parse(verdict_name((enum step_status)status)),
                         status);
    assert_int_equal(verdict_parse("fine"), -1);
}

/* The last word fits what Kubernetes keeps; failures come before the rest. */
static void the_last_word_is_short(void **state)
{
    (void)state;
    for (size_t count = 0; count <= 2000; count += count < 10 ? 1 : 90) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text json = {0};
        CLEANUP(text_free) struct text report = {0};
        struct error error = {0};
        text_append_string(&json, "{'version':1,'containers':[1],'steps':[");
        for (size_t i = 0; i < count; i++)
            text_append_format(&json,
                               "%s{'ref':'%zu','container':0,'shell':'x'}",
                               i ? "," : "", i + 1);
        text_append_string(&json, "]}");
        struct instructions *made = decode(arena, json.data, &error);
        assert_non_null(made);
        for (size_t i = 0; i < count; i++)
            made->steps[i].status = i % 100 == 99 ? STEP_FAILED : STEP_PASSED;
        struct state shared = {.instructions = made};
        state_print_report(&report, &shared, NULL);
        assert_true(report.length <= ENTRYPOINT_TERMINATION_LIMIT);
        struct value *read =
            value_read_json(arena, report.data, report.length, &error);
        assert_non_null(read);
        const struct value *steps = value_get(read, "steps");
        bool cut = value_bool_or(value_get(read, "cut"), false);
        size_t want = cut ? count / 100 : count;
        assert_int_equal(value_count(steps), want);
        CHECK_TEXT("status", value_string_at(read, "status"),
                   count >= 100 ? "failed" : "passed");
    }
}

static void a_failure_of_ours_has_its_reason(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text report = {0};
    static const struct instructions nothing = {0};
    struct state shared = {.instructions = &nothing};
    state_print_report(&report, &shared, "cannot \"do\" it");
    CHECK_TEXT("report", text_string(&report),
               "{\"v\":1,\"status\":\"passed\",\"reason\":\"cannot \\\"do\\\" "
               "it\",\"steps\":[]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_are_checked),
        cmocka_unit_test(depth_and_count_have_ceilings),
        cmocka_unit_test(what_came_before_counts),
        cmocka_unit_test(groups_and_runs_follow_their_children),
        cmocka_unit_test(exit_codes_and_conditions),
        cmocka_unit_test(the_last_word_is_short),
        cmocka_unit_test(a_failure_of_ours_has_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
