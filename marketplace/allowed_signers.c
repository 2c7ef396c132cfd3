/*
 * Text in, a list of keys out. A line is read from left to right: principals
 * (may be quoted), options or the key's type, the key, a comment. An option
 * that is not known is an error, because it may be one that narrows the trust.
 */
#include "marketplace/allowed_signers.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "marketplace/limits.h"
#include "marketplace/ssh_key.h"

/* What is left of one line. */
struct cursor {
    const char *at;
    struct arena *arena;
};

static void skip_blanks(struct cursor *cursor)
{
    cursor->at += strspn(cursor->at, " \t");
}

/* The next word; quotes may stand anywhere in it and are kept. "" at the end of
 * the line, NULL for a quote that does not end. */
static char *take_word(struct cursor *cursor)
{
    skip_blanks(cursor);
    const char *start = cursor->at;
    bool quoted = false;
    for (; *cursor->at && (quoted || !strchr(" \t", *cursor->at));
         cursor->at++) {
        if (quoted && *cursor->at == '\\' && cursor->at[1])
            cursor->at++;
        else if (*cursor->at == '"')
            quoted = !quoted;
    }
    if (quoted)
        return NULL;
    return arena_copy(cursor->arena, start, (size_t)(cursor->at - start));
}

static bool all_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return true;
}

/* Two digits. */
static int pair(const char *text)
{
    return (text[0] - '0') * 10 + text[1] - '0';
}

/* YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ. */
static int parse_time(const char *text, int64_t *result, struct error *error)
{
    size_t length = strcspn(text, "Z");
    bool shape = (length == 8 || length == 12 || length == 14) &&
                 all_digits(text, length);
    if (shape && text[length] == '\0')
        return error_set(error, ERROR_INPUT,
                         "the time '%s' has no zone: put a Z behind it (UTC)",
                         text);
    if (!shape || text[length + 1] != '\0')
        return error_set(error, ERROR_INPUT,
                         "expected a time as YYYYMMDD[HHMM[SS]]Z, found "
                         "'%.40s'",
                         text);
    struct tm parts = {
        .tm_year = pair(text) * 100 + pair(text + 2) - 1900,
        .tm_mon = pair(text + 4) - 1,
        .tm_mday = pair(text + 6),
        .tm_hour = length >= 12 ? pair(text + 8) : 0,
        .tm_min = length >= 12 ? pair(text + 10) : 0,
        .tm_sec = length == 14 ? pair(text + 12) : 0,
    };
    struct tm normal = parts;
    time_t seconds = timegm(&normal);
    if (normal.tm_year < 70 || normal.tm_mon != parts.tm_mon ||
        normal.tm_mday != parts.tm_mday || normal.tm_hour != parts.tm_hour ||
        normal.tm_min != parts.tm_min || normal.tm_sec != parts.tm_sec)
        return error_set(error, ERROR_INPUT, "there is no time '%s'", text);
    if (__builtin_mul_overflow((int64_t)seconds, CLOCK_SECOND, result))
        *result = INT64_MAX; /* beyond all that a clock of ours says */
    if (*result == 0)
        *result = 1; /* 0 is no limit at all */
    return 0;
}

static int set_namespaces(struct allowed_signer *signer, const char *value,
                          struct error *error)
{
    if (signer->namespaces)
        return error_set(error, ERROR_INPUT, "'namespaces' stands twice");
    if (value[0] == '\0')
        return error_set(error, ERROR_INPUT, "'namespaces' is empty");
    signer->namespaces = value;
    return 0;
}

static int set_after(struct allowed_signer *signer, const char *value,
                     struct error *error)
{
    if (signer->valid_after != 0)
        return error_set(error, ERROR_INPUT, "'valid-after' stands twice");
    return parse_time(value, &signer->valid_after, error);
}

static int set_before(struct allowed_signer *signer, const char *value,
                      struct error *error)
{
    if (signer->valid_before != 0)
        return error_set(error, ERROR_INPUT, "'valid-before' stands twice");
    return parse_time(value, &signer->valid_before, error);
}

static int refuse_authority(struct allowed_signer *signer, const char *value,
                            struct error *error)
{
    (void)signer;
    (void)value;
    return error_set(error, ERROR_INPUT,
                     "'cert-authority' is not supported: name the keys "
                     "themselves");
}

