/*
 * A byte of a string -> its place in the YAML source, for messages about what
 * stands inside a text: a line of a script, an expression in it. The source is
 * scanned again from the string's mark, by the rules of libyaml's scanner, which
 * has read it without an error; what each piece of the source adds to the string is
 * counted until the byte is reached.
 *
 * In literal blocks each line of the string is a line of the source, and the
 * difference of their lengths is the indentation.
 */
#include <string.h>

#include "engine/base/utf8.h"
#include "engine/value/value.h"
#include "engine/value/yaml_source.h"

struct walk {
    const char *at;
    const char *end;
    size_t left; /* bytes of the string before the one that is sought */
    bool found;  /* `at` is the place */
};

/* `consumed` bytes of the source that are `made` bytes of the string. */
static bool step(struct walk *walk, size_t consumed, size_t made)
{
    if (walk->left < made) {
        walk->found = true;
        return true;
    }
    walk->left -= made;
    walk->at += consumed;
    return false;
}

/* Moves to `to` over bytes that are in the string as they are. */
static bool step_to(struct walk *walk, const char *to)
{
    size_t length = (size_t)(to - walk->at);
    if (!step(walk, length, length))
        return false;
    walk->at += walk->left;
    return true;
}

static bool is_blank(const struct walk *walk, const char *at)
{
    return at < walk->end && (*at == ' ' || *at == '\t');
}

static const char *skip_blanks(const struct walk *walk, const char *at)
{
    while (is_blank(walk, at))
        at++;
    return at;
}

/* What a line break becomes in the string: LF, or itself (LS, PS). */
static size_t break_made(size_t break_length)
{
    return break_length == 3 ? 3 : 1;
}

/* The line breaks of a fold, from `at` on, with the blanks around them: one
 * is a space (nothing after a backslash), of several the first is nothing. */
static bool step_fold(struct walk *walk, bool escaped)
{
    const char *first = walk->at;
    size_t length = yaml_break_length(first, walk->end);
    const char *next = skip_blanks(walk, first + length);
    bool single = yaml_break_length(next, walk->end) == 0;
    size_t made = length == 3 ? 3 : (single && !escaped ? 1 : 0);
    if (escaped)
        made = 0;
    if (walk->left < made) {
        walk->found = true;
        return true;
    }
    walk->left -= made;
    walk->at = next;
    while ((length = yaml_break_length(walk->at, walk->end)) > 0) {
        if (step(walk, length, break_made(length)))
            return true;
        walk->at = skip_blanks(walk, walk->at);
    }
    return false;
}

/* Blanks, which are in the string unless a line break follows them. */
static bool step_blanks(struct walk *walk)
{
    const char *after = skip_blanks(walk, walk->at);
    if (yaml_break_length(after, walk->end) == 0)
        return step_to(walk, after);
    if (walk->left == 0)
        return walk->found = true;
    walk->at = after;
    return false;
}

/* One escape of a text in double quotes. */
static bool step_escape(struct walk *walk)
{
    static const char letters[] = "xuU";
    static const size_t digits[] = {2, 4, 8};
    const char *at = walk->at + 1;
    if (at == walk->end)
        return walk->found = true;
    if (yaml_break_length(at, walk->end) > 0) {
        walk->at = at;
        return step_fold(walk, true);
    }
    const char *found = *at == '\0' ? NULL : strchr(letters, *at);
    if (!found) {
        /* NEL and no-break space have two bytes, LS and PS three. */
        size_t made = strchr("N_", *at) ? 2 : strchr("LP", *at) ? 3 : 1;
        return step(walk, 2, made);
    }
    size_t count = digits[found - letters];
    uint32_t code = 0;
    for (size_t i = 1; i <= count && at + i < walk->end; i++) {
        unsigned char digit = (unsigned char)at[i];
        code = code << 4 | ((digit & 0xFU) + (digit > '9' ? 9 : 0));
    }
    char bytes[4];
    return step(walk, 2 + count, utf8_encode(code, bytes));
}

static void walk_flow(struct walk *walk, enum value_style style)
{
    bool quoted = style != STYLE_PLAIN;
    if (quoted)
        walk->at++;
    while (!walk->found && walk->at < walk->end) {
        const char *at = walk->at;
        bool pair = walk->end - at >= 2 && at[0] == '\'' && at[1] == '\'';
        if (walk->left == 0 && !quoted)
            return;
        if (yaml_break_length(at, walk->end) > 0)
            step_fold(walk, false);
        else if (is_blank(walk, at))
            step_blanks(walk);
        else if (style == STYLE_SINGLE_QUOTED && pair)
            step(walk, 2, 1);
        else if (style == STYLE_DOUBLE_QUOTED && *at == '\\')
            step_escape(walk);
        else if (walk->left == 0)
            return;
        else
            step(walk, 1, 1);
    }
}

/* The beginning of the line after this one. */
static const char *next_line(const char *at, const char *end)
{
    const char *stop = yaml_line_end(at, end);
    return stop + yaml_break_length(stop, end);
}

