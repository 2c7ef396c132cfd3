/* lock.h, settings.h: the two files, written and read back, and what is
 * refused. */
#include <sys/stat.h>

#include "engine/base/text.h"
#include "marketplace/limits.h"
#include "marketplace/lock.h"
#include "marketplace/settings.h"
#include "tests/unit/market_fixture.h"

#define HEX                                                                    \
    "0123456789abcdef0123456789abcdef"                                         \
    "0123456789abcdef0123456789abcdef"
#define COMMIT      "0123456789abcdef0123456789abcdef01234567"
#define FINGERPRINT "SHA256:CEXukx4j2UBpSM4t5AS3X56lIW05C+RbyLQ/ej6h+5k"

static void write_text(const char *file, const char *text)
{
    market_write(file, text, strlen(text));
}

static const struct marketplace market = {
    .name = "official",
    .url = "https://example.com/a.git",
};

static struct marketplace_entry entry_of(struct arena *arena, const char *name,
                                         const char *digest)
{
    struct marketplace_entry entry = {
        .name = name,
        .path = "workflows/a/b.yaml",
        .images = value_make_list(arena),
    };
    value_append(arena, (struct value *)(uintptr_t)entry.images,
                 value_make_string(arena, "docker.io/library/alpine:3.20"));
    snprintf(entry.digest, sizeof entry.digest, "sha256:%s", digest);
    return entry;
}

static const char *put(struct arena *arena, const char *name,
                       const char *digest, const char *signer)
{
    struct marketplace_entry entry = entry_of(arena, name, digest);
    const struct marketplace_source source = {
        .market = &market, .entry = &entry, .commit = COMMIT, .signer = signer};
    struct error error = {0};
    const char *before = NULL;
    if (marketplace_lock_put(arena, "l.lock", &source, &before, &error) < 0)
        fail_msg("%s", error.text);
    return before;
}

static void a_lock_is_read_as_it_was_written(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct lock lock;
    unlink("l.lock");
    assert_null(put(arena, "zeta", HEX, FINGERPRINT));
    assert_null(put(arena, "alpha", HEX, NULL));
    assert_int_equal(lock_read(arena, "l.lock", &lock, &error), 0);
    assert_int_equal(lock.count, 2);
    assert_string_equal(lock.items[0].name, "alpha");
    assert_null(lock.items[0].signer);
    const struct lock_entry *entry = lock_find(&lock, NULL, "zeta", &error);
    assert_non_null(entry);
    assert_string_equal(entry->marketplace, "official");
    assert_string_equal(entry->url, "https://example.com/a.git");
    assert_string_equal(entry->commit, COMMIT);
    assert_string_equal(entry->path, "workflows/a/b.yaml");
    assert_string_equal(entry->digest, "sha256:" HEX);
    assert_string_equal(entry->signer, FINGERPRINT);
    assert_string_equal(value_string(value_item(entry->images, 0)),
                        "docker.io/library/alpine:3.20");
    assert_null(lock_find(&lock, "other", "zeta", &error));
    assert_null(lock_find(&lock, NULL, "beta", &error));
    assert_false(error_is_set(&error));
}

static void an_entry_takes_the_place_of_the_old_one(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct lock lock;
    char other[65] = HEX;
    other[0] = 'f';
    unlink("l.lock");
    put(arena, "alpha", HEX, NULL);
    assert_string_equal(put(arena, "alpha", other, NULL), "sha256:" HEX);
    assert_int_equal(lock_read(arena, "l.lock", &lock, &error), 0);
    assert_int_equal(lock.count, 1);
    assert_string_equal(lock.items[0].digest + 7, other);
}

static void the_same_lock_has_the_same_bytes(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    size_t first_length, second_length;
    unlink("l.lock");
    put(arena, "a", HEX, NULL);
    put(arena, "b", HEX, NULL);
    const char *first = market_read(arena, "l.lock", &first_length);
    unlink("l.lock");
    put(arena, "b", HEX, NULL);
    put(arena, "a", HEX, NULL);
    put(arena, "a", HEX, NULL);
    const char *second = market_read(arena, "l.lock", &second_length);
    assert_int_equal(first_length, second_length);
    assert_memory_equal(first, second, first_length);
}

