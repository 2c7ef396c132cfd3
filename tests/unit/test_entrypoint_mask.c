/* engine/entrypoint/mask.h: secrets in a stream that comes in pieces. */
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/entrypoint/mask.h"
#include "tests/unit/case.h"

static struct mask *make(struct arena *arena, const char *const *words)
{
    struct mask *mask = mask_make(arena);
    for (; *words; words++)
        mask_add(mask, *words, strlen(*words));
    return mask;
}

static void push_all(struct mask *mask, const char *input, size_t step,
                     struct text *out)
{
    size_t length = strlen(input);
    for (size_t i = 0; i < length; i += step)
        mask_push(mask, input + i, length - i < step ? length - i : step, out);
    mask_finish(mask, out);
}

static void words_are_replaced_however_the_stream_is_cut(void **state)
{
    (void)state;
    static const struct {
        const char *words[4];
        const char *input, *want;
    } rows[] = {
        {{"secret"}, "a secret b", "a ******** b"},
        {{"secret"}, "secret", "********"},
        {{"secret"}, "secre", "secre"},
        {{"secret"}, "secsecret", "sec********"},
        {{"secret"}, "secretsecret", "****************"},
        {{"secret"}, "Secret SECRET", "Secret SECRET"},
        {{"aab"}, "aaab", "a********"},
        {{"abab"}, "ababab", "********ab"},
        {{"abc", "abcdef"}, "abcdef abcde", "******** ********de"},
        {{"abc", "bcdef"}, "abcdef", "********def"},
        {{"x"}, "axb", "a********b"},
        {{"two\nlines"}, "has two\nlines.", "has ********."},
        {{"two\nlines"}, "has two\nlime", "has two\nlime"},
        /* other forms of the same word: base64, percent */
        {{"p@ss word"}, "url p%40ss%20word.", "url ********."},
        {{"hunter2"}, "aHVudGVyMg==", "********=="},
        {{"\303\251t\303\251"}, "un \303\251t\303\251", "un ********"},
        /* nothing to do */
        {{""}, "text", "text"},
        {{NULL}, "text", "text"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (size_t step = 1; step <= strlen(rows[i].input); step++) {
            CLEANUP(arena_free) struct arena *arena = arena_new();
            CLEANUP(text_free) struct text out = {0};
            struct mask *mask = make(arena, rows[i].words);
            push_all(mask, rows[i].input, step, &out);
            CHECK_TEXT(rows[i].input, text_string(&out), rows[i].want);
        }
}

/* Every word that stands in the stream is gone, whatever the pieces are, and the
 * result does not depend on them. */
static void random_pieces_give_the_same(void **state)
{
    (void)state;
    static const char *const words[] = {"ab", "abba", "bab", "caa", NULL};
    for (unsigned round = 0; round < 2000; round++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_free) struct text whole = {0};
        CLEANUP(text_free) struct text pieces = {0};
        char noise[129];
        char input[65];
        random_hex(noise, 128);
        for (size_t i = 0; i < 64; i++)
            input[i] = (char)('a' + noise[i] % 3);
        input[64] = '\0';
        push_all(make(arena, words), input, 64, &whole);
        struct mask *mask = make(arena, words);
        for (size_t i = 0, n = 64; i < 64; n++) {
            size_t size = (size_t)noise[n] % 7;
            size = size > 64 - i ? 64 - i : size;
            mask_push(mask, input + i, size, &pieces);
            i += size;
        }
        mask_finish(mask, &pieces);
        CHECK_TEXT(input, text_string(&pieces), text_string(&whole));
        for (size_t i = 0; words[i]; i++)
            CHECK(input, !strstr(text_string(&whole), words[i]));
    }
}

/* Only what could become a secret waits. */
static void harmless_output_goes_out_at_once(void **state)
{
    (void)state;
    static const char *const words[] = {"secret", NULL};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_free) struct text out = {0};
    struct mask *mask = make(arena, words);
    mask_push(mask, "password: ", 10, &out);
    CHECK_TEXT("at once", text_string(&out), "password: ");
    mask_push(mask, "secr", 4, &out);
    CHECK_TEXT("held", text_string(&out), "password: ");
    mask_push(mask, "et!", 3, &out);
    CHECK_TEXT("decided", text_string(&out), "password: ********!");
    assert_true(mask_finds(mask, "my secret", 9));
    assert_false(mask_finds(mask, "my secre", 8));
    mask_finish(mask, &out);
}

static void without_words_the_mask_is_empty(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct mask *mask = mask_make(arena);
    mask_add(mask, "", 0);
    assert_true(mask_is_empty(mask));
    mask_add(mask, "x", 1);
    assert_false(mask_is_empty(mask));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_replaced_however_the_stream_is_cut),
        cmocka_unit_test(random_pieces_give_the_same),
        cmocka_unit_test(harmless_output_goes_out_at_once),
        cmocka_unit_test(without_words_the_mask_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