static void walk_literal(struct walk *walk, const struct value *value)
{
    const char *line = value->string.bytes;
    const char *end = line + value->string.length;
    const char *sought = line + walk->left;
    walk->at = next_line(walk->at, walk->end);
    while (yaml_line_end(line, end) < sought) {
        line = next_line(line, end);
        walk->at = next_line(walk->at, walk->end);
        if (line > sought) /* a byte within LS or PS */
            return;
    }
    size_t length = (size_t)(yaml_line_end(line, end) - line);
    size_t raw = (size_t)(yaml_line_end(walk->at, walk->end) - walk->at);
    size_t within = (size_t)(sought - line);
    walk->at += line == end || raw < length ? 0 : raw - length + within;
}

/* The indentation of a folded block, whose first line is at `at`: as many breaks
 * as the string begins with are before the first line that is not empty. */
static size_t find_indentation(const struct value *value, const char *at,
                               const char *end)
{
    const char *bytes = value->string.bytes;
    size_t length;
    while ((length = yaml_break_length(bytes, bytes + strlen(bytes))) > 0) {
        bytes += length;
        at = next_line(at, end);
    }
    const char *from = at;
    while (at < end && *at == ' ')
        at++;
    size_t raw = (size_t)(at - from);
    size_t own = strspn(bytes, " ");
    return raw > own ? raw - own : 0;
}

/* Whether the line at `at` is indented less than the block: it has ended. */
static bool is_outside(const char *at, const char *end, size_t indentation)
{
    size_t own = 0;
    while (at + own < end && own < indentation && at[own] == ' ')
        own++;
    return own < indentation || at + own == end;
}

/* Whether the line at `at` has nothing beyond the indentation. */
static bool is_empty(const char *at, const char *end, size_t indentation)
{
    while (at < end && *at == ' ' && indentation > 0) {
        at++;
        indentation--;
    }
    return at == end || yaml_break_length(at, end) > 0;
}

/* The break at `at` and the empty lines after it, up to the next line with text.
 * It folds when neither that line nor the one before (`more`) is indented
 * further; the breaks after the last line are not folded. */
static bool step_block_breaks(struct walk *walk, size_t indentation, bool more)
{
    const char *next = next_line(walk->at, walk->end);
    const char *text = next;
    while (text < walk->end && is_empty(text, walk->end, indentation))
        text = next_line(text, walk->end);
    size_t length = yaml_break_length(walk->at, walk->end);
    bool last = is_outside(text, walk->end, indentation);
    bool folds =
        !more && !last && length != 3 && !is_blank(walk, text + indentation);
    size_t made = !folds ? break_made(length) : text == next ? 1 : 0;
    if (walk->left < made)
        return walk->found = true;
    walk->left -= made;
    walk->at = next;
    while (walk->at < text) {
        const char *stop = yaml_line_end(walk->at, walk->end);
        length = yaml_break_length(stop, walk->end);
        walk->at = stop;
        if (length == 0 || step(walk, length, break_made(length)))
            return walk->found = true;
    }
    return walk->found = last;
}

static void walk_folded(struct walk *walk, const struct value *value)
{
    walk->at = next_line(walk->at, walk->end);
    size_t indentation = find_indentation(value, walk->at, walk->end);
    while (walk->at < walk->end && is_empty(walk->at, walk->end, indentation)) {
        const char *stop = yaml_line_end(walk->at, walk->end);
        size_t length = yaml_break_length(stop, walk->end);
        walk->at = stop;
        if (length == 0 || step(walk, length, break_made(length)))
            return;
    }
    while (!walk->found && walk->at < walk->end) {
        const char *stop = yaml_line_end(walk->at, walk->end);
        size_t raw = (size_t)(stop - walk->at);
        walk->at += raw < indentation ? raw : indentation;
        bool more = is_blank(walk, walk->at);
        if (step_to(walk, stop) || walk->left == 0)
            return;
        if (yaml_break_length(walk->at, walk->end) == 0 ||
            step_block_breaks(walk, indentation, more))
            return;
    }
}

struct mark value_locate(const struct value *value, size_t offset,
                         const char *source, size_t source_length)
{
    if (!value_is(value, VALUE_STRING) || value->mark.line == 0 ||
        value->mark.offset >= source_length || value->style == STYLE_NONE)
        return value ? value->mark : (struct mark){0};
    struct walk walk = {
        .at = source + value->mark.offset,
        .end = source + source_length,
        .left = offset < value->string.length ? offset : value->string.length,
    };
    if (value->style == STYLE_LITERAL)
        walk_literal(&walk, value);
    else if (value->style == STYLE_FOLDED)
        walk_folded(&walk, value);
    else
        walk_flow(&walk, value->style);
    while (walk.at < walk.end && walk.at > source && utf8_continues(*walk.at))
        walk.at--;
    struct yaml_source place = {
        .start = source, .length = source_length, .mark = value->mark};
    return yaml_source_seek_offset(&place, (size_t)(walk.at - source));
}
