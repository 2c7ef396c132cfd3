/* reference.h, fetch.h: the forms of references and URLs. */
#include "marketplace/fetch.h"
#include "marketplace/limits.h"
#include "marketplace/marketplace.h"
#include "marketplace/reference.h"
#include "tests/unit/market_fixture.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void references_and_files_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        bool want;
    } rows[] = {
        {"redis", true},
        {"official/redis", true},
        {"redis@sha256:" HEX, true},
        {"redis@anything", true},
        {"a/redis.check", true},
        {"A-b_c.d", true},
        {"redis.yaml", false},
        {"redis.yml", false},
        {"a/redis.json", false},
        {"redis.yaml@sha256:" HEX, true},
        {"./redis", false},
        {"../redis", false},
        {"/dev/stdin", false},
        {"-", false},
        {"", false},
        {"@sha256:" HEX, false},
        {"a/b/c", false},
        {"a/", false},
        {"/a", false},
        {"A/redis", false}, /* names are lower case */
        {"a b", false},
        {"a\nb", false},
        {"a/../b", false},
        {"a%2fb", false},
        {".git", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(rows[i].input,
              marketplace_is_reference(rows[i].input) == rows[i].want);
}

static void references_have_parts(void **state)
{
    (void)state;
    static const struct {
        const char *input, *market, *name, *digest; /* name NULL: an error */
    } rows[] = {
        {"redis", NULL, "redis", NULL},
        {"off/redis", "off", "redis", NULL},
        {"off/redis@sha256:" HEX, "off", "redis", "sha256:" HEX},
        {"redis@sha256:" HEX, NULL, "redis", "sha256:" HEX},
        {"redis@", NULL, NULL, NULL},
        {"redis@sha256:", NULL, NULL, NULL},
        {"redis@sha256:" HEX "0", NULL, NULL, NULL},
        {"redis@sha512:" HEX, NULL, NULL, NULL},
        {"redis@sha256:ABCDEF" HEX, NULL, NULL, NULL},
        {"redis@sha256:" HEX "@sha256:", NULL, NULL, NULL},
        {"redis.yaml", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct marketplace_reference parts;
        int result =
            marketplace_reference_parse(arena, rows[i].input, &parts, &error);
        CHECK(rows[i].input, (result == 0) == !!rows[i].name);
        if (result < 0) {
            CHECK_ERROR(rows[i].input, error, ERROR_USAGE, "expected");
            continue;
        }
        CHECK_TEXT(rows[i].input, parts.name, rows[i].name);
        CHECK(rows[i].input, !parts.market == !rows[i].market);
        CHECK(rows[i].input, !parts.digest == !rows[i].digest);
        if (parts.market)
            CHECK_TEXT(rows[i].input, parts.market, rows[i].market);
        if (parts.digest)
            CHECK_TEXT(rows[i].input, parts.digest, rows[i].digest);
    }
}

static void names_have_limits(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'a', sizeof name);
    name[MARKETPLACE_NAME_LIMIT] = '\0';
    assert_true(reference_name_is_valid(name));
    name[MARKETPLACE_NAME_LIMIT] = 'a';
    name[MARKETPLACE_NAME_LIMIT + 1] = '\0';
    assert_false(reference_name_is_valid(name));
    assert_false(reference_name_is_valid(""));
    assert_false(reference_name_is_valid("-a"));
    assert_false(reference_name_is_valid("a.b"));
    memset(name, 'a', sizeof name);
    name[253] = '\0';
    assert_true(reference_workflow_is_valid(name));
    name[253] = 'a';
    name[254] = '\0';
    assert_false(reference_workflow_is_valid(name));
    assert_false(reference_workflow_is_valid("-a"));
    assert_false(reference_workflow_is_valid(".."));
}

static void urls_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        enum error_kind kind;
        const char *want;
    } rows[] = {
        {"https://example.com/a.git", ERROR_NONE, NULL},
        {"https://example.com:8443/a", ERROR_NONE, NULL},
        {"https://[::1]:8443/a", ERROR_NONE, NULL},
        {"ssh://git@example.com/a.git", ERROR_NONE, NULL},
        {"ssh://example.com:22/~/a", ERROR_NONE, NULL},
        {"file:///srv/git/a.git", ERROR_NONE, NULL},
        {"http://example.com/a", ERROR_TRUST, "insecure-transport"},
        {"git://example.com/a", ERROR_TRUST, "insecure-transport"},
        {"https://user@example.com/a", ERROR_USAGE, "user name or password"},
        {"https://user:secret@example.com/a", ERROR_USAGE,
         "user name or password"},
        {"ssh://user:secret@example.com/a", ERROR_USAGE,
         "user name or password"},
        {"https:///a", ERROR_USAGE, "needs a host and a path"},
        {"https://example.com", ERROR_USAGE, "needs a host and a path"},
        {"https://:443/a", ERROR_USAGE, "needs a host and a path"},
        {"ssh://-oProxyCommand=x/a", ERROR_USAGE, "needs a host and a path"},
        {"ssh://git@-oProxyCommand=x/a", ERROR_USAGE,
         "needs a host and a path"},
        {"file://host/a", ERROR_USAGE, "file:///absolute/path"},
        {"file://", ERROR_USAGE, "file:///absolute/path"},
        {"file:///", ERROR_USAGE, "file:///absolute/path"},
        {"ext::sh -c id", ERROR_USAGE, "does not belong there"},
        {"ext::id", ERROR_USAGE, "expected a URL"},
        {"fd::3", ERROR_USAGE, "expected a URL"},
        {"--upload-pack=id", ERROR_USAGE, "expected a URL"},
        {"git@example.com:a.git", ERROR_USAGE, "expected a URL"},
        {"/srv/git/a.git", ERROR_USAGE, "expected a URL"},
        {"HTTPS://example.com/a", ERROR_USAGE, "expected a URL"},
        {"https://example.com/a b", ERROR_USAGE, "does not belong there"},
        {"https://example.com/a\nb", ERROR_USAGE, "does not belong there"},
        {"https://example.com/a\x1b[2J", ERROR_USAGE, "does not belong there"},
        {"https://ex\xc3\xa4mple.com/a", ERROR_USAGE, "does not belong there"},
        {"https://example.com/a\\b", ERROR_USAGE, "does not belong there"},
        {"", ERROR_USAGE, "expected a URL"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error error = {0};
        int result = fetch_check_url(rows[i].input, &error);
        CHECK(rows[i].input, (result == 0) == (rows[i].kind == ERROR_NONE));
        if (result < 0)
            CHECK_ERROR(rows[i].input, error, rows[i].kind, rows[i].want);
    }
}

static void urls_have_a_limit(void **state)
{
    (void)state;
    char url[MARKETPLACE_URL_LIMIT + 2] = "https://example.com/";
    struct error error = {0};
    memset(url + strlen(url), 'a', sizeof url - strlen(url) - 1);
    assert_int_equal(fetch_check_url(url, &error), -1);
    CHECK_ERROR("long", error, ERROR_USAGE, "longer than 2048 bytes");
    error = (struct error){0};
    url[MARKETPLACE_URL_LIMIT] = '\0';
    assert_int_equal(fetch_check_url(url, &error), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_and_files_are_told_apart),
        cmocka_unit_test(references_have_parts),
        cmocka_unit_test(names_have_limits),
        cmocka_unit_test(urls_are_checked),
        cmocka_unit_test(urls_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
