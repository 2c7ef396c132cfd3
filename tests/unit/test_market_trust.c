/* allowed_signers.h, commit.h: the file of trusted keys, and what of a commit
 * is signed. */
#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "marketplace/allowed_signers.h"
#include "marketplace/commit.h"
#include "marketplace/limits.h"
#include "tests/unit/market_fixture.h"

/* Two keys made for these tests. */
#define KEY_A                                                                  \
    "AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
#define KEY_B                                                                  \
    "AAAAC3NzaC1lZDI1NTE5AAAAIP/+/fz7+vn49/b19PPy8fDv7u3s6+rp6Ofm5eTj4uHg"
#define TYPE "ssh-ed25519 "

/* 2026-01-01T00:00:00Z. */
#define NOW (INT64_C(1767225600) * CLOCK_SECOND)

static int parse(struct arena *arena, const char *text,
                 struct allowed_signers *signers, struct error *error)
{
    return allowed_signers_parse(arena, "file", text, strlen(text), signers,
                                 error);
}

static struct wire blob_of(struct arena *arena, const char *key)
{
    struct wire blob;
    assert_int_equal(wire_decode(arena, key, strlen(key), &blob), 0);
    return blob;
}

static void lines_decide_who_is_trusted(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input;
        const char *want; /* a refusal; NULL: trusted */
    } rows[] = {
        {"plain", "a@b " TYPE KEY_A "\n", NULL},
        {"no line end", "a@b " TYPE KEY_A, NULL},
        {"CRLF", "a@b " TYPE KEY_A "\r\n", NULL},
        {"a comment behind", "a@b " TYPE KEY_A " Jo <jo@example.com>\n", NULL},
        {"comments and blanks", "# x\n\n  # y\n\t a@b\t" TYPE "\t" KEY_A "\n",
         NULL},
        {"several principals", "a@b,c@d,*@e " TYPE KEY_A "\n", NULL},
        {"quoted principals", "\"a b,c\" " TYPE KEY_A "\n", NULL},
        {"the second line", "a@b " TYPE KEY_B "\nc@d " TYPE KEY_A "\n", NULL},
        {"its namespace", "a@b namespaces=\"git\" " TYPE KEY_A "\n", NULL},
        {"one of several", "a@b namespaces=\"file,git\" " TYPE KEY_A "\n",
         NULL},
        {"a pattern", "a@b namespaces=\"g*\" " TYPE KEY_A "\n", NULL},
        {"letter case", "a@b NameSpaces=\"git\" " TYPE KEY_A "\n", NULL},
        {"another key type",
         "a@b ssh-rsa AAAAB3NzaC1yc2EA\na@b " TYPE KEY_A "\n", NULL},
        {"after", "a@b valid-after=\"20260101Z\" " TYPE KEY_A "\n", NULL},
        {"before", "a@b valid-before=\"20260101000000Z\" " TYPE KEY_A "\n",
         NULL},
        {"between",
         "a@b valid-after=\"202512312359Z\",valid-before=\"20260102Z\" " TYPE
             KEY_A "\n",
         NULL},
        {"expired, then not",
         "a@b valid-before=\"20250101Z\" " TYPE KEY_A "\na@b " TYPE KEY_A "\n",
         NULL},
        {"before a year that no clock of ours knows",
         "a@b valid-before=\"99991231Z\" " TYPE KEY_A "\n", NULL},
        {"expired when time began",
         "a@b valid-before=\"19700101Z\" " TYPE KEY_A "\n",
         "key-expired: the key was trusted until 1970-01-01T00:00:00.000Z"},
        {"not yet, and not for long",
         "a@b valid-after=\"99991231Z\" " TYPE KEY_A "\n", "key-not-yet-valid"},
        {"an empty file", "", "unauthorized-signer"},
        {"only comments", "# nobody\n", "is not among the 0 trusted ones"},
        {"another key", "a@b " TYPE KEY_B "\n",
         "is not among the 1 trusted ones"},
        {"in a comment", "#a@b " TYPE KEY_A "\n", "unauthorized-signer"},
        {"another namespace", "a@b namespaces=\"file\" " TYPE KEY_A "\n",
         "for namespaces 'file' only"},
        {"not this namespace", "a@b namespaces=\"*,!git\" " TYPE KEY_A "\n",
         "for namespaces '*,!git' only"},
        {"expired", "a@b valid-before=\"20251231235959Z\" " TYPE KEY_A "\n",
         "key-expired: the key was trusted "
         "until 2025-12-31T23:59:59.000Z"},
        {"not yet", "a@b valid-after=\"202601010001Z\" " TYPE KEY_A "\n",
         "key-not-yet-valid: the key is "
         "trusted from 2026-01-01T00:01:00.000Z"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct allowed_signers signers;
        struct wire blob = blob_of(arena, KEY_A);
        if (parse(arena, rows[i].input, &signers, &error) < 0)
            fail_msg("%s: %s", rows[i].name, error.text);
        const struct allowed_signer *found =
            allowed_signers_find(&signers, &blob, "git", NOW, &error);
        if (!rows[i].want && !found)
            fail_msg("%s: %s", rows[i].name, error.text);
        CHECK(rows[i].name, !found == !!rows[i].want);
        if (rows[i].want)
            CHECK_ERROR(rows[i].name, error, ERROR_TRUST, rows[i].want);
    }
}

