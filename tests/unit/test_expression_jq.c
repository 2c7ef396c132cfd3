/*
 * jq programs in their child: what ends them, from both sides of each limit, and
 * that nothing of this process is within their reach. What programs give is in
 * tests/cases/expressions/functions.tsv.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/expression/jq_process.h"
#include "tests/unit/case.h"

static const struct jq_limits usual = {
    .time = 10 * CLOCK_SECOND,
    .total = 1000 * CLOCK_SECOND,
    .memory = (size_t)256 << 20,
    .results = 1 << 20,
};

static int run(const char *program, const char *input, struct jq_limits limits,
               struct text *output, struct error *error)
{
    struct jq_job job = {program, input, strlen(input), limits};
    text_clear(output);
    return jq_process_run(&job, output, error);
}

static void refused(const char *program, struct jq_limits limits,
                    const char *why)
{
    CLEANUP(text_free) struct text output = {0};
    struct error error = {0};
    if (run(program, "1", limits, &output, &error) == 0)
        fail_msg("%s: gave %s", program, text_string(&output));
    if (error.kind != ERROR_INPUT || !strstr(error.text, why))
        fail_msg("%s: %s", program, error.text);
}

static void test_time(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text output = {0};
    struct error error = {0};
    struct jq_limits limits = usual;
    limits.time = 300 * CLOCK_MILLISECOND;
    int64_t start = clock_monotonic();
    refused("def f: f; f", limits, "too much time or memory: at most 0.3 s");
    int64_t spent = clock_monotonic() - start;
    assert_true(spent >= limits.time && spent < 20 * limits.time);
    assert_int_equal(run("reduce range(1000) as $i (0; . + $i)", "1", usual,
                         &output, &error),
                     0);
    assert_string_equal(text_string(&output), "[499500]");
}

static void test_memory(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text output = {0};
    struct error error = {0};
    refused("[range(1e12)] | length", usual, "too much time or memory");
    refused("def f: [f]; f", usual, "too much time or memory");
    assert_int_equal(run("[range(1e5)] | length", "1", usual, &output, &error),
                     0);
    assert_string_equal(text_string(&output), "[100000]");
}

static void test_results(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text output = {0};
    struct error error = {0};
    struct jq_limits limits = usual;
    limits.results = 100;
    assert_int_equal(run("\"x\" * 96", "1", limits, &output, &error), 0);
    assert_int_equal(output.length, 100);
    refused("\"x\" * 98", limits, "the results are too long");
    refused("repeat(1)", limits, "the results are too long");
}

/* Last: the purse is that of the process. */
static void test_total(void **state)
{
    (void)state;
    struct jq_limits limits = usual;
    limits.total = 1;
    refused(".", limits, "all jq programs together");
}

static void test_nothing_is_within_reach(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"env", "[{}]"},
        {"$ENV.PATH", "[null]"},
        {"[splits(\"x\")?]", "[[]]"},
        {"input_filename", "[null]"},
        {"[limit(1; inputs)]", "[[]]"},
        {"try input catch .", "[\"break\"]"},
        {"debug, stderr", "[1,1]"},
        {"get_search_list", "[[]]"},
    };
    char folder[] = "/tmp/assay-jq-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    int file = open("x.jq", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(write(file, "def y: 5;", 9), 9);
    close(file);
    assert_int_equal(setenv("HOME", folder, 1), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(text_free) struct text output = {0};
        struct error error = {0};
        if (run(rows[i][0], "1", usual, &output, &error) < 0)
            fail_msg("%s: %s", rows[i][0], error.text);
        CHECK_TEXT(rows[i][0], text_string(&output), rows[i][1]);
    }
    refused("import \"x\" as x; x::y", usual, "");
    refused("import \"./x\" as x; x::y", usual, "");
    refused("include \"x\" {search: \"./\"}; y", usual, "");
    refused("import \"x\" as $x {search: \"./\"}; $x", usual, "");
    refused("halt", usual, "'halt'");
    unlink("x.jq");
    assert_int_equal(chdir("/"), 0);
    rmdir(folder);
}

static void test_no_child_is_left(void **state)
{
    (void)state;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_nothing_is_within_reach),
        cmocka_unit_test(test_total),
        cmocka_unit_test(test_no_child_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
