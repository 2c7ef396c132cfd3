/* registry.h: names of images, what registries ask for, what images run. The
 * requests themselves: tests/integration/registry.sh. */
#include "engine/registry/limits.h"
#include "engine/registry/private.h"
#include "tests/unit/value_fixture.h"

#define DIGEST                                                                 \
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void names_of_images(void **state)
{
    (void)state;
    static const struct {
        const char *image;
        const char *want; /* "host repository tag digest"; NULL: none */
    } rows[] = {
        {"alpine", "registry-1.docker.io library/alpine latest -"},
        {"alpine:3.20", "registry-1.docker.io library/alpine 3.20 -"},
        {"grafana/k6:0.49.0", "registry-1.docker.io grafana/k6 0.49.0 -"},
        {"docker.io/a/b", "registry-1.docker.io a/b latest -"},
        {"docker.io/alpine", "registry-1.docker.io library/alpine latest -"},
        {"index.docker.io/a/b", "registry-1.docker.io a/b latest -"},
        {"ghcr.io/a/b/c:v1@" DIGEST, "ghcr.io a/b/c v1 " DIGEST},
        {"quay.io/a@" DIGEST, "quay.io a latest " DIGEST},
        {"localhost/a", "localhost a latest - here"},
        {"localhost:5000/a:1", "localhost:5000 a 1 - here"},
        {"127.0.0.1:80/a", "127.0.0.1:80 a latest - here"},
        {"127.0.0.1.evil.example/a", "127.0.0.1.evil.example a latest -"},
        {"team:5000/a_b--c:1_2.3", "team:5000 a_b--c 1_2.3 -"},
        {"", NULL},
        {"UPPER/case", NULL},
        {"a//b", NULL},
        {"a/../b", NULL},
        {"a/.b", NULL},
        {"/a", NULL},
        {"a/", NULL},
        {"a b", NULL},
        {"a:", NULL},
        {"a?x=y", NULL},
        {"a@sha256:12", NULL},
        {"a@sha512:" DIGEST, NULL},
        {"example.com:80#x/a", NULL},
        {"user@example.com/a", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct reference got;
        struct error error = {0};
        bool good = reference_read(arena, rows[i].image, &got, &error) == 0;
        CHECK(rows[i].image, good == !error_is_set(&error));
        CHECK_TEXT(rows[i].image,
                   good ? arena_format(arena, "%s %s %s %s%s", got.host,
                                       got.repository, got.tag,
                                       got.digest ? got.digest : "-",
                                       got.here ? " here" : "")
                        : "none",
                   rows[i].want ? rows[i].want : "none");
    }
}

static void long_names(void **state)
{
    (void)state;
    for (size_t length = REGISTRY_NAME_LIMIT; length <= REGISTRY_NAME_LIMIT + 1;
         length++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text name = {0};
        struct reference got;
        struct error error = {0};
        while (name.length < length)
            text_append_character(&name, 'a');
        CHECK("length",
              (reference_read(arena, text_string(&name), &got, &error) == 0) ==
                  (length <= REGISTRY_NAME_LIMIT));
    }
}

static void what_servers_ask_for(void **state)
{
    (void)state;
    static const struct {
        const char *header, *want;
    } rows[] = {
        {"Bearer realm=\"https://a/token\",service=\"s\",scope=\"x:y:pull\"",
         "https://a/token s x:y:pull"},
        {"bearer Realm=https://a, scope=\"p, q\"", "https://a - p, q"},
        {"Bearer realm=\"https://a\",error=\"x\"", "https://a - -"},
        {"Basic realm=\"r\"", "basic"},
        {"Bearer service=\"s\"", NULL},
        {"Bearer realm=\"a", NULL},
        {"Bearer realm=\"a\\\"b\"", NULL},
        {"Bearer realm", NULL},
        {"Digest realm=\"a\"", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct challenge got;
        bool good = challenge_read(arena, rows[i].header, &got);
        const char *text = !good ? "none"
                           : got.basic
                               ? "basic"
                               : arena_format(arena, "%s %s %s", got.realm,
                                              got.service ? got.service : "-",
                                              got.scope ? got.scope : "-");
        CHECK_TEXT(rows[i].header, text, rows[i].want ? rows[i].want : "none");
    }
}

static void what_images_run(void **state)
{
    (void)state;
    static const struct {
        const char *config, *want; /* both lists; NULL: an error */
    } rows[] = {
        {"{\"config\": {\"Entrypoint\": [\"k6\"], \"Cmd\": null}}",
         "[\"k6\"] []"},
        {"{\"config\": {\"Cmd\": [\"sh\", \"-c\", \"x\"]}}",
         "[] [\"sh\",\"-c\",\"x\"]"},
        {"{}", "[] []"},
        {"{\"config\": {\"Entrypoint\": \"k6\"}}", NULL},
        {"{\"config\": {\"Entrypoint\": [5]}}", NULL},
        {"{\"config\": {\"Cmd\": [\"a\\u0000b\"]}}", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text text = {0};
        struct registry_image got;
        struct error error = {0};
        if (config_read(arena, from_json(arena, rows[i].config), &got,
                        &error) == 0) {
            value_write_json(&text, got.entrypoint, JSON_COMPACT);
            text_append_character(&text, ' ');
            value_write_json(&text, got.command, JSON_COMPACT);
        }
        CHECK_TEXT(rows[i].config, text_string(&text),
                   rows[i].want ? rows[i].want : "");
        CHECK(rows[i].config, error_is_set(&error) == !rows[i].want);
    }
}

static void many_words_and_long_ones(void **state)
{
    (void)state;
    static const struct {
        size_t words, bytes;
        bool good;
    } rows[] = {
        {REGISTRY_WORDS_LIMIT, 1, true},
        {REGISTRY_WORDS_LIMIT + 1, 1, false},
        {1, REGISTRY_WORD_LIMIT, true},
        {1, REGISTRY_WORD_LIMIT + 1, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text word = {0};
        struct registry_image got;
        struct error error = {0};
        struct value *list = value_make_list(arena);
        struct value *config = value_make_map(arena);
        struct value *image = value_make_map(arena);
        while (word.length < rows[i].bytes)
            text_append_character(&word, 'x');
        for (size_t k = 0; k < rows[i].words; k++)
            value_append(arena, list,
                         value_make_string(arena, text_string(&word)));
        value_set(arena, config, "Cmd", list);
        value_set(arena, image, "config", config);
        CHECK("words",
              (config_read(arena, image, &got, &error) == 0) == rows[i].good);
    }
}

static void the_manifest_for_this_machine(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    static const char index[] =
        "{\"manifests\": ["
        "{\"digest\": \"w\", \"platform\": {\"os\": \"windows\", "
        "\"architecture\": \"amd64\"}}, "
        "{\"digest\": \"r\", \"platform\": {\"os\": \"linux\", "
        "\"architecture\": \"riscv64\"}}, 5, {\"digest\": \"x\"}, "
        "{\"digest\": \"l\", \"platform\": {\"os\": \"linux\", "
        "\"architecture\": \"amd64\"}}, "
        "{\"digest\": \"m\", \"platform\": {\"os\": \"linux\", "
        "\"architecture\": \"arm64\"}}]}";
#if defined(__x86_64__)
    assert_string_equal(config_choose(from_json(arena, index)), "l");
#elif defined(__aarch64__)
    assert_string_equal(config_choose(from_json(arena, index)), "m");
#endif
    assert_null(config_choose(from_json(arena, "{\"manifests\": []}")));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_images),
        cmocka_unit_test(long_names),
        cmocka_unit_test(what_servers_ask_for),
        cmocka_unit_test(what_images_run),
        cmocka_unit_test(many_words_and_long_ones),
        cmocka_unit_test(the_manifest_for_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
