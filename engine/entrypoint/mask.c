/*
 * At each place the longest word that begins there is replaced. A place is decided
 * when no word could still begin there and go beyond what has come so far; the
 * undecided rest, shorter than the longest word, is held back. Places whose byte
 * begins no word are skipped by a table.
 */
#include "engine/entrypoint/mask.h"

#include <ctype.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/entrypoint/limits.h"

static const char replacement[] = "********";

struct word {
    const char *bytes;
    size_t length;
};

struct mask {
    struct arena *arena;
    struct word *words; /* longest first */
    size_t count, capacity;
    bool begins[256]; /* bytes that a word begins with */
    struct text held;
};

struct mask *mask_make(struct arena *arena)
{
    struct mask *mask = arena_allocate(arena, sizeof *mask);
    mask->arena = arena;
    return mask;
}

static void add_word(struct mask *mask, const char *bytes, size_t length)
{
    if (length == 0 || mask->count == ENTRYPOINT_WORDS_LIMIT)
        return;
    for (size_t i = 0; i < mask->count; i++)
        if (mask->words[i].length == length &&
            memcmp(mask->words[i].bytes, bytes, length) == 0)
            return;
    if (mask->count == mask->capacity) {
        size_t capacity = mask->capacity ? 2 * mask->capacity : 16;
        mask->words = arena_grow(mask->arena, mask->words,
                                 mask->capacity * sizeof *mask->words,
                                 capacity * sizeof *mask->words);
        mask->capacity = capacity;
    }
    size_t place = mask->count++;
    for (; place > 0 && mask->words[place - 1].length < length; place--)
        mask->words[place] = mask->words[place - 1];
    mask->words[place] =
        (struct word){arena_copy(mask->arena, bytes, length), length};
    mask->begins[(unsigned char)bytes[0]] = true;
}

/* RFC 4648 section 4, without padding: with it the word is found as well. */
static void add_base64(struct mask *mask, const char *word, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = (const unsigned char *)word;
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; i < length; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16;
        group |= i + 1 < length ? (unsigned)bytes[i + 1] << 8 : 0;
        group |= i + 2 < length ? bytes[i + 2] : 0;
        size_t count = length - i < 3 ? length - i + 1 : 4;
        for (size_t j = 0; j < count; j++)
            text_append_character(&text, digits[group >> (18 - 6 * j) & 63]);
    }
    add_word(mask, text_string(&text), text.length);
    memory_wipe(text.data, text.length);
}

/* RFC 3986 section 2.1. */
static void add_percent(struct mask *mask, const char *word, size_t length)
{
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; i < length; i++)
        if (isalnum((unsigned char)word[i]) || strchr("-._~", word[i]))
            text_append_character(&text, word[i]);
        else
            text_append_format(&text, "%%%02X", (unsigned char)word[i]);
    if (text.length != length)
        add_word(mask, text_string(&text), text.length);
    memory_wipe(text.data, text.length);
}

static void add_forms(struct mask *mask, const char *word, size_t length)
{
    enum { SHORTEST_ENCODED = 3 }; /* forms of less would hide half the text */
    add_word(mask, word, length);
    if (length < SHORTEST_ENCODED)
        return;
    add_base64(mask, word, length);
    add_percent(mask, word, length);
}

/* Programs print a key line by line, with their own text in between. Short lines,
 * such as the brackets of JSON, would hide half the text. */
static void add_lines(struct mask *mask, const char *word, size_t length)
{
    enum { SHORTEST_LINE = 8 };
    const char *end = word + length;
    while (word < end && mask->count < ENTRYPOINT_LINES_LIMIT) {
        const char *newline = memchr(word, '\n', (size_t)(end - word));
        size_t line = (size_t)((newline ? newline : end) - word);
        size_t kept = line > 0 && word[line - 1] == '\r' ? line - 1 : line;
        if (kept >= SHORTEST_LINE)
            add_word(mask, word, kept);
        word += line + 1;
    }
}

void mask_add(struct mask *mask, const char *word, size_t length)
{
    add_forms(mask, word, length);
    /* Files of secrets end with a newline, which $(...) takes away. */
    size_t bare = length;
    while (bare > 0 && (word[bare - 1] == '\n' || word[bare - 1] == '\r'))
        bare--;
    if (bare < length)
        add_forms(mask, word, bare);
    if (bare > 0 && memchr(word, '\n', bare))
        add_lines(mask, word, bare);
}

bool mask_is_empty(const struct mask *mask)
{
    return mask->count == 0;
}

enum match { MATCH_NONE, MATCH_WORD, MATCH_OPEN };

/* What begins at `bytes`: a word (its length in *taken), nothing, or perhaps a
 * word that goes beyond the end. */
static enum match match(const struct mask *mask, const char *bytes,
                        size_t length, size_t *taken)
{
    for (size_t i = 0; i < mask->count; i++) {
        const struct word *word = &mask->words[i];
        size_t common = word->length < length ? word->length : length;
        if (memcmp(word->bytes, bytes, common) != 0)
            continue;
        *taken = common;
        return common == word->length ? MATCH_WORD : MATCH_OPEN;
    }
    return MATCH_NONE;
}

/* A longer word did not come: the length of a shorter one that is here, or 0. */
static size_t match_whole(const struct mask *mask, const char *bytes,
                          size_t length)
{
    for (size_t i = 0; i < mask->count; i++) {
        const struct word *word = &mask->words[i];
        if (word->length <= length &&
            memcmp(word->bytes, bytes, word->length) == 0)
            return word->length;
    }
    return 0;
}

/* Appends what is decided of `bytes`; the length of that. */
static size_t replace(const struct mask *mask, const char *bytes, size_t length,
                      bool last, struct text *out)
{
    size_t start = 0, i = 0;
    while (i < length) {
        size_t taken = 0;
        enum match found = mask->begins[(unsigned char)bytes[i]]
                               ? match(mask, bytes + i, length - i, &taken)
                               : MATCH_NONE;
        if (found == MATCH_OPEN && !last)
            break;
        if (found == MATCH_OPEN) {
            taken = match_whole(mask, bytes + i, length - i);
            found = taken > 0 ? MATCH_WORD : MATCH_NONE;
        }
        if (found == MATCH_NONE) {
            i++;
            continue;
        }
        text_append(out, bytes + start, i - start);
        text_append(out, replacement, sizeof replacement - 1);
        i += taken;
        start = i;
    }
    text_append(out, bytes + start, i - start);
    return i;
}

void mask_push(struct mask *mask, const char *bytes, size_t length,
               struct text *out)
{
    if (mask->count == 0) {
        text_append(out, bytes, length);
        return;
    }
    if (mask->held.length == 0) {
        size_t done = replace(mask, bytes, length, false, out);
        text_append(&mask->held, bytes + done, length - done);
        return;
    }
    text_append(&mask->held, bytes, length);
    size_t done = replace(mask, mask->held.data, mask->held.length, false, out);
    memmove(mask->held.data, mask->held.data + done, mask->held.length - done);
    mask->held.length -= done;
}

void mask_finish(struct mask *mask, struct text *out)
{
    if (mask->held.length > 0)
        replace(mask, mask->held.data, mask->held.length, true, out);
    text_free(&mask->held);
}

void mask_drop(struct mask *mask)
{
    text_free(&mask->held);
}

bool mask_finds(const struct mask *mask, const char *bytes, size_t length)
{
    for (size_t i = 0; i < mask->count; i++)
        if (memmem(bytes, length, mask->words[i].bytes, mask->words[i].length))
            return true;
    return false;
}
