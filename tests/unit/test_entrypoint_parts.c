/*
 * The parts of the entrypoint without a process: instructions and their limits, what
 * statuses mean, masking in pieces, the environment, the state and the report.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/base64.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/entrypoint/environment.h"
#include "engine/entrypoint/instructions.h"
#include "engine/entrypoint/limits.h"
#include "engine/entrypoint/mask.h"
#include "engine/entrypoint/output.h"
#include "engine/entrypoint/seal.h"
#include "engine/entrypoint/shell.h"
#include "engine/entrypoint/state.h"
#include "engine/entrypoint/verdict.h"
#include "tests/unit/case.h"

#define TEST_TOKEN "00112233445566778899aabbccddeeff"
#define RUN(steps) "{'version':1,'containers':[{},{}],'steps':[" steps "]}"
#define LEAF       "'container':0,'shell':'true'"

static struct instructions *decode(struct arena *arena, const char *text,
                                   struct error *error)
{
    char *copy = arena_string(arena, text);
    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    return instructions_decode(arena, copy, strlen(copy), error);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"{'version':2}", "version 1"},
        {"{'version':1,'containers':[]}", "1 to 100 containers"},
        {"{'version':1,'containers':[{}]}", "expected a list"},
        {RUN("{}"), "a step has no ref"},
        {RUN("{'ref':'a b'," LEAF "}"), "'ref' is not of letters"},
        {RUN("{'ref':'a'," LEAF "},{'ref':'a'," LEAF "}"), "two steps"},
        {RUN("{'ref':'1','container':2,'shell':'x'}"), "number of a container"},
        {RUN("{'ref':'1','container':1,'shell':'x'},{'ref':'2'," LEAF "}"),
         "step '2': 'container'"},
        {RUN("{'ref':'1','container':0}"), "one of shell"},
        {RUN("{'ref':'1','container':0,'shell':'x','command':['y']}"),
         "one of shell"},
        {RUN("{'ref':'1','container':0,'command':[]}"), "not a command"},
        {RUN("{'ref':'1','container':0,'shell':'x\\u0000y'}"), "not a text"},
        {RUN("{'ref':'1','shell':'x','steps':[]}"), "a group has no command"},
        {RUN("{'ref':'1','negative':'yes'," LEAF "}"), "true or false"},
        {RUN("{'ref':'1','timeout':'-1s'," LEAF "}"), "positive"},
        {RUN("{'ref':'1','timeout':'soon'," LEAF "}"), "step '1': 'timeout'"},
        {RUN("{'ref':'1','retry':{'count':1001}," LEAF "}"), "0 to 1000"},
        {RUN("{'ref':'1','env':[{'name':'A=B','value':''}]," LEAF "}"),
         "named variables"},
        {RUN("{'ref':'1','env':[{'name':'A'}]," LEAF "}"), "env.value"},
        {RUN("{'ref':'1','container':0,'idle':false}"), "one of shell"},
        {RUN("{'ref':'1','idle':true," LEAF "}"), "one of shell"},
        {RUN("{'ref':'1','idle':true,'steps':[]}"), "a group has no command"},
        {RUN("{'ref':'1','paused':1," LEAF "}"), "true or false"},
        {RUN("{'ref':'1','id':'a/b'," LEAF "}"), "'id' is not of letters"},
        {RUN("{'ref':'1','id':'..'," LEAF "}"), "'id' is not of letters"},
        {RUN("{'ref':'1','container':0,'artifacts':{}}"), "a list of paths"},
        {RUN("{'ref':'1','container':0,'artifacts':{'paths':[1]}}"),
         "'paths' is not a text"},
        {RUN("{'ref':'1','container':0,'artifacts':{'paths':['a'],'archive':"
             "1}}"),
         "artifacts.archive"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        CHECK(rows[i][0], !decode(arena, rows[i][0], &error));
        if (!strstr(error.text, rows[i][1]))
            fail_msg("%s: %s", rows[i][0], error.text);
    }
}

/* Groups around a leaf: `depth` lists in all. */
static bool decodes_at(int depth)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text text = {0};
    struct error error = {0};
    text_append_string(&text, "{'version':1,'containers':[{}],'steps':[");
    for (int i = 1; i < depth; i++)
        text_append_format(&text, "{'ref':'g%d','steps':[", i);
    text_append_string(&text, "{'ref':'1'," LEAF "}");
    for (int i = 1; i < depth; i++)
        text_append_string(&text, "]}");
    text_append_string(&text, "]}");
    return decode(arena, text.data, &error) != NULL;
}

