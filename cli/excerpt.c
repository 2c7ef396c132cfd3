/*
 * A mark -> what a person sees of its line. Characters are turned into cells of
 * a terminal one by one, those of the line and those of the caret line together, so
 * that the caret stands right also after wide characters, tabs and escapes. Only
 * a window around the mark is looked at: lines may be megabytes long.
 */
#include "cli/excerpt.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/base/utf8.h"

enum {
    CELLS_BEFORE = 72, /* of the caret */
    CELLS_AFTER = 44,
    TAB_CELLS = 8,
    WINDOW = 4 * (CELLS_BEFORE + CELLS_AFTER), /* bytes: UTF-8 has up to 4 */
};

struct range {
    uint32_t first, last;
};

static bool is_in(const struct range *ranges, size_t count, uint32_t code)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > ranges[middle].last)
            low = middle + 1;
        else if (code < ranges[middle].first)
            high = middle;
        else
            return true;
    }
    return false;
}

/* Unicode 15: East Asian Width W and F by blocks, and the combining marks of the
 * scripts that are most common. What is missing shifts the caret, no more. */
static size_t width_of(uint32_t code)
{
    static const struct range none[] = {
        {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},
        {0x064B, 0x065F}, {0x0900, 0x0902}, {0x093C, 0x093C}, {0x0941, 0x0948},
        {0x094D, 0x094D}, {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},
        {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D}, {0x20D0, 0x20FF},
        {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
    };
    static const struct range wide[] = {
        {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},
        {0x25FD, 0x25FE},   {0x2614, 0x2615},   {0x2648, 0x2653},
        {0x26A1, 0x26A1},   {0x26BD, 0x26BE},   {0x2705, 0x2705},
        {0x270A, 0x270B},   {0x2728, 0x2728},   {0x274C, 0x274C},
        {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
        {0x2B1B, 0x2B1C},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
        {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},
        {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
        {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
        {0x16FE0, 0x18CFF}, {0x1B000, 0x1B2FF}, {0x1F300, 0x1F64F},
        {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF},
        {0x20000, 0x3FFFD},
    };
    if (code < 0x300)
        return 1;
    if (is_in(none, sizeof none / sizeof *none, code))
        return 0;
    return is_in(wide, sizeof wide / sizeof *wide, code) ? 2 : 1;
}

/* Appends the character at `bytes` as it is shown when `cells` have been shown
 * before it; returns its bytes and adds its cells. `text` may be NULL. */
static size_t append_character(struct text *text, const char *bytes,
                               size_t length, size_t *cells)
{
    uint32_t code;
    size_t size = utf8_decode(bytes, length, &code);
    CLEANUP(text_free) struct text shown = {0};
    if (*bytes == '\t') {
        size_t blanks = TAB_CELLS - *cells % TAB_CELLS;
        text_append_format(&shown, "%*s", (int)blanks, "");
        *cells += blanks;
    } else {
        text_append_escaped(&shown, bytes, size ? size : 1, false);
        bool as_it_is = size > 0 && shown.length == size &&
                        memcmp(shown.data, bytes, size) == 0;
        *cells += as_it_is ? width_of(code) : shown.length;
    }
    if (text)
        text_append(text, text_string(&shown), shown.length);
    return size ? size : 1;
}

static size_t line_start(const char *source, size_t offset)
{
    size_t start = offset;
    while (start > 0 && source[start - 1] != '\n' &&
           source[start - 1] != '\r' &&
           (offset - start < WINDOW || utf8_continues(source[start])))
        start--;
    return start;
}

static size_t line_end(const char *source, size_t length, size_t offset,
                       size_t window)
{
    size_t end = offset;
    while (end < length && source[end] != '\n' && source[end] != '\r' &&
           (end - offset < window || utf8_continues(source[end])))
        end++;
    return end;
}

/* Where the line is cut, so that the caret is at most CELLS_BEFORE from there. */
static size_t cut_start(const char *source, size_t start, size_t offset)
{
    size_t cells = 0;
    for (size_t at = start; at < offset;)
        at += append_character(NULL, source + at, offset - at, &cells);
    size_t skipped = 0;
    while (start < offset && cells > skipped + CELLS_BEFORE)
        start +=
            append_character(NULL, source + start, offset - start, &skipped);
    return start;
}

void excerpt_append(struct text *text, const char *source, size_t length,
                    struct mark mark, size_t span)
{
    if (!source || mark.line == 0 || mark.offset > length)
        return;
    size_t first = line_start(source, mark.offset);
    size_t start = cut_start(source, first, mark.offset);
    size_t end = line_end(source, length, mark.offset, WINDOW);
    bool cut =
        start > 0 && source[start - 1] != '\n' && source[start - 1] != '\r';
    const char *dots = cut ? "..." : "";
    text_append_format(text, "%6u | %s", mark.line, dots);
    size_t cells = 0, caret = 0, tail = 0;
    size_t at = start;
    while (at < end && (at < mark.offset || cells < caret + CELLS_AFTER ||
                        cells < CELLS_BEFORE + CELLS_AFTER)) {
        at += append_character(text, source + at, end - at, &cells);
        if (at <= mark.offset)
            caret = cells;
        if (at <= mark.offset + span)
            tail = cells;
    }
    bool more = at < length && source[at] != '\n' && source[at] != '\r';
    text_append_format(text, "%s\n       | %*s^", more ? "..." : "",
                       (int)(caret + strlen(dots)), "");
    for (size_t i = caret + 1; i < tail; i++)
        text_append_character(text, '~');
    text_append_character(text, '\n');
}

uint32_t excerpt_end_column(const char *source, size_t length, struct mark mark,
                            size_t span)
{
    if (!source || mark.line == 0 || span == 0 || mark.offset >= length)
        return 0;
    size_t end = line_end(source, length, mark.offset, span);
    uint32_t column = mark.column;
    for (size_t at = mark.offset; at < end; at++)
        column += !utf8_continues(source[at]);
    return column;
}
