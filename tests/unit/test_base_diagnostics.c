/* diagnostics.h */
#include "engine/base/diagnostics.h"
#include "tests/unit/case.h"

static void nearest_names(void **state)
{
    (void)state;
    static const char *const names[] = {"steps",   "setup",   "after",
                                        "timeout", "retry",   "workingDir",
                                        "env",     "envFrom", NULL};
    static const struct {
        const char *input, *want;
    } rows[] = {
        {"stesp", "steps"},
        {"step", "steps"},
        {"Steps", "steps"},
        {"timout", "timeout"},
        {"workingdir", "workingDir"},
        {"enviroment", ""},
        {"x", ""},
        {"", ""},
        {"completely-else", ""},
        {"evn", "env"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *got = diagnostics_nearest(rows[i].input, names);
        CHECK_TEXT(rows[i].input, got ? got : "", rows[i].want);
    }
}

static void sorted_by_place_and_once(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct diagnostics list = diagnostics_make(arena, "f.yaml");
    diagnostics_add(&list, SEVERITY_ERROR, "E2", (struct mark){9, 1, 0, 0},
                    NULL, "last");
    diagnostics_add(&list, SEVERITY_WARNING, "W1", (struct mark){2, 5, 0, 0},
                    "a hint", "second");
    diagnostics_add(&list, SEVERITY_ERROR, "E1", (struct mark){2, 3, 0, 0},
                    NULL, "first");
    diagnostics_add(&list, SEVERITY_ERROR, "E2", (struct mark){9, 1, 0, 0},
                    NULL, "last");
    assert_int_equal(list.errors, 3);
    diagnostics_sort(&list);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.errors, 2);
    CHECK_TEXT("0", list.items[0].text, "first");
    CHECK_TEXT("1", list.items[1].hint, "a hint");
    CHECK_TEXT("2", list.items[2].text, "last");
}

static void the_list_has_a_ceiling(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct diagnostics list = diagnostics_make(arena, "f.yaml");
    for (int i = 0; i < DIAGNOSTICS_LIMIT + 5; i++)
        diagnostics_add(&list, SEVERITY_ERROR, "E1", (struct mark){0}, NULL,
                        "%d", i);
    assert_int_equal(list.count, DIAGNOSTICS_LIMIT);
    assert_int_equal(list.dropped, 5);
    assert_int_equal(list.errors, DIAGNOSTICS_LIMIT + 5);
}

/* Later sources after the document, whatever their files are called. */
static void sorted_by_source(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    static const struct diagnostics_source sources[] = {
        {0}, {"b.yaml", "", 0}, {"a.yaml", "", 0}};
    struct diagnostics list = diagnostics_make(arena, "z.yaml");
    list.sources = sources;
    list.source_count = 3;
    diagnostics_add(&list, SEVERITY_ERROR, "E1", (struct mark){1, 1, 0, 2},
                    NULL, "third");
    diagnostics_add(&list, SEVERITY_ERROR, "E1", (struct mark){1, 1, 0, 1},
                    NULL, "second");
    diagnostics_add(&list, SEVERITY_ERROR, "E1", (struct mark){9, 1, 0, 0},
                    NULL, "first");
    diagnostics_sort(&list);
    CHECK_TEXT("0", list.items[0].file, "z.yaml");
    CHECK_TEXT("1", list.items[1].file, "b.yaml");
    CHECK_TEXT("2", list.items[2].file, "a.yaml");
}

static void warnings_are_taken_out(void **state)
{
    (void)state;
    static const char *const codes[] = {"W420", "E110", NULL};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct diagnostics list = diagnostics_make(arena, "f.yaml");
    diagnostics_remove(&list, codes);
    diagnostics_add(&list, SEVERITY_WARNING, "W420", (struct mark){0}, NULL,
                    "taken out");
    diagnostics_add(&list, SEVERITY_ERROR, "E110", (struct mark){0}, NULL,
                    "an error");
    diagnostics_add(&list, SEVERITY_WARNING, "W421", (struct mark){0}, NULL,
                    "another");
    diagnostics_extend(&list, 7);
    diagnostics_remove(&list, codes);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.errors, 1);
    assert_int_equal(list.items[1].length, 7);
    assert_int_equal(diagnostics_count(&list, SEVERITY_WARNING), 1);
    assert_int_equal(diagnostics_count(&list, SEVERITY_ERROR), 1);
}

static void unknown_fields_may_pass(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct diagnostics list = diagnostics_make(arena, "f.yaml");
    list.allow_unknown = true;
    diagnostics_add(&list, SEVERITY_ERROR, "E110", (struct mark){0}, NULL, "a");
    assert_int_equal(list.errors, 0);
    assert_int_equal(list.items[0].severity, SEVERITY_WARNING);
    diagnostics_add(&list, SEVERITY_ERROR, "E111", (struct mark){0}, NULL, "b");
    assert_int_equal(list.errors, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_names),
        cmocka_unit_test(sorted_by_place_and_once),
        cmocka_unit_test(the_list_has_a_ceiling),
        cmocka_unit_test(sorted_by_source),
        cmocka_unit_test(warnings_are_taken_out),
        cmocka_unit_test(unknown_fields_may_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