static struct instructions *many_steps(struct arena *arena, int count,
                                       struct error *error)
{
    CLEANUP(text_free) struct text text = {0};
    text_append_string(&text, "{'version':1,'containers':[{},{}],'steps':[");
    for (int i = 0; i < count; i++)
        text_append_format(&text, "%s{'ref':'%d'," LEAF "}", i ? "," : "", i);
    text_append_string(&text, "]}");
    return decode(arena, text.data, error);
}

static void test_limits(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    assert_true(decodes_at(ENTRYPOINT_DEPTH_LIMIT));
    assert_false(decodes_at(ENTRYPOINT_DEPTH_LIMIT + 1));
    assert_non_null(many_steps(arena, ENTRYPOINT_STEPS_LIMIT, &error));
    assert_null(many_steps(arena, ENTRYPOINT_STEPS_LIMIT + 1, &error));
    error = (struct error){0};
    assert_non_null(decode(
        arena, RUN("{'ref':'1','retry':{'count':1000}," LEAF "}"), &error));
}

static void test_decoded(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct instructions *made = decode(
        arena,
        RUN("{'ref':'1','condition':'failed','steps':[{'ref':'1.1','id':'x',"
            "'negative':true,'timeout':'2s','shell':{'template':'{{ a }}'},"
            "'container':1,'retry':{'count':3,'until':'u'}}]}"),
        &error);
    assert_non_null(made);
    struct step *leaf = instructions_find(made, "x", 1);
    assert_ptr_equal(leaf, instructions_find(made, "1.1", 3));
    assert_true(leaf->negative && leaf->shell.template && !leaf->optional);
    assert_int_equal(leaf->timeout, 2000000000);
    assert_int_equal(leaf->retries, 3);
    assert_string_equal(verdict_condition(leaf), "failed");
    assert_null(instructions_next(made, leaf, true));
}

/* p f o t a s: passed, failed, failed and optional, timeout, aborted, skipped;
 * the status of a group of these, and of a negative one. */
