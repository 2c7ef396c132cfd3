/*
 * Words of a POSIX shell: values -> words that the shell reads back as the same
 * text, and a command line -> its words (no expansion, no comments).
 *
 * A word with white space is put between single quotes, in others the special
 * characters get a backslash.
 */
#include <string.h>

#include "engine/expression/evaluation.h"

static const char spaces[] = " \t\n";
static const char specials[] = "\\'\"`${[|&;<>()*?!";
static const char specials_first[] = "~#"; /* at the start of a word only */

static bool is_one_of(char character, const char *characters)
{
    return character != '\0' && strchr(characters, character);
}

static bool has_space(const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (is_one_of(word[i], spaces))
            return true;
    return false;
}

/* Parts without ' between quotes, each ' as \' between them. */
static void append_quoted(struct text *text, const char *word, size_t length)
{
    bool open = false;
    for (size_t i = 0; i < length; i++) {
        bool quote = word[i] == '\'';
        if (quote == open) {
            text_append_character(text, '\'');
            open = !open;
        }
        if (quote)
            text_append_character(text, '\\');
        text_append_character(text, word[i]);
    }
    if (open)
        text_append_character(text, '\'');
}

static void append_word(struct text *text, const char *word, size_t length)
{
    if (length == 0)
        text_append_string(text, "''");
    if (has_space(word, length)) {
        append_quoted(text, word, length);
        return;
    }
    for (size_t i = 0; i < length; i++) {
        if (is_one_of(word[i], specials) ||
            (i == 0 && is_one_of(word[i], specials_first)))
            text_append_character(text, '\\');
        text_append_character(text, word[i]);
    }
}

const struct value *function_shellquote(struct call *call)
{
    CLEANUP(text_free) struct text text = {0};
    for (size_t i = 0; i < call->count; i++) {
        size_t length;
        const char *word = call_text(call, i, &length);
        if (!word)
            return NULL;
        if (memchr(word, '\0', length))
            return call_fail(call,
                             "argument %zu has a NUL byte, which no "
                             "shell can hold",
                             i + 1);
        if (i > 0)
            text_append_character(&text, ' ');
        append_word(&text, word, length);
        if (text.length > EXPRESSION_STRING_LIMIT)
            break;
    }
    return call_string(call, &text);
}

struct words {
    struct call *call;
    const char *at;
    const char *end;
    struct text word;
    bool started; /* a word of no characters is a word too */
};

/* The rest of a text in double quotes; false when it is not closed. */
static bool read_double(struct words *words)
{
    for (; words->at < words->end; words->at++) {
        char character = *words->at;
        if (character == '"') {
            words->at++;
            return true;
        }
        if (character == '\\' && words->at + 1 < words->end &&
            is_one_of(words->at[1], "$`\"\\\n")) {
            character = *++words->at;
            if (character == '\n')
                continue;
        }
        text_append_character(&words->word, character);
    }
    return false;
}

static bool read_single(struct words *words)
{
    const char *close =
        memchr(words->at, '\'', (size_t)(words->end - words->at));
    if (!close)
        return false;
    text_append(&words->word, words->at, (size_t)(close - words->at));
    words->at = close + 1;
    return true;
}

/* One character or quoted part of a word; -1 with the error set. */
static int read_part(struct words *words)
{
    char character = *words->at++;
    words->started = true;
    if (character == '\'' && !read_single(words)) {
        call_fail(words->call, "the single quote is not closed");
        return -1;
    }
    if (character == '"' && !read_double(words)) {
        call_fail(words->call, "the double quote is not closed");
        return -1;
    }
    if (character == '\\' && words->at == words->end) {
        call_fail(words->call, "a backslash is the last character");
        return -1;
    }
    if (character == '\\') {
        character = *words->at++;
        if (character != '\n')
            text_append_character(&words->word, character);
    } else if (character != '\'' && character != '"') {
        text_append_character(&words->word, character);
    }
    return 0;
}

static const struct value *read_words(struct words *words)
{
    struct arena *arena = words->call->arena;
    struct value *list = value_make_list(arena);
    while (words->at < words->end || words->started) {
        if (words->at < words->end && !is_one_of(*words->at, spaces)) {
            if (read_part(words) < 0)
                return NULL;
            continue;
        }
        if (words->at < words->end)
            words->at++;
        if (!words->started)
            continue;
        if (list->list.count >= EXPRESSION_ITEMS_LIMIT)
            return call_fail(words->call, "more than %d words",
                             EXPRESSION_ITEMS_LIMIT);
        value_append(arena, list,
                     value_make_bytes(arena, text_string(&words->word),
                                      words->word.length));
        text_clear(&words->word);
        words->started = false;
    }
    return list;
}

const struct value *function_shellparse(struct call *call)
{
    size_t length;
    const char *text = call_text(call, 0, &length);
    if (!text)
        return NULL;
    struct words words = {.call = call, .at = text, .end = text + length};
    const struct value *list = read_words(&words);
    text_free(&words.word);
    return list;
}
