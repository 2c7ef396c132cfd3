/* Libraries that are loaded by name: what is found, and what is said when not. */
#include "engine/base/library.h"
#include "tests/unit/case.h"

struct functions {
    double (*cosine)(double);
    double (*root)(double);
};

static const struct {
    const char *label, *soname, *names[2];
    const char *text; /* of the error; NULL: it loads */
} cases[] = {
    {"both are there", "libm.so.6", {"cos", "sqrt"}, NULL},
    {"no library",
     "libnothing.so.7",
     {"cos", "sqrt"},
     "libnothing.so.7 cannot be loaded, which is needed to calculate; install "
     "it (Debian, Ubuntu: 'apt-get install libnothing7'): libnothing.so.7: "
     "cannot open"},
    {"no function",
     "libm.so.6",
     {"cos", "square_of_circle"},
     "libm.so.6 is too old: it has no square_of_circle; a newer libnothing7 "
     "is needed"},
};

static void loads(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct library library = {
            .soname = cases[i].soname,
            .package = "libnothing7",
            .purpose = "calculate",
            .names = cases[i].names,
            .count = 2,
        };
        struct functions functions = {0};
        struct error error = {0};
        int status = library_load(&library, &functions, &error);
        CHECK(cases[i].label, status == (cases[i].text ? -1 : 0));
        if (cases[i].text) {
            CHECK(cases[i].label, error.kind == ERROR_SYSTEM);
            CHECK(cases[i].label, strstr(error.text, cases[i].text));
        } else {
            CHECK(cases[i].label, functions.cosine(0) > 0.99);
            CHECK(cases[i].label, functions.root(9) > 2.99);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(loads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