static void no_lock_is_an_empty_one(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    struct lock lock;
    assert_int_equal(lock_read(arena, "none.lock", &lock, &error), 0);
    assert_int_equal(lock.count, 0);
}

static void locks_are_read_strictly(void **state)
{
    (void)state;
    static const char good[] =
        "version: 1\nworkflows:\n- name: a\n  marketplace: m\n"
        "  url: https://example.com/a\n  commit: '" COMMIT "'\n"
        "  path: workflows/a.yaml\n  digest: sha256:" HEX "\n";
    static const struct {
        const char *name, *old, *new, *want;
    } rows[] = {
        {"another version", "version: 1", "version: 2",
         "not a lock of version 1"},
        {"no version", "version: 1\n", "", "not a lock of version 1"},
        {"not YAML", "workflows:", "workflows: [", ""},
        {"a name with a path", "name: a", "name: ../a",
         "'name' is missing or not valid"},
        {"a market's name", "marketplace: m", "marketplace: M/..",
         "'marketplace' is missing or not valid"},
        {"plain http", "https:", "http:", "'url' is missing or not valid"},
        {"another transport", "https://example.com/a", "ext::sh",
         "'url' is missing or not valid"},
        {"a short commit", COMMIT, "0123", "'commit' is missing or not valid"},
        {"a commit in capitals", "abcdef01234567'", "ABCDEF01234567'",
         "'commit' is missing or not valid"},
        {"a path upwards", "workflows/a.yaml", "workflows/../a.yaml",
         "'path' is missing or not valid"},
        {"an absolute path", "workflows/a.yaml", "/etc/passwd",
         "'path' is missing or not valid"},
        {"a path elsewhere", "workflows/a.yaml", "other/a.yaml",
         "'path' is missing or not valid"},
        {"another digest",
         "sha256:", "sha512:", "'digest' is missing or not valid"},
        {"a number for a text", "name: a", "name: 1",
         "'name' is missing or not valid"},
        {"no digest", "digest:", "digset:", "'digest' is missing or not valid"},
        {"a signer", "path:", "signer: MD5:00\n  path:",
         "'signer' is missing or not valid"},
        {"a text for a list", "workflows:\n", "workflows: x\nother:\n",
         "not a lock of version 1"},
    };
    CLEANUP(arena_free) struct arena *outer = arena_new();
    struct error error = {0};
    struct lock lock;
    write_text("l.lock", good);
    assert_int_equal(lock_read(outer, "l.lock", &lock, &error), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        error = (struct error){0};
        const char *at = strstr(good, rows[i].old);
        assert_non_null(at);
        write_text("l.lock",
                   arena_format(arena, "%.*s%s%s", (int)(at - good), good,
                                rows[i].new, at + strlen(rows[i].old)));
        CHECK(rows[i].name, lock_read(arena, "l.lock", &lock, &error) < 0);
        CHECK_ERROR(rows[i].name, error, ERROR_INPUT, rows[i].want);
        CHECK_TEXT(rows[i].name, error.place.file, "l.lock");
    }
}

static void a_name_of_two_marketplaces_must_be_told_apart(void **state)
{
    (void)state;
    struct lock_entry entries[] = {{.name = "a", .marketplace = "m"},
                                   {.name = "a", .marketplace = "n"}};
    const struct lock lock = {entries, 2};
    struct error error = {0};
    assert_ptr_equal(lock_find(&lock, "n", "a", &error), &entries[1]);
    assert_null(lock_find(&lock, NULL, "a", &error));
    CHECK_ERROR("ambiguous", error, ERROR_USAGE, "write 'm/a' or 'n/a'");
}

static void a_lock_has_a_limit(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct lock lock = {
        .items = arena_allocate(arena, (LOCK_ENTRY_LIMIT + 1) *
                                           sizeof(struct lock_entry))};
    for (; lock.count <= LOCK_ENTRY_LIMIT; lock.count++)
        lock.items[lock.count] = (struct lock_entry){
            .name = arena_format(arena, "w%zu", lock.count),
            .marketplace = "m",
            .url = "file:///a",
            .commit = COMMIT,
            .path = "workflows/a.yaml",
            .digest = "sha256:" HEX,
            .images = value_make_list(arena),
        };
    for (int beyond = 0; beyond < 2; beyond++) {
        struct text text = {0};
        struct error error = {0};
        struct lock back;
        lock.count = LOCK_ENTRY_LIMIT + (size_t)beyond;
        lock_print(&text, &lock);
        write_text("l.lock", text_string(&text));
        text_free(&text);
        assert_int_equal(lock_read(arena, "l.lock", &back, &error), -beyond);
    }
}

