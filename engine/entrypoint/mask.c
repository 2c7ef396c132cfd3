/*
 * At each place the longest word that begins there is replaced. A place is decided
 * when no word could still begin there and go beyond what has come so far; the
 * undecided rest, shorter than the longest word, is held back.
 *
 * Most places are passed over by one look into a table of bits, by a hash of the four
 * bytes there; words with that hash hang in a chain, longest first. Shorter words are
 * found by their first byte, and so are words that the end of the bytes cuts.
 */
#include "engine/entrypoint/mask.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/entrypoint/limits.h"

enum {
    KEY = 4, /* bytes that are hashed */
    FILTER_BITS = 16,
    CHAINS = 4096,
    SHORTEST_ENCODED = 3, /* forms of less would hide half the text */
    SHORTEST_FORM = 4,    /* and so would shorter forms */
    SHORTEST_LINE = 8, /* of a secret with several, such as brackets of JSON */
};

static const char replacement[] = "********";

struct word {
    const char *bytes;
    size_t length;
    uint32_t chain; /* the next with its hash; 0: none, else the index + 1 */
    uint32_t first; /* the next with its first byte */
};

struct mask {
    struct arena *arena;
    struct word *words;
    size_t count, capacity;
    size_t lines;                             /* words that are lines */
    uint64_t filter[(1 << FILTER_BITS) / 64]; /* hashes that words have */
    uint32_t chains[CHAINS];                  /* words of KEY bytes and more */
    uint32_t firsts[256];                     /* all words */
    bool shorts[256]; /* first bytes of words of less than KEY */
    struct text held;
};

struct mask *mask_make(struct arena *arena)
{
    struct mask *mask = arena_allocate(arena, sizeof *mask);
    mask->arena = arena;
    return mask;
}

/* --- words ----------------------------------------------------------------- */

static uint32_t hash(const char *bytes)
{
    uint32_t key;
    memcpy(&key, bytes, sizeof key);
    return key * UINT32_C(2654435761) >> (32 - FILTER_BITS);
}

/* Hangs a word into its chain, longest first. */
static void hang(struct mask *mask, uint32_t number)
{
    struct word *word = &mask->words[number - 1];
    uint32_t key = hash(word->bytes);
    uint32_t *link = &mask->chains[key % CHAINS];
    mask->filter[key / 64] |= UINT64_C(1) << key % 64;
    while (*link && mask->words[*link - 1].length >= word->length)
        link = &mask->words[*link - 1].chain;
    word->chain = *link;
    *link = number;
}

static bool is_known(const struct mask *mask, const char *bytes, size_t length)
{
    uint32_t number = length >= KEY ? mask->chains[hash(bytes) % CHAINS]
                                    : mask->firsts[(unsigned char)bytes[0]];
    while (number) {
        const struct word *word = &mask->words[number - 1];
        if (word->length == length && memcmp(word->bytes, bytes, length) == 0)
            return true;
        number = length >= KEY ? word->chain : word->first;
    }
    return false;
}

static void add_word(struct mask *mask, const char *bytes, size_t length)
{
    if (length == 0 || mask->count == ENTRYPOINT_WORDS_LIMIT ||
        is_known(mask, bytes, length))
        return;
    if (mask->count == mask->capacity) {
        size_t capacity = mask->capacity ? 2 * mask->capacity : 16;
        mask->words = arena_grow(mask->arena, mask->words,
                                 mask->capacity * sizeof *mask->words,
                                 capacity * sizeof *mask->words);
        mask->capacity = capacity;
    }
    uint32_t *first = &mask->firsts[(unsigned char)bytes[0]];
    mask->words[mask->count++] = (struct word){
        .bytes = arena_copy(mask->arena, bytes, length),
        .length = length,
        .first = *first,
    };
    *first = (uint32_t)mask->count;
    if (length >= KEY)
        hang(mask, *first);
    else
        mask->shorts[(unsigned char)bytes[0]] = true;
}

/* The digits of RFC 4648, section 4 or 5, of the word behind `before` other bytes:
 * those that the word alone decides, and also with the one that zero bits fill up, as
 * it stands when the word ends what was encoded. */
static void add_base64(struct mask *mask, const char *word, size_t length,
                       size_t before, const char *last_two)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789";
    CLEANUP(text_free) struct text text = {0};
    size_t begin = (8 * before + 5) / 6, end = 8 * (before + length) / 6;
    for (size_t i = begin; i <= end; i++) {
        unsigned value = 0;
        for (size_t bit = 6 * i; bit < 6 * i + 6; bit++) {
            size_t at = bit / 8 - before;
            unsigned byte = at < length ? (unsigned char)word[at] : 0;
            value = value << 1 | (byte >> (7 - bit % 8) & 1);
        }
        if (i == end && text.length >= SHORTEST_FORM)
            add_word(mask, text_string(&text), text.length);
        text_append_character(&text, value < 62 ? digits[value]
                                                : last_two[value - 62]);
    }
    if (8 * (before + length) % 6 != 0 && text.length >= SHORTEST_FORM)
        add_word(mask, text_string(&text), text.length);
    memory_wipe(text.data, text.length);
}

/* RFC 3986 section 2.1; programs differ in what they leave as it is. Those that
 * encode forms make a space a plus. */
