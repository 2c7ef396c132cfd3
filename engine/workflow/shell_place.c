/*
 * In: the text of a script with {{ }} blocks, and one of them. Out: whether a quoted
 * word is a word at its place. Read from the beginning with four states; whatever
 * nests (substitutions, here-documents) is not followed: the answer is no then.
 */
#include <string.h>

#include "engine/workflow/shell_text.h"

enum state { PLAIN, SINGLE, DOUBLE, COMMENT };

struct reading {
    const char *text;
    size_t end; /* the block that is asked about */
    size_t at;
    enum state state;
    bool lost;
};

static bool starts(const struct reading *reading, const char *word)
{
    size_t length = strlen(word);
    return reading->end - reading->at >= length &&
           memcmp(reading->text + reading->at, word, length) == 0;
}

/* ${, of which the brace may be that of the block that is asked about: what such a
 * block shows would be read as a part of the expansion. */
static bool opens_braces(const struct reading *reading)
{
    const char *at = reading->text + reading->at;
    return at[0] == '$' && at[1] == '{';
}

/* Behind the block of a template; its texts may hold braces. */
static void skip_block(struct reading *reading)
{
    char quote = '\0';
    for (reading->at += 2; reading->at < reading->end; reading->at++) {
        char letter = reading->text[reading->at];
        if (quote && letter == '\\')
            reading->at++;
        else if (quote && letter == quote)
            quote = '\0';
        else if (!quote && (letter == '"' || letter == '\''))
            quote = letter;
        else if (!quote && starts(reading, "}}")) {
            reading->at += 2;
            return;
        }
    }
    reading->lost = true;
}

static bool is_blank(char letter)
{
    return letter == ' ' || letter == '\t' || letter == '\n';
}

static void read_plain(struct reading *reading)
{
    static const char *const nests[] = {"`",  "$(", "$'", "$\"",
                                        "<<", "((", "[["};
    char letter = reading->text[reading->at];
    for (size_t i = 0; i < sizeof nests / sizeof *nests; i++)
        reading->lost |= starts(reading, nests[i]);
    reading->lost |= opens_braces(reading);
    if (letter == '\'')
        reading->state = SINGLE;
    else if (letter == '"')
        reading->state = DOUBLE;
    else if (letter == '#' &&
             (reading->at == 0 ||
              strchr(" \t\n;|&()", reading->text[reading->at - 1])))
        reading->state = COMMENT;
    reading->lost |= starts(reading, "\\\n#"); /* perhaps within a word */
    reading->at += letter == '\\' ? 2 : 1;
}

static void read_double(struct reading *reading)
{
    char letter = reading->text[reading->at];
    reading->lost |=
        starts(reading, "`") || starts(reading, "$(") || opens_braces(reading);
    if (letter == '"')
        reading->state = PLAIN;
    reading->at += letter == '\\' ? 2 : 1;
}

static void read_letter(struct reading *reading)
{
    char letter = reading->text[reading->at];
    if (starts(reading, "{{")) {
        skip_block(reading);
        return;
    }
    switch (reading->state) {
    case PLAIN:
        read_plain(reading);
        return;
    case DOUBLE:
        read_double(reading);
        return;
    case SINGLE:
        if (letter == '\'')
            reading->state = PLAIN;
        break;
    case COMMENT:
        if (letter == '\n')
            reading->state = PLAIN;
        break;
    }
    reading->at++;
}

bool shell_text_parts_words(struct shell_place *place, const char *text,
                            size_t length, size_t at)
{
    static const char before[] = "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789_=:,./@%+- \t\n;|&(";
    while (at > 0 && is_blank(text[at - 1]))
        at--;
    if (at > length || at < 2 || memcmp(text + at - 2, "{{", 2) != 0)
        return false;
    struct reading reading = {
        .text = text,
        .end = at - 2,
        .at = place->at,
        .state = (enum state)place->state,
        .lost = place->lost || place->at > at - 2,
    };
    while (!reading.lost && reading.at < reading.end)
        read_letter(&reading);
    *place = (struct shell_place){reading.at, (int)reading.state,
                                  reading.lost || reading.at != reading.end};
    if (place->lost || reading.state != PLAIN)
        return false;
    return reading.end == 0 ||
           memchr(before, text[reading.end - 1], strlen(before)) != NULL;
}