static const struct {
    const char *name;
    int (*set)(struct allowed_signer *signer, const char *value,
               struct error *error);
    bool needs_value;
} known_options[] = {
    {"cert-authority", refuse_authority, false},
    {"namespaces", set_namespaces, true},
    {"valid-after", set_after, true},
    {"valid-before", set_before, true},
};

enum { OPTION_COUNT_KNOWN = sizeof known_options / sizeof *known_options };

/* The value of an option: `="..."`, with \" for a quote inside. NULL: none. */
static const char *take_value(struct cursor *cursor)
{
    CLEANUP(text_free) struct text value = {0};
    if (cursor->at[0] != '=' || cursor->at[1] != '"')
        return NULL;
    cursor->at += 2;
    while (*cursor->at && *cursor->at != '"') {
        if (cursor->at[0] == '\\' && cursor->at[1] == '"')
            cursor->at++;
        text_append_character(&value, *cursor->at++);
    }
    if (*cursor->at != '"')
        return NULL;
    cursor->at++;
    return arena_copy(cursor->arena, text_string(&value), value.length);
}

static int parse_option(struct cursor *cursor, struct allowed_signer *signer,
                        struct error *error)
{
    size_t length = strcspn(cursor->at, "=,");
    for (size_t i = 0; i < OPTION_COUNT_KNOWN; i++) {
        if (strlen(known_options[i].name) != length ||
            strncasecmp(known_options[i].name, cursor->at, length) != 0)
            continue;
        cursor->at += length;
        const char *value = take_value(cursor);
        if (known_options[i].needs_value && !value)
            return error_set(error, ERROR_INPUT,
                             "'%s' needs a value in double quotes",
                             known_options[i].name);
        return known_options[i].set(signer, value, error);
    }
    return error_set(error, ERROR_INPUT,
                     "expected an option or a type of key, found '%.60s'",
                     cursor->at);
}

static int parse_options(struct arena *arena, const char *word,
                         struct allowed_signer *signer, struct error *error)
{
    struct cursor cursor = {word, arena};
    for (;;) {
        if (parse_option(&cursor, signer, error) < 0)
            return -1;
        if (*cursor.at == '\0')
            return 0;
        if (*cursor.at != ',')
            return error_set(error, ERROR_INPUT,
                             "expected a comma between options, found '%.40s'",
                             cursor.at);
        cursor.at++;
    }
}

/* Whether a word is the name of a type of key and not an option. */
static bool is_type(const char *word)
{
    return strncmp(word, "ssh-", 4) == 0 || strncmp(word, "ecdsa-", 6) == 0 ||
           strncmp(word, "sk-", 3) == 0;
}

static int parse_key(struct arena *arena, const char *type, const char *text,
                     struct wire *blob, struct error *error)
{
    struct wire inner, rest;
    if (wire_decode(arena, text, strlen(text), blob) < 0)
        return error_set(error, ERROR_INPUT, "the key is not base64");
    rest = *blob;
    if (wire_take_string(&rest, &inner) < 0 || !wire_is(&inner, type))
        return error_set(error, ERROR_INPUT, "the key is not one of type '%s'",
                         type);
    return 0;
}

static char *unquoted(struct arena *arena, char *word)
{
    size_t length = strlen(word);
    if (length < 2 || word[0] != '"' || word[length - 1] != '"')
        return word;
    return arena_copy(arena, word + 1, length - 2);
}

static int parse_line(struct arena *arena, const char *line,
                      struct allowed_signer *signer, struct error *error)
{
    struct cursor cursor = {line, arena};
    char *principals = take_word(&cursor);
    char *type = principals ? take_word(&cursor) : NULL;
    if (type && type[0] && !is_type(type)) {
        if (parse_options(arena, type, signer, error) < 0)
            return -1;
        type = take_word(&cursor);
    }
    char *key = type ? take_word(&cursor) : NULL;
    if (!key)
        return error_set(error, ERROR_INPUT, "a quote does not end");
    if (key[0] == '\0' || !is_type(type))
        return error_set(error, ERROR_INPUT,
                         "expected PRINCIPALS [OPTIONS] TYPE KEY");
    signer->principals = unquoted(arena, principals);
    return parse_key(arena, type, key, &signer->blob, error);
}