static void what_is_not_understood_is_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input, *want;
        unsigned line;
    } rows[] = {
        {"an authority", "a@b cert-authority " TYPE KEY_A "\n",
         "'cert-authority' is not supported", 1},
        {"among others",
         "a@b namespaces=\"git\",cert-authority " TYPE KEY_A "\n",
         "'cert-authority' is not supported", 1},
        {"an unknown option", "\n\na@b no-touch-required " TYPE KEY_A "\n",
         "found 'no-touch-required'", 3},
        {"a time without zone", "a@b valid-after=\"20260101\" " TYPE KEY_A "\n",
         "has no zone: put a Z behind it", 1},
        {"a month 13", "a@b valid-after=\"20261301Z\" " TYPE KEY_A "\n",
         "there is no time '20261301Z'", 1},
        {"30 February", "a@b valid-after=\"20260230Z\" " TYPE KEY_A "\n",
         "there is no time '20260230Z'", 1},
        {"minute 60", "a@b valid-after=\"202601010060Z\" " TYPE KEY_A "\n",
         "there is no time", 1},
        {"half a time", "a@b valid-after=\"2026010Z\" " TYPE KEY_A "\n",
         "expected a time as YYYYMMDD", 1},
        {"text for a time", "a@b valid-after=\"tomorrow\" " TYPE KEY_A "\n",
         "expected a time as YYYYMMDD", 1},
        {"text after a time", "a@b valid-after=\"20260101Zz\" " TYPE KEY_A "\n",
         "expected a time as YYYYMMDD", 1},
        {"no value", "a@b namespaces " TYPE KEY_A "\n",
         "'namespaces' needs a value", 1},
        {"no quotes", "a@b namespaces=git " TYPE KEY_A "\n",
         "'namespaces' needs a value", 1},
        {"an empty list", "a@b namespaces=\"\" " TYPE KEY_A "\n",
         "'namespaces' is empty", 1},
        {"a quote is open", "a@b namespaces=\"git " TYPE KEY_A "\n",
         "a quote does not end", 1},
        {"twice", "a@b namespaces=\"git\",namespaces=\"file\" " TYPE KEY_A "\n",
         "'namespaces' stands twice", 1},
        {"after, twice",
         "a@b valid-after=\"20260101Z\",valid-after=\"20260101Z\" " TYPE KEY_A
         "\n",
         "'valid-after' stands twice", 1},
        {"before, twice",
         "a@b valid-before=\"20260101Z\",valid-before=\"20260101Z\" " TYPE KEY_A
         "\n",
         "'valid-before' stands twice", 1},
        {"no comma", "a@b namespaces=\"git\"x " TYPE KEY_A "\n",
         "expected a comma between options", 1},
        {"no principals", TYPE KEY_A "\n",
         "expected an option or a type of key", 1},
        {"no key", "a@b ssh-ed25519\n",
         "expected PRINCIPALS [OPTIONS] TYPE KEY", 1},
        {"principals alone", "a@b\n", "expected PRINCIPALS [OPTIONS] TYPE KEY",
         1},
        {"not base64", "a@b " TYPE "AAAA%\n", "the key is not base64", 1},
        {"another type inside", "a@b ecdsa-sha2-nistp256 " KEY_A "\n",
         "not one of type 'ecdsa-sha2-nistp256'", 1},
        {"cut key", "a@b " TYPE "AAAA\n", "not one of type 'ssh-ed25519'", 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct allowed_signers signers;
        CHECK(rows[i].name, parse(arena, rows[i].input, &signers, &error) < 0);
        CHECK_ERROR(rows[i].name, error, ERROR_INPUT, rows[i].want);
        CHECK(rows[i].name, error.place.mark.line == rows[i].line);
        CHECK_TEXT(rows[i].name, error.place.file, "file");
    }
}

