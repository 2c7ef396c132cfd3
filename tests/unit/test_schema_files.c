/* The files that marketplaces leave on a machine: their schemas accept what
 * their readers accept, and what the program writes. */
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "marketplace/lock.h"
#include "marketplace/settings.h"
#include "tests/unit/case.h"
#include "tests/unit/schema_fixture.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define DIGEST                                                                 \
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KEY "SHA256:CEXukx4j2UBpSM4t5AS3X56lIW05C+RbyLQ/ej6h+5k"
#define URL "https://example.com/a.git"

static const struct schema *schema_in(struct arena *arena, const char *name)
{
    struct error error = {0};
    size_t length;
    char *path = arena_format(arena, "%s/schemas/%s", SOURCE_FOLDER, name);
    char *text = file_read(arena, path, 1 << 20, &length, &error);
    struct value *document =
        text ? value_read_json(arena, text, length, &error) : NULL;
    struct schema *schema =
        document ? schema_compile(arena, document, &error) : NULL;
    if (!schema)
        fail_msg("%s: %s", name, error.text);
    return schema;
}

/* Whether the text is one document that fits the schema. */
static bool fits(struct arena *arena, const struct schema *schema,
                 const char *text)
{
    struct diagnostics list = diagnostics_make(arena, "file");
    const struct value *documents =
        value_read_yaml(arena, text, strlen(text), &list);
    for (size_t i = 0; i < value_count(documents); i++)
        schema_check(schema, value_item(documents, i), &list);
    return value_count(documents) == 1 && list.errors == 0;
}

#define ENTRY(name, market, url, commit, path, digest, more)                   \
    "version: 1\nworkflows:\n- {name: " name ", marketplace: " market          \
    ", url: '" url "', commit: " commit ", path: " path ", digest: '" digest   \
    "'" more "}\n"
#define WITH_URL(url) ENTRY("a", "m", url, COMMIT, "workflows/a", DIGEST, "")
#define WITH(more)    ENTRY("a", "m", URL, COMMIT, "workflows/a", DIGEST, more)

static const struct {
    const char *name, *text;
    bool valid;
} locks[] = {
    {"empty", "version: 1\nworkflows: []\n", true},
    {"no version", "workflows: []\n", false},
    {"other version", "version: 2\nworkflows: []\n", false},
    {"version as a text", "version: '1'\nworkflows: []\n", false},
    {"no workflows", "version: 1\n", false},
    {"workflows as a map", "version: 1\nworkflows: {}\n", false},
    {"a list", "[]\n", false},
    {"an entry", WITH(""), true},
    {"a further field", WITH(", more: 1"), true},
    {"signer", WITH(", signer: '" KEY "'"), true},
    {"no signer", WITH(", signer: null"), true},
    {"signer in another form", WITH(", signer: 'MD5:ab'"), false},
    {"signer that is short", WITH(", signer: 'SHA256:abc'"), false},
    {"images", WITH(", images: [alpine, 'a:1']"), true},
    {"images as a text", WITH(", images: alpine"), false},
    {"image that is no text", WITH(", images: [1]"), false},
    {"name with a slash",
     ENTRY("a/b", "m", URL, COMMIT, "workflows/a", DIGEST, ""), false},
    {"name with capitals",
     ENTRY("A.b_c-1", "m", URL, COMMIT, "workflows/a", DIGEST, ""), true},
    {"name with a dot first",
     ENTRY(".a", "m", URL, COMMIT, "workflows/a", DIGEST, ""), false},
    {"marketplace with capitals",
     ENTRY("a", "M", URL, COMMIT, "workflows/a", DIGEST, ""), false},
    {"marketplace with '-' first",
     ENTRY("a", "-m", URL, COMMIT, "workflows/a", DIGEST, ""), false},
    {"short commit", ENTRY("a", "m", URL, "'0123'", "workflows/a", DIGEST, ""),
     false},
    {"commit in capitals",
     ENTRY("a", "m", URL, "0123456789ABCDEF0123456789ABCDEF01234567",
           "workflows/a", DIGEST, ""),
     false},
    {"template", ENTRY("a", "m", URL, COMMIT, "templates/a", DIGEST, ""), true},
    {"path elsewhere", ENTRY("a", "m", URL, COMMIT, "docs/a", DIGEST, ""),
     false},
    {"path upwards", ENTRY("a", "m", URL, COMMIT, "workflows/../a", DIGEST, ""),
     false},
    {"path with two slashes",
     ENTRY("a", "m", URL, COMMIT, "workflows//a", DIGEST, ""), false},
    {"other digest", ENTRY("a", "m", URL, COMMIT, "workflows/a", "md5:1", ""),
     false},
    {"https", WITH_URL("https://example.com:8443/a"), true},
    {"https without a path", WITH_URL("https://example.com"), false},
    {"https without a host", WITH_URL("https:///a"), false},
    {"https with a port only", WITH_URL("https://:1/a"), false},
    {"https with a user", WITH_URL("https://u@example.com/a"), false},
    {"https with a password", WITH_URL("https://u:p@example.com/a"), false},
    {"https with @ in the path", WITH_URL("https://example.com/a@b"), true},
    {"ssh", WITH_URL("ssh://git@example.com/a"), true},
    {"ssh without a user", WITH_URL("ssh://example.com:22/a"), true},
    {"ssh with a password", WITH_URL("ssh://u:p@example.com/a"), false},
    {"ssh with an option", WITH_URL("ssh://-oProxyCommand=x/a"), false},
    {"ssh with an option as a host", WITH_URL("ssh://u@-ox/a"), false},
    {"ssh without a host", WITH_URL("ssh://u@/a"), false},
    {"http", WITH_URL("http://example.com/a"), false},
    {"git", WITH_URL("git://example.com/a"), false},
    {"file", WITH_URL("file:///a"), true},
    {"file that is relative", WITH_URL("file://a"), false},
    {"file without a path", WITH_URL("file:///"), false},
    {"another scheme", WITH_URL("ext::sh -c x"), false},
    {"space", WITH_URL("https://example.com/a b"), false},
    {"quote", WITH_URL("https://example.com/a\"b"), false},
    {"letter beyond ASCII", WITH_URL("https://example.com/\xC3\xA9"), false},
};