/* What is written can be read again, or is not written. */
static void a_lock_does_not_outgrow_its_reader(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct value *images = value_make_list(arena);
    char *image = arena_allocate(arena, 50001);
    memset(image, 'i', 50000);
    for (int i = 0; i < 10; i++)
        value_append(arena, images, value_make_string(arena, image));
    unlink("l.lock");
    for (int i = 0; i < 3; i++) {
        struct marketplace_entry entry = {.name = arena_format(arena, "w%d", i),
                                          .path = "workflows/a.yaml",
                                          .images = images,
                                          .digest = "sha256:" HEX};
        const struct marketplace_source source = {
            .market = &market, .entry = &entry, .commit = COMMIT};
        struct error error = {0};
        struct lock lock;
        const char *before;
        int result =
            marketplace_lock_put(arena, "l.lock", &source, &before, &error);
        assert_int_equal(result, i < 2 ? 0 : -1);
        error = (struct error){0};
        assert_int_equal(lock_read(arena, "l.lock", &lock, &error), 0);
        assert_int_equal(lock.count, i < 2 ? i + 1 : 2);
    }
}

static const struct marketplace_places places = {"config/m.yaml", "cache"};

static void settings_are_read_as_they_were_written(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error error = {0};
    const char *signers[] = {FINGERPRINT};
    const struct marketplace items[] = {
        {.name = "b",
         .url = "https://example.com/b",
         .ca = "/ca.pem",
         .signers = signers,
         .signer_count = 1,
         .head = COMMIT,
         .signer = FINGERPRINT,
         .updated = "2026-01-01T00:00:00.000Z"},
        {.name = "a", .url = "file:///a", .tofu = true, .head = COMMIT},
        {.name = "c",
         .url = "ssh://git@example.com/c",
         .allowed_signers = "/keys",
         .head = COMMIT},
    };
    struct marketplace_list list = {0};
    for (size_t i = 0; i < COUNT_OF(items); i++)
        list = settings_with(arena, &list, &items[i]);
    assert_int_equal(settings_write(&places, &list, &error), 0);
    struct stat status;
    assert_int_equal(stat(places.settings, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    struct marketplace_list back;
    assert_int_equal(marketplace_list_read(arena, &places, &back, &error), 0);
    assert_int_equal(back.count, 3);
    assert_string_equal(back.items[0].name, "a");
    assert_true(back.items[0].tofu);
    assert_null(back.items[0].signer);
    const struct marketplace *found = marketplace_find(&back, "b", &error);
    assert_non_null(found);
    assert_string_equal(found->url, "https://example.com/b");
    assert_string_equal(found->ca, "/ca.pem");
    assert_int_equal(found->signer_count, 1);
    assert_string_equal(found->signers[0], FINGERPRINT);
    assert_string_equal(found->head, COMMIT);
    assert_string_equal(found->updated, "2026-01-01T00:00:00.000Z");
    assert_string_equal(back.items[2].allowed_signers, "/keys");
    list = settings_without(arena, &back, "b");
    assert_int_equal(list.count, 2);
    assert_null(marketplace_find(&list, "b", &error));
    CHECK_ERROR("gone", error, ERROR_USAGE, "no marketplace 'b', known: a, c");
}

static void settings_are_read_strictly(void **state)
{
    (void)state;
    static const char head[] = "version: 1\nmarketplaces:\n- name: a\n";
    static const char url[] = "  url: file:///a\n";
    static const char commit[] = "  head: '" COMMIT "'\n";
    static const struct {
        const char *name, *input, *want;
    } rows[] = {
        {"no trust", "", "expected one of tofu"},
        {"two rules", "  tofu: true\n  allowedSigners: /a\n",
         "expected one of tofu"},
        {"no rule at all", "  tofu: false\n", "expected one of tofu"},
        {"empty signers", "  signers: []\n", "expected one of tofu"},
        {"a wrong signer", "  signers: [MD5:00]\n",
         "a signer must be a fingerprint"},
        {"a number", "  tofu: true\n  ca: 1\n", "'ca' must be a text"},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct marketplace_list list;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error error = {0};
        write_text(places.settings, arena_format(arena, "%s%s%s%s", head, url,
                                                 commit, rows[i].input));
        CHECK(rows[i].name,
              marketplace_list_read(arena, &places, &list, &error) < 0);
        CHECK_ERROR(rows[i].name, error, ERROR_INPUT, rows[i].want);
    }
    static const char *const broken[] = {
        "",
        "version: 2\nmarketplaces: []\n",
        "marketplaces: []\n",
        "version: 1\nmarketplaces: [\n",
        "version: 1\nmarketplaces:\n- 1\n",
        "version: 1\nmarketplaces:\n- name: a\n  url: file:///a\n  tofu: "
        "true\n",
        "version: 1\nmarketplaces:\n- name: ../a\n  url: file:///a\n"
        "  tofu: true\n  head: '" COMMIT "'\n",
        "version: 1\nmarketplaces:\n- name: a\n  url: http://a/b\n"
        "  tofu: true\n  head: '" COMMIT "'\n",
        "version: 1\nmarketplaces:\n- name: a\n  url: file:///a\n"
        "  tofu: true\n  head: HEAD\n",
    };
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        struct error error = {0};
        write_text(places.settings, broken[i]);
        CHECK(broken[i],
              marketplace_list_read(arena, &places, &list, &error) < 0);
        CHECK(broken[i], error.kind == ERROR_INPUT);
        CHECK_TEXT(broken[i], error.place.file, places.settings);
    }
}

/* `marketplaces` of them, each trusting `signers` keys. */
static int parse_many(int marketplaces, int signers)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct text text = {0};
    struct error error = {0};
    struct marketplace_list list;
    text_append_string(&text, "version: 1\nmarketplaces:\n");
    for (int i = 0; i < marketplaces; i++) {
        text_append_format(&text, "- {name: m%d, url: \"file:///a\", ", i);
        text_append_string(&text, "head: \"" COMMIT "\", signers: [");
        for (int k = 0; k < signers; k++)
            text_append_string(&text, "\"" FINGERPRINT "\", ");
        text_append_string(&text, "]}\n");
    }
    int result =
        settings_parse(arena, "file", text.data, text.length, &list, &error);
    text_free(&text);
    return result;
}