static void principals_are_kept_for_people(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct allowed_signers signers;
    struct wire blob = blob_of(arena, KEY_A);
    assert_int_equal(
        parse(arena, "\"Jo,jo@example.com\" " TYPE KEY_A, &signers, &error), 0);
    const struct allowed_signer *found =
        allowed_signers_find(&signers, &blob, "git", NOW, &error);
    assert_non_null(found);
    assert_string_equal(found->principals, "Jo,jo@example.com");
}

static void files_have_limits(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct allowed_signers signers;
    struct text text = {0};
    for (int i = 0; i < SIGNER_COUNT_LIMIT; i++)
        text_append_string(&text, "a@b " TYPE KEY_A "\n");
    struct error error = {0};
    assert_int_equal(parse(arena, text.data, &signers, &error), 0);
    assert_int_equal(signers.count, SIGNER_COUNT_LIMIT);
    text_append_string(&text, "a@b " TYPE KEY_A "\n");
    assert_int_equal(parse(arena, text.data, &signers, &error), -1);
    CHECK_ERROR("too many", error, ERROR_INPUT, "more than 1000 keys");
    for (int extra = 0; extra < 2; extra++) {
        text_clear(&text);
        text_append_string(&text, "#");
        while (text.length < (size_t)SIGNER_LINE_LIMIT + (size_t)extra)
            text_append_character(&text, 'x');
        error = (struct error){0};
        assert_int_equal(parse(arena, text.data, &signers, &error), -extra);
    }
    error = (struct error){0};
    assert_int_equal(
        allowed_signers_parse(arena, "file", "a\0b", 3, &signers, &error), -1);
    CHECK_ERROR("NUL", error, ERROR_INPUT, "a line with a NUL");
    text_free(&text);
}