static void test_locks(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct schema *schema = schema_in(arena, "lock.schema.json");
    for (size_t i = 0; i < COUNT_OF(locks); i++) {
        struct lock lock;
        struct error error = {0};
        bool read = lock_parse(arena, "file", locks[i].text,
                               strlen(locks[i].text), &lock, &error) == 0;
        if (read != locks[i].valid)
            fail_msg("%s: the reader says '%s'", locks[i].name, error.text);
        if (fits(arena, schema, locks[i].text) != locks[i].valid)
            fail_msg("%s: the schema says otherwise", locks[i].name);
    }
}

#define MARKET(members)                                                        \
    "version: 1\nmarketplaces:\n- {name: m, url: '" URL "', head: " COMMIT     \
    ", " members "}\n"

static const struct {
    const char *name, *text;
    bool valid;
} settings[] = {
    {"empty", "version: 1\nmarketplaces: []\n", true},
    {"no version", "marketplaces: []\n", false},
    {"no list", "version: 1\nmarketplaces: m\n", false},
    {"tofu", MARKET("tofu: true"), true},
    {"tofu as a text", MARKET("tofu: 'true'"), false},
    {"no rule", MARKET("tofu: false"), false},
    {"no rule at all", MARKET("ca: a"), false},
    {"signers", MARKET("signers: ['" KEY "']"), true},
    {"no signers", MARKET("signers: []"), false},
    {"signers as a text", MARKET("signers: '" KEY "'"), false},
    {"signers as a map", MARKET("tofu: true, signers: {}"), false},
    {"signer in another form", MARKET("signers: [a]"), false},
    {"allowed signers", MARKET("allowedSigners: /a"), true},
    {"two rules", MARKET("allowedSigners: /a, tofu: true"), false},
    {"two rules, other", MARKET("allowedSigners: /a, signers: ['" KEY "']"),
     false},
    {"a rule that is off", MARKET("allowedSigners: /a, tofu: false"), true},
    {"a list that is empty", MARKET("tofu: true, signers: []"), true},
    {"everything",
     MARKET("tofu: true, ca: /a, signer: '" KEY "', updated: '2026-01-01'"),
     true},
    {"a null", MARKET("tofu: true, ca: null"), false},
    {"no head",
     "version: 1\nmarketplaces: [{name: m, url: '" URL "', "
     "tofu: true}]\n",
     false},
    {"wrong head",
     "version: 1\nmarketplaces: [{name: m, url: '" URL "', "
     "tofu: true, head: abc}]\n",
     false},
    {"wrong name",
     "version: 1\nmarketplaces: [{name: M, url: '" URL "', "
     "tofu: true, head: " COMMIT "}]\n",
     false},
    {"wrong URL",
     "version: 1\nmarketplaces: [{name: m, url: 'http://a/b', "
     "tofu: true, head: " COMMIT "}]\n",
     false},
};