static void add_percent(struct mask *mask, const char *word, size_t length,
                        const char *kept, const char *hex)
{
    bool form = kept[0] == '+';
    kept += form ? 1 : 0;
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)word[i];
        if (byte == ' ' && form) {
            text_append_character(&text, '+');
        } else if ((byte < 0x80 && isalnum(byte)) || strchr(kept, word[i])) {
            text_append_character(&text, word[i]);
        } else {
            text_append_character(&text, '%');
            text_append_character(&text, hex[byte >> 4]);
            text_append_character(&text, hex[byte & 15]);
        }
    }
    add_word(mask, text_string(&text), text.length);
    memory_wipe(text.data, text.length);
}

static void add_forms(struct mask *mask, const char *word, size_t length)
{
    static const char *const alphabets[] = {"+/", "-_"};
    static const char *const kept[] = {
        "-._~",      /* strict */
        "-._~/",     /* of a path */
        "-._~!'()*", /* encodeURIComponent */
        "+-._*",     /* a form: + is a space */
    };
    static const char *const hex[] = {"0123456789ABCDEF", "0123456789abcdef"};
    add_word(mask, word, length);
    if (length < SHORTEST_ENCODED)
        return;
    for (size_t i = 0; i < sizeof alphabets / sizeof *alphabets; i++)
        for (size_t before = 0; before < 3; before++)
            add_base64(mask, word, length, before, alphabets[i]);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        for (size_t j = 0; j < sizeof hex / sizeof *hex; j++)
            add_percent(mask, word, length, kept[i], hex[j]);
}

/* Programs print a key line by line, with their own text in between. */
static void add_lines(struct mask *mask, const char *word, size_t length)
{
    const char *end = word + length;
    while (word < end && mask->lines < ENTRYPOINT_LINES_LIMIT) {
        const char *newline = memchr(word, '\n', (size_t)(end - word));
        size_t line = (size_t)((newline ? newline : end) - word);
        size_t kept = line > 0 && word[line - 1] == '\r' ? line - 1 : line;
        if (kept >= SHORTEST_LINE) {
            add_word(mask, word, kept);
            mask->lines++;
        }
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

/* --- looking --------------------------------------------------------------- */

enum match { MATCH_NONE, MATCH_WORD, MATCH_OPEN };

/* A word that begins at `bytes`, of KEY bytes and more: the longest that is there
 * (its length in *taken), or a longer one that perhaps goes beyond the end. */
static enum match match_long(const struct mask *mask, const char *bytes,
                             size_t length, bool last, size_t *taken)
{
    uint32_t number = mask->chains[hash(bytes) % CHAINS];
    while (number) {
        const struct word *word = &mask->words[number - 1];
        size_t common = word->length < length ? word->length : length;
        if (common == word->length || !last)
            if (memcmp(word->bytes, bytes, common) == 0) {
                *taken = common;
                return common == word->length ? MATCH_WORD : MATCH_OPEN;
            }
        number = word->chain;
    }
    return MATCH_NONE;
}

/* The same of words that are shorter, or that less than KEY bytes are there of. */
static enum match match_short(const struct mask *mask, const char *bytes,
                              size_t length, bool last, size_t *taken)
{
    uint32_t number = mask->firsts[(unsigned char)bytes[0]];
    *taken = 0;
    for (; number; number = mask->words[number - 1].first) {
        const struct word *word = &mask->words[number - 1];
        size_t common = word->length < length ? word->length : length;
        if ((word->length >= KEY && length >= KEY) ||
            memcmp(word->bytes, bytes, common) != 0)
            continue;
        if (common < word->length && !last)
            return MATCH_OPEN;
        if (common == word->length && common > *taken)
            *taken = common;
    }
    return *taken > 0 ? MATCH_WORD : MATCH_NONE;
}

static bool may_begin(const struct mask *mask, const char *bytes)
{
    uint32_t key = hash(bytes);
    return (mask->filter[key / 64] >> key % 64 & 1) != 0;
}

/* What is looked through, and what was found there. */
struct view {
    const char *bytes;
    size_t length;
    bool last; /* nothing comes behind them */
    enum match found;
    size_t taken; /* bytes of the word */
};

/* The first place at or behind `at` where something begins; the length: none. */
static size_t look(const struct mask *mask, struct view *view, size_t at)
{
    for (; at < view->length; at++) {
        const char *bytes = view->bytes + at;
        size_t left = view->length - at;
        bool whole = left >= KEY;
        if (whole && !may_begin(mask, bytes) &&
            !mask->shorts[(unsigned char)*bytes])
            continue;
        view->found = MATCH_NONE;
        if (whole)
            view->found =
                match_long(mask, bytes, left, view->last, &view->taken);
        if (view->found == MATCH_NONE &&
            (!whole || mask->shorts[(unsigned char)*bytes]))
            view->found =
                match_short(mask, bytes, left, view->last, &view->taken);
        if (view->found != MATCH_NONE)
            return at;
    }
    view->found = MATCH_NONE;
    return view->length;
}

/* Appends what is decided of `bytes`; the length of that. */
static size_t replace(const struct mask *mask, const char *bytes, size_t length,
                      bool last, struct text *out)
{
    struct view view = {.bytes = bytes, .length = length, .last = last};
    for (size_t at = 0;;) {
        size_t next = look(mask, &view, at);
        text_append(out, bytes + at, next - at);
        if (view.found != MATCH_WORD)
            return next;
        text_append(out, replacement, sizeof replacement - 1);
        at = next + view.taken;
    }
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
    struct view view = {.bytes = bytes, .length = length, .last = true};
    if (mask->count > 0)
        look(mask, &view, 0);
    return view.found == MATCH_WORD;
}