static int add_line(struct arena *arena, const char *line,
                    struct allowed_signers *signers, struct error *error)
{
    const size_t size = sizeof *signers->items;
    line += strspn(line, " \t");
    if (line[0] == '\0' || line[0] == '#')
        return 0;
    if (signers->count == SIGNER_COUNT_LIMIT)
        return error_set(error, ERROR_INPUT, "more than %d keys",
                         SIGNER_COUNT_LIMIT);
    signers->items = arena_grow(arena, signers->items, signers->count * size,
                                (signers->count + 1) * size);
    return parse_line(arena, line, &signers->items[signers->count++], error);
}

int allowed_signers_parse(struct arena *arena, const char *file,
                          const char *text, size_t length,
                          struct allowed_signers *signers, struct error *error)
{
    *signers = (struct allowed_signers){0};
    struct mark mark = {.column = 1};
    for (size_t start = 0; start < length;) {
        const char *end = memchr(text + start, '\n', length - start);
        size_t stop = end ? (size_t)(end - text) : length;
        size_t size = stop - start;
        if (size > 0 && text[stop - 1] == '\r')
            size--;
        mark.line++;
        mark.offset = (uint32_t)start;
        if (size > SIGNER_LINE_LIMIT || memchr(text + start, '\0', size))
            error_set(error, ERROR_INPUT,
                      "a line with a NUL or of more than %d bytes",
                      SIGNER_LINE_LIMIT);
        else
            add_line(arena, arena_copy(arena, text + start, size), signers,
                     error);
        if (error_is_set(error))
            return error_place(error, file, mark);
        start = stop + 1;
    }
    return 0;
}

/* `*` and `?`; linear: only the last star is ever tried again. */
static bool pattern_matches(const char *pattern, size_t length,
                            const char *text)
{
    size_t at = 0, star = SIZE_MAX;
    const char *retry = text;
    while (*text) {
        if (at < length && pattern[at] == '*') {
            star = at++;
            retry = text;
        } else if (at < length &&
                   (pattern[at] == '?' || pattern[at] == *text)) {
            at++;
            text++;
        } else if (star != SIZE_MAX) {
            at = star + 1;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (at < length && pattern[at] == '*')
        at++;
    return at == length;
}

bool pattern_list_matches(const char *list, const char *text)
{
    bool matched = false;
    for (;;) {
        size_t length = strcspn(list, ",");
        bool negated = length > 0 && list[0] == '!';
        if (pattern_matches(list + negated, length - negated, text)) {
            if (negated)
                return false;
            matched = true;
        }
        if (list[length] == '\0')
            return matched;
        list += length + 1;
    }
}

static int check_line(const struct allowed_signer *signer,
                      const char *namespace_name, int64_t now,
                      struct error *error)
{
    char printed[CLOCK_TEXT];
    if (signer->namespaces &&
        !pattern_list_matches(signer->namespaces, namespace_name))
        return error_set(error, ERROR_TRUST,
                         "unauthorized-signer: the key is trusted for "
                         "namespaces '%.60s' only, not for '%s'",
                         signer->namespaces, namespace_name);
    if (signer->valid_after != 0 && now < signer->valid_after) {
        clock_print(signer->valid_after, printed);
        return error_set(error, ERROR_TRUST,
                         "key-not-yet-valid: the key is trusted from %s on",
                         printed);
    }
    if (signer->valid_before != 0 && now > signer->valid_before) {
        clock_print(signer->valid_before, printed);
        return error_set(error, ERROR_TRUST,
                         "key-expired: the key was trusted until %s", printed);
    }
    return 0;
}

const struct allowed_signer *
allowed_signers_find(const struct allowed_signers *signers,
                     const struct wire *blob, const char *namespace_name,
                     int64_t now, struct error *error)
{
    struct error first = {0};
    for (size_t i = 0; i < signers->count; i++) {
        const struct allowed_signer *signer = &signers->items[i];
        if (wire_equal(&signer->blob, blob) &&
            check_line(signer, namespace_name, now, &first) == 0)
            return signer;
    }
    char fingerprint[SSH_FINGERPRINT];
    ssh_key_fingerprint(blob, fingerprint);
    if (error_is_set(&first))
        error_set(error, ERROR_TRUST, "%s (%s)", first.text, fingerprint);
    else
        error_set(error, ERROR_TRUST,
                  "unauthorized-signer: the key %s is not among the %zu "
                  "trusted ones",
                  fingerprint, signers->count);
    return NULL;
}