static void settings_have_limits(void **state)
{
    (void)state;
    assert_int_equal(parse_many(MARKETPLACE_COUNT_LIMIT, 1), 0);
    assert_int_equal(parse_many(MARKETPLACE_COUNT_LIMIT + 1, 1), -1);
    assert_int_equal(parse_many(1, MARKETPLACE_SIGNER_LIMIT), 0);
    assert_int_equal(parse_many(1, MARKETPLACE_SIGNER_LIMIT + 1), -1);
}

static void a_lock_keeps_others_out(void **state)
{
    (void)state;
    struct error error = {0};
    int first = settings_lock("some.lock", 0, &error);
    assert_true(first >= 0);
    assert_int_equal(settings_lock("some.lock", 0, &error), -1);
    CHECK_ERROR("held", error, ERROR_SYSTEM, "another assay is changing");
    close(first);
    error = (struct error){0};
    int second = settings_lock("some.lock", 0, &error);
    assert_true(second >= 0);
    close(second);
    RUN("ln", "-s", "/dev/null", "link.lock");
    assert_int_equal(settings_lock("link.lock", 0, &error), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lock_is_read_as_it_was_written),
        cmocka_unit_test(an_entry_takes_the_place_of_the_old_one),
        cmocka_unit_test(the_same_lock_has_the_same_bytes),
        cmocka_unit_test(no_lock_is_an_empty_one),
        cmocka_unit_test(locks_are_read_strictly),
        cmocka_unit_test(a_name_of_two_marketplaces_must_be_told_apart),
        cmocka_unit_test(a_lock_has_a_limit),
        cmocka_unit_test(a_lock_does_not_outgrow_its_reader),
        cmocka_unit_test(settings_are_read_as_they_were_written),
        cmocka_unit_test(settings_are_read_strictly),
        cmocka_unit_test(settings_have_limits),
        cmocka_unit_test(a_lock_keeps_others_out),
    };
    return cmocka_run_group_tests(tests, market_set_up, market_tear_down);
}
