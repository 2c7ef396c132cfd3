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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_names),
        cmocka_unit_test(sorted_by_place_and_once),
        cmocka_unit_test(the_list_has_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