static void test_groups(void **state)
{
    (void)state;
    static const struct {
        const char *children;
        enum step_status group, negative;
        bool failed_before; /* a step after them */
    } rows[] = {
        {"", STEP_PASSED, STEP_FAILED, false},
        {"p", STEP_PASSED, STEP_FAILED, false},
        {"ps", STEP_PASSED, STEP_FAILED, false},
        {"o", STEP_PASSED, STEP_FAILED, false},
        {"pf", STEP_FAILED, STEP_PASSED, true},
        {"fp", STEP_FAILED, STEP_PASSED, true},
        {"t", STEP_FAILED, STEP_PASSED, true},
        {"pas", STEP_ABORTED, STEP_ABORTED, true},
        {"fa", STEP_ABORTED, STEP_ABORTED, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct step children[4] = {0};
        struct step group = {.group = true, .children = children};
        const char *letter = rows[i].children;
        for (; *letter; letter++) {
            struct step *child = &children[group.child_count++];
            child->status = *letter == 'p'   ? STEP_PASSED
                            : *letter == 't' ? STEP_TIMEOUT
                            : *letter == 'a' ? STEP_ABORTED
                            : *letter == 's' ? STEP_SKIPPED
                                             : STEP_FAILED;
            child->optional = *letter == 'o';
        }
        const struct instructions run = {.steps = children,
                                         .step_count = group.child_count};
        const struct step last = {.position = group.child_count};
        CHECK(rows[i].children, verdict_of_group(&group) == rows[i].group);
        CHECK(rows[i].children, verdict_of_run(&run) == rows[i].group);
        CHECK(rows[i].children,
              verdict_failed_before(&last, &run) == rows[i].failed_before);
        group.negative = true;
        CHECK(rows[i].children, verdict_of_group(&group) == rows[i].negative);
    }
    struct step leaf = {0};
    assert_int_equal(verdict_of_exit(&leaf, 0), STEP_PASSED);
    assert_int_equal(verdict_of_exit(&leaf, 9), STEP_FAILED);
    leaf.negative = true;
    assert_int_equal(verdict_of_exit(&leaf, 0), STEP_FAILED);
    assert_int_equal(verdict_of_exit(&leaf, 9), STEP_PASSED);
}

static const struct {
    const char *name, *secrets[3], *input, *want;
} masks[] = {
    {"none", {NULL}, "abc", "abc"},
    {"at the ends", {"key"}, "key-x-key", "********-x-********"},
    {"the longest",
     {"ab", "abcd"},
     "abcd abc ab",
     "******** ********c ********"},
    {"overlapping", {"abc", "bcd"}, "abcd", "********d"},
    {"a false start", {"aab"}, "aaab", "a********"},
    {"over lines", {"one\ntwo"}, "x one\ntwo y", "x ******** y"},
    {"a key, line by line",
     {"longline-1\nlongline-2\n}\n"},
     "> longline-2 }",
     "> ******** }"},
    {"its newline is gone", {"word\n"}, "word.", "********."},
    {"base64", {"hush"}, "aHVzaA==", "********=="},
    {"percent", {"a/b c"}, "a%2Fb%20c", "********"},
    {"percent in small letters", {"a/b c"}, "a%2fb%20c", "********"},
    {"percent of a path", {"a/b c"}, "a/b%20c", "********"},
    {"percent of a form", {"a/b +"}, "a%2Fb+%2B", "********"},
    {"percent of a browser", {"it's (ü)"}, "it's%20(%C3%BC)", "********"},
    {"base64 behind one byte",
     {"hush-hush"},
     "eGh1c2gtaHVzaA==",
     "eG********=="},
    {"base64 behind two", {"hush-hush"}, "eHhodXNoLWh1c2g=", "eHh********="},
    {"base64 before others", {"hush-hus"}, "aHVzaC1odXMu", "********u"},
    {"base64 for URLs", {">?>?>?>?"}, "Pj8-Pz4_Pj8", "********"},
    {"base64 for URLs, behind one",
     {">?>?>?>?"},
     "eD4_Pj8-Pz4_Pg",
     "eD********Pg"},
    {"one byte: everywhere, and nothing else of it",
     {"a"},
     "banana YQ== %61",
     "b********n********n******** YQ== %61"},
    {"two bytes", {"ab"}, "abab YWI=", "**************** YWI="},
    {"three bytes: where it makes four digits",
     {"abc"},
     "YWJj eGFiYw==",
     "******** eG********=="},
    {"short ones beside long ones",
     {"a", "abcdefgh", "ab"},
     "abcdefg a abx abcdefgh",
     "********cdefg ******** ********x ********"},
    {"an end that could go on", {"ab", "abcd"}, "xabc", "x********c"},
};

static void check_mask(size_t row, unsigned seed)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text out = {0};
    struct mask *mask = mask_make(arena);
    for (size_t i = 0; i < 3 && masks[row].secrets[i]; i++)
        mask_add(mask, masks[row].secrets[i], strlen(masks[row].secrets[i]));
    const char *input = masks[row].input;
    for (size_t left = strlen(input), piece; left > 0; left -= piece) {
        seed = seed * 1103515245 + 12345;
        piece = seed < 10 ? left : 1 + (seed >> 16) % left;
        mask_push(mask, input, piece, &out);
        input += piece;
    }
    mask_finish(mask, &out);
    CHECK_TEXT(masks[row].name, text_string(&out), masks[row].want);
}

/* A secret anywhere in what is encoded, whole lines of base64 apart: nothing of it can
 * be read from what is left but the bits of a digit at each end. */
static void test_base64_anywhere(void **state)
{
    (void)state;
    static const char secret[] = "s3cr3t/+value~!";
    for (size_t before = 0; before < 12; before++)
        for (size_t behind = 0; behind < 12; behind++) {
            CLEANUP(arena_free) struct arena *arena = arena_new();
            CLEANUP(text_free) struct text plain = {0}, out = {0};
            struct mask *mask = mask_make(arena);
            mask_add(mask, secret, sizeof secret - 1);
            text_append(&plain, "xxxxxxxxxxxx", before);
            text_append_string(&plain, secret);
            text_append(&plain, "yyyyyyyyyyyy", behind);
            const char *coded = base64_encode(arena, plain.data, plain.length);
            mask_push(mask, coded, strlen(coded), &out);
            mask_finish(mask, &out);
            const char *hidden = strstr(text_string(&out), "********");
            assert_non_null(hidden);
            size_t left = (size_t)(hidden - out.data);
            size_t right = out.length - left - 8;
            CHECK("left", left <= (8 * before + 5) / 6);
            CHECK("right", right <= 4 * ((behind + 2) / 3) + 4);
        }
}