static void test_settings(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct schema *schema = schema_in(arena, "marketplaces.schema.json");
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        struct marketplace_list list;
        struct error error = {0};
        bool read =
            settings_parse(arena, "file", settings[i].text,
                           strlen(settings[i].text), &list, &error) == 0;
        if (read != settings[i].valid)
            fail_msg("%s: the reader says '%s'", settings[i].name, error.text);
        if (fits(arena, schema, settings[i].text) != settings[i].valid)
            fail_msg("%s: the schema says otherwise", settings[i].name);
    }
}

#define INDEX(members)                                                         \
    "[{\"name\": \"a\", \"category\": \"c\", \"component\": \"d\", "           \
    "\"displayName\": \"A\", \"description\": \"Checks a\"" members "}]"
#define PATH ", \"path\": \"workflows/c/d/a.yaml\""

/* No program of this project reads an index: the schema is for those who write
 * and show it. */
static const struct {
    const char *name, *text;
    bool valid;
} indexes[] = {
    {"empty", "[]", true},
    {"a map", "{}", false},
    {"an entry", INDEX(PATH), true},
    {"no path", INDEX(""), false},
    {"a path outside", INDEX(", \"path\": \"docs/a.yaml\""), false},
    {"a path upwards", INDEX(", \"path\": \"workflows/../a.yaml\""), false},
    {"an absolute path", INDEX(", \"path\": \"/workflows/a.yaml\""), false},
    {"a path with %2e", INDEX(", \"path\": \"workflows/%2e/a.yaml\""), false},
    {"a script", INDEX(", \"path\": \"workflows/a.sh\""), false},
    {"icon and readme",
     INDEX(PATH ", \"icon\": \"https://example.com/i\", \"readme\": "
                "\"workflows/c/d/README.md\""),
     true},
    {"an icon that is a script", INDEX(PATH ", \"icon\": \"javascript:x\""),
     false},
    {"an icon without TLS", INDEX(PATH ", \"icon\": \"http://example.com/i\""),
     false},
    {"a readme elsewhere", INDEX(PATH ", \"readme\": \"/etc/passwd.md\""),
     false},
    {"a further field", INDEX(PATH ", \"more\": 1"), true},
};

static void test_indexes(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct schema *schema = schema_in(arena, "catalogindex.schema.json");
    for (size_t i = 0; i < COUNT_OF(indexes); i++)
        CHECK(indexes[i].name,
              fits(arena, schema, indexes[i].text) == indexes[i].valid);
    const char *corpus = getenv("ASSAY_CORPUS");
    if (!corpus)
        return;
    struct error error = {0};
    size_t length;
    char *path =
        arena_format(arena, "%s/marketplace/catalog-index.json", corpus);
    char *text = file_read(arena, path, 1 << 20, &length, &error);
    CHECK(path, text && fits(arena, schema, text));
}

/* What the program writes. */
static void test_written(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text text = {0};
    char file[] = "/tmp/assay-settings-XXXXXX";
    struct marketplace_places places = {.settings = file};
    struct error error = {0};
    size_t length;
    struct value *images = value_make_list(arena);
    value_append(arena, images, value_make_string(arena, "alpine:3.20"));
    struct lock_entry entries[] = {
        {.name = "a",
         .marketplace = "m",
         .url = URL,
         .commit = COMMIT,
         .path = "workflows/a.yaml",
         .digest = DIGEST,
         .images = images},
        {.name = "b",
         .marketplace = "m",
         .url = URL,
         .commit = COMMIT,
         .path = "templates/b.yaml",
         .digest = DIGEST,
         .signer = KEY,
         .images = images},
    };
    struct lock lock = {.items = entries, .count = COUNT_OF(entries)};
    const char *signers[] = {KEY};
    struct marketplace markets[] = {
        {.name = "m", .url = URL, .head = COMMIT, .tofu = true},
        {.name = "n",
         .url = URL,
         .head = COMMIT,
         .signers = signers,
         .signer_count = 1,
         .updated = "2026-01-01T00:00:00Z"},
    };
    struct marketplace_list list = {.items = markets,
                                    .count = COUNT_OF(markets)};
    lock_print(&text, &lock);
    assert_true(
        fits(arena, schema_in(arena, "lock.schema.json"), text_string(&text)));
    int made = mkstemp(file);
    assert_true(made >= 0);
    close(made);
    assert_int_equal(settings_write(&places, &list, &error), 0);
    char *written = file_read(arena, file, 1 << 20, &length, &error);
    unlink(file);
    assert_non_null(written);
    assert_true(
        fits(arena, schema_in(arena, "marketplaces.schema.json"), written));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_locks),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_indexes),
        cmocka_unit_test(test_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
