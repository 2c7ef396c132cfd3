/* arena.h, memory.h, error.h, digest.h, random.h */
#include "engine/base/arena.h"
#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "tests/unit/case.h"

static void pieces_are_zeroed_and_apart(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    static const size_t sizes[] = {0,    1,    15,    16,     17,     4095,
                                   4096, 4097, 70000, 300000, 2000000};
    unsigned char *pieces[COUNT_OF(sizes)];
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        pieces[i] = arena_allocate(arena, sizes[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(pieces[i][j], i + 1);
    assert_true(arena_used(arena) >= 2382237);
}

static void growing_keeps_content_and_clears_the_rest(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    char *piece = arena_grow(arena, NULL, 0, 4);
    memcpy(piece, "abcd", 4);
    char *same = arena_grow(arena, piece, 4, 100);
    assert_ptr_equal(same, piece); /* the last piece grows in place */
    arena_allocate(arena, 1);
    char *moved = arena_grow(arena, same, 100, 200);
    assert_ptr_not_equal(moved, same);
    assert_memory_equal(moved, "abcd", 4);
    for (size_t i = 4; i < 200; i++)
        assert_int_equal(moved[i], 0);
}

static void appending_one_by_one_is_linear(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    char *list = NULL;
    for (size_t i = 0; i < 100000; i++) {
        list = arena_grow(arena, list, i, i + 1);
        list[i] = 'x';
    }
    assert_true(arena_used(arena) < 100000 * 4);
}

static void formats_and_copies(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CHECK_TEXT("format", arena_format(arena, "%s-%d", "a", 7), "a-7");
    CHECK_TEXT("copy", arena_copy(arena, "abcdef", 3), "abc");
    CHECK_TEXT("string", arena_string(arena, ""), "");
}

static void first_error_is_kept_and_prefixed(void **state)
{
    (void)state;
    struct error error = {0};
    assert_false(error_is_set(&error));
    assert_int_equal(error_set(&error, ERROR_INPUT, "bad %s", "thing"), -1);
    error_set(&error, ERROR_SYSTEM, "other");
    error_context(&error, "while reading '%s'", "f");
    CHECK_TEXT("text", error.text, "while reading 'f': bad thing");
    assert_int_equal(error.kind, ERROR_INPUT);
    error_place(&error, "f.yaml", (struct mark){3, 4, 20, 0});
    error_place(&error, "g.yaml", (struct mark){5, 6, 30, 0});
    CHECK_TEXT("file", error.place.file, "f.yaml");
    assert_int_equal(error.place.mark.line, 3);
}

static void long_contexts_are_cut_not_overrun(void **state)
{
    (void)state;
    struct error error = {0};
    char many[600];
    memset(many, 'x', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    error_set(&error, ERROR_INPUT, "%s", many);
    for (int i = 0; i < 5; i++)
        error_context(&error, "%s", many);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
}

/* FIPS 180-4 examples, from the NIST example values. */
static void sha256_examples(void **state)
{
    (void)state;
    static const struct {
        const char *input, *want;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb924"
             "27ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223"
                "b00361a396177a9cb410ff61f20015ad"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char hex[65];
        struct digest digest =
            digest_compute(rows[i].input, strlen(rows[i].input));
        digest_print(&digest, hex);
        CHECK_TEXT(rows[i].input, hex, rows[i].want);
    }
}

static void random_digits(void **state)
{
    (void)state;
    char a[41], b[41];
    random_hex(a, 40);
    random_hex(b, 40);
    assert_int_equal(strlen(a), 40);
    assert_int_equal(strspn(a, "0123456789abcdef"), 40);
    assert_string_not_equal(a, b);
}

static void wiped_memory_is_zero(void **state)
{
    (void)state;
    char secret[8] = "hunter2";
    memory_wipe(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++)
        assert_int_equal(secret[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_and_apart),
        cmocka_unit_test(growing_keeps_content_and_clears_the_rest),
        cmocka_unit_test(appending_one_by_one_is_linear),
        cmocka_unit_test(formats_and_copies),
        cmocka_unit_test(first_error_is_kept_and_prefixed),
        cmocka_unit_test(long_contexts_are_cut_not_overrun),
        cmocka_unit_test(sha256_examples),
        cmocka_unit_test(random_digits),
        cmocka_unit_test(wiped_memory_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