/* Enough secrets that the table of hashes is crowded: each is found, and only these. */
static void test_many_secrets(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text in = {0}, out = {0};
    struct mask *mask = mask_make(arena);
    for (int i = 0; i < 1000; i++) {
        const char *secret = arena_format(arena, "key-%d-%x", i, i * 7919);
        mask_add(mask, secret, strlen(secret));
        text_append_format(&in, "<%s>", secret);
    }
    for (size_t at = 0; at < in.length; at += 7)
        mask_push(mask, in.data + at, in.length - at < 7 ? in.length - at : 7,
                  &out);
    mask_finish(mask, &out);
    assert_int_equal(out.length, 1000 * strlen("<********>"));
    for (size_t i = 0; i < out.length; i += 10)
        assert_memory_equal(out.data + i, "<********>", 10);
    assert_true(mask_finds(mask, in.data, in.length));
    assert_false(mask_finds(mask, out.data, out.length));
}

static void test_masks(void **state)
{
    (void)state;
    for (size_t row = 0; row < COUNT_OF(masks); row++)
        for (unsigned seed = 0; seed < 200; seed++)
            check_mask(row, seed);
}

static void test_environment(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct environment environment;
    char token[] = "ASSAY_TOKEN=" TEST_TOKEN, secret[] = "ASSAY_SECRET_0=x";
    char path[] = "PATH=/bin", bad[] = "ASSAY_TOKEN=123";
    char *all[] = {path, token, secret, NULL}, *wrong[] = {bad, NULL};
    assert_int_equal(environment_take(arena, all, &environment, &error), 0);
    assert_string_equal(environment.token, TEST_TOKEN);
    assert_string_equal(environment_taken(&environment, "ASSAY_SECRET_0"), "x");
    assert_string_equal(token, "");
    assert_string_equal(secret, "");
    struct variables made = variables_make(arena, &environment);
    for (int i = 0; i < ENTRYPOINT_ENVIRONMENT_LIMIT; i++)
        variables_set(&made, arena_format(arena, "V%d", i), "1");
    variables_set(&made, "PATH", "/usr/bin");
    assert_int_equal(made.count, ENTRYPOINT_ENVIRONMENT_LIMIT + 2);
    assert_null(made.items[made.count]);
    assert_string_equal(variables_get(&made, "PATH", 4), "/usr/bin");
    assert_string_equal(variables_get(&made, "CI", 2), "1");
    for (size_t i = 0; i < made.count; i++)
        assert_int_not_equal(strncmp(made.items[i], "ASSAY_", 6), 0);
    assert_int_equal(environment_take(arena, wrong, &environment, &error), -1);
}

/* 10000 steps, two of them failed: those are kept. */
static void test_report(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text text = {0};
    struct error error = {0};
    struct instructions *made = many_steps(arena, 10000, &error);
    struct state shared = {.instructions = made};
    for (size_t i = 0; i < made->step_count; i++)
        made->steps[i].status = STEP_PASSED;
    made->steps[7].status = made->steps[9999].status = STEP_FAILED;
    made->steps[7].exit_code = 3;
    state_print_report(&text, &shared, NULL);
    CHECK_TEXT(
        "cut", text_string(&text),
        "{\"v\":1,\"status\":\"failed\",\"steps\":[[\"7\",\"failed\",3,0]"
        ",[\"9999\",\"failed\",null,0]],\"cut\":true}");
    for (size_t i = 0; i < made->step_count; i++)
        made->steps[i].status = STEP_FAILED;
    char reason[512];
    memset(reason, '\x01', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    text_clear(&text);
    state_print_report(&text, &shared, reason);
    assert_in_range(text.length, 3900, ENTRYPOINT_TERMINATION_LIMIT);
    assert_non_null(value_read_json(arena, text.data, text.length, &error));
}

/* The journal of "sequence text" lines, sealed; a line that begins with ! is left as
 * it is behind that. */
static void append_journal(struct text *journal, const char *lines)
{
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        if (lines[0] == '!') {
            text_append_character(journal, '\n');
            text_append(journal, lines + 1, length - 1);
        } else {
            text_append_character(journal, '\n');
            text_append(journal, lines, length);
            text_append_format(
                journal, " %016llx\n",
                (unsigned long long)seal_make(TEST_TOKEN, lines, length));
        }
        lines += length + (lines[length] == '\n');
    }
}