static void patterns(void **state)
{
    (void)state;
    static const struct {
        const char *list, *text;
        bool want;
    } rows[] = {
        {"git", "git", true},
        {"git", "gi", false},
        {"git", "gitt", false},
        {"g?t", "git", true},
        {"g?t", "gt", false},
        {"*", "", true},
        {"*", "anything", true},
        {"g*t", "gt", true},
        {"g*t*", "gitx", true},
        {"*a*b", "aab", true},
        {"*a*b", "aabc", false},
        {"a,b,git", "git", true},
        {"a,b", "git", false},
        {"!git,*", "git", false},
        {"*,!git", "git", false},
        {"!git,*", "file", true},
        {"!git", "file", false},
        {"", "git", false},
        {",git", "git", true},
        {"*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(rows[i].list,
              pattern_list_matches(rows[i].list, rows[i].text) == rows[i].want);
}

static void commits_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input;
        const char *payload, *signature, *error;
    } rows[] = {
        {"not signed", "tree 1\nauthor a\n\nhello\n",
         "tree 1\nauthor a\n\nhello\n", NULL, NULL},
        {"signed", "tree 1\ngpgsig A\n B\n C\nauthor a\n\nhello\n",
         "tree 1\nauthor a\n\nhello\n", "A\nB\nC\n", NULL},
        {"signed at last", "tree 1\nauthor a\ngpgsig A\n B\n\nhello\n",
         "tree 1\nauthor a\n\nhello\n", "A\nB\n", NULL},
        {"an empty line in it", "tree 1\ngpgsig A\n \n B\n\nhello\n",
         "tree 1\n\nhello\n", "A\n\nB\n", NULL},
        {"the other one too",
         "tree 1\ngpgsig-sha256 X\n Y\ngpgsig A\n\nhello\n",
         "tree 1\n\nhello\n", "A\n", NULL},
        {"only the other one", "tree 1\ngpgsig-sha256 X\n Y\n\nhello\n",
         "tree 1\n\nhello\n", NULL, NULL},
        {"in the message", "tree 1\n\ngpgsig A\n B\n",
         "tree 1\n\ngpgsig A\n B\n", NULL, NULL},
        {"inside a tag", "tree 1\nmergetag object 2\n gpgsig A\n  B\n\nhello\n",
         "tree 1\nmergetag object 2\n gpgsig A\n  B\n\nhello\n", NULL, NULL},
        {"another header", "tree 1\ngpgsigx A\n\nhello\n",
         "tree 1\ngpgsigx A\n\nhello\n", NULL, NULL},
        {"no message", "tree 1\ngpgsig A\n", "tree 1\n", "A\n", NULL},
        {"a message without end", "tree 1\n\nhello", "tree 1\n\nhello", NULL,
         NULL},
        {"nothing", "", "", NULL, NULL},
        {"twice", "tree 1\ngpgsig A\ngpgsig B\n\nhello\n", NULL, NULL,
         "signed twice"},
        {"twice, apart", "tree 1\ngpgsig A\nauthor a\ngpgsig B\n\nhello\n",
         NULL, NULL, "signed twice"},
        {"a cut header", "tree 1\nauthor a", NULL, NULL, "does not end"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error error = {0};
        struct commit_parts parts;
        int result = commit_split(arena, rows[i].input, strlen(rows[i].input),
                                  &parts, &error);
        CHECK(rows[i].name, (result < 0) == !!rows[i].error);
        if (rows[i].error) {
            CHECK_ERROR(rows[i].name, error, ERROR_TRUST, rows[i].error);
            continue;
        }
        CHECK_TEXT(rows[i].name, parts.payload, rows[i].payload);
        CHECK(rows[i].name, !parts.signature == !rows[i].signature);
        if (rows[i].signature)
            CHECK_TEXT(rows[i].name, parts.signature, rows[i].signature);
    }
}

static void commits_have_a_limit(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    char *bytes = arena_allocate(arena, COMMIT_BYTES_LIMIT + 1);
    struct commit_parts parts;
    struct error error = {0};
    memset(bytes, 'x', COMMIT_BYTES_LIMIT + 1);
    bytes[0] = '\n';
    assert_int_equal(
        commit_split(arena, bytes, COMMIT_BYTES_LIMIT, &parts, &error), 0);
    assert_int_equal(
        commit_split(arena, bytes, COMMIT_BYTES_LIMIT + 1, &parts, &error), -1);
    CHECK_ERROR("large", error, ERROR_TRUST, "too large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_decide_who_is_trusted),
        cmocka_unit_test(what_is_not_understood_is_an_error),
        cmocka_unit_test(principals_are_kept_for_people),
        cmocka_unit_test(files_have_limits),
        cmocka_unit_test(patterns),
        cmocka_unit_test(commits_are_taken_apart),
        cmocka_unit_test(commits_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