/* A torn or forged journal tells what it can, and is never a crash. */
static void test_state(void **state)
{
    (void)state;
    static const struct {
        const char *name, *lines;
        const char *statuses; /* of the steps 0 and 1 */
        bool died;
    } rows[] = {
        {"passed", "0 0 passed 5 0\n1 done:", "passed pending", false},
        {"the last line counts",
         "0 0 running 5 0\n1 0 failed 5 0\n2 done:", "failed pending", false},
        {"not done", "0 0 passed 5 0", "passed pending", true},
        {"torn, and gone on",
         "0 0 passed 5 0\n!1 1 pas\n1 1 failed 7 1\n2 done:", "passed failed",
         false},
        {"forged without a seal",
         "0 0 failed 1 0\n!1 0 passed 1 0\n!1 0 passed 1 0 0123456789abcdef\n1 "
         "done:",
         "failed pending", false},
        {"a copy of an earlier line",
         "0 0 running 1 0\n1 0 failed 1 0\n0 0 running 1 0\n2 done:",
         "failed pending", false},
        {"a line is missing",
         "0 0 passed 1 0\n2 1 passed 1 0\n3 done:", "passed pending", true},
        {"sealed nonsense",
         "0 \n1 0 passed\n2 0 what 1 1\n3 x passed 1 1\nx\n 4 done:",
         "pending pending", false},
        {"nothing", "", "pending pending", true},
    };
    char folder[] = "/tmp/entrypoint-XXXXXX";
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text journal = {0};
        struct error error = {0};
        bool died = false;
        struct instructions *made = many_steps(arena, 2, &error);
        struct state shared = {.folder = folder,
                               .token = TEST_TOKEN,
                               .container = 1,
                               .instructions = made};
        append_journal(&journal, rows[i].lines);
        assert_int_equal(
            file_write_atomic(arena_format(arena, "%s/journal", folder),
                              text_string(&journal), journal.length, 0600,
                              &error),
            0);
        assert_int_equal(state_load(&shared, &died, &error), 0);
        const char *got =
            arena_format(arena, "%s %s", verdict_name(made->steps[0].status),
                         verdict_name(made->steps[1].status));
        CHECK_TEXT(rows[i].name, got, rows[i].statuses);
        CHECK(rows[i].name, died == rows[i].died);
    }
    struct error error = {0};
    assert_int_equal(folder_remove(folder, &error), 0);
}

/* The example of SipHash's authors. */
static void test_seal(void **state)
{
    (void)state;
    char bytes[15];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    assert_true(seal_make("000102030405060708090a0b0c0d0e0f", bytes,
                          sizeof bytes) == UINT64_C(0xa129ca6149be45e5));
}

/* Own lines wait for what the mask holds back; reasons are masked. */
static void test_output(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct output output = {
        .descriptor = ends[1], .token = TEST_TOKEN, .mask = mask_make(arena)};
    mask_add(output.mask, "secret", 6);
    const struct step step = {
        .ref = "1", .status = STEP_FAILED, .exit_code = -1};
    assert_int_equal(output_write(&output, "a sec", 5, &error), 0);
    assert_int_equal(output_say(&output, "look", &error), 0);
    assert_int_equal(output_end(&output, &step, "no secret", &error), 0);
    char got[512] = "";
    assert_true(read(ends[0], got, sizeof got - 1) > 0);
    assert_non_null(
        strstr(got, "a sec\nassay: look\n::assay:" TEST_TOKEN ":{"));
    assert_non_null(strstr(got, "\"reason\":\"no ********\"}\n"));
    text_free(&output.buffer);
    close(ends[0]);
    close(ends[1]);
}

static void test_shells(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        bool more;
    } rows[] = {
        {"", false},
        {"echo hello", false},
        {"set -eu", false},
        {"set -euo pipefail", true},
        {"[ \"$a\" = b ] && echo \"${a:-none}\"", false},
        {"[ \"$a\" == b ]", true},
        {"[[ -n $a ]]", true},
        {"echo $((RANDOM % 2))", true},
        {"echo $RANDOM", true},
        {"source ./env", true},
        {"make &>log", true},
        {"make >log 2>&1", false},
        {"echo -e 'a'", true},
        {"echo -n a", false},
        {"printf 'a\\n'", false},
        {"echo 'a\\nb'", true},
        {"echo a \\\n  b", false},
        {"grep '[0-9]\\{3\\}' x; echo done", false},
        {"echo ${a%/*} ${a##*/} ${#a} ${a:+x}", false},
        {"echo ${a/x/y}", true},
        {"echo ${a:0:3}", true},
        {"read -r line; read -p x y", false},
        {"read -t 5 line", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(rows[i].script, shell_wants_more(rows[i].script) == rows[i].more);
    CHECK("a plain one", !shell_choose("echo hello"));
    const char *found = shell_choose("[[ a ]]");
    CHECK("bash, where it is",
          access("/bin/bash", X_OK) == 0 ? found && *found == '/' : !found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shells),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_decoded),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_base64_anywhere),
        cmocka_unit_test(test_many_secrets),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
